//! Signs beside numbers that voices pass over or call by another name: minus, ranges, millionths.

use crate::language::Language;

/// What may stand between a sign and its number.
const CURRENCIES: [char; 6] = ['$', '€', '£', '¥', '₽', '₸'];

/// The word for a minus sign in `language`.
pub(super) fn minus(language: Language) -> &'static str {
    match language {
        Language::En => "minus ",
        Language::Ru | Language::Kk => "минус ",
    }
}

/// Whether `sign`, which stands after `before` and before `after`, says that a number is negative.
pub(super) fn is_minus(sign: char, before: &str, after: &str) -> bool {
    // The mathematical sign is never a dash.
    let mathematical = sign == '−';
    let number = match mathematical {
        true => after.trim_start(),
        false => after,
    };
    let amount = number.trim_start_matches(CURRENCIES);
    let amount = amount.trim_start_matches(['.', ',']);
    if !amount.starts_with(|digit: char| digit.is_ascii_digit()) {
        return false;
    }
    let Some(last) = before.chars().next_back() else {
        return true;
    };
    match sign {
        '−' => true,
        // "1990 –1995" is a range with one space too few.
        '–' => last.is_whitespace() && !before.trim_end().ends_with(char::is_alphanumeric),
        '-' => last.is_whitespace() || "([{«„“\"'=<>≤≥≈~±*:;/,".contains(last),
        _ => false,
    }
}

/// What is said for the hyphen or dash between two numbers that touch it: never minus. `None` where none is there.
pub(super) fn between(before: &str, after: &str, language: Language) -> Option<&'static str> {
    // "5%-10%", "$5-$10"
    let before = before.strip_suffix('%').unwrap_or(before);
    let after = after.trim_start_matches(CURRENCIES);
    let both = before.ends_with(|digit: char| digit.is_ascii_digit())
        && after.starts_with(|digit: char| digit.is_ascii_digit());
    if !both {
        return None;
    }
    Some(match language {
        Language::En if is_range(before, after) => " to ",
        // "два-три дня", a date, a telephone number.
        _ => " ",
    })
}

/// From a smaller number to a greater one, and no part of a date or a telephone number.
fn is_range(before: &str, after: &str) -> bool {
    let numeric = |mark: char| mark.is_ascii_digit() || ".,:".contains(mark);
    let first = before.trim_end_matches(numeric);
    let second = after.trim_start_matches(numeric);
    let touched = first.ends_with(|mark: char| mark.is_alphanumeric() || "-–−/+".contains(mark));
    let goes_on = second.starts_with(['-', '–', '−', '/']);
    let (Some(first), Some(second)) = (
        before.get(first.len()..),
        after.get(..after.len().saturating_sub(second.len())),
    ) else {
        return false;
    };
    let second = second.trim_end_matches(['.', ',', ':']);
    let digits = |number: &str| number.bytes().filter(u8::is_ascii_digit).count();
    // "555-1234"
    let telephone = (first.len(), second.len()) == (3, 4) && digits(second) == 4;
    let coded = |number: &str| {
        number.starts_with('0') && digits(number) > 1 && !number.contains([':', '.'])
    };
    !touched
        && !goes_on
        && !telephone
        && !coded(first)
        && !coded(second)
        && value(first) < value(second)
}

fn value(number: &str) -> f64 {
    let plain = number.replace(',', "").replace(':', ".");
    plain.parse().unwrap_or(f64::INFINITY)
}

