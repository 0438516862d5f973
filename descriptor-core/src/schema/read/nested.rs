//! Tables that are parts of other documents: one, or many of a kind that follow each other.

use super::{Reader, Table, complete, fill_part};
use crate::{netdoc::Item, schema::Problem};

/// Reads a table that is a part of another document.
pub fn read_nested<'a, D: Table<'a>>(first: &Item<'a>, reader: &mut Reader<'a>) -> Result<D, Problem> {
    let mut document = D::default();
    let (read, next) = fill_part(&mut document, first, reader);
    if let Some(item) = next {
        reader.lexer.unread(&item);
    }
    if complete::<D>(read) { Ok(document) } else { Err(Problem::Reported) }
}

/// The same, at the end of a list, with all tables of the kind that follow; what is incomplete does not stay there.
pub fn push_nested<'a, D: Table<'a>>(
    list: &mut Vec<D>,
    first: &Item<'a>,
    reader: &mut Reader<'a>,
) -> Result<(), Problem> {
    #[cfg(any(feature = "archive", feature = "columnar"))]
    let (first, result) = match super::shares::push_shared(list, first, reader) {
        None => (*first, Ok(())),
        Some((result, Some(next))) => (next, result),
        Some((result, None)) => return result,
    };
    #[cfg(not(any(feature = "archive", feature = "columnar")))]
    let (first, result) = (*first, Ok(()));
    result.and(push_until(list, &first, usize::MAX, reader).0)
}

/// Whether all of some tables that follow each other were complete, and the item that begins the next one.
pub(super) type Run<'a> = (Result<(), Problem>, Option<Item<'a>>);

/// Reads tables of a kind that follow each other, from an item on, until one begins at some place or behind it. Most
/// documents have no such place, and are not to look for it.
#[inline(always)]
pub(super) fn push_until<'a, D: Table<'a>>(
    list: &mut Vec<D>,
    first: &Item<'a>,
    end: usize,
    reader: &mut Reader<'a>,
) -> Run<'a> {
    let (mut item, mut result) = (*first, Ok(()));
    loop {
        list.push(D::default());
        let Some(document) = list.last_mut() else { return (result, None) };
        let (read, next) = fill_part(document, &item, reader);
        if !complete::<D>(read) {
            list.pop();
            result = Err(Problem::Reported);
        }
        match next {
            Some(next) if next.offset < end => {
                if list.len() == 1 {
                    reserve(list, &item, &next, reader);
                }
                item = next;
            }
            next => return (result, next),
        }
    }
}

/// Makes room for the tables of a kind that may follow the first one, if they are as long as that: to move a list of
/// thousands as it grows takes longer than to read some of them. The room is bounded by the bytes that are left.
fn reserve<D>(list: &mut Vec<D>, first: &Item<'_>, next: &Item<'_>, reader: &Reader<'_>) {
    let left = reader.lexer.document().len() - next.offset;
    let each = (next.offset - first.offset).max(size_of::<D>() / 4).max(1);
    list.reserve(left / each);
}
