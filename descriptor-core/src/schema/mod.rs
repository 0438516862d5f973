//! Tables: what a descriptor type consists of, as data, and the one parser that reads all of them.

mod keywords;
mod memo;
mod problem;
mod read;
mod recent;
mod rule;
mod sink;
mod slot;

mod table;

use std::sync::OnceLock;

use crate::value::Policy;

pub use keywords::Keywords;
pub(crate) use memo::Memo;
pub use problem::{BAD, Issue, Problem, line_and_column};
pub use read::{
    Documents, MAX_LISTED, Options, Parsed, Reader, Series, Table, Wanted, parse, parse_columns, push_nested,
    read_nested,
};
pub use recent::Recent;
pub use rule::{Rewrite, Rule, RuleSet, UnknownRuleSet};
pub use sink::{Sink, Value, ValueSink};
pub use slot::{FromItem, Slot, emit_value};
pub(crate) use table::{descriptor, rule};

/// The table of one descriptor type, as frontends see it.
#[derive(Debug)]
pub struct Schema {
    /// The `@type` name without its version; for the table of a part, a name of ours.
    pub name: &'static str,
    /// The name of the type in Rust, and of its class in Python.
    pub title: &'static str,
    /// What the document is.
    pub doc: &'static str,
    /// Where it is specified.
    pub spec: &'static str,
    /// The rows, in table order.
    pub fields: &'static [Field],
    #[doc(hidden)]
    pub columns: OnceLock<Vec<Column>>,
}

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The field's name in Rust.
    pub name: &'static str,
    /// The keywords that begin its lines.
    pub keywords: &'static [&'static str],
    /// What it is, its unit, and what absence means.
    pub doc: &'static str,
    /// How often its line may stand.
    pub count: Count,
    /// The columns that it makes.
    pub parts: &'static [Part],
    /// What the sanitizer does with its lines.
    pub rule: Rule,
}

/// How often a line may stand in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Exactly once; every archived document has it.
    Once,
    /// At most once.
    Optional,
    /// Any number of times.
    Many,
    /// The line has no value; it stands there or not.
    Flag,
}

/// One column that a field makes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Empty if the field is a single column, else the name of the part.
    pub name: &'static str,
    /// Whether the column is called `field_name` and not just `name`.
    pub prefixed: bool,
    /// What its values look like.
    pub kind: Kind,
}

impl Part {
    /// The only part of a field; the column has the field's name.
    pub const fn whole(kind: Kind) -> Self {
        Part { name: "", prefixed: false, kind }
    }

    /// A part whose name is the column's name, as `nickname` of the `router` line.
    pub const fn plain(name: &'static str, kind: Kind) -> Self {
        Part { name, prefixed: false, kind }
    }

    /// A part whose column is called `field_name`, as `end` of the field `dirreq_stats`.
    pub const fn of(name: &'static str, kind: Kind) -> Self {
        Part { name, prefixed: true, kind }
    }
}

