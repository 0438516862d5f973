//! What holds for any bytes. The property tests and the fuzz targets call these with bytes of their own.

use std::fmt::Debug;

use descriptor_core::{
    document::{
        AnyParsed, Consensus, DetachedSignatures, Digests, ExtraInfo, KeyCertificate, Microdescriptor,
        ServerDescriptor, Type, digests_of,
    },
    netdoc::{Cut, Frame, Framer, frames, items},
    schema::{Documents, MAX_LISTED, Table, Value, ValueSink, Wanted, parse},
};

/// Every byte belongs to exactly one item, and items follow each other without a gap.
pub(crate) fn lexer(data: &[u8]) {
    let mut at = 0;
    for item in items(data) {
        assert_eq!(item.offset, at);
        assert!(!item.raw.is_empty(), "an item takes at least a byte");
        assert_eq!(item.raw, &data[at..at + item.raw.len()]);
        at += item.raw.len();
    }
    assert_eq!(at, data.len());
}

/// Whatever the bytes are, they can be cut, read, told and digested; what strict takes, lenient takes.
pub(crate) fn any_document(data: &[u8]) {
    frames(data, None).for_each(|frame| document(frame, data));
    in_a_series(data);
    if let [choice, rest @ ..] = data {
        let kind = Type::ALL[usize::from(*choice) % Type::ALL.len()];
        document(Frame::whole(kind, rest), rest);
    }
}

/// Many documents, read and digested together, are what each is alone.
pub(crate) fn in_a_series(data: &[u8]) {
    series::<Consensus<'_>>(data);
    series::<DetachedSignatures<'_>>(data);
    series::<ExtraInfo<'_>>(data);
    series::<KeyCertificate<'_>>(data);
    series::<Microdescriptor<'_>>(data);
    series::<ServerDescriptor<'_>>(data);
    digests(data);
}

/// In a series documents are cut and read as each alone.
fn series<'a, D: Table<'a> + PartialEq + Debug>(data: &'a [u8]) {
    let is_of = |kind: Type| std::ptr::eq((kind.info().schema)(), D::table());
    let mut documents = Documents::<D>::new(data, Wanted::ALL);
    for frame in frames(data, None).filter(|frame| frame.kind.is_some_and(is_of)) {
        let (alone, one) = (parse::<D>(frame), documents.next().expect("as many documents"));
        assert_eq!(one.frame, frame);
        assert!(one.partial == alone.partial, "{:?} is not {:?}", one.partial, alone.partial);
        assert_eq!((&one.issues, &one.unknown), (&alone.issues, &alone.unknown));
        assert_eq!(one.suppressed, alone.suppressed);
        assert_eq!(one.document().is_some(), alone.document().is_some());
    }
    assert!(documents.next().is_none(), "more documents than there are");
}

/// Beside others documents have the digests that they have alone.
fn digests(data: &[u8]) {
    let documents: Vec<_> = frames(data, None).filter_map(|frame| Some((frame.kind?, frame.body))).collect();
    let alone =
        documents.iter().map(|(kind, body)| Digests { sha1: kind.sha1(body), sha256: kind.sha256(body) });
    assert!(digests_of(documents.iter().copied(), true, true).into_iter().eq(alone));
}

