//! Fast and almost-fast exits (spec §7; task 6498): how many there are, and how likely clients choose them.
//!
//! Files of modules: `fast-exits`, and by consensus `task-6498-results`.
//!
//! Of a consensus is kept the weight of all exits together, and of each exit that allows the ports of the web what decides
//! about it; its descriptor tells how fast it is (`join.rs`).

mod explain;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Cell, Choices, Day, Document, Facts, FlagSet, Options, Parts, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
    join::{Entry, Join, Tally},
    number::{fixed, quantile, round_r},
};
use crate::{
    document::{Consensus, RouterStatus, Type},
    value::Timestamp,
};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct FastExits {
    /// By valid-after time.
    join: Join<i64, Descriptor, Exits, Exit>,
    /// The weight of all exits by valid-after time; the greater of two that differ.
    weights: BTreeMap<i64, u64>,
}

/// Rate and advertised bandwidth. Unit: KiB per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Descriptor(u32, u32);

/// What a consensus says of an exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Exit {
    /// How likely clients choose it as an exit, compared with others.
    weight: u64,
    /// Its address without the last part.
    network: [u8; 3],
    /// Whether it allows all of [`PORTS`], and not only those of the web.
    all_ports: bool,
}

/// The exits of a consensus whose descriptor is known and that are fast enough for one of the [`SETTINGS`].
#[derive(Debug, Default, Serialize, Deserialize)]
struct Exits(Vec<(Descriptor, Exit)>);

impl Tally<Descriptor, Exit> for Exits {
    fn add(&mut self, entry: &Entry<Exit>, descriptor: &Descriptor) {
        if SETTINGS.iter().any(|setting| setting.is_fast(descriptor)) {
            self.0.push((*descriptor, entry.more));
        }
    }

    fn settle(&mut self) {
        self.0.sort_unstable();
    }
}

/// Of the web, HTTPS, RTSP and Microsoft's streams.
const PORTS: [u16; 4] = [80, 443, 554, 1755];

/// What is asked of an exit.
struct Setting {
    /// Unit: KiB per second.
    rate: u32,
    /// Unit: KiB per second.
    advertised: u32,
    all_ports: bool,
    /// The most relays of a network; those that are chosen most likely.
    of_network: usize,
}

/// Both kinds of exits together, and the fast ones.
const SETTINGS: [Setting; 2] = [
    Setting { rate: 10_000, advertised: 2_000, all_ports: false, of_network: usize::MAX },
    Setting { rate: 11_875, advertised: 5_000, all_ports: true, of_network: 2 },
];

/// How many relays, and with which probability one of them is chosen. Unit: 1/10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Result(i64, i64);

impl Statistic for FastExits {
    const TYPES: &'static [Type] = &[Type::Consensus, Type::ServerDescriptor];

    fn add(&mut self, document: &Document<'_>) {
        match document {
            Document::Consensus { document, flags } => self.add_consensus(document, flags),
            Document::Server { document, digest, bridge: false } => {
                let bandwidth = document.bandwidth;
                // A descriptor that does not tell what was observed advertises nothing.
                let advertised = bandwidth.observed.map_or(0, |_| bandwidth.advertised());
                let kib = |bytes: u64| u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
                self.join.add_descriptor(*digest, Descriptor(kib(bandwidth.average), kib(advertised)));
            }
            _ => {}
        }
    }

    fn merge(&mut self, other: Self) {
        self.join.merge(other.join);
        for (time, weight) in other.weights {
            self.add_weight(time, weight);
        }
    }

    fn settle(&mut self) {
        self.join.settle();
    }

    fn finish(self, options: &Options) -> Vec<Table> {
        let mut raw = Table::new(
            "task-6498-results",
            &["valid_after", "min_rate", "min_advbw", "ports", "same_network", "relays", "exit_prob"],
        );
        let mut days: BTreeMap<Day, Vec<[Result; 2]>> = BTreeMap::new();
        for (time, status) in &self.join.statuses {
            let all = self.weights.get(time).copied().unwrap_or(0);
            let results = SETTINGS.each_ref().map(|setting| setting.apply(&status.tally.0, all));
            days.entry(Day::of_seconds(*time)).or_default().push(results);
            for (setting, result) in SETTINGS.iter().zip(results) {
                let ports = if setting.all_ports { "80-443-554-1755" } else { "80-443" };
                raw.push([
                    Timestamp(*time).to_string().into(),
                    setting.rate.into(),
                    setting.advertised.into(),
                    ports.into(),
                    if setting.all_ports { "TRUE" } else { "FALSE" }.into(),
                    result.0.into(),
                    Cell::Fixed(result.probability(), 4),
                ]);
            }
        }
        let mut table = Table::new("fast-exits", &[&["date"][..], &COLUMNS].concat());
        for (day, results) in days {
            table.push_all([Cell::Day(day)].into_iter().chain(averages(&results, options.choices)));
        }
        vec![table, raw]
    }

    fn explain(
        &self,
        question: &Question,
        options: &Options,
    ) -> std::result::Result<Explanation, Unexplained> {
        explain::explain(self, question, options)
    }

