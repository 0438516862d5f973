//! Onion service descriptor, version 3, outer layer (rend-spec-v3 §2.4).

use crate::{schema::descriptor, value::*};

descriptor! {
    /// The part of an onion service descriptor that is not encrypted. Since tor 0.3.2.
    pub struct HiddenService3<'a> = "hidden-service-descriptor-3" in "rend-spec-v3 §2.4";

    /// The version of the format: 3.
    "hs-descriptor" => version: Version<3>;
    /// How long the descriptor is good. Unit: minutes.
    "descriptor-lifetime" => lifetime: u32;
    /// The certificate of the key that signed the descriptor, by the blinded key of the service.
    "descriptor-signing-key-cert" => signing_cert: Object<'a>;
    /// Grows with each descriptor of the same blinded key.
    "revision-counter" => revision_counter: u64;
    /// The first encrypted layer.
    "superencrypted" => superencrypted: Object<'a>;
    /// The signature of all above.
    "signature" => signature: Base64<64>;
}
