//! JSON: one line a row.

use std::net::IpAddr;

use super::{Row, form};
use crate::{
    netdoc::Frame,
    schema::{Issue, Sink},
    value::{EpochMillis, Timestamp},
};

/// Writes values as compact JSON: times as RFC 3339, digests as hex or base64, text that is not UTF-8 with U+FFFD in
/// place of what cannot be read, fractions that JSON does not know as null.
#[derive(Debug)]
pub struct JsonSink<'o> {
    out: &'o mut Vec<u8>,
    /// Whether a value stands before in the same list or map.
    comma: bool,
    /// What a quotation mark looks like: in a CSV cell it is doubled.
    quote: &'static [u8],
}

impl<'o> JsonSink<'o> {
    /// A sink that appends one value to a buffer.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        JsonSink { out, comma: false, quote: b"\"" }
    }

    /// A sink whose value stands within a quoted CSV cell.
    pub(super) fn in_csv(out: &'o mut Vec<u8>) -> Self {
        JsonSink { out, comma: false, quote: b"\"\"" }
    }

    /// The buffer as it is.
    #[inline]
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        self.out
    }

    /// Begins a value of its own, after a separator.
    #[inline]
    pub(super) fn begin(&mut self, separator: u8) {
        self.out.push(separator);
        self.comma = false;
    }

    /// The buffer, with the separator that the next value needs.
    #[inline]
    pub(super) fn next(&mut self, separator: u8) -> &mut Vec<u8> {
        if self.comma {
            self.out.push(separator);
        }
        self.comma = true;
        self.out
    }

    #[inline]
    fn quoted(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let quote = self.quote;
        let out = self.next(b',');
        out.extend_from_slice(quote);
        write(out);
        out.extend_from_slice(quote);
    }
}

impl Sink for JsonSink<'_> {
    fn null(&mut self) {
        self.next(b',').extend_from_slice(b"null");
    }
    fn bool(&mut self, value: bool) {
        self.next(b',').extend_from_slice(if value { b"true" } else { b"false" });
    }
    fn int(&mut self, value: i64) {
        form::int(self.next(b','), value);
    }
    fn float(&mut self, value: f64) {
        if value.is_finite() {
            form::float(self.next(b','), value);
        } else {
            self.null();
        }
    }
    fn text(&mut self, value: &[u8]) {
        let quote = self.quote;
        self.quoted(|out| escape(out, value, quote));
    }
    fn hex(&mut self, value: &[u8]) {
        self.quoted(|out| form::hex(out, value));
    }
    fn base64(&mut self, value: &[u8]) {
        self.quoted(|out| form::base64(out, value));
    }
    fn time(&mut self, value: Timestamp) {
        self.quoted(|out| form::time(out, value));
    }
    fn millis(&mut self, value: EpochMillis) {
        self.quoted(|out| form::millis(out, value));
    }
    fn address(&mut self, value: IpAddr) {
        self.quoted(|out| form::address(out, value));
    }
    fn list(&mut self) {
        self.next(b',').push(b'[');
        self.comma = false;
    }
    fn end_list(&mut self) {
        self.out.push(b']');
        self.comma = true;
    }
    fn map(&mut self) {
        self.next(b',').push(b'{');
        self.comma = false;
    }
    fn key(&mut self, key: &[u8]) {
        self.text(key);
        self.out.push(b':');
        self.comma = false;
    }
    fn end_map(&mut self) {
        self.out.push(b'}');
        self.comma = true;
    }
}

/// Appends text as the inside of a JSON string.
#[inline]
fn escape(out: &mut Vec<u8>, text: &[u8], quote: &[u8]) {
    match form::find::<{ form::JSON | form::HIGH }>(text) {
        None => out.extend_from_slice(text),
        Some(_) => escape_special(out, text, quote),
    }
}

fn escape_special(out: &mut Vec<u8>, text: &[u8], quote: &[u8]) {
    for chunk in text.utf8_chunks() {
        let mut valid = chunk.valid().as_bytes();
        while let Some(at) = form::find::<{ form::JSON }>(valid) {
            out.extend_from_slice(&valid[..at]);
            match valid[at] {
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                b'\t' => out.extend_from_slice(b"\\t"),
                b'\\' => out.extend_from_slice(b"\\\\"),
                b'"' => {
                    out.push(b'\\');
                    out.extend_from_slice(quote);
                }
                byte => {
                    out.extend_from_slice(b"\\u00");
                    form::hex(out, &[byte]);
                }
            }
            valid = &valid[at + 1..];
        }
        out.extend_from_slice(valid);
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{FFFD}".as_bytes());
        }
    }
}

/// Writes a row as one line: `type`, `source`, `offset`, for documents `digest` with what the type has, then the
/// selected columns. A line that is missing or malformed is null.
pub fn json_row(out: &mut Vec<u8>, row: &Row<'_>) {
    let mut sink = JsonSink::new(out);
    head(&mut sink, row.kind().name(), row.source(), row.offset());
    if let Some(digests) = row.digests()
        && (digests.sha1.is_some() || digests.sha256.is_some())
    {
        sink.key(b"digest");
        sink.map();
        if let Some(digest) = digests.sha1 {
            sink.key(b"sha1");
            sink.hex(&digest.0);
        }
        if let Some(digest) = digests.sha256 {
            sink.key(b"sha256");
            sink.base64(&digest.0);
        }
        sink.end_map();
    }
    for (index, column) in row.columns().iter().enumerate() {
        // The names of columns are identifiers; nothing in them is to be escaped.
        let out = sink.next(b',');
        out.push(b'"');
        out.extend_from_slice(column.name.as_bytes());
        out.extend_from_slice(b"\":");
        sink.comma = false;
        row.emit(index, &mut sink);
    }
    sink.end_map();
    out.push(b'\n');
}

