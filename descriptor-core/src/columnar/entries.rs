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
    /// The keyword that begins an entry; empty for entries without one, whose field is the only one that holds a table.
    keyword: &'static str,
    /// The keyword of the line within an entry that is a row, if a row is less than an entry.
    line: &'static str,
    /// The columns of the document that stand in each row.
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
    Entries { types: &[Type::Vote], keyword: "r", line: "", document: &["valid_after", "fingerprint"] },
    Entries {
        types: &[Type::BridgeNetworkStatus, Type::NetworkStatus2],
        keyword: "r",
        line: "",
        document: &["published", "fingerprint"],
    },
    Entries { types: &[Type::ExitList], keyword: "ExitNode", line: "ExitAddress", document: &["downloaded"] },
    Entries { types: &[Type::BridgePoolAssignment], keyword: "", line: "", document: &["published"] },
    Entries { types: &[Type::BandwidthFile], keyword: "", line: "", document: &["timestamp"] },
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

/// The way to a type's rows, and all columns of a row: some of the document's, the entry's, the line's.
pub(super) fn find(kind: Type) -> Option<(Path, Vec<Selected>)> {
    let entries = ENTRIES.iter().find(|it| it.types.contains(&kind))?;
    let document = (kind.info().schema)();
    let (field, entry) = document.fields.iter().enumerate().find_map(|(at, field)| {
        let named = entries.keyword.is_empty() || field.keywords.contains(&entries.keyword);
        let [part] = field.parts else { return None };
        let Kind::List(Kind::Table(table)) = part.kind else { return None };
        named.then(|| (at, table()))
    })?;
    let lines =
        entry.fields.iter().position(|it| !entries.line.is_empty() && it.keywords.contains(&entries.line));

    let mut columns = Vec::new();
    for name in entries.document {
        if let Some(column) = document.column(name) {
            let name = match entry.column(name) {
                Some(_) => Cow::Owned(format!("document_{name}")),
                None => Cow::Borrowed(*name),
            };
            columns.push(Selected { name, ..selected(document, column, From::Document) });
        }
    }
    for column in entry.columns() {
        if lines != Some(column.field) {
            columns.push(selected(entry, column, From::Entry));
            continue;
        }
        let Kind::List(kind) = column.kind else { continue };
        for (name, kind, doc) in parts(*kind) {
            let doc = if doc.is_empty() { entry.fields[column.field].doc } else { doc };
            columns.push(Selected { name: Cow::Borrowed(name), kind, doc, from: From::Line(name) });
        }
    }
    Some((Path { entries: field, lines }, columns))
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
    Selected {
        name: Cow::Borrowed(&column.name),
        kind: column.kind,
        doc: schema.fields[column.field].doc,
        from: from(column.field, column.part),
    }
}
