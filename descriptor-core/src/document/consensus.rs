//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct Consensus<'a> = "network-status-consensus-3" in "dir-spec §3.4";

    /// Not there yet.
    "network-status-version" => first: Option<Line<'a>>;
}