    fn split(mut self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (day, join) in self.join.split(|&time| Day::of_seconds(time)) {
            parts.day(day).join = join;
        }
        for (time, weight) in std::mem::take(&mut self.weights) {
            parts.day(Day::of_seconds(time)).weights.insert(time, weight);
        }
        parts.whole = self;
        parts
    }

    fn facts(&mut self) -> Option<&mut dyn Facts> {
        Some(&mut self.join)
    }
}

/// What is told of a day.
const COLUMNS: [&str; 4] = ["fastnum", "almostnum", "fastprob", "almostprob"];

/// The columns of a day, over the results of its consensuses for both settings.
fn averages(results: &[[Result; 2]], choices: Choices) -> [Cell; 4] {
    let column = |decimals: i32, of: fn(Result, Result) -> f64| {
        let mut values: Vec<f64> = results.iter().map(|[both, fast]| of(*both, *fast)).collect();
        values.sort_unstable_by(f64::total_cmp);
        let average = match choices.mean_of_exits {
            true => values.iter().sum::<f64>() / values.len() as f64,
            false => quantile(&values, 0.5),
        };
        Cell::Float(round_r(average, decimals))
    };
    // In the originals' order of operations, which decides ties.
    [
        column(0, |_, fast| fast.0 as f64),
        column(0, |both, fast| (both.0 - fast.0) as f64),
        column(2, |_, fast| 100.0 * fast.probability()),
        column(2, |both, fast| 100.0 * (both.probability() - fast.probability())),
    ]
}

impl FastExits {
    fn add_consensus(&mut self, consensus: &Consensus<'_>, flags: &[FlagSet]) {
        let weight = |name| consensus.bandwidth_weights.and_then(|it| it.get(name));
        let (Some(exit), Some(guard_and_exit)) = (weight("Wee"), weight("Wed")) else { return };
        let weight_of = |entry: &RouterStatus<'_>, flags: FlagSet| {
            let share = match flags.has(FlagSet::GUARD) {
                _ if !flags.is_effective_exit() => 0,
                true => guard_and_exit,
                false => exit,
            };
            let bandwidth = entry.weight.and_then(|weight| weight.bandwidth).unwrap_or(0);
            bandwidth.saturating_mul(u64::try_from(share).unwrap_or(0))
        };
        let entries = || consensus.entries.iter().zip(flags.iter().copied());
        let running = || entries().filter(|(_, flags)| flags.has(FlagSet::RUNNING));
        let all = running().fold(0u64, |sum, (entry, flags)| sum.saturating_add(weight_of(entry, flags)));
        let exits = running().filter_map(|(entry, flags)| {
            let allows = |port: &u16| entry.exit_policy.is_some_and(|policy| policy.allows(*port));
            let [a, b, c, _] = entry.r.address.octets();
            PORTS[..2].iter().all(allows).then(|| {
                let more = Exit {
                    weight: weight_of(entry, flags),
                    network: [a, b, c],
                    all_ports: PORTS[2..].iter().all(allows),
                };
                (entry.r.descriptor_digest, flags, more)
            })
        });
        let time = consensus.valid_after.0;
        self.join.add_status(time, exits);
        self.add_weight(time, all);
    }

    fn add_weight(&mut self, time: i64, weight: u64) {
        let known = self.weights.entry(time).or_default();
        *known = (*known).max(weight);
    }
}

impl Setting {
    fn is_fast(&self, descriptor: &Descriptor) -> bool {
        descriptor.0 >= self.rate && descriptor.1 >= self.advertised
    }

    fn apply(&self, exits: &[(Descriptor, Exit)], all: u64) -> Result {
        let mut networks: BTreeMap<[u8; 3], Vec<u64>> = BTreeMap::new();
        for (descriptor, exit) in exits {
            if self.is_fast(descriptor) && (exit.all_ports || !self.all_ports) {
                networks.entry(exit.network).or_default().push(exit.weight);
            }
        }
        let (mut relays, mut weight) = (0, 0u64);
        for weights in networks.values_mut() {
            weights.sort_unstable_by(|a, b| b.cmp(a));
            weights.truncate(self.of_network);
            relays += weights.len() as i64;
            weight = weights.iter().fold(weight, |sum, &it| sum.saturating_add(it));
        }
        let probability = if all == 0 { 0.0 } else { weight as f64 / all as f64 };
        let text: String = fixed(probability, 4).chars().filter(char::is_ascii_digit).collect();
        Result(relays, text.parse().unwrap_or(0))
    }
}

impl Result {
    fn probability(self) -> f64 {
        self.1 as f64 / 1e4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_two_fast_exits_at_most() {
        let exit = |weight, network, all_ports| {
            (Descriptor(12_000, 6_000), Exit { weight, network: [1, 2, network], all_ports })
        };
        let exits =
            [exit(5, 1, true), exit(7, 1, true), exit(6, 1, true), exit(1, 2, true), exit(9, 3, false)];
        let [both, fast] = SETTINGS.each_ref().map(|setting| setting.apply(&exits, 100));
        assert_eq!((both, fast), (Result(5, 2800), Result(3, 1400)));
    }
}
