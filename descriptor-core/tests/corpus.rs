//! Real data: every document of the corpus and of the recorded network is read, to the last line.

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    ops::ControlFlow,
    path::PathBuf,
    sync::LazyLock,
};

use common::holds;
use descriptor_core::{
    archive::{Event, Input, Options, read},
    document::Type,
    netdoc::Frame,
    schema::{Kind, Record, Value},
};

/// Folders of the corpus that hold no documents, or broken ones.
const OTHER_FOLDERS: &[&str] =
    &["malformed", "collector-index", "geoip", "metrics-csv", "onionoo", "vectors-"];
/// What of the recording holds documents.
const RECORDED: &[&str] = &["http", "exit-lists", "bridge-authority", "datadirs"];

/// Files that are no documents or only parts of one, by what their path has, with the reason.
const NO_DOCUMENTS: &[(&str, &str)] = &[
    ("/hsdesc-inner", "the inner layer of an onion service descriptor, which only clients can decrypt"),
    ("__hsdesc-inner", "the same"),
    ("/fingerprint", "a file that tor keeps for its operator"),
    ("/router-stability", "a file that tor keeps for itself"),
    ("/sr-state", "a file that tor keeps for itself"),
    ("/state", "a file that tor keeps for itself"),
    ("/stats/", "parts of an extra-info descriptor that is still to be made"),
    ("-front", "a web page"),
    ("-robots.txt", "a web page"),
];
/// Keywords that no row knows, by type, with the reason.
const UNKNOWN: &[(&str, &str, &str)] = &[];
/// Issues that are right, by file, with how often they occur.
const ISSUES: &[(&str, &str, usize)] = &[
    // Connections that timed out, with `-` for the request and status 408.
    (
        "corpus/webstats/metrics.torproject.org_meronense.torproject.org_access.log_20170530.gz",
        "line: request cannot be read",
        1,
    ),
    (
        "corpus/webstats/xy.host.org_meronense.torproject.org_access.log_20170530.log",
        "line: request cannot be read",
        1,
    ),
];

/// What the tests ask about a document.
struct Document {
    source: String,
    kind: Option<Type>,
    /// How its first line begins, for documents of no known type.
    start: String,
    unknown: Vec<String>,
    issues: Vec<String>,
    suppressed: usize,
    sha1: Option<Vec<u8>>,
    sha256: Option<Vec<u8>>,
    /// Digests of other documents, by what they are of.
    names: Vec<(Named, Vec<u8>)>,
    /// How many values its lists, maps and tables have.
    entries: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Server,
    ExtraInfo,
    Micro,
    Vote,
}

fn document(source: String, frame: Frame<'_>) -> Document {
    let start = String::from_utf8_lossy(&frame.body[..frame.body.len().min(40)]).into_owned();
    let mut document = Document {
        source,
        kind: frame.kind,
        start,
        unknown: vec![],
        issues: vec![],
        suppressed: 0,
        sha1: None,
        sha256: None,
        names: vec![],
        entries: vec![],
    };
    let Some(kind) = frame.kind else { return document };
    let digests = kind.digests(frame.body);
    document.sha1 = digests.sha1.map(|it| it.0.to_vec());
    document.sha256 = digests.sha256.map(|it| it.0.to_vec());
    let parsed = kind.parse(frame);
    document.suppressed = parsed.suppressed;
    document.issues = parsed.issues.iter().map(ToString::to_string).collect();
    document.unknown = parsed.unknown_lines().map(keyword).collect();
    let record = parsed.partial.as_ref();
    document.names.extend(named(record, "extra_info_digest_sha1", Named::ExtraInfo));
    for field in 0..record.schema().fields.len() {
        let mut entries = 0;
        record.each(field, &mut |part| {
            entries += 1;
            if !matches!(kind, Type::BridgeNetworkStatus | Type::NetworkStatus2) {
                document.names.extend(named(part, "descriptor_digest", Named::Server));
                document.names.extend(named(part, "microdescriptor_digest", Named::Micro));
                document.names.extend(named(part, "vote_digest", Named::Vote));
            }
        });
        document.entries.push(entries);
    }
    for column in record.schema().columns() {
        // Tables were counted already, and are dear to copy.
        let table = matches!(column.kind, Kind::List(Kind::Table(_)));
        match if table { None } else { record.get(&column.name) } {
            Some(Value::List(list)) => document.entries.push(list.len()),
            Some(Value::Map(map)) => document.entries.push(map.len()),
            _ => {}
        }
    }
    document
}

