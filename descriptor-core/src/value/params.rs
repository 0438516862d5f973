//! Names with whole numbers, `circwindow=1000 refuseunknownexits=1`.

use super::{number::digits, pairs::split};
use crate::{
    netdoc::{Args, Item},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// Consensus parameters or bandwidth weights: names to 32-bit numbers. Names that nobody has heard of are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Params<'a>(pub &'a [u8]);

impl<'a> Params<'a> {
    /// Names and numbers in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], i32)> + use<'a> {
        Args::new(self.0).filter_map(split).filter_map(|(key, value)| Some((key, int(value)?)))
    }

    /// The number of a name.
    pub fn get(&self, name: &str) -> Option<i32> {
        self.iter().find(|(it, _)| *it == name.as_bytes()).map(|(_, value)| value)
    }
}

fn int(text: &[u8]) -> Option<i32> {
    match text {
        [b'-', rest @ ..] => digits(rest).and_then(|value| 0i64.checked_sub_unsigned(value)),
        _ => digits(text).and_then(|value| value.try_into().ok()),
    }
    .and_then(|value| value.try_into().ok())
}

impl<'a> FromItem<'a> for Params<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Map(&Kind::Int("")))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let sound = |pair| split(pair).is_some_and(|(key, value)| !key.is_empty() && int(value).is_some());
        if item.args().all(sound) {
            Ok(Params(item.args))
        } else {
            Err(Problem::BadArgument("key=number pair"))
        }
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.map();
        for (key, value) in self.iter() {
            out.key(key);
            out.int(value.into());
        }
        out.end_map();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_32_bits_with_sign() {
        let read = |args| Params::from_item(&Item { args, ..Item::default() });
        let params = read(b"min=-2147483648 max=2147483647").expect("both fit");
        assert_eq!((params.get("min"), params.get("max")), (Some(i32::MIN), Some(i32::MAX)));
        assert_eq!(params.get("mi"), None);
        for bad in [&b"max=2147483648"[..], b"key-value", b"=1", b"a=1 b=", b"a=1.5"] {
            assert_eq!(read(bad), Err(Problem::BadArgument("key=number pair")));
        }
    }
}
