//! How many relays got an attribute from so many authorities, and who gave it.

use std::collections::BTreeSet;

use super::{Disagreement, LISTED, MEASURED_NAME, MEASUREMENTS, Opinion, required, table, votes};
use crate::{
    stats::{
        Cell, Day, Id,
        explain::{Explanation, List, Question, Unexplained},
    },
    value::Hex,
};

const KEYS: &[&str] = &["attribute", "votes"];

pub(super) fn explain(disagreement: &Disagreement, question: &Question) -> Result<Explanation, Unexplained> {
    question.only(KEYS)?;
    let attribute = question.value("attribute");
    if attribute.is_empty() {
        return Err(Unexplained::Value("attribute", String::new(), "the flags, Listed and Measured"));
    }
    let text = question.value("votes");
    let number = |_| Unexplained::Value("votes", text.to_owned(), "numbers from 0 to that of authorities");
    let asked: usize = text.parse().map_err(number)?;
    let title = format!("Relays that {asked} authorities call {attribute} on {}, at noon", question.day);
    let mut it = Explanation::new(title, "disagreement", question);
    it.key = [("attribute", attribute.to_owned()), ("votes", asked.to_string())].into();
    let of_day = || disagreement.votes.iter().filter(|((time, _), _)| Day::of_seconds(*time) == question.day);
    let opinions: Vec<&Opinion> = of_day().map(|(_, opinion)| opinion).collect();
    let all: BTreeSet<Id> = opinions.iter().flat_map(|it| &it.relays).map(|(relay, _)| *relay).collect();
    let (most, counts) = votes(&opinions, &all, attribute);
    it.given("N", opinions.len() as i64, "authorities", "authorities whose vote for 12:00 is known");
    it.given(
        "max",
        most as i64,
        "authorities",
        match attribute {
            LISTED => "those that may list a relay, which are all".to_owned(),
            MEASURED_NAME => "those that have measured any relay".to_owned(),
            _ => format!("those that vote about {attribute}"),
        },
    );
    let least = required(attribute, most) as i64;
    match attribute {
        MEASURED_NAME => {
            let about = format!("of which so many must have measured a relay: always {MEASUREMENTS}");
            it.given("required", least, "authorities", about);
        }
        _ => {
            let about = "of which so many must agree: the majority";
            it.reckoned("required", least, "authorities", about, "floor({max} / 2) + 1");
        }
    }
    it.given("all", all.len() as i64, "relays", "relays that any authority lists");
    let with = |votes: usize| counts.values().filter(|&&count| count == votes).count() as i64;
    let about = match asked {
        0 => "those that none of them gives the attribute".to_owned(),
        _ => format!("those that exactly {asked} of them give the attribute"),
    };
    it.given("relays", with(asked), "relays", about);
    let lines = (0..=most).map(|votes| {
        let enough = if (votes as i64) < least { "no" } else { "yes" };
        vec![Cell::Int(votes as i64), with(votes).into(), enough.into()]
    });
    let columns = ["votes", "relays", "enough"];
    it.lists.push(List::all("all relays by votes".to_owned(), &columns, lines.collect()));
    let gives = |it: &Opinion, relay: &Id| {
        let bit = it.bit(attribute)?;
        let at = it.relays.binary_search_by_key(relay, |(id, _)| *id).ok()?;
        (it.relays[at].1 & bit == bit).then_some(())
    };
    let lines = of_day().enumerate().map(|(at, ((_, authority), it))| {
        let given =
            it.bit(attribute).map(|_| all.iter().filter(|relay| gives(it, relay).is_some()).count() as i64);
        let listed = Cell::Int(it.relays.len() as i64);
        vec![Cell::Int(at as i64 + 1), Hex(authority.0).to_string().into(), listed, given.into()]
    });
    let columns = ["no.", "authority", "lists", "gives it"];
    it.lists.push(List::all(
        "authorities; where the last column is empty, without a vote".to_owned(),
        &columns,
        lines.collect(),
    ));
    let relays = counts.iter().filter(|(_, count)| **count == asked).map(|(relay, _)| {
        let by = (1..).zip(&opinions).filter(|(_, it)| gives(it, relay).is_some());
        let by: Vec<_> = by.map(|(number, _): (usize, _)| number.to_string()).collect();
        vec![Hex(relay.0).to_string().into(), by.join(" ").into()]
    });
    let about = "relays with so many votes, and which authorities give them".to_owned();
    it.lists.push(List::first(about, &["fingerprint", "from no."], relays.collect()));
    let tables = [table(of_day())];
    let is_there = it.row(&tables);
    Ok(match () {
        () if is_there => it,
        () if opinions.is_empty() => it.without_row("no vote for 12:00 of that day was added"),
        () if most == 0 => it.without_row("no authority votes about it"),
        () => it.without_row(format!("there are only {most} authorities that vote about it")),
    })
}