fn named(record: &dyn Record, column: &str, kind: Named) -> Option<(Named, Vec<u8>)> {
    match record.get(column)? {
        Value::Hex(digest) | Value::Base64(digest) => Some((kind, digest)),
        _ => None,
    }
}

fn keyword(line: &[u8]) -> String {
    let line = line.strip_prefix(b"opt ").unwrap_or(line);
    let end = line.iter().position(|byte| b" \t\r\n=".contains(byte)).unwrap_or(line.len());
    String::from_utf8_lossy(&line[..end]).into_owned()
}

/// Where the documents are; empty if the real data is not there.
static INPUTS: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
    let Some(shared) = common::shared() else { return vec![] };
    let mut inputs: Vec<_> = RECORDED.iter().map(|name| shared.join("tornet/recording").join(name)).collect();
    for entry in std::fs::read_dir(shared.join("corpus")).expect("the corpus can be read") {
        let path = entry.expect("the corpus can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !OTHER_FOLDERS.iter().any(|other| name.starts_with(other)) {
            inputs.push(path);
        }
    }
    inputs.sort();
    inputs
});

fn each<T: Send>(work: impl Fn(String, Frame<'_>) -> T + Send + Sync) -> Vec<T> {
    let Some(shared) = INPUTS.first().and_then(|_| common::shared()) else { return vec![] };
    let inputs: Vec<_> = INPUTS.iter().cloned().map(Input::Path).collect();
    let (mut all, mut failures) = (Vec::new(), Vec::new());
    let strip = format!("{}/", shared.display());
    let name = |source: &dyn Display| source.to_string().replacen(&strip, "", 1);
    read(
        &inputs,
        &Options::default(),
        |chunk| chunk.frames().map(|(from, frame)| work(name(from), frame)).collect::<Vec<_>>(),
        |event| {
            match event {
                Event::Output(mut some) => all.append(&mut some),
                Event::Failed(error) => failures.push(name(&error)),
            }
            ControlFlow::Continue(())
        },
    );
    failures.retain(|failure| is_document(failure));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(all.len() > 20_000, "only {} documents were found", all.len());
    all
}

static DOCUMENTS: LazyLock<Vec<Document>> = LazyLock::new(|| each(document));

fn is_document(source: &str) -> bool {
    !NO_DOCUMENTS.iter().any(|(part, _)| source.contains(part))
}

#[test]
fn every_document_has_a_type() {
    let strangers = DOCUMENTS.iter().filter(|it| it.kind.is_none() && is_document(&it.source));
    let strangers: Vec<_> = strangers.map(|it| format!("{}: {:?}", it.source, it.start)).collect();
    assert!(strangers.is_empty(), "{} of no type:\n{}", strangers.len(), strangers.join("\n"));
}

#[test]
fn every_keyword_has_a_row() {
    let mut strange: BTreeMap<(&str, &str), (usize, &str)> = BTreeMap::new();
    for document in DOCUMENTS.iter().filter(|it| is_document(&it.source)) {
        let Some(kind) = document.kind else { continue };
        assert_eq!(document.suppressed, 0, "{}: more issues than are kept", document.source);
        for keyword in &document.unknown {
            strange.entry((kind.name(), keyword)).or_insert((0, &document.source)).0 += 1;
        }
    }
    let stale: Vec<_> =
        UNKNOWN.iter().filter(|(kind, keyword, _)| strange.remove(&(*kind, *keyword)).is_none()).collect();
    let lines: Vec<_> = strange.iter().map(|(key, place)| format!("{key:?}: {place:?}")).collect();
    assert!(lines.is_empty(), "no row knows these:\n{}", lines.join("\n"));
    assert!(stale.is_empty() || DOCUMENTS.is_empty(), "listed, but known or absent: {stale:?}");
}

#[test]
fn only_what_is_listed_is_wrong() {
    let mut wrong: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for document in DOCUMENTS.iter().filter(|it| is_document(&it.source)) {
        for issue in &document.issues {
            *wrong.entry((&document.source, issue)).or_default() += 1;
        }
    }
    let stale: Vec<_> = ISSUES
        .iter()
        .filter(|(source, issue, count)| wrong.remove(&(*source, *issue)) != Some(*count))
        .collect();
    let lines: Vec<_> =
        wrong.iter().map(|((source, issue), n)| format!("({source:?}, {issue:?}, {n}),")).collect();
    assert!(lines.is_empty(), "{} issues are not listed:\n{}", lines.len(), lines.join("\n"));
    assert!(stale.is_empty() || DOCUMENTS.is_empty(), "listed, but not as often: {stale:?}");
}

#[test]
fn every_byte_comes_back() {
    let whole = each(|source, frame| {
        holds::lexer(frame.body);
        if let Some(kind) = frame.kind {
            assert_eq!(kind.parse(frame).partial.raw(), frame.body, "{source}");
        }
    });
    // Files that are no archives must also come back whole, blank lines and annotations included.
    for path in INPUTS.iter().flat_map(|input| common::files(input)) {
        let text = std::fs::read(&path).expect("the file can be read");
        if !text.contains(&0) {
            holds::round_trip(&text);
            holds::in_a_series(&text);
        }
    }
    assert!(!whole.is_empty() || INPUTS.is_empty());
}

#[test]
fn digests_find_their_documents() {
    if INPUTS.is_empty() {
        return;
    }
    let recorded = |kinds: &'static [Type]| {
        let all = DOCUMENTS.iter().filter(|it| it.source.starts_with("tornet/recording/http/"));
        all.filter(|it| it.kind.is_some_and(|kind| kinds.contains(&kind)))
    };
    // Caches of the recording may be older than its first votes.
    let joins: [(&[Type], Named, &[Type], usize); 5] = [
        (&[Type::Consensus], Named::Server, &[Type::ServerDescriptor], 70),
        (&[Type::Vote], Named::Server, &[Type::ServerDescriptor], 70),
        (&[Type::MicrodescConsensus], Named::Micro, &[Type::Microdescriptor], 16),
        (&[Type::ServerDescriptor], Named::ExtraInfo, &[Type::ExtraInfo], 90),
        (&[Type::Consensus, Type::MicrodescConsensus], Named::Vote, &[Type::Vote], 200),
    ];
    for (by, what, of, least) in joins {
        let named: BTreeSet<_> = recorded(by)
            .flat_map(|it| &it.names)
            .filter(|it| it.0 == what)
            .map(|it| it.1.as_slice())
            .collect();
        let digest = |it: &'static Document| if what == Named::Micro { &it.sha256 } else { &it.sha1 };
        let have: BTreeSet<_> = recorded(of).filter_map(|it| digest(it).as_deref()).collect();
        assert!(named.len() >= least, "{by:?} name only {} of {of:?}", named.len());
        let lost = named.difference(&have).count();
        assert_eq!(lost, 0, "{by:?} name {} of {of:?}, {lost} are not there", named.len());
    }
}

