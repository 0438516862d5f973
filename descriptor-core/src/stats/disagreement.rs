//! Disagreement among directory authorities (spec §15): how many relays get an attribute from how many of them.
//!
//! File of a module: `disagreement`.
//!
//! Of the votes of noon, what each says of each relay is kept, by time and authority; of two that differ, the greater
//! stays.

mod explain;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Day, Document, Id, Options, Parts, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
};
use crate::{
    document::{Type, Vote},
    value::Timestamp,
};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Disagreement {
    votes: BTreeMap<(i64, Id), Opinion>,
}

/// What an authority says.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Opinion {
    /// The flags that it votes about.
    flags: Vec<Box<str>>,
    /// Of each relay, which of these it has, one bit each, and [`MEASURED`].
    relays: Vec<(Id, u64)>,
}

/// The bit of relays whose bandwidth was measured. Authorities vote about fewer flags.
const MEASURED: u64 = 1 << 63;

/// When votes are compared. Unit: seconds of the day.
const NOON: i64 = 43_200;

/// Bandwidths count if so many authorities have measured them.
const MEASUREMENTS: usize = 3;

impl Statistic for Disagreement {
    const TYPES: &'static [Type] = &[Type::Vote];

    fn add(&mut self, document: &Document<'_>) {
        if let Document::Vote { document, .. } = document
            && document.valid_after.0.rem_euclid(86400) == NOON
        {
            let key = (document.valid_after.0, document.authority.dir_source.identity.into());
            self.join(key, Opinion::of(document));
        }
    }

    fn merge(&mut self, other: Self) {
        for (key, opinion) in other.votes {
            self.join(key, opinion);
        }
    }

    fn finish(self, _: &Options) -> Vec<Table> {
        vec![table(self.votes.iter())]
    }

    fn explain(&self, question: &Question, _: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question)
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (key, opinion) in self.votes {
            parts.day(Day::of_seconds(key.0)).votes.insert(key, opinion);
        }
        parts
    }
}

impl Disagreement {
    fn join(&mut self, key: (i64, Id), opinion: Opinion) {
        let known = self.votes.entry(key).or_default();
        if *known < opinion {
            *known = opinion;
        }
    }
}

impl Opinion {
    fn of(vote: &Vote<'_>) -> Self {
        let known: Vec<&[u8]> = vote.known_flags.iter().take(63).collect();
        let relays = vote.entries.iter().map(|entry| {
            let flags = entry.flags.iter().flat_map(|flags| flags.iter());
            let bits = flags.filter_map(|flag| known.iter().position(|it| *it == flag));
            let measured = entry.weight.is_some_and(|weight| weight.measured.is_some());
            let set = bits.fold(if measured { MEASURED } else { 0 }, |set, bit| set | 1 << bit);
            (entry.r.fingerprint.into(), set)
        });
        let mut relays: Vec<(Id, u64)> = relays.collect();
        relays.sort_unstable();
        relays.dedup_by_key(|(fingerprint, _)| *fingerprint);
        Opinion { flags: known.iter().map(|flag| String::from_utf8_lossy(flag).into()).collect(), relays }
    }

    /// The bit of an attribute; 0 for that of being listed, which all have. `None` if the authority does not vote about it.
    fn bit(&self, attribute: &str) -> Option<u64> {
        match attribute {
            LISTED => Some(0),
            MEASURED_NAME => self.relays.iter().any(|(_, set)| set & MEASURED != 0).then_some(MEASURED),
            _ => self.flags.iter().position(|it| **it == *attribute).map(|bit| 1 << bit),
        }
    }
}

