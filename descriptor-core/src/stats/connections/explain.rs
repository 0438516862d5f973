//! How a quartile of connections came about.

use super::{Connections, DIRECTIONS, QUANTILES, Report};
use crate::{
    stats::{
        Cell, Options,
        explain::{Explanation, List, Question, Unexplained},
        number::quantile,
    },
    value::{Hex, Timestamp},
};

const KEYS: &[&str] = &["direction", "quantile"];

pub(super) fn explain(
    connections: &Connections,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    question.only(KEYS)?;
    let refused =
        |column, choices| Err(Unexplained::Value(column, question.value(column).to_owned(), choices));
    let Some(at) = DIRECTIONS.iter().position(|it| *it == question.value("direction")) else {
        return refused("direction", "read, write and both");
    };
    let Some((name, p)) = QUANTILES.into_iter().find(|(name, _)| *name == question.value("quantile")) else {
        return refused("quantile", "0.25, 0.5 and 0.75");
    };
    let title =
        format!("Connections: quantile {name} of the share used as {} on {}", DIRECTIONS[at], question.day);
    let mut it = Explanation::new(title, "connbidirect2", question);
    it.key = [("direction", DIRECTIONS[at].to_owned()), ("quantile", name.to_owned())].into();
    let of_day = connections.reports.iter().filter(|((day, _), _)| *day == question.day);
    let mut reports: Vec<_> = of_day
        .filter_map(|((_, id), report)| {
            Some((report.percents(options.choices.exact_connections)?[at], *id, *report))
        })
        .collect();
    reports.sort_unstable();
    let sorted: Vec<f64> = reports.iter().map(|(percent, ..)| f64::from(*percent)).collect();
    it.given(
        "N",
        reports.len() as i64,
        "relays",
        "relays with a report that ended on that day, the first one of each",
    );
    it.lists.push(relays(&reports, at));
    if reports.is_empty() {
        return Ok(it.without_row("nobody reported connections"));
    }
    let value = quantile(&sorted, p);
    it.given("p", p, "", "the quantile, of type 7");
    let place = 1.0 + (sorted.len() as f64 - 1.0) * p;
    it.reckoned(
        "pos",
        place,
        "",
        "its place among the shares in ascending order, counted from 1",
        "1 + ({N} − 1) · {p}",
    );
    let below = (place.floor() as usize).clamp(1, sorted.len());
    it.given("a", sorted[below - 1], "percent", "the share at that place, rounded down");
    it.given("b", sorted[below.min(sorted.len() - 1)], "percent", "the next one");
    it.reckoned(
        "v",
        value,
        "percent",
        "the quantile, before rounding down",
        "{a} + ({pos} − floor({pos})) · ({b} − {a})",
    );
    if question.day >= options.today().plus(-1) {
        return Ok(it.without_row("the day is not over for long enough"));
    }
    it.result("fraction", value.floor() as i64);
    Ok(it)
}

fn relays(reports: &[(i32, crate::stats::Id, Report)], at: usize) -> List {
    let rows = reports.iter().map(|(percent, id, Report(end, counts))| {
        let start = [Hex(id.0).to_string().into(), Cell::Int((*percent).into())];
        let counts = counts.map(|count| Cell::Int(count.into()));
        start.into_iter().chain(counts).chain([Timestamp(*end).to_string().into()]).collect()
    });
    let about = format!(
        "relays by their share used as {}: of those that read, wrote and did both, {} in percent, rounded down",
        DIRECTIONS[at], DIRECTIONS[at]
    );
    List::greatest(about, &["fingerprint", "percent", "read", "write", "both", "end"], 1, rows.collect())
}