/// A unit and the names of its millionth: in English of one and of several; in Russian of one, of two to four, and of more;
/// in Kazakh.
type Unit = (
    &'static str,
    [&'static str; 2],
    [&'static str; 3],
    &'static str,
);

const MILLIONTHS: &[Unit] = &[
    (
        "m",
        ["micrometre", "micrometres"],
        ["микрометр", "микрометра", "микрометров"],
        "микрометр",
    ),
    (
        "g",
        ["microgram", "micrograms"],
        ["микрограмм", "микрограмма", "микрограммов"],
        "микрограмм",
    ),
    (
        "s",
        ["microsecond", "microseconds"],
        ["микросекунда", "микросекунды", "микросекунд"],
        "микросекунд",
    ),
    (
        "l",
        ["microlitre", "microlitres"],
        ["микролитр", "микролитра", "микролитров"],
        "микролитр",
    ),
    (
        "L",
        ["microlitre", "microlitres"],
        ["микролитр", "микролитра", "микролитров"],
        "микролитр",
    ),
    (
        "A",
        ["microampere", "microamperes"],
        ["микроампер", "микроампера", "микроампер"],
        "микроампер",
    ),
    (
        "V",
        ["microvolt", "microvolts"],
        ["микровольт", "микровольта", "микровольт"],
        "микровольт",
    ),
    (
        "W",
        ["microwatt", "microwatts"],
        ["микроватт", "микроватта", "микроватт"],
        "микроватт",
    ),
    (
        "F",
        ["microfarad", "microfarads"],
        ["микрофарад", "микрофарада", "микрофарад"],
        "микрофарад",
    ),
    (
        "H",
        ["microhenry", "microhenries"],
        ["микрогенри", "микрогенри", "микрогенри"],
        "микрогенри",
    ),
];

/// The name of a millionth of a unit whose letters `after` the Greek one begin, and how many bytes of `after` those are.
pub(super) fn millionth(
    before: &str,
    after: &str,
    language: Language,
) -> Option<(&'static str, usize)> {
    let number = before.trim_end();
    if !number.ends_with(|digit: char| digit.is_ascii_digit()) {
        return None;
    }
    let end = after.find(|letter: char| !letter.is_alphabetic());
    let unit = after.get(..end.unwrap_or(after.len()))?;
    let (_, english, russian, kazakh) = MILLIONTHS.iter().find(|(known, ..)| *known == unit)?;
    let name = match language {
        Language::Kk => kazakh,
        Language::En => {
            let one = number.strip_suffix('1');
            let one = one.is_some_and(|rest| {
                !rest.ends_with(|mark: char| mark.is_ascii_digit() || ".,".contains(mark))
            });
            english.get(usize::from(!one))?
        }
        Language::Ru => russian.get(russian_form(number))?,
    };
    Some((name, unit.len()))
}

/// Which form of a noun follows a number: that of one, of two to four, or of more.
fn russian_form(number: &str) -> usize {
    let begin = number.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let digits = number.get(begin.len()..).unwrap_or_default();
    // "2,5 микрометра"
    if begin.ends_with([',', '.']) {
        return 1;
    }
    let mut last = digits.bytes().rev();
    match (last.next(), last.next()) {
        (_, Some(b'1')) => 2,
        (Some(b'1'), _) => 0,
        (Some(b'2'..=b'4'), _) => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{En, Kk, Ru};

    #[test]
    fn minus_is_told_from_dashes() {
        for (sign, before, after, wanted) in [
            ('-', "", "20", true),
            ('−', "было ", "20 °C", true),
            ('–', "было: ", "20", true),
            ('-', "(", "5", true),
            ('-', "x=", "5", true),
            ('-', "", "$5", true),
            ('−', "5 ", " 3", true),
            ('-', "5 ", " 3", false),
            ('-', "9", "17", false),
            ('-', "F", "16", false),
            ('–', "1990 ", "1995", false),
            ('–', "", " 5 яблок", false),
            ('-', "", "да", false),
        ] {
            assert_eq!(
                is_minus(sign, before, after),
                wanted,
                "{before}{sign}{after}"
            );
        }
    }

    #[test]
    fn ranges_are_no_subtractions() {
        for (before, after, language, wanted) in [
            ("open 9", "17 today", En, Some(" to ")),
            ("9:00", "17:30.", En, Some(" to ")),
            ("1,000", "2,000", En, Some(" to ")),
            ("5%", "10%", En, Some(" to ")),
            ("$5", "$10", En, Some(" to ")),
            ("5%", "10%", Ru, Some(" ")),
            ("call 555", "1234", En, Some(" ")),
            ("2024", "05-12", En, Some(" ")),
            ("2024-05", "12", En, Some(" ")),
            ("3", "1", En, Some(" ")),
            ("9", "17", Ru, Some(" ")),
            ("3", "4 күн", Kk, Some(" ")),
            ("F", "16", En, None),
            ("5", "й", Ru, None),
        ] {
            assert_eq!(between(before, after, language), wanted, "{before}-{after}");
        }
    }

    #[test]
    fn millionths_have_names() {
        for (before, after, language, wanted) in [
            ("5 ", "m", En, Some("micrometres")),
            ("1", "g.", En, Some("microgram")),
            ("11 ", "s", En, Some("microseconds")),
            ("1 ", "m", Ru, Some("микрометр")),
            ("22 ", "m", Ru, Some("микрометра")),
            ("12 ", "m", Ru, Some("микрометров")),
            ("2,5 ", "m", Ru, Some("микрометра")),
            ("5 ", "m", Kk, Some("микрометр")),
            ("a ", "m", En, None),
            ("5 ", "opioid", En, None),
        ] {
            let found = millionth(before, after, language);
            assert_eq!(found.map(|(name, _)| name), wanted, "{before}µ{after}");
        }
    }
}
