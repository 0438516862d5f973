//! How the numbers of relays came about.

mod groups;
mod network;

use super::{Relays, consumed, statuses::Statuses, view::View};
use crate::stats::{
    Options,
    explain::{Explanation, Keyed, Question, Unexplained},
    registry,
};

/// The tables, and which columns tell their rows apart.
const TABLES: &[Keyed] = &[
    ("relay-countries", &["country"]),
    ("bandwidth-countries", &["country"]),
    ("relay-systems", &["as"]),
    ("bandwidth-systems", &["as"]),
    ("relay-families", &["family"]),
    ("bandwidth-families", &["family"]),
    ("concentration", &["group", "position"]),
    ("churn", &["interval"]),
    ("overload", &["kind"]),
];

/// What an explanation looks at.
struct Context<'c> {
    relays: &'c Relays,
    view: &'c View<'c>,
    question: &'c Question,
    options: &'c Options<'c>,
}

/// An explanation without results, and why there is no row if there is none for another reason than that of the day.
type Explained = Result<(Explanation, String), Unexplained>;

pub(super) fn explain(
    relays: &Relays,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    let (table, _) = question.choose(TABLES)?;
    let none = Statuses::default();
    let statuses = relays.days.get(&question.day).unwrap_or(&none);
    let view = View::of(question.day, statuses, &relays.facts, options.choices);
    let context = Context { relays, view: &view, question, options };
    let (mut it, why) = match table {
        "concentration" => network::concentration(&context)?,
        "churn" => network::churn(&context)?,
        "overload" => network::overload(&context)?,
        _ => groups::explain(table, &context)?,
    };
    let tables =
        registry::close::<Relays>(relays.tables(question.day.plus(-1)..=question.day, options), options);
    if it.row(&tables) {
        return Ok(it);
    }
    let end = options.today().plus(if consumed::TABLES.contains(&table) { -2 } else { 0 });
    Ok(it.without_row(match () {
        () if view.heads.is_empty() => "no consensus of that day was added".to_owned(),
        () if question.day >= end => "the day is not over for long enough".to_owned(),
        () => why,
    }))
}

impl Context<'_> {
    /// Nothing yet, of a row of a table.
    fn explanation(&self, title: String, table: &'static str, key: &[(&'static str, String)]) -> Explanation {
        let mut it = Explanation::new(format!("{title} on {}", self.question.day), table, self.question);
        it.key = key.iter().cloned().collect();
        it.given("N", self.view.heads.len() as i64, "consensuses", "consensuses of that day");
        it
    }

    /// How many consensuses have weights, and how many those of positions.
    fn weighted(&self, it: &mut Explanation) {
        let about = "those in which relays have a weight";
        it.given("M", self.view.weighted as i64, "consensuses", about);
    }

    fn positioned(&self, it: &mut Explanation) {
        let about =
            "those that say how much of its weight a relay gives to each position (bandwidth-weights)";
        it.given("P", self.view.positioned as i64, "consensuses", about);
    }
}

/// Bytes as a cell has them.
fn bytes(sum: Option<u128>) -> Option<i64> {
    sum.map(|it| i64::try_from(it).unwrap_or(i64::MAX))
}
