//! Says how the module is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // nginx unloads a module when its configuration goes, but threads of ours may still be on their way out.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
