//! CSV as in RFC 4180: one line a row.

use std::net::IpAddr;

use super::{JsonSink, Row, Selected, Selection, form};
use crate::{
    schema::{Kind, Sink},
    value::{EpochMillis, Timestamp},
};

/// Writes the line of column names: `type`, `source`, `offset`, for documents `digest_sha1` and `digest_sha256`, then the
/// selected columns.
pub fn csv_header(out: &mut Vec<u8>, selection: &Selection) {
    out.extend_from_slice(b"type,source,offset");
    if !selection.is_entries() {
        out.extend_from_slice(b",digest_sha1,digest_sha256");
    }
    for column in selection.columns() {
        out.push(b',');
        out.extend_from_slice(column.name.as_bytes());
    }
    out.push(b'\n');
}

/// Writes a row as one line. Values look as in JSON, but null is empty; the elements of a list are separated by
/// semicolons, and a map is `name=value` with semicolons between; what nests deeper is compact JSON. A cell is quoted if
/// it must be.
///
/// Limit: what CSV cannot tell apart looks the same, as an empty text and null, or a semicolon in an element and one
/// between elements. JSON and Parquet keep all of it.
pub fn csv_row(out: &mut Vec<u8>, row: &Row<'_>) {
    out.extend_from_slice(row.kind().name().as_bytes());
    out.push(b',');
    let start = out.len();
    out.extend_from_slice(row.source().as_bytes());
    settle(out, start);
    out.push(b',');
    form::int(out, i64::try_from(row.offset()).unwrap_or(i64::MAX));
    if let Some(digests) = row.digests() {
        out.push(b',');
        if let Some(digest) = digests.sha1 {
            form::hex(out, &digest.0);
        }
        out.push(b',');
        if let Some(digest) = digests.sha256 {
            form::base64(out, &digest.0);
        }
    }
    let mut cells = Cells {
        json: JsonSink::in_csv(out),
        columns: row.columns().iter(),
        form: Form::Plain,
        depth: 0,
        start: 0,
        unsettled: false,
    };
    row.emit_all(&mut cells);
    out.push(b'\n');
}

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One value.
    Plain,
    /// Values with semicolons between.
    Joined,
    /// Names and values, `name=value`, with semicolons between.
    Pairs,
    /// JSON.
    Json,
}

impl Form {
    /// What the cells of a kind hold.
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Map(Kind::List(_) | Kind::Map(_) | Kind::Record(_) | Kind::Table(_)) => Form::Json,
            Kind::Policy(kind) => Form::of(*kind),
            Kind::Map(_) => Form::Pairs,
            Kind::Record(_) | Kind::Table(_) => Form::Json,
            Kind::List(Kind::List(_) | Kind::Map(_) | Kind::Record(_) | Kind::Table(_)) => Form::Json,
            Kind::List(_) => Form::Joined,
            _ => Form::Plain,
        }
    }
}

/// Writes cells: what it is told outside of any list or map is the next column's value.
struct Cells<'o> {
    json: JsonSink<'o>,
    /// The columns that have no cell yet.
    columns: std::slice::Iter<'o, Selected>,
    /// What the cell holds.
    form: Form,
    /// How many lists and maps are open.
    depth: usize,
    /// Where the cell begins.
    start: usize,
    /// Whether the cell has text. Its words are looked at all together when it ends.
    unsettled: bool,
}

impl Cells<'_> {
    /// Writes a value by its own form, or in JSON.
    #[inline]
    fn value(&mut self, plain: impl FnOnce(&mut Vec<u8>), json: impl FnOnce(&mut JsonSink<'_>)) {
        self.begin();
        match self.form {
            Form::Plain | Form::Pairs => plain(self.json.buffer()),
            Form::Joined => plain(self.json.next(b';')),
            Form::Json => json(&mut self.json),
        }
        self.end();
    }

    /// Begins a cell unless the value stands within one.
    #[inline]
    fn begin(&mut self) {
        if self.depth == 0 {
            self.form = self.columns.next().map_or(Form::Plain, |column| column.form);
            self.json.begin(b',');
            self.start = self.json.buffer().len();
        }
    }

    /// Ends the cell unless the value stands within one.
    #[inline]
    fn end(&mut self) {
        if self.depth == 0 && self.unsettled {
            self.unsettled = false;
            if self.form != Form::Json {
                settle(self.json.buffer(), self.start);
            }
        }
    }

    /// Begins a cell of JSON, which has commas and quotation marks nearly always.
    #[inline]
    fn open(&mut self) {
        if self.depth == 0 {
            self.json.buffer().push(b'"');
        }
    }

    /// Ends a cell of JSON; an empty list or map needs no quotation marks.
    #[inline]
    fn close(&mut self) {
        if self.depth > 0 {
            return;
        }
        let out = self.json.buffer();
        match out.as_slice() {
            [.., b'"', open @ (b'[' | b'{'), close @ (b']' | b'}')] => {
                let empty = [*open, *close];
                out.truncate(out.len() - 3);
                out.extend_from_slice(&empty);
            }
            _ => out.push(b'"'),
        }
    }
}

