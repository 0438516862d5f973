//! How a number of the distribution came about.

use super::{Advertised, Key};
use crate::{
    stats::{
        Cell, Day, Options,
        explain::{Explanation, List, Question, Unexplained},
        number::quantile,
    },
    value::Timestamp,
};

const KEYS: &[&str] = &["isexit", "relay", "percentile"];

pub(super) fn explain(
    advertised: &Advertised,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    question.only(KEYS)?;
    let number = |column: &'static str| match question.value(column) {
        "" => Ok(None),
        text => {
            text.parse().map(Some).map_err(|_| Unexplained::Value(column, text.to_owned(), "whole numbers"))
        }
    };
    let exits = question.is_true("isexit");
    let key: Key = (exits, number("relay")?, number("percentile")?);
    let who = if exits { "exits" } else { "relays" };
    let what = match key {
        (_, Some(place), None) => format!("bandwidth of the {place}. of the fastest {who}"),
        (_, None, Some(percent)) => format!("percentile {percent} of the bandwidth of {who}"),
        _ => {
            return Err(Unexplained::Value(
                "relay",
                question.value("relay").to_owned(),
                "either relay or percentile",
            ));
        }
    };
    let title = format!("Advertised {what} on {}", question.day);
    let mut it = Explanation::new(title, "advbwdist", question);
    it.key = KEYS.iter().map(|key| (*key, question.value(key).to_owned())).collect();
    let statuses = advertised.join.statuses.iter();
    let of_day = statuses.filter(|(time, _)| Day::of_seconds(**time) == question.day);
    let values: Vec<(i64, usize, f64)> = of_day
        .filter_map(|(&time, status)| {
            let found = status.tally.values(options.choices).into_iter().find(|(it, _)| *it == key);
            let others = if exits { 0 } else { status.tally.others.len() };
            found.map(|(_, value)| (time, status.tally.exits.len() + others, value))
        })
        .collect();
    it.given(
        "N",
        values.len() as i64,
        "consensuses",
        format!("consensuses of that day with so many {who} whose descriptors are known"),
    );
    let rows = values.iter().map(|(time, count, value)| {
        vec![Timestamp(*time).to_string().into(), Cell::Int(*count as i64), Cell::Int(*value as i64)]
    });
    it.lists.push(List::greatest(
        "consensuses by this value".to_owned(),
        &["valid after", who, "bytes per second"],
        2,
        rows.collect(),
    ));
    if values.is_empty() {
        return Ok(it.without_row("no consensus of that day has such a value"));
    }
    let mut sorted: Vec<f64> = values.iter().map(|(.., value)| *value).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = 1.0 + (sorted.len() as f64 - 1.0) * 0.5;
    it.reckoned(
        "pos",
        place,
        "",
        "the place of the median among them in ascending order",
        "1 + ({N} − 1) · 0.5",
    );
    let below = (place.floor() as usize).clamp(1, sorted.len());
    it.given("a", sorted[below - 1], "bytes per second", "the value at that place, rounded down");
    it.given("b", sorted[below.min(sorted.len() - 1)], "bytes per second", "the next one");
    let median = quantile(&sorted, 0.5);
    it.reckoned(
        "median",
        median,
        "bytes per second",
        "before rounding down",
        "{a} + ({pos} − floor({pos})) · ({b} − {a})",
    );
    if question.day >= options.today() {
        return Ok(it.without_row("the day is not over"));
    }
    it.result("advbw", median.floor() as i64);
    Ok(it)
}
