//! Text as it stands in the document: bytes, not always UTF-8.

use crate::{
    netdoc::{FromArg, Item},
    schema::{BAD, FromItem, Kind, Part, Problem, Sink},
};

/// All arguments of a line as one text, such as a contact or a platform. May be empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line<'a>(pub &'a [u8]);

impl<'a> FromItem<'a> for Line<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Text)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Ok(Line(item.args))
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.text(self.0);
    }
}

/// A whole line with its keyword, such as a `package` line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Raw<'a>(pub &'a [u8]);

impl<'a> FromItem<'a> for Raw<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Text)];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Ok(Raw(item.line()))
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.text(self.0);
    }
}

/// One argument as text, such as a nickname.
impl<'a> FromArg<'a> for &'a [u8] {
    const KIND: Kind = Kind::Text;

    #[inline]
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        Ok(arg)
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.text(self);
    }
}

/// `1` or `0`, such as `hibernating 1`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Switch(pub bool);

impl<'a> FromArg<'a> for Switch {
    const KIND: Kind = Kind::Bool;

    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        match arg {
            b"0" => Ok(Switch(false)),
            b"1" => Ok(Switch(true)),
            _ => Err(BAD),
        }
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.bool(self.0);
    }
}

/// The arguments of a line as a list, such as family identities. May be empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Words<'a>(pub &'a [u8]);

impl<'a> Words<'a> {
    /// The words in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        crate::netdoc::Words::new(self.0)
    }
}

impl<'a> FromItem<'a> for Words<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::List(&Kind::Text))];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Ok(Words(item.args))
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.list();
        self.iter().for_each(|word| out.text(word));
        out.end_list();
    }
}

/// One argument that is a comma-separated list, such as `obfs3,obfs2`. May be empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commas<'a>(pub &'a [u8]);

impl<'a> Commas<'a> {
    /// The elements in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.0.split(|&b| b == b',').filter(|element| !element.is_empty())
    }
}

impl<'a> FromArg<'a> for Commas<'a> {
    const KIND: Kind = Kind::List(&Kind::Text);

    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        Ok(Commas(arg))
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.list();
        self.iter().for_each(|element| out.text(element));
        out.end_list();
    }
}
