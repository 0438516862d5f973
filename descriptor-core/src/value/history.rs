//! Statistics intervals and histories: `YYYY-MM-DD HH:MM:SS (NSEC s) …`.

use nom::{
    Parser,
    bytes::complete::{tag, take_while1},
    sequence::delimited,
};

use super::{Timestamp, number::digits};
use crate::{
    netdoc::{Args, Item, Malformed},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// When a statistics interval ended and how long it was, as `dirreq-stats-end` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatsEnd {
    /// The end of the interval.
    pub end: Timestamp,
    /// The interval's length in seconds.
    pub interval: u64,
}

impl StatsEnd {
    /// Takes end and interval off a line.
    #[inline]
    pub fn take(args: &mut Args<'_>) -> Result<Self, Problem> {
        let end = Timestamp::take(args, "end of interval")?;
        let bad = Problem::BadArgument("interval length");
        let rest = args.rest();
        let (left, seconds) = delimited(
            tag::<_, _, Malformed>(&b"("[..]),
            take_while1(|b: u8| b.is_ascii_digit()),
            tag(&b" s)"[..]),
        )
        .parse(rest)
        .map_err(|_| bad.clone())?;
        let taken = rest.len() - left.len();
        args.skip(taken);
        match digits(seconds) {
            Some(interval) if interval > 0 => Ok(StatsEnd { end, interval }),
            _ => Err(bad),
        }
    }
}

impl<'a> FromItem<'a> for StatsEnd {
    const PARTS: &'static [Part] = &[Part::of("end", Kind::Time), Part::of("interval", Kind::Int("seconds"))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Self::take(&mut item.args())
    }

    fn emit(&self, part: usize, out: &mut dyn Sink) {
        match part {
            0 => out.time(self.end),
            _ => out.int(i64::try_from(self.interval).unwrap_or(i64::MAX)),
        }
    }
}

/// Bytes per interval, oldest first. The last interval ends at [`end`](StatsEnd::end).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BandwidthHistory<'a> {
    /// The end of the last interval, and each interval's length.
    pub last: StatsEnd,
    /// The values, comma-separated, each valid. May be empty.
    pub values: &'a [u8],
}

impl<'a> BandwidthHistory<'a> {
    /// The bytes of each interval, oldest first.
    pub fn values(&self) -> impl Iterator<Item = i64> + use<'a> {
        self.values.split(|&b| b == b',').filter_map(value)
    }

    /// The end of each interval with its bytes, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Timestamp, i64)> + use<'a> {
        let (end, interval) = (self.last.end.0, i64::try_from(self.last.interval).unwrap_or(i64::MAX));
        let mut left = self.values().count() as i64;
        self.values().map(move |value| {
            left -= 1;
            (Timestamp(end.saturating_sub(interval.saturating_mul(left))), value)
        })
    }
}

fn value(text: &[u8]) -> Option<i64> {
    match text {
        [b'-', rest @ ..] => digits(rest).and_then(|value| 0i64.checked_sub_unsigned(value)),
        _ => digits(text).and_then(|value| value.try_into().ok()),
    }
}

impl<'a> FromItem<'a> for BandwidthHistory<'a> {
    const PARTS: &'static [Part] = &[
        Part::of("end", Kind::Time),
        Part::of("interval", Kind::Int("seconds")),
        Part::of("values", Kind::List(&Kind::Int("bytes"))),
    ];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let last = StatsEnd::take(&mut args)?;
        let values = args.next().unwrap_or_default();
        if !values.is_empty() && values.split(|&b| b == b',').any(|text| value(text).is_none()) {
            return Err(Problem::BadArgument("bandwidth value"));
        }
        Ok(BandwidthHistory { last, values })
    }

    fn emit(&self, part: usize, out: &mut dyn Sink) {
        match part {
            0 | 1 => self.last.emit(part, out),
            _ => {
                out.list();
                self.values().for_each(|value| out.int(value));
                out.end_list();
            }
        }
    }
}
