//! Users of relays and bridges (spec §5; task 8462), and the bounds of the censorship detector (task 2718).
//!
//! Files of modules: `userstats` (the detector's input), `userstats-combined`, `clients`.
//!
//! Estimates how many clients are connected on average, from the directory requests that relays and bridges answer:
//! clients make about ten a day, and what share of the network reports at all is estimated from directory bytes
//! (`daily.rs`).
//!
//! # What is kept
//!
//! By relay or bridge: in which hours statuses call it running (8 bytes a day), the intervals of its directory bytes as it
//! reported them, and the lines of its responses as they stand, by the end of their interval. A line that comes again in
//! the next descriptor is the same fact. Nothing is split at midnight, weighed or added up before the end, because which
//! of two overlapping intervals counts can only be decided when all are known (`intervals.rs`): they are taken by their
//! start, and what overlaps an accepted one is dropped. The originals decided in order of import, the same way within one
//! import.
//!
//! Both profiles are made of the same partial.

mod daily;
mod explain;
mod files_2013;
mod intervals;
mod node;
mod tables;

pub use explain::Explainer;

use serde::{Deserialize, Serialize};

use self::{
    daily::Daily,
    node::{Node, Responses},
};
use super::{
    Day, Document, FlagSet, Id, Map, Options, Parts, Profile, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
    id, sorted,
};
use crate::{document::Type, value::Timestamp};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Users {
    #[serde(with = "sorted")]
    nodes: Map<(Kind, Id), Node>,
}

/// Who reports, in the order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Kind {
    /// A relay, by its fingerprint.
    Relay,
    /// A bridge, by its hashed fingerprint.
    Bridge,
}

impl Kind {
    /// Its name in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Relay => "relay",
            Kind::Bridge => "bridge",
        }
    }
}

/// How long after an interval a descriptor may still tell of it. Unit: seconds.
const LATEST: i64 = 7 * 86400;

impl Statistic for Users {
    const TYPES: &'static [Type] =
        &[Type::Consensus, Type::BridgeNetworkStatus, Type::ExtraInfo, Type::BridgeExtraInfo];

    fn add(&mut self, document: &Document<'_>) {
        match document {
            Document::Consensus { document, flags } => {
                let (start, end) = (document.valid_after.0, document.fresh_until.0);
                for (entry, flags) in document.entries.iter().zip(flags) {
                    if flags.has(FlagSet::RUNNING) {
                        self.node(Kind::Relay, entry.r.fingerprint.into()).run(start, end, true);
                    }
                }
            }
            Document::BridgeStatus { document, published: Timestamp(time), flags, .. } => {
                let hour = time.div_euclid(3600) * 3600;
                let early = time - hour <= 1800;
                for (entry, flags) in document.entries.iter().zip(flags) {
                    if flags.has(FlagSet::RUNNING) {
                        self.node(Kind::Bridge, entry.r.fingerprint.into()).run(hour, hour + 3600, early);
                    }
                }
            }
            Document::ExtraInfo { document, bridge } => {
                let kind = if *bridge { Kind::Bridge } else { Kind::Relay };
                let published = document.published.0;
                let recent = |end: Timestamp| published.saturating_sub(end.0) <= LATEST;
                let responses = document
                    .dirreq_stats
                    .filter(|stats| stats.interval == 86400 && recent(stats.end))
                    .and_then(|stats| Responses::of(stats.end, document, *bridge));
                let bytes = document.dirreq_write_history.filter(|history| recent(history.last.end));
                if responses.is_some() || bytes.is_some() {
                    let node = self.node(kind, document.owner.fingerprint.into());
                    responses.into_iter().for_each(|it| node.respond(it));
                    bytes.into_iter().for_each(|it| node.write(it));
                }
            }
            _ => {}
        }
    }

    fn merge(&mut self, other: Self) {
        id::join(&mut self.nodes, other.nodes, Node::merge);
    }

    fn settle(&mut self) {
        self.nodes.values_mut().for_each(Node::settle);
    }

    fn finish(self, options: &Options) -> Vec<Table> {
        tables::all(&self, options)
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        Explainer::new(self, options).explain(question)
    }

    /// In 2013 the graphs left out the last days, and not the tables.
    fn end(options: &Options) -> Option<Day> {
        (options.profile == Profile::Y2020).then(|| options.today().plus(-1))
    }

    fn close(tables: &mut Vec<Table>, options: &Options) {
        tables::close(tables, options);
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (key, node) in self.nodes {
            for (day, node) in node.split() {
                parts.day(day).nodes.insert(key, node);
            }
        }
        parts
    }
}

impl Users {
    /// What the estimates are made of (spec §5.5, §5.6), as the originals' database had it: tables `aggregated`, `combined`
    /// and `frac`. Unit: seconds, bytes and responses.
    pub fn components(&self, options: &Options) -> [Table; 3] {
        tables::intermediate(&Daily::of(self, options))
    }

    fn node(&mut self, kind: Kind, fingerprint: Id) -> &mut Node {
        self.nodes.entry((kind, fingerprint)).or_default()
    }
}
