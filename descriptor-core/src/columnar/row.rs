//! Rows and their columns, before any format.
#![cfg_attr(
    not(feature = "columnar"),
    allow(dead_code, reason = "tables need a part of it that nothing else does")
)]

use std::{borrow::Cow, ops::Range, sync::Arc};

use super::{
    csv::Form,
    entries::{self, Path},
    unknown::UnknownColumn,
};
use crate::{
    document::{AnyParsed, Digests, Type},
    geoip::GeoIp,
    netdoc::Frame,
    schema::{Column, Kind, Record, Schema, Sink, Value, ValueSink, Wanted},
    suggest::nearest,
    value::Timestamp,
};

/// A document that was read, with what its rows say about it.
#[derive(Clone, Copy)]
pub struct Document<'d> {
    /// Its type.
    pub kind: Type,
    /// Where it comes from, such as a path.
    pub source: &'d str,
    /// What was read.
    pub parsed: &'d AnyParsed<'d>,
    /// Its digests. Rows of entries do not show them.
    pub digests: Digests,
}

impl Document<'_> {
    /// The time that the document is filed under: when a status becomes valid, when a descriptor was made, or whatever
    /// time its table has first; of web server logs and OnionPerf's analyses the day in the file's name. `None` if it has
    /// none, as microdescriptors.
    pub fn time(&self) -> Option<Timestamp> {
        self.own_time().or_else(|| self.kind.day_of_file_name(self.source))
    }

    fn own_time(&self) -> Option<Timestamp> {
        let parsed = self.parsed;
        let column = time_column(parsed.partial.schema())?;
        let mut sink = ValueSink::default();
        parsed.emit(&*parsed.partial, column.field, column.part, &mut sink);
        match sink.finish() {
            Value::Time(time) => Some(time),
            Value::Millis(time) => Some(time.timestamp()),
            _ => None,
        }
    }
}

/// The column that a document is filed by.
fn time_column(schema: &'static Schema) -> Option<&'static Column> {
    let named = schema.column("valid_after").or_else(|| schema.column("published"));
    named.or_else(|| schema.columns().iter().find(|column| column.kind == Kind::Time))
}

/// Columns of tables that no document has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leading {
    Type,
    Source,
    Offset,
    Sha1,
    Sha256,
}

impl Leading {
    /// All of them in order; the last two are of documents only.
    pub(super) const ALL: [(Self, &'static str); 5] = [
        (Leading::Type, "type"),
        (Leading::Source, "source"),
        (Leading::Offset, "offset"),
        (Leading::Sha1, "digest_sha1"),
        (Leading::Sha256, "digest_sha256"),
    ];
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Leading(Leading),
    /// By its place in the selection.
    Column(usize),
}

/// What a row is, and which columns in which order it has.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    kind: Type,
    path: Option<Path>,
    columns: Vec<Selected>,
    /// The columns of tables, if they are not the usual ones.
    places: Option<Vec<Place>>,
    /// Whether texts of tables are views.
    views: bool,
    geoip: Option<Arc<GeoIp>>,
    /// Where the columns of the entry begin, if they are all of its table's in order.
    whole: Option<usize>,
}

/// A column of a [`Selection`].
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    /// Its name in every format.
    pub name: Cow<'static, str>,
    /// What its values look like.
    pub kind: Kind,
    /// What it is, its unit, and what absence means.
    pub doc: &'static str,
    pub(super) from: From,
    /// What a cell of CSV holds.
    pub(super) form: Form,
}

impl Selected {
    pub(super) fn new(name: Cow<'static, str>, kind: Kind, doc: &'static str, from: From) -> Self {
        Selected { name, kind, doc, from, form: Form::of(kind) }
    }
}

/// Where a column's values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// A field and part of the document.
    Document(usize, usize),
    /// A field of the document that is a table, and a field and part of that.
    Within(usize, usize, usize),
    /// A field and part of the entry.
    Entry(usize, usize),
    /// A part, by its name, of the line in the entry.
    Line(&'static str),
    /// The country of the address that is a field and part of the document.
    Country(usize, usize),
    /// The same of the entry.
    EntryCountry(usize, usize),
}

