//! Whole sessions without nginx: engines that speak, fail, fall silent, hang or break down.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use avatar_core::api::{Catalogue, MediaFile, RenditionFile, start};
use avatar_core::config::{Config, Reuse, Video};
use avatar_core::generator::{Generator, Neighbourhood, Workshop};
use avatar_core::hls::{Form, RenditionName};
use avatar_core::language::Language;
use avatar_core::session::{
    Bell, Board, FailureCode, Hint, Intake, Job, Kind, Record, SessionId, State, WorkerSlot,
};
use avatar_core::speech::{Cancel, Engine, Mark, MarkKind, Speech, SpeechError, Utterance, Voice};
use avatar_core::store::Store;
use avatar_core::time::Samples;

struct Here(Sender<Hint>);

impl Bell for Here {
    fn ring(&self, _pid: u32, hint: Hint) -> bool {
        let _ = self.0.send(hint);
        true
    }
}

/// What an engine of these tests does with a sentence.
#[derive(Clone, Copy)]
enum Habit {
    Speaks,
    Fails,
    TimesOut,
    IsSilent,
    BreaksDown,
    FailsAtTheSecond,
    HesitatesBeforeTheSecond,
    BreathesBeforeTheSecond,
}

/// How long an engine hesitates.
const HESITATION: Duration = Duration::from_secs(3);

/// How long it takes an engine to go on.
const BREATH: Duration = Duration::from_millis(50);

struct Habitual(Habit);

impl Engine for Habitual {
    fn voices(&self) -> &[Voice] {
        &[]
    }

    fn speak(
        &self,
        utterance: &Utterance,
        cancel: &Cancel,
        hand_on: &mut dyn FnMut(Speech) -> ControlFlow<()>,
    ) -> Result<(), SpeechError> {
        match self.0 {
            Habit::Fails => return Err(SpeechError::Failed("out of order".to_owned())),
            Habit::FailsAtTheSecond if utterance.text.contains("Second") => {
                return Err(SpeechError::Failed("out of order".to_owned()));
            }
            Habit::TimesOut => return Err(SpeechError::Timeout),
            Habit::IsSilent => return Err(SpeechError::Empty),
            Habit::BreaksDown => panic!("an engine that breaks down"),
            Habit::HesitatesBeforeTheSecond if utterance.text.contains("Second") => {
                std::thread::sleep(HESITATION);
            }
            Habit::BreathesBeforeTheSecond if utterance.text.contains("Second") => {
                std::thread::sleep(BREATH);
            }
            Habit::Speaks
            | Habit::FailsAtTheSecond
            | Habit::HesitatesBeforeTheSecond
            | Habit::BreathesBeforeTheSecond => {}
        }
        let mut mark = Some(Mark {
            at: Samples::ZERO,
            kind: MarkKind::Word(utterance.text.clone()),
        });
        for _ in 0..utterance.text.chars().count().div_ceil(2) {
            if cancel.raised() {
                return Err(SpeechError::Cancelled);
            }
            let speech = Speech {
                pcm: (0..4800).map(|n| (n as f32 * 0.05).sin() * 0.3).collect(),
                marks: mark.take().into_iter().collect(),
            };
            if hand_on(speech).is_break() {
                return Err(SpeechError::Cancelled);
            }
        }
        Ok(())
    }
}

/// A generator with a data directory of its own.
struct Stage {
    config: Arc<Config>,
    intake: Intake,
    generator: Generator,
    worker: WorkerSlot,
    hints: Receiver<Hint>,
    _data: tempfile::TempDir,
}

