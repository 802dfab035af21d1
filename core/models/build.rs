//! Programs and tests of this package find libtorch where they were linked against it.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let Ok(libtorch) = std::env::var("LIBTORCH") else {
        return;
    };
    println!("cargo:rustc-link-arg=-Wl,-rpath,{libtorch}/lib");
    if Path::new(&libtorch).join("lib/libtorch_cuda.so").exists() {
        // Nothing calls it by name: it makes itself known when it is loaded, and so must not be left out.
        println!(
            "cargo:rustc-link-arg=-Wl,--no-as-needed,-L{libtorch}/lib,-ltorch_cuda,--as-needed"
        );
    }
}
