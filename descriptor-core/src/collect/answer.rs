//! What an answer holds: which documents, and what of what was wanted.

use super::{Flavor, Wanted};
use crate::{
    document::{KeyCertificate, Type, sha1},
    netdoc::{Frame, Item, find_line, frames, items},
    schema::parse,
    value::{Fingerprint, Timestamp},
};

/// Documents of one type that follow each other in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group<'a> {
    pub(super) kind: Option<Type>,
    pub(super) bytes: &'a [u8],
    /// What of all that could be wanted they are.
    pub(super) met: Vec<Wanted>,
}

/// An answer, cut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contents<'a> {
    pub(super) groups: Vec<Group<'a>>,
    /// Whether the last document was dropped because its end is missing.
    pub(super) cut_off: bool,
}

/// Cuts an answer. `ended` says that all of it came; otherwise the text must tell. The types are those that the documents
/// tell, and all that are asked for do: an error page must not pass for one because it was asked for.
pub(super) fn contents(bytes: &[u8], ended: bool) -> Contents<'_> {
    let mut contents = Contents::default();
    let mut begin = 0;
    for frame in frames(bytes, None) {
        let end = frame.span().end as usize;
        if end == bytes.len() && !ended && !is_whole(&frame) {
            contents.cut_off = true;
            break;
        }
        let mut met = Vec::new();
        meet(&frame, &mut met);
        let start = frame.offset as usize - frame.annotations.len();
        match contents.groups.last_mut() {
            Some(group) if group.kind == frame.kind => {
                group.bytes = &bytes[begin..end];
                group.met.append(&mut met);
            }
            _ => {
                begin = start;
                contents.groups.push(Group { kind: frame.kind, bytes: &bytes[start..end], met });
            }
        }
    }
    contents
}

/// Whether a document has the end that its type must have.
fn is_whole(frame: &Frame<'_>) -> bool {
    match frame.kind {
        Some(
            Type::Consensus
            | Type::MicrodescConsensus
            | Type::Vote
            | Type::DetachedSignatures
            | Type::KeyCertificate
            | Type::ServerDescriptor
            | Type::ExtraInfo,
        ) => frame.body.ends_with(b"-----END SIGNATURE-----\n"),
        _ => frame.body.ends_with(b"\n"),
    }
}

/// What a document would be wanted as. Only what names it is read.
fn meet(frame: &Frame<'_>, met: &mut Vec<Wanted>) {
    let Some(kind) = frame.kind else { return };
    let body = frame.body;
    let time = || valid_after(body);
    let wanted = match kind {
        Type::Consensus => time().map(|time| Wanted::Consensus(Flavor::Ns, time)),
        Type::MicrodescConsensus => time().map(|time| Wanted::Consensus(Flavor::Microdesc, time)),
        Type::DetachedSignatures => time().map(Wanted::DetachedSignatures),
        Type::Vote => time().zip(voter(body)).map(|(time, voter)| {
            met.push(Wanted::Vote(time, voter, kind.sha1(body)));
            Wanted::Vote(time, voter, None)
        }),
        Type::KeyCertificate => {
            let certificate = parse::<KeyCertificate<'_>>(*frame).partial;
            let key = certificate.dir_signing_key.decode();
            key.map(|key| Wanted::Certificate(certificate.fingerprint, sha1(&key)))
        }
        Type::ServerDescriptor => kind.sha1(body).map(Wanted::ServerDescriptor),
        Type::ExtraInfo => kind.sha1(body).map(Wanted::ExtraInfo),
        Type::Microdescriptor => kind.sha256(body).map(Wanted::Microdescriptor),
        Type::BandwidthFile => Some(Wanted::BandwidthFiles),
        _ => None,
    };
    met.extend(wanted);
}

/// When a consensus, vote or set of signatures becomes valid.
pub(super) fn valid_after(body: &[u8]) -> Option<Timestamp> {
    Timestamp::take(&mut line(body, b"valid-after ")?.args(), "valid-after").ok()
}

fn line<'a>(body: &'a [u8], keyword: &[u8]) -> Option<Item<'a>> {
    items(&body[find_line(body, keyword)?..]).next()
}

/// The identity in the first `dir-source` line, which is the voter's own.
fn voter(vote: &[u8]) -> Option<Fingerprint> {
    let source = line(vote, b"dir-source ")?;
    let mut args = source.args();
    args.text("nickname").ok()?;
    args.value("identity").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "router a\nrouter-signature\n-----BEGIN SIGNATURE-----\n-----END SIGNATURE-----\n";
    const B: &str = "router b\nrouter-signature\n-----BEGIN SIGNATURE-----\n-----END SIGNATURE-----\n";

    #[test]
    fn documents_of_a_kind_stay_together_and_the_rest_is_kept_apart() {
        let text = [A, B, "@source x\nextra-info c\nx\n", "@type unheard-of 1.0\nrubbish\n"].concat();
        let contents = contents(text.as_bytes(), true);
        let groups: Vec<_> = contents.groups.iter().map(|it| (it.kind, it.bytes.len())).collect();
        assert_eq!(
            groups,
            [(Some(Type::ServerDescriptor), A.len() + B.len()), (Some(Type::ExtraInfo), 25), (None, 29)]
        );
        let digest = Type::ServerDescriptor.sha1(A.as_bytes()).expect("it has a signature");
        assert!(contents.groups[0].met.contains(&Wanted::ServerDescriptor(digest)));
        let met: Vec<_> = contents.groups.iter().map(|group| group.met.len()).collect();
        assert_eq!(met, [2, 0, 0]);
    }

    #[test]
    fn a_document_without_its_end_is_dropped_unless_the_answer_had_one() {
        let text = [A, "router b\nrouter-sig"].concat();
        let cut = contents(text.as_bytes(), false);
        assert_eq!((cut.cut_off, cut.groups.len(), cut.groups[0].met.len()), (true, 1, 1));
        assert_eq!(cut.groups[0].bytes, A.as_bytes());
        let whole = contents(text.as_bytes(), true);
        assert_eq!((whole.cut_off, whole.groups[0].bytes), (false, text.as_bytes()));
    }
}