impl Selection {
    /// One row a document, with all columns of its table.
    pub fn documents(kind: Type) -> Self {
        let schema = (kind.info().schema)();
        let columns = schema.columns().iter();
        let columns = columns.map(|column| entries::selected(schema, column, From::Document)).collect();
        Selection { kind, path: None, columns, places: None, views: false, geoip: None, whole: None }
    }

    /// One row an entry: each status entry of consensuses, votes and bridge statuses, each exit address of exit lists,
    /// each bridge of pool assignments, each relay of bandwidth files. A few columns of the document come first; one
    /// whose name an entry's column has too is called `document_NAME`. `None` if the type has no entries.
    pub fn entries(kind: Type) -> Option<Self> {
        let (path, columns) = entries::find(kind)?;
        let of_entry = columns.iter().position(|column| matches!(column.from, From::Entry(..)));
        let whole = of_entry.filter(|_| path.lines.is_none());
        Some(Selection { kind, path: Some(path), columns, places: None, views: false, geoip: None, whole })
    }

    /// Some of the columns, in the order of their names here.
    pub fn only<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, UnknownColumn> {
        let columns = names.iter().map(|name| self.find(name.as_ref()).cloned()).collect::<Result<_, _>>()?;
        Ok(Selection { columns, whole: None, ..self.clone() })
    }

    /// The same for tables, which have no other columns then: `type`, `source`, `offset` and, of documents, `digest_sha1`
    /// and `digest_sha256` are there only if they are named, and are computed only then.
    pub fn exactly<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, UnknownColumn> {
        let (mut columns, mut places) = (Vec::new(), Vec::new());
        for name in names {
            let name = name.as_ref();
            match self.leading().iter().find(|(_, it)| *it == name) {
                Some((leading, _)) => places.push(Place::Leading(*leading)),
                None => {
                    places.push(Place::Column(columns.len()));
                    columns.push(self.find(name)?.clone());
                }
            }
        }
        Ok(Selection { columns, places: Some(places), whole: None, ..self.clone() })
    }

    /// The same for tables whose texts are views (`Utf8View`), which is how Polars keeps them.
    #[must_use]
    pub fn with_views(self) -> Self {
        Selection { views: true, ..self }
    }

    /// Whether texts of tables are views.
    pub(super) fn has_views(&self) -> bool {
        self.views
    }

    /// The same with a column `country` behind the address, if rows have one.
    #[must_use]
    pub fn with_countries(mut self, geoip: Arc<GeoIp>) -> Self {
        let address = |it: &Selected| it.name == "address" && it.kind == Kind::Address;
        if let Some(at) = self.columns.iter().position(address)
            && let from @ (From::Country(..) | From::EntryCountry(..)) = match self.columns[at].from {
                From::Document(field, part) => From::Country(field, part),
                From::Entry(field, part) => From::EntryCountry(field, part),
                other => other,
            }
        {
            let doc = "The country of the address, by a database. Absent if the database has none.";
            self.columns.insert(at + 1, Selected::new(Cow::Borrowed("country"), Kind::Text, doc, from));
            (self.geoip, self.whole) = (Some(geoip), None);
        }
        self
    }

