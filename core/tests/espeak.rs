//! The built-in engine against the library itself.
#![cfg(feature = "espeak")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may panic as the test itself does"
)]

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use avatar_core::language::Language;
use avatar_core::speech::{
    Cancel, Engine, Espeak, Mark, MarkKind, Speech, SpeechError, Utterance, pause, voices,
};
use avatar_core::text::Manner;
use avatar_core::time::Samples;
use proptest::prelude::*;

fn utterance(text: &str, language: Language) -> Utterance {
    Utterance {
        text: text.to_owned(),
        language,
        voice: String::new(),
        keeping: None,
        manner: Manner::default(),
    }
}

/// Speaks, and checks all that [`Engine`] and [`Speech`] promise on the way.
fn speak_as(utterance: &Utterance) -> Result<Speech, SpeechError> {
    let engine = Espeak::new().unwrap();
    let mut whole = Speech::default();
    engine.speak(utterance, &Cancel::default(), &mut |speech| {
        let began = Samples(whole.pcm.len() as u64);
        assert!(speech.marks.iter().all(|mark| mark.at >= began));
        whole.pcm.extend(speech.pcm);
        whole.marks.extend(speech.marks);
        assert!(
            whole
                .marks
                .iter()
                .all(|mark| mark.at.0 <= whole.pcm.len() as u64)
        );
        ControlFlow::Continue(())
    })?;
    assert!(whole.marks.is_sorted_by_key(|mark| mark.at));
    let ends: Vec<&Mark> = whole
        .marks
        .iter()
        .filter(|mark| mark.kind == MarkKind::End)
        .collect();
    assert_eq!(ends.len(), 1);
    assert_eq!(whole.marks.last(), Some(ends[0]));
    assert_eq!(ends[0].at.0, whole.pcm.len() as u64);
    assert!(whole.pcm.iter().all(|sample| sample.abs() < 1.0));
    assert!(whole.pcm.iter().any(|sample| sample.abs() > 0.1));
    Ok(whole)
}

fn speak(text: &str, language: Language) -> Result<Speech, SpeechError> {
    speak_as(&utterance(text, language))
}

fn words(speech: &Speech) -> Vec<&str> {
    speech
        .marks
        .iter()
        .filter_map(|mark| match &mark.kind {
            MarkKind::Word(word) => Some(word.as_str()),
            _ => None,
        })
        .collect()
}

