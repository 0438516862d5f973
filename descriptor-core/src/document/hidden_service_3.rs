//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct HiddenService3<'a> = "hidden-service-descriptor-3" in "rend-spec-v3 §2.4";

    /// Not there yet.
    "hs-descriptor" => first: Option<Line<'a>>;
}
