//! Torperf and OnionPerf (spec §12): how long downloads over Tor take, how often they fail, build times of circuits,
//! latencies and throughput.
//!
//! Files of modules: `onionperf-including-partials`, `onionperf-failures`, `buildtimes`, `latencies`,
//! `onionperf-throughput`; in the profile of 2013 `torperf` alone.
//!
//! A measurement is kept by its source, file size and start, about 100 bytes. Of two that differ, the smaller stays; the
//! originals kept the first one. DIFFERENCE: where one result of a file has an annotation of an unknown version, the
//! originals dropped the whole file (spec §27 C13); here the others count.

mod explain;
mod tables;
mod torperf_2013;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Day, Document, Options, Parts, Profile, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
    parts,
};
use crate::{
    document::{OnionPerfAnalysis, TorperfResult, Type, torperf::Milestone},
    netdoc::frames,
    schema::parse,
    value::EpochMillis,
};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Performance {
    measurements: BTreeMap<Key, Measurement>,
}

/// What makes a measurement unique: source, size of the file in bytes, and start in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Key(Box<str>, u64, i64);

impl Key {
    /// The day of the start.
    fn day(&self) -> Day {
        Day::of_seconds(self.2.div_euclid(1000))
    }
}

/// What was measured. Unit: milliseconds since the start; absent where it was not reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Measurement {
    /// Whether the server was an onion service.
    onion: bool,
    /// Whether it timed out, or failed otherwise in OnionPerf.
    timed_out: Option<bool>,
    /// Unit: bytes.
    read: u64,
    request: Option<i64>,
    response: Option<i64>,
    complete: Option<i64>,
    /// When 51,200 and 1,048,576 bytes were read.
    partials: [Option<i64>; 2],
    /// When 10, 20, 50 and 100 percent were read.
    percentiles: [Option<i64>; 4],
    /// How long each hop of the circuit took.
    hops: Vec<i64>,
}

/// Sizes of files that parts of larger downloads stand for. Unit: bytes.
const PARTS: [u64; 2] = [51_200, 1_048_576];

/// Percentiles that are kept.
const PERCENTILES: [u64; 4] = [10, 20, 50, 100];

/// The longest name of a source.
const LONGEST: usize = 32;

/// How many hops are shown.
const HOPS: usize = 3;

impl Statistic for Performance {
    const TYPES: &'static [Type] = &[Type::Torperf, Type::OnionPerf];

    fn add(&mut self, document: &Document<'_>) {
        let Document::Other { kind, frame, .. } = document else { return };
        if *kind == Type::Torperf {
            if let Some(result) = parse::<TorperfResult<'_>>(*frame).document() {
                self.add_result(result);
            }
        } else if let Ok(results) = parse::<OnionPerfAnalysis<'_>>(*frame).partial.to_torperf() {
            for frame in frames(&results, Some(Type::Torperf)) {
                if let Some(result) = parse::<TorperfResult<'_>>(frame).document() {
                    self.add_result(result);
                }
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (key, measurement) in other.measurements {
            self.join(key, measurement);
        }
    }

    fn finish(self, options: &Options) -> Vec<Table> {
        match options.profile {
            Profile::Y2013 => vec![torperf_2013::table(&self)],
            Profile::Y2020 => tables::all(&self, options.choices),
        }
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question, options)
    }

    fn close(tables: &mut Vec<Table>, options: &Options) {
        parts::end(tables, &tables::OF_WHOLE_DAYS, options.today().plus(-1));
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (key, measurement) in self.measurements {
            parts.day(key.day()).measurements.insert(key, measurement);
        }
        parts
    }
}

impl Performance {
    fn add_result(&mut self, result: &TorperfResult<'_>) {
        let Ok(source) = std::str::from_utf8(result.source_name) else { return };
        if source.len() <= LONGEST {
            self.join(Key(source.into(), result.file_size, result.start.0), Measurement::of(result));
        }
    }

    fn join(&mut self, key: Key, measurement: Measurement) {
        let known = self.measurements.entry(key).or_insert_with(|| measurement.clone());
        if measurement < *known {
            *known = measurement;
        }
    }
}

impl Measurement {
    fn of(result: &TorperfResult<'_>) -> Self {
        let since = |time: EpochMillis| (time.0 != 0).then(|| time.0.saturating_sub(result.start.0));
        let milestone = |list: &[Milestone], number: u64| {
            list.iter().find(|it| it.number == number).and_then(|it| since(it.time))
        };
        let remote = result.endpoint_remote.unwrap_or_default();
        let mut hops: Vec<i64> =
            result.build_times.iter().flat_map(|times| times.millis()).take(HOPS).collect();
        for at in (1..hops.len()).rev() {
            hops[at] -= hops[at - 1];
        }
        Measurement {
            onion: memchr::memmem::find(remote, b".onion:").is_some(),
            timed_out: result.did_timeout.map(|it| it.0),
            read: result.read_bytes,
            request: since(result.data_request),
            response: since(result.data_response),
            complete: since(result.data_complete),
            partials: PARTS.map(|size| milestone(&result.partials, size)),
            percentiles: PERCENTILES.map(|percent| milestone(&result.data_percentiles, percent)),
            hops,
        }
    }

    /// Of a file of 1 or 5 MiB, when the half MiB of it begins and ends that throughput is told of.
    fn half(&self, size: u64) -> Option<(i64, i64)> {
        let [p10, p20, p50, p100] = self.percentiles;
        match size {
            1_048_576 => Some((p50?, p100?)),
            5_242_880 => Some((p10?, p20?)),
            _ => None,
        }
    }

    /// How fast this half MiB was read. Unit: kbit/s.
    fn throughput(&self, size: u64) -> Option<i64> {
        let (begin, end) = self.half(size)?;
        let time = end - begin;
        (time > 0).then(|| 4_194_304 / time)
    }

    /// From request to response. Unit: milliseconds.
    fn latency(&self) -> Option<i64> {
        let (request, response) = (self.request?, self.response?);
        (request > 0 && response > 0).then(|| response - request)
    }
}
