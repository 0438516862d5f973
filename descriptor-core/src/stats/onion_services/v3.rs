//! Onion services of version 3 (spec §13.7). **Experimental**: the original's code is not known, and no file of it was
//! compared.
//!
//! File of a module: `hidserv-v3`, with the columns of `hidserv`.
//!
//! Rendezvous points are chosen as for version 2. Directories stand on a ring by keyed hashes of their Ed25519 identities
//! ([rend-spec-v3], `hsdir_index`), which change with each time period and shared random value. At any time two rings are in
//! use, and a service is on `hsdir_n_replicas` times `hsdir_spread_store` directories of each; a directory counts the blinded
//! keys that it sees, which are others in each time period. So a report is divided by the replicas and by the sum of what the
//! relay is responsible for on each ring that was in use during its interval, each the mean over the consensuses of that ring.
//! The share of the network that it sees is the mean over rings.
//!
//! # What is kept
//!
//! Of a consensus, what makes its rings. By relay: its identity, in which consensuses it was a directory and how likely a
//! rendezvous point, and its reports. Of two that differ the greater stays.
//!
//! [rend-spec-v3]: https://spec.torproject.org/rend-spec/

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha3::{Digest, Sha3_256};

use super::{
    Report, Seconds,
    estimates::{self, Estimate},
    explain,
    fractions::{millionths, rendezvous, responsible},
};
use crate::{
    document::{Consensus, ExtraInfo, Type},
    stats::{
        Day, Document, Facts, FlagSet, Id, Map, Options, Parts, Statistic, Table,
        explain::{Explanation, Question, Unexplained},
        id, sorted,
    },
};

/// Onion services of version 3: who was seen, and how much was relayed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct OnionServicesV3 {
    consensuses: BTreeMap<Seconds, Conditions>,
    #[serde(with = "sorted")]
    relays: Map<Id, Relay>,
}

/// What a consensus says of its rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Conditions {
    /// The previous and the current shared random value.
    random: [Option<[u8; 32]>; 2],
    /// How long a time period is. Unit: minutes.
    period: u32,
    /// For how long a consensus is good. Unit: seconds.
    voting: u32,
    replicas: u8,
    spread: u8,
}

/// What is kept of a relay; both lists are sets once settled.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Relay {
    identity: Option<[u8; 32]>,
    /// By valid-after time: the probability that it is a rendezvous point, in millionths, and whether it is a directory.
    seen: Vec<(Seconds, u32, bool)>,
    reports: Vec<Report>,
}

/// Makes a ring: number of the time period, its length in minutes, and the shared random value.
type Ring = (u64, u64, [u8; 32]);

impl Statistic for OnionServicesV3 {
    const TYPES: &'static [Type] = &[Type::Consensus, Type::ServerDescriptor, Type::ExtraInfo];

    fn add(&mut self, document: &Document<'_>) {
        match document {
            Document::Consensus { document, flags } => self.add_consensus(document, flags),
            Document::Server { document, bridge: false, .. } => {
                if let (Some(fingerprint), Some(key)) = (document.fingerprint, document.master_key_ed25519) {
                    let relay = self.relay(fingerprint.0.into());
                    relay.identity = relay.identity.max(Some(key.0));
                }
            }
            Document::ExtraInfo { document, bridge: false } => {
                if let Some(report) = report(document) {
                    self.relay(document.owner.fingerprint.into()).reports.push(report);
                }
            }
            _ => {}
        }
    }

    fn merge(&mut self, other: Self) {
        for (time, conditions) in other.consensuses {
            self.join(time, conditions);
        }
        id::join(&mut self.relays, other.relays, |known, relay| {
            known.identity = known.identity.max(relay.identity);
            known.seen.extend(relay.seen);
            known.reports.extend(relay.reports);
        });
    }

