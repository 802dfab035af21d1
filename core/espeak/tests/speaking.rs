//! The wrapper against the library itself.
#![allow(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test itself does"
)]

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use avatar_espeak::{
    Event, EventKind, SpeakError, Spoken, StartError, Stop, Synthesizer, Voice, VoiceError,
};

/// Tests run on threads of one process, and there is one library.
static TURN: Mutex<()> = Mutex::new(());

fn synthesizer(voice: &str) -> (MutexGuard<'static, ()>, Synthesizer) {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut synthesizer = Synthesizer::new().unwrap();
    synthesizer.set_voice(&Voice::new(voice)).unwrap();
    (turn, synthesizer)
}

fn speak(synthesizer: &mut Synthesizer, text: &str) -> (Vec<i16>, Vec<Event>) {
    let (mut sound, mut events) = (Vec::new(), Vec::new());
    let spoken = synthesizer.speak(text, &mut |more, happened| {
        for event in happened {
            let now = sound.len() as u64;
            assert!((now..=now + more.len() as u64).contains(&event.sample));
        }
        sound.extend_from_slice(more);
        events.extend_from_slice(happened);
        ControlFlow::Continue(())
    });
    assert_eq!(spoken.unwrap(), Spoken::All);
    (sound, events)
}

fn words<'a>(text: &'a str, events: &[Event]) -> Vec<&'a str> {
    let starts = events.iter().filter_map(|event| match event.kind {
        EventKind::Word { at } => Some(at),
        _ => None,
    });
    starts
        .map(|at| text[at..].split_whitespace().next().unwrap())
        .collect()
}

#[test]
fn sound_words_and_phonemes() {
    let (_turn, mut synthesizer) = synthesizer("ru");
    let text = "Привет, мир! Как дела?";
    let (sound, events) = speak(&mut synthesizer, text);
    assert_eq!(synthesizer.sample_rate(), 22_050);
    assert!(sound.len() > 22_050);
    assert!(sound.iter().any(|sample| sample.unsigned_abs() > 5_000));
    assert!(events.is_sorted_by_key(|event| event.sample));
    assert_eq!(words(text, &events), ["Привет,", "мир!", "Как", "дела?"]);
    let phonemes: String = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Phoneme(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    assert!(phonemes.starts_with("prʲivʲet"), "{phonemes}");
    assert_eq!(events.last().unwrap().kind, EventKind::End);
}

#[test]
fn there_is_one_at_a_time() {
    let (_turn, synthesizer) = synthesizer("en-us");
    assert!(matches!(Synthesizer::new(), Err(StartError::InUse)));
    drop(synthesizer);
    for _ in 0..3 {
        let mut again = Synthesizer::new().unwrap();
        again.set_voice(&Voice::new("kk")).unwrap();
        assert!(!speak(&mut again, "Сәлем").0.is_empty());
    }
}

#[test]
fn stopping_leaves_the_next_utterance_alone() {
    let (_turn, mut synthesizer) = synthesizer("en-us");
    let text = "One, two, three.";
    let (undisturbed, _) = speak(&mut synthesizer, text);
    for stretches in 1..8 {
        let mut heard = 0;
        let spoken = synthesizer.speak(
            "This is a long sentence, with more words than anybody cares to hear today.",
            &mut |_, _| {
                heard += 1;
                if heard == stretches {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        );
        assert_eq!(spoken.unwrap(), Spoken::Stopped);
        assert_eq!(heard, stretches);
        let (after, events) = speak(&mut synthesizer, text);
        // Two renderings of one text are never quite the same: espeak-ng's noise comes from rand(), and lengths depend
        // a little on what was spoken before.
        let difference = after.len().abs_diff(undisturbed.len());
        assert!(difference * 7 < undisturbed.len(), "{difference}");
        assert_eq!(words(text, &events)[..3], ["One,", "two,", "three."]);
    }
}

#[test]
fn a_panic_comes_back_to_the_caller_and_hurts_nothing() {
    let (_turn, mut synthesizer) = synthesizer("en-us");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        synthesizer.speak("Hello there", &mut |_, _| panic!("the sink is broken"))
    }));
    let panic = panicked.unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"the sink is broken"));
    assert!(!speak(&mut synthesizer, "Hello again").0.is_empty());
}

#[test]
fn unknown_voices_are_refused() {
    let (_turn, mut synthesizer) = synthesizer("en-us");
    for name in ["", "xx", "../../etc/passwd", "en\0us", "нет"] {
        let answer = synthesizer.set_voice(&Voice::new(name));
        assert!(matches!(answer, Err(VoiceError::Unknown(unknown)) if unknown == name));
    }
    assert!(matches!(
        synthesizer.speak("Hello", &mut |_, _| ControlFlow::Continue(())),
        Err(SpeakError::NoVoice)
    ));
    synthesizer.set_voice(&Voice::new("ru")).unwrap();
    assert!(!speak(&mut synthesizer, "Still here").0.is_empty());
}

#[test]
fn voices_can_be_taken_any_number_of_times() {
    let (_turn, mut synthesizer) = synthesizer("en-us");
    for _ in 0..200 {
        synthesizer.set_voice(&Voice::new("ru+f3")).unwrap();
        synthesizer.set_voice(&Voice::new("en-us")).unwrap();
    }
    assert!(!speak(&mut synthesizer, "Hello").0.is_empty());
}

