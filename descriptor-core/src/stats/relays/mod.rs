//! Relays by where they are and whose they are, how concentrated the network is, how it changes, and who is overloaded.
//! None of this was on Tor Metrics but relays by country, until 2013.
//!
//! Files of modules: `relay-families`, `bandwidth-families`, `concentration`, `churn` and `overload`; `relay-countries`,
//! `bandwidth-countries`, `relay-systems` and `bandwidth-systems` where there are databases of addresses
//! ([`Options::places`]). The submodules' documentation says what their columns mean.
//!
//! They are one statistic because they look at the same thing, who was there with which weight and when, which would take
//! its memory six times. What is kept are the consensuses of each day (`statuses.rs`), of server descriptors what they
//! advertise and which families they name, and who reported what, histories of bandwidth among it (`facts.rs`). Addresses are kept and looked up in
//! `finish`: a partial is the same with any database, or with none, and another database needs no second reading.
//!
//! # Numbers
//!
//! All are means over the consensuses of a day, and of running relays only. Days are shown up to the one before the run's;
//! `statuses` says how many consensuses there are of a day. Shares of weight are each relay's share of the consensus
//! weight of all running relays; probabilities are how likely a client chooses it for a position, by the consensus's
//! `bandwidth-weights` and without regard to ports, families or networks. They are missing where no consensus of the day has
//! weights. Advertised bandwidth is that of descriptors; `described` says for which share of entries it was found.

pub mod churn;
pub mod concentration;
pub mod consumed;
mod explain;
mod facts;
pub mod families;
pub mod overload;
pub mod places;
mod statuses;
mod view;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeBounds,
};

use serde::{Deserialize, Serialize};

use self::{
    churn::Churn,
    concentration::Concentration,
    facts::Facts,
    families::Families,
    overload::Overloads,
    places::{Countries, Systems},
    statuses::Statuses,
    view::View,
};
use super::{
    Day, Document, Id, Options, Parts, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
    parts,
};
use crate::document::Type;

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Relays {
    days: BTreeMap<Day, Statuses>,
    /// Consensuses that are not among those of their day yet.
    loose: Vec<Statuses>,
    facts: Facts,
}

/// So many loose consensuses are put into their days at once, for each time costs as much as the day is long.
const LOOSE: usize = 24;

impl Statistic for Relays {
    const TYPES: &'static [Type] = &[Type::Consensus, Type::ServerDescriptor, Type::ExtraInfo];

    fn add(&mut self, document: &Document<'_>) {
        match document {
            Document::Consensus { document, flags } => {
                self.loose.push(Statuses::of(document, flags));
                if self.loose.len() >= LOOSE {
                    self.settle();
                }
            }
            Document::Server { document, digest, bridge: false } => self.facts.add_server(document, *digest),
            Document::ExtraInfo { document, bridge: false } => self.facts.add_extra_info(document),
            _ => {}
        }
    }

    fn merge(&mut self, mut other: Self) {
        self.loose.append(&mut other.loose);
        for (day, statuses) in other.days {
            match self.days.remove(&day) {
                Some(known) => drop(self.days.insert(day, Statuses::join(vec![known, statuses]))),
                None => drop(self.days.insert(day, statuses)),
            }
        }
        self.facts.merge(other.facts);
    }

    fn settle(&mut self) {
        let mut days: BTreeMap<Day, Vec<Statuses>> = BTreeMap::new();
        for status in self.loose.drain(..) {
            let day = status.heads.first().map(|head| Day::of_seconds(head.time));
            days.entry(day.unwrap_or_default()).or_default().push(status);
        }
        for (day, mut parts) in days {
            parts.extend(self.days.remove(&day));
            self.days.insert(day, Statuses::join(parts));
        }
    }

    fn finish(self, options: &Options) -> Vec<Table> {
        self.tables(.., options)
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question, options)
    }

    fn end(options: &Options) -> Option<Day> {
        Some(options.today())
    }

    fn close(tables: &mut Vec<Table>, options: &Options) {
        parts::end(tables, &consumed::TABLES, options.today().plus(-2));
    }

    fn split(mut self) -> Parts<Self> {
        self.settle();
        let mut parts = Parts::<Self>::default();
        for (day, statuses) in self.days {
            parts.day(day).days.insert(day, statuses);
        }
        for (day, reports) in self.facts.take_reports() {
            parts.day(day).facts = reports;
        }
        parts.whole.facts = self.facts;
        parts
    }

    /// What came and went is told by the day before.
    fn reach(&self, day: Day) -> (Day, Day) {
        (day.plus(-1), day)
    }

    fn facts(&mut self) -> Option<&mut dyn super::Facts> {
        Some(self)
    }
}

impl Relays {
    /// The tables of some days; what has come and gone on the first one is known if the day before is among them.
    fn tables(&self, days: impl RangeBounds<Day>, options: &Options) -> Vec<Table> {
        let places = options.places;
        let mut countries = places.map(Countries::new);
        let mut systems = places.map(Systems::new);
        let (mut families, mut concentration) = (Families::default(), Concentration::default());
        let (mut churn, mut overloads) = (Churn::default(), Overloads::default());
        for (day, statuses) in self.days.range(days) {
            let view = View::of(*day, statuses, &self.facts, options.choices);
            let mut groups =
                vec![("relay", view.relays_alone()), ("family", families.add(&view, &self.facts))];
            groups.extend(systems.as_mut().and_then(|it| it.add(&view)).map(|groups| ("as", groups)));
            groups.extend(countries.as_mut().and_then(|it| it.add(&view)).map(|groups| ("country", groups)));
            concentration.add(&view, &groups);
            churn.add(&view);
            overloads.add(&view, &self.facts);
        }
        let mut tables =
            vec![families.table, families.consumed, concentration.table, churn.table, overloads.table];
        tables.extend(countries.and_then(Countries::tables).into_iter().flatten());
        tables.extend(systems.and_then(Systems::tables).into_iter().flatten());
        tables
    }
}

/// Server descriptors by digest, and what they say about families.
impl super::Facts for Relays {
    fn take(&mut self) -> Vec<(Id, Vec<u8>)> {
        self.facts.take()
    }

    fn give(&mut self, digest: Id, fact: &[u8]) -> bool {
        self.facts.give(digest, fact)
    }

    fn missing(&self) -> BTreeSet<Id> {
        // Of two days the first is there for what has come and gone since, of which descriptors tell nothing.
        let first = usize::from(self.days.len() > 1);
        let rows = self.days.values().skip(first).flat_map(|statuses| statuses.rows());
        self.facts.missing(rows.map(|(row, _)| row.digest))
    }
}
