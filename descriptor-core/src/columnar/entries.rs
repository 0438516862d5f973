//! Which types have entries that can be rows of their own, such as the status entries of a consensus.

use std::borrow::Cow;

use super::row::{From, Selected};
use crate::{
    document::Type,
    schema::{Column, Kind, Schema},
};

/// Where the entries of a type are.
struct Entries {
    types: &'static [Type],
    /// The keyword of the field of entries.
    keyword: &'static str,
    /// The keyword of the line within an entry that is a row, if a row is less than an entry.
    line: &'static str,
    /// The columns of the document that stand in each row; `field.column` for one of a table within the document.
    document: &'static [&'static str],
}

// A new type with entries is one item here.
const ENTRIES: &[Entries] = &[
    Entries {
        types: &[Type::Consensus, Type::MicrodescConsensus],
        keyword: "r",
        line: "",
        document: &["valid_after"],
    },
    Entries {
        types: &[Type::Vote],
        keyword: "r",
        line: "",
        document: &["valid_after", "authority.identity"],
    },
    Entries {
        types: &[Type::BridgeNetworkStatus, Type::NetworkStatus2],
        keyword: "r",
        line: "",
        document: &["published", "fingerprint"],
    },
    Entries { types: &[Type::ExitList], keyword: "ExitNode", line: "ExitAddress", document: &["downloaded"] },
    Entries { types: &[Type::BridgePoolAssignment], keyword: "bridge", line: "", document: &["published"] },
    Entries { types: &[Type::BandwidthFile], keyword: "relay", line: "", document: &["timestamp"] },
];

/// The way from a document to its rows, as places of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path {
    /// The document's field of entries.
    pub(super) entries: usize,
    /// The entry's field of lines that are rows.
    pub(super) lines: Option<usize>,
}

/// Whether a type's documents have entries that can be rows.
pub fn has_entries(kind: Type) -> bool {
    find(kind).is_some()
}

/// The field of a type's table that holds its entries.
pub fn entries_field(kind: Type) -> Option<usize> {
    find(kind).map(|(path, _)| path.entries)
}

/// The way to a type's rows, and all columns of a row: some of the document's, the entry's, the line's.
pub(super) fn find(kind: Type) -> Option<(Path, Vec<Selected>)> {
    let entries = ENTRIES.iter().find(|it| it.types.contains(&kind))?;
    let document = (kind.info().schema)();
    let (field, entry) = document.fields.iter().enumerate().find_map(|(at, field)| {
        let [part] = field.parts else { return None };
        let Kind::List(Kind::Table(table)) = part.kind else { return None };
        field.keywords.contains(&entries.keyword).then(|| (at, table()))
    })?;
    let lines =
        entry.fields.iter().position(|it| !entries.line.is_empty() && it.keywords.contains(&entries.line));

    let mut columns = Vec::new();
    for path in entries.document {
        let Some(mut column) = of_document(document, path) else { continue };
        if entry.column(&column.name).is_some() {
            column.name = Cow::Owned(format!("document_{}", column.name));
        }
        columns.push(column);
    }
    for column in entry.columns() {
        if lines != Some(column.field) {
            columns.push(selected(entry, column, From::Entry));
            continue;
        }
        let Kind::List(kind) = column.kind else { continue };
        for (name, kind, doc) in parts(*kind) {
            let doc = if doc.is_empty() { entry.fields[column.field].doc } else { doc };
            columns.push(Selected::new(Cow::Borrowed(name), kind, doc, From::Line(name)));
        }
    }
    Some((Path { entries: field, lines }, columns))
}

/// A column of a document, or of a table within it.
fn of_document(document: &'static Schema, path: &'static str) -> Option<Selected> {
    let Some((field, inner)) = path.split_once('.') else {
        return Some(selected(document, document.column(path)?, From::Document));
    };
    let outer = document.column(field)?;
    let Kind::Table(schema) = outer.kind else { return None };
    let column = schema().column(inner)?;
    let from = From::Within(outer.field, column.field, column.part);
    let selected = selected(schema(), column, From::Entry);
    Some(Selected { name: Cow::Owned(format!("{field}_{inner}")), from, ..selected })
}

/// The named parts of a value.
fn parts(kind: Kind) -> Vec<(&'static str, Kind, &'static str)> {
    match kind {
        Kind::Record(parts) => parts.iter().map(|part| (part.name, part.kind, "")).collect(),
        Kind::Table(schema) => {
            let schema = schema();
            let all = schema.columns().iter();
            all.map(|it| (it.name.as_str(), it.kind, schema.fields[it.field].doc)).collect()
        }
        _ => Vec::new(),
    }
}

/// A column as it stands in a schema.
pub(super) fn selected(
    schema: &'static Schema,
    column: &'static Column,
    from: fn(usize, usize) -> From,
) -> Selected {
    let (name, doc) = (Cow::Borrowed(column.name.as_str()), schema.fields[column.field].doc);
    Selected::new(name, column.kind, doc, from(column.field, column.part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_leads_to_rows() {
        for entries in ENTRIES {
            for &kind in entries.types {
                let (path, columns) = find(kind).expect("the field of entries");
                assert_eq!(path.lines.is_some(), !entries.line.is_empty(), "{}", kind.name());
                let of_document =
                    columns.iter().filter(|it| matches!(it.from, From::Document(..) | From::Within(..)));
                assert_eq!(of_document.count(), entries.document.len(), "{}", kind.name());
                let of_line = columns.iter().filter(|it| matches!(it.from, From::Line(_))).count();
                assert_eq!(of_line > 1, path.lines.is_some(), "{}", kind.name());
            }
        }
    }
}
