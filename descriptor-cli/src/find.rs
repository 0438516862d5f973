//! `tordesc find`: every document about a relay, a bridge, an address or a digest, by time.

use std::{fmt::Write as _, sync::Arc};

use descriptor_core::{
    columnar::Document,
    document::{Digests, Type},
    netdoc::Frame,
    schema::{Kind as Column, Part},
    value::Timestamp,
};
use serde_json::json;

use crate::{
    cli::{Find, Global, ReportFormat},
    exit::{Failure, Outcome},
    figures::{printable, things},
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
    kind: Option<Type>,
    /// What matched, without repetition.
    what: String,
    source: Arc<str>,
    offset: u64,
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
            ReportFormat::Text => text(&found),
            ReportFormat::Json => found.iter().map(json).collect(),
        })?;
    }
    if global.quiet == 0 && !args.raw && args.format == ReportFormat::Text {
        let sources = found.iter().map(|it| &it.source).collect::<std::collections::HashSet<_>>().len();
        let place = if found.is_empty() {
            String::new()
        } else {
            format!(" in {}", things(sources as u64, "source"))
        };
        complain(global, &format!("{key}: {}{place}", things(found.len() as u64, "document")));
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
        let matches = key.matches(frame.body);
        let own = own_digest(key, &frame);
        if matches.is_empty() && own.is_none() {
            continue;
        }
        let mut what: Vec<String> = own.map(str::to_owned).into_iter().collect();
        let mut offset = frame.offset;
        if own.is_none()
            && let Some(first) = matches.first()
        {
            offset += first.offset as u64;
        }
        for it in matches.iter().take(100) {
            if !what.contains(&it.what) {
                what.push(it.what.clone());
            }
        }
        let whole = own.is_some();
        let (time, entries) = match frame.kind {
            Some(kind) => about(kind, &source, frame, &matches, raw && !whole),
            None => (None, Vec::new()),
        };
        let raw = match (raw, entries.is_empty()) {
            (false, _) => Vec::new(),
            (true, false) => entries,
            (true, true) => [frame.annotations, frame.body].concat(),
        };
        found.push(Found { time, kind: frame.kind, what: what.join(", "), source, offset, raw });
    }
    found
}

/// Which of the document's own digests the key is.
fn own_digest(key: &Key, frame: &Frame<'_>) -> Option<&'static str> {
    match key.kind() {
        Kind::Short(bytes) => (frame.kind?.digests(frame.body).sha1?.0 == bytes).then_some("its SHA-1"),
        Kind::Long(bytes) => (frame.kind?.digests(frame.body).sha256?.0 == bytes).then_some("its SHA-256"),
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

/// One line a document, in columns.
fn text(found: &[Found]) -> String {
    let name = |kind: Option<Type>| kind.map_or("unknown", |kind| kind.name());
    let kinds = found.iter().map(|it| name(it.kind).len()).max().unwrap_or(0);
    let whats = found.iter().map(|it| it.what.chars().count()).max().unwrap_or(0).min(40);
    let mut text = String::new();
    for it in found {
        let time = it.time.map_or_else(|| format!("{:19}", "-"), |time| time.to_string());
        let kind = paint(NAME, format!("{:kinds$}", name(it.kind)));
        let what = paint(GOOD, format!("{:whats$}", printable(it.what.as_bytes())));
        let place = paint(DIM, format!("{}:{}", printable(it.source.as_bytes()), it.offset));
        let _ = writeln!(text, "{time}  {kind}  {what}  {place}");
    }
    text
}

fn json(it: &Found) -> String {
    let row = json!({
        "time": it.time.map(rfc3339),
        "type": it.kind.map(|kind| kind.name()),
        "matched": it.what,
        "source": &*it.source,
        "offset": it.offset,
    });
    format!("{row}\n")
}
