//! A voice in Piper's own format, small enough to be made by a test.
//!
//! It takes what Piper's networks take and gives what they give, and hums: each phoneme lasts as long as a table says and is a
//! tone of its own, low and loud for vowels, high and faint for hisses, nothing for stops and pauses. So what is heard depends
//! on the phonemes, on the scale of lengths and on the speaker.

mod onnx;

use std::fs;
use std::path::{Path, PathBuf};

use onnx::{Graph, Type};

/// Samples of a step.
pub(crate) const HOP: usize = 256;

/// The symbols of Piper's own voices, in the order of their numbers.
pub(crate) const SYMBOLS: &str = "_^$ !'(),-.:;?abcdefhijklmnopqrstuvwxyzæçðøħŋœǀǁǂǃɐɑɒɓɔɕɖɗɘəɚɛɜɞɟɠɡɢɣɤɥɦɧɨɪɫɬɭɮɯɰɱɲɳɴɵɶɸɹɺɻɽɾʀʁʂʃʄʈʉʊʋʌʍʎʏʐʑʒʔʕʘʙʛʜʝʟʡʢʲˈˌːˑ˞βθχᵻⱱ0123456789\u{327}\u{303}\u{32a}\u{32f}\u{329}ʰˤε↓#\"↑\u{33a}\u{33b}gʦX\u{31d}\u{30a}ɝʷ";

/// What a small voice is like.
#[derive(Debug, Clone)]
pub(crate) struct SmallVoice {
    /// What espeak-ng calls its language.
    pub(crate) language: &'static str,
    pub(crate) rate: u32,
    /// Whether it says how long each phoneme is heard.
    pub(crate) durations: bool,
    pub(crate) speakers: usize,
    /// Symbols it does not know.
    pub(crate) without: &'static str,
}

impl Default for SmallVoice {
    fn default() -> Self {
        Self {
            language: "ru",
            rate: 22_050,
            durations: true,
            speakers: 1,
            without: "",
        }
    }
}

impl SmallVoice {
    /// Writes `NAME.onnx` and `NAME.onnx.json`; the path of the former.
    pub(crate) fn write(&self, directory: &Path, name: &str) -> PathBuf {
        let network = directory.join(format!("{name}.onnx"));
        fs::write(&network, self.network()).unwrap();
        fs::write(directory.join(format!("{name}.onnx.json")), self.profile()).unwrap();
        network
    }

