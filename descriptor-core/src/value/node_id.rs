//! Relays as controllers and scanners name them: `$` and the fingerprint.

use super::Fingerprint;
use crate::{
    netdoc::FromArg,
    schema::{BAD, Kind, Problem, Sink},
};

/// A fingerprint written with a `$` before it, which may be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub Fingerprint);

impl NodeId {
    /// Reads `$` and 40 hex digits.
    #[inline]
    pub fn parse(text: &[u8]) -> Option<Self> {
        Fingerprint::from_hex(text.strip_prefix(b"$").unwrap_or(text)).map(NodeId)
    }
}

impl<'a> FromArg<'a> for NodeId {
    const KIND: Kind = Kind::Hex;

    #[inline]
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        Self::parse(arg).ok_or(BAD)
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.hex(&self.0.0);
    }
}

/// The relays of a circuit in order, `$A…,$B…,$C…`, each valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NodePath<'a>(pub &'a [u8]);

impl<'a> NodePath<'a> {
    /// The relays, guard first.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + use<'a> {
        self.0.split(|&b| b == b',').filter_map(NodeId::parse)
    }
}

impl<'a> FromArg<'a> for NodePath<'a> {
    const KIND: Kind = Kind::List(&Kind::Hex);

    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        let sound = arg.split(|&b| b == b',').all(|node| NodeId::parse(node).is_some());
        if sound { Ok(NodePath(arg)) } else { Err(BAD) }
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.list();
        self.iter().for_each(|node| out.hex(&node.0.0));
        out.end_list();
    }
}
