//! Onion service descriptor, version 2 (rend-spec-v2 §1.3).

use crate::{schema::descriptor, value::*};

descriptor! {
    /// How an onion service of version 2 can be reached. Until 2021.
    pub struct HiddenService<'a> = "hidden-service-descriptor" in "rend-spec-v2 §1.3";

    /// The descriptor's identifier, base32; it changes daily.
    "rendezvous-service-descriptor" => descriptor_id: &'a [u8];
    /// The version of the format: 2.
    "version" => version: Version<2>;
    /// The service's key, RSA.
    "permanent-key" => permanent_key: Object<'a>;
    /// What proves that the identifier belongs to the key and the day, base32.
    "secret-id-part" => secret_id_part: &'a [u8];
    /// When it was made, rounded down to the hour.
    "publication-time" => published: Timestamp;
    /// The versions of the rendezvous protocol that the service speaks.
    "protocol-versions" => protocol_versions: Numbers<'a>;
    /// The introduction points, perhaps encrypted. Absent if there are none.
    "introduction-points" => introduction_points: Option<Object<'a>>;
    /// The signature of all above by the permanent key.
    "signature" => signature: Object<'a>;
}

impl HiddenService<'_> {
    /// The text of the introduction points, if it is base64. If the service demands authorization, it is encrypted.
    pub fn introduction_points_content(&self) -> Option<Vec<u8>> {
        self.introduction_points?.decode()
    }
}
