//! An authority as consensuses and votes name it.

use super::KeyCertificate;
use crate::{schema::descriptor, value::*};

descriptor! {
    /// The part of a consensus or vote about one authority.
    pub struct Authority<'a> = "network-status-authority-3" in "dir-spec §3.4.1";

    /// Nickname, identity, addresses and ports.
    "dir-source" => dir_source: DirSource<'a>;
    /// How to reach who runs it.
    "contact" => contact: Option<Line<'a>>;
    /// The SHA-1 of the authority's vote. Only in consensuses, and not for a legacy identity.
    "vote-digest" => vote_digest: Option<Hex<20>>;
    /// The older identity that the authority also signs with. Only in votes.
    "legacy-dir-key" => legacy_dir_key: Option<Hex<20>>;
    /// Whether the authority takes part in shared randomness. Only in votes, since tor 0.2.9.
    "shared-rand-participate" => is_shared_randomness_participate: bool;
    /// The commitments that the authority knows. Only in votes, since tor 0.2.9.
    "shared-rand-commit" => shared_randomness_commitments: Vec<SharedRandCommit<'a>>;
    /// The random value of the day before, as the authority knows it. Only in votes, since tor 0.2.9.
    "shared-rand-previous-value" => shared_rand_previous: Option<SharedRandValue>;
    /// The random value of the day, as the authority knows it. Only in votes, since tor 0.2.9.
    "shared-rand-current-value" => shared_rand_current: Option<SharedRandValue>;
    /// The certificate of the key that signs the vote. Only in votes.
    "dir-key-certificate-version" => certificate: Option<KeyCertificate<'a>>;
}
