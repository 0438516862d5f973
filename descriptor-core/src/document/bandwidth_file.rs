//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct BandwidthFile<'a> = "bandwidth-file" in "bandwidth-file-spec §2";

    /// Not there yet.
    "timestamp" => first: Option<Line<'a>>;
}