/// What values look like from outside.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A whole number, with its unit; a bare number or a count has the unit `""`.
    Int(&'static str),
    /// A fraction, with its unit.
    Float(&'static str),
    /// Text.
    Text,
    /// A digest or identity, shown as upper-case hex.
    Hex,
    /// A digest or key, shown as base64 without padding.
    Base64,
    /// A point in time, UTC.
    Time,
    /// An IP address.
    Address,
    /// A list.
    List(&'static Kind),
    /// Names to values.
    Map(&'static Kind),
    /// A policy, which looks like the kind within where there is nothing better. [`Record::policy`] gives it.
    Policy(&'static Kind),
    /// Named parts.
    Record(&'static [Part]),
    /// The records of another table.
    Table(fn() -> &'static Schema),
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Kind::Int(a), Kind::Int(b)) | (Kind::Float(a), Kind::Float(b)) => a == b,
            (Kind::List(a), Kind::List(b))
            | (Kind::Map(a), Kind::Map(b))
            | (Kind::Policy(a), Kind::Policy(b)) => a == b,
            (Kind::Record(a), Kind::Record(b)) => a == b,
            (Kind::Table(a), Kind::Table(b)) => a().name == b().name,
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }
}

impl Kind {
    /// The unit of a value, or of the values within it; `None` if it has none.
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Kind::Int(unit) | Kind::Float(unit) => Some(unit).filter(|unit| !unit.is_empty()),
            Kind::List(kind) | Kind::Map(kind) => kind.unit(),
            _ => None,
        }
    }

    /// How a value with these parts looks as an element of a list.
    pub const fn of(parts: &'static [Part]) -> Self {
        match parts {
            [Part { name, kind, .. }] if name.is_empty() => *kind,
            _ => Kind::Record(parts),
        }
    }
}

/// A column of a schema: a field, or one part of it.
#[derive(Debug, Clone)]
pub struct Column {
    /// The name in JSON, CSV, Arrow and Python.
    pub name: String,
    /// The field's place in [`Schema::fields`].
    pub field: usize,
    /// The part's place in [`Field::parts`].
    pub part: usize,
    /// What its values look like.
    pub kind: Kind,
}

impl Schema {
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        title: &'static str,
        doc: &'static str,
        spec: &'static str,
        fields: &'static [Field],
    ) -> Self {
        Schema { name, title, doc, spec, fields, columns: OnceLock::new() }
    }

    /// All columns, in table order.
    pub fn columns(&self) -> &[Column] {
        self.columns.get_or_init(|| {
            let mut columns = Vec::new();
            for (field, row) in self.fields.iter().enumerate() {
                for (part, it) in row.parts.iter().enumerate() {
                    let row_name = row.name.strip_prefix("r#").unwrap_or(row.name);
                    let name = match (it.name, it.prefixed) {
                        ("", _) => row_name.to_owned(),
                        (name, false) => name.to_owned(),
                        (name, true) => format!("{row_name}_{name}"),
                    };
                    columns.push(Column { name, field, part, kind: it.kind });
                }
            }
            columns
        })
    }

    /// Whether no column has records of another table. The lines of such a document are all its own, so that a reader may
    /// pass over any of them.
    pub fn is_flat(&self) -> bool {
        self.columns().iter().all(|column| {
            let mut kind = column.kind;
            while let Kind::List(inner) | Kind::Map(inner) = kind {
                kind = *inner;
            }
            !matches!(kind, Kind::Table(_))
        })
    }

    /// The column of a name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns().iter().find(|column| column.name == name)
    }
}

/// A document, or a part of one that has a table, as frontends see it.
pub trait Record {
    /// The table.
    fn schema(&self) -> &'static Schema;
    /// Tells one part of one field to a sink.
    fn emit(&self, field: usize, part: usize, out: &mut dyn Sink);
    /// Visits the records of a field whose type is a table, in order.
    fn each(&self, field: usize, visit: &mut dyn FnMut(&dyn Record));
    /// How many records a field has whose type is a table; 0 for other fields.
    fn count(&self, field: usize) -> usize;
    /// One of the records of a field whose type is a table.
    fn nth(&self, field: usize, index: usize) -> Option<&dyn Record>;
    /// The policy in a field of [`Kind::Policy`]; `None` if its line is missing.
    fn policy(&self, field: usize) -> Option<Policy<'_>>;
    /// The bytes that the record was read from.
    fn raw(&self) -> &[u8];

    /// Tells the values of all columns in order, without their names; quicker than to ask for one after the other.
    fn emit_values(&self, out: &mut dyn Sink);

    /// Tells the whole record as a map of its columns.
    fn emit_all(&self, out: &mut dyn Sink) {
        out.map();
        for column in self.schema().columns() {
            out.key(column.name.as_bytes());
            self.emit(column.field, column.part, out);
        }
        out.end_map();
    }

    /// The value of a column; `None` if the schema has no such column.
    fn get(&self, column: &str) -> Option<Value> {
        let column = self.schema().column(column)?;
        let mut sink = ValueSink::default();
        self.emit(column.field, column.part, &mut sink);
        Some(sink.finish())
    }
}
