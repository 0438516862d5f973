//! Server and extra-info descriptors (dir-spec §2.1.1, §2.1.2).
//!
//! A relay has two identities, RSA and Ed25519, and both sign; its onion keys sign the identities in turn (the
//! cross-certificates), so that nobody can claim another relay's onion key.

use std::collections::BTreeMap;

use super::{
    Check, Checks, Outcome, PublicKey, Reason,
    ed25519::{certificate, check, check_by, from_curve25519, has_signed},
    ensure,
    signed::{lines, next_keyword, through_keyword, through_line},
};
use crate::{
    document::{sha1, sha256},
    netdoc::{FromArg, Item, items},
    schema::{FromItem, MAX_LISTED},
    value::{Base64, Certificate, Fingerprint, SpacedFingerprint, Timestamp},
};

/// The identity keys of relays, by fingerprint, for documents that do not contain them.
#[derive(Debug, Clone, Default)]
pub struct Identities {
    keys: BTreeMap<Fingerprint, PublicKey>,
}

impl Identities {
    /// Takes the identity key of a server descriptor. The fingerprint proves it; signatures are not checked.
    pub fn add(&mut self, server_descriptor: &[u8]) {
        let [key] = lines(items(server_descriptor), ["signing-key"]);
        if let Some(Ok(key)) = key.as_ref().map(PublicKey::of) {
            self.keys.insert(key.fingerprint, key);
        }
    }

    /// Takes a relay's identity key.
    pub fn insert(&mut self, key: PublicKey) {
        self.keys.insert(key.fingerprint, key);
    }

    /// The key of a fingerprint.
    pub fn get(&self, fingerprint: Fingerprint) -> Option<&PublicKey> {
        self.keys.get(&fingerprint)
    }
}

/// Checks a server descriptor: `fingerprint`, both signatures, and every certificate in it.
pub fn server_descriptor(body: &[u8]) -> Vec<Check> {
    let [router, published, fingerprint, onion_key, signing_key, onion_crosscert, rsa_signature] = lines(
        items(body),
        [
            "router",
            "published",
            "fingerprint",
            "onion-key",
            "signing-key",
            "onion-key-crosscert",
            "router-signature",
        ],
    );
    let mut checks = Checks::default();
    let made = published.as_ref().and_then(|item| Timestamp::from_item(item).ok());
    let master = ed25519(body, router.as_ref(), made, &mut checks);
    let identity = match &signing_key {
        None => {
            checks.missing("signing-key");
            None
        }
        Some(item) => {
            let key = PublicKey::of(item);
            key.map_err(|reason| checks.note("signing-key", item, Outcome::Invalid(reason))).ok()
        }
    };
    if let (Some(item), Some(identity)) = (&fingerprint, &identity) {
        let claimed = SpacedFingerprint::from_item(item).map(|it| it.0);
        let matches = claimed.is_ok_and(|claimed| claimed == identity.fingerprint);
        checks.note("fingerprint", item, ensure(matches, "the fingerprint is not that of the signing key"));
    }
    match (&onion_crosscert, &onion_key) {
        (Some(item), Some(onion_key)) => {
            let outcome = match (&identity, master) {
                (Some(identity), Some(master)) => {
                    let signed = [&identity.fingerprint.0[..], &master.0].concat();
                    PublicKey::of(onion_key).and_then(|key| key.check(&signed, item, &["CROSSCERT"])).into()
                }
                _ => Outcome::Unchecked("an identity cannot be read"),
            };
            checks.note("onion-key-crosscert", item, outcome);
        }
        (Some(item), None) => {
            checks.note("onion-key-crosscert", item, Err("the onion key is missing"));
        }
        (None, Some(_)) if master.is_some() => checks.missing("onion-key-crosscert"),
        (None, _) => {}
    }
    rsa(body, router.as_ref(), rsa_signature.as_ref(), identity.as_ref(), &mut checks);
    checks.done()
}

/// Checks an extra-info descriptor. The RSA signature needs the relay's identity key, which stands in its server
/// descriptors only.
pub fn extra_info(body: &[u8], identities: &Identities) -> Vec<Check> {
    let [start, published, signature] = lines(items(body), ["extra-info", "published", "router-signature"]);
    let mut checks = Checks::default();
    let made = published.as_ref().and_then(|item| Timestamp::from_item(item).ok());
    ed25519(body, start.as_ref(), made, &mut checks);
    let fingerprint = start.as_ref().and_then(|item| {
        let mut args = item.args();
        _ = args.next();
        args.value("fingerprint").ok()
    });
    let identity = fingerprint.and_then(|it| identities.get(it));
    rsa(body, start.as_ref(), signature.as_ref(), identity, &mut checks);
    checks.done()
}

