//! Signatures: who really said what a document says.
//!
//! Every document is checked from its bytes alone, without the tables: a signature is about bytes, and a document that a
//! table finds fault with can still be signed. What a signature says depends on keys that may stand elsewhere: consensuses
//! need the authorities' [`Certificates`], extra-info descriptors the relay's identity key ([`Identities`]). There is no
//! clock here; certificates are compared with the time at which the document says that it was made.
//!
//! The public functions take the body of one [`Frame`](crate::netdoc::Frame) and return one [`Check`] for each line that
//! signs or certifies something.

mod authority;
mod ed25519;
mod old;
mod onion_service;
mod router;
mod rsa;
mod signed;
mod status;

use std::{borrow::Cow, ops::Range};

pub use authority::{AuthorityCertificate, Certificates};
pub use old::self_signed;
pub use onion_service::{hidden_service, hidden_service_3};
pub use router::{Identities, extra_info, server_descriptor};
pub use rsa::PublicKey;
pub use status::{Signatures, consensus, detached_signatures, vote};

use crate::{
    document::Type,
    netdoc::Item,
    schema::{Issue, Problem},
};

/// What came of one line that signs or certifies something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The keyword of the line.
    pub what: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// The bytes of the line, counted from the first byte of the document. Empty for a line that is missing.
    pub span: Range<usize>,
}

/// Whether something that was claimed is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is true.
    Valid,
    /// It is false, for the reason given.
    Invalid(&'static str),
    /// It could not be tried, for the reason given.
    Unchecked(&'static str),
}

impl Check {
    /// The check as an issue of the document; `None` unless it failed.
    pub fn issue(&self) -> Option<Issue> {
        self.doubt().filter(|_| !matches!(self.outcome, Outcome::Unchecked(_)))
    }

    /// The check as an issue of the document if it did not succeed, for who trusts nothing that could not be tried.
    pub fn doubt(&self) -> Option<Issue> {
        match self.outcome {
            Outcome::Valid => None,
            Outcome::Invalid(reason) | Outcome::Unchecked(reason) => Some(Issue {
                problem: Problem::Unverified(reason),
                keyword: Cow::Borrowed(self.what),
                span: self.span.clone(),
            }),
        }
    }
}

/// What signatures are checked against.
#[derive(Debug, Default)]
pub struct Against {
    /// The certificates of the directory authorities, for consensuses and detached signatures.
    pub certificates: Certificates,
    /// The identity keys of relays, for extra-info descriptors.
    pub identities: Identities,
}

impl Against {
    /// Takes what a document tells about keys: a key certificate or a server descriptor. Others tell nothing.
    pub fn add(&mut self, kind: Type, body: &[u8]) {
        match kind {
            Type::KeyCertificate => _ = self.certificates.add(body),
            Type::ServerDescriptor => self.identities.add(body),
            _ => {}
        }
    }
}

/// Checks every signature of a document. Types that nobody signs, sanitized ones among them, give no check. Of a consensus
/// that a majority has signed, signatures that could not be tried are left out; of another one they are one check together.
pub fn verify(kind: Type, body: &[u8], against: &Against) -> Vec<Check> {
    match kind {
        Type::Consensus | Type::MicrodescConsensus => consensus(body, &against.certificates).into_checks(),
        Type::Vote => vote(body),
        Type::DetachedSignatures => detached_signatures(body, &against.certificates),
        Type::KeyCertificate => AuthorityCertificate::read(body).1,
        Type::ServerDescriptor => server_descriptor(body),
        Type::ExtraInfo => extra_info(body, &against.identities),
        Type::NetworkStatus2 | Type::Directory => self_signed(body),
        Type::HiddenService => hidden_service(body),
        Type::HiddenService3 => hidden_service_3(body),
        _ => Vec::new(),
    }
}

/// Why a claim is false.
type Reason = &'static str;

/// The checks of one document so far.
#[derive(Debug, Default)]
struct Checks(Vec<Check>);

impl Checks {
    /// Notes what came of an item.
    fn note(&mut self, what: &'static str, item: &Item<'_>, outcome: impl Into<Outcome>) {
        let span = item.offset..item.offset + item.line().len();
        self.0.push(Check { what, outcome: outcome.into(), span });
    }

    /// Notes that a line that must be there is not.
    fn missing(&mut self, what: &'static str) {
        self.0.push(Check { what, outcome: Outcome::Invalid("the line is missing"), span: 0..0 });
    }

    /// The checks in the order of the document; lines that are missing come last.
    fn done(mut self) -> Vec<Check> {
        self.0.sort_by_key(|check| (check.span.is_empty(), check.span.start));
        self.0
    }

    /// Tries a line that must be there.
    fn must<T: Into<Outcome>>(
        &mut self,
        what: &'static str,
        item: Option<&Item<'_>>,
        attempt: impl FnOnce(&Item<'_>) -> T,
    ) {
        match item {
            Some(item) => self.note(what, item, attempt(item)),
            None => self.missing(what),
        }
    }
}

impl From<Result<(), Reason>> for Outcome {
    fn from(result: Result<(), Reason>) -> Self {
        match result {
            Ok(()) => Outcome::Valid,
            Err(reason) => Outcome::Invalid(reason),
        }
    }
}

/// Turns a comparison into a result.
fn ensure(holds: bool, reason: Reason) -> Result<(), Reason> {
    if holds { Ok(()) } else { Err(reason) }
}
