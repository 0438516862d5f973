//! What a relay has told of its connections.

use super::Connections2013;
use crate::{
    stats::{
        Cell, Day, Options,
        explain::{Explanation, List, Question, Unexplained},
        registry,
    },
    value::{Hex, Timestamp},
};

const KEYS: &[&str] = &["source"];

pub(super) fn explain(
    connections: &Connections2013,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    question.only_in_2013(KEYS, options)?;
    let asked = question.value("source").trim_start_matches('$').to_ascii_uppercase();
    let title = format!("Connections of {asked} on {}", question.day);
    let mut it = Explanation::new(title, "connbidirect", question);
    it.key = [("source", asked.clone())].into();
    let of_day = connections.reports.iter().filter(|((end, _), _)| Day::of_seconds(*end) == question.day);
    let of_day: Vec<_> = of_day.map(|((end, id), counts)| (Hex(id.0).to_string(), *end, *counts)).collect();
    let reports: Vec<_> = of_day.iter().filter(|(source, ..)| *source == asked).collect();
    let about =
        "reports of the relay whose interval ended on that day; each is a row, and this is the first one";
    it.given("n", reports.len() as i64, "reports", about);
    if let Some((_, _, counts)) = reports.first() {
        let about = [
            ("below", "with less than 20 KiB in ten seconds"),
            ("read", "that read at least ten times as much as they wrote"),
            ("write", "that wrote at least ten times as much as they read"),
            ("both", "others"),
        ];
        for ((symbol, about), count) in about.into_iter().zip(*counts) {
            it.given(symbol, count, "connections", format!("connections {about}"));
        }
    }
    let rows = of_day.iter().filter(|(source, ..)| reports.is_empty() || *source == asked);
    let rows = rows.map(|(source, end, counts)| {
        let start = [source.clone().into(), Timestamp(*end).to_string().into()];
        start.into_iter().chain(counts.map(Cell::from)).collect()
    });
    let columns = ["source", "end", "below", "read", "write", "both"];
    it.lists.push(List::first("reports of that day".to_owned(), &columns, rows.collect()));
    let tables = registry::close::<Connections2013>(vec![connections.table()], options);
    if it.row(&tables) {
        return Ok(it);
    }
    Ok(it.without_row(match reports.is_empty() {
        true => "the relay has told nothing of that day",
        false => "the day is not over for long enough",
    }))
}
