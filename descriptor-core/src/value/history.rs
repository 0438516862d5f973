//! Statistics intervals and histories: `YYYY-MM-DD HH:MM:SS (NSEC s) …`.

use super::{
    Timestamp,
    number::{leading_int, pass_int},
};
use crate::{
    netdoc::{Args, Item},
    schema::{FromItem, Kind, Part, Problem, Reader, Sink},
};

/// When a statistics interval ended and how long it was, as `dirreq-stats-end` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatsEnd {
    /// The end of the interval.
    pub end: Timestamp,
    /// The interval's length in seconds.
    pub interval: u32,
}

impl StatsEnd {
    /// Takes end and interval off a line.
    #[inline]
    pub fn take(args: &mut Args<'_>) -> Result<Self, Problem> {
        let end = Timestamp::take(args, "end of interval")?;
        let rest = args.rest();
        match seconds(rest) {
            Some((interval, left)) => {
                args.skip(rest.len() - left.len());
                Ok(StatsEnd { end, interval })
            }
            None => Err(Problem::BadArgument("interval length")),
        }
    }
}

/// Takes `(NSEC s)`. The blank may be a tab, as everywhere between arguments.
#[inline]
fn seconds(text: &[u8]) -> Option<(u32, &[u8])> {
    let (seconds, rest) = leading_int(text.strip_prefix(b"(")?)?;
    let [b' ' | b'\t', b's', b')', rest @ ..] = rest else { return None };
    let ends = matches!(rest, [] | [b' ' | b'\t', ..]);
    let seconds = u32::try_from(seconds).ok().filter(|&seconds| seconds > 0 && ends)?;
    Some((seconds, rest))
}

impl<'a> FromItem<'a> for StatsEnd {
    const PARTS: &'static [Part] = &[Part::of("end", Kind::Time), Part::of("interval", Kind::Int("seconds"))];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Self::take(&mut item.args())
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.time(self.end),
            _ => out.int(self.interval.into()),
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
        let mut rest = self.values;
        std::iter::from_fn(move || {
            let (value, left) = leading_int(rest)?;
            rest = left.get(1..).unwrap_or_default();
            Some(value)
        })
    }

    /// The end of each interval with its bytes, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Timestamp, i64)> + use<'a> {
        let (end, interval) = (self.last.end.0, i64::from(self.last.interval));
        let mut left = self.values().count() as i64;
        self.values().map(move |value| {
            left -= 1;
            (Timestamp(end.saturating_sub(interval.saturating_mul(left))), value)
        })
    }

    /// Takes the line apart; also says whether a value is negative.
    #[inline]
    fn parse(item: &Item<'a>) -> Result<(Self, bool), Problem> {
        let mut args = item.args();
        let last = StatsEnd::take(&mut args)?;
        let values = args.rest();
        let (mut rest, mut negative) = (values, false);
        if values.is_empty() {
            return Ok((BandwidthHistory { last, values }, negative));
        }
        loop {
            let Some((below_zero, left)) = pass_int(rest) else {
                return Err(Problem::BadArgument("bandwidth value"));
            };
            negative |= below_zero;
            match left {
                [b',', left @ ..] => rest = left,
                [] | [b' ' | b'\t', ..] => {
                    let values = &values[..values.len() - left.len()];
                    return Ok((BandwidthHistory { last, values }, negative));
                }
                _ => return Err(Problem::BadArgument("bandwidth value")),
            }
        }
    }
}

impl<'a> FromItem<'a> for BandwidthHistory<'a> {
    const PARTS: &'static [Part] = &[
        Part::of("end", Kind::Time),
        Part::of("interval", Kind::Int("seconds")),
        Part::of("values", Kind::List(&Kind::Int("bytes"))),
    ];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Self::parse(item).map(|(history, _)| history)
    }

    /// A history with negative values, as clocks that jumped have made, is kept but noted.
    #[inline]
    fn read(item: &Item<'a>, reader: &mut Reader<'a>) -> Result<Self, Problem> {
        let (history, negative) = Self::parse(item)?;
        if negative {
            reader.complain(item, Problem::BadArgument("bandwidth value"));
        }
        Ok(history)
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netdoc::items;

    fn history(text: &str) -> Result<BandwidthHistory<'_>, Problem> {
        BandwidthHistory::from_item(&items(text.as_bytes()).next().expect("an item"))
    }

    #[test]
    fn values_belong_to_the_intervals_before_the_end() {
        let history =
            history("write-history 2012-01-01 03:51:44 (900 s) 4345856,-1,0 more").expect("a history");
        let values: Vec<_> = history.iter().map(|(time, value)| (time.to_string(), value)).collect();
        assert_eq!(
            values,
            [
                ("2012-01-01 03:21:44".to_owned(), 4_345_856),
                ("2012-01-01 03:36:44".to_owned(), -1),
                ("2012-01-01 03:51:44".to_owned(), 0)
            ]
        );
    }

    #[test]
    fn there_may_be_no_values_but_no_empty_value() {
        assert_eq!(history("h 2012-01-01 03:51:44 (900 s)").expect("a history").values().count(), 0);
        assert_eq!(history("h 2012-01-01 03:51:44 (900\ts)\t7").expect("a history").values().count(), 1);
        for text in [
            "h 2012-01-01 03:51:44 (900 s) 1,",
            "h 2012-01-01 03:51:44 (900 s) ,1",
            "h 2012-01-01 03:51:44 (900 s) 1,,1",
            "h 2012-01-01 03:51:44 (900 s) 1;1",
            "h 2012-01-01 03:51:44 (900 s) 99999999999999999999",
            "h 2012-01-01 03:51:44 900 s 1",
            "h 2012-01-01 03:51:44 (0 s) 1",
            "h 2012-01-01 03:51:44 (900 s)1",
        ] {
            assert!(history(text).is_err(), "{text}");
        }
    }
}
