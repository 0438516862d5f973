//! Ed25519 signatures and Tor's certificates for their keys (cert-spec §2).

use curve25519_dalek::MontgomeryPoint;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use nom::{
    IResult, Parser,
    bytes::complete::take,
    number::complete::{be_u8, be_u16, be_u32},
};

use super::{Reason, ensure, signed::object};
use crate::{
    netdoc::{Item, Malformed},
    value::{Base64, Timestamp},
};

/// A certificate: one key says something about another key, until a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdCertificate {
    /// What is said; [`SIGNING`](Self::SIGNING) and so on.
    pub kind: u8,
    /// When it ends, a whole hour.
    pub expires: Timestamp,
    /// What kind of key [`key`](Self::key) is; 1 is an Ed25519 key.
    pub key_kind: u8,
    /// The key that something is said about.
    pub key: Base64<32>,
    /// The key that says it, if the certificate names it.
    pub signer: Option<Base64<32>>,
    signed: Vec<u8>,
    signature: [u8; 64],
}

impl EdCertificate {
    /// The identity key names the key that signs descriptors.
    pub const SIGNING: u8 = 4;
    /// The blinded key of an onion service names the key that signs its descriptors.
    pub const ONION_SERVICE: u8 = 8;
    /// The ntor onion key names the identity key that it belongs to.
    pub const ONION: u8 = 10;
    /// A family's key names the identity key of a member.
    pub const FAMILY: u8 = 12;

    /// Reads a certificate. It must be of version 1 and must have no unknown extension that changes its meaning.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (signature, mut it) = fields(bytes).ok()?;
        it.signature = *signature.first_chunk().filter(|_| signature.len() == 64)?;
        it.signed = bytes[..bytes.len() - 64].to_vec();
        Some(it)
    }

    /// Reads the certificate below a line, and checks that it says what it should.
    pub(super) fn of(item: &Item<'_>, kind: u8) -> Result<Self, Reason> {
        let label = if kind == Self::FAMILY { "FAMILY CERT" } else { "ED25519 CERT" };
        let it = Self::from_bytes(&object(item, &[label])?).ok_or("the object is not a certificate")?;
        ensure(it.kind == kind, "the certificate is of another kind")?;
        ensure(it.key_kind == 1, "the certified key is not an Ed25519 key")?;
        Ok(it)
    }

    /// Whether a key has signed the certificate; a certificate that names another key is not signed by it.
    pub fn is_signed_by(&self, key: &Base64<32>) -> bool {
        self.signer.is_none_or(|signer| signer == *key) && has_signed(key, &self.signed, &self.signature)
    }

    /// Checks the certificate against the key that it names, which it must, and against the time of its document.
    pub(super) fn check(&self, made: Option<Timestamp>) -> Result<(), Reason> {
        let signer = self.signer.ok_or("the certificate does not name the key that signed it")?;
        self.check_by(&signer, made)
    }

    /// Checks the certificate against a key, and against the time of its document.
    pub(super) fn check_by(&self, signer: &Base64<32>, made: Option<Timestamp>) -> Result<(), Reason> {
        ensure(self.is_signed_by(signer), "the signature of the certificate does not fit")?;
        ensure(made.is_none_or(|made| made <= self.expires), "the certificate had expired")
    }
}

/// Everything before the signature.
fn fields(input: &[u8]) -> IResult<&[u8], EdCertificate, Malformed> {
    let malformed = nom::Err::Error(Malformed);
    let (rest, (version, kind, hours, key_kind)) = (be_u8, be_u8, be_u32, be_u8).parse(input)?;
    let (mut rest, (key, extensions)) = (take(32usize), be_u8).parse(rest)?;
    let key = Base64(*key.first_chunk().ok_or(malformed.clone())?);
    let mut signer = None;
    for _ in 0..extensions {
        let (after, (length, extension, flags)) = (be_u16, be_u8, be_u8).parse(rest)?;
        let (after, data) = take(length).parse(after)?;
        match extension {
            4 => {
                signer =
                    Some(Base64(*data.first_chunk().filter(|_| data.len() == 32).ok_or(malformed.clone())?))
            }
            // Flag 1: who does not know the extension must not trust the certificate.
            _ if flags & 1 != 0 => return Err(malformed),
            _ => {}
        }
        rest = after;
    }
    if version != 1 {
        return Err(malformed);
    }
    let expires = Timestamp(i64::from(hours) * 3600);
    let it = EdCertificate { kind, expires, key_kind, key, signer, signed: Vec::new(), signature: [0; 64] };
    Ok((rest, it))
}

/// Whether a key has signed a message.
pub(super) fn has_signed(key: &Base64<32>, message: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(&key.0)
        .is_ok_and(|key| key.verify(message, &Signature::from_bytes(signature)).is_ok())
}

/// The Ed25519 key that belongs to a Curve25519 key; a Curve25519 key has no sign, so it is told apart.
pub(super) fn from_curve25519(key: &Base64<32>, sign: bool) -> Option<Base64<32>> {
    Some(Base64(MontgomeryPoint(key.0).to_edwards(sign.into())?.compress().0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate with one extension; the signature is nothing.
    fn certificate(extension: &[u8]) -> Vec<u8> {
        [&[1, 4, 0, 7, 0x88, 0x9c, 1][..], &[7; 32], &[1], extension, &[9; 64]].concat()
    }

    #[test]
    fn a_certificate_names_its_keys() {
        let bytes = certificate(&[&[0, 32, 4, 0][..], &[8; 32]].concat());
        let it = EdCertificate::from_bytes(&bytes).expect("the certificate is whole");
        assert_eq!((it.kind, it.key_kind, it.expires), (4, 1, Timestamp(0x0007_889c * 3600)));
        assert_eq!((it.key, it.signer), (Base64([7; 32]), Some(Base64([8; 32]))));
        assert!(!it.is_signed_by(&Base64([8; 32])));
        for length in 0..bytes.len() {
            assert_eq!(EdCertificate::from_bytes(&bytes[..length]), None);
        }
    }

    #[test]
    fn unknown_extensions_matter_only_if_they_say_so() {
        assert!(EdCertificate::from_bytes(&certificate(&[0, 1, 99, 0, 5])).is_some());
        assert!(EdCertificate::from_bytes(&certificate(&[0, 1, 99, 1, 5])).is_none());
        assert!(EdCertificate::from_bytes(&certificate(&[0, 2, 4, 0, 5, 5])).is_none());
    }

    #[test]
    fn curve25519_keys_become_ed25519_keys() {
        // u = -1 lies on the twist.
        let mut minus_one = [0xff; 32];
        (minus_one[0], minus_one[31]) = (0xec, 0x7f);
        assert_eq!(from_curve25519(&Base64(minus_one), false), None);
        // The base points of the two forms belong together.
        let mut base = [0x66; 32];
        base[0] = 0x58;
        let nine = Base64(std::array::from_fn(|at| if at == 0 { 9 } else { 0 }));
        assert_eq!(from_curve25519(&nine, false), Some(Base64(base)));
        base[31] |= 0x80;
        assert_eq!(from_curve25519(&nine, true), Some(Base64(base)));
    }
}