fn document(frame: Frame<'_>, source: &[u8]) {
    let (start, end) = (frame.span().start as usize, frame.span().end as usize);
    assert_eq!(frame.body, &source[start..end]);
    let Some(kind) = frame.kind else { return };
    let digests = Digests { sha1: kind.sha1(frame.body), sha256: kind.sha256(frame.body) };
    assert_eq!(digests, kind.digests(frame.body));
    let parsed = kind.parse(frame);
    if parsed.strict().is_ok() {
        assert!(parsed.document().is_some(), "strict takes what lenient refuses");
        // Lines that no row knows are no issue, however many they are.
        assert!(parsed.suppressed == 0 || parsed.unknown.len() == MAX_LISTED);
    }
    assert!(parsed.issues.len() <= MAX_LISTED && parsed.unknown.len() <= MAX_LISTED);
    for issue in &parsed.issues {
        assert!(issue.span.start <= issue.span.end && issue.span.end <= frame.body.len(), "{issue:?}");
        assert!(issue.keyword.len() <= 70);
    }
    for span in &parsed.unknown {
        assert!(span.start < span.end && span.end <= frame.body.len(), "unknown line {span:?}");
    }
    // Several threads read what one reads.
    let shared = kind.parse_columns(frame, Wanted { threads: 3, ..Wanted::ALL });
    assert_eq!(shared.issues, parsed.issues);
    assert_eq!((&shared.unknown, shared.suppressed), (&parsed.unknown, parsed.suppressed));
    assert_eq!(shared.document().is_some(), parsed.document().is_some());
    let (shared, alone) = (values(&shared), values(&parsed));
    // What is not a number equals nothing.
    let same = shared == alone || format!("{shared:?}") == format!("{alone:?}");
    assert!(same, "several threads read other values");
}

/// All that a document and its parts say.
fn values(parsed: &AnyParsed<'_>) -> Vec<Value> {
    let (record, mut values) = (parsed.partial.as_ref(), Vec::new());
    for column in record.schema().columns() {
        let mut sink = ValueSink::default();
        parsed.emit(record, column.field, column.part, &mut sink);
        values.push(sink.finish());
    }
    for field in 0..record.schema().fields.len() {
        record.each(field, &mut |part| {
            let mut sink = ValueSink::default();
            part.emit_all(&mut sink);
            values.push(sink.finish());
        });
    }
    values
}

/// Cutting and reading loses nothing: frames and blank lines give the source again, a record its document, an item,
/// lexed alone, itself.
pub(crate) fn round_trip(data: &[u8]) {
    let mut at = 0;
    for frame in frames(data, None) {
        let start = frame.offset as usize - frame.annotations.len();
        assert!(data[at..start].iter().all(|byte| b"\r\n".contains(byte)), "bytes lie between documents");
        assert_eq!(frame.annotations, &data[start..frame.offset as usize]);
        at = frame.span().end as usize;
        assert!(
            [&b"\n\n"[..], b"\n\r\n"].iter().all(|blank| !frame.body.ends_with(blank)),
            "a document ends in a blank line"
        );
        if let Some(kind) = frame.kind {
            assert_eq!(kind.parse(frame).partial.raw(), frame.body);
        }
        let again: Vec<_> = frames(&data[start..at], frame.kind).collect();
        assert_eq!(again.len(), 1, "a document, cut alone, is one document");
        assert_eq!((again[0].kind, again[0].body), (frame.kind, frame.body));
    }
    assert!(data[at..].iter().all(|byte| b"\r\n".contains(byte)), "bytes lie behind the last document");
    for item in items(data) {
        let again: Vec<_> = items(item.raw).collect();
        assert_eq!(again.len(), 1, "an item, lexed alone, is one item");
        assert_eq!(
            (again[0].keyword, again[0].args, again[0].object),
            (item.keyword, item.args, item.object)
        );
    }
}

/// A stream that comes in pieces gives the frames of the whole buffer. `pieces` are their sizes, used in turn.
pub(crate) fn stream(data: &[u8], pieces: &[usize]) {
    let whole: Vec<_> = frames(data, None).map(|it| (it.kind, it.offset, it.annotations, it.body)).collect();
    let (mut framer, mut from, mut to, mut found) = (Framer::new(None), 0, 0, 0);
    let mut sizes = pieces.iter().copied().cycle();
    loop {
        match framer.cut(&data[from..to], to == data.len()) {
            Cut::Frame(frame, taken) => {
                assert!(taken > 0, "a frame takes at least a byte");
                let got = (frame.kind, frame.offset, frame.annotations, frame.body);
                assert_eq!(Some(&got), whole.get(found));
                (from, found) = (from + taken, found + 1);
            }
            Cut::More => {
                assert!(to < data.len(), "more is asked for at the end");
                to = (to + sizes.next().unwrap_or(1).max(1)).min(data.len());
            }
            Cut::End => break,
        }
    }
    assert_eq!(found, whole.len());
}
