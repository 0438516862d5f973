//! Relay extra-info descriptor (dir-spec §2.1.2).
use crate::{schema::descriptor, value::*};

descriptor! {
    /// Statistics that a relay publishes beside its server descriptor.
    pub struct ExtraInfo<'a> = "extra-info" in "dir-spec §2.1.2";

    /// Nickname and fingerprint.
    "extra-info" => extra_info: Line<'a>;
    /// When it was made.
    "published" => published: Timestamp;
}
