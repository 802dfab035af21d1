//! Piper's voices, with a small one made here and the real ONNX Runtime.
#![cfg(feature = "piper")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may panic as the test itself does"
)]

#[allow(dead_code, reason = "the benchmarks use other parts")]
mod small_voice;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread;

use avatar_core::language::Language;
use avatar_core::speech::piper::{Model, Piper};
use avatar_core::speech::{Cancel, Engine, MarkKind, Speech, SpeechError, Utterance};
use avatar_core::text::Manner;
use avatar_core::time::AUDIO_RATE;
use small_voice::{HOP, SYMBOLS, SmallVoice, Tone};
use tempfile::TempDir;

/// ONNX Runtime, which `scripts/onnxruntime.sh` puts there.
fn runtime() -> PathBuf {
    let found = std::env::var_os("ORT_DYLIB_PATH").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../.onnxruntime/libonnxruntime.so"),
        PathBuf::from,
    );
    assert!(
        found.is_file(),
        "there is no {}; get it with: scripts/onnxruntime.sh",
        found.display()
    );
    found
}

fn model(network: PathBuf) -> Model {
    Model {
        runtime: runtime(),
        threads: 1,
        ..Model::new(network)
    }
}

fn voice(small: &SmallVoice) -> (TempDir, Piper) {
    let directory = tempfile::tempdir().unwrap();
    let network = small.write(directory.path(), "small");
    (directory, Piper::new(model(network), 2))
}

fn utterance(text: &str, speaker: &str) -> Utterance {
    Utterance {
        keeping: None,
        text: text.to_owned(),
        language: Language::Ru,
        voice: speaker.to_owned(),
        manner: Manner::default(),
    }
}

fn speak(piper: &Piper, text: &str, speaker: &str) -> Result<Speech, SpeechError> {
    let mut all = Speech::default();
    piper.speak(&utterance(text, speaker), &Cancel::default(), &mut |more| {
        for mark in &more.marks {
            let (known, end) = (
                all.pcm.len() as u64,
                (all.pcm.len() + more.pcm.len()) as u64,
            );
            assert!((known..=end).contains(&mark.at.0), "{mark:?} {known} {end}");
        }
        all.pcm.extend(more.pcm);
        all.marks.extend(more.marks);
        ControlFlow::Continue(())
    })?;
    assert!(all.marks.is_sorted_by_key(|mark| mark.at));
    assert_eq!(
        all.marks.last().map(|mark| &mark.kind),
        Some(&MarkKind::End)
    );
    Ok(all)
}

fn phonemes(speech: &Speech) -> Vec<(f64, &str)> {
    let marks = speech.marks.iter();
    marks
        .filter_map(|mark| match &mark.kind {
            MarkKind::Phoneme(name) => Some((mark.at.seconds(), name.as_str())),
            _ => None,
        })
        .collect()
}

fn words(speech: &Speech) -> Vec<(f64, &str)> {
    let marks = speech.marks.iter();
    marks
        .filter_map(|mark| match &mark.kind {
            MarkKind::Word(word) => Some((mark.at.seconds(), word.as_str())),
            _ => None,
        })
        .collect()
}

/// Seconds that a small voice hums these symbols.
fn seconds(symbols: &str, rate: u32, scale: f32) -> f64 {
    let steps: f32 = symbols
        .chars()
        .map(|symbol| (Tone::of(symbol).steps * scale).ceil())
        .sum();
    f64::from(steps) * HOP as f64 / f64::from(rate)
}

/// The loudest of `speech` from one second to another.
fn loudness(speech: &Speech, from: f64, to: f64) -> f32 {
    let sample = |seconds: f64| (seconds * f64::from(AUDIO_RATE)) as usize;
    let stretch = &speech.pcm[sample(from).min(speech.pcm.len())..sample(to).min(speech.pcm.len())];
    stretch
        .iter()
        .fold(0.0, |loudest, sample| loudest.max(sample.abs()))
}

