//! Ed25519 signatures and Tor's certificates for their keys (cert-spec §2).

use curve25519_dalek::MontgomeryPoint;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};

use super::{Reason, ensure, signed::object};
use crate::{
    netdoc::Item,
    value::{Base64, Certificate, Timestamp},
};

/// What a certificate is for: the blinded key of an onion service names the key that signs its descriptors.
pub(super) const ONION_SERVICE: u8 = 8;

/// The extension that holds the certifying key.
const SIGNER: u8 = 4;

/// Reads the certificate below a line, and checks that it is for what it should be, an Ed25519 key.
pub(super) fn certificate(item: &Item<'_>, purpose: u8) -> Result<Certificate, Reason> {
    let label = if purpose == Certificate::FAMILY { "FAMILY CERT" } else { "ED25519 CERT" };
    let it = Certificate::parse(&object(item, &[label])?).ok_or("the object is not a certificate")?;
    ensure(it.purpose == purpose, "the certificate is for another purpose")?;
    ensure(it.key_type == Certificate::ED25519, "the certified key is not an Ed25519 key")?;
    Ok(it)
}

/// Checks a certificate against the key that it names, which it must, and against the time of its document.
pub(super) fn check(it: &Certificate, made: Option<Timestamp>) -> Result<(), Reason> {
    let signer = it.signed_with().ok_or("the certificate does not name the key that signed it")?;
    check_by(it, &signer, made)
}

/// Checks a certificate against a key, and against the time of its document.
pub(super) fn check_by(it: &Certificate, signer: &Base64<32>, made: Option<Timestamp>) -> Result<(), Reason> {
    // Flag 1: who does not know the extension must not trust the certificate.
    let unknown = it.extensions.iter().any(|extension| extension.kind != SIGNER && extension.flags & 1 != 0);
    ensure(!unknown, "the certificate has an extension that nobody here understands")?;
    let named = it.signed_with().is_none_or(|named| named == *signer);
    ensure(named, "the certificate names another key than the one that must sign it")?;
    let signed = has_signed(signer, &it.signed, &it.signature.0);
    ensure(signed, "the signature of the certificate does not fit")?;
    ensure(made.is_none_or(|made| made <= it.expires), "the certificate had expired")
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
    use crate::value::Extension;

    #[test]
    fn unknown_extensions_matter_only_if_they_say_so() {
        let with = |kind, flags| {
            let extensions = vec![Extension { kind, flags, data: Vec::new() }];
            let empty = [&[1, 4, 0, 0, 0, 1, 1][..], &[7; 32], &[0], &[9; 64]].concat();
            let it =
                Certificate { extensions, ..Certificate::parse(&empty).expect("the certificate is whole") };
            check_by(&it, &Base64([8; 32]), None)
        };
        let unfit = Err("the signature of the certificate does not fit");
        assert_eq!(with(99, 0), unfit);
        assert_eq!(with(SIGNER, 1), unfit);
        assert_eq!(with(99, 1), Err("the certificate has an extension that nobody here understands"));
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
