//! Consensus of the directory authorities, both flavours and every consensus method since 2007.

use super::{Authority, RouterStatus, status_rules};
use crate::{schema::descriptor, value::*};

descriptor! {
    /// What the directory authorities agree on: which relays there are, and what they are good for. One an hour.
    pub struct Consensus<'a> = "network-status-consensus-3" in "dir-spec §3.4", check = Some(status_rules::consensus);

    /// Version of the format, 3, and flavour.
    "network-status-version" => network_status_version: StatusVersion<'a, 3>;
    /// `consensus`.
    "vote-status" => vote_status: &'a [u8];
    /// By which rules the consensus was made out of the votes. Absent for method 1.
    "consensus-method" => consensus_method: Option<u32>;
    /// From when on it may be used.
    "valid-after" => valid_after: Timestamp;
    /// Until when it is the newest.
    "fresh-until" => fresh_until: Timestamp;
    /// Until when it may be used.
    "valid-until" => valid_until: Timestamp;
    /// How long the authorities collect votes and signatures.
    "voting-delay" => voting_delay: VotingDelay;
    /// The versions of tor that clients should run. Absent if no authority recommends any.
    "client-versions" => client_versions: Option<Versions<'a>>;
    /// The versions of tor that relays should run. Absent if no authority recommends any.
    "server-versions" => server_versions: Option<Versions<'a>>;
    /// Packages that the authorities vouch for. Consensus methods 19 to 33.
    "package" => packages: Vec<Package<'a>>;
    /// The flags that entries may have.
    "known-flags" => known_flags: Flags<'a>;
    /// Subprotocols that clients should speak. Since consensus method 25.
    "recommended-client-protocols" => recommended_client_protocols: Option<Protocols<'a>>;
    /// Subprotocols that relays should speak. Since consensus method 25.
    "recommended-relay-protocols" => recommended_relay_protocols: Option<Protocols<'a>>;
    /// Subprotocols without which clients must stop. Since consensus method 25.
    "required-client-protocols" => required_client_protocols: Option<Protocols<'a>>;
    /// Subprotocols without which relays must stop. Since consensus method 25.
    "required-relay-protocols" => required_relay_protocols: Option<Protocols<'a>>;
    /// Consensus parameters. Since consensus method 7.
    "params" => params: Option<Params<'a>>;
    /// The shared random value of the day before. Since consensus method 23.
    "shared-rand-previous-value" => shared_rand_previous: Option<SharedRandValue>;
    /// The shared random value of the day. Since consensus method 23.
    "shared-rand-current-value" => shared_rand_current: Option<SharedRandValue>;
    /// The authorities whose votes were counted.
    "dir-source" => authorities: Vec<Authority<'a>>;
    /// The relays, in order of their fingerprints.
    "r" => entries: Vec<RouterStatus<'a>>;
    /// Whether a line marks the end of the entries. Since consensus method 9.
    "directory-footer" => directory_footer: bool;
    /// How much of each kind of relay's bandwidth each position gets, in units of 1/10000. Since consensus method 9.
    "bandwidth-weights" => bandwidth_weights: Option<Params<'a>>;
    /// The authorities' signatures.
    "directory-signature" => signatures: Vec<DirectorySignature<'a>>;
}

impl<'a> Consensus<'a> {
    /// The entry of a relay.
    pub fn entry(&self, fingerprint: &Fingerprint) -> Option<&RouterStatus<'a>> {
        match self.entries.binary_search_by(|entry| entry.r.fingerprint.cmp(fingerprint)) {
            Ok(index) => self.entries.get(index),
            // Entries are sorted in every consensus that is sound; to find that one is not costs as much as to search.
            Err(_) => self.entries.iter().find(|entry| entry.r.fingerprint == *fingerprint),
        }
    }

    /// Whether relays should run a version. `None` if the consensus recommends none.
    pub fn recommends_for_relays(&self, version: &TorVersion<'_>) -> Option<bool> {
        self.server_versions.map(|versions| versions.recommends(version))
    }

    /// Whether clients should run a version. `None` if the consensus recommends none.
    pub fn recommends_for_clients(&self, version: &TorVersion<'_>) -> Option<bool> {
        self.client_versions.map(|versions| versions.recommends(version))
    }
}
