//! How many requests a row counts, and which documents were ignored.

use super::{BIN, Bridgedb, Taken, table};
use crate::{
    stats::{
        Cell, Day,
        explain::{Explanation, List, Question, Unexplained},
    },
    value::Timestamp,
};

const KEYS: &[&str] = &["distributor", "transport"];

pub(super) fn explain(bridgedb: &Bridgedb, question: &Question) -> Result<Explanation, Unexplained> {
    question.only(KEYS)?;
    let [distributor, transport] = [0, 1].map(|at| question.value(KEYS[at]));
    let key = (distributor.into(), transport.into());
    let title = format!("Requests for {transport} bridges by {distributor} on {}", question.day);
    let mut it = Explanation::new(title, "bridgedb-stats", question);
    it.key = KEYS.iter().map(|key| (*key, question.value(key).to_owned())).collect();
    let of_day = || bridgedb.taken().filter(|it| Day::of_seconds(it.end) == question.day);
    let counting = || of_day().filter(|it| it.in_common.is_none());
    it.given(
        "N",
        of_day().count() as i64,
        "documents",
        "BridgeDB's statistics whose interval ended on that day",
    );
    let about = "those of them that count: they have no distributor and transport in common with one that ended before";
    it.given("n", counting().count() as i64, "documents", about);
    let requests = |it: &Taken<'_>| it.counts.get(&key).copied();
    let about = format!(
        "what they say of this distributor and transport. Each country and outcome has a count, rounded up to a multiple of \
         {BIN}, of which half of that is taken off: the sum of count − {}. Left out are counts of less than {BIN} and requests \
         over Tor, from zz",
        BIN / 2
    );
    it.given("requests", counting().filter_map(|it| requests(&it)).sum::<i64>(), "requests", about);
    let lines = of_day().map(|it| {
        let all: i64 = it.counts.values().sum();
        let ignored =
            it.in_common.map(|(distributor, transport)| format!("no, again {distributor}.{transport}"));
        let counts = ignored.unwrap_or_else(|| "yes".to_owned());
        vec![Timestamp(it.end).to_string().into(), requests(&it).into(), all.into(), counts.into()]
    });
    let columns = ["end", "these requests", "all requests", "counts"];
    it.lists.push(List::all("documents of that day".to_owned(), &columns, lines.collect()));
    let tables = [table(counting())];
    let rows = tables[0].rows().map(|row| {
        let share = row[3].number().unwrap_or(0.0) / all(&tables[0]) * 100.0;
        row[1..].iter().cloned().chain([Cell::Fixed(share, 1)]).collect()
    });
    let columns = ["distributor", "transport", "requests", "percent"];
    it.lists.push(List::greatest("all rows of that day".to_owned(), &columns, 2, rows.collect()));
    let is_there = it.row(&tables);
    Ok(if is_there { it } else { it.without_row("no document of that day that counts has such requests") })
}

fn all(table: &crate::stats::Table) -> f64 {
    table.rows().filter_map(|row| row[3].number()).sum()
}
