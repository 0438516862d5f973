//! Days, the unit of nearly all statistics.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::value::Timestamp;

/// Seconds of a day.
pub(super) const SECONDS: i64 = 86400;

/// A day in UTC, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(pub i32);

impl Day {
    /// The day of a time.
    pub fn of(time: Timestamp) -> Self {
        Self::of_seconds(time.0)
    }

    /// The day of a time in seconds since 1970.
    pub fn of_seconds(seconds: i64) -> Self {
        // No document is of a year that does not fit.
        Day(seconds.div_euclid(SECONDS).clamp(i32::MIN.into(), i32::MAX.into()) as i32)
    }

    /// When the day begins. Unit: seconds since 1970.
    pub fn start(self) -> i64 {
        i64::from(self.0) * SECONDS
    }

    /// The last second of the day.
    pub fn end(self) -> Timestamp {
        Timestamp(self.start() + SECONDS - 1)
    }

    /// A later day, or an earlier one.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Day(self.0.saturating_add(days))
    }

    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let time = format!("{text} 00:00:00");
        Timestamp::parse(time.as_bytes().try_into().ok()?).map(Self::of)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Timestamp(self.start()).format(b' ');
        f.write_str(std::str::from_utf8(&text[..10]).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_written() {
        for text in ["1970-01-01", "2020-02-29", "2099-12-31"] {
            assert_eq!(Day::parse(text).map(|day| day.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Day::of(Timestamp(-1)).to_string(), "1969-12-31");
        assert_eq!(Day(0).end().to_string(), "1970-01-01 23:59:59");
        assert_eq!(Day::parse("2021-02-29"), None);
        assert_eq!(Day::parse("2021-2-1"), None);
    }
}
