//! Points in time, `YYYY-MM-DD HH:MM:SS`, always UTC.

use std::fmt;

use time::{OffsetDateTime, PrimitiveDateTime};

use crate::{
    netdoc::{Args, FromArg, Item},
    schema::{BAD, FromItem, Kind, Part, Problem, Sink},
};

/// Seconds since 1970-01-01 00:00:00 UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

const WIDTH: usize = "YYYY-MM-DD HH:MM:SS".len();

impl Timestamp {
    /// Takes date and time, two arguments, off a line.
    #[inline]
    pub fn take(args: &mut Args<'_>, what: &'static str) -> Result<Self, Problem> {
        let rest = args.rest();
        if let Some(text) = rest.first_chunk::<WIDTH>()
            && matches!(rest.get(WIDTH), None | Some(b' ' | b'\t'))
            && let Some(time) = Self::parse(text)
        {
            args.skip(WIDTH);
            return Ok(time);
        }
        Self::take_slowly(args, what)
    }

    /// Takes date and time that are written in an unusual way: with more than one blank between, or with fractions of a
    /// second, which are dropped.
    #[cold]
    fn take_slowly(args: &mut Args<'_>, what: &'static str) -> Result<Self, Problem> {
        let (date, time) = (args.text(what)?, args.text(what)?);
        let (time, fraction) = time.split_at_checked(8).ok_or(Problem::BadArgument(what))?;
        let whole = matches!(fraction, [] | [b'.', ..]) && fraction.iter().skip(1).all(u8::is_ascii_digit);
        match date.len() {
            10 if whole => {
                let mut text = [b' '; WIDTH];
                text[..10].copy_from_slice(date);
                text[11..].copy_from_slice(time);
                Self::parse(&text).ok_or(Problem::BadArgument(what))
            }
            _ => Err(Problem::BadArgument(what)),
        }
    }

    /// Reads `YYYY-MM-DD HH:MM:SS`, with a blank or `T` between. Refuses dates that do not exist, and hours, minutes and
    /// seconds out of range; as in tor, a second of 60 is allowed.
    #[inline]
    pub fn parse(text: &[u8; WIDTH]) -> Option<Self> {
        let (century, years, month, day) = (two(text, 0), two(text, 2), two(text, 5), two(text, 8));
        let (hour, minute, second) = (two(text, 11), two(text, 14), two(text, 17));
        // What is no digit makes a number of two digits far too large, so that one test finds all of them.
        let digits = [century, years, month, day, hour, minute, second].into_iter().max() < Some(100);
        let separators = text[4] == b'-'
            && text[7] == b'-'
            && matches!(text[10], b' ' | b'T')
            && text[13] == b':'
            && text[16] == b':';
        let year = century.wrapping_mul(100).wrapping_add(years);
        if !digits || !separators || month.wrapping_sub(1) >= 12 {
            return None;
        }
        let in_range = day >= 1
            && (day <= 28 || day <= days_in_month(year.into(), month.into()) as u32)
            && hour < 24
            && minute < 60
            && second <= 60;
        in_range.then(|| {
            Timestamp(days(year, month, day) * 86400 + i64::from(hour * 3600 + minute * 60 + second))
        })
    }

    /// The beginning of a day that is written as `YYYYMMDD`.
    pub(crate) fn of_day(digits: &[u8]) -> Option<Self> {
        let (year, rest) = digits.split_at_checked(4).filter(|_| digits.len() == 8)?;
        let text = [year, b"-", &rest[..2], b"-", &rest[2..], b" 00:00:00"].concat();
        Self::parse(text.first_chunk()?)
    }

    /// The time with its calendar.
    pub fn to_datetime(self) -> Option<PrimitiveDateTime> {
        let time = OffsetDateTime::from_unix_timestamp(self.0).ok()?;
        Some(PrimitiveDateTime::new(time.date(), time.time()))
    }

