//! Subprotocol versions, `Cons=1-2 Desc=1-2 …` (tor-spec §9).

use super::{number::digits, pairs::split};
use crate::{
    netdoc::{Item, Words},
    schema::{FromItem, Kind, Part, Problem, Reader, Sink},
};

/// Protocol names and the versions that are supported; names that nobody has heard of are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Protocols<'a>(pub &'a [u8]);

impl<'a> Protocols<'a> {
    /// Names with their version ranges, first and last version.
    pub fn iter(
        &self,
    ) -> impl Iterator<Item = (&'a [u8], impl Iterator<Item = (u32, u32)> + use<'a>)> + use<'a> {
        Words::new(self.0).filter_map(|entry| {
            let (name, versions) = split(entry)?;
            Some((name, versions.split(|&b| b == b',').filter_map(range)))
        })
    }

    /// Whether a version of a protocol is supported.
    pub fn supports(&self, name: &str, version: u32) -> bool {
        self.iter()
            .filter(|(it, _)| *it == name.as_bytes())
            .any(|(_, mut ranges)| ranges.any(|(first, last)| (first..=last).contains(&version)))
    }
}

fn range(text: &[u8]) -> Option<(u32, u32)> {
    let version = |text| digits(text).and_then(|version| u32::try_from(version).ok());
    match text.iter().position(|&b| b == b'-') {
        Some(dash) => Some((version(&text[..dash])?, version(&text[dash + 1..])?)).filter(|(a, b)| a <= b),
        None => version(text).map(|version| (version, version)),
    }
}

fn is_sound(text: &[u8]) -> bool {
    Words::new(text).all(|entry| {
        split(entry).is_some_and(|(name, versions)| {
            !name.is_empty()
                && (versions.is_empty() || versions.split(|&b| b == b',').all(|text| range(text).is_some()))
        })
    })
}

impl<'a> FromItem<'a> for Protocols<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Map(&Kind::Text))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        if is_sound(item.args) {
            Ok(Protocols(item.args))
        } else {
            Err(Problem::BadArgument("protocol entry"))
        }
    }

    #[inline]
    fn read(item: &Item<'a>, reader: &mut Reader<'a>) -> Result<Self, Problem> {
        if reader.memo.is_item_sound(item, is_sound) {
            Ok(Protocols(item.args))
        } else {
            Err(Problem::BadArgument("protocol entry"))
        }
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        if out.known(self.0) {
            return;
        }
        out.map();
        for entry in Words::new(self.0) {
            if let Some((name, versions)) = split(entry) {
                out.key(name);
                out.text(versions);
            }
        }
        out.end_map();
    }
}
