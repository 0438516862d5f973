//! Key certificates: an authority's identity key, which is kept offline, names the key that signs for some months.

use std::collections::BTreeMap;

use super::{
    Check, Checks, Outcome, Reason, RsaKey, ensure,
    signed::{lines, next_keyword, through_line},
};
use crate::{
    document::{Type, sha1},
    netdoc::{FromArg, Item, frames, items},
    schema::FromItem,
    value::{Fingerprint, Hex, Timestamp},
};

/// A key certificate, read and checked.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// SHA-1 of the authority's identity key.
    pub identity: Fingerprint,
    /// When it was made.
    pub published: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// The key that signs votes and consensuses; its digest is what signatures name.
    pub signing_key: RsaKey,
}

impl Certificate {
    /// Checks a key certificate (dir-spec §3.1); the certificate itself only if nothing is wrong with it.
    pub fn read(body: &[u8]) -> (Option<Self>, Vec<Check>) {
        let [version, fingerprint, published, expires, identity_key, signing_key, crosscert, certification] =
            lines(
                items(body),
                [
                    "dir-key-certificate-version",
                    "fingerprint",
                    "dir-key-published",
                    "dir-key-expires",
                    "dir-identity-key",
                    "dir-signing-key",
                    "dir-key-crosscert",
                    "dir-key-certification",
                ],
            );
        let mut checks = Checks::default();
        let identity = key(&mut checks, "dir-identity-key", identity_key.as_ref());
        let signing_key = key(&mut checks, "dir-signing-key", signing_key.as_ref());
        let published = time(&mut checks, "dir-key-published", published.as_ref());
        let expires = time(&mut checks, "dir-key-expires", expires.as_ref());
        let Some(identity) = identity else { return (None, checks.done()) };
        checks.must("fingerprint", fingerprint.as_ref(), |item| {
            let claimed = Fingerprint::from_arg(item.args).map_err(|_| "the fingerprint cannot be read")?;
            ensure(claimed == identity.fingerprint, "the fingerprint is not that of the identity key")
        });
        match (&crosscert, &signing_key) {
            (Some(item), Some(key)) => {
                let attempt = key.check(&identity.fingerprint.0, item, &["ID SIGNATURE", "SIGNATURE"]);
                checks.note("dir-key-crosscert", item, attempt);
            }
            (Some(item), None) => {
                checks.note("dir-key-crosscert", item, Outcome::Unchecked("the signing key cannot be read"));
            }
            // Tor made the line mandatory after the first certificates were out.
            (None, _) => {}
        }
        checks.must("dir-key-certification", certification.as_ref(), |item| {
            let version = version.as_ref().ok_or("the certificate has no beginning")?;
            ensure(next_keyword(body, item).is_none(), "lines that are not signed follow")?;
            identity.check(&sha1(through_line(body, version, item)).0, item, &["SIGNATURE"])
        });
        let whole = checks.0.iter().all(|check| check.outcome == Outcome::Valid);
        let certificate = (|| {
            Some(Certificate {
                identity: identity.fingerprint,
                published: published?,
                expires: expires?,
                signing_key: signing_key?,
            })
        })();
        (certificate.filter(|_| whole), checks.done())
    }

    /// Whether the certificate holds at a time.
    pub fn covers(&self, time: Timestamp) -> bool {
        (self.published..=self.expires).contains(&time)
    }
}

/// Reads a key; notes only that it cannot be read.
fn key(checks: &mut Checks, what: &'static str, item: Option<&Item<'_>>) -> Option<RsaKey> {
    let Some(item) = item else {
        checks.missing(what);
        return None;
    };
    RsaKey::of(item).map_err(|reason| checks.note(what, item, Outcome::Invalid(reason))).ok()
}

/// Reads a time; notes only that it cannot be read.
fn time(checks: &mut Checks, what: &'static str, item: Option<&Item<'_>>) -> Option<Timestamp> {
    let Some(item) = item else {
        checks.missing(what);
        return None;
    };
    let time = Timestamp::from_item(item).ok();
    if time.is_none() {
        checks.note(what, item, Outcome::Invalid("the time cannot be read"));
    }
    time
}

/// The certificates of all authorities, by identity and signing key.
#[derive(Debug, Clone, Default)]
pub struct Certificates {
    certificates: BTreeMap<(Fingerprint, Hex<20>), Certificate>,
}

impl Certificates {
    /// Takes one certificate, if nothing is wrong with it; says what was checked. Of two certificates for the same
    /// keys the one that ends later counts.
    pub fn add(&mut self, body: &[u8]) -> Vec<Check> {
        let (certificate, checks) = Certificate::read(body);
        if let Some(certificate) = certificate {
            self.insert(certificate);
        }
        checks
    }

    pub(super) fn insert(&mut self, certificate: Certificate) {
        let key = (certificate.identity, certificate.signing_key.fingerprint);
        if self.certificates.get(&key).is_none_or(|known| known.expires < certificate.expires) {
            self.certificates.insert(key, certificate);
        }
    }

    /// Takes all certificates of a file, such as tor's `cached-certs`; says how many had something wrong with them.
    pub fn add_all(&mut self, file: &[u8]) -> usize {
        frames(file, Some(Type::KeyCertificate))
            .filter(|frame| self.add(frame.body).iter().any(|check| check.outcome != Outcome::Valid))
            .count()
    }

    /// The certificate of an authority's signing key.
    pub fn get(&self, identity: Fingerprint, signing_key: Hex<20>) -> Option<&Certificate> {
        self.certificates.get(&(identity, signing_key))
    }

    /// All certificates, by identity.
    pub fn iter(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.values()
    }

    /// The certificates that had expired at a time.
    pub fn expired(&self, at: Timestamp) -> impl Iterator<Item = &Certificate> {
        self.iter().filter(move |it| it.expires < at)
    }

    /// The authorities that have a certificate which holds at a time.
    pub(super) fn authorities(&self, at: Timestamp) -> impl Iterator<Item = Fingerprint> {
        self.iter().filter(move |it| it.covers(at)).map(|it| it.identity)
    }

    /// Tries a signature that names its key.
    pub(super) fn check(
        &self,
        key: (Fingerprint, Hex<20>),
        made: Option<Timestamp>,
    ) -> Result<&RsaKey, Outcome> {
        let certificate = self
            .certificates
            .get(&key)
            .ok_or(Outcome::Unchecked("no certificate of the signing key is at hand"))?;
        match made {
            Some(made) if made > certificate.expires => Err(Outcome::Invalid(EXPIRED)),
            _ => Ok(&certificate.signing_key),
        }
    }
}

const EXPIRED: Reason = "the certificate of the signing key had expired";