#[test]
fn what_is_heard_are_the_phonemes() {
    let (_directory, piper) = voice(&SmallVoice::default());
    let speech = speak(&piper, "Мама, да", "").unwrap();
    // mˈɑmʌ, dˈɑ with what Piper puts between. It begins with the lead that is left of silence and ends with a sentence's pause.
    let hummed = seconds("m_ˈ_ɑ_m_ʌ_,_ _d_ˈ_ɑ", 22_050, 1.0);
    let length = speech.pcm.len() as f64 / f64::from(AUDIO_RATE);
    assert!(
        (length - 0.04 - hummed - 0.25).abs() < 0.02,
        "{length} {hummed}"
    );
    assert_eq!(
        words(&speech)
            .iter()
            .map(|(_, word)| *word)
            .collect::<Vec<_>>(),
        ["Мама,", "да"]
    );
    let names: Vec<&str> = phonemes(&speech).iter().map(|(_, name)| *name).collect();
    assert_eq!(names, ["m", "ɑ", "m", "a", "", "d", "ɑ", ""]);
    // Each begins where its tone does: "da" after the pause of the comma.
    let (da, _) = words(&speech)[1];
    let before = 0.04 + seconds("m_ˈ_ɑ_m_ʌ_,_ _", 22_050, 1.0);
    assert!((da - before).abs() < 0.02, "{da} {before}");
    assert!(loudness(&speech, da - 0.2, da - 0.02) < 0.01);
    let (vowel, _) = *phonemes(&speech)
        .iter()
        .rev()
        .find(|(_, name)| name.contains('ɑ'))
        .unwrap();
    assert!(loudness(&speech, vowel + 0.02, vowel + 0.1) > 0.1);
}

#[test]
fn without_lengths_words_are_found_in_the_sound() {
    let text = "Сегодня хорошая погода, солнце светит, и мы пойдём гулять в старый парк.";
    let (_directory, telling) = voice(&SmallVoice::default());
    let (_other, silent) = voice(&SmallVoice {
        durations: false,
        ..SmallVoice::default()
    });
    let (told, found) = (
        speak(&telling, text, "").unwrap(),
        speak(&silent, text, "").unwrap(),
    );
    assert_eq!(told.pcm, found.pcm);
    let (told, found) = (words(&told), words(&found));
    assert_eq!(told.len(), found.len());
    let errors: Vec<f64> = told
        .iter()
        .zip(&found)
        .map(|((told, _), (found, _))| (told - found).abs())
        .collect();
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    // A hum is not speech, and yet.
    assert!(mean < 0.12, "{mean} {errors:?}");
    assert!(errors.iter().all(|error| *error < 0.4), "{errors:?}");
}

#[test]
fn speakers_and_scales_are_heard() {
    let (_directory, piper) = voice(&SmallVoice {
        speakers: 2,
        ..SmallVoice::default()
    });
    let say = |speaker: &str| speak(&piper, "Мама", speaker).unwrap().pcm;
    assert_eq!(say("0"), say("speaker0"));
    assert_eq!(say("0"), say("nobody"));
    assert_ne!(say("0"), say("speaker1"));
    assert_eq!(say("0").len(), say("1").len());
    let (directory, slow) = voice(&SmallVoice::default());
    let profile = directory.path().join("small.onnx.json");
    let json = fs::read_to_string(&profile).unwrap();
    fs::write(
        &profile,
        json.replace("\"length_scale\": 1", "\"length_scale\": 2"),
    )
    .unwrap();
    let twice = speak(&slow, "Мама", "").unwrap().pcm.len() as f64 / f64::from(AUDIO_RATE);
    let hummed = seconds("m_ˈ_ɑ_m_ʌ", 22_050, 2.0);
    assert!(
        (twice - 0.04 - hummed - 0.25).abs() < 0.02,
        "{twice} {hummed}"
    );
}