#[test]
fn rate_and_volume_are_heard() {
    let (_turn, mut synthesizer) = synthesizer("en-us");
    let text = "A sentence of a few words";
    let mut loudest = |rate, volume| {
        let voice = Voice {
            rate,
            volume,
            ..Voice::new("en-us+f3")
        };
        synthesizer.set_voice(&voice).unwrap();
        let (sound, _) = speak(&mut synthesizer, text);
        let peak = sound.iter().map(|sample| sample.unsigned_abs()).max();
        (sound.len(), peak.unwrap())
    };
    let (fast, loud) = loudest(300, 100);
    let (slow, soft) = loudest(100, 25);
    assert!(slow > 2 * fast, "{slow} {fast}");
    assert!(loud > 2 * soft, "{loud} {soft}");
}

#[test]
fn nothing_in_a_text_is_a_command() {
    let (_turn, mut synthesizer) = synthesizer("en-us");
    // Read as commands, these would change speed, switch voices, or speak phonemes.
    let plain = speak(&mut synthesizer, "a  450S   b").0.len();
    let embedded = speak(&mut synthesizer, "a \u{1}450S \u{2} b").0.len();
    assert!(plain.abs_diff(embedded) < 2_000);
    let text = "[[h@l'oU]] <speak><break time=\"60s\"/>x</speak>";
    let (sound, events) = speak(&mut synthesizer, text);
    assert!(sound.len() < 22_050 * 12);
    assert!(events.len() > 20);
}

#[test]
fn odd_texts_are_survived() {
    let (_turn, mut synthesizer) = synthesizer("ru");
    let mut odd: Vec<String> = [
        "",
        " ",
        ".",
        "!?",
        "\0",
        "\u{feff}",
        "😀",
        "👩‍👩‍👧‍👦🇰🇿",
        "שלום",
        "مرحبا",
        "中文字",
        "\u{202e}abc",
        "e\u{301}\u{302}\u{303}",
        "\u{10ffff}",
        "1234567890123456789012345678901234567890",
        "١٢٣",
    ]
    .map(String::from)
    .into();
    odd.push("ы".repeat(700));
    odd.push("a".repeat(700));
    odd.push("x".repeat(159) + " y");
    odd.push("1".repeat(500));
    odd.push(".".repeat(700));
    odd.push("(".repeat(700));
    odd.push("да, ".repeat(300));
    odd.push("a\u{301}".repeat(200));
    odd.push("😀".repeat(50));
    odd.push("Ё̈".repeat(100));
    for voice in ["ru", "kk", "en-us", "en"] {
        synthesizer.set_voice(&Voice::new(voice)).unwrap();
        for text in &odd {
            speak(&mut synthesizer, text);
        }
    }
}

fn phonemes(synthesizer: &mut Synthesizer, text: &str) -> Vec<(String, Stop)> {
    let clauses = synthesizer.phonemes(text).unwrap();
    clauses
        .into_iter()
        .map(|clause| (clause.phonemes, clause.stop))
        .collect()
}

#[test]
fn clauses_come_with_what_ends_them() {
    let (_turn, mut synthesizer) = synthesizer("ru");
    let found = phonemes(
        &mut synthesizer,
        "Привет, мир! Как дела?.. Хорошо — hello... Да. Я",
    );
    let stops: Vec<Stop> = found.iter().map(|(_, stop)| *stop).collect();
    assert_eq!(
        stops,
        [
            Stop::Clause(','),
            Stop::Sentence('!'),
            Stop::Sentence('.'),
            Stop::Clause(';'),
            Stop::Open,
            Stop::Sentence('.'),
            Stop::Open,
        ]
    );
    assert_eq!(found[0].0, "prʲivʲˈet");
    assert_eq!(found[2].0.split(' ').count(), 2, "{found:?}");
    assert!(found[4].0.starts_with("(en)") && found[4].0.ends_with("(ru)"));
    assert!(phonemes(&mut synthesizer, " .").is_empty());
}

#[test]
fn phonemes_do_not_depend_on_what_was_spoken_before() {
    let (_turn, mut synthesizer) = synthesizer("en-us");
    let text = "One, two, three.";
    let undisturbed = phonemes(&mut synthesizer, text);
    let stopped = synthesizer.speak("Four, five. Six", &mut |_, _| ControlFlow::Break(()));
    assert_eq!(stopped.unwrap(), Spoken::Stopped);
    assert_eq!(phonemes(&mut synthesizer, text), undisturbed);
    speak(&mut synthesizer, "Seven");
    synthesizer.set_voice(&Voice::new("el")).unwrap();
    assert_eq!(phonemes(&mut synthesizer, "Καλημέρα")[0].0, "kˌalimˈera");
    synthesizer.set_voice(&Voice::new("en-us")).unwrap();
    assert_eq!(phonemes(&mut synthesizer, text), undisturbed);
}

/// Two full stops at the end make 1.51 read on after it, which AddressSanitizer sees and a longer reading might.
#[test]
fn nothing_to_say_is_silent_whatever_was_said_before() {
    let (_turn, mut synthesizer) = synthesizer("en-us+f3");
    let (sound, _) = speak(&mut synthesizer, "Good morning.");
    assert!(!sound.is_empty());
    for text in ["", " ", "שלום עולם!", "…"] {
        let (sound, _) = speak(&mut synthesizer, text);
        assert!(sound.is_empty(), "{text}: {} samples", sound.len());
    }
}

#[test]
fn two_full_stops_end_a_text() {
    let (_turn, mut synthesizer) = synthesizer("ru");
    let (once, _) = speak(&mut synthesizer, "Ну.");
    for _ in 0..100 {
        let (twice, _) = speak(&mut synthesizer, "Ну..");
        assert!(twice.len() < 2 * once.len());
        assert_eq!(phonemes(&mut synthesizer, "Ну..").len(), 1);
    }
}
