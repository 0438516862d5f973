//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct DetachedSignatures<'a> = "detached-signature-3" in "dir-spec §3.10";

    /// Not there yet.
    "consensus-digest" => first: Option<Line<'a>>;
}