#[test]
fn counts_are_those_of_the_sources() {
    let Some(shared) = common::shared() else { return };
    let path = shared.join("corpus/vectors-metrics-lib/descriptor-counts.json");
    let expected: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path).expect("the counts can be read")).expect("they are JSON");
    let mut compared = 0;
    for (file, count) in expected["2017-07-17 set"].as_object().expect("the counts are a map") {
        if !file.starts_with("(heldout)") {
            let found = DOCUMENTS.iter().filter(|it| it.source == format!("corpus/{file}")).count();
            assert_eq!(Some(found as u64), count.as_u64(), "{file}");
            compared += 1;
        }
    }
    assert!(compared >= 9, "only {compared} counts were compared");
    // The table says for each file how often the type's leading keyword stands in it.
    let sources = std::fs::read_to_string(shared.join("corpus/SOURCES.md")).expect("the table can be read");
    let mut wrong = Vec::new();
    for line in sources.lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let count = cells.get(5).and_then(|it| it.parse::<usize>().ok());
        let (Some(file), Some(count)) = (cells.get(2), count) else { continue };
        let of_file: Vec<_> = DOCUMENTS.iter().filter(|it| it.source == format!("corpus/{file}")).collect();
        let documents = of_file.len();
        let entries = of_file.first().map(|it| it.entries.as_slice()).unwrap_or_default();
        if documents > 0
            && is_document(file)
            && count != documents
            && !(documents == 1 && entries.contains(&count))
        {
            wrong.push(format!("{file}: {count} expected, {documents} documents, {entries:?} entries"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
