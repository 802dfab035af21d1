//! Whether mouth shapes heard in sound are those that were spoken: espeak-ng knows its phonemes, and the ear that is given
//! nothing but its sound must come close. None of these voices and sentences had a part in how the ear judges.

use std::ops::ControlFlow;

use super::super::loudness::Loudness;
use super::*;
use crate::language::Language;
use crate::speech::{Cancel, Ear, Engine, Espeak, Timbre, Utterance};
use crate::text::sentences;
use crate::time::FrameRate;

const TEXTS: [(Language, &[&str], &str); 3] = [
    (
        Language::En,
        &["en-us-female-2", "en-us-male-2"],
        "A small group of people waited at the harbour for the ferry to come back from the island. \
         Mary had packed everything into one heavy bag. Why should anybody choose to swim?",
    ),
    (
        Language::Ru,
        &["ru-female-2", "ru-male-2"],
        "На площади перед вокзалом собрались музыканты и начали играть весёлую песню. \
         Бабушка испекла пирог с яблоками. Почему же ты молчишь?",
    ),
    (
        Language::Kk,
        &["kk-female-2", "kk-male-2"],
        "Ауылдың жанында үлкен көл бар, оның суы таза әрі салқын. \
         Балалар мектептен келе жатып, өлең айтты. Сен неге үндемейсің?",
    ),
];

/// What espeak-ng says, with its own marks.
fn spoken(text: &str, voice: &str, language: Language) -> (Vec<f32>, Vec<Mark>) {
    let engine = Espeak::new().unwrap();
    let (mut pcm, mut marks): (Vec<f32>, Vec<Mark>) = Default::default();
    for sentence in sentences(text) {
        let began = Samples(pcm.len() as u64);
        let utterance = Utterance {
            text: sentence.text,
            language,
            voice: voice.to_owned(),
            keeping: None,
            manner: sentence.manner,
        };
        let mut hand_on = |speech: crate::speech::Speech| {
            pcm.extend(speech.pcm);
            marks.extend(speech.marks.into_iter().map(|mark| Mark {
                at: began + mark.at,
                ..mark
            }));
            ControlFlow::Continue(())
        };
        engine
            .speak(&utterance, &Cancel::default(), &mut hand_on)
            .unwrap();
    }
    (pcm, marks)
}

/// What the ear makes of it.
fn heard(pcm: &[f32]) -> Vec<Mark> {
    let (mut ear, mut marks) = (Ear::new(Timbre::default()), Vec::new());
    for piece in pcm.chunks(4_000) {
        let known = ear.known();
        let before = marks.len();
        ear.hear(piece, &mut marks);
        assert!(
            marks[before..]
                .iter()
                .all(|mark: &Mark| mark.at >= known && mark.at < ear.known())
        );
    }
    ear.finish(Samples(pcm.len() as u64), &mut marks);
    assert!(marks.is_sorted_by_key(|mark| mark.at));
    marks
}

/// The mouth in each frame.
fn mouths(pcm: &[f32], marks: &[Mark]) -> Vec<Mouth> {
    let frame = FrameRate::new(25).unwrap().frame();
    let (mut articulation, mut loudness) = (Articulation::new(frame), Loudness::new());
    loudness.hear(pcm);
    marks.iter().for_each(|mark| articulation.hear(mark));
    let mut mouth = Mouth::default();
    let frames = pcm.len() as u64 / frame.0;
    let moving = (0..frames).map(|n| {
        let middle = Samples(n * frame.0 + frame.0 / 2);
        let horizon = middle + frame + LOOKAHEAD;
        let wanted = articulation.at(middle, horizon, loudness.at(middle));
        mouth = moved(mouth, wanted, frame.seconds() as f32);
        mouth
    });
    moving.collect()
}

fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let mean =
        |values: &[f32]| values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 1e-12);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f64::from(*a) - ma, f64::from(*b) - mb);
        (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
    }
    ab / (aa * bb).sqrt()
}