    fn settle(&mut self) {
        for relay in self.relays.values_mut() {
            // The greater of two comes first, and stays.
            relay.seen.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.cmp(a)));
            relay.seen.dedup_by_key(|(time, ..)| *time);
            relay.reports.sort_unstable_by(|a, b| a.end.cmp(&b.end).then(b.cmp(a)));
            relay.reports.dedup_by_key(|report| report.end);
        }
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        explain::version_3(self.estimates(options), question, options)
    }

    fn finish(self, options: &Options) -> Vec<Table> {
        vec![estimates::table("hidserv-v3", KINDS, self.estimates(options))]
    }

    fn end(options: &Options) -> Option<Day> {
        Some(options.today().plus(-1))
    }

    fn close(tables: &mut Vec<Table>, _: &Options) {
        estimates::close(tables, KINDS);
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        let day = |time: Seconds| Day::of_seconds(time.into());
        for (time, conditions) in self.consensuses {
            parts.day(day(time)).consensuses.insert(time, conditions);
        }
        for (fingerprint, relay) in self.relays {
            for seen in relay.seen {
                parts.day(day(seen.0)).relay(fingerprint).seen.push(seen);
            }
            for report in relay.reports {
                parts.day(Day::of_seconds(report.end)).relay(fingerprint).reports.push(report);
            }
            if relay.identity.is_some() {
                parts.whole.relay(fingerprint).identity = relay.identity;
            }
        }
        parts
    }

    /// Reports are extrapolated by the consensuses of their intervals.
    fn reach(&self, day: Day) -> (Day, Day) {
        let reports = self.relays.values().flat_map(|relay| &relay.reports);
        (reports.map(|report| Day::of_seconds(report.start())).fold(day, Day::min), day)
    }

    fn facts(&mut self) -> Option<&mut dyn Facts> {
        Some(self)
    }
}

/// Identities, which hardly ever change, by fingerprint.
impl Facts for OnionServicesV3 {
    fn take(&mut self) -> Vec<(Id, Vec<u8>)> {
        let identities =
            self.relays.iter_mut().filter_map(|(id, it)| Some((*id, it.identity.take()?.to_vec())));
        let taken = identities.collect();
        self.relays.retain(|_, relay| !relay.seen.is_empty() || !relay.reports.is_empty());
        taken
    }

    fn give(&mut self, fingerprint: Id, fact: &[u8]) -> bool {
        let identity: Option<[u8; 32]> = fact.try_into().ok();
        if identity.is_some() {
            let relay = self.relay(fingerprint);
            relay.identity = relay.identity.max(identity);
        }
        identity.is_some()
    }

    fn missing(&self) -> BTreeSet<Id> {
        self.relays.iter().filter(|(_, relay)| relay.identity.is_none()).map(|(id, _)| *id).collect()
    }
}

/// The two statistics, in the order of rows.
pub(super) const KINDS: [&str; 2] = ["rend-v3-relayed-cells", "dir-v3-onions-seen"];

/// What a relay is responsible for on the rings of a report: the sum over the consensuses of each, and how many there are.
type Shares = BTreeMap<Ring, (f64, u32)>;

impl OnionServicesV3 {
    fn add_consensus(&mut self, consensus: &Consensus<'_>, flags: &[FlagSet]) {
        let Ok(time) = Seconds::try_from(consensus.valid_after.0) else { return };
        let parameter = |name: &str, default: i32| {
            let value = consensus.params.and_then(|params| params.get(name)).filter(|&value| value > 0);
            value.unwrap_or(default).unsigned_abs()
        };
        let small = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
        let voting = consensus.fresh_until.0.saturating_sub(consensus.valid_after.0);
        let random = [consensus.shared_rand_previous, consensus.shared_rand_current];
        let conditions = Conditions {
            random: random.map(|value| value.map(|value| value.value.0)),
            period: parameter("hsdir_interval", 1440),
            voting: u32::try_from(voting).unwrap_or(0),
            replicas: small(parameter("hsdir_n_replicas", 2)),
            spread: small(parameter("hsdir_spread_store", 4)),
        };
        self.join(time, conditions);
        let chances = rendezvous(consensus, flags).unwrap_or_else(|| vec![0.0; flags.len()]);
        for ((entry, flags), chance) in consensus.entries.iter().zip(flags).zip(chances) {
            let (chance, directory) = (millionths(chance), flags.has(FlagSet::HSDIR));
            if chance > 0 || directory {
                self.relay(entry.r.fingerprint.into()).seen.push((time, chance, directory));
            }
        }
    }

    fn join(&mut self, time: Seconds, conditions: Conditions) {
        let known = self.consensuses.entry(time).or_insert(conditions);
        *known = (*known).max(conditions);
    }

    fn relay(&mut self, fingerprint: Id) -> &mut Relay {
        self.relays.entry(fingerprint).or_default()
    }

