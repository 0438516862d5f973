//! Total consensus weight: what each bandwidth authority gives all relays together, and the consensus (spec §14).
//!
//! File of a module: `totalcw`.
//!
//! A vote or consensus is four sums by valid-after time and authority. Of two with the same key, which has never been seen,
//! the greater stays; the originals kept the first one.

mod explain;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Cell, Day, Document, FlagSet, Id, Options, Parts, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
    parts,
};
use crate::document::{RouterStatus, Type};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TotalWeight {
    documents: BTreeMap<Key, Sums>,
}

/// What makes a document unique: valid-after time, nickname and identity; of a consensus, the last two are empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Key(i64, Box<str>, Id);

/// Weights of relays that are neither guard nor exit, exit only, guard only, and both.
type Sums = [u64; 4];

/// A table that is not shown: the days of all documents. The last one, which may not be over, has no rows.
const COUNTED: &str = "counted";

/// A day must have so many documents of an authority.
const DOCUMENTS: usize = 12;

impl Statistic for TotalWeight {
    const TYPES: &'static [Type] = &[Type::Consensus, Type::Vote];

    fn add(&mut self, document: &Document<'_>) {
        let (key, sums) = match document {
            Document::Consensus { document, flags } => {
                let key = Key(document.valid_after.0, Box::default(), Id::default());
                (key, sums(&document.entries, flags, |entry| entry.weight?.bandwidth))
            }
            Document::Vote { document, flags } => {
                let authority = document.authority.dir_source;
                let nickname = String::from_utf8_lossy(authority.nickname);
                let key = Key(document.valid_after.0, nickname.into(), authority.identity.into());
                (key, sums(&document.entries, flags, |entry| entry.weight?.measured))
            }
            _ => return,
        };
        // An authority that measures nothing has no rows.
        if let Some(sums) = sums {
            self.join(key, sums);
        }
    }

    fn merge(&mut self, other: Self) {
        for (key, sums) in other.documents {
            self.join(key, sums);
        }
    }

    fn finish(self, _: &Options) -> Vec<Table> {
        let mut days: BTreeMap<(Day, bool, &str), Vec<Sums>> = BTreeMap::new();
        for (key, sums) in &self.documents {
            // The consensus comes last.
            days.entry((key.day(), key.1.is_empty(), &key.1)).or_default().push(*sums);
        }
        let mut counted = Table::new(COUNTED, &["date"]);
        let dates: BTreeSet<Day> = days.keys().map(|(day, ..)| *day).collect();
        dates.into_iter().for_each(|day| counted.push([day.into()]));
        let columns =
            ["valid_after_date", "nickname", "have_guard_flag", "have_exit_flag", "measured_sum_avg"];
        let mut table = Table::new("totalcw", &columns);
        for ((day, _, nickname), documents) in days.into_iter().filter(|(_, it)| it.len() >= DOCUMENTS) {
            for class in 0..4 {
                let sum: u64 = documents.iter().map(|sums| sums[class]).sum();
                table.push([
                    Cell::Day(day),
                    nickname.to_owned().into(),
                    (class & 2 != 0).into(),
                    (class & 1 != 0).into(),
                    (sum / documents.len() as u64).into(),
                ]);
            }
        }
        vec![table, counted]
    }

    fn explain(&self, question: &Question, _: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question)
    }

    fn close(tables: &mut Vec<Table>, _: &Options) {
        let counted = parts::take(tables, COUNTED);
        if let Some(last) = counted.iter().flat_map(Table::rows).filter_map(|row| row[0].day()).max() {
            parts::end(tables, &[], last);
        }
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (key, sums) in self.documents {
            parts.day(key.day()).documents.insert(key, sums);
        }
        parts
    }
}

impl Key {
    /// The day of the document.
    fn day(&self) -> Day {
        Day::of_seconds(self.0)
    }
}

impl TotalWeight {
    fn join(&mut self, key: Key, sums: Sums) {
        let known = self.documents.entry(key).or_insert(sums);
        *known = (*known).max(sums);
    }
}

/// The sums of the running relays that have a weight; `None` if there are none.
fn sums(
    entries: &[RouterStatus<'_>],
    flags: &[FlagSet],
    weight: impl Fn(&RouterStatus<'_>) -> Option<u64>,
) -> Option<Sums> {
    let mut sums = None;
    for (entry, flags) in entries.iter().zip(flags).filter(|(_, flags)| flags.has(FlagSet::RUNNING)) {
        let Some(weight) = weight(entry) else { continue };
        let class = usize::from(flags.has(FlagSet::GUARD)) * 2 + usize::from(flags.is_effective_exit());
        let sum = &mut sums.get_or_insert([0u64; 4])[class];
        *sum = sum.saturating_add(weight);
    }
    sums
}
