//! What lies beside a voice of Piper's: `NAME.onnx.json`.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

/// Such files have some kilobytes.
const LARGEST: u64 = 4 * 1024 * 1024;
/// Sample rates of voices: there are 16,000 and 22,050, and others could be.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=96_000;
/// Samples between two steps of the network.
const HOPS: std::ops::RangeInclusive<u32> = 1..=4_096;

/// Before everything.
pub(super) const BEGIN: &str = "^";
/// Between all.
pub(super) const PAD: &str = "_";
/// After everything.
pub(super) const END: &str = "$";

/// What a network wants to be told, and how it is to speak.
#[derive(Debug, Deserialize)]
pub(super) struct Profile {
    audio: Audio,
    espeak: Espeak,
    #[serde(default)]
    pub(super) phoneme_type: PhonemeType,
    pub(super) phoneme_id_map: HashMap<String, Vec<i64>>,
    #[serde(default)]
    pub(super) inference: Inference,
    #[serde(default)]
    speaker_id_map: HashMap<String, i64>,
    #[serde(default)]
    num_speakers: usize,
    #[serde(default)]
    default_speaker_id: i64,
    #[serde(default = "hop_length")]
    pub(super) hop_length: u32,
    /// Vowels that have a number together.
    #[serde(default)]
    pub(super) vowel_clusters: Vec<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Audio {
    sample_rate: u32,
}

#[derive(Debug, Deserialize)]
struct Espeak {
    voice: String,
}

/// What the network reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PhonemeType {
    /// What espeak-ng makes of the text.
    #[default]
    Espeak,
    /// The text's own letters.
    Text,
}

/// How it is to speak.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default)]
pub(super) struct Inference {
    /// How much chance there is in the sound.
    pub(super) noise_scale: f32,
    /// How long everything takes.
    pub(super) length_scale: f32,
    /// How much chance there is in lengths.
    #[serde(rename = "noise_w")]
    pub(super) noise_width: f32,
}

impl Default for Inference {
    fn default() -> Self {
        Self {
            noise_scale: 0.667,
            length_scale: 1.0,
            noise_width: 0.8,
        }
    }
}

impl Inference {
    /// The same at so many percent of its rate.
    pub(super) fn at(self, rate: u16) -> Self {
        Self {
            length_scale: self.length_scale * 100.0 / f32::from(rate.max(1)),
            ..self
        }
    }
}

fn hop_length() -> u32 {
    256
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, for people, who are to be told which it is.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(LARGEST).read_to_string(&mut text))
            .map_err(|error| error.to_string())?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let profile: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        for symbol in [BEGIN, PAD, END] {
            if !profile.phoneme_id_map.contains_key(symbol) {
                return Err(format!("phoneme_id_map has no {symbol:?}"));
            }
        }
        if !RATES.contains(&profile.audio.sample_rate) {
            return Err(format!(
                "a sample rate of {} is not supported",
                profile.audio.sample_rate
            ));
        }
        if !HOPS.contains(&profile.hop_length) {
            return Err(format!(
                "a hop length of {} is not supported",
                profile.hop_length
            ));
        }
        Ok(profile)
    }

    /// Samples a second of what the network says.
    pub(super) fn rate(&self) -> u32 {
        self.audio.sample_rate
    }

    /// What espeak-ng calls the language.
    pub(super) fn voice(&self) -> &str {
        &self.espeak.voice
    }

    /// The names of its speakers.
    pub(super) fn speakers(&self) -> impl Iterator<Item = &str> {
        self.speaker_id_map.keys().map(String::as_str)
    }

    /// How many speakers it has.
    pub(super) fn speaker_count(&self) -> usize {
        self.num_speakers.max(self.speaker_id_map.len()).max(1)
    }

    /// The number of a speaker, given by name or number; the default one where there is none of that name.
    pub(super) fn speaker(&self, name: &str) -> i64 {
        let numbered = || {
            let number = name.parse().ok();
            number.filter(|number: &i64| *number >= 0)
        };
        let named = self.speaker_id_map.get(name).copied();
        named.or_else(numbered).unwrap_or(self.default_speaker_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{
        "audio": {"sample_rate": 22050, "quality": "medium"},
        "espeak": {"voice": "ru"},
        "inference": {"noise_scale": 0.5, "length_scale": 1.1, "noise_w": 0.7},
        "phoneme_type": "espeak", "phoneme_map": {}, "num_symbols": 256, "num_speakers": 2,
        "speaker_id_map": {"anna": 1, "7": 0}, "piper_version": "1.0.0",
        "phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [14, 15]}
    }"#;

    #[test]
    fn what_piper_writes_is_read() {
        let profile = Profile::parse(WHOLE).unwrap();
        assert_eq!(
            (profile.rate(), profile.voice(), profile.hop_length),
            (22_050, "ru", 256)
        );
        assert_eq!(profile.phoneme_id_map["a"], [14, 15]);
        assert!((profile.inference.length_scale - 1.1).abs() < 1e-6);
        for (name, speaker) in [
            ("anna", 1),
            ("1", 1),
            ("7", 0),
            ("bob", 0),
            ("-3", 0),
            ("", 0),
        ] {
            assert_eq!(profile.speaker(name), speaker, "{name}");
        }
        let bare = r#"{"audio":{"sample_rate":16000},"espeak":{"voice":"kk"},"phoneme_id_map":{"_":[0],"^":[1],"$":[2]}}"#;
        let bare = Profile::parse(bare).unwrap();
        assert_eq!(bare.phoneme_type, PhonemeType::Espeak);
        assert!((bare.inference.noise_scale - 0.667).abs() < 1e-6);
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        for (from, to) in [
            ("22050", "0"),
            ("\"^\": [1],", ""),
            ("\"espeak\": {\"voice\": \"ru\"},", ""),
            (
                "\"phoneme_type\": \"espeak\"",
                "\"phoneme_type\": \"pinyin\"",
            ),
            ("[14, 15]", "14"),
            ("\"num_symbols\"", "\"hop_length\": 0, \"num_symbols\""),
        ] {
            assert!(
                Profile::parse(&WHOLE.replace(from, to)).is_err(),
                "{from} {to}"
            );
        }
    }
}