/// Visemes that a viewer cannot tell apart at a glance.
fn group(viseme: Viseme) -> u8 {
    match viseme {
        Viseme::Rest => 0,
        Viseme::Lips => 1,
        Viseme::Bite | Viseme::Dental => 2,
        Viseme::Hiss => 3,
        Viseme::Hush => 4,
        Viseme::Ridge | Viseme::Lateral | Viseme::Back | Viseme::Rhotic => 5,
        Viseme::Open | Viseme::HalfOpen | Viseme::RoundOpen => 6,
        Viseme::Front | Viseme::Neutral => 7,
        Viseme::Spread | Viseme::Palatal | Viseme::Central => 8,
        Viseme::RoundMid | Viseme::RoundClose | Viseme::Glide => 9,
    }
}

/// The group that is seen every 10 ms.
fn groups(marks: &[Mark], length: usize) -> Vec<u8> {
    let said: Vec<(u64, Visemes)> = marks
        .iter()
        .filter_map(|mark| match &mark.kind {
            MarkKind::Phoneme(phoneme) => Some((mark.at.0, Visemes::of(phoneme)?)),
            MarkKind::End => Some((mark.at.0, Visemes::REST)),
            MarkKind::Word(_) => None,
        })
        .collect();
    let at = |moment: u64| {
        let next = said.partition_point(|(at, _)| *at <= moment);
        let (began, visemes) = next.checked_sub(1).map_or((0, Visemes::REST), |n| said[n]);
        let ends = said.get(next).map_or(length as u64, |(at, _)| *at);
        let shapes = visemes.as_slice();
        let n = (moment - began) * shapes.len() as u64 / (ends - began).max(1);
        group(shapes[(n as usize).min(shapes.len() - 1)])
    };
    (0..length as u64 / 480)
        .map(|n| at(n * 480 + 240))
        .collect()
}

#[test]
fn the_ear_sees_what_the_engine_knows() {
    let (mut ears, mut levels, mut rounds, mut shares, mut voices) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (language, names, text) in TEXTS {
        for name in names {
            let (pcm, marks) = spoken(text, name, language);
            let found = heard(&pcm);
            let known = mouths(&pcm, &marks);
            let open = |mouths: &[Mouth]| mouths.iter().map(|mouth| mouth.open).collect::<Vec<_>>();
            let round =
                |mouths: &[Mouth]| mouths.iter().map(|mouth| mouth.round).collect::<Vec<_>>();
            let seen = mouths(&pcm, &found);
            let by_ear = correlation(&open(&known), &open(&seen));
            let by_level = correlation(&open(&known), &open(&mouths(&pcm, &[])));
            let rounding = correlation(&round(&known), &round(&seen));
            let (truth, guess) = (groups(&marks, pcm.len()), groups(&found, pcm.len()));
            let same = truth.iter().zip(&guess).filter(|(a, b)| a == b).count();
            let share = same as f64 / truth.len() as f64;
            println!(
                "{name}: open {by_ear:.2} (loudness alone {by_level:.2}), round {rounding:.2}, same shape {share:.2}"
            );
            assert!(by_ear > 0.7, "{name}: {by_ear}");
            (ears, levels) = (ears + by_ear, levels + by_level);
            (rounds, shares) = (rounds + rounding, shares + share);
            voices += 1.0;
        }
    }
    let (ears, levels, rounds, shares) = (
        ears / voices,
        levels / voices,
        rounds / voices,
        shares / voices,
    );
    println!(
        "all: open {ears:.2} (loudness alone {levels:.2}), round {rounds:.2}, same shape {shares:.2}"
    );
    assert!(ears > 0.74 && ears > levels + 0.15, "{ears} {levels}");
    // In the few seconds of one voice there are a dozen round sounds at the most: only all voices together say something.
    assert!(rounds > 0.35, "{rounds}");
    // Of ten; whoever always says that the tongue is busy is right in a fifth of all.
    assert!(shares > 0.5, "{shares}");
}