fn phonemes(speech: &Speech) -> Vec<&str> {
    speech
        .marks
        .iter()
        .filter_map(|mark| match &mark.kind {
            MarkKind::Phoneme(name) => Some(name.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn every_language_and_voice_speaks() {
    for language in Language::ALL {
        let voices: Vec<_> = voices()
            .into_iter()
            .filter(|voice| voice.language == language)
            .collect();
        assert!(voices.len() >= 2);
        for voice in voices {
            let text = match language {
                Language::Ru => "Здравствуйте, сегодня хорошая погода!",
                Language::Kk => "Сәлеметсіз бе, бүгін ауа райы жақсы!",
                Language::En => "Good morning, what fine weather we have!",
            };
            let speech = speak_as(&Utterance {
                voice: voice.id.clone(),
                ..utterance(text, language)
            });
            let speech = speech.unwrap();
            assert_eq!(words(&speech).join(" "), text, "{}", voice.id);
            assert!(phonemes(&speech).len() > 15);
            let seconds = speech.pcm.len() as f64 / 48_000.0;
            assert!(
                (1.5..6.0).contains(&seconds),
                "{} takes {seconds} s",
                voice.id
            );
        }
    }
}

#[test]
fn a_sentence_is_not_spelled_letter_by_letter() {
    let russian = phonemes(&speak("Привет, мир!", Language::Ru).unwrap()).concat();
    let english = Utterance {
        voice: "en-us-female".to_owned(),
        ..utterance("Hello! Привет, мир!", Language::En)
    };
    let mixed = phonemes(&speak_as(&english).unwrap()).concat();
    assert!(
        mixed.starts_with("həl") && mixed.ends_with(&russian),
        "{mixed} {russian}"
    );
}

/// The height of a voice, as the delay under which its sound is most like itself.
fn hertz(speech: &Speech) -> f64 {
    let alike = |delay: usize| -> f64 {
        let later = speech.pcm.iter().skip(delay);
        speech
            .pcm
            .iter()
            .zip(later)
            .map(|(one, other)| f64::from(one * other))
            .sum()
    };
    let delays = (96..600).step_by(4);
    let best = delays.max_by(|one, other| alike(*one).total_cmp(&alike(*other)));
    48_000.0 / best.unwrap() as f64
}

#[test]
fn rate_and_pitch_are_heard() {
    let say = |manner: Manner| {
        let speech = speak_as(&Utterance {
            manner,
            ..utterance("Сегодня хорошая погода.", Language::Ru)
        });
        speech.unwrap()
    };
    let usual = say(Manner::default());
    let at = |rate: u16| {
        let manner = Manner {
            rate,
            ..Manner::default()
        };
        say(manner).pcm.len() as f64 / usual.pcm.len() as f64
    };
    assert!((0.45..0.75).contains(&at(200)), "{}", at(200));
    assert!((1.5..2.2).contains(&at(50)), "{}", at(50));
    let high = say(Manner {
        pitch: 1_000,
        ..Manner::default()
    });
    assert!(
        hertz(&high) > 1.25 * hertz(&usual),
        "{} {}",
        hertz(&high),
        hertz(&usual)
    );
    let going_on = say(Manner {
        goes_on: true,
        ..Manner::default()
    });
    assert!(going_on.pcm.len() <= usual.pcm.len());
}

#[test]
fn a_voice_that_is_to_speak_another_language_does() {
    let russian = phonemes(&speak("Да", Language::Ru).unwrap()).concat();
    let lent = Utterance {
        voice: "en-us-male".to_owned(),
        ..utterance("Да", Language::Ru)
    };
    assert_eq!(phonemes(&speak_as(&lent).unwrap()).concat(), russian);
}

#[test]
fn an_unknown_voice_is_said_to_be() {
    let stranger = Utterance {
        voice: "nobody".to_owned(),
        ..utterance("Hello", Language::En)
    };
    let error = speak_as(&stranger).unwrap_err();
    assert!(error.to_string().contains("nobody"), "{error}");
}

#[test]
fn words_are_heard_where_they_are_marked() {
    let speech = speak("Раз, два, три.", Language::Ru).unwrap();
    assert_eq!(words(&speech), ["Раз,", "два,", "три."]);
    let starts: Vec<usize> = speech
        .marks
        .iter()
        .filter(|mark| matches!(mark.kind, MarkKind::Word(_)))
        .map(|mark| usize::try_from(mark.at.0).unwrap())
        .collect();
    let energy = |from: usize, to: usize| {
        speech.pcm[from..to]
            .iter()
            .map(|sample| sample * sample)
            .sum::<f32>()
    };
    for start in starts {
        // Before a word after a comma there is silence, after its beginning there is sound.
        assert!(energy(start, start + 9_600) > 10.0);
        if start > 4_800 {
            assert!(energy(start - 2_400, start - 480) < 0.5);
        }
    }
    assert_eq!(phonemes(&speech).last(), Some(&""));
}

#[test]
fn sentences_end_with_the_pause_that_belongs_to_them() {
    for text in ["Готово.", "Готово,", "Hello world"] {
        let speech = speak(text, Language::Ru).unwrap();
        let silent = speech
            .pcm
            .iter()
            .rev()
            .take_while(|sample| sample.abs() < 0.001)
            .count() as u64;
        let wanted = pause::after(text).0;
        // What rings in the filter may reach a millisecond into it.
        assert!(
            (wanted - 100..wanted + 1_500).contains(&silent),
            "{text}: {silent}, not {wanted}"
        );
    }
}

#[test]
fn anything_can_be_said() {
    let long = "Очень длинный текст, в котором много слов. ".repeat(120);
    let texts = [
        "а",
        "7",
        "5 000 123",
        "12345678901234567890",
        "3,14 и 10:30, 25.05.2024",
        "[[h@l'oU]] да",
        "<speak>Привет <break time=\"60s\"/>всем</speak>",
        "😀 да 😀",
        "Привет👨‍👩‍👧‍👦, ©ΩԘ מה",
        "А. С. Пушкин — поэт.",
        "Он купил iPhone 15 Pro, well done!",
        "C++ & C#, R&D, 50 % + 1",
        "ЁЛКА",
        "...да...",
        "a\u{301}\u{302}",
        "x\0y\u{1}50S",
        long.as_str(),
    ];
    for language in Language::ALL {
        for text in texts {
            let speech = speak(text, language).unwrap();
            assert!(!phonemes(&speech).is_empty(), "{text}");
            let letters = |text: &str| {
                text.chars()
                    .filter(|letter| letter.is_alphanumeric())
                    .collect::<String>()
            };
            if !text.contains("<speak>") {
                assert_eq!(letters(&words(&speech).concat()), letters(text));
            }
            assert!(speech.pcm.len() < 48_000 * 60 || text == long);
        }
    }
}

#[test]
fn nothing_to_say_is_empty() {
    for text in [
        "",
        " ",
        "...",
        "😀🎉",
        "—",
        "<br/>",
        "\u{202e}",
        // Neither Russian, Kazakh nor English voices can read these.
        "שלום עולם",
        "مرحبا بالعالم",
        "中文字",
    ] {
        for language in Language::ALL {
            assert!(
                matches!(speak(text, language), Err(SpeechError::Nothing)),
                "{text:?}"
            );
        }
    }
}

#[test]
fn five_thousand_letters_without_a_space() {
    let speech = speak(&"ы".repeat(5_000), Language::Ru).unwrap();
    assert_eq!(words(&speech).concat().chars().count(), 5_000);
}

#[test]
fn breaking_and_cancelling_stop_early() {
    let engine = Espeak::new().unwrap();
    let text = "Это длинное предложение, которое никто не дослушает до конца. ".repeat(50);
    let long = utterance(&text, Language::Ru);
    let mut heard = 0;
    let broken = engine.speak(&long, &Cancel::default(), &mut |_| {
        heard += 1;
        if heard == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(matches!(broken, Err(SpeechError::Cancelled)));
    assert_eq!(heard, 3);

    let cancel = Cancel::default();
    let mut heard = 0;
    let cancelled = engine.speak(&long, &cancel, &mut |_| {
        heard += 1;
        cancel.raise();
        ControlFlow::Continue(())
    });
    assert!(matches!(cancelled, Err(SpeechError::Cancelled)));
    assert_eq!(heard, 1);

    let before = engine.speak(&long, &cancel, &mut |_| panic!("nothing is to be heard"));
    assert!(matches!(before, Err(SpeechError::Cancelled)));
}

#[test]
fn a_listener_who_panics_harms_nobody() {
    let engine = Espeak::new().unwrap();
    let listener = std::thread::spawn(move || {
        let hello = utterance("Hello", Language::En);
        let _ = engine.speak(&hello, &Cancel::default(), &mut |_| panic!("no more"));
    });
    assert!(listener.join().is_err());
    assert!(speak("Hello again", Language::En).is_ok());
}

#[test]
fn many_at_once_each_hear_their_own() {
    let texts = [
        ("Один, два, три, четыре, пять.", Language::Ru),
        ("Бір, екі, үш, төрт, бес.", Language::Kk),
        ("One, two, three, four, five.", Language::En),
        ("Совсем другое предложение.", Language::Ru),
    ];
    let speakers: Vec<_> = texts
        .into_iter()
        .map(|(text, language)| {
            std::thread::spawn(move || {
                for _ in 0..5 {
                    let speech = speak(text, language).unwrap();
                    assert_eq!(words(&speech).join(" "), text);
                }
            })
        })
        .collect();
    for speaker in speakers {
        speaker.join().unwrap();
    }
}

/// Not asserted, since machines differ; printed with `--nocapture`.
#[test]
fn how_fast_it_is() {
    let engine = Espeak::new().unwrap();
    let ten_words = utterance(
        "Сегодня утром мы вместе пошли гулять в большой старый парк.",
        Language::Ru,
    );
    let mut firsts = Vec::new();
    for _ in 0..21 {
        let began = Instant::now();
        let mut first = None;
        let spoken = engine.speak(&ten_words, &Cancel::default(), &mut |_| {
            first.get_or_insert(began.elapsed());
            ControlFlow::Continue(())
        });
        spoken.unwrap();
        firsts.push(first.unwrap_or(Duration::MAX));
    }
    firsts.sort();
    let text = "Это предложение средней длины, каких в любом тексте большинство. ".repeat(40);
    let began = Instant::now();
    let seconds = speak(&text, Language::Ru).unwrap().pcm.len() as f64 / 48_000.0;
    println!(
        "first sound of ten words after {:?} (median); {seconds:.0} s of speech at {:.0} × real time",
        firsts[firsts.len() / 2],
        seconds / began.elapsed().as_secs_f64()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_sent_the_promises_hold(
        text in "([а-яёәіңғүұқөһ]{1,8}|[a-z]{1,8}|[0-9]{1,5}|[ ]|[.,!?—«»()\\[\\]<>&*#]|\\PC){1,60}",
        language in prop::sample::select(Language::ALL.to_vec()),
    ) {
        match speak(&text, language) {
            Ok(_) | Err(SpeechError::Nothing) => {}
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
    }
}
