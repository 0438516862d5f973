//! Where the signed lines of server and extra-info descriptors stand (dir-spec §2.1.1).

use crate::{
    netdoc::{Lexer, find_line},
    schema::{Problem, Reader},
    value::{Ed25519Cert, Object, Signature},
};

/// The `identity-ed25519` line must be the second one.
pub(super) fn certificate_second<'a>(
    raw: &'a [u8],
    certificate: Option<&Ed25519Cert<'a>>,
    reader: &mut Reader<'a>,
) {
    let Some(certificate) = certificate else { return };
    let first = memchr::memchr(b'\n', raw).map_or(raw.len(), |end| end + 1);
    let line = "identity-ed25519\n".len();
    let start = begin(raw, &certificate.0);
    if start != first + line {
        let line = raw.get(start.saturating_sub(line)..start).unwrap_or_default();
        reader.complain_at("identity-ed25519", line, Problem::Misplaced("the line must be the second one"));
    }
}

/// Nothing but blank lines may follow the `router-signature`.
pub(super) fn signature_last<'a>(raw: &'a [u8], signature: Option<&Signature<'a>>, reader: &mut Reader<'a>) {
    let Some(signature) = signature else { return };
    let end = begin(raw, &signature.0) + signature.0.raw.len();
    let rest = raw.get(end..).unwrap_or_default();
    if rest.len() <= 1 {
        return;
    }
    let mut lexer = Lexer::new(rest);
    while let Some(item) = lexer.item() {
        if !item.line().trim_ascii().is_empty() {
            let keyword =
                if item.keyword == b"router-sig-ed25519" { "router-sig-ed25519" } else { "router-signature" };
            return reader.complain_at(
                keyword,
                item.line(),
                Problem::Misplaced("the signature must be the last line"),
            );
        }
    }
}

/// Where the first line of a keyword begins, with or without `opt`.
pub(super) fn first_line(raw: &[u8], keyword: &str) -> Option<usize> {
    [keyword.to_owned(), format!("opt {keyword}")].iter().find_map(|start| {
        let mut from = 0;
        while let Some(at) = find_line(raw.get(from..)?, start.as_bytes()) {
            let end = from + at + start.len();
            if matches!(raw.get(end), None | Some(b' ' | b'\t' | b'\n' | b'\r')) {
                return Some(from + at);
            }
            // The rest of a longer keyword cannot begin another line.
            from = end + memchr::memchr(b'\n', &raw[end..])? + 1;
        }
        None
    })
}

/// Notes that a line is missing, unless it stands there and is malformed, which has been noted then.
#[cold]
pub(super) fn missing(raw: &[u8], keyword: &'static str, reader: &mut Reader<'_>) {
    if first_line(raw, keyword).is_none() {
        reader.complain_about(keyword, Problem::MissingLine);
    }
}

/// Where an object begins in its document.
pub(super) fn begin(raw: &[u8], object: &Object<'_>) -> usize {
    (object.raw.as_ptr() as usize).wrapping_sub(raw.as_ptr() as usize).min(raw.len())
}