/// The table of some votes.
fn table<'d>(votes: impl Iterator<Item = (&'d (i64, Id), &'d Opinion)>) -> Table {
    let columns = ["validafter", "attribute", "votes", "required", "max", "relays"];
    let mut table = Table::new("disagreement", &columns);
    let mut times: BTreeMap<i64, Vec<&Opinion>> = BTreeMap::new();
    for ((time, _), opinion) in votes {
        times.entry(*time).or_default().push(opinion);
    }
    for (time, opinions) in times {
        let time = Timestamp(time).to_string();
        let mut rows: Vec<_> = rows(&opinions).into_iter().map(|row| (row.text(), row)).collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, Row { attribute, votes, required, most, relays }) in rows {
            let counts = [votes, required, most, relays].map(|it| it as u64);
            let [votes, required, most, relays] = counts.map(Into::into);
            table.push([time.clone().into(), attribute.into(), votes, required, most, relays]);
        }
    }
    table
}

const LISTED: &str = "Listed";
const MEASURED_NAME: &str = "Measured";

struct Row {
    attribute: String,
    votes: usize,
    required: usize,
    most: usize,
    relays: usize,
}

impl Row {
    /// What the originals sorted by.
    fn text(&self) -> String {
        let Row { attribute, votes, required, most, relays } = self;
        format!("{attribute},{votes},{required},{most},{relays}")
    }
}

fn rows(opinions: &[&Opinion]) -> Vec<Row> {
    let all: BTreeSet<Id> = opinions.iter().flat_map(|it| &it.relays).map(|(relay, _)| *relay).collect();
    let mut attributes: BTreeSet<&str> = [LISTED, MEASURED_NAME].into();
    attributes.extend(opinions.iter().flat_map(|it| &it.flags).map(|flag| &**flag));
    let mut rows = Vec::new();
    for attribute in attributes {
        let (most, counts) = votes(opinions, &all, attribute);
        for votes in (0..=most).filter(|_| most > 0) {
            let relays = counts.values().filter(|&&count| count == votes).count();
            rows.push(Row {
                attribute: attribute.to_owned(),
                votes,
                required: required(attribute, most),
                most,
                relays,
            });
        }
    }
    rows
}

/// How many of so many authorities must agree.
fn required(attribute: &str, most: usize) -> usize {
    if attribute == MEASURED_NAME { MEASUREMENTS } else { most / 2 + 1 }
}

/// How many authorities vote about an attribute, and how many of them give it to each relay.
fn votes(opinions: &[&Opinion], all: &BTreeSet<Id>, attribute: &str) -> (usize, BTreeMap<Id, usize>) {
    let votes: Vec<_> = opinions.iter().filter_map(|it| Some((it, it.bit(attribute)?))).collect();
    let mut counts: BTreeMap<Id, usize> = all.iter().map(|relay| (*relay, 0)).collect();
    for (opinion, bit) in &votes {
        for (relay, _) in opinion.relays.iter().filter(|(_, set)| set & bit == *bit) {
            *counts.entry(*relay).or_default() += 1;
        }
    }
    (votes.len(), counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relays_are_counted_by_votes() {
        let opinion = |flags: &[&str], relays: &[(u8, u64)]| Opinion {
            flags: flags.iter().map(|&flag| flag.into()).collect(),
            relays: relays.iter().map(|&(relay, set)| (Id([relay; 20]), set)).collect(),
        };
        let opinions = [
            opinion(&["Exit", "Fast"], &[(1, 1), (2, 2 | MEASURED), (3, 0)]),
            opinion(&["Fast"], &[(1, 1), (2, 1)]),
        ];
        let text: Vec<_> = rows(&opinions.each_ref()).iter().map(Row::text).collect();
        assert_eq!(
            text,
            [
                "Exit,0,1,1,2",
                "Exit,1,1,1,1",
                "Fast,0,2,2,1",
                "Fast,1,2,2,1",
                "Fast,2,2,2,1",
                "Listed,0,2,2,0",
                "Listed,1,2,2,1",
                "Listed,2,2,2,2",
                "Measured,0,3,1,2",
                "Measured,1,3,1,1",
            ]
        );
    }
}
