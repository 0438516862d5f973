//! RSA as Tor uses it: the bare digest, padded by PKCS#1 version 1.5 without naming the algorithm (dir-spec §1.3).

use rsa::{Pkcs1v15Sign, PublicKey, pkcs1::DecodeRsaPublicKey};

use super::{Reason, signed::object};
use crate::{
    document::sha1,
    netdoc::Item,
    value::{Fingerprint, Hex},
};

/// A public RSA key of 1024 to 8192 bits, with its digest.
#[derive(Debug, Clone)]
pub struct RsaKey {
    /// SHA-1 of the key's DER form; of an identity key it is the fingerprint.
    pub fingerprint: Fingerprint,
    key: PublicKey,
}

impl RsaKey {
    /// Reads a key's DER form, an `RSAPublicKey` of PKCS#1.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let key = PublicKey::from_pkcs1_der(der).ok()?;
        Some(RsaKey { fingerprint: Hex(sha1(der).0), key })
    }

    /// Reads the key below a line.
    pub(super) fn of(item: &Item<'_>) -> Result<Self, Reason> {
        Self::from_der(&object(item, &["RSA PUBLIC KEY"])?).ok_or("the object is not an RSA key")
    }

    /// Whether the key has signed exactly these bytes, usually a digest.
    pub fn has_signed(&self, signed: &[u8], signature: &[u8]) -> bool {
        self.key.verify(Pkcs1v15Sign::new_unprefixed(), signed, signature).is_ok()
    }

    /// Checks the signature below a line.
    pub(super) fn check(&self, signed: &[u8], item: &Item<'_>, labels: &[&str]) -> Result<(), Reason> {
        super::ensure(self.has_signed(signed, &object(item, labels)?), "the signature does not fit")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A modulus of 1024 bits, all of them set, and the exponent 3.
    fn der() -> Vec<u8> {
        [&[0x30, 0x81, 0x87, 0x02, 0x81, 0x81, 0x00][..], &[0xff; 128], &[0x02, 0x01, 0x03]].concat()
    }

    #[test]
    fn a_bad_key_is_refused_and_never_panics() {
        let der = der();
        assert!(RsaKey::from_der(&der).is_some());
        for at in 0..der.len() {
            assert!(RsaKey::from_der(&der[..at]).is_none());
            for change in [1, 2, 0x80, 0xff] {
                let mut der = der.clone();
                der[at] ^= change;
                if let Some(key) = RsaKey::from_der(&der) {
                    assert!(!key.has_signed(&[0; 20], &[0xfe; 128]));
                    assert!(!key.has_signed(&[0; 20], &[]));
                }
            }
        }
        let even: Vec<u8> = [&der[..134], &[0xfe], &der[135..]].concat();
        assert!(RsaKey::from_der(&even).is_none());
    }
}