    fn estimates(&self, options: &Options) -> [BTreeMap<Day, Vec<Estimate>>; 2] {
        let mut relays: Vec<(&Id, &Relay)> = self.relays.iter().collect();
        relays.sort_unstable_by_key(|(id, _)| **id);
        let shares = self.shares(&relays);
        let mut days: [BTreeMap<Day, Vec<Estimate>>; 2] = Default::default();
        for ((id, relay), shares) in relays.into_iter().zip(shares) {
            let mut told = [BTreeSet::new(), BTreeSet::new()];
            for (report, (replicas, shares)) in relay.reports.iter().zip(shares) {
                let (share, count) = relay.chance(report);
                let rings = shares.len() as f64;
                let means = shares.values().map(|(sum, count)| sum / f64::from(*count));
                let directory = means.sum::<f64>() / rings;
                let consensuses = shares.values().map(|(_, count)| *count).max().unwrap_or(0);
                let day = Day::of_seconds(report.end);
                let of = |value, share, divisor, consensuses| {
                    Estimate::of(*id, report, value, share, divisor, consensuses, options.choices)
                };
                let estimates = [
                    of(report.cells, share, 1.0, count),
                    of(report.onions, directory, f64::from(replicas) * rings, consensuses),
                ];
                for (kind, estimate) in estimates.into_iter().enumerate() {
                    if let Some(estimate) = estimate.filter(|_| told[kind].insert(day)) {
                        days[kind].entry(day).or_default().push(estimate);
                    }
                }
            }
        }
        days
    }

    /// By relay and report: on how many directories of a ring a service is, and what the relay is responsible for.
    fn shares(&self, relays: &[(&Id, &Relay)]) -> Vec<Vec<(u32, Shares)>> {
        let mut all: Vec<Vec<_>> =
            relays.iter().map(|(_, relay)| vec![(1, Shares::new()); relay.reports.len()]).collect();
        let mut directories: BTreeMap<Seconds, Vec<usize>> = BTreeMap::new();
        for (at, (_, relay)) in relays.iter().enumerate().filter(|(_, (_, relay))| relay.identity.is_some()) {
            for (time, ..) in relay.seen.iter().filter(|(.., directory)| *directory) {
                directories.entry(*time).or_default().push(at);
            }
        }
        let mut places: BTreeMap<(Ring, usize), [u8; 32]> = BTreeMap::new();
        for (&time, conditions) in &self.consensuses {
            let Some(directories) = directories.get(&time) else { continue };
            let rings = conditions.rings(time);
            // Consensuses come in order, so that what is not of these rings is not asked for again.
            places.retain(|(ring, _), _| rings.contains(ring));
            for ring in rings {
                let mut place = |at: usize| {
                    let identity = relays[at].1.identity.unwrap_or_default();
                    *places.entry((ring, at)).or_insert_with(|| index(&identity, &ring))
                };
                let mut positions: Vec<_> = directories.iter().map(|&at| place(at)).collect();
                positions.sort_unstable();
                for &at in directories {
                    let reports = relays[at].1.reports.iter().zip(&mut all[at]);
                    for (_, (replicas, shares)) in reports.filter(|(report, _)| report.has(time)) {
                        let share = responsible(&positions, &place(at), conditions.spread.into());
                        let sum = shares.entry(ring).or_default();
                        (sum.0, sum.1) = (sum.0 + share, sum.1 + 1);
                        *replicas = u32::from(conditions.replicas) * u32::from(conditions.spread);
                    }
                }
            }
        }
        all
    }
}

impl Relay {
    /// How likely it was a rendezvous point, the mean over the consensuses of a report's interval that know it.
    fn chance(&self, report: &Report) -> (f64, u32) {
        let within = self.seen.iter().filter(|(time, ..)| report.has(*time));
        let (sum, count) =
            within.fold((0.0, 0), |(sum, count), (_, chance, _)| (sum + f64::from(*chance) / 1e6, count + 1));
        (sum / f64::from(count), count)
    }
}

impl Conditions {
    /// The two rings that are in use at a time.
    fn rings(&self, time: Seconds) -> [Ring; 2] {
        let (time, voting) = (u64::from(time), u64::from(self.voting.max(1)));
        let period = u64::from(self.period.max(1)) * 60;
        // Shared random values are made in twelve rounds of two phases; time periods begin between those.
        let phase = 12 * voting;
        let number = time.saturating_sub(phase) / period;
        let new_random = time % (2 * phase) < phase;
        let numbers = if new_random { [number, number + 1] } else { [number.saturating_sub(1), number] };
        let length = period / 60;
        [0, 1].map(|at| {
            let number = numbers[at];
            (number, length, self.random[at].unwrap_or_else(|| disaster(number, length)))
        })
    }
}

