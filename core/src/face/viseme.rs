//! Phonemes as they are seen: which sounds look alike on a face.

/// A position of lips, teeth and tongue that a viewer can tell from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Viseme {
    /// Nothing is said: lips together.
    Rest,
    /// Lips pressed shut: m b p.
    Lips,
    /// Lower lip at the upper teeth: f v.
    Bite,
    /// Tongue between the teeth: θ ð.
    Dental,
    /// Tongue at the ridge behind the teeth: t d n r.
    Ridge,
    /// The same, its sides lowered: l.
    Lateral,
    /// Teeth together, lips drawn back: s z.
    Hiss,
    /// Teeth together, lips pushed forward: ʃ ʒ ɕ.
    Hush,
    /// Tongue at the palate, lips spread: j.
    Palatal,
    /// Made in the throat; the lips do nothing of their own: k ɡ x h q.
    Back,
    /// Lips drawn together a little: ɹ.
    Rhotic,
    /// Lips drawn close together: w.
    Glide,
    /// The mouth wide open: a ɑ æ.
    Open,
    /// Half open: ʌ ɐ.
    HalfOpen,
    /// A little open: ə.
    Neutral,
    /// Half open and spread: e ɛ.
    Front,
    /// Hardly open and spread: i ɪ.
    Spread,
    /// Hardly open, neither spread nor round: ɨ ɯ.
    Central,
    /// Open and round: ɔ ɒ.
    RoundOpen,
    /// Half open and round: o ø.
    RoundMid,
    /// Hardly open and round: u y.
    RoundClose,
}

impl Viseme {
    /// The viseme of one letter of the International Phonetic Alphabet, as far as the letter stands for a sound.
    ///
    /// Letters nobody has told us of look like a murmur; marks of stress, length, palatalisation and the like are no sounds.
    fn of_letter(letter: char) -> Option<Self> {
        Some(match letter {
            'p' | 'b' | 'm' | 'ɓ' | 'ʙ' => Self::Lips,
            'f' | 'v' | 'ɱ' | 'ʋ' | 'ɸ' | 'β' | 'ⱱ' => Self::Bite,
            'θ' | 'ð' => Self::Dental,
            't' | 'd' | 'n' | 'r' | 'ɾ' | 'ʈ' | 'ɖ' | 'ɳ' | 'ɽ' | 'ɗ' => Self::Ridge,
            'l' | 'ɫ' | 'ɭ' | 'ɬ' | 'ɮ' | 'ʎ' | 'ʟ' | 'ɺ' => Self::Lateral,
            's' | 'z' => Self::Hiss,
            'ʃ' | 'ʒ' | 'ɕ' | 'ʑ' | 'ʂ' | 'ʐ' => Self::Hush,
            'j' | 'ʝ' | 'ç' | 'ɲ' | 'c' | 'ɟ' => Self::Palatal,
            'k' | 'g' | 'ɡ' | 'ŋ' | 'x' | 'ɣ' | 'q' | 'ɢ' | 'χ' | 'ʁ' | 'ʀ' | 'ɴ' | 'h' | 'ɦ'
            | 'ħ' | 'ʕ' | 'ʔ' | 'ɰ' => Self::Back,
            'ɹ' | 'ɻ' => Self::Rhotic,
            'w' | 'ʍ' | 'ɥ' => Self::Glide,
            'a' | 'ɑ' | 'æ' | 'ɶ' => Self::Open,
            'ʌ' | 'ɐ' | 'ɜ' | 'ɝ' | 'ɞ' => Self::HalfOpen,
            'ə' | 'ɘ' | 'ɚ' | 'ɤ' => Self::Neutral,
            'e' | 'ɛ' => Self::Front,
            'i' | 'ɪ' => Self::Spread,
            'ɨ' | 'ɯ' => Self::Central,
            'ɔ' | 'ɒ' => Self::RoundOpen,
            'o' | 'ø' | 'œ' | 'ɵ' => Self::RoundMid,
            'u' | 'ʊ' | 'y' | 'ʏ' | 'ʉ' => Self::RoundClose,
            other if is_mark(other) => return None,
            other if other.is_alphabetic() => Self::Neutral,
            _ => return None,
        })
    }
}

/// Whether a character is a modifier letter or a combining mark: they change a sound, they are none.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{2b0}'..='\u{36f}' | '\u{1d2c}'..='\u{1d6a}' | '\u{1dc0}'..='\u{1dff}')
}

