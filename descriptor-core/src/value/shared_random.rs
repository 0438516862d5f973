//! Shared randomness (srv-spec): the random value of a day, and the commitments that make it.

use super::Base64;
use crate::{
    netdoc::Item,
    schema::{FromItem, Kind, Part, Problem, Sink, Slot},
};

/// A shared random value, `NUM-REVEALS VALUE`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SharedRandValue {
    /// How many authorities had revealed their part.
    pub num_reveals: u32,
    /// The value.
    pub value: Base64<32>,
}

impl<'a> FromItem<'a> for SharedRandValue {
    const PARTS: &'static [Part] = &[Part::of("num_reveals", Kind::Int("")), Part::of("value", Kind::Base64)];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        Ok(SharedRandValue {
            num_reveals: args.value("number of reveals")?,
            value: args.value("random value")?,
        })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.int(self.num_reveals.into()),
            _ => out.base64(&self.value.0),
        }
    }
}

/// A commitment of an authority, `VERSION ALGORITHM IDENTITY COMMIT [REVEAL]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SharedRandCommit<'a> {
    /// Version of the protocol; 1 so far.
    pub version: u32,
    /// The hash that the commitment is made with, `sha3-256`.
    pub algorithm: &'a [u8],
    /// The version 3 identity of the authority.
    pub identity: &'a [u8],
    /// The commitment in base64.
    pub commit: &'a [u8],
    /// What was committed to, in base64. Absent until the authority reveals it, in the day's second half.
    pub reveal: Option<&'a [u8]>,
}

impl<'a> FromItem<'a> for SharedRandCommit<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("version", Kind::Int("")),
        Part::plain("algorithm", Kind::Text),
        Part::plain("identity", Kind::Text),
        Part::plain("commit", Kind::Text),
        Part::plain("reveal", Kind::Text),
    ];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        Ok(SharedRandCommit {
            version: args.value("version")?,
            algorithm: args.text("algorithm")?,
            identity: args.text("identity")?,
            commit: args.text("commitment")?,
            reveal: args.next(),
        })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.int(self.version.into()),
            1 => out.text(self.algorithm),
            2 => out.text(self.identity),
            3 => out.text(self.commit),
            _ => Slot::emit(&self.reveal, 0, out),
        }
    }
}
