//! Server descriptor (dir-spec §2.1.1): what a relay or bridge says about itself.

use std::net::IpAddr;

use super::order::{certificate_second, missing, signature_last};
use crate::{
    schema::{Reader, descriptor},
    value::*,
};

descriptor! {
    /// What a relay or bridge says about itself. Relays publish one when something changes, and at least every 18 hours.
    /// Sanitized bridges (collector §3.2) have no keys and no signatures, but the digests of their original.
    pub struct ServerDescriptor<'a> = "server-descriptor" in "dir-spec §2.1.1", check = Some(check);

    /// Nickname, IPv4 address and ports of the relay.
    "router" => router: Router<'a>, With(Router);
    /// The certificate of the relay's Ed25519 signing key. Absent before tor 0.2.7 and in sanitized bridges.
    "identity-ed25519" => identity_ed25519: Option<Ed25519Cert<'a>>, With(IdentityEd25519);
    /// The relay's Ed25519 identity; of a sanitized bridge, the SHA-256 of it. Absent before tor 0.2.7.
    "master-key-ed25519" => master_key_ed25519: Option<Base64<32>>, With(MasterKeyEd25519);
    /// Further addresses at which the relay listens, usually one for IPv6. Since tor 0.2.3.
    "or-address" => or_addresses: Vec<OrAddress>, With(OrAddress);
    /// The software and operating system. Absent in some descriptors of 2004.
    "platform" => platform: Option<Line<'a>>, Keep;
    /// The subprotocols that the relay speaks. Absent before tor 0.2.9.
    "proto" => proto: Option<Protocols<'a>>, Keep;
    /// Versions of the link and circuit protocols. From tor 0.2.0 to 0.2.9.
    "protocols" => protocols: Option<LinkCircuit<'a>>, Opt(&Keep);
    /// When the descriptor was made.
    "published" => published: Timestamp, With(Published);
    /// The relay's fingerprint; of a sanitized bridge, the SHA-1 of it. Absent in some descriptors before 2006.
    "fingerprint" => fingerprint: Option<SpacedFingerprint>, Opt(&With(Fingerprint));
    /// Whether the relay is about to stop for a while. Absent means no.
    "hibernating" => hibernating: Option<Switch>, Opt(&Keep);
    /// How long the relay has run. Unit: seconds. Negative in some descriptors of 2006, whose clocks had jumped.
    "uptime" => uptime: Option<Seconds>, Keep;
    /// Average, burst and observed bandwidth. Unit: bytes per second.
    "bandwidth" => bandwidth: Bandwidth, Keep;
    /// Digests of the extra-info descriptor that belongs to this one. Absent if there is none, as before tor 0.2.0.
    "extra-info-digest" => extra_info_digest: Option<ExtraInfoDigest>, Opt(&With(ExtraInfoDigest));
    /// The key of the first handshake, RSA. Absent in sanitized bridges; not needed since tor 0.4.9.
    "onion-key" => onion_key: Option<RsaKey<'a>>, Drop;
    /// The identity key, RSA. Absent in sanitized bridges.
    "signing-key" => signing_key: Option<RsaKey<'a>>, Drop;
    /// The identities, signed by the onion key. Absent before tor 0.2.7 and in sanitized bridges.
    "onion-key-crosscert" => onion_key_crosscert: Option<CrossCertificate<'a>>, Drop;
    /// The identity, signed by the ntor onion key. Absent before tor 0.2.7 and in sanitized bridges.
    "ntor-onion-key-crosscert" => ntor_onion_key_crosscert: Option<NtorCrossCert<'a>>, Drop;
    /// Whether the relay stores onion service descriptors, and of which versions. Absent means no.
    "hidden-service-dir" => hidden_service_dir: Option<HiddenServiceDir<'a>>, Opt(&KeepBare);
    /// How to reach the operator. Absent if the operator gives none.
    "contact" => contact: Option<Line<'a>>, With(Contact);
    /// How the bridge wants to be given out, such as `moat` or `none`. Absent in relays and before tor 0.3.2.
    "bridge-distribution-request" => bridge_distribution_request: Option<Line<'a>>, Keep;
    /// The relays that the operator says are theirs too.
    "family" => family: Option<Family<'a>>, With(Family);
    /// Certificates of the families that the relay is in. Since tor 0.4.9.
    "family-cert" => family_cert: Vec<FamilyCert<'a>>, Since(Current, &Drop, "it holds the family's key, which the other members of the family, public relays among them, have too");
    /// The key of the ntor handshake, Curve25519. Absent before tor 0.2.4.
    "ntor-onion-key" => ntor_onion_key: Option<Base64<32>>, Keep;
    /// The exit policy for IPv4, in order; the first rule that fits decides.
    "accept" | "reject" | "accept6" | "reject6" => exit_policy: ExitPolicy<'a>, With(Policy);
    /// The exit policy for IPv6, in short. Absent means `reject 1-65535`. Since tor 0.2.4.
    "ipv6-policy" => ipv6_policy: Option<PortPolicy<'a>>, Keep;
    /// Whether the relay answers directory requests through its OR port. Since tor 0.2.8.
    "tunnelled-dir-server" => tunnelled_dir_server: bool, KeepBare;
    /// Whether the relay stores extra-info descriptors.
    "caches-extra-info" => caches_extra_info: bool, Opt(&KeepBare);
    /// Whether the relay allows exits by circuits of one hop. Until tor 0.2.9.
    "allow-single-hop-exits" => allow_single_hop_exits: bool, Opt(&KeepBare);
    /// Bytes read. Until tor 0.2.0, then in extra-info descriptors.
    "read-history" => read_history: Option<BandwidthHistory<'a>>;
    /// Bytes written. Until tor 0.2.0, then in extra-info descriptors.
    "write-history" => write_history: Option<BandwidthHistory<'a>>;
    /// Bytes read by IPv6. In extra-info descriptors, but allowed here.
    "ipv6-read-history" => ipv6_read_history: Option<BandwidthHistory<'a>>;
    /// Bytes written by IPv6. In extra-info descriptors, but allowed here.
    "ipv6-write-history" => ipv6_write_history: Option<BandwidthHistory<'a>>;
    /// Whether the relay resolves names by eventdns. Absent means no before tor 0.1.2 and yes since then.
    "eventdns" => eventdns: Option<Switch>, Since(Current, &Keep, "a switch of old versions");
    /// When the relay was last overloaded in general. Absent if not within three days. Since tor 0.4.6.
    "overload-general" => overload_general: Option<Overload>, Since(Collector1_18, &KeepVersion1, "it tells the hour of an overload and no address");
    /// The Ed25519 signature over all before it. Absent before tor 0.2.7 and in sanitized bridges.
    "router-sig-ed25519" => router_sig_ed25519: Option<Base64<64>>, Drop;
    /// The RSA signature over all before it. Absent in sanitized bridges.
    "router-signature" => router_signature: Option<Signature<'a>>, End;
    /// The SHA-1 of the SHA-1 of a sanitized bridge's original. Absent in relays and before 2012.
    "router-digest" => router_digest: Option<Hex<20>>;
    /// The SHA-256 of the SHA-256 of a sanitized bridge's original. Absent in relays and before tor 0.2.7.
    "router-digest-sha256" => router_digest_sha256: Option<Base64<32>>;
}

