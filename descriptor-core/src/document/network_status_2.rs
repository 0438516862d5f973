//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct NetworkStatus2<'a> = "network-status-2" in "dir-spec-v2 §3";

    /// Not there yet.
    "network-status-version" => first: Option<Line<'a>>;
}
