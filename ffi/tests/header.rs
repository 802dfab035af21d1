//! The header in the repository is the one made from the sources.
#![allow(
    clippy::expect_used,
    reason = "the helpers of a test may panic as the test itself does"
)]

use std::path::{Path, PathBuf};

use cbindgen::{Builder, Config};

/// Set to write the header in place of comparing it.
const WRITE: &str = "WRITE_HEADER";

fn sources(root: &Path) -> Vec<PathBuf> {
    // In the order in which people read them.
    let functions = [
        "library",
        "networks",
        "listener",
        "portrait",
        "talker",
        "photo",
        "performance",
        "preparer",
        "import",
    ];
    std::iter::once(root.join("abi/src/lib.rs"))
        .chain(functions.map(|name| root.join(format!("src/{name}.rs"))))
        .collect()
}

fn made(root: &Path) -> String {
    let config = Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml");
    let builder = sources(root)
        .iter()
        .fold(Builder::new().with_config(config), |builder, source| {
            builder.with_src(source)
        });
    let mut header = Vec::new();
    builder.generate().expect("bindings").write(&mut header);
    String::from_utf8(header)
        .expect("UTF-8")
        .replace(" * # Safety\n *\n * ", " * Requires: ")
}

#[test]
fn it_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("include/avatar_models.h");
    let made = made(root);
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&file, &made).expect("the header is written");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        made == committed,
        "{} is not what the sources make; {WRITE}=1 cargo test -p avatar-models-ffi --test header writes it",
        file.display()
    );
}
