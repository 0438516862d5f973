//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct BridgeNetworkStatus<'a> = "bridge-network-status" in "collector §3.4";

    /// Not there yet.
    "published" => first: Option<Line<'a>>;
}
