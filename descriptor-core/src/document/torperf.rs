//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct TorperfResult<'a> = "torperf" in "collector §6";

    /// Not there yet.
    "SOURCE" => first: Option<Line<'a>>;
}

/// Whether a line is a Torperf result: `KEY=value` pairs, `SOURCE=` among them.
pub(crate) fn detect(_text: &[u8]) -> bool {
    false
}
