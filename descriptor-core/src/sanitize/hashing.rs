//! Keyed hashes of addresses and ports, with a secret a month (collector §3.3).

use std::net::{Ipv4Addr, Ipv6Addr};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::value::Fingerprint;

/// What the hashes of a month are keyed with. It never leaves the process but to its file.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; Secret::LENGTH]);

impl Secret {
    /// How many bytes a secret has: 31 for IPv4 addresses, 19 for IPv6 addresses, 33 for ports.
    pub const LENGTH: usize = 83;

    /// A secret of these bytes.
    pub const fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Secret(bytes)
    }

    /// The bytes, for the file of secrets.
    pub fn bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

/// Shows nothing of the secret.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// The hashes of one bridge in one month.
#[derive(Debug, Clone, Copy)]
pub struct Keyed<'s> {
    /// Who the bridge is, not hashed.
    pub fingerprint: Fingerprint,
    /// The secret of the month; `None` gives fixed values instead of hashes, as CollecTor does without
    /// `ReplaceIpAddressesWithHashes`.
    pub secret: Option<&'s Secret>,
}

impl Keyed<'_> {
    /// What stands for an IPv4 address: one in `10.0.0.0/8`.
    pub fn ipv4(&self, address: Ipv4Addr) -> Ipv4Addr {
        let Some(Secret(secret)) = self.secret else { return Ipv4Addr::LOCALHOST };
        let [a, b, c, ..] = self.digest(&address.octets(), &secret[..31]);
        Ipv4Addr::new(10, a, b, c)
    }

    /// What stands for an IPv6 address, in brackets: one in `fd9f:2e19:3bcf::/48`, of the hash's *last* three bytes.
    pub fn ipv6(&self, address: Ipv6Addr) -> String {
        let Some(Secret(secret)) = self.secret else { return "[fd9f:2e19:3bcf::]".to_owned() };
        let [.., a, b, c] = self.digest(&address.octets(), &secret[31..50]);
        format!("[fd9f:2e19:3bcf::{a:02x}:{b:02x}{c:02x}]")
    }

    /// What stands for a port: 0 for 0, else one from 49152 on.
    pub fn port(&self, port: u16) -> u16 {
        match (port, self.secret) {
            (0, _) => 0,
            (_, None) => 1,
            (_, Some(Secret(secret))) => {
                let [high, low, ..] = self.digest(&port.to_be_bytes(), &secret[50..]);
                (u16::from_be_bytes([high, low]) >> 2) | 0xC000
            }
        }
    }

    fn digest(&self, value: &[u8], secret: &[u8]) -> [u8; 32] {
        let hash = Sha256::new().chain_update(value).chain_update(self.fingerprint.0).chain_update(secret);
        hash.finalize().into()
    }
}

/// What stands for an identity or a SHA-1 digest: its SHA-1.
pub fn sha1(digest: &[u8]) -> [u8; 20] {
    Sha1::digest(digest).into()
}

/// What stands for an ed25519 key or a SHA-256 digest: its SHA-256.
pub fn sha256(digest: &[u8]) -> [u8; 32] {
    Sha256::digest(digest).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(secret: &Secret) -> Keyed<'_> {
        let fingerprint = Fingerprint::from_hex(b"46D4A71197B8FA515A826C6B017C522FE264655B").expect("hex");
        Keyed { fingerprint, secret: Some(secret) }
    }

    /// The worked examples of collector §3.10.
    #[test]
    fn hashes_are_collectors() {
        let mut bytes = [0; Secret::LENGTH];
        let hex = "8ad0d1410d64256bdaa3977427f6db012c5809082a464c658d651304e25654902ed0df551c8eed19913ab7aaf6243cb3\
                   adc0f4a4b93ee77991b8c572ea25ca2ea5cd311dabe2f8b72243837ec88bcb0c758657";
        const_hex::decode_to_slice(hex, &mut bytes).expect("hex");
        let secret = Secret::new(bytes);
        let keyed = keyed(&secret);
        for (address, hash) in [
            ("198.50.200.131", "10.51.223.72"),
            ("1.2.3.4", "10.105.240.206"),
            ("0.0.0.0", "10.46.73.146"),
            ("255.255.255.255", "10.3.187.139"),
        ] {
            assert_eq!(keyed.ipv4(address.parse().expect("IPv4")).to_string(), hash);
        }
        for (address, hash) in [
            ("2:5:2:5:2:5:2:5", "0c:b8a6"),
            ("2001:db8::1", "f8:743d"),
            ("::1", "09:1dbc"),
            ("::", "89:f628"),
            ("::ffff:1.2.3.4", "60:4521"),
            ("2001:DB8:0:0:8:800:200C:417A", "3a:ba3f"),
        ] {
            let expected = format!("[fd9f:2e19:3bcf::{hash}]");
            assert_eq!(keyed.ipv6(address.parse().expect("IPv6")), expected);
        }
        for (port, hash) in
            [(0, 0), (8008, 56172), (25, 59690), (1, 58578), (80, 64039), (443, 55045), (65535, 62615)]
        {
            assert_eq!(keyed.port(port), hash);
        }
        let zeros = Keyed { fingerprint: Fingerprint::default(), secret: Some(&secret) };
        assert_eq!(zeros.ipv4(Ipv4Addr::new(1, 2, 3, 4)).to_string(), "10.99.232.215");
        assert_eq!(zeros.port(443), 60994);
        let identity = crate::value::Hex(sha1(&keyed.fingerprint.0)).to_string();
        assert_eq!(identity, "88F745840F47CE0C6A4FE61D827950B06F9E4534");
    }

    #[test]
    fn without_a_secret_all_are_equal_and_a_secret_is_not_shown() {
        let keyed = Keyed { fingerprint: Fingerprint::default(), secret: None };
        assert_eq!(keyed.ipv4(Ipv4Addr::new(1, 2, 3, 4)), Ipv4Addr::LOCALHOST);
        assert_eq!(keyed.ipv6(Ipv6Addr::LOCALHOST), "[fd9f:2e19:3bcf::]");
        assert_eq!((keyed.port(443), keyed.port(0)), (1, 0));
        assert_eq!(format!("{:?}", Secret::new([7; Secret::LENGTH])), "Secret");
    }
}
