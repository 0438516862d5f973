//! What the index and the tarballs tell about documents: their types, and when the first and the last was published.

use std::{collections::BTreeSet, io::Read};

use super::codec::{Codec, MAGIC};
use crate::{
    columnar::Document,
    document::{AnyParsed, Digests, OnionPerfAnalysis, Type},
    netdoc::{Frame, frames},
    schema::{Value, ValueSink, parse},
    value::Timestamp,
};

/// What is told about the documents of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// What stands after `@type`, such as `server-descriptor 1.0`.
    pub(super) types: BTreeSet<String>,
    /// When the first one was published, by the rule of its type.
    pub(super) first: Option<Timestamp>,
    /// When the last one was.
    pub(super) last: Option<Timestamp>,
}

/// No member that decompresses to more is looked into. Unit: bytes.
const MOST: u64 = 256 << 20;

impl Facts {
    /// The facts of a file's or member's bytes, compressed or not. What cannot be read has none.
    pub(super) fn of(path: &str, bytes: &[u8]) -> Self {
        let mut facts = Facts::default();
        let Some(codec) = Codec::detect(&bytes[..bytes.len().min(MAGIC)]) else {
            facts.add_all(path, bytes);
            return facts;
        };
        if Type::of_file_name(path) == Some(Type::WebServerLog) {
            // The name tells all that is wanted.
            facts.add(path, Frame::whole(Type::WebServerLog, b""));
            return facts;
        }
        let mut plain = Vec::new();
        let read = codec.open(bytes).and_then(|reader| reader.take(MOST).read_to_end(&mut plain));
        if read.is_ok() {
            facts.add_all(path, &plain);
        }
        facts
    }

    fn add_all(&mut self, path: &str, bytes: &[u8]) {
        for frame in frames(bytes, Type::of_file_name(path)) {
            self.add(path, frame);
        }
    }

    /// Adds a document. One that cannot be read, so that it has no time though its type has, adds nothing.
    pub(super) fn add(&mut self, path: &str, frame: Frame<'_>) {
        let Some(kind) = frame.kind else { return };
        if kind == Type::OnionPerf {
            // As CollecTor has it: what an analysis says about downloads are results of Torperf.
            if let Ok(results) = parse::<OnionPerfAnalysis<'_>>(frame).partial.to_torperf() {
                self.add_all(".tpf", &results);
            }
            return;
        }
        let time = published(kind, path, frame);
        if time.is_none() && kind != Type::Microdescriptor {
            return;
        }
        if let Some((name, version)) = frame.type_annotation() {
            let mut text = String::from_utf8_lossy(name).into_owned();
            text.push(' ');
            text.push_str(&String::from_utf8_lossy(version));
            self.types.insert(text);
        }
        self.widen(time, time);
    }

    /// Adds what is known about other documents.
    pub(super) fn merge(&mut self, other: Facts) {
        self.types.extend(other.types);
        self.widen(other.first, other.last);
    }

    fn widen(&mut self, first: Option<Timestamp>, last: Option<Timestamp>) {
        self.first = self.first.into_iter().chain(first).min();
        self.last = self.last.max(last);
    }
}

/// When a document was published: what CollecTor's index takes for each type (collector §9.1).
fn published(kind: Type, path: &str, frame: Frame<'_>) -> Option<Timestamp> {
    if kind == Type::WebServerLog {
        return kind.day_of_file_name(path);
    }
    let parsed = kind.parse(frame);
    let named: &[&str] = match kind {
        Type::KeyCertificate => &["dir_key_published"],
        Type::BandwidthFile => &["file_created", "timestamp"],
        Type::ExitList => &["downloaded"],
        Type::Torperf => &["start"],
        Type::Microdescriptor => return None,
        _ => &[],
    };
    let named = named.iter().find_map(|name| time_of(&parsed, name));
    named.or_else(|| Document { kind, source: path, parsed: &parsed, digests: Digests::default() }.time())
}

fn time_of(parsed: &AnyParsed<'_>, name: &str) -> Option<Timestamp> {
    let column = parsed.partial.schema().column(name)?;
    let mut sink = ValueSink::default();
    parsed.emit(&*parsed.partial, column.field, column.part, &mut sink);
    match sink.finish() {
        Value::Time(time) => Some(time),
        Value::Millis(time) => Some(time.timestamp()),
        _ => None,
    }
}

/// Until when a certificate is valid; `None` if it is none.
pub(super) fn expiry(bytes: &[u8]) -> Option<Timestamp> {
    let frame = frames(bytes, Some(Type::KeyCertificate)).next()?;
    time_of(&Type::KeyCertificate.parse(frame), "dir_key_expires")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &[u8; 19]) -> Option<Timestamp> {
        Timestamp::parse(text)
    }

    #[test]
    fn each_type_has_its_time() {
        let facts = Facts::of(
            "a",
            b"@type server-descriptor 1.0\nrouter a 1.2.3.4 1 0 0\npublished 2012-03-01 17:15:27\n",
        );
        assert_eq!((facts.first, facts.last), (time(b"2012-03-01 17:15:27"), time(b"2012-03-01 17:15:27")));
        assert_eq!(facts.types.into_iter().collect::<Vec<_>>(), ["server-descriptor 1.0"]);
        let facts = Facts::of("www.example.org_web1_access.log_20260301.xz", b"\xfd7zXZ\0 and more");
        assert_eq!((facts.first, facts.types.len()), (time(b"2026-03-01 00:00:00"), 0));
        assert_eq!(Facts::of("a", b"nothing at all"), Facts::default());
        let micro = Facts::of("a", b"@type microdescriptor 1.0\nonion-key\n");
        assert_eq!((micro.first, micro.types.len()), (None, 1));
    }
}
