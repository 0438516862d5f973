//! Quartiles and counts by day.

use std::collections::{BTreeMap, BTreeSet};

use super::{Key, Measurement, PARTS, Performance};
use crate::stats::{Cell, Choices, Day, Table, number::percentile_cont};

/// Day, source and server.
type Group<'p> = (Day, &'p str, &'static str);

/// All tables.
pub(super) fn all(performance: &Performance, choices: Choices) -> Vec<Table> {
    let all: Vec<_> = performance.measurements.iter().map(|(key, it)| (group(key, it), key, it)).collect();
    vec![times(&all, choices), failures(&all), build_times(&all), latencies(&all), throughput(&all)]
}

/// The tables that show days only when they are over.
pub(super) const OF_WHOLE_DAYS: [&str; 5] =
    ["onionperf-failures", "buildtimes", "latencies", "onionperf-throughput", "torperf"];

type Row<'p> = (Group<'p>, &'p Key, &'p Measurement);

impl Measurement {
    /// Sizes of files, and how long it took to read so much; none if it was not completed. A part that was not reached is left
    /// out.
    pub(super) fn downloads(
        &self,
        size: u64,
        choices: Choices,
    ) -> impl Iterator<Item = (u64, Option<i64>)> + use<> {
        let parts = PARTS.into_iter().zip(self.partials);
        let parts = parts.filter(move |(part, time)| size > *part && time.is_some());
        let counts = move |time: &i64| *time > 0 || !choices.instant_downloads_left_out;
        parts.chain([(size, self.complete)]).map(move |(size, time)| (size, time.filter(counts)))
    }

    /// Whether it counts as timed out.
    pub(super) fn is_timeout(&self) -> bool {
        self.timed_out == Some(true) || self.complete.is_some_and(|time| time < 1)
    }

    /// Whether it counts as failed. One that may have timed out or not, for it says nothing, and was not complete, is neither.
    pub(super) fn is_failure(&self, size: u64) -> bool {
        self.timed_out == Some(false) && self.complete.is_some_and(|time| time >= 1) && self.read < size
    }

    pub(super) fn server(&self) -> &'static str {
        if self.onion { "onion" } else { "public" }
    }
}

fn group<'p>(key: &'p Key, measurement: &Measurement) -> Group<'p> {
    (key.day(), &key.0, measurement.server())
}

/// Quartiles, cut to whole numbers.
fn quartiles(sorted: &[f64]) -> [Option<f64>; 3] {
    [0.25, 0.5, 0.75].map(|p| percentile_cont(sorted, p))
}

fn whole(value: Option<f64>) -> Cell {
    value.map(|it| it.trunc() as i64).into()
}