/// The RSA signature: over the SHA-1 of the document through the line `router-signature`.
fn rsa(
    body: &[u8],
    start: Option<&Item<'_>>,
    signature: Option<&Item<'_>>,
    identity: Option<&PublicKey>,
    checks: &mut Checks,
) {
    checks.must("router-signature", signature, |item| {
        if next_keyword(body, item).is_some() {
            return Outcome::Invalid("lines that are not signed follow");
        }
        let Some(start) = start else { return Outcome::Invalid("the document has no beginning") };
        let Some(identity) = identity else {
            return Outcome::Unchecked("the identity key is not at hand");
        };
        identity.check(&sha1(through_line(body, start, item)).0, item, &["SIGNATURE"]).into()
    });
}

/// Everything that the Ed25519 identity signs or that says something about it; the identity, if there is one.
fn ed25519(
    body: &[u8],
    start: Option<&Item<'_>>,
    made: Option<Timestamp>,
    checks: &mut Checks,
) -> Option<Base64<32>> {
    let [identity_item, master, ntor, crosscert, signature] = lines(
        items(body),
        [
            "identity-ed25519",
            "master-key-ed25519",
            "ntor-onion-key",
            "ntor-onion-key-crosscert",
            "router-sig-ed25519",
        ],
    );
    let Some(item) = identity_item else {
        // Neither of these means anything without the identity's certificate.
        if let Some(item) = master.or(crosscert).or(signature) {
            checks.missing("identity-ed25519");
            checks.note(
                if item.keyword == b"router-sig-ed25519" {
                    "router-sig-ed25519"
                } else {
                    "master-key-ed25519"
                },
                &item,
                Outcome::Unchecked("the certificate of the identity is missing"),
            );
        }
        return None;
    };
    let signing = certificate(&item, Certificate::SIGNING_KEY);
    let outcome = signing.as_ref().map_err(|reason| *reason).and_then(|it| check(it, made));
    checks.note("identity-ed25519", &item, outcome);
    let identity = signing.as_ref().ok().and_then(Certificate::signed_with);
    if let Some(item) = &master {
        let outcome = match &identity {
            Some(identity) => {
                let matches = Base64::from_arg(item.args).is_ok_and(|claimed| claimed == *identity);
                ensure(matches, "the certificate is of another identity").into()
            }
            None => Outcome::Unchecked("the certificate of the identity does not hold"),
        };
        checks.note("master-key-ed25519", item, outcome);
    }
    if let Some(identity) = &identity {
        match (&crosscert, &ntor) {
            (Some(item), Some(ntor)) => {
                let attempt = ntor_crosscert(item, ntor, identity, made);
                checks.note("ntor-onion-key-crosscert", item, attempt);
            }
            (Some(item), None) => {
                checks.note("ntor-onion-key-crosscert", item, Err("the ntor onion key is missing"));
            }
            (None, Some(_)) => checks.missing("ntor-onion-key-crosscert"),
            (None, None) => {}
        }
        for item in items(body).filter(|item| item.keyword == b"family-cert").take(MAX_LISTED) {
            let attempt = certificate(&item, Certificate::FAMILY).and_then(|it| {
                ensure(it.key == *identity, "the certificate is of another identity")?;
                check(&it, made)
            });
            checks.note("family-cert", &item, attempt);
        }
    }
    checks.must("router-sig-ed25519", signature.as_ref(), |item| {
        let Ok(signing) = &signing else {
            return Outcome::Unchecked("the certificate of the identity does not hold");
        };
        let Some(start) = start else { return Outcome::Invalid("the document has no beginning") };
        router_sig_ed25519(body, start, item, &signing.key).into()
    });
    identity
}

/// The Ed25519 signature: over a SHA-256 of a prefix and the document through the keyword and its blank.
fn router_sig_ed25519(
    body: &[u8],
    start: &Item<'_>,
    item: &Item<'_>,
    key: &Base64<32>,
) -> Result<(), Reason> {
    const PREFIX: &[u8] = b"Tor router descriptor signature v1";
    let signature: Base64<64> = item.args().value("signature").map_err(|_| "the signature cannot be read")?;
    ensure(next_keyword(body, item) == Some(b"router-signature"), "lines that are not signed follow")?;
    let digest = sha256(&[PREFIX, through_keyword(body, start, item)].concat());
    ensure(has_signed(key, &digest.0, &signature.0), "the signature does not fit")
}

/// The ntor onion key signs the identity. Curve25519 keys cannot sign; the Ed25519 key with the same secret can, and the
/// line's argument says which of two it is.
fn ntor_crosscert(
    item: &Item<'_>,
    ntor: &Item<'_>,
    identity: &Base64<32>,
    made: Option<Timestamp>,
) -> Result<(), Reason> {
    let sign = match item.args().next() {
        Some(b"0") => false,
        Some(b"1") => true,
        _ => return Err("the sign bit is neither 0 nor 1"),
    };
    let onion_key = ntor.args().value("key").map_err(|_| "the ntor onion key cannot be read")?;
    let signer = from_curve25519(&onion_key, sign).ok_or("the ntor onion key is not a point of the curve")?;
    let it = certificate(item, Certificate::NTOR_CROSSCERT)?;
    ensure(it.key == *identity, "the certificate is of another identity")?;
    check_by(&it, &signer, made)
}
