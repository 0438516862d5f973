//! `tordesc find`: every document about a relay, a bridge, an address or a digest, by time.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    sync::Arc,
};

use descriptor_core::{
    columnar::Document,
    document::{Digests, Type, sha1},
    netdoc::Frame,
    schema::{Kind as Column, Part},
    value::{Hex, Timestamp},
};
use serde_json::json;

use crate::{
    cli::{Find, Global, ReportFormat},
    exit::{Failure, Outcome},
    figures::{count, printable, things},
    key::{Key, Kind, Match},
    output::{self, Output},
    reading::{self, Documents, How, complain},
    style::{DIM, GOOD, NAME, paint},
    summary_json::rfc3339,
};

/// A document about the key.
#[derive(Debug)]
struct Found {
    time: Option<Timestamp>,
    kind: Type,
    /// What matched, without repetition.
    what: String,
    source: Arc<str>,
    offset: u64,
    /// The SHA-1 of all its bytes, by which the same document is known in other places.
    same: Hex<20>,
    /// The document, or its entry, if it shall be printed.
    raw: Vec<u8>,
}

/// Finds and shows, the oldest first.
pub(crate) fn run(args: &Find, global: Global) -> Result<Outcome, Failure> {
    let key = Key::read(&args.key).map_err(Failure::Usage)?;
    let mut found: Vec<Found> = Vec::new();
    let totals = reading::read(
        &args.inputs,
        global,
        How::default(),
        |documents| search(&key, args.raw, documents),
        |part| {
            found.extend(part);
            Ok(())
        },
    )?;
    // What has no time comes last; equal times stay in the order of reading.
    found.sort_by_key(|it| (it.time.is_none(), it.time));
    if args.raw {
        let mut output = Output::open(None)?;
        found.iter().try_for_each(|it| output.put(&it.raw))?;
        output.finish()?;
    } else {
        output::print(&match args.format {
            ReportFormat::Text => text(&found, global.verbose),
            ReportFormat::Json => found.iter().map(json).collect(),
        })?;
    }
    if global.quiet == 0 && !args.raw && args.format == ReportFormat::Text {
        complain(global, &last_line(&key, &found));
    }
    Ok(match found.len() {
        0 if totals.failed == 0 => Outcome::Failed,
        number => Outcome::of_reading(number as u64, totals.failed),
    })
}

/// Looks through documents; runs in parallel.
fn search(key: &Key, raw: bool, documents: &mut Documents<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (source, frame) in documents {
        // What is no document has neither a time nor lines that could be understood.
        let Some(kind) = frame.kind else { continue };
        let matches = key.matches(frame.body);
        let own = own_digest(key, kind, &frame);
        if matches.is_empty() && own.is_none() {
            continue;
        }
        let mut what: Vec<String> = own.map(str::to_owned).into_iter().collect();
        // The place is that of the entry, where there is one.
        let entry = matches.iter().find(|it| frame.body[it.offset..].starts_with(b"r ")).or(matches.first());
        let within = entry.filter(|_| own.is_none()).map_or(0, |it| it.offset);
        for it in matches.iter().take(100) {
            if !what.contains(&it.what) {
                what.push(it.what.clone());
            }
        }
        let whole = own.is_some();
        let (time, entries) = about(kind, &source, frame, &matches, raw && !whole);
        let raw = match (raw, entries.is_empty()) {
            (false, _) => Vec::new(),
            (true, false) => entries,
            (true, true) => [frame.annotations, frame.body].concat(),
        };
        let (offset, same) = (frame.offset + within as u64, sha1(frame.body));
        found.push(Found { time, kind, what: what.join(", "), source, offset, same, raw });
    }
    found
}

/// Which of the document's own digests the key is.
fn own_digest(key: &Key, kind: Type, frame: &Frame<'_>) -> Option<&'static str> {
    match key.kind() {
        Kind::Short(bytes) => (kind.digests(frame.body).sha1?.0 == bytes).then_some("its SHA-1"),
        Kind::Long(bytes) => (kind.digests(frame.body).sha256?.0 == bytes).then_some("its SHA-256"),
        _ => None,
    }
}

/// The time of a document and, for types with entries, those entries in which something matched.
fn about(
    kind: Type,
    source: &str,
    frame: Frame<'_>,
    matches: &[Match],
    entries: bool,
) -> (Option<Timestamp>, Vec<u8>) {
    let parsed = kind.parse(frame);
    let document = Document { kind, source, parsed: &parsed, digests: Digests::default() };
    let mut raw = Vec::new();
    let record = &parsed.partial;
    for (at, field) in record.schema().fields.iter().enumerate().filter(|_| entries) {
        if let [Part { kind: Column::List(Column::Table(_)), .. }] = field.parts {
            record.each(at, &mut |entry| {
                let start = (entry.raw().as_ptr() as usize).wrapping_sub(frame.body.as_ptr() as usize);
                let end = start.wrapping_add(entry.raw().len());
                if matches.iter().any(|it| (start..end).contains(&it.offset)) {
                    raw.extend_from_slice(entry.raw());
                }
            });
        }
    }
    (document.time(), raw)
}

/// One line a document, in columns. The same document in further places is counted unless all places are wanted.
fn text(found: &[Found], all: bool) -> String {
    let mut copies: HashMap<Hex<20>, usize> = HashMap::new();
    found.iter().for_each(|it| *copies.entry(it.same).or_default() += 1);
    let kinds = found.iter().map(|it| it.kind.name().len()).max().unwrap_or(0);
    let whats = found.iter().map(|it| it.what.chars().count()).max().unwrap_or(0).min(40);
    let mut text = String::new();
    for it in found {
        // The first of all copies is shown; it takes the count with it.
        let further = match copies.get_mut(&it.same).map(std::mem::take) {
            _ if all => String::new(),
            Some(0) | None => continue,
            Some(1) => String::new(),
            Some(number) => format!(" and in {}", things(number as u64 - 1, "further place")),
        };
        let time = it.time.map_or_else(|| format!("{:19}", "-"), |time| time.to_string());
        let kind = paint(NAME, format!("{:kinds$}", it.kind.name()));
        let what = paint(GOOD, format!("{:whats$}", printable(it.what.as_bytes())));
        let place = paint(DIM, format!("{}:{}{further}", printable(it.source.as_bytes()), it.offset));
        let _ = writeln!(text, "{time}  {kind}  {what}  {place}");
    }
    text
}

/// One line that says it all.
fn last_line(key: &Key, found: &[Found]) -> String {
    let different = found.iter().map(|it| it.same).collect::<HashSet<_>>().len();
    match (different, found.len()) {
        (0, _) => format!("{key}: nothing found"),
        (one, all) if one == all => format!("{key}: {}", things(all as u64, "document")),
        (one, all) => format!("{key}: {}, {} with copies", things(one as u64, "document"), count(all as u64)),
    }
}

fn json(it: &Found) -> String {
    let row = json!({
        "time": it.time.map(rfc3339),
        "type": it.kind.name(),
        "matched": it.what,
        "source": &*it.source,
        "offset": it.offset,
    });
    format!("{row}\n")
}
