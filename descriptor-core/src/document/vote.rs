//! Vote of a directory authority.

use super::{Authority, RouterStatus, status_rules};
use crate::{schema::descriptor, value::*};

descriptor! {
    /// What one directory authority thinks of all relays; from all votes the consensus is made.
    pub struct Vote<'a> = "network-status-vote-3" in "dir-spec §3.4", check = Some(status_rules::vote);

    /// Version of the format, 3.
    "network-status-version" => network_status_version: StatusVersion<'a, 3>;
    /// `vote`, which tells votes from consensuses.
    "vote-status" => vote_status: &'a [u8];
    /// The consensus methods that the authority knows. Absent if it knows only method 1.
    "consensus-methods" => consensus_methods: Option<Numbers<'a>>;
    /// When the vote was made.
    "published" => published: Timestamp;
    /// From when on the consensus may be used.
    "valid-after" => valid_after: Timestamp;
    /// Until when the consensus is the newest.
    "fresh-until" => fresh_until: Timestamp;
    /// Until when the consensus may be used.
    "valid-until" => valid_until: Timestamp;
    /// How long the authority wants to collect votes and signatures.
    "voting-delay" => voting_delay: VotingDelay;
    /// The versions of tor that clients should run. Absent if the authority recommends none.
    "client-versions" => client_versions: Option<Versions<'a>>;
    /// The versions of tor that relays should run. Absent if the authority recommends none.
    "server-versions" => server_versions: Option<Versions<'a>>;
    /// Packages that the authority vouches for. Tor 0.2.7 to 0.4.7.
    "package" => packages: Vec<Package<'a>>;
    /// The flags that the authority votes about.
    "known-flags" => known_flags: Flags<'a>;
    /// What the authority asks of relays before it gives them flags. Since tor 0.2.4.
    "flag-thresholds" => flag_thresholds: Option<FlagThresholds<'a>>;
    /// Subprotocols that clients should speak. Since tor 0.2.9.
    "recommended-client-protocols" => recommended_client_protocols: Option<Protocols<'a>>;
    /// Subprotocols that relays should speak. Since tor 0.2.9.
    "recommended-relay-protocols" => recommended_relay_protocols: Option<Protocols<'a>>;
    /// Subprotocols without which clients must stop. Since tor 0.2.9.
    "required-client-protocols" => required_client_protocols: Option<Protocols<'a>>;
    /// Subprotocols without which relays must stop. Since tor 0.2.9.
    "required-relay-protocols" => required_relay_protocols: Option<Protocols<'a>>;
    /// The consensus parameters that the authority wants. Since tor 0.2.2.
    "params" => params: Option<Params<'a>>;
    /// The header of the bandwidth file that the weights come from. Since tor 0.3.5.
    "bandwidth-file-headers" => bandwidth_file_headers: Option<Pairs<'a>>;
    /// The digest of that bandwidth file. Since tor 0.4.0.
    "bandwidth-file-digest" => bandwidth_file_digest: Option<FileDigest<'a>>;
    /// The authority, with its certificate.
    "dir-source" => authority: Authority<'a>;
    /// The relays, in order of their fingerprints.
    "r" => entries: Vec<RouterStatus<'a>>;
    /// Whether a line marks the end of the entries. Since consensus method 9.
    "directory-footer" => directory_footer: bool;
    /// The authority's signature.
    "directory-signature" => signatures: Vec<DirectorySignature<'a>>;
}
