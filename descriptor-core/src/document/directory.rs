//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct Directory<'a> = "directory" in "dir-spec-v1 §3";

    /// Not there yet.
    "signed-directory" => first: Option<Line<'a>>;
}