    /// A column by its name.
    pub(super) fn find(&self, name: &str) -> Result<&Selected, UnknownColumn> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| UnknownColumn {
            kind: self.kind,
            name: name.to_owned(),
            suggestion: nearest(name, self.columns.iter().map(|column| &*column.name)).map(str::to_owned),
        })
    }

    /// The columns of tables that no document has.
    pub(super) fn leading(&self) -> &'static [(Leading, &'static str)] {
        if self.is_entries() { &Leading::ALL[..3] } else { &Leading::ALL }
    }

    /// The columns of tables.
    pub(super) fn places(&self) -> Vec<Place> {
        self.places.clone().unwrap_or_else(|| {
            let leading = self.leading().iter().map(|(it, _)| Place::Leading(*it));
            leading.chain((0..self.columns.len()).map(Place::Column)).collect()
        })
    }

    /// The field of the document that has the entries, if rows are entries.
    pub(super) fn entries_field(&self) -> Option<usize> {
        self.path.map(|path| path.entries)
    }

    fn has(&self, leading: Leading) -> bool {
        match &self.places {
            Some(places) => places.contains(&Place::Leading(leading)),
            None => !self.is_entries(),
        }
    }

    /// The digests of a document that tables show.
    pub fn digests(&self, frame: Frame<'_>) -> Digests {
        let Some(kind) = frame.kind else { return Digests::default() };
        match (self.has(Leading::Sha1), self.has(Leading::Sha256)) {
            // Both are computed beside each other.
            (true, true) => kind.digests(frame.body),
            (sha1, sha256) => Digests {
                sha1: sha1.then(|| kind.sha1(frame.body)).flatten(),
                sha256: sha256.then(|| kind.sha256(frame.body)).flatten(),
            },
        }
    }

    /// What must be read of documents for the columns, for some more values, and for [`Document::time`].
    pub(super) fn wanted(&self, more: impl Iterator<Item = From>) -> Wanted {
        let mut wanted = Wanted { document: 0, entry: 0, ..Wanted::ALL };
        let time = time_column((self.kind.info().schema)());
        wanted.document |= time.map_or(0, |column| 1 << column.field);
        if let Some(path) = self.path {
            wanted.document |= 1 << path.entries;
            wanted.entries = Some(path.entries);
            // How many rows there are is told by the lines, even if nothing else of them is wanted.
            wanted.entry |= path.lines.map_or(0, |field| 1 << field);
        }
        for from in self.columns.iter().map(|column| column.from).chain(more) {
            match from {
                From::Document(field, _) | From::Country(field, _) => wanted.document |= 1 << field,
                From::Within(outer, ..) => wanted.document |= 1 << outer,
                From::Entry(field, _) | From::EntryCountry(field, _) => wanted.entry |= 1 << field,
                From::Line(_) => {}
            }
        }
        wanted
    }

    /// The type whose documents the rows come from.
    pub fn kind(&self) -> Type {
        self.kind
    }

    /// How many columns are told one by one; those behind them are all of the entry's, told
    /// [together](Row::emit_together).
    pub(super) fn apart(&self) -> usize {
        self.whole.unwrap_or(self.columns.len())
    }

    /// Whether a row is an entry and not a document.
    pub fn is_entries(&self) -> bool {
        self.path.is_some()
    }

    /// The columns in order.
    pub fn columns(&self) -> &[Selected] {
        &self.columns
    }

    /// How many rows a document has at least.
    pub(super) fn count(&self, document: &Document<'_>) -> usize {
        self.path.map_or(1, |path| document.parsed.partial.count(path.entries))
    }

    /// Visits the rows of a document, in order. The document must be of the selection's type; others have no rows.
    pub fn rows(&self, document: &Document<'_>, visit: &mut dyn FnMut(&Row<'_>)) {
        self.rows_within(document, 0..self.count(document), visit);
    }

    /// Visits the rows of some of a document's entries, by their places; of a selection without entries the one row.
    pub(super) fn rows_within(
        &self,
        document: &Document<'_>,
        entries: Range<usize>,
        visit: &mut dyn FnMut(&Row<'_>),
    ) {
        let record: &dyn Record = &*document.parsed.partial;
        if document.kind != self.kind {
            return;
        }
        let frame = &document.parsed.frame;
        let row = Row { selection: self, document, entry: None, line: None, offset: frame.offset };
        let Some(path) = self.path else { return visit(&row) };
        for entry in entries.filter_map(|at| record.nth(path.entries, at)) {
            let within = (entry.raw().as_ptr() as usize).wrapping_sub(frame.body.as_ptr() as usize);
            let row = Row { entry: Some(entry), offset: frame.offset.wrapping_add(within as u64), ..row };
            let Some(lines) = path.lines else {
                visit(&row);
                continue;
            };
            let mut sink = ValueSink::default();
            entry.emit(lines, 0, &mut sink);
            if let Value::List(lines) = sink.finish() {
                lines.iter().for_each(|line| visit(&Row { line: Some(line), ..row }));
            }
        }
    }
}

/// One row: a document or one of its entries, seen through a [`Selection`].
#[derive(Clone, Copy)]
pub struct Row<'r> {
    selection: &'r Selection,
    document: &'r Document<'r>,
    entry: Option<&'r dyn Record>,
    line: Option<&'r Value>,
    offset: u64,
}