impl Stage {
    fn with(engine: impl Engine + 'static, change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config {
            data: data.path().to_owned(),
            video: Video {
                width: 128,
                height: 128,
                ..Video::default()
            },
            reuse: None,
            ..Config::default()
        };
        change(&mut config);
        let config = Arc::new(config);
        let board = Board::in_memory(64);
        let (bell, hints) = channel();
        let pid = std::process::id();
        let worker = board.header().enter(pid, |_| true).unwrap();
        let neighbourhood = Neighbourhood {
            pid,
            bell: Arc::new(Here(bell)),
            alive: |_| true,
        };
        let workshop = Workshop {
            engine: Arc::new(engine),
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

    fn job(&self, body: &str) -> Job {
        start(
            body.as_bytes(),
            &self.config,
            &Catalogue::builtin(&self.config),
        )
        .unwrap()
    }

    fn begin(&self, body: &str) -> SessionId {
        let job = self.job(body);
        self.intake.accept(&job).unwrap();
        self.generator.notice(Hint::wanted(job.id));
        job.id
    }

    fn until(&self, id: SessionId, wanted: impl Fn(Option<&Record>) -> bool) -> Option<Record> {
        loop {
            self.intake.board().watch(id, self.worker);
            let record = self.intake.find(id);
            if wanted(record.as_ref()) {
                return record;
            }
            let hint = self.hints.recv_timeout(Duration::from_secs(60));
            hint.expect("something happens within a minute");
        }
    }

    fn finish(&self, id: SessionId) -> Record {
        self.until(id, |record| record.is_some_and(Record::finished))
            .unwrap()
    }

    /// How many sessions are kept for reuse. Whatever is kept of one is kept before the next is taken.
    fn kept(&self) -> usize {
        let next = self.begin(r#"{"text":"Next.","reuse":false}"#);
        self.finish(next);
        self.config.data.join("reuse").read_dir().unwrap().count()
    }

    /// Has something made until it is kept: what stalled on a busy machine is not.
    fn made_and_kept(&self, body: &str) -> Record {
        let before = self.kept();
        loop {
            let made = self.finish(self.begin(body));
            if self.kept() > before {
                return made;
            }
        }
    }

    fn read(&self, id: SessionId, file: MediaFile) -> String {
        std::fs::read_to_string(self.intake.store().path(id, file)).unwrap()
    }
}

fn probe(arguments: &[&str], file: &Path) -> String {
    let output = Command::new("ffprobe")
        .args(["-v", "error"])
        .args(arguments)
        .arg(file)
        .output()
        .expect("ffprobe (Debian package ffmpeg) is installed");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{file:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_session_becomes_a_stream_and_a_file_of_the_same_length() {
    let stage = Stage::with(Habitual(Habit::Speaks), |_| {});
    let id = stage.begin(r#"{"text":"First we say this. Then that! And in the end, goodbye."}"#);
    let record = stage.finish(id);
    assert_eq!(record.state, State::Ready);
    assert_eq!(record.progress, 100);
    assert_eq!(record.listed, record.segments);
    let playlist = stage.read(
        id,
        RenditionFile::Playlist(Form::LowLatency).of(RenditionName::Full),
    );
    assert!(playlist.ends_with("#EXT-X-ENDLIST\n"), "{playlist}");
    let listed: f64 = playlist
        .lines()
        .filter_map(|line| line.strip_prefix("#EXTINF:")?.split(',').next())
        .map(|seconds| seconds.parse::<f64>().unwrap())
        .sum();
    assert!((listed - record.duration.seconds()).abs() < 1e-4);
    let output = stage
        .intake
        .store()
        .path(id, MediaFile::Output(Kind::Avatar));
    for stream in ["v:0", "a:0"] {
        let shown = probe(
            &[
                "-select_streams",
                stream,
                "-show_entries",
                "stream=duration_ts,start_pts",
                "-of",
                "csv=p=0",
            ],
            &output,
        );
        assert_eq!(shown.trim(), format!("0,{}", record.duration.0), "{stream}");
    }
    let captions: BTreeSet<String> = (0..record.segments)
        .map(|number| stage.read(id, MediaFile::CaptionSegment(number)))
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert!(captions.iter().any(|line| line.contains("goodbye")));
}

#[test]
fn engines_that_misbehave_fail_their_session_with_a_word_and_a_sentence() {
    for (habit, code) in [
        (Habit::Fails, FailureCode::TtsFailed),
        (Habit::TimesOut, FailureCode::TtsTimeout),
        (Habit::IsSilent, FailureCode::TtsEmpty),
        (Habit::BreaksDown, FailureCode::TtsFailed),
    ] {
        let stage = Stage::with(Habitual(habit), |_| {});
        let id = stage.begin(r#"{"text":"Hello."}"#);
        let record = stage.finish(id);
        let failure = record.failure.unwrap();
        assert_eq!(failure.code, code);
        assert!(failure.text.contains("speech engine"), "{}", failure.text);
        assert!(record.finished_at.is_some());
    }
}

#[test]
fn what_was_said_before_a_failure_stays_and_the_playlist_ends() {
    let stage = Stage::with(Habitual(Habit::FailsAtTheSecond), |_| {});
    let text = "The first sentence is long enough for many segments. Second comes never.";
    let id = stage.begin(&format!(r#"{{"text":"{text}"}}"#));
    let record = stage.finish(id);
    assert_eq!(record.state, State::Error);
    if record.segments > 0 {
        let playlist = stage.read(
            id,
            RenditionFile::Playlist(Form::LowLatency).of(RenditionName::Full),
        );
        assert!(playlist.ends_with("#EXT-X-ENDLIST\n"));
    }
}

#[test]
fn while_speech_is_late_the_stream_goes_on_in_silence() {
    for pace in ["live", "fast"] {
        let stage = Stage::with(Habitual(Habit::HesitatesBeforeTheSecond), |_| {});
        let id = stage.begin(&format!(
            r#"{{"text":"Well, that. Second is all.","pace":"{pace}"}}"#
        ));
        let record = stage.finish(id);
        assert_eq!(record.state, State::Ready);
        // Both sentences are shorter than the hesitation together.
        assert!(
            record.duration.duration() > HESITATION,
            "{pace}: {:?}",
            record.duration.duration()
        );
    }
}

#[test]
fn a_session_wished_gone_leaves_nothing() {
    let stage = Stage::with(Habitual(Habit::Speaks), |_| {});
    let text = "A sentence that goes on. ".repeat(100);
    let id = stage.begin(&format!(r#"{{"text":"{text}"}}"#));
    stage.until(id, |record| {
        record.is_some_and(|record| record.segments > 0)
    });
    for (_, hint) in stage.intake.clean_up(id).unwrap() {
        stage.generator.notice(hint);
    }
    assert_eq!(stage.intake.find(id), None);
    while stage.intake.store().directory(id).exists() || stage.generator.running() > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn an_interrupted_session_ends_where_it_stands() {
    let stage = Stage::with(Habitual(Habit::Speaks), |_| {});
    let text = "A sentence that goes on. ".repeat(200);
    let id = stage.begin(&format!(r#"{{"text":"{text}","pace":"live"}}"#));
    let before = stage
        .until(id, |record| record.is_some_and(|record| record.listed > 0))
        .unwrap();
    let (_, hint) = stage.intake.interrupt(id).unwrap().unwrap();
    stage.generator.notice(hint);
    let record = stage.finish(id);
    assert_eq!(record.failure.unwrap().code, FailureCode::Interrupted);
    let playlist = stage.read(
        id,
        RenditionFile::Playlist(Form::LowLatency).of(RenditionName::Full),
    );
    assert!(playlist.ends_with("#EXT-X-ENDLIST\n"));
    let listed = playlist.matches("#EXTINF").count() as u32;
    assert!(listed >= before.listed && listed < 10, "{listed} listed");
}

#[test]
fn generation_runs_no_further_ahead_than_it_may() {
    let ahead = Duration::from_secs(2);
    let stage = Stage::with(Habitual(Habit::Speaks), |config| {
        config.look_ahead = Some(ahead);
    });
    let began = Instant::now();
    let text = "A sentence that goes on. ".repeat(200);
    let id = stage.begin(&format!(r#"{{"text":"{text}"}}"#));
    let record = stage
        .until(id, |record| {
            record.is_some_and(|record| record.segments > 2)
        })
        .unwrap();
    assert!(record.duration.duration() <= began.elapsed() + ahead);
}

#[test]
fn more_sessions_than_allowed_at_once_wait_their_turn() {
    let stage = Stage::with(Habitual(Habit::Speaks), |config| {
        config.limits.sessions = 2;
        config.limits.queue = 3;
    });
    let ids: Vec<SessionId> = (0..5)
        .map(|_| stage.begin(r#"{"text":"One of many. Quite long enough."}"#))
        .collect();
    for id in ids {
        assert_eq!(stage.finish(id).state, State::Ready);
    }
    let job = stage.job(r#"{"text":"Later.","language":"en"}"#);
    assert_eq!(job.language, Language::En);
    stage.intake.accept(&job).unwrap();
}

#[test]
fn a_breath_at_the_beginning_is_not_drawn_out() {
    let length = |habit| {
        let stage = Stage::with(Habitual(habit), |_| {});
        let id = stage.begin(r#"{"text":"Well. Second is all."}"#);
        stage.finish(id).duration
    };
    assert_eq!(
        length(Habit::BreathesBeforeTheSecond),
        length(Habit::Speaks)
    );
}

#[test]
fn what_was_made_before_is_given_at_once_even_when_there_is_no_room() {
    let stage = Stage::with(Habitual(Habit::Speaks), |config| {
        config.limits.sessions = 1;
        config.reuse = Some(Reuse::default());
    });
    let greeting = r#"{"text":"Good morning.","lang":"en"}"#;
    let made = stage.made_and_kept(greeting);
    let long = "A sentence that goes on. ".repeat(200);
    let busy = stage.begin(&format!(r#"{{"text":"{long}","pace":"live"}}"#));
    let id = stage.begin(greeting);
    let record = stage.finish(id);
    assert_eq!(stage.intake.find(busy).unwrap().finished_at, None);
    assert_eq!(record.state, State::Ready);
    assert_eq!(
        (record.duration, record.segments, record.listed),
        (made.duration, made.segments, made.segments)
    );
    let forms = [Form::LowLatency, Form::Delta, Form::Plain]
        .map(|form| RenditionFile::Playlist(form).of(RenditionName::Full));
    for file in forms
        .into_iter()
        .chain([MediaFile::Captions(Form::LowLatency), MediaFile::Master])
    {
        assert_eq!(stage.read(id, file), stage.read(made.id, file));
    }
    // A hint that comes late begins nothing.
    stage.generator.notice(Hint::wanted(id));
    stage.finish(stage.begin(r#"{"text":"Good morning.","language":"en"}"#));
    assert_eq!(stage.intake.find(id), Some(record));
    let bytes = |id| {
        std::fs::read(
            stage
                .intake
                .store()
                .path(id, MediaFile::Output(Kind::Avatar)),
        )
        .unwrap()
    };
    assert_eq!(bytes(id), bytes(made.id));
    for (_, hint) in stage.intake.clean_up(busy).unwrap() {
        stage.generator.notice(hint);
    }
}

#[test]
fn what_stalled_is_not_kept_for_others() {
    let stage = Stage::with(Habitual(Habit::HesitatesBeforeTheSecond), |config| {
        config.reuse = Some(Reuse::default());
    });
    let id = stage.begin(r#"{"text":"Well, that. Second is all."}"#);
    assert_eq!(stage.finish(id).state, State::Ready);
    assert_eq!(stage.kept(), 0);
    stage.made_and_kept(r#"{"text":"Well, that."}"#);
    assert_eq!(stage.kept(), 1);
}
