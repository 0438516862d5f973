//! Onion service descriptors: version 2 (rend-spec-v2 §1.3) and the outer layer of version 3 (rend-spec-v3 §2.4).

use super::{
    Check, Checks, EdCertificate, Outcome, Reason, RsaKey,
    ed25519::has_signed,
    ensure,
    signed::{lines, next_keyword, through_line},
};
use crate::{
    document::sha1,
    netdoc::{Item, items},
    value::Base64,
};

/// Checks an onion service descriptor of version 2 against the service's key, which it contains.
pub fn hidden_service(body: &[u8]) -> Vec<Check> {
    let [start, key, signature] =
        lines(items(body), ["rendezvous-service-descriptor", "permanent-key", "signature"]);
    let mut checks = Checks::default();
    checks.must("signature", signature.as_ref(), |item| {
        let Some(key) = &key else { return Outcome::Invalid("the service's key is missing") };
        if next_keyword(body, item).is_some() {
            return Outcome::Invalid("lines that are not signed follow");
        }
        let signed = sha1(through_line(body, start.as_ref().unwrap_or(key), item));
        RsaKey::of(key).and_then(|key| key.check(&signed.0, item, &["SIGNATURE"])).into()
    });
    checks.done()
}

/// Checks the outer layer of an onion service descriptor of version 3: the certificate of the signing key by the blinded
/// key, and the signature. Whose blinded key it is shows only with the service's address.
pub fn hidden_service_3(body: &[u8]) -> Vec<Check> {
    let [certificate, signature] = lines(items(body), ["descriptor-signing-key-cert", "signature"]);
    let mut checks = Checks::default();
    let parsed = certificate.as_ref().map(|item| EdCertificate::of(item, EdCertificate::ONION_SERVICE));
    checks.must("descriptor-signing-key-cert", certificate.as_ref(), |_| match &parsed {
        Some(Ok(it)) => it.check(None),
        Some(Err(reason)) => Err(*reason),
        None => Err("the line is missing"),
    });
    checks.must("signature", signature.as_ref(), |item| match &parsed {
        Some(Ok(certificate)) => signature_3(body, item, &certificate.key).into(),
        _ => Outcome::Unchecked("the certificate of the signing key does not hold"),
    });
    checks.done()
}

/// The Ed25519 signature: over a prefix and everything before its line.
fn signature_3(body: &[u8], item: &Item<'_>, key: &Base64<32>) -> Result<(), Reason> {
    const PREFIX: &[u8] = b"Tor onion service descriptor sig v3";
    let signature: Base64<64> = item.args().value("signature").map_err(|_| "the signature cannot be read")?;
    ensure(next_keyword(body, item).is_none(), "lines that are not signed follow")?;
    let signed = [PREFIX, body.get(..item.offset).unwrap_or_default()].concat();
    ensure(has_signed(key, &signed, &signature.0), "the signature does not fit")
}