#[test]
fn every_language_espeak_has() {
    for (language, text) in [
        ("ru", "Здравствуйте, сегодня хорошая погода!"),
        ("kk", "Сәлеметсіз бе, бүгін ауа райы жақсы!"),
        ("en-us", "Good morning, what fine weather we have!"),
        ("de", "Guten Morgen, was für ein schönes Wetter!"),
        ("uk", "Доброго ранку, яка гарна погода!"),
        ("el", "Καλημέρα, τι ωραίος καιρός!"),
        ("ne", "शुभ प्रभात, कस्तो राम्रो मौसम!"),
        ("ka", "დილა მშვიდობისა, რა კარგი ამინდია!"),
    ] {
        let (_directory, piper) = voice(&SmallVoice {
            language,
            rate: 16_000,
            ..SmallVoice::default()
        });
        let speech = speak(&piper, text, "").unwrap();
        let heard = words(&speech)
            .iter()
            .map(|(_, word)| *word)
            .collect::<Vec<_>>()
            .join(" ");
        assert_eq!(heard, text, "{language}");
        assert!(phonemes(&speech).len() > 15, "{language}");
        assert!(speech.pcm.len() > 48_000, "{language}");
    }
}

#[test]
fn what_the_voice_does_not_know_is_left_out() {
    let (_directory, whole) = voice(&SmallVoice::default());
    let (_other, lacking) = voice(&SmallVoice {
        without: "ɑ",
        ..SmallVoice::default()
    });
    let (whole, lacking) = (
        speak(&whole, "Мама", "").unwrap(),
        speak(&lacking, "Мама", "").unwrap(),
    );
    let missing = (whole.pcm.len() - lacking.pcm.len()) as f64 / f64::from(AUDIO_RATE);
    assert!(
        (missing - seconds("ɑ_", 22_050, 1.0)).abs() < 0.01,
        "{missing}"
    );
}

#[test]
fn many_share_the_networks_of_a_voice() {
    let directory = tempfile::tempdir().unwrap();
    let network = SmallVoice::default().write(directory.path(), "small");
    let damaged = directory.path().join("damaged.onnx");
    fs::write(&damaged, "no network").unwrap();
    fs::copy(
        directory.path().join("small.onnx.json"),
        directory.path().join("damaged.onnx.json"),
    )
    .unwrap();
    for (networks, prepared) in [(1, true), (1, false), (3, false)] {
        let all = |path: &Path| {
            let piper = Piper::new(model(path.to_owned()), networks);
            if prepared {
                piper.prepare();
            }
            thread::scope(|scope| {
                let said = (0..12).map(|_| scope.spawn(|| speak(&piper, "Мама мыла раму.", "")));
                let said: Vec<_> = said.collect();
                let said = said.into_iter().map(|one| one.join().unwrap());
                said.collect::<Vec<_>>()
            })
        };
        let said = all(&network);
        let first = said[0].as_ref().unwrap().pcm.len();
        assert!(first > 10_000);
        for one in &said {
            assert_eq!(one.as_ref().unwrap().pcm.len(), first, "{networks}");
        }
        // Each is told, whoever of them tried to open it.
        for one in all(&damaged) {
            let error = one.unwrap_err().to_string();
            assert!(error.contains("damaged.onnx"), "{error}");
        }
    }
}

