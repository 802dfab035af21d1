//! Where the library finds libtorch, and which it is.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    // Beside it, or where it was built against.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-rpath,$ORIGIN");
    let libtorch = std::env::var("LIBTORCH").unwrap_or_default();
    let libtorch = Path::new(&libtorch);
    let libraries = libtorch.join("lib");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", libraries.display());
    if libraries.join("libtorch_cuda.so").exists() {
        // Nothing calls it by name: it makes itself known when it is loaded, and so must not be left out.
        println!(
            "cargo:rustc-link-arg=-Wl,--no-as-needed,-L{},-ltorch_cuda,--as-needed",
            libraries.display()
        );
    }
    println!("cargo:rustc-env=LIBTORCH_VERSION={}", version(libtorch));
}

/// The version of the libtorch there, after a space; nothing where it does not say.
fn version(libtorch: &Path) -> String {
    let header = libtorch.join("include/torch/headeronly/version.h");
    println!("cargo:rerun-if-changed={}", header.display());
    let header = std::fs::read_to_string(header).unwrap_or_default();
    let number = |name: &str| {
        let name = format!("#define TORCH_VERSION_{name} ");
        let line = header.lines().find_map(|line| line.strip_prefix(&name));
        line.map(str::trim)
    };
    match (number("MAJOR"), number("MINOR"), number("PATCH")) {
        (Some(major), Some(minor), Some(patch)) => format!(" {major}.{minor}.{patch}"),
        _ => String::new(),
    }
}
