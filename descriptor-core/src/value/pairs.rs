//! `key=value` pairs and counts, `us=8,de=8`.

use super::number::{leading_int, pass_int};
use crate::{
    netdoc::{FromArg, Item, Words, find_either},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// `key=value` pairs separated by blanks, such as consensus parameters. Each has its `=`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pairs<'a>(pub &'a [u8]);

impl<'a> Pairs<'a> {
    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        Words::new(self.0).filter_map(split)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'a [u8]> {
        self.iter().find(|(it, _)| *it == key.as_bytes()).map(|(_, value)| value)
    }

    /// The value of a key as a number.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(|value| FromArg::from_arg(value).ok())
    }

    /// Takes pairs whose values are of one kind.
    #[inline]
    pub(crate) fn check(text: &'a [u8], value: impl Fn(&[u8]) -> bool) -> Result<Self, Problem> {
        if Words::new(text).all(|pair| split(pair).is_some_and(|(key, it)| !key.is_empty() && value(it))) {
            Ok(Pairs(text))
        } else {
            Err(Problem::BadArgument("key=value pair"))
        }
    }

    /// Tells the pairs whose values are of one kind, as a map.
    pub(crate) fn emit_as<T: FromArg<'a>>(&self, out: &mut (impl Sink + ?Sized)) {
        out.map();
        for (key, value) in self.iter() {
            if let Ok(value) = T::from_arg(value) {
                out.key(key);
                value.emit(out);
            }
        }
        out.end_map();
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
        Self::check(item.args, |_| true)
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        self.emit_as::<&[u8]>(out);
    }
}

/// Counts by name, such as responses by status: `ok=16,busy=0`. May be empty. Counts are negative in some old
/// documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts<'a>(pub &'a [u8]);

/// Counts by country, `us=8,??=16`: two characters each, and `??` for what is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CountryCounts<'a>(pub Counts<'a>);

/// Counts by port, `80=2352,other=80`. They are never negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PortCounts<'a>(pub Counts<'a>);

impl<'a> Counts<'a> {
    /// Names and counts in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], i64)> + use<'a> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (key, value) = rest.split_at(key_length(rest)?);
            let (count, left) = leading_int(value.get(1..)?)?;
            rest = left.get(1..).unwrap_or_default();
            Some((key, count))
        })
    }

    /// The count of a name.
    pub fn get(&self, name: &str) -> Option<i64> {
        self.iter().find(|(it, _)| *it == name.as_bytes()).map(|(_, count)| count)
    }

    /// The sum of all counts.
    pub fn sum(&self) -> i64 {
        self.iter().fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// Takes a line's first argument. Later ones are not looked at, for there may be more one day.
    #[inline]
    fn take(item: &Item<'a>, sound: impl Fn(&[u8], bool) -> bool) -> Result<Self, Problem> {
        let text = item.args().rest();
        if text.is_empty() {
            return Ok(Counts(text));
        }
        let mut rest = text;
        loop {
            let (key, negative, left) = pair(rest).ok_or(Problem::BadArgument("count"))?;
            if !sound(key, negative) {
                return Err(Problem::BadArgument("name of a count"));
            }
            match left {
                [b',', left @ ..] => rest = left,
                [] | [b' ' | b'\t', ..] => return Ok(Counts(&text[..text.len() - left.len()])),
                _ => return Err(Problem::BadArgument("count")),
            }
        }
    }
}

/// Passes over `key=count`, and says whether the count is below zero. The key does not begin with `=`, and ends at the first one.
#[inline]
fn pair(text: &[u8]) -> Option<(&[u8], bool, &[u8])> {
    let (key, value) = text.split_at(key_length(text)?);
    let is_plain = matches!(key, [a, b] if *a > b',' && *b > b',');
    if !is_plain && key.iter().any(|&b| b == b' ' || b == b'\t') {
        return None;
    }
    let (negative, rest) = pass_int(value.strip_prefix(b"=")?)?;
    (!key.is_empty()).then_some((key, negative, rest))
}

/// How long the key is before `=` or a comma.
#[inline]
fn key_length(text: &[u8]) -> Option<usize> {
    match text {
        // Countries are most of what there is to count by.
        [a, b, b'=', ..] if *a > b',' && *b > b',' && *a != b'=' && *b != b'=' => Some(2),
        _ => find_either(text, b'=', b','),
    }
}

impl<'a> FromItem<'a> for Counts<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Map(&Kind::Int("")))];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Self::take(item, |_, _| true)
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.map();
        for (key, count) in self.iter() {
            out.key(key);
            out.int(count);
        }
        out.end_map();
    }
}

impl<'a> FromItem<'a> for CountryCounts<'a> {
    const PARTS: &'static [Part] = Counts::PARTS;

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let known = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'?';
        Counts::take(item, |country, _| country.len() == 2 && country.iter().all(known)).map(CountryCounts)
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        FromItem::emit(&self.0, part, out);
    }
}

impl<'a> FromItem<'a> for PortCounts<'a> {
    const PARTS: &'static [Part] = Counts::PARTS;

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let is_port = |key: &[u8]| matches!(leading_int(key), Some((0..=65535, []))) || key == b"other";
        Counts::take(item, |port, negative| is_port(port) && !negative).map(PortCounts)
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        FromItem::emit(&self.0, part, out);
    }
}

impl<'a> std::ops::Deref for CountryCounts<'a> {
    type Target = Counts<'a>;

    fn deref(&self) -> &Counts<'a> {
        &self.0
    }
}

impl<'a> std::ops::Deref for PortCounts<'a> {
    type Target = Counts<'a>;

    fn deref(&self) -> &Counts<'a> {
        &self.0
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

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.float(self.0);
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
    fn counts_are_names_with_numbers() {
        let counts: Counts<'_> = read("x <OR>=8,obfs3_websocket=-16 later=1").expect("counts");
        let all: Vec<_> = counts.iter().collect();
        assert_eq!(all, [(&b"<OR>"[..], 8), (b"obfs3_websocket", -16)]);
        assert_eq!((counts.get("<OR>"), counts.sum()), (Some(8), -8));
        assert_eq!(read::<Counts<'_>>("x ").expect("counts").iter().count(), 0);
        for text in [
            "x =1",
            "x a=",
            "x a",
            "x a=1,",
            "x ,a=1",
            "x a=1,,b=1",
            "x a=1;b=2",
            "x a=1.5",
            "x a-1,b=1",
            "x a =1",
            "x \t=1",
        ] {
            assert!(read::<Counts<'_>>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn countries_and_ports_are_what_they_are() {
        assert!(read::<CountryCounts<'_>>("x ??=8,a1=8,DE=1").is_ok());
        assert!(read::<CountryCounts<'_>>("x usa=8").is_err());
        assert!(read::<CountryCounts<'_>>("x u=8").is_err());
        assert!(read::<CountryCounts<'_>>("x é=8").is_err());
        assert_eq!(read::<PortCounts<'_>>("x 80=2,other=2282907805").expect("ports").get("80"), Some(2));
        for text in ["x -25=1", "x unknown=1", "x 25=-1", "x 65536=1"] {
            assert!(read::<PortCounts<'_>>(text).is_err(), "{text}");
        }
    }
}
