//! The voices, chosen and tuned from what espeak-ng offers.

use crate::language::Language;
use crate::speech::Voice;
use crate::text::Manner;

/// A voice of ours: one of espeak-ng's, at the speed and pitch of somebody who explains something.
#[derive(Debug)]
pub(super) struct Tone {
    id: &'static str,
    name: &'static str,
    pub(super) language: Language,
    espeak: &'static str,
    /// What espeak-ng calls words a minute. It counts five letters for a word, so Russian and Kazakh come out at fewer
    /// of their longer words, and English at more.
    rate: u16,
    pitch: u8,
    /// What brings it to −19 LUFS, measured over a paragraph.
    decibels: f32,
}

/// Below 100, since espeak-ng turns itself down for a moment wherever it would clip, and that is heard.
const VOLUME: u8 = 70;

const fn tone(
    id: &'static str,
    name: &'static str,
    language: Language,
    espeak: &'static str,
    rate: u16,
    decibels: f32,
) -> Tone {
    Tone {
        id,
        name,
        language,
        espeak,
        rate,
        pitch: 50,
        decibels,
    }
}

/// The first of a language is its default.
static TONES: &[Tone] = &[
    tone(
        "ru-female",
        "Russian, female",
        Language::Ru,
        "ru+f3",
        165,
        5.8,
    ),
    tone("ru-male", "Russian, male", Language::Ru, "ru", 165, 6.2),
    tone(
        "ru-female-2",
        "Russian, female, lower",
        Language::Ru,
        "ru+f2",
        165,
        4.5,
    ),
    tone(
        "ru-male-2",
        "Russian, male, brighter",
        Language::Ru,
        "ru+m7",
        165,
        5.2,
    ),
    tone(
        "kk-female",
        "Kazakh, female",
        Language::Kk,
        "kk+f3",
        170,
        4.4,
    ),
    tone("kk-male", "Kazakh, male", Language::Kk, "kk", 170, 5.1),
    tone(
        "kk-female-2",
        "Kazakh, female, lower",
        Language::Kk,
        "kk+f2",
        170,
        3.3,
    ),
    tone(
        "kk-male-2",
        "Kazakh, male, brighter",
        Language::Kk,
        "kk+m7",
        170,
        4.4,
    ),
    tone(
        "en-us-female",
        "American English, female",
        Language::En,
        "en-us+f3",
        145,
        4.1,
    ),
    tone(
        "en-us-male",
        "American English, male",
        Language::En,
        "en-us",
        145,
        5.0,
    ),
    tone(
        "en-us-female-2",
        "American English, female, lower",
        Language::En,
        "en-us+f2",
        145,
        3.2,
    ),
    tone(
        "en-us-male-2",
        "American English, male, brighter",
        Language::En,
        "en-us+m7",
        145,
        4.1,
    ),
    // espeak-ng 1.51 knows its British voice by the name "en", not "en-gb".
    tone(
        "en-gb-female",
        "British English, female",
        Language::En,
        "en+f3",
        145,
        3.9,
    ),
    tone(
        "en-gb-male",
        "British English, male",
        Language::En,
        "en",
        145,
        4.5,
    ),
];

impl Tone {
    /// How espeak-ng is to speak it in some manner. It counts an octave up as 50 of its steps of pitch.
    pub(super) fn voice(&self, manner: Manner) -> avatar_espeak::Voice {
        let rate = u32::from(self.rate) * u32::from(manner.rate) / 100;
        let pitch = i32::from(self.pitch) + i32::from(manner.pitch) * 50 / 1_200;
        avatar_espeak::Voice {
            rate: u16::try_from(rate).unwrap_or(u16::MAX),
            pitch: u8::try_from(pitch.clamp(0, 99)).unwrap_or(self.pitch),
            volume: VOLUME,
            ..avatar_espeak::Voice::new(self.espeak)
        }
    }

    /// The voice most like this one that speaks `language`.
    pub(super) fn reading(&'static self, language: Language) -> &'static Self {
        if self.language == language {
            return self;
        }
        let variant = |tone: &Self| tone.espeak.split_once('+').map(|(_, variant)| variant);
        let speaking = || in_order().filter(|tone| tone.language == language);
        speaking()
            .find(|tone| variant(tone) == variant(self))
            .or_else(|| speaking().next())
            .unwrap_or(self)
    }

    /// What its samples are multiplied with.
    pub(super) fn gain(&self) -> f32 {
        10_f32.powf(self.decibels / 20.0)
    }
}

/// All of them, the defaults first within their language.
pub(super) fn in_order() -> impl Iterator<Item = &'static Tone> {
    TONES.iter()
}

/// What clients are told of them.
pub(super) fn all() -> Vec<Voice> {
    let voice = |tone: &Tone| Voice {
        id: tone.id.to_owned(),
        name: tone.name.to_owned(),
        language: tone.language,
    };
    in_order().map(voice).collect()
}

/// The voice of an id; an empty one stands for the default of `language`.
pub(super) fn find(id: &str, language: Language) -> Option<&'static Tone> {
    in_order().find(|tone| {
        if id.is_empty() {
            tone.language == language
        } else {
            tone.id == id
        }
    })
}
