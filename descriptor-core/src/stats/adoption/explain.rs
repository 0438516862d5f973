//! How the shares of a series of versions came about.

use super::{Adoption, Status, Version, table};
use crate::{
    stats::{
        Cell, Day, Options,
        explain::{Explanation, List, Question, Unexplained},
        registry,
    },
    value::Timestamp,
};

const KEYS: &[&str] = &["version", "recommended"];

pub(super) fn explain(
    adoption: &Adoption,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    question.only(KEYS)?;
    let asked = question.value("version");
    let recommended = match question.value("recommended") {
        "" => None,
        _ => Some(question.is_true("recommended")),
    };
    let words = match recommended {
        Some(true) => ", recommended",
        Some(false) => ", not recommended",
        None => "",
    };
    let title = format!("Relays of version {asked}{words} on {}", question.day);
    let mut it = Explanation::new(title, "version-adoption", question);
    let cell = Cell::from(recommended).written();
    it.key = [("version", asked.to_owned()), ("recommended", cell)].into();
    let is_asked =
        |version: &Version| version.name().unwrap_or_default() == asked && version.1 == recommended;
    let of_day = adoption.statuses.iter().filter(|(time, _)| Day::of_seconds(**time) == question.day);
    let of_day: Vec<(i64, &Status)> = of_day.map(|(time, status)| (*time, status)).collect();
    let (mut relays, mut shares, mut weights, mut weighted) = (0u64, 0.0, 0.0, 0i64);
    let mut lines = Vec::new();
    for (time, status) in &of_day {
        let (all, weight) = super::all(status);
        let such = status.iter().find(|(version, _)| is_asked(version)).map_or((0, 0), |(_, counts)| *counts);
        let share = f64::from(such.0) / f64::from(all);
        let of_weight = (weight > 0).then(|| such.1 as f64 / weight as f64);
        relays += u64::from(such.0);
        shares += if such.0 > 0 { share } else { 0.0 };
        weights += of_weight.unwrap_or(0.0);
        weighted += i64::from(weight > 0);
        let of_weight = of_weight.map(|it| Cell::Fixed(it, 8));
        let time = Timestamp(*time).to_string();
        lines.push(vec![time.into(), all.into(), such.0.into(), Cell::Fixed(share, 8), of_weight.into()]);
    }
    let count = of_day.len() as i64;
    it.given("N", count, "consensuses", "consensuses of that day");
    it.given("S", relays, "relays", "such relays that are running, over all of these together");
    if count > 0 {
        it.reckoned("relays", relays as f64 / count as f64, "relays", "the mean", "{S} / {N}");
        it.given("P", shares, "", "the sum of their shares of all running relays");
        it.reckoned("share", shares / count as f64, "", "the mean", "{P} / {N}");
        it.given("M", weighted, "consensuses", "those that give weights");
    }
    if weighted > 0 {
        it.given("W", weights, "", "the sum of their shares of the consensus weight");
        it.reckoned("weight", weights / weighted as f64, "", "the mean", "{W} / {M}");
    }
    let columns = ["valid after", "running", "such", "share", "of the weight"];
    it.lists.push(List::all("consensuses of that day".to_owned(), &columns, lines));
    let tables = registry::close::<Adoption>(vec![table(&adoption.statuses)], options);
    let rows = tables[0].rows().filter(|row| !asked.is_empty() && row[1].text() == asked);
    if let Some(first) = rows.filter_map(|row| row[0].day()).min() {
        it.given("first", first, "", "the first day with a relay of the series; the age counts from it");
    }
    if it.row(&tables) {
        return Ok(it);
    }
    let rows = tables[0].rows().filter(|row| row[0].day() == Some(question.day));
    let rows = rows.map(|row| row[1..4].to_vec()).collect();
    let columns = ["version", "recommended", "relays"];
    it.lists.push(List::greatest("rows of that day".to_owned(), &columns, 2, rows));
    Ok(it.without_row(match () {
        () if of_day.is_empty() => "no consensus of that day was added",
        () if question.day >= options.today() => "the day is not over",
        () => "there are no such relays on that day",
    }))
}
