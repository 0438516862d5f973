//! The `package` lines of consensuses and votes.

use super::Pairs;
use crate::{
    netdoc::Item,
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// A package that an authority vouches for, `NAME VERSION URL DIGESTS`. Tor 0.2.7 to 0.4.7.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Package<'a> {
    /// The line's arguments.
    pub text: &'a [u8],
    /// Its name.
    pub name: &'a [u8],
    /// Its version.
    pub version: &'a [u8],
    /// Where to get it.
    pub url: &'a [u8],
    /// Digests by algorithm, at least one.
    pub digests: Pairs<'a>,
}

impl<'a> FromItem<'a> for Package<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("name", Kind::Text),
        Part::plain("version", Kind::Text),
        Part::plain("url", Kind::Text),
        Part::plain("digests", Kind::Map(&Kind::Text)),
    ];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let package = Package {
            text: item.args,
            name: args.text("name")?,
            version: args.text("version")?,
            url: args.text("URL")?,
            digests: Pairs(args.rest()),
        };
        if args.next().is_none() { Err(Problem::MissingArgument("digest")) } else { Ok(package) }
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.text(self.name),
            1 => out.text(self.version),
            2 => out.text(self.url),
            _ => FromItem::emit(&self.digests, 0, out),
        }
    }
}
