//! Pluggable transports of a bridge (dir-spec §2.1.2, `transport`).

use super::OrAddress;
use crate::{
    netdoc::{FromArg, Item},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// A transport that a bridge speaks: `NAME [ADDRESS:PORT [ARGUMENTS]]`. Sanitized bridges tell the name alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Transport<'a> {
    /// What it is called, such as `obfs4`.
    pub name: &'a [u8],
    /// Where it listens.
    pub address: Option<OrAddress>,
    /// `KEY=VALUE` pairs with commas between, which clients need. Empty if there are none.
    pub arguments: &'a [u8],
}

impl<'a> FromItem<'a> for Transport<'a> {
    const PARTS: &'static [Part] =
        &[Part::of("name", Kind::Text), Part::of("address", Kind::Text), Part::of("arguments", Kind::Text)];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let name = args.text("name of the transport")?;
        let address = match args.rest() {
            [] => None,
            _ => Some(args.value("address and port")?),
        };
        Ok(Transport { name, address, arguments: args.rest() })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match (part, &self.address) {
            (0, _) => out.text(self.name),
            (1, Some(address)) => FromArg::emit(address, out),
            (2, _) if !self.arguments.is_empty() => out.text(self.arguments),
            _ => out.null(),
        }
    }
}