    /// What lies beside the network.
    pub(crate) fn profile(&self) -> String {
        let known = SYMBOLS.chars().enumerate();
        let ids: Vec<String> = known
            .filter(|(_, symbol)| !self.without.contains(*symbol))
            .map(|(id, symbol)| match symbol {
                '"' => format!(r#""\"": [{id}]"#),
                _ => format!(r#""{symbol}": [{id}]"#),
            })
            .collect();
        let speakers: Vec<String> = (0..self.speakers)
            .map(|id| format!("\"speaker{id}\": {id}"))
            .collect();
        format!(
            r#"{{"audio": {{"sample_rate": {}, "quality": "x_low"}}, "espeak": {{"voice": "{}"}},
                "inference": {{"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8}},
                "phoneme_type": "espeak", "phoneme_map": {{}}, "phoneme_id_map": {{{}}}, "num_symbols": 256,
                "num_speakers": {}, "speaker_id_map": {{{}}}, "piper_version": "1.0.0"}}"#,
            self.rate,
            self.language,
            ids.join(", "),
            self.speakers,
            speakers.join(", "),
        )
    }

    /// The network.
    pub(crate) fn network(&self) -> Vec<u8> {
        let tones: Vec<Tone> = SYMBOLS.chars().map(Tone::of).collect();
        let count = tones.len() as u64;
        let table = |of: fn(&Tone) -> f32| tones.iter().map(of).collect::<Vec<_>>();
        let mut graph = Graph::default();
        graph.input("input", Type::Int64, &["batch", "phonemes"]);
        graph.input("input_lengths", Type::Int64, &["batch"]);
        graph.input("scales", Type::Float, &["3"]);
        graph.floats("lengths", &[count], &table(|tone| tone.steps));
        graph.floats("pitches", &[count], &table(|tone| tone.pitch));
        graph.floats("levels", &[count], &table(|tone| tone.level));
        let phases = (0..HOP).map(|n| std::f32::consts::TAU * n as f32 / HOP as f32);
        graph.floats("phases", &[1, HOP as u64], &phases.collect::<Vec<_>>());
        graph.integers("one", &[], &[1]);
        graph.integers("flat", &[1], &[-1]);
        graph.integers("first", &[1], &[0]);
        graph.integers("second", &[1], &[1]);
        graph.integers("sound shape", &[3], &[1, 1, -1]);
        graph.floats("nought", &[], &[0.0]);
        graph.floats("unit", &[], &[1.0]);
        // How many steps each symbol lasts, and which symbol each step belongs to: the one after all that have ended.
        graph.node("Gather", &["scales", "one"], "scale", &[]);
        graph.node("Gather", &["lengths", "input"], "length", &[]);
        graph.node("Mul", &["length", "scale"], "scaled", &[]);
        graph.node("Ceil", &["scaled"], "steps", &[]);
        graph.node("Reshape", &["steps", "flat"], "own steps", &[]);
        graph.integers("axis", &[], &[0]);
        graph.node("CumSum", &["own steps", "axis"], "ends", &[]);
        graph.node("ReduceMax", &["ends"], "end", &[("keepdims", 0)]);
        graph.node("Range", &["nought", "end", "unit"], "times", &[]);
        graph.node("Unsqueeze", &["times", "second"], "time", &[]);
        graph.node("Unsqueeze", &["ends", "first"], "all ends", &[]);
        graph.node("GreaterOrEqual", &["time", "all ends"], "ended", &[]);
        graph.node("Cast", &["ended"], "counted", &[("to", Type::Int64 as i64)]);
        graph.node(
            "ReduceSum",
            &["counted", "second"],
            "places",
            &[("keepdims", 0)],
        );
        graph.node("Reshape", &["input", "flat"], "symbols", &[]);
        graph.node("Gather", &["symbols", "places"], "now", &[]);
        // A whole number of waves a step, so that steps join without a click.
        graph.node("Gather", &["pitches", "now"], "pitch", &[]);
        let pitch = if self.speakers > 1 {
            graph.input("sid", Type::Int64, &["batch"]);
            graph.node("Cast", &["sid"], "speaker", &[("to", Type::Float as i64)]);
            graph.node("Add", &["pitch", "speaker"], "own pitch", &[]);
            "own pitch"
        } else {
            "pitch"
        };
        graph.node("Unsqueeze", &[pitch, "second"], "pitch of time", &[]);
        graph.node("Mul", &["pitch of time", "phases"], "phase", &[]);
        graph.node("Sin", &["phase"], "wave", &[]);
        graph.node("Gather", &["levels", "now"], "level", &[]);
        graph.node("Unsqueeze", &["level", "second"], "level of time", &[]);
        graph.node("Mul", &["wave", "level of time"], "waves", &[]);
        graph.node("Reshape", &["waves", "sound shape"], "output", &[]);
        graph.output("output", Type::Float, &["batch", "1", "time"]);
        if self.durations {
            graph.output("steps", Type::Float, &["batch", "phonemes"]);
        }
        graph.model()
    }
}

/// How a symbol is hummed.
pub(crate) struct Tone {
    /// Before they are scaled.
    pub(crate) steps: f32,
    /// Waves a step.
    pub(crate) pitch: f32,
    pub(crate) level: f32,
}

impl Tone {
    pub(crate) fn of(symbol: char) -> Self {
        let tone = |steps, pitch, level| Self {
            steps,
            pitch,
            level,
        };
        let place = (u32::from(symbol) % 7) as f32;
        match symbol {
            '_' => tone(1.0, 0.0, 0.0),
            '^' | '$' => tone(3.0, 0.0, 0.0),
            ' ' => tone(1.0, 0.0, 0.0),
            ',' | '.' | ':' | ';' | '?' | '!' => tone(20.0, 0.0, 0.0),
            'p' | 't' | 'k' | 'b' | 'd' | 'g' | 'ɡ' | 'q' => tone(4.0, 0.0, 0.0),
            's' | 'z' | 'ʃ' | 'ʒ' | 'f' | 'x' | 'h' | 'ɕ' => tone(6.0, 40.0 + place, 0.1),
            'm' | 'n' | 'ŋ' | 'l' | 'ɭ' | 'ɫ' | 'r' | 'ɾ' | 'ɹ' | 'v' | 'j' | 'w' => {
                tone(5.0, 3.0, 0.2)
            }
            'ˈ' | 'ˌ' | 'ʲ' | 'ː' => tone(1.0, 4.0, 0.2),
            _ => tone(9.0, 4.0 + place, 0.5),
        }
    }
}
