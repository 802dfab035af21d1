//! Where the library finds libtorch, and which it is.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    // Beside it, or where it was built against.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-rpath,$ORIGIN");
    let mut version = String::new();
    if let Ok(libtorch) = std::env::var("LIBTORCH") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-rpath,{libtorch}/lib");
        println!("cargo:rustc-link-arg-tests=-Wl,-rpath,{libtorch}/lib");
        let header = Path::new(&libtorch).join("include/torch/headeronly/version.h");
        println!("cargo:rerun-if-changed={}", header.display());
        let header = std::fs::read_to_string(header).unwrap_or_default();
        let number = |name: &str| {
            let line = header.lines().find_map(|line| {
                line.strip_prefix("#define TORCH_VERSION_")?
                    .strip_prefix(name)
            });
            line.map(str::trim)
        };
        if let (Some(major), Some(minor), Some(patch)) =
            (number("MAJOR"), number("MINOR"), number("PATCH"))
        {
            version = format!(" {major}.{minor}.{patch}");
        }
    }
    println!("cargo:rustc-env=LIBTORCH_VERSION={version}");
}
