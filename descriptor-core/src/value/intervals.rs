//! Statistics that tell their interval and their numbers in one line (dir-spec §2.1.2).

use super::{
    Pairs, StatsEnd,
    number::{leading_int, pass_int},
};
use crate::{
    netdoc::{FromArg, Item},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// How many connections were used in which direction: `YYYY-MM-DD HH:MM:SS (NSEC s) BELOW,READ,WRITE,BOTH`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConnectionDirections {
    /// The interval.
    pub stats: StatsEnd,
    /// Connections of less than 20 KiB in ten seconds.
    pub below: u64,
    /// Connections that read at least ten times as much as they wrote.
    pub read: u64,
    /// Connections that wrote at least ten times as much as they read.
    pub write: u64,
    /// All others.
    pub both: u64,
}

impl<'a> FromItem<'a> for ConnectionDirections {
    const PARTS: &'static [Part] = &[
        Part::of("end", Kind::Time),
        Part::of("interval", Kind::Int("seconds")),
        Part::of("below", Kind::Int("connections")),
        Part::of("read", Kind::Int("connections")),
        Part::of("write", Kind::Int("connections")),
        Part::of("both", Kind::Int("connections")),
    ];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let stats = StatsEnd::take(&mut args)?;
        let numbers = args.text("BELOW,READ,WRITE,BOTH")?;
        let [below, read, write, both] =
            numbers_of(numbers).ok_or(Problem::BadArgument("BELOW,READ,WRITE,BOTH"))?;
        Ok(ConnectionDirections { stats, below, read, write, both })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 | 1 => self.stats.emit(part, out),
            2 => FromArg::emit(&self.below, out),
            3 => FromArg::emit(&self.read, out),
            4 => FromArg::emit(&self.write, out),
            _ => FromArg::emit(&self.both, out),
        }
    }
}

/// Exactly `N` counts with commas between.
fn numbers_of<const N: usize>(text: &[u8]) -> Option<[u64; N]> {
    let mut numbers = [0; N];
    let mut rest = text;
    for (index, number) in numbers.iter_mut().enumerate() {
        let (value, left) = leading_int(rest)?;
        *number = value.try_into().ok()?;
        rest = if index + 1 < N { left.strip_prefix(b",")? } else { left };
    }
    rest.is_empty().then_some(numbers)
}

/// Cells that were sent to hide the others: `YYYY-MM-DD HH:MM:SS (NSEC s) bin-size=10000 write-drop=…`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PaddingCounts<'a> {
    /// The interval.
    pub stats: StatsEnd,
    /// Counts by name, each a whole number.
    pub counts: Pairs<'a>,
}

impl<'a> FromItem<'a> for PaddingCounts<'a> {
    const PARTS: &'static [Part] = &[
        Part::of("end", Kind::Time),
        Part::of("interval", Kind::Int("seconds")),
        Part::whole(Kind::Map(&Kind::Int(""))),
    ];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let stats = StatsEnd::take(&mut args)?;
        let counts = Pairs::check(args.rest(), |value| matches!(pass_int(value), Some((_, []))))?;
        Ok(PaddingCounts { stats, counts })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 | 1 => self.stats.emit(part, out),
            _ => self.counts.emit_as::<i64>(out),
        }
    }
}

/// Ten numbers, one for each tenth of all circuits, busiest first: `1441,11,6,4,2,1,1,1,1,1`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deciles<'a>(pub &'a [u8]);

/// Ten fractions, one for each tenth of all circuits, busiest first: `3.29,0.00,…`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FractionDeciles<'a>(pub &'a [u8]);

impl<'a> Deciles<'a> {
    /// The numbers. Negative where the relay's clock had jumped.
    pub fn iter(&self) -> impl Iterator<Item = i64> + use<'a> {
        self.0.split(|&b| b == b',').filter_map(|value| i64::from_arg(value).ok())
    }
}

impl<'a> FractionDeciles<'a> {
    /// The numbers. Negative where the relay's clock had jumped.
    pub fn iter(&self) -> impl Iterator<Item = f64> + use<'a> {
        self.0.split(|&b| b == b',').filter_map(|value| f64::from_arg(value).ok())
    }
}

/// Takes ten values with commas between, each sound.
fn ten<'a>(item: &Item<'a>, sound: impl Fn(&[u8]) -> bool) -> Result<&'a [u8], Problem> {
    let values = item.args().text("ten values")?;
    let mut count = 0;
    let all = values.split(|&b| b == b',').all(|value| {
        count += 1;
        count <= 10 && sound(value)
    });
    if all && count == 10 { Ok(values) } else { Err(Problem::BadArgument("ten values")) }
}

impl<'a> FromItem<'a> for Deciles<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::List(&Kind::Int("")))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        ten(item, |value| i64::from_arg(value).is_ok()).map(Deciles)
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.list();
        self.iter().for_each(|value| out.int(value));
        out.end_list();
    }
}

impl<'a> FromItem<'a> for FractionDeciles<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::List(&Kind::Float("")))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        ten(item, |value| f64::from_arg(value).is_ok()).map(FractionDeciles)
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.list();
        self.iter().for_each(|value| out.float(value));
        out.end_list();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netdoc::items;

    fn read<'a, T: FromItem<'a>>(text: &'a str) -> Result<T, Problem> {
        T::from_item(&items(text.as_bytes()).next().expect("an item"))
    }

    #[test]
    fn directions_are_four_counts() {
        let text = "conn-bi-direct 2012-02-11 01:59:39 (86400 s) 42173,1591,1310,1744 later";
        let directions: ConnectionDirections = read(text).expect("directions");
        assert_eq!((directions.below, directions.both), (42173, 1744));
        for text in ["c 2012-02-11 01:59:39 (86400 s) 1,2,3", "c 2012-02-11 01:59:39 (86400 s) 1,2,3,4,5"] {
            assert!(read::<ConnectionDirections>(text).is_err());
        }
    }

    #[test]
    fn deciles_are_ten() {
        assert_eq!(read::<Deciles<'_>>("c 9,8,7,6,5,4,3,2,1,-1").expect("deciles").iter().sum::<i64>(), 44);
        assert!(read::<FractionDeciles<'_>>("c 3.29,0.00,-0.5,0,0,0,0,0,0,0").is_ok());
        for text in [
            "c 9,8,7,6,5,4,3,2,1",
            "c 9,8,7,6,5,4,3,2,1,",
            "c 9,8,7,6,5,4,3,2,1,1,1",
            "c 9,8,7,6,5,4,3,2,1,0.5",
        ] {
            assert!(read::<Deciles<'_>>(text).is_err(), "{text}");
        }
    }
}
