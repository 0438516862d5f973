//! Rules between the lines of version 3 statuses.

use super::{Consensus, RouterStatus, Vote};
use crate::{
    schema::{Memo, Problem, Reader},
    value::Flags,
};

pub(super) fn consensus<'a>(document: &Consensus<'a>, reader: &mut Reader<'a>) {
    status(document.vote_status, b"consensus", "the document is no consensus", reader);
    entries(&document.entries, document.known_flags, reader);
    if document.signatures.is_empty() {
        reader.complain_about("directory-signature", Problem::MissingLine);
    }
    for authority in &document.authorities {
        if authority.vote_digest.is_none() && !authority.dir_source.is_legacy() {
            let line = authority.raw.split(|&b| b == b'\n').next().unwrap_or_default();
            reader.complain_at("vote-digest", line, Problem::MissingLine);
        }
    }
}

pub(super) fn vote<'a>(document: &Vote<'a>, reader: &mut Reader<'a>) {
    status(document.vote_status, b"vote", "the document is no vote", reader);
    entries(&document.entries, document.known_flags, reader);
    if document.signatures.is_empty() {
        reader.complain_about("directory-signature", Problem::MissingLine);
    }
    if document.authority.certificate.is_none() {
        reader.complain_about("dir-key-certificate-version", Problem::MissingLine);
    }
}

/// Whether `vote-status` says what it must. A missing line is known already.
fn status<'a>(found: &'a [u8], expected: &[u8], problem: &'static str, reader: &mut Reader<'a>) {
    if !found.is_empty() && found != expected {
        reader.complain_at("vote-status", found, Problem::Mismatch(problem));
    }
}

/// Entries must be in ascending order of their fingerprints, and have known flags only (dir-spec §3.4.1).
fn entries<'a>(entries: &[RouterStatus<'a>], known: Flags<'a>, reader: &mut Reader<'a>) {
    if known.iter().next().is_none() {
        reader.complain_about("known-flags", Problem::MissingArgument("flag"));
        return;
    }
    let mut memo = Memo::default();
    let mut before = None;
    for entry in entries {
        let fingerprint = Some(entry.r.fingerprint);
        if before >= fingerprint {
            let line = entry.raw.split(|&b| b == b'\n').next().unwrap_or_default();
            reader.complain_at("r", line, Problem::Misplaced("entries are not in order of their identities"));
        }
        before = fingerprint;
        let Some(flags) = entry.flags else { continue };
        let all_known = || {
            // Both lists are sorted, as a rule, so that one walk over the known flags does for all.
            let mut next = known.iter();
            flags.iter().all(|flag| next.any(|it| it == flag) || known.iter().any(|it| it == flag))
        };
        if !flags.0.is_empty() && !memo.is_sound(flags.0, all_known) {
            reader.complain_at("s", flags.0, Problem::Mismatch("a flag is not among the known flags"));
        }
    }
}
