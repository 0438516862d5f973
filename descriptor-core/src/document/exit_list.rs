//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct ExitList<'a> = "tordnsel" in "collector §4";

    /// Not there yet.
    "Downloaded" => first: Option<Line<'a>>;
}
