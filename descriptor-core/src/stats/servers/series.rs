//! Series of versions, such as `0.4.2`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest series that is told apart from others. Real ones have five to seven letters.
const LONGEST: usize = 11;

/// The first three parts of a version, filled up with zeros.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Series([u8; LONGEST]);

impl Series {
    /// The series of a version: three parts without dots, with dots between. `None` if it has none, or one that is longer
    /// than any that could be recommended.
    pub(super) fn of(version: &[u8]) -> Option<Self> {
        let mut parts = version.splitn(4, |&byte| byte == b'.');
        let lengths = [parts.next()?.len(), parts.next()?.len(), parts.next()?.len()];
        let length = lengths.iter().sum::<usize>() + 2;
        if lengths.contains(&0) || length > LONGEST || !version[..length].is_ascii() {
            return None;
        }
        let mut text = [0; LONGEST];
        text[..length].copy_from_slice(&version[..length]);
        Some(Series(text))
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = std::str::from_utf8(&self.0).unwrap_or_default();
        f.write_str(text.trim_end_matches('\0'))
    }
}

impl From<Series> for String {
    fn from(series: Series) -> Self {
        series.to_string()
    }
}

impl TryFrom<String> for Series {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::of(text.as_bytes()).ok_or("not a series of versions")
    }
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_three_parts() {
        let series = |text: &str| Series::of(text.as_bytes()).map(|it| it.to_string());
        assert_eq!(series("0.4.2.7 (git-1)").as_deref(), Some("0.4.2"));
        assert_eq!(series("0.4.5-dev").as_deref(), Some("0.4.5-dev"));
        assert_eq!(series("on"), None);
        assert_eq!(series("0..2.7"), None);
        assert_eq!(series("0.2"), None);
        assert_eq!(series("0.4.2-a-long-word"), None);
    }
}