    /// Writes `YYYY-MM-DD HH:MM:SS` with any separator between date and time. Years beyond 9999 are cut.
    pub fn format(self, separator: u8) -> [u8; WIDTH] {
        let (day, second) = (self.0.div_euclid(86400), self.0.rem_euclid(86400) as u32);
        let (year, month, day) = civil(day);
        let year = year.rem_euclid(10_000) as u32;
        let mut text = *b"0000-00-00 00:00:00";
        text[10] = separator;
        for (at, value) in [
            (0, year / 100),
            (2, year % 100),
            (5, month),
            (8, day),
            (11, second / 3600),
            (14, second / 60 % 60),
            (17, second % 60),
        ] {
            text[at] = b'0' + (value / 10) as u8;
            text[at + 1] = b'0' + (value % 10) as u8;
        }
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.format(b' ')).unwrap_or_default())
    }
}

impl<'a> FromItem<'a> for Timestamp {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Time)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Self::take(&mut item.args(), "time")
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.time(*self);
    }
}

/// The number that two digits make; a number above 99 if one of them is no digit.
#[inline]
fn two(text: &[u8; WIDTH], at: usize) -> u32 {
    let (tens, ones) = (u32::from(text[at].wrapping_sub(b'0')), u32::from(text[at + 1].wrapping_sub(b'0')));
    let value = tens * 10 + ones;
    if ones > 9 { value + 100 } else { value }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01; years begin in March so that the leap day comes last.
#[inline]
fn days(year: u32, month: u32, day: u32) -> i64 {
    // Year 0 has a March before it: 400 years, which are 146097 days, keep all numbers positive.
    let (year, month) = if month > 2 { (year + 400, month - 3) } else { (year + 399, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    i64::from(days) - (719_469 + 146_097)
}

/// The date of a day; the inverse of [`days`].
fn civil(day: i64) -> (i64, u32, u32) {
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097) as u32);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let (year, month_number) = if month < 10 { (0, month + 3) } else { (1, month - 9) };
    (era * 400 + i64::from(year_of_era) + year, month_number, of_year - (153 * month + 2) / 5 + 1)
}

/// One argument `YYYY-MM-DDTHH:MM:SS`, as bandwidth files write times.
impl<'a> FromArg<'a> for IsoTime {
    const KIND: Kind = Kind::Time;

    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        let text = arg.first_chunk::<WIDTH>().filter(|_| arg.len() == WIDTH).ok_or(BAD)?;
        Timestamp::parse(text).map(IsoTime).ok_or(BAD)
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.time(self.0);
    }
}

/// A time that is one argument, `YYYY-MM-DDTHH:MM:SS`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct IsoTime(pub Timestamp);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_reads_back() {
        for day in (-30_000..60_000).step_by(7) {
            let time = Timestamp(day * 86400 + 86399);
            assert_eq!(Timestamp::parse(&time.format(b' ')), Some(time));
            let other = OffsetDateTime::from_unix_timestamp(time.0).expect("in range");
            assert_eq!(time.to_string()[..10], other.date().to_string());
        }
    }

    #[test]
    fn any_number_of_seconds_has_a_form() {
        assert_eq!(Timestamp(i64::MAX).to_string().len(), WIDTH);
        assert_eq!(Timestamp(-62_167_219_201).to_string(), "9999-12-31 23:59:59");
        assert!(Timestamp(i64::MIN).format(b'T').is_ascii());
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        for text in [
            b"2019-02-29 00:00:00",
            b"2012-13-01 00:00:00",
            b"2012-00-01 00:00:00",
            b"2012-01-00 00:00:00",
            b"2012-01-01 24:00:00",
            b"2012-01-01 00:60:00",
            b"2012/01/01 00:00:00",
            b"2012-01-01 00:00:6x",
        ] {
            assert_eq!(Timestamp::parse(text), None);
        }
        assert!(Timestamp::parse(b"2020-02-29 23:59:60").is_some());
    }
}
