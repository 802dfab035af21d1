//! Writes weights of narrow networks, made from names, to a directory: `narrow DIRECTORY`. What runs with real weights runs with these,
//! and fast.

use std::path::Path;
use std::process::ExitCode;

use avatar_models::probe::write_directory;
use avatar_models::speech::WhisperConfig;
use avatar_models::unet::UnetConfig;
use avatar_models::vae::VaeConfig;

fn main() -> ExitCode {
    let Some(directory) = std::env::args_os().nth(1) else {
        eprintln!("narrow DIRECTORY");
        return ExitCode::FAILURE;
    };
    let (unet, vae) = (UnetConfig::narrow(), VaeConfig::narrow());
    match write_directory(Path::new(&directory), &unet, &vae, &WhisperConfig::narrow()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
