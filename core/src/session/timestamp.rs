//! Moments of the wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::format_description;

/// Microseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timestamp(u64);

impl Timestamp {
    /// This moment.
    pub fn now() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    /// The moment so many microseconds after the epoch.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// How long ago this was at `now`; zero for the future.
    pub fn age(self, now: Self) -> Duration {
        Duration::from_micros(now.0.saturating_sub(self.0))
    }

    /// How long ago this was.
    pub fn elapsed(self) -> Duration {
        self.age(Self::now())
    }

    /// RFC 3339, UTC, with microseconds.
    pub fn rfc3339(self) -> String {
        let format = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z"
        );
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1000)
            .ok()
            .and_then(|moment| moment.format(&format).ok())
            .unwrap_or_else(|| "1970-01-01T00:00:00.000000Z".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_rfc_3339_with_microseconds() {
        let moment = Timestamp::from_micros(1_732_192_245_123_456);
        assert_eq!(moment.rfc3339(), "2024-11-21T12:30:45.123456Z");
        assert_eq!(
            Timestamp::from_micros(u64::MAX).rfc3339(),
            "1970-01-01T00:00:00.000000Z"
        );
    }
}
