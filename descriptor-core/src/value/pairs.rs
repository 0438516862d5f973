//! `key=value` pairs and counts, `us=8,de=8`.

use super::number::digits;
use crate::{
    netdoc::{Args, FromArg, Item, find_either},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// `key=value` pairs separated by blanks, such as consensus parameters. Each has its `=`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pairs<'a>(pub &'a [u8]);

impl<'a> Pairs<'a> {
    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        Args::new(self.0).filter_map(split)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'a [u8]> {
        self.iter().find(|(it, _)| *it == key.as_bytes()).map(|(_, value)| value)
    }

    /// The value of a key as a number.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(|value| FromArg::from_arg(value).ok())
    }
}

#[inline]
pub(crate) fn split(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = find_either(pair, b'=', b'=')?;
    Some((&pair[..equals], &pair[equals + 1..]))
}

impl<'a> FromItem<'a> for Pairs<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Map(&Kind::Text))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        if Args::new(item.args).all(|pair| split(pair).is_some_and(|(key, _)| !key.is_empty())) {
            Ok(Pairs(item.args))
        } else {
            Err(Problem::BadArgument("key=value pair"))
        }
    }

    fn emit(&self, _part: usize, out: &mut dyn Sink) {
        out.map();
        for (key, value) in self.iter() {
            out.key(key);
            out.text(value);
        }
        out.end_map();
    }
}

/// Counts by name, such as clients by country: `us=8,de=16`. `??` stands for what is not known. May be empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts<'a>(pub &'a [u8]);

impl<'a> Counts<'a> {
    /// Names and counts in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], u64)> + use<'a> {
        self.0.split(|&b| b == b',').filter_map(split).filter_map(|(key, count)| Some((key, digits(count)?)))
    }

    /// The count of a name.
    pub fn get(&self, name: &str) -> Option<u64> {
        self.iter().find(|(it, _)| *it == name.as_bytes()).map(|(_, count)| count)
    }
}

impl<'a> FromItem<'a> for Counts<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Map(&Kind::Int("")))];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let counts = item.args().next().unwrap_or_default();
        let sound = counts.is_empty()
            || counts.split(|&b| b == b',').all(|pair| {
                split(pair).is_some_and(|(key, count)| !key.is_empty() && digits(count).is_some())
            });
        if sound { Ok(Counts(counts)) } else { Err(Problem::BadArgument("count")) }
    }

    fn emit(&self, _part: usize, out: &mut dyn Sink) {
        out.map();
        for (key, count) in self.iter() {
            out.key(key);
            FromArg::emit(&count, out);
        }
        out.end_map();
    }
}

/// A share written with a percent sign, `0.37%`, as a fraction of 100.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Percent(pub f64);

impl<'a> FromArg<'a> for Percent {
    const KIND: Kind = Kind::Float("percent");

    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        let number = arg.strip_suffix(b"%").ok_or(crate::schema::BAD)?;
        f64::from_arg(number).map(Percent)
    }

    fn emit(&self, out: &mut dyn Sink) {
        out.float(self.0);
    }
}
