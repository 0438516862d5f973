//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct ConsensusDiff<'a> = "network-status-diff-3" in "dir-spec §4.4.1";

    /// Not there yet.
    "network-status-diff-version" => first: Option<Line<'a>>;
}
