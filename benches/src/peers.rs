//! Other parsers, each given the work it can do.
//!
//! Every function takes a whole file in memory, parses all of it, and returns how many descriptors or
//! entries came out. Nothing is kept: each value goes through [`black_box`] and is dropped, which is
//! the cheapest thing a user could do with it. Where there is a choice (a shorter input, a cheaper
//! form of the digest), the peer gets the one that is faster for it.
//!
//! What each peer does *not* do, so that a comparison can be read:
//!
//! - tor-netdoc (`parse2`) decodes keys and digests and hashes the document for its signatures; the
//!   functions here check no signature. It ignores the publication time of a consensus entry, and
//!   knows a consensus only since 2017 (`pr` lines in every entry).
//! - stem-rs decodes no key and no certificate, copies the text of every descriptor, yields no entries
//!   from a network status, and does not find the descriptors in a file: `pieces` does.

use std::borrow::Cow;
use std::hint::black_box;

use memchr::memmem::{find, find_iter, rfind};
use memchr::memrchr;
use stem_rs::Error;
use stem_rs::descriptor::{
    Descriptor, DigestEncoding, DigestHash, ExtraInfoDescriptor, Microdescriptor, NetworkStatusDocument,
    RouterStatusEntry, ServerDescriptor, TorDNSEL,
};
use tor_netdoc::doc::netstatus::plain::NetworkStatusUnverified;
use tor_netdoc::parse2::{NetdocParseableUnverified, ParseInput, parse_netdoc};

/// The entries of an `ns` consensus that tor-netdoc's new parser reads, or 0 if it refuses the document.
///
/// The parser is eager, so a parsed document has every field. Annotations are not its business: they
/// are skipped here.
pub fn consensus_netdoc_parse2(text: &str) -> usize {
    let input = ParseInput::new(without_annotations(text), "consensus");
    match parse_netdoc::<NetworkStatusUnverified>(&input) {
        Ok(document) => document.inspect_unverified().0.routers.iter().map(black_box).count(),
        Err(_) => 0,
    }
}

/// The entries of an `ns` consensus that stem-rs reads, or 0 if it refuses the head or the footer.
pub fn consensus_stem_rs(data: &[u8]) -> usize {
    network_status_stem_rs(data, RouterStatusEntry::parse)
}

/// The entries of a vote that stem-rs reads, or 0 if it refuses the head or the footer.
pub fn vote_stem_rs(data: &[u8]) -> usize {
    network_status_stem_rs(data, RouterStatusEntry::parse_vote)
}

/// The server descriptors that stem-rs reads, each with its SHA-1 digest.
pub fn server_descriptors_stem_rs(data: &[u8]) -> usize {
    pieces(data, b"\nrouter ")
        .filter(|piece| {
            reads(piece.descriptor, |parsed: &ServerDescriptor| {
                parsed.digest(DigestHash::Sha1, DigestEncoding::Base64)
            })
        })
        .count()
}

/// The extra-infos that stem-rs reads, each with its SHA-1 digest, and those that it refuses.
///
/// It refuses every one with a `hidserv-stats-end` line, so give others [`extra_infos_accepted`].
pub fn extra_infos_stem_rs(data: &[u8]) -> (usize, usize) {
    pieces(data, b"\nextra-info ").fold((0, 0), |(accepted, refused), piece| {
        if reads_extra_info(piece.descriptor) { (accepted + 1, refused) } else { (accepted, refused + 1) }
    })
}

/// The extra-infos that stem-rs reads, with their annotations, one after the other in a new file.
pub fn extra_infos_accepted(data: &[u8]) -> Vec<u8> {
    pieces(data, b"\nextra-info ").filter(|piece| reads_extra_info(piece.descriptor)).fold(
        Vec::new(),
        |mut accepted, piece| {
            accepted.extend_from_slice(piece.annotated);
            accepted
        },
    )
}

/// The microdescriptors that stem-rs reads, each with its SHA-256 digest.
pub fn microdescriptors_stem_rs(data: &[u8]) -> usize {
    pieces(data, b"\nonion-key\n")
        .filter(|piece| {
            reads(piece.descriptor, |parsed: &Microdescriptor| {
                parsed.digest(DigestHash::Sha256, DigestEncoding::Base64)
            })
        })
        .count()
}

/// The relays of an exit list that stem-rs reads.
pub fn exit_list_stem_rs(data: &[u8]) -> usize {
    pieces(data, b"\nExitNode ")
        .filter(|piece| TorDNSEL::parse_bytes(piece.descriptor).map(black_box).is_ok())
        .count()
}

/// Head and footer by stem-rs's document parser, and the entries, cut out here, by `entry`.
///
/// The document parser skips entries line by line, so it is given none.
fn network_status_stem_rs(data: &[u8], entry: fn(&str) -> Result<RouterStatusEntry, Error>) -> usize {
    let footer = rfind(data, b"\ndirectory-footer").map_or(data.len(), |at| at + 1);
    let (data, footer) = data.split_at(footer);
    let entries = find(data, b"\nr ").map_or(data.len(), |at| at + 1);
    let outside = [&data[..entries], footer].concat();
    if NetworkStatusDocument::parse(&text(&outside)).map(black_box).is_err() {
        return 0;
    }
    pieces(&data[entries..], b"\nr ")
        .filter(|piece| entry(&text(piece.descriptor)).map(black_box).is_ok())
        .count()
}

