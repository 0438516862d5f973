//! Votes, consensuses and the detached signatures from which consensuses get theirs (dir-spec §3.4.1).

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    AuthorityCertificate, Certificates, Check, Checks, Outcome, Reason, ensure,
    signed::{lines, through_keyword},
};
use crate::{
    document::{sha1, sha256},
    netdoc::{FromArg, Item, find_line, items},
    schema::{FromItem, MAX_LISTED, Problem},
    value::{AdditionalDigest, AdditionalSignature, DirectorySignature, Fingerprint, Hex, Timestamp},
};

/// What the signatures of a consensus are worth.
#[derive(Debug, Clone, Default)]
pub struct Signatures {
    /// One check a signature.
    pub checks: Vec<Check>,
    /// The authorities whose signature is valid.
    pub valid: BTreeSet<Fingerprint>,
    /// The authorities whose signature is not valid.
    pub invalid: BTreeSet<Fingerprint>,
    /// Identity and signing key of the certificates that would be needed to try the other signatures.
    pub missing: BTreeSet<(Fingerprint, Hex<20>)>,
    /// How many valid signatures make the consensus hold: more than half of the authorities. Authorities are those that
    /// have a certificate which holds at `valid-after`, and those that the consensus says have voted.
    pub needed: usize,
}

impl Signatures {
    /// Whether a majority of the authorities has signed.
    pub fn hold(&self) -> bool {
        self.needed > 0 && self.valid.len() >= self.needed
    }

    /// The checks of the signatures that could be tried, and one more if there are too few. Where there are enough, the
    /// others are not needed.
    pub(super) fn into_checks(mut self) -> Vec<Check> {
        self.checks.retain(|check| !matches!(check.outcome, Outcome::Unchecked(_)));
        if !self.hold() {
            let outcome = if self.valid.len() + self.missing.len() >= self.needed.max(1) {
                Outcome::Unchecked("certificates for a majority of the authorities are not at hand")
            } else {
                Outcome::Invalid("no majority of the authorities has signed")
            };
            self.checks.push(Check { what: "directory-signature", outcome, span: 0..0 });
        }
        self.checks
    }
}

/// Tries the signature of a digest.
fn check(
    signature: &DirectorySignature<'_>,
    item: &Item<'_>,
    digest: Option<&[u8]>,
    certificates: &Certificates,
    made: Option<Timestamp>,
) -> Outcome {
    let Some(digest) = digest else { return Outcome::Unchecked("the digest algorithm is unknown") };
    match certificates.check((signature.identity, signature.signing_key_digest), made) {
        Ok(key) => key.check(digest, item, &["SIGNATURE"]).into(),
        Err(outcome) => outcome,
    }
}

/// Reads the line of a signature.
fn read<'a, T: FromItem<'a>>(item: &Item<'a>) -> Result<T, Reason> {
    T::from_item(item).map_err(|problem| match problem {
        Problem::MissingObject => "the object below the line is missing",
        _ => "the line cannot be read",
    })
}

/// The digests that a signature may be about; a document is large, so each is made when a signature asks for it.
struct SignedDigests<'a> {
    signed: &'a [u8],
    sha1: OnceCell<[u8; 20]>,
    sha256: OnceCell<[u8; 32]>,
}

impl<'a> SignedDigests<'a> {
    fn of(signed: &'a [u8]) -> Self {
        SignedDigests { signed, sha1: OnceCell::new(), sha256: OnceCell::new() }
    }

    fn by(&self, algorithm: &[u8]) -> Option<&[u8]> {
        match algorithm {
            b"sha1" => Some(self.sha1.get_or_init(|| sha1(self.signed).0)),
            b"sha256" => Some(self.sha256.get_or_init(|| sha256(self.signed).0)),
            _ => None,
        }
    }
}

/// The document up to its first signature, and the items from there on.
fn split(body: &[u8]) -> (&[u8], impl Iterator<Item = Item<'_>>) {
    let at = find_line(body, b"directory-signature ").unwrap_or(body.len());
    let shifted = move |item: Item<'_>| item.offset + at;
    let tail = items(&body[at..]).map(move |item| Item { offset: shifted(item), ..item });
    (&body[..at], tail)
}

/// The lines before the first relay.
fn head(body: &[u8]) -> impl Iterator<Item = Item<'_>> {
    items(body).take_while(|item| item.keyword != b"r" && item.keyword != b"directory-footer")
}

/// Checks a consensus of either flavour. An authority that signs with a legacy key too counts once with each key.
pub fn consensus(body: &[u8], certificates: &Certificates) -> Signatures {
    let (signed, tail) = split(body);
    let [version, valid_after] = lines(head(signed), ["network-status-version", "valid-after"]);
    let made = valid_after.as_ref().and_then(|item| Timestamp::from_item(item).ok());
    let mut all = Signatures { needed: majority(signed, certificates, made), ..Signatures::default() };
    let mut checks = Checks::default();
    let mut digests = None;
    for item in tail {
        if item.keyword != b"directory-signature" {
            if !item.line().trim_ascii().is_empty() {
                checks.note("directory-signature", &item, Err("a line that is not signed follows"));
                break;
            }
            continue;
        }
        if checks.0.len() >= MAX_LISTED {
            break;
        }
        let signature: DirectorySignature<'_> = match read(&item) {
            Ok(signature) => signature,
            Err(reason) => {
                checks.note("directory-signature", &item, Err(reason));
                continue;
            }
        };
        let digests = digests.get_or_insert_with(|| {
            let from = version.as_ref().unwrap_or(&item);
            SignedDigests::of(through_keyword(body, from, &item))
        });
        let outcome = check(&signature, &item, digests.by(signature.algorithm), certificates, made);
        let key = (signature.identity, signature.signing_key_digest);
        match outcome {
            Outcome::Valid => _ = all.valid.insert(key.0),
            Outcome::Invalid(_) => _ = all.invalid.insert(key.0),
            Outcome::Unchecked(_) if certificates.get(key.0, key.1).is_none() => _ = all.missing.insert(key),
            Outcome::Unchecked(_) => {}
        }
        checks.note("directory-signature", &item, outcome);
    }
    if digests.is_none() {
        checks.missing("directory-signature");
    }
    all.checks = checks.done();
    all
}

