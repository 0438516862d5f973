//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct OnionPerfAnalysis<'a> = "onionperf" in "collector §6";

    /// Not there yet.
    "json" => first: Option<Line<'a>>;
}

/// Whether a text is the JSON of an OnionPerf analysis.
pub(crate) fn detect(_text: &[u8]) -> bool {
    false
}
