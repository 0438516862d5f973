//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct KeyCertificate<'a> = "dir-key-certificate-3" in "dir-spec §3.1";

    /// Not there yet.
    "dir-key-certificate-version" => first: Option<Line<'a>>;
}
