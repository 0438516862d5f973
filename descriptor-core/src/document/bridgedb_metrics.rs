//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct BridgedbMetrics<'a> = "bridgedb-metrics" in "collector §8.2";

    /// Not there yet.
    "bridgedb-metrics-end" => first: Option<Line<'a>>;
}