/// More than half of the authorities. The `-legacy` entry of an authority with two identities does not count.
fn majority(signed: &[u8], certificates: &Certificates, made: Option<Timestamp>) -> usize {
    let mut authorities: BTreeSet<_> = made.into_iter().flat_map(|at| certificates.authorities(at)).collect();
    for item in head(signed).filter(|item| item.keyword == b"dir-source") {
        let mut args = item.args();
        let (name, identity) = (args.next(), args.next().and_then(|it| Fingerprint::from_arg(it).ok()));
        if !name.is_some_and(|name| name.ends_with(b"-legacy")) {
            authorities.extend(identity);
        }
    }
    authorities.len() / 2 + 1
}

/// Checks a vote: the key certificate within, that it is the voter's, and the signature by its key. Whether the voter is
/// an authority is another question.
pub fn vote(body: &[u8]) -> Vec<Check> {
    let (signed, mut tail) = split(body);
    let [version, published, source, begin, end] = lines(
        head(signed),
        [
            "network-status-version",
            "published",
            "dir-source",
            "dir-key-certificate-version",
            "dir-key-certification",
        ],
    );
    let mut checks = Checks::default();
    let (Some(begin), Some(end)) = (begin, end) else {
        checks.missing("dir-key-certificate-version");
        return checks.done();
    };
    let embedded = body.get(begin.offset..end.offset + end.raw.len()).unwrap_or_default();
    let (certificate, mut within) = AuthorityCertificate::read(embedded);
    for check in &mut within {
        if !check.span.is_empty() {
            check.span = check.span.start + begin.offset..check.span.end + begin.offset;
        }
    }
    checks.0 = within;
    checks.must("dir-source", source.as_ref(), |item| {
        let mut args = item.args();
        _ = args.next();
        let identity: Option<Fingerprint> = args.value("identity").ok();
        let certified = certificate.as_ref().map(|it| it.identity);
        match (identity, certified) {
            (None, _) => Outcome::Invalid("the identity cannot be read"),
            (_, None) => Outcome::Unchecked("the key certificate does not hold"),
            (claimed, known) => {
                ensure(claimed == known, "the key certificate is of another authority").into()
            }
        }
    });
    let signature = tail.next();
    checks.must("directory-signature", signature.as_ref(), |item| {
        let signature: DirectorySignature<'_> = match read(item) {
            Ok(signature) => signature,
            Err(reason) => return Outcome::Invalid(reason),
        };
        if tail.any(|item| !item.line().trim_ascii().is_empty()) {
            return Outcome::Invalid("lines that are not signed follow");
        }
        let Some(certificate) = &certificate else {
            return Outcome::Unchecked("the key certificate does not hold");
        };
        let made = published.as_ref().and_then(|item| Timestamp::from_item(item).ok());
        let digests = SignedDigests::of(through_keyword(body, version.as_ref().unwrap_or(item), item));
        let mut own = Certificates::default();
        own.insert(certificate.clone());
        match check(&signature, item, digests.by(signature.algorithm), &own, made) {
            Outcome::Unchecked(_) => Outcome::Invalid("another key than the certified one has signed"),
            outcome => outcome,
        }
    });
    checks.done()
}

/// Checks detached signatures (dir-spec §3.10): each is about a digest that the document gives.
pub fn detached_signatures(body: &[u8], certificates: &Certificates) -> Vec<Check> {
    let mut checks = Checks::default();
    let mut digests: BTreeMap<(&[u8], &[u8]), Vec<u8>> = BTreeMap::new();
    let mut made = None;
    for item in items(body) {
        if checks.0.len() >= MAX_LISTED {
            break;
        }
        let (what, signature) = match item.keyword {
            b"consensus-digest" => {
                if let Ok(digest) = Hex::<20>::from_arg(item.args) {
                    digests.insert((NS, b"sha1"), digest.0.to_vec());
                }
                continue;
            }
            b"additional-digest" => {
                let digest = AdditionalDigest::from_item(&item);
                if let Some((it, digest)) =
                    digest.ok().and_then(|it| Some((it, Hex::<32>::from_hex(it.digest)?)))
                {
                    digests.insert((it.flavor, it.algorithm), digest.0.to_vec());
                }
                continue;
            }
            b"valid-after" => {
                made = Timestamp::from_item(&item).ok();
                continue;
            }
            b"directory-signature" => {
                let signature = read(&item).map(|signature| AdditionalSignature { flavor: NS, signature });
                ("directory-signature", signature)
            }
            b"additional-signature" => ("additional-signature", read(&item)),
            _ => continue,
        };
        let outcome = match signature {
            Ok(AdditionalSignature { flavor, signature }) => {
                let digest = digests.get(&(flavor, signature.algorithm)).map(Vec::as_slice);
                check(&signature, &item, digest, certificates, made)
            }
            Err(reason) => Outcome::Invalid(reason),
        };
        checks.note(what, &item, outcome);
    }
    checks.done()
}

/// The flavour that has no name of its own in documents.
const NS: &[u8] = b"ns";
