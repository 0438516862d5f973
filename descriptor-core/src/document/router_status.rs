//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct RouterStatus<'a> = "network-status-entry-3" in "dir-spec §3.4.1";

    /// Not there yet.
    "r" => first: Option<Line<'a>>;
}
