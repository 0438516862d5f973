//! What the tests over whole documents share.
#![allow(dead_code, reason = "each test program uses a part of this")]

pub(crate) mod holds;
#[cfg(feature = "verify")]
pub(crate) mod signatures;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use descriptor_core::{
    document::{AnyParsed, Type},
    netdoc::Frame,
    schema::{Value, ValueSink, line_and_column},
};
use serde_json::{Map, Value as Json, json};

/// The folder of real data beside the project, or `None`, said aloud.
pub(crate) fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let path = std::env::var_os("TORDESC_SHARED").map_or(beside, PathBuf::from);
    if path.join("corpus").is_dir() {
        return Some(path);
    }
    eprintln!("skipped: the real data is not there ({}); TORDESC_SHARED tells where it is", path.display());
    None
}

/// The files of a `.tar.xz` below a folder, by their paths there.
#[cfg(feature = "archive")]
pub(crate) fn unpack(archive: &Path, below: &str) -> BTreeMap<String, Vec<u8>> {
    let file = fs::File::open(archive).expect("the archive is there");
    let files = untar(liblzma::read::XzDecoder::new(file));
    let inner = |(path, bytes): (String, Vec<u8>)| Some((path.strip_prefix(below)?.to_owned(), bytes));
    let files: BTreeMap<_, _> = files.into_iter().filter_map(inner).collect();
    assert!(!files.is_empty(), "no files below {below}");
    files
}

/// The files of a tarball by their paths.
#[cfg(feature = "archive")]
pub(crate) fn untar(reader: impl std::io::Read) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(reader).entries().expect("an archive") {
        let mut entry = entry.expect("a member");
        let path = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
        if entry.header().entry_type().is_file() {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).expect("a member");
            files.insert(path, bytes);
        }
    }
    files
}

/// All documents of a tarball, one by one, with their sources.
#[cfg(feature = "archive")]
pub(crate) fn documents(tarball: PathBuf) -> Vec<(String, Vec<u8>)> {
    use descriptor_core::archive::{self, Chunk, Event, Input, Options};
    let options = Options { threads: 1, ..Options::default() };
    let mut all = Vec::new();
    let copy = |chunk: &Chunk| -> Vec<_> {
        let whole = |frame: Frame<'_>| [frame.annotations, frame.body].concat();
        chunk.frames().map(|(source, frame)| (source.to_string(), whole(frame))).collect()
    };
    archive::read(&[Input::Path(tarball)], &options, copy, |event| {
        if let Event::Output(output) = event {
            all.extend(output);
        }
        std::ops::ControlFlow::Continue(())
    });
    all
}

/// The files of a tree by their paths; none if there is no such tree.
pub(crate) fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = if root.is_dir() { files(root) } else { Vec::new() };
    files.iter().map(|path| (below(root, path), fs::read(path).expect("a file"))).collect()
}

/// All files below a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// A value as JSON: times as RFC 3339, digests as hex or base64, text that is not UTF-8 as `{"bytes": hex}`.
pub(crate) fn to_json(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(it) => json!(it),
        Value::Int(it) => json!(it),
        Value::Float(it) => json!(it),
        Value::Text(it) => text(&it),
        Value::Hex(it) => json!(const_hex::encode_upper(it)),
        Value::Base64(it) => json!(base64(&it)),
        Value::Time(it) => json!(format!("{}Z", String::from_utf8_lossy(&it.format(b'T')))),
        Value::Millis(it) => {
            let second = it.timestamp().format(b'T');
            json!(format!("{}.{:03}Z", String::from_utf8_lossy(&second), it.0 % 1000))
        }
        Value::Address(it) => json!(it.to_string()),
        Value::List(it) => it.into_iter().map(to_json).collect(),
        Value::Map(it) => it
            .into_iter()
            .map(|(key, value)| (String::from_utf8_lossy(&key).into_owned(), to_json(value)))
            .filter(|(_, value)| !value.is_null())
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// Text as JSON.
pub(crate) fn text(bytes: &[u8]) -> Json {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!({"bytes": const_hex::encode(bytes)}),
    }
}

/// Base64 without padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
    STANDARD_NO_PAD.encode(bytes)
}

/// All columns of a document that have a value.
pub(crate) fn values(parsed: &AnyParsed<'_>) -> Map<String, Json> {
    let record = parsed.partial.as_ref();
    let mut all = Map::new();
    for column in record.schema().columns() {
        let mut sink = ValueSink::default();
        parsed.emit(record, column.field, column.part, &mut sink);
        let value = to_json(sink.finish());
        let says_nothing = value.is_null() || value == json!([]) || value == json!(false);
        if !says_nothing {
            all.insert(column.name.clone(), value);
        }
    }
    all
}

/// One column of a document.
pub(crate) fn column(parsed: &AnyParsed<'_>, name: &str) -> Option<Json> {
    let record = parsed.partial.as_ref();
    let column = record.schema().column(name)?;
    let mut sink = ValueSink::default();
    parsed.emit(record, column.field, column.part, &mut sink);
    Some(to_json(sink.finish()))
}

/// What is wrong with a document, as `LINE: KEYWORD: PROBLEM`, lines counted from the document's first.
pub(crate) fn issues(parsed: &AnyParsed<'_>) -> Vec<String> {
    let line = |at| line_and_column(parsed.frame.body, at).0;
    parsed.issues.iter().map(|issue| format!("{}: {issue}", line(issue.span.start))).collect()
}

/// All that is known about a document, as the golden files keep it.
pub(crate) fn describe(frame: Frame<'_>) -> Json {
    let mut all = Map::new();
    all.insert("type".into(), json!(frame.kind.map(Type::name)));
    all.insert("offset".into(), json!(frame.offset));
    if !frame.annotations.is_empty() {
        all.insert(
            "annotations".into(),
            frame.annotations().map(|it| text(&[it.name, b" ", it.value].concat())).collect(),
        );
    }
    let Some(kind) = frame.kind else { return all.into() };
    let digests = kind.digests(frame.body);
    if let Some(sha1) = digests.sha1 {
        all.insert("sha1".into(), json!(const_hex::encode_upper(sha1.0)));
    }
    if let Some(sha256) = digests.sha256 {
        all.insert("sha256".into(), json!(base64(&sha256.0)));
    }
    let parsed = kind.parse(frame);
    all.insert("values".into(), values(&parsed).into());
    if !parsed.issues.is_empty() {
        all.insert("issues".into(), json!(issues(&parsed)));
    }
    if !parsed.unknown.is_empty() {
        all.insert("unknown".into(), parsed.unknown_lines().map(text).collect());
    }
    all.into()
}

/// Path below a folder, with `/` on every system.
pub(crate) fn below(folder: &Path, path: &Path) -> String {
    let inner = path.strip_prefix(folder).unwrap_or(path);
    inner.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}
