//! How the numbers of fast and almost-fast exits came about.

use super::{FastExits, SETTINGS};
use crate::{
    stats::{
        Cell, Day, Options,
        explain::{Explanation, List, Question, Unexplained},
    },
    value::Timestamp,
};

pub(super) fn explain(
    exits: &FastExits,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    question.only(&[])?;
    let mut it =
        Explanation::new(format!("Fast and almost-fast exits on {}", question.day), "fast-exits", question);
    let of_day = exits.join.statuses.iter().filter(|(time, _)| Day::of_seconds(**time) == question.day);
    let results: Vec<_> = of_day
        .map(|(&time, status)| {
            let all = exits.weights.get(&time).copied().unwrap_or(0);
            (time, SETTINGS.each_ref().map(|setting| setting.apply(&status.tally.0, all)))
        })
        .collect();
    it.given("N", results.len() as i64, "consensuses", "consensuses of that day with bandwidth weights");
    let [both, fast] = SETTINGS.each_ref().map(|it| (i64::from(it.rate), i64::from(it.advertised)));
    it.given(
        "rate",
        fast.0,
        "KiB per second",
        "that a fast exit permits at least; all its ports are open, two of a /24 count",
    );
    it.given("advertised", fast.1, "KiB per second", "that a fast exit advertises at least");
    it.given(
        "rate both",
        both.0,
        "KiB per second",
        "that a fast or an almost-fast exit permits at least; ports 80 and 443",
    );
    it.given(
        "advertised both",
        both.1,
        "KiB per second",
        "that a fast or an almost-fast exit advertises at least",
    );
    let rows = results.iter().map(|(time, [both, fast])| {
        let numbers = [fast.0, both.0 - fast.0].map(Cell::Int);
        let shares = [100.0 * fast.probability(), 100.0 * (both.probability() - fast.probability())];
        let shares = shares.map(|it| Cell::Fixed(it, 2));
        [Timestamp(*time).to_string().into()].into_iter().chain(numbers).chain(shares).collect()
    });
    let columns = ["valid after", "fast", "almost fast", "probability of fast", "of almost fast"];
    it.lists.push(List::greatest("consensuses by fast exits".to_owned(), &columns, 1, rows.collect()));
    if results.is_empty() {
        return Ok(it.without_row("no consensus of that day has bandwidth weights"));
    }
    let results: Vec<_> = results.into_iter().map(|(_, result)| result).collect();
    let average = if options.choices.mean_of_exits { "mean" } else { "median" };
    for (column, cell) in super::COLUMNS.into_iter().zip(super::averages(&results, options.choices)) {
        it.reckoned(
            column,
            cell.clone(),
            "",
            format!("the {average} over these consensuses, rounded"),
            &format!("{average} of {{N}} values"),
        );
        it.result(column, cell);
    }
    Ok(it)
}
