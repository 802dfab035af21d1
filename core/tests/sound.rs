//! Sessions of sound alone, without nginx: what an engine says is what is heard, sample for sample.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::f32::consts::TAU;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use avatar_core::api::{Addition, Catalogue, MediaFile, start_audio};
use avatar_core::config::Config;
use avatar_core::generator::{Generator, Neighbourhood, Workshop};
use avatar_core::session::{Bell, Board, Hint, Intake, Kind, Record, SessionId, State};
use avatar_core::speech::{Cancel, Engine, Ensemble, Speech, SpeechError, Utterance};
use avatar_core::store::Store;
use serde_json::{Value, json};

/// Samples of the tone that each character of a text is.
const LETTER: u64 = 701;

/// An engine that holds one tone through all sentences: a gap or a click between them is heard.
#[derive(Default)]
struct Humming {
    said: AtomicU64,
    heard: Mutex<Vec<String>>,
}

fn tone(sample: u64) -> f32 {
    // A whole number of periods in a second, so that the phase is exact however long it takes. Not louder, since
    // libavcodec's quantiser blurs a pure tone that is, where speech leaves it room.
    let phase = (sample * 1_000 % 48_000) as f32 / 48_000.0;
    0.25 * (TAU * phase).sin()
}

impl Engine for Humming {
    fn speak(
        &self,
        utterance: &Utterance,
        _: &Cancel,
        hand_on: &mut dyn FnMut(Speech) -> ControlFlow<()>,
    ) -> Result<(), SpeechError> {
        self.heard.lock().unwrap().push(utterance.text.clone());
        for _ in utterance.text.chars() {
            let begin = self.said.fetch_add(LETTER, Ordering::Relaxed);
            let speech = Speech {
                pcm: (begin..begin + LETTER).map(tone).collect(),
                marks: Vec::new(),
            };
            if hand_on(speech).is_break() {
                return Err(SpeechError::Cancelled);
            }
        }
        Ok(())
    }
}

struct Here(std::sync::mpsc::Sender<Hint>);

impl Bell for Here {
    fn ring(&self, _: u32, hint: Hint) -> bool {
        self.0.send(hint).is_ok()
    }
}

struct Stage {
    config: Arc<Config>,
    intake: Intake,
    generator: Generator,
    worker: avatar_core::session::WorkerSlot,
    hints: std::sync::mpsc::Receiver<Hint>,
    _data: tempfile::TempDir,
}

impl Stage {
    fn new(engine: Arc<dyn Engine>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = Arc::new(Config {
            data: data.path().to_owned(),
            reuse: None,
            text_timeout: Duration::from_secs(1),
            ..Config::default()
        });
        let board = Board::in_memory(8);
        let pid = std::process::id();
        let worker = board.header().enter(pid, |_| true).unwrap();
        let (bell, hints) = channel();
        let neighbourhood = Neighbourhood {
            pid,
            bell: Arc::new(Here(bell)),
            alive: |_| true,
        };
        let workshop = Workshop {
            ensemble: Ensemble::solo("humming", engine),
            ..Workshop::builtin(&config).unwrap()
        };
        let generator =
            Generator::start(Arc::clone(&config), board, workshop, neighbourhood).unwrap();
        let intake = Intake::new(board, Store::new(&config.data), config.limits);
        Self {
            config,
            intake,
            generator,
            worker,
            hints,
            _data: data,
        }
    }

    fn begin(&self, body: &Value) -> SessionId {
        let catalogue = Catalogue::builtin(&self.config);
        let job = start_audio(body.to_string().as_bytes(), &self.config, &catalogue).unwrap();
        self.intake.accept(&job).unwrap();
        self.generator.notice(Hint::wanted(job.id));
        job.id
    }

    fn append(&self, id: SessionId, text: &str, last: bool) {
        let text = text.to_owned();
        let addition = Addition { id, text, last };
        if let Some((_, hint)) = self.intake.append(&addition).unwrap() {
            self.generator.notice(hint);
        }
    }

    fn finish(&self, id: SessionId) -> Record {
        loop {
            self.intake.board().watch(id, self.worker);
            match self.intake.find(id) {
                Some(record) if record.finished() => return record,
                _ => {
                    let hint = self.hints.recv_timeout(Duration::from_secs(60));
                    hint.expect("something happens within a minute");
                }
            }
        }
    }

    fn output(&self, id: SessionId) -> PathBuf {
        self.intake.store().path(id, MediaFile::Output(Kind::Audio))
    }
}

fn decode(file: &Path) -> Vec<f32> {
    let output = Command::new("ffmpeg")
        .args(["-v", "warning", "-xerror", "-i"])
        .arg(file)
        .args(["-f", "f32le", "-"])
        .output()
        .expect("ffmpeg is installed");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let samples = output.stdout.chunks_exact(4);
    samples
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect()
}

#[test]
fn sentences_join_without_a_gap_or_a_click() {
    let engine = Arc::new(Humming::default());
    let stage = Stage::new(engine.clone());
    let text = "One. Two is longer. Three! Is four the one before five? Then it is over.";
    let id = stage.begin(&json!({ "prompt": text }));
    let record = stage.finish(id);
    assert_eq!(record.state, State::Ready);
    let letters: usize = {
        let heard = engine.heard.lock().unwrap();
        assert_eq!(heard.len(), 5, "{heard:?}");
        heard.iter().map(|said| said.chars().count()).sum()
    };
    let heard = decode(&stage.output(id));
    assert_eq!(heard.len() as u64, record.duration.0);
    // The tone begins after a moment of silence, and the encoder's frames before it and after it ring a little.
    let begin = 5_760;
    let length = letters * LETTER as usize;
    let inner = 2_048..length - 2_048;
    let worst = inner
        .map(|n| (heard[begin + n] - tone(n as u64)).abs())
        .fold(0.0, f32::max);
    // A sample too many or too few would be a difference of 0.03.
    assert!(worst < 0.003, "{worst}");
    let after = &heard[begin + length + 4_096..];
    assert!(after.iter().all(|sample| sample.abs() < 0.001));
}

#[test]
fn text_in_pieces_is_spoken_in_the_same_sentences() {
    let text = "Mr. Smith paid 10.50 for it. \"Why?\" asked she. He did not know.";
    let engine = Arc::new(Humming::default());
    let stage = Stage::new(engine.clone());
    let id = stage.begin(&json!({ "final": false }));
    let mut pieces = text.as_bytes().chunks(3).peekable();
    while let Some(piece) = pieces.next() {
        stage.append(
            id,
            std::str::from_utf8(piece).unwrap(),
            pieces.peek().is_none(),
        );
    }
    assert_eq!(stage.finish(id).state, State::Ready);
    let heard = engine.heard.lock().unwrap();
    assert_eq!(
        *heard,
        [
            "Mr. Smith paid 10.50 for it.",
            "\"Why?\" asked she.",
            "He did not know."
        ]
    );
}
