//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct Microdescriptor<'a> = "microdescriptor" in "dir-spec §3.3";

    /// Not there yet.
    "onion-key" => first: Option<Line<'a>>;
}
