//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct HiddenService<'a> = "hidden-service-descriptor" in "rend-spec-v2 §1.3";

    /// Not there yet.
    "rendezvous-service-descriptor" => first: Option<Line<'a>>;
}
