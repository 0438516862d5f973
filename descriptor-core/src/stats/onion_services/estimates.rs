//! From reports to the network (spec §13.2, §13.4, §13.5).

use std::collections::{BTreeMap, BTreeSet};

use super::{Relay, Report, Seconds};
use crate::stats::{Cell, Choices, Day, Id, Map, Table, number::fixed};

/// On how many directories a service's descriptors are in a day: two replicas on three, under two identifiers.
pub(super) const DESCRIPTORS: f64 = 12.0;

/// The two statistics, in the order of rows.
pub(super) const KINDS: [&str; 2] = ["rend-relayed-cells", "dir-onions-seen"];

/// An estimate of the whole network by a relay's report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Estimate {
    pub(super) relay: Id,
    pub(super) report: Report,
    /// How many consensuses of the report's interval know the relay.
    pub(super) consensuses: u32,
    /// What was reported, without noise.
    pub(super) value: i64,
    /// On how many directories a service is during the interval; 1 for cells.
    pub(super) divisor: f64,
    /// The estimate.
    pub(super) total: f64,
    /// The share of the network that the relay sees; the mean over these consensuses.
    pub(super) share: f64,
}

/// Estimates by day, of cells and of onion services, in the order of fingerprints.
pub(super) fn estimates(relays: &Map<Id, Relay>, choices: Choices) -> [BTreeMap<Day, Vec<Estimate>>; 2] {
    let mut days: [BTreeMap<Day, Vec<Estimate>>; 2] = Default::default();
    let known = choices.shares_over_all_consensuses.then(|| {
        relays
            .values()
            .flat_map(|relay| relay.fractions.iter().map(|(time, _)| *time))
            .collect::<BTreeSet<Seconds>>()
    });
    let relays: BTreeMap<&Id, &Relay> = relays.iter().collect();
    for (id, relay) in relays {
        let mut seen = [BTreeSet::new(), BTreeSet::new()];
        let reports = relay.reports.iter();
        for report in reports.filter(|it| it.interval == 86400 || !choices.daily_reports_only) {
            let day = Day::of_seconds(report.end);
            for (kind, estimate) in
                relay.estimates(*id, report, known.as_ref(), choices).into_iter().enumerate()
            {
                // The first report of a day that can be extrapolated counts.
                if let Some(estimate) = estimate.filter(|_| seen[kind].insert(day)) {
                    days[kind].entry(day).or_default().push(estimate);
                }
            }
        }
    }
    days
}