/// Whether stem-rs reads an extra-info and tells its SHA-1 digest.
///
/// For a bridge it has the digest only as hexadecimal, copied from the `router-digest` line.
fn reads_extra_info(descriptor: &[u8]) -> bool {
    reads(descriptor, |parsed: &ExtraInfoDescriptor| {
        let bridge = parsed.is_bridge();
        let encoding = if bridge { DigestEncoding::Hex } else { DigestEncoding::Base64 };
        parsed.digest(DigestHash::Sha1, encoding)
    })
}

/// Whether stem-rs reads a descriptor and tells its digest.
///
/// The digest is asked for in base64, which stem-rs makes faster than hexadecimal and raw text.
fn reads<D: Descriptor>(descriptor: &[u8], digest: impl FnOnce(&D) -> Result<String, Error>) -> bool {
    D::parse(&text(descriptor)).and_then(|parsed| digest(black_box(&parsed))).map(black_box).is_ok()
}

/// Bytes as the text that stem-rs wants.
///
/// It takes the lossy conversion itself where it is given bytes; that one has no quick way for text
/// that is all right.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// One descriptor of a file.
struct Piece<'a> {
    /// From its first `@` line on, if it has any.
    annotated: &'a [u8],
    /// From its first keyword on, as the digests want it.
    descriptor: &'a [u8],
}

/// The descriptors of a file, cut before `keyword`, which begins each of them.
///
/// `keyword` starts with the end of the line before it and ends with what must follow, so that
/// `router` does not find `router-signature`. What stands before the first descriptor is taken for its
/// annotations.
fn pieces<'a>(data: &'a [u8], keyword: &'static [u8]) -> impl Iterator<Item = Piece<'a>> {
    let first = data.starts_with(&keyword[1..]).then_some(0);
    let others = find_iter(data, keyword).map(|line_end| line_end + 1);
    let mut starts = first.into_iter().chain(others).peekable();
    let mut annotated = 0;
    std::iter::from_fn(move || {
        let start = starts.next()?;
        let end = starts.peek().map_or(data.len(), |&next| annotations_before(data, next));
        let piece = Piece { annotated: &data[annotated..end], descriptor: &data[start..end] };
        annotated = end;
        Some(piece)
    })
}

/// Where the `@` lines begin that end at `at`, the start of a line; `at` itself if there are none.
fn annotations_before(data: &[u8], mut at: usize) -> usize {
    while at > 0 {
        let line = memrchr(b'\n', &data[..at - 1]).map_or(0, |line_end| line_end + 1);
        if data[line] != b'@' {
            break;
        }
        at = line;
    }
    at
}

/// What follows the `@` lines at the start of a file.
fn without_annotations(mut text: &str) -> &str {
    while text.starts_with('@') {
        text = text.split_once('\n').map_or("", |(_, rest)| rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRIDGES: &[u8] = b"@type bridge-extra-info 1.3
extra-info a 0000000000000000000000000000000000000000
published 2020-01-01 00:00:00
router-digest 1111111111111111111111111111111111111111
@source here
@type bridge-extra-info 1.3
extra-info b 0000000000000000000000000000000000000000
published 2020-01-01 00:00:00
hidserv-stats-end 2020-01-01 00:00:00 (86400 s)
router-digest 2222222222222222222222222222222222222222
extra-info c 0000000000000000000000000000000000000000
published 2020-01-01 00:00:00
router-digest 3333333333333333333333333333333333333333
";

    #[test]
    fn pieces_are_the_whole_file() {
        let pieces: Vec<_> = pieces(BRIDGES, b"\nextra-info ").collect();
        let annotated: Vec<_> = pieces.iter().map(|piece| piece.annotated).collect();
        assert_eq!(annotated.concat(), BRIDGES);
        assert!(annotated[1].starts_with(b"@source here\n@type "));
        let descriptors: Vec<_> = pieces.iter().map(|piece| &piece.descriptor[..12]).collect();
        assert_eq!(descriptors, [b"extra-info a", b"extra-info b", b"extra-info c"]);
    }

    #[test]
    fn nothing_has_no_pieces() {
        assert_eq!(pieces(b"", b"\nrouter ").count(), 0);
        assert_eq!(pieces(b"@type server-descriptor 1.0\n", b"\nrouter ").count(), 0);
    }

    #[test]
    fn accepted_extra_infos_are_all_accepted() {
        assert_eq!(extra_infos_stem_rs(BRIDGES), (2, 1));
        let accepted = extra_infos_accepted(BRIDGES);
        assert_eq!(extra_infos_stem_rs(&accepted), (2, 0));
        assert_eq!(pieces(&accepted, b"\nextra-info ").count(), 2);
    }

    #[test]
    fn annotations_are_skipped() {
        assert_eq!(without_annotations("@type a 1.0\n@source b\nc\n@d\n"), "c\n@d\n");
        assert_eq!(without_annotations("@type a 1.0"), "");
    }
}
