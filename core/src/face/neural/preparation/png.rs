//! Pictures written to files.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

use super::PreparationError;

/// Writes a PNG of 8 bits a channel.
pub(super) fn write(
    file: &Path,
    (width, height): (u32, u32),
    colour: ColorType,
    bytes: &[u8],
) -> Result<(), PreparationError> {
    let created = File::create(file).map_err(PreparationError::of(file))?;
    let encode = || -> Result<(), EncodingError> {
        let mut encoder = Encoder::new(BufWriter::new(created), width, height);
        encoder.set_color(colour);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::Fast);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(bytes)?;
        writer.finish()
    };
    encode().map_err(PreparationError::of(file))
}
