//! How a row of Torperf of 2013 came about.

use std::collections::{BTreeMap, BTreeSet};

use super::{FEWEST, Outcome, Runs, SIZES, parts, table};
use crate::{
    stats::{
        Cell, Options,
        explain::{Explanation, List, Question, Unexplained},
        performance::{Key, Performance},
        registry,
    },
    value::Timestamp,
};

const KEYS: &[&str] = &["size", "source"];

const MILLIS: &str = "milliseconds";

/// A source is asked for by its whole name, or by the part that is shown; of several that are shown alike it is the first one.
pub(in crate::stats::performance) fn explain(
    performance: &Performance,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    question.only(KEYS)?;
    let text = question.value("size");
    let Some(size) = text.parse().ok().filter(|size| SIZES.contains(size)) else {
        return Err(Unexplained::Value("size", text.to_owned(), "51200, 1048576 and 5242880"));
    };
    let asked = question.value("source");
    let of_day = performance.measurements.iter();
    let of_day = of_day.filter(|(key, _)| key.day() == question.day && key.1 == size);
    let mut sources: BTreeMap<&str, Runs> = BTreeMap::new();
    let mut downloads: Vec<(&Key, Outcome)> = Vec::new();
    for (key, it) in of_day {
        let outcome = Outcome::of(key, it);
        sources.entry(&key.0).or_default().add(outcome);
        downloads.push((key, outcome));
    }
    let enough = |source: &&str| sources.get(*source).is_some_and(|runs| runs.times.len() > FEWEST);
    let shown: Vec<&str> = sources.keys().copied().filter(enough).collect();
    // Which sources the row is of.
    let of: BTreeSet<&str> = match asked {
        "" => {
            let rest = shown.iter().map(|source| parts(source).1).min();
            shown.iter().copied().filter(|source| Some(parts(source).1) == rest).collect()
        }
        _ => {
            let known = sources.contains_key(asked).then_some(asked);
            let alike = || shown.iter().copied().find(|source| parts(source).0 == asked);
            known.or_else(alike).into_iter().collect()
        }
    };
    let mut it = Explanation::new(format!("Torperf on {}, {size} bytes", question.day), "torperf", question);
    let name = if asked.is_empty() { "" } else { of.first().map_or(asked, |source| parts(source).0) };
    it.key = [("size", size.to_string()), ("source", name.to_owned())].into();
    let mut runs = Runs::default();
    of.iter().filter_map(|source| sources.get(source)).for_each(|it| runs.extend(it));
    steps(&mut it, &mut runs);
    let rows = downloads.iter().filter(|(key, _)| of.contains(&*key.0)).map(|(key, outcome)| {
        let (time, what) = match outcome {
            Outcome::Took(time) => (Some(*time), "complete"),
            Outcome::Failed => (None, "failed"),
            Outcome::TimedOut => (None, "timed out"),
        };
        let start = Timestamp(key.2.div_euclid(1000)).to_string();
        vec![start.into(), time.into(), what.into(), String::from(&*key.0).into()]
    });
    it.lists.push(List::greatest(
        "downloads by time".to_owned(),
        &["start", "time", "outcome", "source"],
        1,
        rows.collect(),
    ));
    let columns = ["source", "shown as", "complete"];
    let rows = sources.iter().map(|(source, runs)| {
        let shown = String::from(parts(source).0);
        vec![String::from(*source).into(), shown.into(), Cell::Int(runs.times.len() as i64)]
    });
    it.lists.push(List::all("sources of that day".to_owned(), &columns, rows.collect()));
    let tables = registry::close::<Performance>(vec![table(performance)], options);
    let is_there = tables[0].rows().any(|row| row[0].day() == Some(question.day));
    if of.iter().all(enough) && !of.is_empty() && is_there {
        for (column, cell) in COLUMNS.into_iter().zip(runs.cells()) {
            it.result(column, cell);
        }
        return Ok(it);
    }
    Ok(it.without_row(match () {
        () if question.day >= options.today().plus(-1) => "the day is not over for long enough",
        () if of.is_empty() => "nothing of the kind was measured on that day, or too little",
        () => "fewer than five downloads were complete",
    }))
}

const COLUMNS: [&str; 6] = ["q1", "md", "q3", "timeouts", "failures", "requests"];

fn steps(it: &mut Explanation, runs: &mut Runs) {
    let [q1, md, q3, timeouts, failures, all] = runs.cells();
    it.given(
        "N",
        all,
        "downloads",
        "downloads that began on that day, of sources that have five complete ones",
    );
    it.given("timeouts", timeouts, "downloads", "those that timed out");
    it.given("failures", failures, "downloads", "those that did not, and were not complete");
    it.given("n", runs.times.len() as i64, "downloads", "those that were complete");
    let quartiles = [
        ("a", "q1", q1, "the lower quartile", "floor({n} / 4)"),
        ("b", "md", md, "the median", "floor({n} / 2)"),
        ("c", "q3", q3, "the upper quartile", "floor(3 · {n} / 4)"),
    ];
    for ((place, symbol, value, about, formula), at) in quartiles.into_iter().zip([1, 2, 3]) {
        let count = (at * runs.times.len() / 4) as i64;
        it.reckoned(
            place,
            count,
            "",
            "its place among the times in ascending order, counted from 1",
            formula,
        );
        if !value.is_missing() {
            it.given(symbol, value, MILLIS, format!("{about}, the time at place {place}"));
        }
    }
}
