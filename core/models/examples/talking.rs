//! How long a photo, its motion and its pictures take: `talking [DEVICE] [WEIGHTS]`. Without weights they are made from names, in a
//! temporary directory, in the published sizes.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use avatar_models::imtalker::{Framing, Manner, Networks, Request};
use avatar_models::motion::GeneratorConfig;
use avatar_models::musetalk::{Options, Precision};
use avatar_models::prepare::Raster;
use avatar_models::probe::write_imtalker;
use avatar_models::renderer::{RendererConfig, Version};
use avatar_models::wav2vec::{SAMPLE_RATE, Wav2vecConfig};

/// Says how long `work` takes, the better of two times.
fn timed(
    title: &str,
    mut work: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut least = f64::INFINITY;
    for _ in 0..2 {
        let start = Instant::now();
        work()?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    println!("{title:<44} {:>9.1} ms", least * 1000.0);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let device = arguments.next().unwrap_or_else(|| "auto".to_owned());
    let made = tempfile::tempdir()?;
    let weights = match arguments.next() {
        Some(weights) => PathBuf::from(weights),
        None => {
            let version = Version::Second;
            write_imtalker(
                made.path(),
                &RendererConfig::published(version),
                &GeneratorConfig::published(version),
                &Wav2vecConfig::default(),
            )?;
            made.path().to_owned()
        }
    };
    for (title, precision) in [("32 bits", Precision::F32), ("16 bits", Precision::Bf16)] {
        let start = Instant::now();
        let networks = Networks::open(&Options {
            weights: weights.clone(),
            device: device.clone(),
            precision,
            threads: 0,
            max_batch: 8,
        })?;
        println!("{title}: loaded in {:.1} s", start.elapsed().as_secs_f64());
        let side = networks.description().side;
        let raster = Raster::black(side, side, 3);
        let photo = networks.photo(&raster, Framing::Whole)?;
        timed("a photo", || {
            Ok(networks.photo(&raster, Framing::Whole).map(drop)?)
        })?;
        let pcm: Vec<f32> = (0..2 * u16::try_from(SAMPLE_RATE)?)
            .map(|sample| (f32::from(sample) * 0.17).sin() * 0.5)
            .collect();
        let motion = networks.description().motion;
        let mut motions = vec![0.0; 50 * motion];
        timed("motion of 2 s", || {
            let mut performance = networks.performance(&photo, &Manner::default())?;
            performance.hear(&pcm, true, &mut motions)?;
            Ok(())
        })?;
        for count in [1, 4, 8] {
            let mut pictures = vec![0; count * side * side * 3];
            timed(
                &format!("pictures in batches of {count}, each batch"),
                || {
                    let mut requests: Vec<Request<'_>> = pictures
                        .chunks_exact_mut(side * side * 3)
                        .zip(motions.chunks(motion))
                        .map(|(picture, motion)| Request {
                            photo: &photo,
                            motion,
                            picture,
                        })
                        .collect();
                    Ok(networks.pictures(&mut requests)?)
                },
            )?;
        }
    }
    Ok(())
}
