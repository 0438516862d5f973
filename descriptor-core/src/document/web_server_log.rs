//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct WebServerLog<'a> = "web-server-access-log" in "collector §7";

    /// Not there yet.
    "line" => first: Option<Line<'a>>;
}
