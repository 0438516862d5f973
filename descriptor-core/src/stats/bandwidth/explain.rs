//! How consumed bandwidth came about.

use super::{Bandwidth, Seen, add, per_second};
use crate::{
    stats::{
        Cell, Id, Options,
        explain::{Explanation, List, Question, Unexplained},
    },
    value::Hex,
};

const KEYS: &[&str] = &["isexit", "isguard"];

/// A relay's bytes: read, written, and both for directory requests.
type Of = (Id, Seen, [Option<u128>; 4]);

pub(super) fn explain(
    bandwidth: &Bandwidth,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    question.only(KEYS)?;
    let by_flags = KEYS.iter().any(|key| !question.value(key).is_empty());
    let (exit, guard) = (question.is_true("isexit"), question.is_true("isguard"));
    let mut relays: Vec<Of> = Vec::new();
    bandwidth.each(options.choices, |day, id, seen, sums| {
        let wanted = !by_flags
            || seen.is_running() && (seen.is_exit(options.choices), seen.is_guard()) == (exit, guard);
        if day == question.day && wanted {
            relays.push((id, seen, sums));
        }
    });
    relays.sort_unstable_by_key(|(id, ..)| *id);
    let title = match by_flags {
        true => format!("Bandwidth of relays with Exit {exit} and Guard {guard} on {}", question.day),
        false => format!("Directory bytes on {}", question.day),
    };
    let mut it = Explanation::new(title, "bandwidth", question);
    it.key = KEYS.iter().map(|key| (*key, question.value(key).to_owned())).collect();
    let count = |what: fn(&Of) -> bool| relays.iter().filter(|it| what(it)).count();
    let columns: &[Column] = match by_flags {
        true => &[
            ("bwread", "R", "read by these relays", |(_, _, [read, ..])| *read),
            ("bwwrite", "W", "written by these relays", |(_, _, [_, written, ..])| *written),
        ],
        false => &[
            ("dirread", "r", "read for directory requests by mirrors", |(_, seen, [.., it, _])| {
                it.filter(|_| !seen.is_authority())
            }),
            ("dirwrite", "w", "written for directory requests by mirrors", |(_, seen, [.., it])| {
                it.filter(|_| !seen.is_authority())
            }),
            ("dirauthread", "ar", "read for directory requests by authorities", |(_, seen, [.., it, _])| {
                it.filter(|_| seen.is_authority())
            }),
            ("dirauthwrite", "aw", "written for directory requests by authorities", |(_, seen, [.., it])| {
                it.filter(|_| seen.is_authority())
            }),
        ],
    };
    let running =
        if by_flags { "running in a consensus of that day, and so flagged in any" } else { "of any kind" };
    it.given("N", relays.len() as i64, "relays", format!("relays with a history of that day, {running}"));
    it.given(
        "authorities",
        count(|(_, seen, _)| seen.is_authority()) as i64,
        "relays",
        "authorities among them",
    );
    let mut results = Vec::new();
    for &(column, symbol, about, value) in columns {
        let mut sum = None;
        relays.iter().for_each(|relay| add(&mut sum, value(relay)));
        let bytes = sum.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        it.given(
            symbol,
            bytes,
            "bytes",
            format!("bytes {about}: of each quarter of an hour the greatest that was reported"),
        );
        it.reckoned(
            column,
            per_second(sum),
            "bytes per second",
            format!("{about}, rounded down"),
            &format!("floor({{{symbol}}} / 86400)"),
        );
        results.push((column, per_second(sum)));
    }
    let rows = relays.iter().map(|relay| {
        let sum: u128 = columns.iter().filter_map(|(.., value)| value(relay)).sum();
        let cell =
            |bytes: Option<u128>| Cell::from(bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)));
        let start = [Hex(relay.0.0).to_string().into(), cell(Some(sum))];
        start.into_iter().chain(columns.iter().map(|(.., value)| cell(value(relay)))).collect()
    });
    let names: Vec<_> =
        ["fingerprint", "bytes"].into_iter().chain(columns.iter().map(|column| column.1)).collect();
    it.lists.push(List::greatest("relays by bytes".to_owned(), &names, 1, rows.collect()));
    if relays.is_empty() {
        return Ok(it.without_row("no such relay reported a history of that day"));
    }
    if question.day >= options.today().plus(-2) {
        return Ok(it.without_row("the day is not over for long enough"));
    }
    results.into_iter().for_each(|(column, value)| it.result(column, value));
    Ok(it)
}

/// Name of the column, symbol, what it is, and a relay's value.
type Column = (&'static str, &'static str, &'static str, fn(&Of) -> Option<u128>);
