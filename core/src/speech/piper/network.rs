//! A voice's network: numbers in, sound out.

use std::path::Path;

use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue};
use ort::value::TensorRef;

use super::phonemes::Run;
use super::profile::Inference;

/// Samples that one run may have: more than [`LONGEST`](super::phonemes) symbols have at the slowest, at 48 kHz.
const MOST: usize = 48_000 * 300;

/// A network, ready to be asked by one at a time.
#[derive(Debug)]
pub(super) struct Network {
    session: Session,
    /// It has several speakers.
    speakers: bool,
}

/// What it said.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) sound: Vec<f32>,
    /// For each number it was given, for how many steps it is heard, where the network tells.
    pub(super) steps: Option<Vec<f32>>,
}

impl Network {
    /// Opens the network in a file. It is asked by `threads` threads.
    ///
    /// # Errors
    ///
    /// Why it cannot be used, for people.
    pub(super) fn open(path: &Path, threads: usize) -> Result<Self, String> {
        let session = build(path, threads).map_err(|error| error.to_string())?;
        let has = |name: &str| session.inputs().iter().any(|input| input.name() == name);
        if let Some(missing) = ["input", "input_lengths", "scales"]
            .iter()
            .find(|name| !has(name))
        {
            return Err(format!("it has no {missing:?}"));
        }
        Ok(Self {
            speakers: has("sid"),
            session,
        })
    }

    /// Says `run` as `speaker`.
    ///
    /// # Errors
    ///
    /// Why it was not said, for people.
    pub(super) fn say(&mut self, run: &Run, how: Inference, speaker: i64) -> Result<Heard, String> {
        let wrong = |error: ort::Error| error.to_string();
        let lengths = [i64::try_from(run.ids.len()).unwrap_or(i64::MAX)];
        let scales = [how.noise_scale, how.length_scale, how.noise_width];
        let speaker = [speaker];
        let ids =
            TensorRef::from_array_view(([1, run.ids.len()], run.ids.as_slice())).map_err(wrong)?;
        let lengths = TensorRef::from_array_view(([1_usize], lengths.as_slice())).map_err(wrong)?;
        let scales = TensorRef::from_array_view(([3_usize], scales.as_slice())).map_err(wrong)?;
        let speaker = TensorRef::from_array_view(([1_usize], speaker.as_slice())).map_err(wrong)?;
        let mut inputs: Vec<(&str, SessionInputValue<'_>)> = vec![
            ("input", ids.into()),
            ("input_lengths", lengths.into()),
            ("scales", scales.into()),
        ];
        if self.speakers {
            inputs.push(("sid", speaker.into()));
        }
        let outputs = self.session.run(inputs).map_err(wrong)?;
        let mut outputs = outputs.values();
        let sound = outputs.next().ok_or("it has no output")?;
        let (_, sound) = sound.try_extract_tensor::<f32>().map_err(wrong)?;
        if sound.len() > MOST || !sound.iter().all(|sample| sample.is_finite()) {
            return Err("what it said is no sound".to_owned());
        }
        let steps = outputs.next().and_then(|steps| {
            let (_, steps) = steps.try_extract_tensor::<f32>().ok()?;
            (steps.len() == run.ids.len()).then(|| steps.to_vec())
        });
        Ok(Heard {
            sound: sound.to_vec(),
            steps,
        })
    }
}

fn build(path: &Path, threads: usize) -> ort::Result<Session> {
    Session::builder()?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(threads)?
        .with_inter_threads(1)?
        // Threads that wait by going round in circles take the processor from those that paint and encode.
        .with_intra_op_spinning(false)?
        // Every sentence has another length, so nothing learned from one fits the next.
        .with_memory_pattern(false)?
        .commit_from_file(path)
}
