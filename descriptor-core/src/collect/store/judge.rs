//! Whether a document is what it says it is: signatures, and digests that verified documents name.

use std::collections::BTreeMap;

use crate::{
    document::Type,
    netdoc::Frame,
    value::{Fingerprint, Hex},
    verify::{self, AuthorityCertificate, Certificates, Check, Identities, Outcome},
};

use super::facts::{Facts, Reason};

/// What comes of a document.
#[derive(Debug)]
pub(super) enum Judgement {
    /// It is kept.
    Good {
        /// Whether a signature or a verified document vouches for it. Statistics are signed by nobody.
        verified: bool,
    },
    /// It is kept apart.
    Bad(Reason),
    /// It waits for one of these: a key certificate, a server descriptor, a document that lists it.
    Waits(Reason, Vec<Vec<u8>>),
}

/// Whom and what is trusted.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// The authorities by identity, with their names.
    pub(super) authorities: BTreeMap<Fingerprint, String>,
    /// Their certificates.
    pub(super) certificates: Certificates,
}

/// What waits for the certificate of an authority's signing key, for any document of a digest, or of a relay, waits under
/// these bytes.
pub(super) fn need(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

impl Trust {
    /// How many of the authorities are a majority.
    fn majority(&self) -> usize {
        self.authorities.len() / 2 + 1
    }

    /// Judges a document. `referenced` says whether a document that is held names its digest; `identities` has the relay's
    /// key, if it is known.
    pub(super) fn judge(
        &self,
        frame: &Frame<'_>,
        facts: &Facts,
        referenced: bool,
        identities: &Identities,
    ) -> Judgement {
        let body = frame.body;
        match facts.kind {
            Type::Consensus | Type::MicrodescConsensus => self.consensus(body),
            Type::Vote => self.vote(body, facts),
            Type::KeyCertificate => self.certificate(body),
            Type::DetachedSignatures => self.detached(body),
            // A digest says more than a signature: exactly these bytes were meant.
            Type::ServerDescriptor | Type::ExtraInfo | Type::Microdescriptor if referenced => {
                Judgement::Good { verified: true }
            }
            Type::ServerDescriptor => match failure(&verify::server_descriptor(body)) {
                Some(reason) => Judgement::Bad(reason),
                None => Judgement::Good { verified: true },
            },
            Type::ExtraInfo => {
                let checks = verify::extra_info(body, identities);
                let relay = facts.relay.unwrap_or_default();
                match failure(&checks) {
                    Some(reason) => Judgement::Bad(reason),
                    None if identities.get(relay).is_some() => Judgement::Good { verified: true },
                    None => Judgement::Waits(
                        "no server descriptor of the relay is at hand".into(),
                        vec![need(&[&relay.0]), need(&[&facts.key])],
                    ),
                }
            }
            Type::Microdescriptor => {
                Judgement::Waits("no consensus or vote at hand lists it".into(), vec![need(&[&facts.key])])
            }
            _ => Judgement::Good { verified: referenced },
        }
    }

    fn consensus(&self, body: &[u8]) -> Judgement {
        if !is_whole(body) {
            return Judgement::Bad("it is cut off".into());
        }
        let signatures = verify::consensus(body, &self.certificates);
        // An authority that forgot to renew its certificate must not cost the hour; every copy has its signature.
        let broken = |check: &&Check| matches!(check.outcome, Outcome::Invalid(reason) if !reason.ends_with("had expired"));
        if let Some(check) = signatures.checks.iter().find(broken) {
            return Judgement::Bad(said(check));
        }
        let known = |it: &&Fingerprint| self.authorities.contains_key(it);
        let valid = signatures.valid.iter().filter(known).count();
        let missing: Vec<_> = signatures
            .missing
            .iter()
            .filter(|(identity, _)| self.authorities.contains_key(identity))
            .collect();
        let needed = signatures.needed.max(self.majority());
        if valid >= needed {
            Judgement::Good { verified: true }
        } else if valid + missing.len() >= needed {
            let needs = missing.iter().map(|(identity, key)| need(&[&identity.0, &key.0])).collect();
            Judgement::Waits(format!("{valid} valid signatures of {needed}; certificates are missing"), needs)
        } else {
            Judgement::Bad(format!("{valid} valid signatures of known authorities, {needed} are needed"))
        }
    }

    fn vote(&self, body: &[u8], facts: &Facts) -> Judgement {
        if !is_whole(body) {
            return Judgement::Bad("it is cut off".into());
        }
        let identity = facts.name.identity.unwrap_or_default();
        let checks = verify::vote(body);
        match checks.iter().find(|check| check.outcome != Outcome::Valid) {
            Some(check) => Judgement::Bad(said(check)),
            None if !self.authorities.contains_key(&identity) => {
                Judgement::Bad(format!("{identity} is no known authority"))
            }
            None => Judgement::Good { verified: true },
        }
    }

    fn certificate(&self, body: &[u8]) -> Judgement {
        match AuthorityCertificate::read(body) {
            (Some(it), _) if self.authorities.contains_key(&it.identity) => {
                Judgement::Good { verified: true }
            }
            (Some(it), _) => Judgement::Bad(format!("{} is no known authority", it.identity)),
            (None, checks) => {
                let wrong = checks.iter().find(|check| check.outcome != Outcome::Valid);
                Judgement::Bad(wrong.map_or_else(|| "it does not hold".into(), said))
            }
        }
    }

    fn detached(&self, body: &[u8]) -> Judgement {
        let checks = verify::detached_signatures(body, &self.certificates);
        match failure(&checks) {
            Some(reason) => Judgement::Bad(reason),
            None if checks.iter().any(|check| check.outcome == Outcome::Valid) => {
                Judgement::Good { verified: true }
            }
            None => Judgement::Bad("no signature of a known authority".into()),
        }
    }

    /// Takes a certificate that was judged to be good.
    pub(super) fn add(&mut self, body: &[u8]) {
        self.certificates.add(body);
    }

    /// Whether a certificate of an authority's signing key is at hand.
    pub(super) fn has(&self, identity: Fingerprint, signing_key: Hex<20>) -> bool {
        self.certificates.get(identity, signing_key).is_some()
    }
}

/// A consensus or vote that ends within a signature is still signed by all before; the file is not whole.
fn is_whole(body: &[u8]) -> bool {
    body.ends_with(b"-----END SIGNATURE-----\n")
}

/// The first check that failed.
fn failure(checks: &[Check]) -> Option<Reason> {
    checks.iter().find(|check| matches!(check.outcome, Outcome::Invalid(_))).map(said)
}

fn said(check: &Check) -> Reason {
    match check.outcome {
        Outcome::Invalid(reason) | Outcome::Unchecked(reason) => format!("{}: {reason}", check.what),
        Outcome::Valid => check.what.into(),
    }
}
