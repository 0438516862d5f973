//! Server descriptor (dir-spec §2.1.1): what a relay or bridge says about itself.

use std::net::Ipv4Addr;

use crate::{
    netdoc::Item,
    schema::{FromItem, Kind, Part, Problem, Sink, descriptor},
    value::*,
};

descriptor! {
    /// What a relay says about itself. Relays publish one when something changes, and at least every 18 hours.
    pub struct ServerDescriptor<'a> = "server-descriptor" in "dir-spec §2.1.1";

    /// Nickname, IPv4 address and ports of the relay.
    "router" => router: Router<'a>;
    /// The certificate of the relay's Ed25519 signing key. Absent before tor 0.2.7.
    "identity-ed25519" => identity_ed25519: Option<Pem<'a>>;
    /// The relay's Ed25519 identity. Absent before tor 0.2.7.
    "master-key-ed25519" => master_key_ed25519: Option<Base64<32>>;
    /// Further addresses at which the relay listens, usually one for IPv6.
    "or-address" => or_addresses: Vec<OrAddress>;
    /// The software and operating system.
    "platform" => platform: Option<Line<'a>>;
    /// The subprotocols that the relay speaks. Absent before tor 0.2.9.
    "proto" => proto: Option<Protocols<'a>>;
    /// Link and circuit protocol versions, as `Link 1 2 Circuit 1`. Until tor 0.2.9.
    "protocols" => protocols: Option<Line<'a>>;
    /// When the descriptor was made.
    "published" => published: Timestamp;
    /// The relay's fingerprint. Absent in some descriptors before 2006.
    "fingerprint" => fingerprint: Option<SpacedFingerprint>;
    /// How long the relay has run. Unit: seconds.
    "uptime" => uptime: Option<Seconds>;
    /// Average, burst and observed bandwidth.
    "bandwidth" => bandwidth: Bandwidth;
    /// Digests of the extra-info descriptor that belongs to this one.
    "extra-info-digest" => extra_info_digest: Option<ExtraInfoDigest>;
    /// The key for the first hop of old circuits, RSA.
    "onion-key" => onion_key: Option<Pem<'a>>;
    /// The identity key, RSA.
    "signing-key" => signing_key: Option<Pem<'a>>;
    /// The identity, signed by the onion key.
    "onion-key-crosscert" => onion_key_crosscert: Option<Pem<'a>>;
    /// The identity, signed by the ntor onion key, and the sign bit of that key as Ed25519 key.
    "ntor-onion-key-crosscert" => ntor_onion_key_crosscert: Option<Pem<'a>>;
    /// Whether the relay stores onion service descriptors.
    "hidden-service-dir" => hidden_service_dir: Option<Line<'a>>;
    /// The operator's contact.
    "contact" => contact: Option<Line<'a>>;
    /// How the bridge wants to be given out.
    "bridge-distribution-request" => bridge_distribution_request: Option<Line<'a>>;
    /// Whether the relay is about to stop for a while.
    "hibernating" => hibernating: Option<Line<'a>>;
    /// The relays that the operator says are theirs too.
    "family" => family: Option<Words<'a>>;
    /// Certificates of the families that the relay is in.
    "family-cert" => family_cert: Vec<Pem<'a>>;
    /// The key for circuits by ntor, Curve25519.
    "ntor-onion-key" => ntor_onion_key: Option<Base64<32>>;
    /// The exit policy.
    "accept" | "reject" => exit_policy: Vec<PolicyRule<'a>>;
    /// The exit policy for IPv6, in short.
    "ipv6-policy" => ipv6_policy: Option<PortPolicy<'a>>;
    /// Whether the relay answers directory requests through its OR port.
    "tunnelled-dir-server" => tunnelled_dir_server: bool;
    /// Whether the relay stores extra-info descriptors.
    "caches-extra-info" => caches_extra_info: bool;
    /// Whether the relay allows circuits of one hop.
    "allow-single-hop-exits" => allow_single_hop_exits: bool;
    /// Bytes read; until 2007, then in extra-info descriptors.
    "read-history" => read_history: Option<BandwidthHistory<'a>>;
    /// Bytes written.
    "write-history" => write_history: Option<BandwidthHistory<'a>>;
    /// Whether the relay resolves names by eventdns.
    "eventdns" => eventdns: Option<Line<'a>>;
    /// When the relay was last overloaded.
    "overload-general" => overload_general: Option<Line<'a>>;
    /// Ed25519 signature.
    "router-sig-ed25519" => router_sig_ed25519: Option<Line<'a>>;
    /// RSA signature.
    "router-signature" => router_signature: Option<Pem<'a>>;
}

