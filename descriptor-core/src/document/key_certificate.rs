//! Key certificate: binds an authority's signing key to its identity.

use super::digests::sha1;
use crate::{
    netdoc::{find_line, items},
    schema::{Problem, Reader, Table, descriptor},
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
    "dir-identity-key" => dir_identity_key: Object<'a>;
    /// The signing key, RSA.
    "dir-signing-key" => dir_signing_key: Object<'a>;
    /// The identity, signed by the signing key. Absent in some certificates before 2009.
    "dir-key-crosscert" => dir_key_crosscert: Option<Object<'a>>;
    /// The certificate, signed by the identity key.
    "dir-key-certification" => dir_key_certification: Object<'a>;
}

fn check<'a>(certificate: &KeyCertificate<'a>, reader: &mut Reader<'a>) {
    // In a vote, lines that nobody knows may follow; they are no part of the certificate.
    let behind =
        find_line(certificate.raw, b"dir-key-certification\n").map_or(&b""[..], |at| &certificate.raw[at..]);
    let mut items = items(behind);
    let last = items.next().map_or(behind, |item| item.line());
    if items.any(|item| KeyCertificate::row(item.keyword).is_some()) {
        reader.complain_at(
            "dir-key-certification",
            last,
            Problem::Misplaced("lines follow the signature of the certificate"),
        );
    }
    // Tor writes ID SIGNATURE, and reads SIGNATURE too (dir-spec §3.1).
    if let Some(crosscert) = certificate.dir_key_crosscert
        && !(crosscert.has_label(b"ID SIGNATURE") || crosscert.has_label(b"SIGNATURE"))
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
                match line(certificate.raw, b"fingerprint ") {
                    Some(line) => reader.complain_at("fingerprint", line, problem),
                    None => reader.complain_about("fingerprint", problem),
                }
            }
            Some(_) => {}
        }
    }
}

/// The first line that begins so.
fn line<'a>(document: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    document.get(find_line(document, start)?..)?.split(|&b| b == b'\n').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::Type, netdoc::Frame, schema::parse};

    /// Found by fuzzing: the place of a signature that is not there.
    #[test]
    fn lines_after_a_signature_that_is_missing_have_a_place() {
        let text =
            b"dir-key-certificate-version 3\ndir-key-certification\ndir-key-published 2026-03-29 20:00:00\n";
        let parsed = parse::<KeyCertificate<'_>>(Frame::whole(Type::KeyCertificate, text));
        let after = Problem::Misplaced("lines follow the signature of the certificate");
        let issue = parsed.issues.iter().find(|issue| issue.problem == after).expect("it is noticed");
        assert_eq!(&text[issue.span.clone()], b"dir-key-certification");
        assert!(parsed.issues.iter().all(|issue| issue.span.end <= text.len()), "{:?}", parsed.issues);
    }
}
