//! How a total weight came about.

use super::{DOCUMENTS, Key, TotalWeight};
use crate::{
    stats::{
        Cell, Day,
        explain::{Explanation, List, Question, Unexplained},
    },
    value::Timestamp,
};

const KEYS: &[&str] = &["nickname", "have_guard_flag", "have_exit_flag"];

pub(super) fn explain(weights: &TotalWeight, question: &Question) -> Result<Explanation, Unexplained> {
    question.only(KEYS)?;
    let nickname = question.value(KEYS[0]);
    let flags = [question.is_true(KEYS[1]), question.is_true(KEYS[2])];
    let class = usize::from(flags[0]) * 2 + usize::from(flags[1]);
    let who = if nickname.is_empty() { "the consensus" } else { nickname };
    let kind = [
        "neither guards nor exits",
        "exits that are no guards",
        "guards that are no exits",
        "guards and exits",
    ];
    let title = format!("Total weight that {who} gives to {} on {}", kind[class], question.day);
    let mut it = Explanation::new(title, "totalcw", question);
    let text = |flag: bool| if flag { "t" } else { "f" }.to_owned();
    it.key = [(KEYS[0], nickname.to_owned()), (KEYS[1], text(flags[0])), (KEYS[2], text(flags[1]))].into();
    let documents = weights.documents.iter();
    let of_row = |(Key(time, name, _), _): &(&Key, &[u64; 4])| {
        Day::of_seconds(*time) == question.day && &**name == nickname
    };
    let documents: Vec<_> =
        documents.filter(of_row).map(|(Key(time, ..), sums)| (*time, sums[class])).collect();
    let sum: u64 = documents.iter().map(|(_, weight)| weight).sum();
    let count = documents.len() as u64;
    it.given("N", count, "documents", format!("documents of {who} on that day that measure a running relay"));
    it.given("S", sum, "", "the sum of their weights of these relays");
    let rows =
        documents.iter().map(|(time, weight)| vec![Timestamp(*time).to_string().into(), Cell::from(*weight)]);
    it.lists.push(List::greatest(
        "documents by weight".to_owned(),
        &["valid after", "weight"],
        1,
        rows.collect(),
    ));
    let last = weights.documents.keys().map(|Key(time, ..)| Day::of_seconds(*time)).max();
    if documents.len() < DOCUMENTS {
        return Ok(it.without_row(format!("a day needs {DOCUMENTS} documents")));
    }
    if Some(question.day) >= last {
        return Ok(it.without_row("the last day is left out"));
    }
    it.reckoned("mean", sum / count, "", "the mean, rounded down", "floor({S} / {N})");
    it.result("measured_sum_avg", sum / count);
    Ok(it)
}
