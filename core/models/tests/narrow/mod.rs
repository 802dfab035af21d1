//! How narrow networks are opened.

use std::path::Path;

use avatar_models::musetalk::{Options, Precision};

pub(crate) fn options(directory: &Path) -> Options {
    Options {
        weights: directory.to_owned(),
        device: "cpu".to_owned(),
        precision: Precision::F32,
        // Tests run side by side; threads that wait for each other would be in their way.
        threads: 1,
        max_batch: 4,
    }
}