/// The most visemes one phoneme passes through.
const MOST: usize = 3;

/// What one phoneme looks like, from its beginning to its end: one viseme, or several for diphthongs and affricates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Visemes {
    shapes: [Viseme; MOST],
    count: usize,
}

impl Visemes {
    /// Nothing said.
    pub(super) const REST: Self = Self {
        shapes: [Viseme::Rest; MOST],
        count: 1,
    };

    /// The visemes of a phoneme in the International Phonetic Alphabet, as espeak-ng writes it: with marks of stress,
    /// length, ties and secondary articulation. Without a letter it is a pause; of nothing but such marks, as espeak-ng
    /// writes the glide after a palatalised consonant, it is `None`: the sound before goes on.
    pub(super) fn of(phoneme: &str) -> Option<Self> {
        let mut visemes = Self {
            count: 0,
            ..Self::REST
        };
        let letters = phoneme.chars().filter_map(Viseme::of_letter);
        for (slot, viseme) in visemes.shapes.iter_mut().zip(letters) {
            *slot = viseme;
            visemes.count += 1;
        }
        let only_marks = !phoneme.is_empty() && phoneme.chars().all(is_mark);
        match visemes.count {
            0 if only_marks => None,
            0 => Some(Self::REST),
            _ => Some(visemes),
        }
    }

    /// One after the other.
    pub(super) fn as_slice(&self) -> &[Viseme] {
        self.shapes.get(..self.count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(phoneme: &str) -> Vec<Viseme> {
        Visemes::of(phoneme).unwrap().as_slice().to_vec()
    }

    #[test]
    fn marks_of_stress_length_and_palatalisation_are_not_seen() {
        assert_eq!(Visemes::of("ˈɑː"), Visemes::of("a"));
        assert_eq!(seen("bʲ"), [Viseme::Lips]);
        assert_eq!(seen("n̩ʰ"), [Viseme::Ridge]);
        assert_eq!(seen("ɑ̃"), [Viseme::Open]);
    }

    #[test]
    fn diphthongs_and_affricates_pass_through_several() {
        assert_eq!(seen("aʊ"), [Viseme::Open, Viseme::RoundClose]);
        assert_eq!(seen("t͡ʃ"), [Viseme::Ridge, Viseme::Hush]);
        assert_eq!(seen("aɪə").len(), 3);
        assert_eq!(seen("aeiouaeiou").len(), MOST);
    }

    #[test]
    fn what_has_no_letter_is_a_pause() {
        for pause in ["", "_", "_:", " ", "1", "‖"] {
            assert_eq!(Visemes::of(pause), Some(Visemes::REST), "{pause:?}");
        }
    }

    #[test]
    fn marks_alone_are_neither_sound_nor_pause() {
        for marks in ["ʲ", "ː", "ˈ", "\u{303}"] {
            assert_eq!(Visemes::of(marks), None, "{marks:?}");
        }
    }

    #[test]
    fn unknown_letters_are_murmured() {
        assert_eq!(seen("Ж"), [Viseme::Neutral]);
    }

    /// `espeak-ng --ipa -q` of a few sentences in each language.
    #[test]
    fn every_letter_the_speech_engine_writes_is_known() {
        let said = "dˈobryj dʲˈen sʲivˈodnʲʌ mˈy rasskˈɑʒym ʃto umʲˈejit ɡʌvʌrʲˈɑɕij pʌmˈoɕnʲik ʃˈubu \
            ɕˈɑstʲjjɪ ˈjupka ɭjˈɵt sælemetsˈɪz bˈe buɡˈɪn bˈɪz sɵjlejtˈɪn kɵmekʃˈɪ twɾˈɑɫə ɑjtˈɑməz qɑzɑqstˈɑn \
            æweʒˈɑj ʀˈəɫəm hˈæm həlˈəʊ ðˈeə wˈɛlkʌm tʊ ˌaʊəɹ ˈɒfɪs aɪm dʒˈʌdʒ vˈɔɪsɪz tʃˈuːz ɹˈaɪt fˈɑːðə bˈɜːd \
            sˈɪŋɪŋ vˈɪʒən θˈɔːt";
        let murmurs: Vec<char> = said
            .chars()
            .filter(|letter| Viseme::of_letter(*letter) == Some(Viseme::Neutral))
            .collect();
        assert!(murmurs.iter().all(|letter| *letter == 'ə'), "{murmurs:?}");
    }
}
