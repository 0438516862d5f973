//! Version numbers of document formats.

use crate::{
    netdoc::Item,
    schema::{FromItem, Kind, Part, Problem, Sink, Slot},
};

/// The version of a format; only version `V` can be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Version<const V: u32>;

impl<'a, const V: u32> FromItem<'a> for Version<V> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Int(""))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        match item.args().value::<u32>("version")? {
            it if it == V => Ok(Version),
            _ => Err(Problem::BadArgument("version")),
        }
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.int(V.into());
    }
}

/// The version of a network status with its flavour, `3 microdesc`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatusVersion<'a, const V: u32> {
    /// `microdesc` in consensuses of that flavour. Absent in all other statuses.
    pub flavor: Option<&'a [u8]>,
}

impl<'a, const V: u32> FromItem<'a> for StatusVersion<'a, V> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Int("")), Part::plain("flavor", Kind::Text)];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Version::<V>::from_item(item)?;
        Ok(StatusVersion { flavor: item.args().nth(1) })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.int(V.into()),
            _ => Slot::emit(&self.flavor, 0, out),
        }
    }
}

/// A list of whole numbers, separated by blanks or commas, such as consensus methods. Never empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Numbers<'a>(pub &'a [u8]);

impl<'a> Numbers<'a> {
    /// The numbers in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + use<'a> {
        words(self.0).filter_map(number)
    }

    /// Reads a list; `None` if it is empty or has anything but numbers.
    #[inline]
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let mut numbers = words(text).map(number);
        (numbers.next()?.is_some() && numbers.all(|it| it.is_some())).then_some(Numbers(text))
    }

    pub(crate) fn emit_list(&self, out: &mut (impl Sink + ?Sized)) {
        out.list();
        self.iter().for_each(|number| out.int(number.into()));
        out.end_list();
    }
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| matches!(b, b' ' | b'\t' | b',')).filter(|word| !word.is_empty())
}

fn number(word: &[u8]) -> Option<u32> {
    super::number::digits(word).and_then(|value| value.try_into().ok())
}

impl<'a> FromItem<'a> for Numbers<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::List(&Kind::Int("")))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Numbers::parse(item.args).ok_or(Problem::BadArgument("list of numbers"))
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        self.emit_list(out);
    }
}
