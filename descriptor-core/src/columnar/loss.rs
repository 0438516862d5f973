//! What stood in a document and is in none of its rows.

use super::{
    Selection,
    row::{From, Selected},
};
use crate::schema::{Count, Field, Issue, Kind, Problem};

impl Selection {
    /// Whether an issue of a document says that its rows lack something: an entry, an element of a list, or a line that must
    /// be there. An optional line that cannot be read is null in its row, which everybody sees; it is not meant, nor is what
    /// is wrong with values that were read.
    pub fn lacks(&self, issue: &Issue) -> bool {
        let unread = matches!(
            issue.problem,
            Problem::MissingLine
                | Problem::MissingArgument(_)
                | Problem::BadArgument(_)
                | Problem::MissingObject
                | Problem::BadObject(_)
        );
        // A document without a line that it must have was cut, and may have had more rows.
        let shown = |at: usize| {
            issue.problem == Problem::MissingLine
                || self.entries_field() == Some(at)
                || self.columns().iter().any(|column| shows(column, at))
        };
        let fields = (self.kind().info().schema)().fields;
        unread && fields.iter().enumerate().any(|(at, field)| is_of(field, &issue.keyword) && shown(at))
    }
}

/// Whether a column shows a field of the document.
fn shows(column: &Selected, field: usize) -> bool {
    match column.from {
        From::Document(of, _) | From::Within(of, ..) | From::Country(of, _) => of == field,
        From::Entry(..) | From::Line(_) | From::EntryCountry(..) => false,
    }
}

/// Whether a keyword is that of lines which a field, or a table in it, must have or has many of.
fn is_of(field: &Field, keyword: &str) -> bool {
    let tables = field.parts.iter().filter_map(|part| match part.kind {
        Kind::Table(table) => Some(table()),
        Kind::List(Kind::Table(table)) => Some(table()),
        _ => None,
    });
    matches!(field.count, Count::Once | Count::Many) && field.keywords.contains(&keyword)
        || tables.flat_map(|table| table.fields).any(|field| is_of(field, keyword))
}
