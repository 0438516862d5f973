//! Keys, certificates and signatures: PEM objects, decoded when asked.

use base64::Engine;

use super::digest::BASE64;
use crate::{
    netdoc::{Item, Object},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// The object below a line, such as `onion-key`'s. Its base64 is not decoded before [`decode`](Pem::decode).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pem<'a> {
    /// What stands after `-----BEGIN `.
    pub label: &'a [u8],
    /// The base64 lines.
    pub body: &'a [u8],
    /// The whole object without the last line end.
    pub raw: &'a [u8],
}

impl<'a> Pem<'a> {
    /// Takes an item's object.
    #[inline]
    pub fn of(item: &Item<'a>) -> Result<Self, Problem> {
        let Object { label, body, raw } = item.object.ok_or(Problem::MissingObject)?;
        Ok(Pem { label, body, raw })
    }

    /// The bytes of the object; `None` if it is not base64.
    pub fn decode(&self) -> Option<Vec<u8>> {
        let text: Vec<u8> = self.body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        BASE64.decode(text).ok()
    }
}

impl<'a> FromItem<'a> for Pem<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Text)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Self::of(item)
    }

    fn emit(&self, _part: usize, out: &mut dyn Sink) {
        out.text(self.raw);
    }
}
