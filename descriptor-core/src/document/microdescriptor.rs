//! Microdescriptor (dir-spec §3.3): what clients need to know of a relay, made by the authorities.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// What clients need to know of a relay, the parts of its server descriptor that change seldom. Authorities make it
    /// by rules that depend on the consensus method, so that all make the same.
    pub struct Microdescriptor<'a> = "microdescriptor" in "dir-spec §3.3";

    /// The key of the first handshake, RSA. The line begins each document; its key is absent since consensus method 36.
    "onion-key" => onion_key: OptionalKey<'a>;
    /// The key of the ntor handshake, Curve25519. Since consensus method 16; absent if the relay has none.
    "ntor-onion-key" => ntor_onion_key: Option<Base64<32>>;
    /// Further addresses at which the relay listens. In consensus methods 14 to 27, then in the consensus.
    "a" => or_addresses: Vec<OrAddress>;
    /// The relays that the operator says are theirs too.
    "family" => family: Option<Family<'a>>;
    /// The families that the relay is in, such as `ed25519:KEY`. Since consensus method 35.
    "family-ids" => family_ids: Option<Words<'a>>;
    /// The exit policy for IPv4, in short. Absent means `reject 1-65535`.
    "p" => exit_policy: Option<PortPolicy<'a>>;
    /// The exit policy for IPv6, in short. Since consensus method 15. Absent means `reject 1-65535`.
    "p6" => ipv6_policy: Option<PortPolicy<'a>>;
    /// The identities of the relay.
    "id" => id: Identities;
    /// The subprotocols that the relay speaks. In no consensus method so far, but tor reads it.
    "pr" => proto: Option<Protocols<'a>>;
}
