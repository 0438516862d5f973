//! From reports to the network (spec §13.2, §13.4, §13.5).

use std::collections::{BTreeMap, BTreeSet};

use super::{Relay, Report};
use crate::stats::{Cell, Day, Id, Map, Table, number::fixed};

/// On how many directories a service's descriptors are in a day: two replicas on three, under two identifiers.
const DESCRIPTORS: f64 = 12.0;

/// The two statistics, in the order of rows.
const KINDS: [&str; 2] = ["rend-relayed-cells", "dir-onions-seen"];

/// Estimates of the whole network with the share of it that each is made of.
type Estimates = Vec<(f64, f64)>;

pub(super) fn table(relays: Map<Id, Relay>, today: Day) -> Table {
    let mut days: [BTreeMap<Day, Estimates>; 2] = Default::default();
    let relays: BTreeMap<Id, Relay> = relays.into_iter().collect();
    for relay in relays.values() {
        let mut seen = [BTreeSet::new(), BTreeSet::new()];
        for report in &relay.reports {
            let day = Day::of_seconds(report.end);
            for (kind, estimate) in relay.estimates(report).into_iter().enumerate() {
                // The first report of a day that can be extrapolated counts.
                if let Some(estimate) = estimate.filter(|_| seen[kind].insert(day)) {
                    days[kind].entry(day).or_default().push(estimate);
                }
            }
        }
    }
    let mut table = Table::new("hidserv", &["date", "type", "wmean", "wmedian", "wiqm", "frac", "stats"]);
    for (kind, days) in days.into_iter().enumerate() {
        for (day, estimates) in days.into_iter().filter(|(day, _)| *day < today.plus(-1)) {
            let count = estimates.len() as i64;
            let (means, weight) = aggregate(estimates);
            let [mean, median, inner] = means.map(|it| Cell::Fixed(it, 0));
            table.push([
                day.into(),
                KINDS[kind].into(),
                mean,
                median,
                inner,
                Cell::Fixed(weight, 8),
                count.into(),
            ]);
        }
    }
    table
}

impl Relay {
    /// What the whole network has, by a report: cells and onion services, each with the relay's share.
    fn estimates(&self, report: &Report) -> [Option<(f64, f64)>; 2] {
        let start = report.end.saturating_sub(report.interval.into());
        // The originals looked at the dates of start, start + 24 h and so on only (spec §27 C7).
        let dates: BTreeSet<Day> = (start..=report.end).step_by(86400).map(Day::of_seconds).collect();
        let first = self.fractions.partition_point(|(time, _)| i64::from(*time) < start);
        let within = self.fractions[first..]
            .iter()
            .take_while(|(time, _)| i64::from(*time) < report.end)
            .filter(|(time, _)| dates.contains(&Day::of_seconds((*time).into())));
        let (mut count, mut sums) = (0.0, [0.0; 2]);
        for (_, fractions) in within {
            count += 1.0;
            sums[0] += f64::from(fractions.0) / 1e6;
            sums[1] += f64::from(fractions.1) / 1e6;
        }
        let [rendezvous, directory] = sums.map(|sum| sum / count);
        let estimate = |(value, bin): (i64, i64), share: f64, divisor: f64| {
            // Also false if there was no consensus.
            (share > 0.0).then(|| {
                let value = without_noise(value, bin) as f64 / (divisor * share);
                (stored(value, 0), stored(share, 6))
            })
        };
        [estimate(report.cells, rendezvous, 1.0), estimate(report.onions, directory, DESCRIPTORS)]
    }
}

/// The number as the originals stored it, with so many decimals.
fn stored(value: f64, decimals: usize) -> f64 {
    fixed(value, decimals).parse().unwrap_or(value)
}

/// The middle of the bin that a number was rounded up to before noise was added, as near as can be told.
fn without_noise(reported: i64, bin: i64) -> i64 {
    if bin <= 0 {
        return reported;
    }
    reported.saturating_add(bin / 2).div_euclid(bin).saturating_mul(bin).saturating_sub(bin / 2)
}

/// Mean, median and mean of the inner half, all weighed, and the sum of weights.
fn aggregate(mut estimates: Estimates) -> ([f64; 3], f64) {
    estimates.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let weight: f64 = estimates.iter().map(|(_, weight)| weight).sum();
    let mean = estimates.iter().map(|(value, weight)| value * weight).sum::<f64>() / weight;
    let (mut median, mut passed) = (None, 0.0);
    let (mut inner, mut inner_weight) = (0.0, 0.0);
    for &(value, share) in &estimates {
        let start = passed;
        passed += share;
        if passed > weight * 0.5 && median.is_none() {
            median = Some(value);
        }
        let overlap = passed.min(weight * 0.75) - start.max(weight * 0.25);
        if overlap > 0.0 {
            inner += value * overlap;
            inner_weight += overlap;
        }
    }
    ([mean, median.unwrap_or(mean), inner / inner_weight], weight)
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
            assert_eq!(without_noise(reported, bin), expected, "{reported}, {bin}");
        }
    }

    #[test]
    fn means_are_weighed() {
        let ([mean, median, inner], weight) =
            aggregate(vec![(100.0, 0.001), (400.0, 0.004), (200.0, 0.002), (300.0, 0.003)]);
        assert_eq!([mean, median, inner].map(|it| fixed(it, 0)), ["300", "300", "320"]);
        assert_eq!(fixed(weight, 8), "0.01000000");
    }
}