/// The table of a version's statistics.
pub(super) fn table(
    name: &'static str,
    kinds: [&'static str; 2],
    days: [BTreeMap<Day, Vec<Estimate>>; 2],
) -> Table {
    let mut table = Table::new(name, &["date", "type", "wmean", "wmedian", "wiqm", "frac", "stats"]);
    let dates: BTreeSet<Day> = days.iter().flat_map(|days| days.keys().copied()).collect();
    for day in dates {
        for (kind, days) in days.iter().enumerate() {
            let Some(estimates) = days.get(&day) else { continue };
            let count = estimates.len() as i64;
            let all = Aggregate::of(estimates);
            let [mean, median, inner] = all.means().map(|it| Cell::Fixed(it, 0));
            table.push([
                day.into(),
                kinds[kind].into(),
                mean,
                median,
                inner,
                Cell::Fixed(all.weight, 8),
                count.into(),
            ]);
        }
    }
    table
}

/// Brings the rows of each statistic together.
pub(super) fn close(tables: &mut [Table], kinds: [&str; 2]) {
    let place = |row: &[Cell]| kinds.iter().position(|kind| *kind == row[1].text());
    tables.iter_mut().for_each(|table| table.sort_by(|a, b| place(a).cmp(&place(b))));
}

impl Relay {
    /// What the whole network has, by a report: cells and onion services, each with the relay's share.
    ///
    /// Its share is the mean over the consensuses that know it, or over all those that are given.
    fn estimates(
        &self,
        id: Id,
        report: &Report,
        known: Option<&BTreeSet<Seconds>>,
        choices: Choices,
    ) -> [Option<Estimate>; 2] {
        let start = report.start();
        // The originals looked at the dates of start, start + 24 h and so on only (spec §27 C7).
        let dates: BTreeSet<Day> = (start..=report.end).step_by(86400).map(Day::of_seconds).collect();
        let first = self.fractions.partition_point(|(time, _)| i64::from(*time) < start);
        let within = self.fractions[first..]
            .iter()
            .take_while(|(time, _)| i64::from(*time) < report.end)
            .filter(|(time, _)| dates.contains(&Day::of_seconds((*time).into())));
        let (mut count, mut sums) = (0u32, [0.0; 2]);
        for (_, fractions) in within {
            count += 1;
            sums[0] += f64::from(fractions.0) / 1e6;
            sums[1] += f64::from(fractions.1) / 1e6;
        }
        if let Some(known) = known {
            let [from, to] = [start, report.end].map(|it| it.clamp(0, Seconds::MAX.into()) as Seconds);
            let days = known.range(from..to).map(|&time| Day::of_seconds(time.into()));
            count = days.filter(|day| dates.contains(day)).count() as u32;
        }
        let [rendezvous, directory] = sums.map(|sum| sum / f64::from(count));
        let estimate =
            |value, share, divisor| Estimate::of(id, report, value, share, divisor, count, choices);
        [estimate(report.cells, rendezvous, 1.0), estimate(report.onions, directory, DESCRIPTORS)]
    }
}

impl Estimate {
    /// The estimate by a number, which was put into bins, of a relay with a share; `None` if the share is nothing or no
    /// number, for want of consensuses.
    pub(super) fn of(
        relay: Id,
        report: &Report,
        (value, bin): (i64, i64),
        share: f64,
        divisor: f64,
        consensuses: u32,
        choices: Choices,
    ) -> Option<Self> {
        (share > 0.0).then(|| {
            let value = without_noise(value, bin, choices);
            let total = stored(value as f64 / (divisor * share), 0);
            Estimate { relay, report: *report, consensuses, value, divisor, total, share: stored(share, 6) }
        })
    }
}

/// The number as the originals stored it, with so many decimals.
fn stored(value: f64, decimals: usize) -> f64 {
    fixed(value, decimals).parse().unwrap_or(value)
}

/// The middle of the bin that a number was rounded up to before noise was added, as near as can be told.
fn without_noise(reported: i64, bin: i64, choices: Choices) -> i64 {
    if bin <= 0 {
        return reported;
    }
    if choices.noise_within_bins {
        // What lies on a border stays.
        let below = reported.div_euclid(bin).saturating_mul(bin);
        return if below == reported { reported } else { below.saturating_add(bin / 2) };
    }
    reported.saturating_add(bin / 2).div_euclid(bin).saturating_mul(bin).saturating_sub(bin / 2)
}

/// What the estimates of a day give together, each weighed by its share.
#[derive(Debug, Clone, Default)]
pub(super) struct Aggregate {
    /// Total, share, and how much of the share lies in the inner half of all shares; by total.
    pub(super) sorted: Vec<(f64, f64, f64)>,
    /// The sum of shares.
    pub(super) weight: f64,
    /// The sum of totals times shares.
    pub(super) sum: f64,
    /// The first total at which more than half of the shares is passed.
    pub(super) median: Option<f64>,
    /// The sum of totals times what lies in the inner half.
    pub(super) inner: f64,
    /// The sum of what lies in the inner half.
    pub(super) inner_weight: f64,
}

impl Aggregate {
    /// Of estimates in any order.
    pub(super) fn of(estimates: &[Estimate]) -> Self {
        Self::of_pairs(estimates.iter().map(|it| (it.total, it.share)).collect())
    }

    fn of_pairs(mut estimates: Vec<(f64, f64)>) -> Self {
        estimates.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let weight: f64 = estimates.iter().map(|(_, weight)| weight).sum();
        let sum = estimates.iter().map(|(value, weight)| value * weight).sum::<f64>();
        let mut all = Aggregate { weight, sum, ..Aggregate::default() };
        let mut passed = 0.0;
        for (value, share) in estimates {
            let start = passed;
            passed += share;
            if passed > weight * 0.5 && all.median.is_none() {
                all.median = Some(value);
            }
            let overlap = (passed.min(weight * 0.75) - start.max(weight * 0.25)).max(0.0);
            all.inner += value * overlap;
            all.inner_weight += overlap;
            all.sorted.push((value, share, overlap));
        }
        all
    }

    /// Mean, median, and mean of the inner half.
    pub(super) fn means(&self) -> [f64; 3] {
        let mean = self.sum / self.weight;
        [mean, self.median.unwrap_or(mean), self.inner / self.inner_weight]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_removed_by_bins() {
        for (reported, bin, expected) in [
            (138, 8, 132),
            (43, 8, 36),
            (-5, 8, -12),
            (6, 8, 4),
            (-9, 8, -12),
            (8, 8, 4),
            (0, 8, -4),
            (3112, 1024, 2560),
            (-839, 1024, -1536),
            (1024, 1024, 512),
            (0, 1024, -512),
            (7, 0, 7),
        ] {
            assert_eq!(without_noise(reported, bin, Choices::default()), expected, "{reported}, {bin}");
        }
    }

    #[test]
    fn means_are_weighed() {
        let pairs = vec![(100.0, 0.001), (400.0, 0.004), (200.0, 0.002), (300.0, 0.003)];
        let all = Aggregate::of_pairs(pairs);
        assert_eq!(all.means().map(|it| fixed(it, 0)), ["300", "300", "320"]);
        assert_eq!(fixed(all.weight, 8), "0.01000000");
    }
}
