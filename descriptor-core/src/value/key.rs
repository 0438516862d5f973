//! Keys, certificates and signatures: PEM objects, decoded when asked.

use base64::Engine;
use sha1::{Digest, Sha1};

use super::{Fingerprint, Hex, digest::BASE64};
use crate::{
    netdoc::{Item, Object},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

impl Object<'_> {
    /// The bytes of the object; `None` if it is not base64.
    pub fn decode(&self) -> Option<Vec<u8>> {
        let text: Vec<u8> = self.body().iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        BASE64.decode(text).ok()
    }
}

impl<'a> FromItem<'a> for Object<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Text)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        item.object.ok_or(Problem::MissingObject)
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.text(self.raw);
    }
}

macro_rules! labelled {
    ($($(#[doc = $doc:literal])* $name:ident, $label:literal, $what:literal;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct $name<'a>(pub Object<'a>);

        impl<'a> $name<'a> {
            /// The bytes of the object; `None` if it is not base64.
            pub fn decode(&self) -> Option<Vec<u8>> {
                self.0.decode()
            }
        }

        impl<'a> FromItem<'a> for $name<'a> {
            const PARTS: &'static [Part] = Object::PARTS;

            #[inline]
            fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
                let object = Object::from_item(item)?;
                if object.has_label($label) { Ok($name(object)) } else { Err(Problem::BadObject($what)) }
            }

            fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
                self.0.emit(part, out);
            }
        }
    )*};
}
pub(super) use labelled;

labelled! {
    /// An RSA public key: an object `RSA PUBLIC KEY`.
    RsaKey, b"RSA PUBLIC KEY", "an RSA public key";
    /// An RSA signature over the document so far: an object `SIGNATURE`.
    Signature, b"SIGNATURE", "a signature";
    /// The identities of a relay, signed by its onion key: an object `CROSSCERT`.
    CrossCertificate, b"CROSSCERT", "a cross-certificate";
}

impl RsaKey<'_> {
    /// The fingerprint: the SHA-1 of the key's encoding. `None` if the object is not base64.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.decode().map(|der| Hex(Sha1::digest(der).into()))
    }

    /// The length of the modulus in bits; Tor uses 1024, and 3072 for authorities. `None` if the object is not a sequence
    /// of modulus and exponent.
    pub fn bits(&self) -> Option<usize> {
        let der = self.decode()?;
        let (sequence, []) = der_value(0x30, &der)? else { return None };
        let (modulus, rest) = der_value(0x02, sequence)?;
        let (_exponent, []) = der_value(0x02, rest)? else { return None };
        let significant = &modulus[modulus.iter().position(|&byte| byte != 0)?..];
        Some(significant.len() * 8 - significant.first()?.leading_zeros() as usize)
    }
}

/// Takes one DER value with a tag; its content, and what follows.
fn der_value(tag: u8, text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match text.strip_prefix(&[tag])? {
        [length @ 0..=127, rest @ ..] => (usize::from(*length), rest),
        [0x81, length, rest @ ..] => (usize::from(*length), rest),
        [0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// A key that may be left out while its line stays, as the `onion-key` of microdescriptors since consensus method 36.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OptionalKey<'a>(pub Option<RsaKey<'a>>);

impl<'a> FromItem<'a> for OptionalKey<'a> {
    const PARTS: &'static [Part] = Object::PARTS;

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        match item.object {
            Some(_) => RsaKey::from_item(item).map(|key| OptionalKey(Some(key))),
            None => Ok(OptionalKey(None)),
        }
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match self.0 {
            Some(key) => key.emit(part, out),
            None => out.null(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netdoc::items;

    const KEY: &[u8] = b"signing-key\n-----BEGIN RSA PUBLIC KEY-----\n\
        MIGJAoGBAL2WKwBXssq8ImAdp9VauVXKiKNPsW2ocRlEVsmTLc+R7KORI7ssMM33\n\
        1TV5fjKw9a7kSAVKWuthHlpYf8zVosEaECEon2K9zlKPzpGYTfIecKzMTZdjP4mR\n\
        Eo10yberjn0W9dRbqCM2Cq6ofJpz8du3o2hDCx4N880Fyr+G1or3AgMBAAE=\n\
        -----END RSA PUBLIC KEY-----\n";

    #[test]
    fn a_key_has_bits_and_a_fingerprint() {
        let item = items(KEY).next().expect("an item");
        let key = RsaKey::from_item(&item).expect("a key");
        assert_eq!(key.bits(), Some(1024));
        assert_eq!(key.fingerprint().map(|it| it.to_string().len()), Some(40));
        assert_eq!(Signature::from_item(&item), Err(Problem::BadObject("a signature")));
        let cut = RsaKey(Object { raw: &key.0.body()[..64] });
        assert_eq!(cut.bits(), None);
    }

    #[test]
    fn a_key_may_be_left_out_of_its_line() {
        let item = items(b"onion-key\nx\n").next().expect("an item");
        assert_eq!(OptionalKey::from_item(&item), Ok(OptionalKey(None)));
        assert_eq!(RsaKey::from_item(&item), Err(Problem::MissingObject));
    }
}
