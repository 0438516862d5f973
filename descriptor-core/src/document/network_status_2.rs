//! Network status version 2, until 2012: what one authority thinks of all relays.

use super::RouterStatus;
use crate::{schema::descriptor, value::*};

descriptor! {
    /// What one directory authority thinks of all relays. Clients read several of them and compared.
    pub struct NetworkStatus2<'a> = "network-status-2" in "dir-spec-v2 §3", blank_lines = true;

    /// Version of the format, 2.
    "network-status-version" => network_status_version: Version<2>;
    /// Where the authority is.
    "dir-source" => dir_source: DirSource2<'a>;
    /// The SHA-1 of the authority's identity key.
    "fingerprint" => fingerprint: Hex<20>;
    /// How to reach who runs it.
    "contact" => contact: Option<Line<'a>>;
    /// The key that signs the document: the authority's identity key, RSA.
    "dir-signing-key" => dir_signing_key: Object<'a>;
    /// The versions of tor that clients should run. Absent unless the authority has the option `Versions`.
    "client-versions" => client_versions: Option<Versions<'a>>;
    /// The versions of tor that relays should run. Absent unless the authority has the option `Versions`.
    "server-versions" => server_versions: Option<Versions<'a>>;
    /// When the document was made.
    "published" => published: Timestamp;
    /// What the authority decides on: `Names`, `Versions`, `BadExits`, `BadDirectories`.
    "dir-options" => dir_options: Option<Words<'a>>;
    /// The relays, in order of their fingerprints.
    "r" => entries: Vec<RouterStatus<'a>>;
    /// The authority's nickname and signature.
    "directory-signature" => directory_signature: NamedSignature<'a>;
}

impl<'a> NetworkStatus2<'a> {
    /// The entry of a relay.
    pub fn entry(&self, fingerprint: &Fingerprint) -> Option<&RouterStatus<'a>> {
        self.entries.iter().find(|entry| entry.r.fingerprint == *fingerprint)
    }
}