pub(super) fn sorted(values: impl IntoIterator<Item = i64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().map(|it| it as f64).collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// Downloads of a day, a size, a source and a server.
type OfSize<'a> = (Day, u64, &'a str, &'a str);

/// Times of downloads, and of parts of larger ones that stand for downloads of their size. What is equal from the start
/// on counts once.
fn times(rows: &[Row<'_>], choices: Choices) -> Table {
    let mut times: BTreeMap<OfSize<'_>, BTreeSet<(i64, i64)>> = BTreeMap::new();
    for ((day, source, server), Key(_, size, start), it) in rows {
        for (size, time) in it.downloads(*size, choices) {
            let times = times.entry((*day, size, source, server)).or_default();
            times.extend(time.map(|time| (*start, time)));
        }
    }
    let columns = ["date", "filesize", "source", "server", "q1", "md", "q3"];
    let mut table = Table::new("onionperf-including-partials", &columns);
    for ((day, size, source, server), times) in times {
        let start = [day.into(), size.into(), source.to_owned().into(), server.to_owned().into()];
        let times = sorted(times.into_iter().map(|(_, time)| time));
        table.push_all(start.into_iter().chain(quartiles(&times).map(whole)));
    }
    table
}

fn failures(rows: &[Row<'_>]) -> Table {
    let mut counts: BTreeMap<Group<'_>, [i64; 3]> = BTreeMap::new();
    for (group, Key(_, size, _), it) in rows {
        let counts = counts.entry(*group).or_default();
        counts[0] += i64::from(it.is_timeout());
        counts[1] += i64::from(it.is_failure(*size));
        counts[2] += 1;
    }
    let columns = ["date", "source", "server", "timeouts", "failures", "requests"];
    let mut table = Table::new("onionperf-failures", &columns);
    for (group, counts) in counts {
        table.push_all(cells(group).into_iter().chain(counts.map(Cell::Int)));
    }
    table
}

fn cells((day, source, server): Group<'_>) -> [Cell; 3] {
    [day.into(), source.to_owned().into(), server.into()]
}

/// By source, and over all sources without a name.
fn build_times(rows: &[Row<'_>]) -> Table {
    let mut times: BTreeMap<(Day, &str, usize), Vec<i64>> = BTreeMap::new();
    for ((day, source, _), _, it) in rows {
        for (at, &time) in it.hops.iter().enumerate() {
            for source in ["", source] {
                times.entry((*day, source, at + 1)).or_default().push(time);
            }
        }
    }
    let mut table = Table::new("buildtimes", &["date", "source", "position", "q1", "md", "q3"]);
    for ((day, source, position), times) in times {
        let start = [day.into(), source.to_owned().into(), Cell::Int(position as i64)];
        table.push_all(start.into_iter().chain(quartiles(&sorted(times)).map(whole)));
    }
    table
}

const WHISKERS: [&str; 8] = ["date", "source", "server", "low", "q1", "md", "q3", "high"];

fn latencies(rows: &[Row<'_>]) -> Table {
    let mut values: BTreeMap<Group<'_>, Vec<i64>> = BTreeMap::new();
    for (group, _, it) in rows {
        if let Some(latency) = it.latency() {
            values.entry(*group).or_default().push(latency);
        }
    }
    let mut table = Table::new("latencies", &WHISKERS);
    for (group, values) in values {
        table.push_all(cells(group).into_iter().chain(whiskers(&sorted(values)).map(whole)));
    }
    table
}

/// Where nothing can be computed, zeros stand, as in the originals (spec §27 C4).
fn throughput(rows: &[Row<'_>]) -> Table {
    let mut values: BTreeMap<Group<'_>, Vec<i64>> = BTreeMap::new();
    for (group, Key(_, size, _), it) in rows {
        values.entry(*group).or_default().extend(it.throughput(*size));
    }
    let mut table = Table::new("onionperf-throughput", &WHISKERS);
    for (group, values) in values {
        let values = whiskers(&sorted(values)).map(|it| whole(it.or(Some(0.0))));
        table.push_all(cells(group).into_iter().chain(values));
    }
    table
}

/// The quartiles between the least and the greatest value that are not farther from them than one and a half times their
/// distance.
pub(super) fn whiskers(sorted: &[f64]) -> [Option<f64>; 5] {
    let [q1, md, q3] = quartiles(sorted);
    let reach = q1.zip(q3).map(|(q1, q3)| (q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)));
    let low = reach.and_then(|(least, _)| sorted.iter().copied().find(|&it| it >= least));
    let high = reach.and_then(|(_, greatest)| sorted.iter().copied().rev().find(|&it| it <= greatest));
    [low, q1, md, q3, high]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::{TorperfResult, Type},
        netdoc::Frame,
        schema::parse,
    };

    /// Real measurements, of the tests of metrics-lib, and what they give.
    #[test]
    fn measurements_give_times() {
        let common =
            "SOCKET=1.0 CONNECT=1.0 NEGOTIATE=1.0 REQUEST=1.0 RESPONSE=1.0 WRITEBYTES=1 READBYTES=2000000";
        let of = |text: &str| {
            let text = format!("{text} {common}\n");
            let frame = Frame::whole(Type::Torperf, text.as_bytes());
            Measurement::of(parse::<TorperfResult<'_>>(frame).document().expect("complete"))
        };
        let first = of("SOURCE=op-nl2 FILESIZE=1048576 START=1587991280.37 DATAREQUEST=1587991283.36 \
            DATARESPONSE=1587991283.81 DATAPERC50=1587991285.14 DATAPERC100=1587991286.62 DATACOMPLETE=1587991286.62 \
            PARTIAL51200=1587991283.81 BUILDTIMES=0.15,0.22,0.34 ENDPOINTREMOTE=m3eahz7co6lzi6jn.onion:0.0.0.0:443");
        assert_eq!((first.onion, first.complete, first.partials[0]), (true, Some(6250), Some(3440)));
        assert_eq!((first.latency(), first.throughput(1_048_576)), (Some(450), Some(2833)));
        assert_eq!(first.hops, [150, 70, 120]);
        let second = of("SOURCE=op-nl-test1 FILESIZE=5242880 START=1594633118.41 DATAREQUEST=1594633123.01 \
            DATARESPONSE=1594633123.64 DATAPERC10=1594633125.57 DATAPERC20=1594633127.56 DATACOMPLETE=1594633145.46 \
            PARTIAL51200=1594633123.96 PARTIAL1048576=1594633127.56 BUILDTIMES=0.62,0.90,1.26");
        assert_eq!((second.onion, second.complete), (false, Some(27_050)));
        assert_eq!(second.partials, [Some(5550), Some(9150)]);
        assert_eq!((second.latency(), second.throughput(5_242_880)), (Some(630), Some(2107)));
        assert_eq!(second.hops, [620, 280, 360]);
    }

    #[test]
    fn whiskers_leave_outliers_out() {
        let values = sorted([1, 50, 51, 52, 53, 54, 200]);
        assert_eq!(whiskers(&values), [Some(50.0), Some(50.5), Some(52.0), Some(53.5), Some(54.0)]);
        assert_eq!(whiskers(&[]), [None; 5]);
    }
}
