//! What a player says when it asks for a playlist: delivery directives (draft-pantos-hls-rfc8216bis, section 6.2.5).

use thiserror::Error;

use super::playlist::Form;

/// The delivery directives of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reload {
    /// What the playlist must hold before it is answered.
    pub reached: Option<Reached>,
    /// The form in which it is wanted.
    pub form: Form,
}

/// A place in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// A media sequence number.
    pub sequence: u64,
    /// A part of that segment, counted from zero; without one the whole segment is meant.
    pub part: Option<u32>,
}

/// Why delivery directives make no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReloadError {
    /// A number is not one.
    #[error("{0} is a whole number")]
    NotANumber(&'static str),
    /// Section 6.2.5.2: a part without its segment.
    #[error("_HLS_part needs _HLS_msn")]
    PartWithoutSegment,
}

impl Reload {
    /// Reads a query string. What is not a delivery directive belongs to somebody else.
    ///
    /// # Errors
    ///
    /// [`ReloadError`]
    pub fn parse(query: &str) -> Result<Self, ReloadError> {
        let (mut sequence, mut part, mut form) = (None, None, Form::LowLatency);
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "_HLS_msn" => sequence = Some(number(value, "_HLS_msn")?),
                "_HLS_part" => part = Some(number(value, "_HLS_part")?),
                // `v2` also skips date ranges, of which there are none here.
                "_HLS_skip" if form != Form::Plain && matches!(value, "YES" | "v2") => {
                    form = Form::Delta;
                }
                "_HLS_legacy" if matches!(value, "" | "YES" | "1") => form = Form::Plain,
                _ => {}
            }
        }
        let part = part.map(|part| u32::try_from(part).unwrap_or(u32::MAX));
        let reached = match (sequence, part) {
            (None, Some(_)) => return Err(ReloadError::PartWithoutSegment),
            (sequence, part) => sequence.map(|sequence| Reached { sequence, part }),
        };
        Ok(Self { reached, form })
    }
}

fn number(value: &str, name: &'static str) -> Result<u64, ReloadError> {
    // `parse` would take a sign.
    let plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    plain
        .then(|| value.parse().ok())
        .flatten()
        .ok_or(ReloadError::NotANumber(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn directives_are_found_among_others() {
        let reload = Reload::parse("token=x&_HLS_msn=12&_HLS_part=3&_HLS_skip=YES").unwrap();
        let reached = Reached {
            sequence: 12,
            part: Some(3),
        };
        assert_eq!(reload.reached, Some(reached));
        assert_eq!(reload.form, Form::Delta);
        assert_eq!(Reload::parse("_HLS_skip=v2").unwrap().form, Form::Delta);
        assert_eq!(Reload::parse("_HLS_legacy").unwrap().form, Form::Plain);
        assert_eq!(
            Reload::parse("_HLS_legacy=YES&_HLS_skip=YES").unwrap().form,
            Form::Plain
        );
        assert_eq!(Reload::parse(""), Ok(Reload::default()));
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(
            Reload::parse("_HLS_part=1"),
            Err(ReloadError::PartWithoutSegment)
        );
        for wrong in [
            "_HLS_msn=",
            "_HLS_msn=-1",
            "_HLS_msn=+1",
            "_HLS_msn=1.5",
            "_HLS_msn=99999999999999999999",
            "_HLS_msn=1&_HLS_part=x",
        ] {
            assert!(
                matches!(Reload::parse(wrong), Err(ReloadError::NotANumber(_))),
                "{wrong}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_query_panics(query in "\\PC{0,80}", msn in any::<u64>(), part in any::<u64>()) {
            let _ = Reload::parse(&query);
            let reload = Reload::parse(&format!("_HLS_msn={msn}&_HLS_part={part}")).unwrap();
            prop_assert_eq!(reload.reached.unwrap().sequence, msn);
        }
    }
}
