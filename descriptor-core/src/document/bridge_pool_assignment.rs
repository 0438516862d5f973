//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct BridgePoolAssignment<'a> = "bridge-pool-assignment" in "collector §5";

    /// Not there yet.
    "bridge-pool-assignment" => first: Option<Line<'a>>;
}
