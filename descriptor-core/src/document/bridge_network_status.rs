//! Bridge network status (collector §3.1): what a bridge authority says of its bridges.

use super::RouterStatus;
use crate::{schema::descriptor, value::*};

descriptor! {
    /// What a bridge authority says of its bridges, every half hour, as it writes it into `networkstatus-bridges` or as it
    /// is published, sanitized. It is not signed.
    pub struct BridgeNetworkStatus<'a> = "bridge-network-status" in "collector §3.1", first = false;

    /// When the status was made. Absent in originals before 2013 or so; the file's name tells it then.
    "published" => published: Option<Timestamp>, With(StatusPublished);
    /// What the authority wants of a bridge before it gives a flag. Since tor 0.2.4.
    "flag-thresholds" => flag_thresholds: Option<FlagThresholds<'a>>, Keep;
    /// The authority's fingerprint. In sanitized statuses since 2017, in originals since tor 0.4.0.
    "fingerprint" => fingerprint: Option<Fingerprint>, With(Authority);
    /// The bridges, in order of their identities. May be none.
    "r" => entries: Vec<RouterStatus<'a>>;
}
