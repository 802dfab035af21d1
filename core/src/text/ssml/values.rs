//! What values of attributes mean, and text that is read one character at a time.

use crate::language::Language;
use crate::time::Samples;

/// A single silence is no longer than this, whatever is asked for.
const LONGEST_PAUSE: f64 = 10.0;

/// A language by its tag, such as `ru` or `en-GB`; `None` if it is none of ours.
pub(super) fn language(tag: &str) -> Option<Language> {
    tag.split(['-', '_']).next().and_then(Language::from_code)
}

/// The silence of a `break`; `None` where it asks for none.
pub(super) fn pause(time: Option<&str>, strength: Option<&str>) -> Option<Samples> {
    let timed = time.and_then(|time| {
        let (number, unit) = match time.strip_suffix("ms") {
            Some(number) => (number, 0.001),
            None => (time.strip_suffix('s')?, 1.0),
        };
        Some(finite(number)? * unit)
    });
    let seconds = timed.unwrap_or(match strength {
        Some("none") => 0.0,
        Some("x-weak") => 0.1,
        Some("weak") => 0.2,
        Some("strong") => 0.7,
        Some("x-strong") => 1.2,
        _ => 0.4,
    });
    let milliseconds = (seconds.clamp(0.0, LONGEST_PAUSE) * 1_000.0).round() as u64;
    (milliseconds > 0).then(|| Samples::from_millis(milliseconds))
}

/// How much faster.
pub(super) fn rate(value: &str) -> Option<f64> {
    let factor = match value {
        "x-slow" => 0.5,
        "slow" => 0.75,
        "medium" | "default" => 1.0,
        "fast" => 1.25,
        "x-fast" => 1.6,
        _ => match value.strip_suffix('%') {
            Some(percent) if percent.starts_with(['+', '-']) => 1.0 + finite(percent)? / 100.0,
            Some(percent) => finite(percent)? / 100.0,
            None => finite(value)?,
        },
    };
    (factor > 0.0).then_some(factor)
}

/// How many semitones higher. A pitch in hertz says nothing, since nobody knows the voice's own.
pub(super) fn pitch(value: &str) -> Option<f64> {
    Some(match value {
        "x-low" => -6.0,
        "low" => -3.0,
        "medium" | "default" => 0.0,
        "high" => 3.0,
        "x-high" => 6.0,
        _ => match (value.strip_suffix("st"), value.strip_suffix('%')) {
            (Some(semitones), _) => finite(semitones)?,
            (_, Some(percent)) => {
                let percent = finite(percent)?;
                let relative = value.starts_with(['+', '-']);
                let ratio = percent / 100.0 + if relative { 1.0 } else { 0.0 };
                if ratio <= 0.0 {
                    return None;
                }
                12.0 * ratio.log2()
            }
            _ => return None,
        },
    })
}

/// How many decibels louder.
pub(super) fn volume(value: &str) -> Option<f64> {
    Some(match value {
        "silent" => -60.0,
        "x-soft" => -12.0,
        "soft" => -6.0,
        "medium" | "default" => 0.0,
        "loud" => 3.0,
        "x-loud" => 6.0,
        _ => match (value.strip_suffix("dB"), value.strip_suffix('%')) {
            (Some(decibels), _) => finite(decibels)?,
            (_, Some(percent)) => loudness(1.0 + finite(percent)? / 100.0),
            // SSML 1.0: from 0 to 100, which is what is usual.
            _ if value.starts_with(['+', '-']) => loudness(1.0 + finite(value)? / 100.0),
            _ => loudness(finite(value)? / 100.0),
        },
    })
}

fn loudness(ratio: f64) -> f64 {
    20.0 * ratio.max(0.001).log10()
}

fn finite(number: &str) -> Option<f64> {
    let number: f64 = number.trim().parse().ok()?;
    number.is_finite().then_some(number)
}

/// Text as it is spelled: its letters and digits, one after the other, and nothing else of it.
pub(super) fn spelled(text: &str) -> String {
    joined(
        text.chars().filter(|character| character.is_alphanumeric()),
        ", ",
    )
}

/// Text with its digits read one by one.
pub(super) fn digits(text: &str) -> String {
    let mut read = String::with_capacity(text.len() * 2);
    let mut after_digit = false;
    for character in text.chars() {
        let digit = character.is_numeric();
        if digit && after_digit {
            read.push(' ');
        }
        read.push(character);
        after_digit = digit;
    }
    read
}

fn joined(characters: impl Iterator<Item = char>, between: &str) -> String {
    let mut joined = String::new();
    for character in characters {
        if !joined.is_empty() {
            joined.push_str(between);
        }
        joined.push(character);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_mean_what_they_mean_elsewhere() {
        let close = |found: Option<f64>, wanted: f64| {
            assert!(
                found.is_some_and(|found| (found - wanted).abs() < 0.01),
                "{found:?} {wanted}"
            );
        };
        for (value, wanted) in [
            ("x-slow", 0.5),
            ("120%", 1.2),
            ("+20%", 1.2),
            ("-50%", 0.5),
            ("1.5", 1.5),
        ] {
            close(rate(value), wanted);
        }
        for (value, wanted) in [
            ("high", 3.0),
            ("+2st", 2.0),
            ("-2.5st", -2.5),
            ("+100%", 12.0),
            ("50%", -12.0),
        ] {
            close(pitch(value), wanted);
        }
        for (value, wanted) in [
            ("loud", 3.0),
            ("-6dB", -6.0),
            ("100", 0.0),
            ("50", -6.02),
            ("+0%", 0.0),
        ] {
            close(volume(value), wanted);
        }
        for value in ["", "quick", "-1", "0%", "NaN", "inf", "-100%"] {
            assert_eq!(rate(value), None, "{value}");
        }
        for value in ["", "200Hz", "-200%", "NaNst"] {
            assert_eq!(pitch(value), None, "{value}");
        }
    }

    #[test]
    fn breaks_have_lengths() {
        let ms = |milliseconds| Some(Samples::from_millis(milliseconds));
        for (time, strength, length) in [
            (Some("500ms"), None, ms(500)),
            (Some("1.5s"), Some("none"), ms(1_500)),
            (Some("1h"), None, ms(400)),
            (Some("999s"), None, ms(10_000)),
            (Some("-1s"), None, None),
            (Some("0ms"), None, None),
            (None, Some("none"), None),
            (None, Some("strong"), ms(700)),
            (None, None, ms(400)),
        ] {
            assert_eq!(pause(time, strength), length, "{time:?} {strength:?}");
        }
    }

    #[test]
    fn characters_are_read_one_by_one() {
        assert_eq!(spelled(" AБ-12 "), "A, Б, 1, 2");
        assert_eq!(digits("+7 727 25"), "+7 7 2 7 2 5");
        assert_eq!(language("en-GB"), Some(Language::En));
        assert_eq!(language("fr"), None);
    }
}
