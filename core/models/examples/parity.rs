//! The Rust side of `make parity`: imports original files, then does what it is told, a line at a time.
//!
//! `parity ORIGINALS IMPORTED THREADS`; then lines `NETWORK INPUT [OUTPUT]`, where input and output are files of safetensors.
//! Each is answered with a line: the seconds it took.

use std::error::Error;
use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use avatar_models::import::import;
use avatar_models::motion::GeneratorConfig;
use avatar_models::probe::write_imtalker;
use avatar_models::renderer::{RendererConfig, Version};
use avatar_models::speech::{Encoder as Whisper, WhisperConfig};
use avatar_models::unet::{Unet, UnetConfig};
use avatar_models::vae::{Decoder, Encoder, VaeConfig};
use avatar_models::wav2vec::{Wav2vec, Wav2vecConfig};
use avatar_models::weights::Weights;
use serde::de::DeserializeOwned;
use tch::{Device, Kind, Tensor, no_grad};

type Done<T> = Result<T, Box<dyn Error>>;

struct Networks {
    unet: Unet,
    encoder: Encoder,
    decoder: Decoder,
    whisper: Whisper,
    wav2vec: Wav2vec,
    scale: f64,
}

impl Networks {
    fn open(directory: &Path) -> Done<Self> {
        let weights = |name: &str| {
            let file = directory.join(format!("{name}.safetensors"));
            Weights::read(&file, Device::Cpu, Kind::Float)
        };
        let unet: UnetConfig = config(directory, "musetalk")?;
        let vae: VaeConfig = config(directory, "vae")?;
        let whisper: WhisperConfig = config(directory, "whisper")?;
        let wav2vec: Wav2vecConfig = config(directory, "wav2vec2")?;
        let autoencoder = weights("vae")?;
        Ok(Self {
            unet: Unet::new(&weights("unet")?.root(), &unet)?,
            encoder: Encoder::new(&autoencoder.root(), &vae)?,
            decoder: Decoder::new(&autoencoder.root(), &vae)?,
            whisper: Whisper::new(&weights("whisper")?.root(), &whisper)?,
            wav2vec: Wav2vec::new(&weights("wav2vec2")?.root(), &wav2vec)?,
            scale: vae.scaling_factor,
        })
    }

    /// The outputs of one network.
    fn run(&self, network: &str, inputs: &Inputs) -> Done<Vec<Tensor>> {
        Ok(match network {
            "whisper" => self.whisper.forward(inputs.get("mel")?)?,
            "wav2vec2" => {
                let samples = Vec::try_from(inputs.get("samples")?)?;
                vec![self.wav2vec.forward(&samples)?]
            }
            "unet" => vec![
                self.unet
                    .forward(inputs.get("latents")?, inputs.get("speech")?)?,
            ],
            "mean" => vec![self.encoder.forward(inputs.get("pictures")?)?],
            "decode" => vec![self.decoder.forward(inputs.get("latents")?)?],
            // What a face costs.
            "face" => {
                let latents = self
                    .unet
                    .forward(inputs.get("latents")?, inputs.get("speech")?)?;
                vec![self.decoder.forward(&(latents / self.scale))?]
            }
            _ => return Err(format!("there is no network {network}").into()),
        })
    }
}

/// Writes the rest of IMTalker beside its wav2vec2, narrow: nothing is to compare it with, and an import takes all of it or nothing.
fn complete(originals: &Path) -> Done<()> {
    let (renderer, generator) = (
        RendererConfig::narrow(Version::Second),
        GeneratorConfig::narrow(Version::Second),
    );
    let narrow = originals.join("narrow");
    write_imtalker(&narrow, &renderer, &generator, &Wav2vecConfig::narrow())?;
    for name in ["renderer", "generator"] {
        let to = originals.join("checkpoints").join(name);
        let from = narrow.join(name);
        std::fs::rename(
            from.with_extension("safetensors"),
            to.with_extension("ckpt"),
        )?;
        std::fs::rename(from.with_extension("json"), to.with_extension("json"))?;
    }
    Ok(())
}

fn config<T: DeserializeOwned>(directory: &Path, name: &str) -> Done<T> {
    let text = std::fs::read(directory.join(format!("{name}.json")))?;
    Ok(serde_json::from_slice(&text)?)
}

/// Tensors by name.
struct Inputs(Vec<(String, Tensor)>);

impl Inputs {
    fn get(&self, name: &str) -> Done<&Tensor> {
        let found = self.0.iter().find(|(found, _)| found == name);
        Ok(&found.ok_or_else(|| format!("there is no input {name}"))?.1)
    }
}

fn main() -> Done<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [originals, imported, threads] = arguments.as_slice() else {
        return Err("usage: parity ORIGINALS IMPORTED THREADS".into());
    };
    tch::set_num_threads(threads.to_string_lossy().parse()?);
    complete(originals)?;
    import(
        originals,
        imported,
        &mut |_, _, _| ControlFlow::Continue(()),
    )?;
    let networks = Networks::open(imported)?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "ready")?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let (network, input, output) = match *words.as_slice() {
            [network, input, output] => (network, input, Some(output)),
            [network, input] => (network, input, None),
            _ => return Err(format!("what is \"{line}\"?").into()),
        };
        let inputs = Inputs(Tensor::read_safetensors(input)?);
        let start = Instant::now();
        let outputs = no_grad(|| networks.run(network, &inputs))?;
        let seconds = start.elapsed().as_secs_f64();
        if let Some(output) = output {
            let named: Vec<(String, Tensor)> = (0..)
                .map(|index: u32| index.to_string())
                .zip(outputs.iter().map(Tensor::contiguous))
                .collect();
            Tensor::write_safetensors(&named, output)?;
        }
        writeln!(stdout, "{seconds}")?;
    }
    Ok(())
}
