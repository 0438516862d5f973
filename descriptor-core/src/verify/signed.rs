//! Which lines a check needs, and which bytes a signature covers.

use super::Reason;
use crate::netdoc::{Item, items};

/// The first line of each keyword, `None` where there is none.
pub(super) fn lines<'a, const N: usize>(
    items: impl Iterator<Item = Item<'a>>,
    keywords: [&str; N],
) -> [Option<Item<'a>>; N] {
    let mut found = [None; N];
    for item in items {
        if let Some(at) = keywords.iter().position(|it| it.as_bytes() == item.keyword) {
            found[at].get_or_insert(item);
        }
    }
    found
}

/// The document from one line through another one with its line end.
pub(super) fn through_line<'a>(body: &'a [u8], from: &Item<'a>, to: &Item<'a>) -> &'a [u8] {
    let end = to.offset + (to.line().len() + 1).min(to.raw.len());
    body.get(from.offset..end).unwrap_or_default()
}

/// The document from one line through the keyword of another one and the blank after it.
pub(super) fn through_keyword<'a>(body: &'a [u8], from: &Item<'a>, to: &Item<'a>) -> &'a [u8] {
    let end = to.offset + (to.keyword.len() + 1).min(to.raw.len());
    body.get(from.offset..end).unwrap_or_default()
}

/// The keyword of the first line after an item that is not blank.
pub(super) fn next_keyword<'a>(body: &'a [u8], after: &Item<'a>) -> Option<&'a [u8]> {
    let rest = body.get(after.offset + after.raw.len()..).unwrap_or_default();
    items(rest).find(|item| !item.line().trim_ascii().is_empty()).map(|item| item.keyword)
}

/// The bytes of the object below a line, which must have one of the labels.
pub(super) fn object(item: &Item<'_>, labels: &[&str]) -> Result<Vec<u8>, Reason> {
    let object = item.object.ok_or("the object below the line is missing")?;
    if !labels.iter().any(|label| object.has_label(label.as_bytes())) {
        return Err("the object has another label than it should");
    }
    object.decode().ok_or("the object is not base64")
}