/// Writes a document that could not be read as one line: `type` is `unparseable`, and `issues` says what is wrong.
/// Their `offset` counts in the source as the document's does; `line` and `column` count in the document, from 1.
pub fn json_unparseable(out: &mut Vec<u8>, source: &str, frame: &Frame<'_>, issues: &[Issue]) {
    let mut sink = JsonSink::new(out);
    head(&mut sink, "unparseable", source, frame.offset);
    sink.key(b"length");
    sink.int(frame.body.len() as i64);
    sink.key(b"issues");
    sink.list();
    let mut place = Place { text: frame.body, offset: 0, line: 1, line_start: 0 };
    for issue in issues {
        place.go(issue.span.start);
        sink.map();
        sink.key(b"keyword");
        sink.text(issue.keyword.as_bytes());
        sink.key(b"problem");
        sink.text(issue.problem.to_string().as_bytes());
        for (key, value) in [
            ("offset", frame.offset + issue.span.start as u64),
            ("length", issue.span.len() as u64),
            ("line", place.line),
            ("column", (place.offset - place.line_start + 1) as u64),
        ] {
            sink.key(key.as_bytes());
            sink.int(value as i64);
        }
        sink.end_map();
    }
    sink.end_list();
    sink.end_map();
    out.push(b'\n');
}

fn head(sink: &mut JsonSink<'_>, kind: &str, source: &str, offset: u64) {
    sink.map();
    sink.key(b"type");
    sink.text(kind.as_bytes());
    sink.key(b"source");
    sink.text(source.as_bytes());
    sink.key(b"offset");
    sink.int(i64::try_from(offset).unwrap_or(i64::MAX));
}

/// A place in a text with its line. Issues come in order, so that counting all their lines reads the text once.
struct Place<'a> {
    text: &'a [u8],
    offset: usize,
    line: u64,
    line_start: usize,
}

impl Place<'_> {
    fn go(&mut self, offset: usize) {
        let offset = offset.min(self.text.len());
        if offset < self.offset {
            (self.offset, self.line, self.line_start) = (0, 1, 0);
        }
        let passed = &self.text[self.offset..offset];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        if let Some(end) = memchr::memrchr(b'\n', passed) {
            self.line_start = self.offset + end + 1;
        }
        self.offset = offset;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        columnar::{Document, Selection},
        document::Type,
        netdoc::frames,
    };

    #[test]
    fn escapes_are_read_back() {
        let mut out = Vec::new();
        let mut sink = JsonSink::new(&mut out);
        sink.list();
        sink.text(b"plain");
        sink.text(b"\"\\\n\r\t\x00\x1f\x7f/");
        sink.text("Zwiebel, лук, 🧅\n".as_bytes());
        sink.text(b"latin \xe9\"");
        sink.float(f64::NAN);
        sink.float(1e300);
        sink.end_list();
        let read: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        let expected = serde_json::json!([
            "plain",
            "\"\\\n\r\t\u{0}\u{1f}\u{7f}/",
            "Zwiebel, лук, 🧅\n",
            "latin \u{fffd}\"",
            null,
            1e300
        ]);
        assert_eq!(read, expected);
    }

    #[test]
    fn a_row_has_its_place_its_digests_and_the_selected_columns() {
        let text = b"@type bridge-server-descriptor 1.2
router Unnamed 10.1.2.3 9001 0 0
bandwidth 1 x 3
published 2019-01-02 03:04:05
contact \xe9 <a@b>
family $AAAA \"b\"
accept 1.2.3.4:80
reject *:*
router-digest-sha256 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
router-digest 0123456789abcdef0123456789ABCDEF01234567
";
        let frame = frames(text, None).next().expect("one document");
        let kind = Type::BridgeServerDescriptor;
        let parsed = kind.parse(frame);
        let document =
            Document { kind, source: "a \"file\"", parsed: &parsed, digests: kind.digests(frame.body) };
        let names =
            ["published", "address", "average_bandwidth", "contact", "family", "exit_policy", "platform"];
        let selection = Selection::documents(kind).only(&names).expect("columns");
        let mut out = Vec::new();
        selection.rows(&document, &mut |row| json_row(&mut out, row));
        let expected = concat!(
            r#"{"type":"bridge-server-descriptor","source":"a \"file\"","offset":35,"#,
            r#""digest":{"sha1":"0123456789ABCDEF0123456789ABCDEF01234567","#,
            r#""sha256":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},"#,
            r#""published":"2019-01-02T03:04:05Z","address":"10.1.2.3","average_bandwidth":null,"#,
            "\"contact\":\"\u{fffd} <a@b>\",",
            r#""family":["$AAAA","\"b\""],"exit_policy":["accept 1.2.3.4:80","reject *:*"],"platform":null}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);

        let mut out = Vec::new();
        json_unparseable(&mut out, "f", &frame, &parsed.issues[..1]);
        let expected = concat!(
            r#"{"type":"unparseable","source":"f","offset":35,"length":261,"issues":[{"keyword":"bandwidth","#,
            r#""problem":"burst bandwidth cannot be read","offset":68,"length":15,"line":2,"column":1}]}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
    }
}
