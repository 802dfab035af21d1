//! What lies beside a voice of Piper's: `NAME.onnx.json`.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use thiserror::Error;

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
    #[serde(default)]
    espeak: Option<Espeak>,
    #[serde(default)]
    language: Option<Spoken>,
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

/// What is looked at first.
#[derive(Debug, Deserialize)]
struct Kind {
    #[serde(default)]
    phoneme_type: PhonemeType,
}

#[derive(Debug, Deserialize)]
struct Audio {
    sample_rate: u32,
}

#[derive(Debug, Deserialize)]
struct Espeak {
    voice: String,
}

/// The language, where it is not espeak-ng that knows it.
#[derive(Debug, Deserialize)]
struct Spoken {
    /// Such as `ru`.
    #[serde(default)]
    family: Option<String>,
    /// Such as `ru_RU`.
    #[serde(default)]
    code: Option<String>,
}

/// What the network reads.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "String")]
pub(super) enum PhonemeType {
    /// What espeak-ng makes of the text.
    #[default]
    Espeak,
    /// The text's own letters.
    Text,
    /// What cannot be made here, as the file calls it.
    Other(String),
}

impl From<String> for PhonemeType {
    /// Some tools write the name that Python's enumeration has for it, `PhonemeType.ESPEAK`.
    fn from(word: String) -> Self {
        let name = word.strip_prefix("PhonemeType.").unwrap_or(&word);
        match name.to_ascii_lowercase().as_str() {
            "espeak" => Self::Espeak,
            "text" => Self::Text,
            _ => Self::Other(word),
        }
    }
}

/// Why a profile cannot be used.
#[derive(Debug, Error)]
pub(super) enum ProfileError {
    /// The file is damaged, incomplete or something else.
    #[error("{0}")]
    Broken(String),
    /// It is a whole profile of a voice that cannot be spoken with here.
    #[error("{0}")]
    Unsupported(String),
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
    pub(super) fn read(path: &Path) -> Result<Self, ProfileError> {
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(LARGEST).read_to_string(&mut text))
            .map_err(|error| ProfileError::Broken(error.to_string()))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, ProfileError> {
        let broken = |error: serde_json::Error| ProfileError::Broken(error.to_string());
        let kind: Kind = serde_json::from_str(text).map_err(broken)?;
        // Of such a voice, everything else may be otherwise as well.
        if let PhonemeType::Other(word) = kind.phoneme_type {
            return Err(ProfileError::Unsupported(format!(
                "it reads \"{word}\" (phoneme_type), and only \"espeak\" and \"text\" can be made here"
            )));
        }
        let profile: Self = serde_json::from_str(text).map_err(broken)?;
        if profile.espeak.is_none() && profile.phoneme_type == PhonemeType::Espeak {
            return Err(ProfileError::Broken("missing field `espeak`".to_owned()));
        }
        for symbol in [BEGIN, PAD, END] {
            if !profile.phoneme_id_map.contains_key(symbol) {
                return Err(ProfileError::Broken(format!(
                    "phoneme_id_map has no {symbol:?}"
                )));
            }
        }
        if !RATES.contains(&profile.audio.sample_rate) {
            return Err(ProfileError::Broken(format!(
                "a sample rate of {} is not supported",
                profile.audio.sample_rate
            )));
        }
        if !HOPS.contains(&profile.hop_length) {
            return Err(ProfileError::Broken(format!(
                "a hop length of {} is not supported",
                profile.hop_length
            )));
        }
        Ok(profile)
    }

    /// Samples a second of what the network says.
    pub(super) fn rate(&self) -> u32 {
        self.audio.sample_rate
    }

    /// What espeak-ng calls the language; empty where the file does not say which it is.
    pub(super) fn voice(&self) -> &str {
        let spoken = || {
            let language = self.language.as_ref()?;
            let code = language.code.as_deref();
            let family = || code?.split(['_', '-']).next();
            language.family.as_deref().or_else(family)
        };
        let espeak = self.espeak.as_ref().map(|espeak| espeak.voice.as_str());
        espeak.or_else(spoken).unwrap_or_default()
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
    fn what_a_network_reads_is_called_by_several_names() {
        let of = |kind: &str| {
            let kind = format!("\"phoneme_type\": \"{kind}\"");
            let profile = Profile::parse(&WHOLE.replace("\"phoneme_type\": \"espeak\"", &kind));
            profile.map(|profile| profile.phoneme_type)
        };
        for (kinds, read) in [
            (
                ["espeak", "PhonemeType.ESPEAK", "ESPEAK"],
                PhonemeType::Espeak,
            ),
            (["text", "PhonemeType.TEXT", "Text"], PhonemeType::Text),
        ] {
            for kind in kinds {
                assert_eq!(of(kind).unwrap(), read, "{kind}");
            }
        }
        for kind in ["pinyin", "PhonemeType.PINYIN", "raw", ""] {
            let refused = of(kind).unwrap_err();
            assert!(matches!(refused, ProfileError::Unsupported(_)), "{kind}");
            assert!(
                refused.to_string().contains(&format!("{kind:?}")),
                "{refused}"
            );
        }
        // Such voices are complete without what is asked of ours.
        let foreign = r#"{"phoneme_type":"pinyin","audio":{}}"#;
        let refused = Profile::parse(foreign).unwrap_err();
        assert!(matches!(refused, ProfileError::Unsupported(_)));
    }

    #[test]
    fn voices_that_read_letters_need_no_espeak() {
        let text = WHOLE.replace("\"espeak\": {\"voice\": \"ru\"},", "");
        let text = text.replace("\"phoneme_type\": \"espeak\"", "\"phoneme_type\": \"text\"");
        assert_eq!(Profile::parse(&text).unwrap().voice(), "");
        for (language, voice) in [
            (r#"{"code": "kk_KZ", "family": "kk", "region": "KZ"}"#, "kk"),
            (r#"{"code": "en-GB"}"#, "en"),
            ("{}", ""),
            ("null", ""),
        ] {
            let told = text.replace(
                "\"num_symbols\"",
                &format!("\"language\": {language}, \"num_symbols\""),
            );
            assert_eq!(Profile::parse(&told).unwrap().voice(), voice, "{language}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        for (from, to) in [
            ("22050", "0"),
            ("\"^\": [1],", ""),
            ("\"espeak\": {\"voice\": \"ru\"},", ""),
            ("\"phoneme_type\": \"espeak\"", "\"phoneme_type\": 1"),
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