impl<'r> Row<'r> {
    /// The selection that made it.
    pub fn selection(&self) -> &'r Selection {
        self.selection
    }

    /// The type of the document.
    pub fn kind(&self) -> Type {
        self.document.kind
    }

    /// Where the document comes from.
    pub fn source(&self) -> &'r str {
        self.document.source
    }

    /// Where the document or the entry begins in its source.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// How many bytes the document or entry has.
    pub fn size(&self) -> usize {
        self.entry.map_or(self.document.parsed.frame.body.len(), |entry| entry.raw().len())
    }

    /// The digests of the document; `None` if the row is an entry.
    pub fn digests(&self) -> Option<&'r Digests> {
        self.entry.is_none().then_some(&self.document.digests)
    }

    /// The columns of the row.
    pub fn columns(&self) -> &'r [Selected] {
        &self.selection.columns
    }

    /// Tells the values of all columns in order.
    pub fn emit_all(&self, out: &mut dyn Sink) {
        (0..self.selection.apart()).for_each(|column| self.emit(column, out));
        self.emit_together(out);
    }

    /// Tells the values of the columns behind those that are told [apart](Selection::apart).
    #[inline]
    pub(super) fn emit_together(&self, out: &mut dyn Sink) {
        if let (Some(_), Some(entry)) = (self.selection.whole, self.entry) {
            entry.emit_values(out);
        }
    }

    /// Tells the value of a column, by its place in [`columns`](Row::columns); null if its line is missing or malformed.
    #[inline]
    pub fn emit(&self, column: usize, out: &mut dyn Sink) {
        self.tell(self.selection.columns[column].from, out);
    }

    /// Tells a value by where it comes from.
    pub(super) fn tell(&self, from: From, out: &mut dyn Sink) {
        match (from, self.entry, self.line) {
            (From::Document(field, part), _, _) => {
                let parsed = self.document.parsed;
                parsed.emit(&*parsed.partial, field, part, out);
            }
            (From::Within(outer, field, part), _, _) => {
                let mut there = false;
                self.document.parsed.partial.each(outer, &mut |record| {
                    if !std::mem::replace(&mut there, true) {
                        record.emit(field, part, out);
                    }
                });
                if !there {
                    out.null();
                }
            }
            (From::Entry(field, part), Some(entry), _) => entry.emit(field, part, out),
            (From::Country(field, part), ..) => self.country(From::Document(field, part), out),
            (From::EntryCountry(field, part), ..) => self.country(From::Entry(field, part), out),
            (From::Line(part), _, Some(Value::Map(parts))) => {
                match parts.iter().find(|(key, _)| key == part.as_bytes()) {
                    Some((_, value)) => value.emit(out),
                    None => out.null(),
                }
            }
            _ => out.null(),
        }
    }
}

impl Row<'_> {
    fn country(&self, address: From, out: &mut dyn Sink) {
        let mut sink = ValueSink::default();
        self.tell(address, &mut sink);
        let geoip = self.selection.geoip.as_ref();
        let country = match sink.finish() {
            Value::Address(address) => geoip.and_then(|geoip| geoip.country(address)),
            _ => None,
        };
        match country {
            Some(country) => out.text(country.as_bytes()),
            None => out.null(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netdoc::Frame;

    #[test]
    fn a_time_in_milliseconds_files_a_document_too() {
        for (text, expected) in [("SOURCE=a START=1475625721.63", Some(1_475_625_721)), ("START=0.0", None)] {
            let parsed = Type::Torperf.parse(Frame::whole(Type::Torperf, text.as_bytes()));
            let digests = Digests::default();
            let document = Document { kind: Type::Torperf, source: "", parsed: &parsed, digests };
            assert_eq!(document.time(), expected.map(Timestamp), "{text}");
        }
    }

    #[test]
    fn names_are_unique_within_a_row() {
        for &kind in Type::ALL {
            for selection in
                [Some(Selection::documents(kind)), Selection::entries(kind)].into_iter().flatten()
            {
                let mut names: Vec<_> = selection.columns().iter().map(|column| &*column.name).collect();
                names.extend(["type", "source", "offset"]);
                // Rows of entries show no digest, and a status entry that stands alone has none.
                if !selection.is_entries() && kind != Type::RouterStatus {
                    names.extend(["digest", "digest_sha1", "digest_sha256"]);
                }
                names.sort();
                let all = names.len();
                names.dedup();
                assert_eq!(names.len(), all, "{} has two columns of one name", kind.name());
            }
        }
    }
}
