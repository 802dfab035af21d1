//! Dates and times as `EXT-X-PROGRAM-DATE-TIME` has them (section 4.4.4.6, ISO 8601).

/// Seconds since 1970 of a date with a time, fractions of a second and a time zone.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let (date, time) = text.split_once('T')?;
    let mut date = date.split('-').map(|part| number(part, 2));
    let year = number(text.get(..4)?, 4)?;
    date.next();
    let (month, day) = (date.next()??, date.next()??);
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day);
    if date.next().is_some() || !in_range {
        return None;
    }
    let (clock, offset) = match time.strip_suffix('Z') {
        Some(clock) => (clock, 0.0),
        None => {
            let at = time.rfind(['+', '-'])?;
            let (clock, zone) = time.split_at(at);
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let away = number(hours, 2)? * 3600 + number(minutes, 2)? * 60;
            let sign = if zone.starts_with('-') { -1.0 } else { 1.0 };
            (clock, sign * away as f64)
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut clock = clock.split(':').map(|part| number(part, 2));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if clock.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let fraction: f64 = digits.then(|| format!("0.{fraction}0").parse().ok())??;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(seconds as f64 - offset + fraction)
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Days from 1970-01-01 in the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that the leap day is a year's last.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn dates_are_told_in_any_zone() {
        assert_eq!(seconds("1970-01-01T00:00:00.000Z"), Some(0.0));
        assert_eq!(seconds("2000-03-01T00:00:00.500Z"), Some(951_868_800.5));
        assert_eq!(
            seconds("2000-03-01T05:00:00+05:00"),
            seconds("2000-03-01T00:00:00Z")
        );
        assert_eq!(seconds("2000-03-01 00:00:00Z"), None);
        assert_eq!(seconds("2000-13-01T00:00:00Z"), None);
        assert_eq!(seconds("2000-03-01T00:00:00"), None);
    }
}
