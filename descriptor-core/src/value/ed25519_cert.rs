//! Ed25519 certificates (cert-spec §2.1), decoded when asked.

use nom::{
    IResult, Parser,
    bytes::complete::{tag, take},
    combinator::all_consuming,
    multi::{count, length_count},
    number::complete::{be_u8, be_u16, be_u32},
};

use super::{Base64, Timestamp, key::labelled};
use crate::{
    netdoc::{FromArg, Item, Malformed, Object},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

labelled! {
    /// A certificate of one Ed25519 key by another: an object `ED25519 CERT`.
    Ed25519Cert, b"ED25519 CERT", "an Ed25519 certificate";
    /// A certificate of a relay by its family: an object `FAMILY CERT`. Since tor 0.4.9.
    FamilyCert, b"FAMILY CERT", "a family certificate";
}

impl Ed25519Cert<'_> {
    /// What the certificate says; `None` if it is none.
    pub fn certificate(&self) -> Option<Certificate> {
        Certificate::parse(&self.decode()?)
    }
}

impl FamilyCert<'_> {
    /// What the certificate says; `None` if it is none.
    pub fn certificate(&self) -> Option<Certificate> {
        Certificate::parse(&self.decode()?)
    }
}

/// What an Ed25519 certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// What it is for, see the constants.
    pub purpose: u8,
    /// Until when it holds; certificates expire on the hour.
    pub expires: Timestamp,
    /// What `key` is: 1 for an Ed25519 key, 2 for the SHA-256 of an RSA key, 3 for that of an X.509 certificate.
    pub key_type: u8,
    /// The key that is certified, or its digest.
    pub key: Base64<32>,
    /// Further statements, in order.
    pub extensions: Vec<Extension>,
    /// The bytes that are signed: all before the signature.
    pub signed: Vec<u8>,
    /// The signature by the certifying key.
    pub signature: Base64<64>,
}

/// A further statement in an Ed25519 certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// What it is; 4 holds the certifying key.
    pub kind: u8,
    /// 1 if the certificate is invalid for who does not know the kind.
    pub flags: u8,
    /// Its content.
    pub data: Vec<u8>,
}

impl Certificate {
    /// A signing key, certified by the identity key.
    pub const SIGNING_KEY: u8 = 4;
    /// The identity key, certified by the ntor onion key.
    pub const NTOR_CROSSCERT: u8 = 10;
    /// A relay's identity key, certified by a family key.
    pub const FAMILY: u8 = 12;
    /// The type of a certified Ed25519 key.
    pub const ED25519: u8 = 1;

    /// Takes a certificate's bytes apart; all of them must belong to it.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (_, mut certificate) = all_consuming(certificate).parse(bytes).ok()?;
        certificate.signed = bytes[..bytes.len() - 64].to_vec();
        Some(certificate)
    }

    /// The key that made the certificate, if it says so.
    pub fn signed_with(&self) -> Option<Base64<32>> {
        let extension = self.extensions.iter().find(|extension| extension.kind == 4)?;
        extension.data[..].try_into().ok().map(Base64)
    }
}

/// `VERSION TYPE HOURS KEYTYPE KEY COUNT (LENGTH TYPE FLAGS DATA)* SIGNATURE`, big-endian.
fn certificate(input: &[u8]) -> IResult<&[u8], Certificate, Malformed> {
    let (rest, (_version, purpose, hours, key_type)) =
        (tag(&b"\x01"[..]), be_u8, be_u32, be_u8).parse(input)?;
    let (rest, (key, extensions, signature)) =
        (array::<32>, length_count(be_u8, extension), array::<64>).parse(rest)?;
    let certificate = Certificate {
        purpose,
        expires: Timestamp(i64::from(hours) * 3600),
        key_type,
        key: Base64(key),
        extensions,
        signed: Vec::new(),
        signature: Base64(signature),
    };
    Ok((rest, certificate))
}

fn extension(input: &[u8]) -> IResult<&[u8], Extension, Malformed> {
    let (rest, (length, kind, flags)) = (be_u16, be_u8, be_u8).parse(input)?;
    let (rest, data) = take(length).parse(rest)?;
    Ok((rest, Extension { kind, flags, data: data.to_vec() }))
}

fn array<const N: usize>(input: &[u8]) -> IResult<&[u8], [u8; N], Malformed> {
    let (rest, bytes) = count(be_u8, N).parse(input)?;
    Ok((rest, bytes.try_into().unwrap_or([0; N])))
}

/// The `ntor-onion-key-crosscert` line: the identity key, certified by the ntor onion key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NtorCrossCert<'a> {
    /// The sign of the onion key when it is turned into an Ed25519 key, 0 or 1.
    pub sign: u8,
    /// The certificate.
    pub certificate: Ed25519Cert<'a>,
}

impl<'a> FromItem<'a> for NtorCrossCert<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Text), Part::of("sign", Kind::Int(""))];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let sign = item.args().value("sign bit")?;
        if sign > 1 {
            return Err(Problem::BadArgument("sign bit"));
        }
        Ok(NtorCrossCert { sign, certificate: Ed25519Cert::from_item(item)? })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => FromItem::emit(&self.certificate, 0, out),
            _ => FromArg::emit(&self.sign, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &[u8] = b"AQQABstQAbeja00FtmqpWPIF6GPZtoI0uBiRk7InZ3EV/8U/e1KRAQAgBADZeEW7\n\
        LYPn7S5mD4DnQpTVdns8xJtRboTtfqTs6nTpOwWV8+WI94ZME6k6T2FEChi/3qs8\n\
        VeCQIM2wW6rEQyUcQzFwqk9bks20K/8x/2vxGopxeAPpJ3glHYqweNM1ZAQ=\n";

    #[test]
    fn a_certificate_says_what_it_says() {
        let cert = Ed25519Cert(Object { raw: CERTIFICATE });
        let certificate = cert.certificate().expect("a certificate");
        assert_eq!(
            (certificate.purpose, certificate.key_type),
            (Certificate::SIGNING_KEY, Certificate::ED25519)
        );
        assert_eq!(certificate.expires.to_string(), "2020-10-17 16:00:00");
        let signer = certificate.signed_with().map(|key| key.to_string());
        assert_eq!(signer.as_deref(), Some("2XhFuy2D5+0uZg+A50KU1XZ7PMSbUW6E7X6k7Op06Ts"));
        assert_eq!(certificate.signed.len(), 76);
    }

    #[test]
    fn a_certificate_is_whole_or_none() {
        let bytes = Ed25519Cert(Object { raw: CERTIFICATE }).decode().expect("base64");
        assert!(Certificate::parse(&bytes).is_some());
        assert!((0..bytes.len()).all(|end| Certificate::parse(&bytes[..end]).is_none()));
        assert!(Certificate::parse(&[&bytes[..], b"x"].concat()).is_none());
    }
}