impl<'a> ServerDescriptor<'a> {
    /// The version of tor, by [`platform`](Self::platform).
    pub fn tor_version(&self) -> Option<TorVersion<'a>> {
        TorVersion::of_platform(self.platform?.0)
    }

    /// The operating system, what stands after ` on ` in [`platform`](Self::platform).
    pub fn operating_system(&self) -> Option<&'a [u8]> {
        let platform = self.platform?.0;
        memchr::memmem::find(platform, b" on ").map(|at| &platform[at + 4..])
    }

    /// Whether the relay lets a connection out: by [`exit_policy`](Self::exit_policy) to IPv4 addresses, by
    /// [`ipv6_policy`](Self::ipv6_policy) to IPv6 addresses.
    pub fn allows(&self, address: IpAddr, port: u16) -> bool {
        match address {
            IpAddr::V4(_) => self.exit_policy.allows(address, port),
            IpAddr::V6(_) => self.ipv6_policy.is_some_and(|policy| policy.allows(port)),
        }
    }
}

/// The rules between lines that every document obeys and that cost nothing to check. Dearer ones are in
/// [`inconsistencies`](super::inconsistencies).
fn check<'a>(descriptor: &ServerDescriptor<'a>, reader: &mut Reader<'a>) {
    if descriptor.exit_policy.is_empty() {
        missing(descriptor.raw, "reject", reader);
    }
    if descriptor.signing_key.is_some() && descriptor.router_signature.is_none() {
        missing(descriptor.raw, "router-signature", reader);
    }
    if descriptor.router_signature.is_some() && descriptor.signing_key.is_none() {
        missing(descriptor.raw, "signing-key", reader);
    }
    certificate_second(descriptor.raw, descriptor.identity_ed25519.as_ref(), reader);
    signature_last(descriptor.raw, descriptor.router_signature.as_ref(), reader);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{netdoc::frames, schema::parse};

    #[test]
    fn a_platform_tells_version_and_system() {
        let text = b"router a 1.2.3.4 1 0 0\nplatform Tor 0.2.2.35 (git-b04388f9e7546a9f) on Linux i686\n\
            ipv6-policy accept 80\nreject *:*\n";
        let frame = frames(text, None).next().expect("a frame");
        let descriptor = parse::<ServerDescriptor<'_>>(frame).partial;
        assert_eq!(descriptor.tor_version(), TorVersion::parse(b"0.2.2.35"));
        assert_eq!(descriptor.operating_system(), Some(&b"Linux i686"[..]));
        let (v4, v6) = (IpAddr::from([1, 1, 1, 1]), IpAddr::from([0x2001, 0, 0, 0, 0, 0, 0, 1]));
        assert!(!descriptor.allows(v4, 80) && descriptor.allows(v6, 80) && !descriptor.allows(v6, 81));
    }
}
