//! Times as seconds since 1970, whole or with a fraction.

use super::{Timestamp, number::digits};
use crate::{
    netdoc::FromArg,
    schema::{BAD, Kind, Problem, Sink},
};

/// A time written as whole seconds since 1970-01-01 00:00:00 UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochSeconds(pub Timestamp);

impl<'a> FromArg<'a> for EpochSeconds {
    const KIND: Kind = Kind::Time;

    #[inline]
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        let seconds = digits(arg).and_then(|seconds| i64::try_from(seconds).ok()).ok_or(BAD)?;
        Ok(EpochSeconds(Timestamp(seconds)))
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.time(self.0);
    }
}

/// Milliseconds since 1970-01-01 00:00:00 UTC, written as seconds with a fraction, `1491891870.51`. What is finer than
/// a millisecond is cut off. In Torperf results 0 means that the event did not happen, and is told as nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochMillis(pub i64);

impl EpochMillis {
    /// Reads seconds with an optional fraction; no sign, no exponent.
    #[inline]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (whole, fraction) = match memchr::memchr(b'.', text) {
            Some(point) => (&text[..point], &text[point + 1..]),
            None => (text, &b"0"[..]),
        };
        if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let millis =
            (0..3).fold(0, |sum, at| sum * 10 + fraction.get(at).map_or(0, |&b| i64::from(b - b'0')));
        let seconds = i64::try_from(digits(whole)?).ok()?;
        seconds.checked_mul(1000)?.checked_add(millis).map(EpochMillis)
    }

    /// The whole second.
    pub fn timestamp(self) -> Timestamp {
        Timestamp(self.0.div_euclid(1000))
    }
}

impl<'a> FromArg<'a> for EpochMillis {
    const KIND: Kind = Kind::Time;

    #[inline]
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        Self::parse(arg).ok_or(BAD)
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        match self.0 {
            0 => out.null(),
            _ => out.millis(*self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_exact_to_the_millisecond() {
        for (text, millis) in [
            ("1491891870.51", 1_491_891_870_510),
            ("1493396168.1", 1_493_396_168_100),
            ("0.7698119", 769),
            ("0.0", 0),
            ("12", 12_000),
        ] {
            assert_eq!(EpochMillis::parse(text.as_bytes()), Some(EpochMillis(millis)), "{text}");
        }
        for text in
            ["", ".5", "1.", "-1.0", "1e3", "1.2.3", "99999999999999999999.0", "9223372036854775807.0"]
        {
            assert_eq!(EpochMillis::parse(text.as_bytes()), None, "{text}");
        }
    }
}
