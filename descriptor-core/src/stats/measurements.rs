//! Agreement of bandwidth authorities: what each has measured, compared with what the others have.
//!
//! File of a module: `measurements`, one row for each `date`, and authority that measures:
//!
//! | column | what it is | missing |
//! | --- | --- | --- |
//! | `authority`, `fingerprint` | nickname and identity | |
//! | `listed` | relays in its vote | |
//! | `measured` | those that it has measured | |
//! | `compared` | those that at least three authorities have measured | |
//! | `p5`, `p25`, `median`, `p75`, `p95` | quantiles, over these, of what it has measured divided by the median of what all have | none is compared |
//! | `authorities` | authorities that have measured any relay | |
//!
//! An authority whose `median` is 1 measures as fast as the others do; from `p5` to `p95` are nine tenths of its relays. Votes of
//! 12:00 UTC are looked at, one of each authority and day, for measurements change little within a day. Days are shown up to
//! the one before the run's. Quantiles are of type 7, and so is the median of an even number.
//!
//! Of two votes with the same time and authority that differ, the greater stays.

mod explain;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Cell, Day, Document, Id, Map, Options, Parts, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
    number::quantile,
};
use crate::{
    document::{Type, Vote},
    value::{Hex, Timestamp},
};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Measurements {
    votes: BTreeMap<(i64, Id), Opinion>,
}

/// What an authority has measured.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Opinion {
    nickname: Box<str>,
    listed: u32,
    /// In order of fingerprints, of which the first eight bytes are kept: that two of some thousand relays share them is less
    /// likely than one in a hundred billion.
    relays: Box<[(u64, u32)]>,
}

/// When votes are compared. Unit: seconds of the day.
const NOON: i64 = 43_200;

/// A median is one of so many measurements at least, as in a consensus.
const ENOUGH: usize = 3;

const QUANTILES: [(&str, f64); 5] =
    [("p5", 0.05), ("p25", 0.25), ("median", 0.5), ("p75", 0.75), ("p95", 0.95)];

impl Statistic for Measurements {
    const TYPES: &'static [Type] = &[Type::Vote];

    fn add(&mut self, document: &Document<'_>) {
        if let Document::Vote { document, .. } = document
            && document.valid_after.0.rem_euclid(86400) == NOON
        {
            let opinion = Opinion::of(document);
            if !opinion.relays.is_empty() {
                self.join((document.valid_after.0, document.authority.dir_source.identity.into()), opinion);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        other.votes.into_iter().for_each(|(key, opinion)| self.join(key, opinion));
    }

    fn finish(self, _: &Options) -> Vec<Table> {
        vec![table(&self.votes)]
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question, options)
    }

    fn end(options: &Options) -> Option<Day> {
        Some(options.today())
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (key, opinion) in self.votes {
            parts.day(Day::of_seconds(key.0)).votes.insert(key, opinion);
        }
        parts
    }
}

impl Measurements {
    fn join(&mut self, key: (i64, Id), opinion: Opinion) {
        let known = self.votes.entry(key).or_default();
        if *known < opinion {
            *known = opinion;
        }
    }
}

impl Opinion {
    fn of(vote: &Vote<'_>) -> Self {
        let measured = vote.entries.iter().filter_map(|entry| {
            let measured = u32::try_from(entry.weight?.measured?).unwrap_or(u32::MAX);
            let start = entry.r.fingerprint.0.first_chunk()?;
            Some((u64::from_be_bytes(*start), measured))
        });
        let mut relays: Vec<(u64, u32)> = measured.collect();
        relays.sort_unstable();
        relays.dedup_by_key(|(relay, _)| *relay);
        // What a table cannot hold is in no nickname.
        let nickname = String::from_utf8_lossy(vote.authority.dir_source.nickname).into();
        Opinion { nickname, listed: vote.entries.len() as u32, relays: relays.into() }
    }

    /// What was measured divided by the median, ascending, of relays that have one.
    fn ratios(&self, medians: &Map<u64, f64>) -> Vec<f64> {
        let ratios = self.relays.iter().filter_map(|(relay, measured)| {
            medians.get(relay).filter(|median| **median > 0.0).map(|median| f64::from(*measured) / median)
        });
        let mut ratios: Vec<f64> = ratios.collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios
    }
}

/// The table of some votes.
fn table(votes: &BTreeMap<(i64, Id), Opinion>) -> Table {
    let columns = ["date", "authority", "fingerprint", "listed", "measured", "compared"];
    let quantiles = QUANTILES.map(|(name, _)| name);
    let mut table = Table::new("measurements", &[&columns[..], &quantiles, &["authorities"]].concat());
    let mut times: BTreeMap<i64, Vec<(Id, &Opinion)>> = BTreeMap::new();
    for ((time, authority), opinion) in votes {
        times.entry(*time).or_default().push((*authority, opinion));
    }
    for (time, mut opinions) in times {
        let day = Day::of(Timestamp(time));
        let medians = medians(&opinions);
        opinions.sort_by(|(a, left), (b, right)| (&left.nickname, a).cmp(&(&right.nickname, b)));
        for (authority, opinion) in &opinions {
            let ratios = opinion.ratios(&medians);
            let cells = [
                day.into(),
                String::from(&*opinion.nickname).into(),
                Hex(authority.0).to_string().into(),
                opinion.listed.into(),
                Cell::Int(opinion.relays.len() as i64),
                Cell::Int(ratios.len() as i64),
            ];
            let quantiles = QUANTILES.iter().map(|(_, p)| {
                if ratios.is_empty() { Cell::Missing } else { Cell::Fixed(quantile(&ratios, *p), 4) }
            });
            let authorities = Cell::Int(opinions.len() as i64);
            table.push_all(cells.into_iter().chain(quantiles).chain([authorities]));
        }
    }
    table
}

/// The medians of relays that enough authorities have measured.
fn medians(opinions: &[(Id, &Opinion)]) -> Map<u64, f64> {
    let mut all: Vec<(u64, u32)> = opinions.iter().flat_map(|(_, it)| it.relays.iter().copied()).collect();
    all.sort_unstable();
    let relays = all.chunk_by(|a, b| a.0 == b.0).filter(|measured| measured.len() >= ENOUGH);
    let median = |measured: &[(u64, u32)]| {
        let values: Vec<f64> = measured.iter().map(|(_, value)| f64::from(*value)).collect();
        quantile(&values, 0.5)
    };
    relays.map(|measured| (measured[0].0, median(measured))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_to_the_median_of_three_or_more() {
        let opinion =
            |relays: &[(u64, u32)]| (Id::default(), Opinion { relays: relays.into(), ..Opinion::default() });
        let opinions = [
            opinion(&[(1, 10), (2, 100), (3, 7), (4, 0)]),
            opinion(&[(1, 20), (2, 300), (3, 7), (4, 0)]),
            opinion(&[(1, 40), (2, 200), (4, 0)]),
            opinion(&[(2, 600)]),
        ];
        let medians = medians(&opinions.each_ref().map(|(id, it)| (*id, it)));
        let mut shown: Vec<_> = medians.iter().map(|(relay, median)| (*relay, *median)).collect();
        shown.sort_by_key(|it| it.0);
        assert_eq!(shown, [(1, 20.0), (2, 250.0), (4, 0.0)]);
        assert_eq!(opinions[0].1.ratios(&medians), [0.4, 0.5]);
        assert_eq!(opinions[3].1.ratios(&medians), [2.4]);
    }
}