#[test]
fn files_that_are_no_voice_fail_with_a_reason() {
    let directory = tempfile::tempdir().unwrap();
    let network = SmallVoice::default().write(directory.path(), "small");
    let profile = directory.path().join("small.onnx.json");
    let json = fs::read_to_string(&profile).unwrap();
    let fails = |model: Model, reason: &str| {
        let error = speak(&Piper::new(model, 1), "Мама", "")
            .unwrap_err()
            .to_string();
        assert!(error.contains(reason), "{error}");
    };
    let good = || model(network.clone());
    let outline = good().inspect().unwrap();
    assert_eq!(outline.language(), Some(Language::Ru));
    let missing = directory.path().join("missing.onnx");
    let unseen = |model: Model| model.inspect().unwrap_err().to_string();
    assert!(unseen(model(missing.clone())).contains("missing.onnx"));
    fails(model(missing), "missing.onnx");
    for (from, to, reason) in [
        ("\"^\": [1], ", "", "phoneme_id_map"),
        ("22050", "5", "sample rate"),
        ("{\"voice\"", "{\"language\"", "voice"),
        ("\"voice\": \"ru\"", "\"voice\": \"tlh\"", "tlh"),
    ] {
        fs::write(&profile, json.replace(from, to)).unwrap();
        fails(good(), reason);
        // What espeak-ng has is known only when it is asked.
        assert!(reason == "tlh" || unseen(good()).contains(reason));
    }
    fs::write(&profile, &json).unwrap();
    fs::write(&network, "no network").unwrap();
    fails(good(), "small.onnx");
    for (text, reason) in [
        ("", "empty"),
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:0",
            "git lfs",
        ),
    ] {
        fs::write(&network, text).unwrap();
        assert!(unseen(good()).contains(reason));
    }
    SmallVoice::default().write(directory.path(), "small");
    let runtime = Model {
        runtime: directory.path().join("libonnxruntime.so"),
        ..good()
    };
    assert!(unseen(runtime).contains("libonnxruntime.so"));
}

#[test]
fn nothing_to_say_is_no_sound() {
    let (_directory, piper) = voice(&SmallVoice::default());
    for text in ["", "…", "— !"] {
        assert!(
            matches!(speak(&piper, text, ""), Err(SpeechError::Nothing)),
            "{text}"
        );
    }
}

#[test]
fn long_texts_are_cut_and_can_be_stopped() {
    let (_directory, piper) = voice(&SmallVoice::default());
    let number = "1234567890".repeat(20);
    let speech = speak(&piper, &number, "").unwrap();
    assert!(speech.pcm.len() > 10 * 48_000);
    let text = "Это предложение. ".repeat(200);
    let cancel = Cancel::default();
    let mut heard = 0;
    let stopped = piper.speak(&utterance(&text, ""), &cancel, &mut |more| {
        heard += more.pcm.len();
        cancel.raise();
        ControlFlow::Continue(())
    });
    assert!(matches!(stopped, Err(SpeechError::Cancelled)));
    assert!(heard < 48_000);
    // The network is at rest again.
    assert!(speak(&piper, "Мама", "").is_ok());
}

/// Whether two sounds are the same but for how loud they are, of which the voice learns.
fn alike(one: &[f32], other: &[f32]) -> bool {
    let peak = |sound: &[f32]| sound.iter().fold(0.0_f32, |peak, sample| peak.max(*sample));
    let ratio = peak(one) / peak(other);
    let near = |(one, other): (&f32, &f32)| (one - other * ratio).abs() < 1e-4;
    one.len() == other.len() && one.iter().zip(other).all(near)
}

#[test]
fn several_sentences_at_once_are_those_one_by_one() {
    let (_directory, piper) = voice(&SmallVoice::default());
    let texts = ["Один дом.", "Два дома.", "Три дома.", "Пять домов."];
    let alone: Vec<_> = texts
        .iter()
        .map(|text| speak(&piper, text, "").unwrap().pcm)
        .collect();
    std::thread::scope(|scope| {
        let asked: Vec<_> = texts
            .iter()
            .map(|text| scope.spawn(|| speak(&piper, text, "").unwrap().pcm))
            .collect();
        for (asked, alone) in asked.into_iter().zip(alone) {
            assert!(alike(&asked.join().unwrap(), &alone));
        }
    });
}

#[test]
fn the_small_voice_knows_what_pipers_voices_know() {
    assert_eq!(SYMBOLS.chars().count(), 161);
    assert_eq!(SYMBOLS.chars().position(|symbol| symbol == 'ʷ'), Some(160));
}
