//! Writes weights of narrow networks, made from names, to a directory: `narrow DIRECTORY [musetalk|imtalker]`, of both without a name.
//! What runs with real weights runs with these, and fast.

use std::path::Path;
use std::process::ExitCode;

use avatar_models::motion::GeneratorConfig;
use avatar_models::probe::{ProbeError, write_directory, write_imtalker};
use avatar_models::renderer::{RendererConfig, Version};
use avatar_models::speech::WhisperConfig;
use avatar_models::unet::UnetConfig;
use avatar_models::vae::VaeConfig;
use avatar_models::wav2vec::Wav2vecConfig;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(directory) = arguments.next() else {
        eprintln!("narrow DIRECTORY [musetalk|imtalker]");
        return ExitCode::FAILURE;
    };
    let model = arguments.next();
    let wanted = |name: &str| model.as_ref().is_none_or(|model| model == name);
    match write(
        Path::new(&directory),
        wanted("musetalk"),
        wanted("imtalker"),
    ) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write(directory: &Path, musetalk: bool, imtalker: bool) -> Result<(), ProbeError> {
    if musetalk {
        let (unet, vae) = (UnetConfig::narrow(), VaeConfig::narrow());
        write_directory(directory, &unet, &vae, &WhisperConfig::narrow())?;
    }
    if imtalker {
        let renderer = RendererConfig::narrow(Version::Second);
        let generator = GeneratorConfig::narrow(Version::Second);
        write_imtalker(directory, &renderer, &generator, &Wav2vecConfig::narrow())?;
    }
    Ok(())
}