impl Sink for Cells<'_> {
    fn null(&mut self) {
        let outside = self.depth == 0;
        self.value(
            |_| {},
            |json| {
                if !outside {
                    json.null()
                }
            },
        );
    }
    fn bool(&mut self, value: bool) {
        let text: &[u8] = if value { b"true" } else { b"false" };
        self.value(|out| out.extend_from_slice(text), |json| json.bool(value));
    }
    fn int(&mut self, value: i64) {
        self.value(|out| form::int(out, value), |json| json.int(value));
    }
    fn float(&mut self, value: f64) {
        self.value(|out| form::float(out, value), |json| json.float(value));
    }
    fn text(&mut self, value: &[u8]) {
        self.unsettled = true;
        self.value(|out| out.extend_from_slice(value), |json| json.text(value));
    }
    fn hex(&mut self, value: &[u8]) {
        self.value(|out| form::hex(out, value), |json| json.hex(value));
    }
    fn base64(&mut self, value: &[u8]) {
        self.value(|out| form::base64(out, value), |json| json.base64(value));
    }
    fn time(&mut self, value: Timestamp) {
        self.value(|out| form::time(out, value), |json| json.time(value));
    }
    fn millis(&mut self, value: EpochMillis) {
        self.value(|out| form::millis(out, value), |json| json.millis(value));
    }
    fn address(&mut self, value: IpAddr) {
        self.value(|out| form::address(out, value), |json| json.address(value));
    }
    fn list(&mut self) {
        self.begin();
        if self.form == Form::Json {
            self.open();
            self.json.list();
        }
        self.depth += 1;
    }
    fn end_list(&mut self) {
        self.depth -= 1;
        if self.form == Form::Json {
            self.json.end_list();
            self.close();
        }
        self.end();
    }
    fn map(&mut self) {
        self.begin();
        if self.form == Form::Json {
            self.open();
            self.json.map();
        }
        self.depth += 1;
    }
    fn key(&mut self, key: &[u8]) {
        if self.form == Form::Json {
            return self.json.key(key);
        }
        self.unsettled = true;
        let out = self.json.next(b';');
        out.extend_from_slice(key);
        out.push(b'=');
    }
    fn end_map(&mut self) {
        self.depth -= 1;
        if self.form == Form::Json {
            self.json.end_map();
            self.close();
        }
        self.end();
    }
}

/// Makes text from `start` a cell: what is not UTF-8 becomes U+FFFD, and it is quoted if it must be.
#[inline]
fn settle(out: &mut Vec<u8>, start: usize) {
    if form::find::<{ form::CSV | form::HIGH }>(&out[start..]).is_some() {
        settle_special(out, start);
    }
}

fn settle_special(out: &mut Vec<u8>, start: usize) {
    if std::str::from_utf8(&out[start..]).is_err() {
        let text = out.split_off(start);
        form::text(out, &text);
    }
    if form::find::<{ form::CSV }>(&out[start..]).is_some() {
        enclose(out, start);
    }
}

/// Puts the bytes from `start` in quotes.
fn enclose(out: &mut Vec<u8>, start: usize) {
    let quotes = memchr::memchr_iter(b'"', &out[start..]).count();
    let mut from = out.len();
    let mut to = from + quotes + 2;
    out.resize(to, b'"');
    // From behind, so that nothing is overwritten before it has moved; the last byte is a quote already. What is left when
    // all quotes are doubled moves by one.
    to -= 1;
    while to - from > 1 {
        from -= 1;
        to -= 1;
        out[to] = out[from];
        if out[from] == b'"' {
            to -= 1;
            out[to] = b'"';
        }
    }
    out.copy_within(start..from, start + 1);
    out[start] = b'"';
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        columnar::Document,
        document::{Digests, Type},
        netdoc::frames,
    };

    fn quoted(text: &[u8]) -> Vec<u8> {
        let mut out = [b"x,", text].concat();
        settle(&mut out, 2);
        out.split_off(2)
    }

    #[test]
    fn cells_are_quoted_if_they_must_be() {
        assert_eq!(quoted(b"plain text"), b"plain text");
        assert_eq!(quoted(b"a,b"), b"\"a,b\"");
        assert_eq!(quoted(b"\"a\" and\n"), b"\"\"\"a\"\" and\n\"");
        assert_eq!(quoted(b"\""), b"\"\"\"\"");
        assert_eq!(quoted(b""), b"");
        assert_eq!(quoted(b"lat\xe9n;\xc3"), "lat\u{fffd}n;\u{fffd}".as_bytes());
        assert_eq!(quoted(b"\xe9, the \"x\""), "\"\u{fffd}, the \"\"x\"\"\"".as_bytes());
    }

    #[test]
    fn a_row_has_a_cell_a_column() {
        let text = b"router a 10.1.2.3 9001 0 0
published 2019-01-02 03:04:05
proto Cons=1-2 Link=1
contact \"x\", y
family $A B
read-history 2019-01-02 00:00:00 (900 s) 1,2,3
caches-extra-info
";
        let frame = frames(text, None).next().expect("one document");
        let kind = Type::ServerDescriptor;
        let parsed = kind.parse(frame);
        let document = Document { kind, source: "a,b", parsed: &parsed, digests: Digests::default() };
        let names = [
            "nickname",
            "uptime",
            "published",
            "proto",
            "contact",
            "family",
            "read_history_values",
            "caches_extra_info",
            "burst_bandwidth",
        ];
        let selection = Selection::documents(kind).only(&names).expect("columns");
        let mut out = Vec::new();
        csv_header(&mut out, &selection);
        selection.rows(&document, &mut |row| csv_row(&mut out, row));
        let expected = concat!(
            "type,source,offset,digest_sha1,digest_sha256,nickname,uptime,published,proto,contact,family,",
            "read_history_values,caches_extra_info,burst_bandwidth\n",
            "server-descriptor,\"a,b\",0,,,a,,2019-01-02T03:04:05Z,Cons=1-2;Link=1,",
            "\"\"\"x\"\", y\",$A;B,1;2;3,true,\n"
        );
        assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
    }
}
