#![allow(missing_docs, clippy::unwrap_used)]
use avatar_core::language::Language;
use avatar_core::speech::{Cancel, Engine, Espeak, MarkKind, Utterance};
use std::io::Write;
fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let engine = Espeak::new().unwrap();
    let texts = [
        (Language::En, include_str!("/tmp/f/en.txt")),
        (Language::Ru, include_str!("/tmp/f/ru.txt")),
        (Language::Kk, include_str!("/tmp/f/kk.txt")),
    ];
    for voice in avatar_core::speech::voices() {
        let text = texts.iter().find(|(l, _)| *l == voice.language).unwrap().1;
        let mut pcm: Vec<f32> = Vec::new();
        let mut tsv = String::new();
        for sentence in avatar_core::text::sentences(text) {
            let u = Utterance {
                text: sentence.text,
                language: voice.language,
                voice: voice.id.clone(),
                keeping: None,
            };
            let base = pcm.len() as u64;
            engine
                .speak(&u, &Cancel::default(), &mut |s| {
                    pcm.extend(&s.pcm);
                    for m in &s.marks {
                        match &m.kind {
                            MarkKind::Phoneme(p) => tsv += &format!("{}\t{}\n", base + m.at.0, p),
                            MarkKind::End => tsv += &format!("{}\t\n", base + m.at.0),
                            _ => {}
                        }
                    }
                    std::ops::ControlFlow::Continue(())
                })
                .unwrap();
        }
        let bytes: Vec<u8> = pcm.iter().flat_map(|x| x.to_le_bytes()).collect();
        std::fs::File::create(format!("{dir}/{}.f32", voice.id))
            .unwrap()
            .write_all(&bytes)
            .unwrap();
        std::fs::write(format!("{dir}/{}.tsv", voice.id), tsv).unwrap();
    }
}
