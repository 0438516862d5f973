//! Directory, version 1, until 2007: all relays' descriptors, and which of them were running.

use super::ServerDescriptor;
use crate::{
    netdoc::{Args, Item},
    schema::{FromItem, Kind, Part, Problem, Sink, Slot, descriptor},
    value::*,
};

descriptor! {
    /// All that a client needed to know of the network, signed by one authority.
    pub struct Directory<'a> = "directory" in "dir-spec-v1 §3", blank_lines = true;

    /// Whether the first line is there; it has no arguments.
    "signed-directory" => signed_directory: bool;
    /// When the document was made.
    "published" => published: Timestamp;
    /// The versions of tor that relays and clients should run.
    "recommended-software" => recommended_software: Option<Versions<'a>>;
    /// The nicknames or fingerprints of the relays that were running. Until tor 0.1.1.
    "running-routers" => running_routers: Option<Words<'a>>;
    /// All relays, and which of them were running. Since tor 0.0.9.
    "router-status" => router_status: Option<RouterStates<'a>>;
    /// The key that signs the document, RSA. Absent in the oldest.
    "dir-signing-key" => dir_signing_key: Option<Object<'a>>;
    /// The relays' descriptors.
    "router" => descriptors: Vec<ServerDescriptor<'a>>;
    /// The authority's nickname and signature.
    "directory-signature" => directory_signature: NamedSignature<'a>;
}

/// One relay of a `router-status` line: `[!]NICKNAME=$FINGERPRINT` or `[!]$FINGERPRINT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterState<'a> {
    /// Nickname. Absent if the authority has not bound it to the key, so that others may use it.
    pub nickname: Option<&'a [u8]>,
    /// The SHA-1 of the relay's identity key.
    pub fingerprint: Hex<20>,
    /// Whether the authority thinks that the relay is running.
    pub is_live: bool,
}

impl<'a> RouterState<'a> {
    /// Whether the authority has bound the nickname to the key.
    pub fn is_verified(&self) -> bool {
        self.nickname.is_some()
    }

    fn parse(word: &'a [u8]) -> Option<Self> {
        let (is_live, word) = match word {
            [b'!', rest @ ..] => (false, rest),
            _ => (true, word),
        };
        let (nickname, digest) = match memchr::memchr(b'=', word) {
            Some(at) => (Some(&word[..at]), &word[at + 1..]),
            None => (None, word),
        };
        let fingerprint = Hex::from_hex(digest.strip_prefix(b"$")?)?;
        Some(RouterState { nickname, fingerprint, is_live })
    }
}

/// The relays of a `router-status` line, each valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RouterStates<'a>(pub &'a [u8]);

impl<'a> RouterStates<'a> {
    /// The relays in order.
    pub fn iter(&self) -> impl Iterator<Item = RouterState<'a>> + use<'a> {
        Args::new(self.0).filter_map(RouterState::parse)
    }
}

impl<'a> FromItem<'a> for RouterStates<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::List(&Kind::Record(&[
        Part::plain("nickname", Kind::Text),
        Part::plain("fingerprint", Kind::Hex),
        Part::plain("is_verified", Kind::Bool),
        Part::plain("is_live", Kind::Bool),
    ])))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let sound = item.args().all(|word| RouterState::parse(word).is_some());
        if sound { Ok(RouterStates(item.args)) } else { Err(Problem::BadArgument("relay")) }
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.list();
        for relay in self.iter() {
            out.map();
            out.key(b"nickname");
            Slot::emit(&relay.nickname, 0, out);
            out.key(b"fingerprint");
            out.hex(&relay.fingerprint.0);
            out.key(b"is_verified");
            out.bool(relay.is_verified());
            out.key(b"is_live");
            out.bool(relay.is_live);
            out.end_map();
        }
        out.end_list();
    }
}
