//! Key certificate: binds an authority's signing key to its identity.

use super::digests::sha1;
use crate::{
    netdoc::find_line,
    schema::{Problem, Reader, descriptor},
    value::*,
};

descriptor! {
    /// Certificate of the key that an authority signs votes and consensuses with for some months.
    pub struct KeyCertificate<'a> = "dir-key-certificate-3" in "dir-spec §3.1", check = Some(check);

    /// Version of the format; 3.
    "dir-key-certificate-version" => dir_key_certificate_version: Version<3>;
    /// Address and directory port of the authority. Absent in many.
    "dir-address" => dir_address: Option<OrAddress>;
    /// The authority's version 3 identity.
    "fingerprint" => fingerprint: Hex<20>;
    /// When the certificate was made.
    "dir-key-published" => dir_key_published: Timestamp;
    /// When it expires.
    "dir-key-expires" => dir_key_expires: Timestamp;
    /// The identity key, RSA.
    "dir-identity-key" => dir_identity_key: Pem<'a>;
    /// The signing key, RSA.
    "dir-signing-key" => dir_signing_key: Pem<'a>;
    /// The identity, signed by the signing key. Absent in some certificates before 2009.
    "dir-key-crosscert" => dir_key_crosscert: Option<Pem<'a>>;
    /// The certificate, signed by the identity key.
    "dir-key-certification" => dir_key_certification: Pem<'a>;
}

fn check<'a>(certificate: &KeyCertificate<'a>, reader: &mut Reader<'a>) {
    let last = certificate.dir_key_certification.raw;
    let body = certificate.raw.strip_suffix(b"\n").unwrap_or(certificate.raw);
    if !last.is_empty() && body.as_ptr_range().end != last.as_ptr_range().end {
        reader.complain_at(
            "dir-key-certification",
            last,
            Problem::Misplaced("lines follow the signature of the certificate"),
        );
    }
    // Tor writes ID SIGNATURE, and reads SIGNATURE too (dir-spec §3.1).
    if let Some(crosscert) = certificate.dir_key_crosscert
        && !matches!(crosscert.label, b"ID SIGNATURE" | b"SIGNATURE")
    {
        reader.complain_at("dir-key-crosscert", crosscert.raw, Problem::BadObject("an ID SIGNATURE"));
    }
    let identity = certificate.dir_identity_key;
    if !identity.raw.is_empty() && certificate.fingerprint != Hex::default() {
        match identity.decode() {
            None => {
                let problem = Problem::BadObject("base64");
                reader.complain_at("dir-identity-key", identity.raw, problem);
            }
            Some(key) if sha1(&key) != certificate.fingerprint => {
                let problem = Problem::Mismatch("the fingerprint is not that of the identity key");
                let line = find_line(certificate.raw, b"fingerprint ").map_or(certificate.raw, |at| {
                    certificate.raw[at..].split(|&b| b == b'\n').next().unwrap_or_default()
                });
                reader.complain_at("fingerprint", line, problem);
            }
            Some(_) => {}
        }
    }
}
