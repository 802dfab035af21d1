//! Declares libheif's functions as the header on this machine does: its structures grow from release to release.

use std::env;
use std::path::PathBuf;

const FUNCTIONS: &str = "heif_(init|context_(alloc|free|read_from_memory_without_copy|get_primary_image_handle)|\
    image_handle_(release|get_(width|height|raw_color_profile(_size)?|nclx_color_profile)|\
    has_alpha_channel)|nclx_color_profile_free|decoding_options_(alloc|free)|decode_image|\
    image_(release|get_(width|height|plane_readonly)))";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let library = pkg_config::Config::new()
        .atleast_version("1.15")
        .probe("libheif");
    let library = match library {
        Ok(library) => library,
        Err(error) => {
            println!(
                "cargo:error=libheif is missing; get it with: scripts/packages.sh build ({error})"
            );
            return;
        }
    };
    let paths = library.include_paths.iter();
    let bindings = bindgen::Builder::default()
        .header_contents("wrapper.h", "#include <libheif/heif.h>")
        .clang_args(paths.map(|path| format!("-I{}", path.display())))
        .allowlist_function(FUNCTIONS)
        .layout_tests(false)
        .generate_comments(false)
        .merge_extern_blocks(true)
        .generate();
    let written = match (bindings, env::var_os("OUT_DIR")) {
        (Ok(bindings), Some(out)) => bindings
            .write_to_file(PathBuf::from(out).join("heif.rs"))
            .map_err(|error| error.to_string()),
        (Err(error), _) => Err(error.to_string()),
        (_, None) => Err("there is no OUT_DIR".to_owned()),
    };
    if let Err(reason) = written {
        println!("cargo:error=libheif's header cannot be read: {reason}");
    }
}
