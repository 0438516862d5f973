//! Country codes: two upper-case letters.

use crate::{
    netdoc::FromArg,
    schema::{BAD, Kind, Problem, Sink},
};

/// A country by its ISO 3166-1 code; `ZZ` if it is not known or not one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country<'a>(pub &'a [u8]);

/// Countries in a comma-separated list, each valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Countries<'a>(pub &'a [u8]);

impl<'a> Countries<'a> {
    /// The codes in order.
    pub fn iter(&self) -> impl Iterator<Item = Country<'a>> + use<'a> {
        self.0.split(|&b| b == b',').map(Country)
    }
}

fn is_code(text: &[u8]) -> bool {
    text.len() == 2 && text.iter().all(u8::is_ascii_uppercase)
}

impl<'a> FromArg<'a> for Country<'a> {
    const KIND: Kind = Kind::Text;

    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        if is_code(arg) { Ok(Country(arg)) } else { Err(BAD) }
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.text(self.0);
    }
}

impl<'a> FromArg<'a> for Countries<'a> {
    const KIND: Kind = Kind::List(&Kind::Text);

    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        if arg.split(|&b| b == b',').all(is_code) { Ok(Countries(arg)) } else { Err(BAD) }
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.list();
        self.iter().for_each(|country| out.text(country.0));
        out.end_list();
    }
}
