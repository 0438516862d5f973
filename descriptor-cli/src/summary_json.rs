//! `tordesc summary --format json`.

use descriptor_core::value::Timestamp;
use serde_json::{Value, json};

use crate::{
    reading::Totals,
    status::Status,
    tally::{Count, Tally, ranked},
};

/// One object, on several lines.
pub(crate) fn render(tally: &Tally, totals: &Totals) -> String {
    let types: Vec<_> = tally
        .types
        .iter()
        .map(|(kind, of)| {
            let mut row = counted(of);
            row["type"] = json!(kind.map(|kind| kind.name()));
            row
        })
        .collect();
    let statuses: Vec<_> = tally.newest.iter().map(|(kind, status)| vitals(kind.name(), status)).collect();
    let problems: Vec<_> = ranked(tally.problems.clone())
        .into_iter()
        .map(|((kind, problem), number)| json!({"type": kind.map(|kind| kind.name()), "problem": problem, "count": number}))
        .collect();
    let unknown: Vec<_> = ranked(tally.unknown.clone())
        .into_iter()
        .map(|((kind, keyword), number)| json!({"type": kind.name(), "keyword": keyword, "count": number}))
        .collect();
    let countries: Vec<_> = tally
        .countries
        .iter()
        .map(|((kind, country), number)| json!({"type": kind.name(), "country": country, "count": number}))
        .collect();
    let mut all = counted(&tally.total());
    all["sources_failed"] = json!(totals.failed);
    all["types"] = json!(types);
    all["newest"] = json!(statuses);
    all["platforms"] = json!(tally.platforms);
    all["countries"] = json!(countries);
    all["problems"] = json!(problems);
    all["unknown_keywords"] = json!(unknown);
    format!("{all:#}\n")
}

fn counted(of: &Count) -> Value {
    json!({
        "documents": of.documents,
        "bytes": of.bytes,
        "with_problems": of.wrong,
        "first": of.first.map(rfc3339),
        "last": of.last.map(rfc3339),
    })
}

fn vitals(kind: &str, status: &Status) -> Value {
    let [all, exit, guard] = status.bandwidth;
    json!({
        "type": kind,
        "time": rfc3339(status.time),
        "entries": status.relays,
        "with_ipv6": status.ipv6,
        "consensus_method": status.method,
        "signatures": status.signatures,
        "flags": status.flags,
        "versions": status.versions,
        "bandwidth": {"all": all, "exit": exit, "guard": guard, "unit": "kilobytes per second"},
    })
}

/// RFC 3339, UTC.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    format!("{}Z", String::from_utf8_lossy(&time.format(b'T')))
}
