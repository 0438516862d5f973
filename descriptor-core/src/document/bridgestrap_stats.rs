//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct BridgestrapStats<'a> = "bridgestrap-stats" in "collector §8.3";

    /// Not there yet.
    "bridgestrap-stats-end" => first: Option<Line<'a>>;
}