/// The value that stands in for a shared random one that the authorities could not make.
fn disaster(period: u64, length: u64) -> [u8; 32] {
    let hash = Sha3_256::new().chain_update(b"shared-random-disaster");
    hash.chain_update(length.to_be_bytes()).chain_update(period.to_be_bytes()).finalize().into()
}

/// Where a directory stands on a ring.
fn index(identity: &[u8; 32], (period, length, random): &Ring) -> [u8; 32] {
    let hash = Sha3_256::new().chain_update(b"node-idx").chain_update(identity).chain_update(random);
    hash.chain_update(period.to_be_bytes()).chain_update(length.to_be_bytes()).finalize().into()
}

/// What a relay has counted; `None` unless it tells of all.
fn report(document: &ExtraInfo<'_>) -> Option<Report> {
    Report::of(
        document.hidserv_v3_stats?,
        document.hidserv_rend_v3_relayed_cells?,
        document.hidserv_dir_v3_onions_seen?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: Conditions = Conditions {
        random: [Some([1; 32]), Some([2; 32])],
        period: 1440,
        voting: 3600,
        replicas: 2,
        spread: 4,
    };

    /// The example of rend-spec-v3: 2016-04-13 11:15 is of period 16,903, which ends at noon. Both rings change at midnight.
    #[test]
    fn time_periods_begin_at_noon() {
        let noon = 16_904 * 86400 + 43200;
        let numbers = |time| PUBLIC.rings(time).map(|(number, ..)| number);
        assert_eq!(numbers(noon - 1), [16_903, 16_904]);
        assert_eq!(numbers(noon), [16_903, 16_904]);
        assert_eq!(numbers(noon + 43_199), [16_903, 16_904]);
        assert_eq!(numbers(noon + 43_200), [16_904, 16_905]);
        let [first, second] = PUBLIC.rings(noon);
        assert_eq!((first.2, second.2), ([1; 32], [2; 32]));
    }

    #[test]
    fn without_a_shared_random_value_rings_differ_still() {
        let none = Conditions { random: [None, None], ..PUBLIC };
        let [first, second] = none.rings(1_600_000_000);
        assert_ne!(first.2, second.2);
        assert_ne!(index(&[7; 32], &first), index(&[7; 32], &second));
    }

    /// On each ring all directories together are responsible for all of it.
    #[test]
    fn directories_share_both_rings() {
        let mut services = OnionServicesV3::default();
        let (noon, midnight) = (1_600_084_800, 1_600_128_000);
        let times: Vec<Seconds> = (0..24).map(|hour| noon + 3600 * hour).collect();
        for first in 0..10u8 {
            let relay = services.relay(Id([first; 20]));
            relay.identity = Some([first; 32]);
            relay.seen = times.iter().map(|time| (*time, 100_000, true)).collect();
            relay.reports = vec![Report {
                end: i64::from(noon) + 86400,
                interval: 86400,
                cells: (1000, 1),
                onions: (100, 1),
            }];
        }
        for &time in &times {
            let random = if time < midnight { PUBLIC.random } else { [PUBLIC.random[1], Some([3; 32])] };
            services.join(time, Conditions { random, ..PUBLIC });
        }
        let options = Options::at(crate::value::Timestamp(1_700_000_000));
        let [cells, onions] = services.estimates(&options);
        let of = |days: &BTreeMap<Day, Vec<Estimate>>| {
            let all: Vec<_> = days.values().flatten().copied().collect();
            (
                all.len(),
                all.iter().map(|it| it.share).sum::<f64>(),
                all.iter().map(|it| it.total).collect::<Vec<_>>(),
            )
        };
        let (count, share, totals) = of(&cells);
        assert_eq!((count, totals), (10, vec![10_000.0; 10]));
        assert!((share - 1.0).abs() < 1e-9);
        let (count, share, totals) = of(&onions);
        assert_eq!(count, 10);
        assert!((share - 1.0).abs() < 1e-4, "{share}");
        // Noon to noon there are three rings, on eight directories each, and a tenth of each is a relay's on the average.
        let mean = totals.iter().map(|it| 1.0 / it).sum::<f64>() / 10.0;
        assert!((1.0 / mean - 100.0 / (8.0 * 3.0 * 0.1)).abs() < 1.0, "{totals:?}");
    }
}