/// The `router` line: `router NICKNAME ADDRESS ORPORT SOCKSPORT DIRPORT`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Router<'a> {
    /// Nickname, 1 to 19 letters and digits.
    pub nickname: &'a [u8],
    /// IPv4 address.
    pub address: Ipv4Addr,
    /// OR port.
    pub or_port: u16,
    /// SOCKS port; 0 since 2006.
    pub socks_port: u16,
    /// Directory port; 0 if there is none.
    pub dir_port: u16,
}

impl Default for Router<'_> {
    fn default() -> Self {
        Router { nickname: b"", address: Ipv4Addr::UNSPECIFIED, or_port: 0, socks_port: 0, dir_port: 0 }
    }
}

impl<'a> FromItem<'a> for Router<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("nickname", Kind::Text),
        Part::plain("address", Kind::Address),
        Part::plain("or_port", Kind::Int("")),
        Part::plain("socks_port", Kind::Int("")),
        Part::plain("dir_port", Kind::Int("")),
    ];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        Ok(Router {
            nickname: args.text("nickname")?,
            address: args.value("address")?,
            or_port: args.value("ORPort")?,
            socks_port: args.value("SOCKSPort")?,
            dir_port: args.value("DirPort")?,
        })
    }

    fn emit(&self, part: usize, out: &mut dyn Sink) {
        match part {
            0 => out.text(self.nickname),
            1 => out.address(self.address.into()),
            2 => out.int(self.or_port.into()),
            3 => out.int(self.socks_port.into()),
            _ => out.int(self.dir_port.into()),
        }
    }
}

/// The `bandwidth` line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bandwidth {
    /// What the relay is willing to sustain. Unit: bytes per second.
    pub average: u64,
    /// What it is willing to sustain for a short time. Unit: bytes per second.
    pub burst: u64,
    /// What it has been seen to handle. Unit: bytes per second. Absent in some descriptors of 2004.
    pub observed: Option<u64>,
}

impl<'a> FromItem<'a> for Bandwidth {
    const PARTS: &'static [Part] = &[
        Part::of("average", Kind::Int("bytes per second")),
        Part::of("burst", Kind::Int("bytes per second")),
        Part::of("observed", Kind::Int("bytes per second")),
    ];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let (average, burst) = (args.value("average bandwidth")?, args.value("burst bandwidth")?);
        let observed = match args.rest() {
            [] => None,
            _ => Some(args.value("observed bandwidth")?),
        };
        Ok(Bandwidth { average, burst, observed })
    }

    fn emit(&self, part: usize, out: &mut dyn Sink) {
        let value = match part {
            0 => Some(self.average),
            1 => Some(self.burst),
            _ => self.observed,
        };
        match value {
            Some(value) => out.int(i64::try_from(value).unwrap_or(i64::MAX)),
            None => out.null(),
        }
    }
}

/// The `extra-info-digest` line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ExtraInfoDigest {
    /// SHA-1 of the extra-info descriptor.
    pub sha1: Hex<20>,
    /// SHA-256 of the extra-info descriptor. Absent before tor 0.2.7.
    pub sha256: Option<Base64<32>>,
}

impl<'a> FromItem<'a> for ExtraInfoDigest {
    const PARTS: &'static [Part] = &[Part::of("sha1", Kind::Hex), Part::of("sha256", Kind::Base64)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let sha1 = args.value("SHA-1 digest")?;
        let sha256 = match args.rest() {
            [] => None,
            _ => Some(args.value("SHA-256 digest")?),
        };
        Ok(ExtraInfoDigest { sha1, sha256 })
    }

    fn emit(&self, part: usize, out: &mut dyn Sink) {
        match (part, &self.sha256) {
            (0, _) => out.hex(&self.sha1.0),
            (_, Some(digest)) => out.base64(&digest.0),
            _ => out.null(),
        }
    }
}
