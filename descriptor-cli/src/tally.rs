//! What `tordesc summary` counts. A tally is a sum: any order and any split over threads gives the same.

use std::collections::{BTreeMap, HashMap};

use descriptor_core::{
    columnar::Document,
    document::{AnyParsed, Digests, Type},
    netdoc::Frame,
    schema::{Value, ValueSink},
    value::Timestamp,
};

use crate::{reading::Documents, status::Status};

/// How many different unknown keywords and problems are kept; hostile input may have millions.
const MAX_DIFFERENT: usize = 1000;

/// All that is counted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// By type; `None` is what no type fits.
    pub(crate) types: BTreeMap<Option<Type>, Count>,
    /// Keywords that no table knows, with the type, and how many lines have them.
    pub(crate) unknown: HashMap<(Type, String), u64>,
    /// What is wrong, with the type and keyword, and how often.
    pub(crate) problems: HashMap<(Option<Type>, String), u64>,
    /// The newest status of each type that has status entries.
    pub(crate) newest: BTreeMap<Type, Status>,
    /// How many relays each status of a type lists, by time.
    pub(crate) sizes: BTreeMap<Type, BTreeMap<Timestamp, u64>>,
    /// Tor versions by the platform lines of server descriptors.
    pub(crate) platforms: BTreeMap<String, u64>,
    /// Client counts by country, for each type that has such.
    pub(crate) countries: BTreeMap<(Type, String), u64>,
}

/// What is counted of each type.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) documents: u64,
    pub(crate) bytes: u64,
    /// Documents with anything wrong.
    pub(crate) wrong: u64,
    pub(crate) first: Option<Timestamp>,
    pub(crate) last: Option<Timestamp>,
}

impl Count {
    fn merge(&mut self, other: &Count) {
        self.documents += other.documents;
        self.bytes += other.bytes;
        self.wrong += other.wrong;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = [self.last, other.last].into_iter().flatten().max();
    }

    /// All of several counts.
    pub(crate) fn sum<'c>(counts: impl IntoIterator<Item = &'c Count>) -> Count {
        let mut sum = Count::default();
        counts.into_iter().for_each(|count| sum.merge(count));
        sum
    }
}

/// The columns that count clients by country, one a type.
const COUNTRIES: &[(Type, &str)] = &[
    (Type::ExtraInfo, "dirreq_v3_reqs"),
    (Type::BridgeExtraInfo, "bridge_ips"),
    (Type::SnowflakeStats, "snowflake_ips"),
];

impl Tally {
    /// Counts documents; runs in parallel.
    pub(crate) fn of(documents: &mut Documents<'_>) -> Self {
        let mut tally = Tally::default();
        for (source, frame) in documents {
            tally.add(&source, frame);
        }
        tally
    }

    fn add(&mut self, source: &str, frame: Frame<'_>) {
        let mut count = Count { documents: 1, bytes: frame.body.len() as u64, ..Count::default() };
        let Some(kind) = frame.kind else {
            count.wrong = 1;
            more(&mut self.problems, (None, "no document type begins like this".to_owned()), 1);
            self.types.entry(None).or_default().merge(&count);
            return;
        };
        let parsed = kind.parse(frame);
        let document = Document { kind, source, parsed: &parsed, digests: Digests::default() };
        let time = document.time();
        count.wrong = u64::from(!parsed.issues.is_empty());
        (count.first, count.last) = (time, time);
        self.types.entry(Some(kind)).or_default().merge(&count);
        for issue in &parsed.issues {
            more(&mut self.problems, (Some(kind), issue.to_string()), 1);
        }
        for line in parsed.unknown_lines() {
            // Pairs are counted by their names.
            let keyword = line.split(|b| b.is_ascii_whitespace() || *b == b'=').next().unwrap_or_default();
            let keyword = String::from_utf8_lossy(&keyword[..keyword.len().min(64)]).into_owned();
            more(&mut self.unknown, (kind, keyword), 1);
        }
        if let (Some(status), Some(time)) = (Status::of(&parsed, time), time) {
            self.sizes.entry(kind).or_default().insert(time, status.relays);
            self.offer(kind, status);
        }
        self.clients(kind, &parsed);
    }

    fn clients(&mut self, kind: Type, parsed: &AnyParsed<'_>) {
        if kind == Type::ServerDescriptor
            && let Some(Value::Text(platform)) = column(parsed, "platform")
        {
            let version = crate::status::series(platform.strip_prefix(b"Tor ").unwrap_or(&platform));
            more_sorted(&mut self.platforms, version, 1);
        }
        for (_, name) in COUNTRIES.iter().filter(|(of, _)| *of == kind) {
            if let Some(Value::Map(counts)) = column(parsed, name) {
                for (country, number) in counts {
                    if let Value::Int(number) = number {
                        let country = String::from_utf8_lossy(&country).into_owned();
                        more_sorted(&mut self.countries, (kind, country), u64::try_from(number).unwrap_or(0));
                    }
                }
            }
        }
    }

    fn offer(&mut self, kind: Type, status: Status) {
        match self.newest.get_mut(&kind) {
            Some(newest) if newest.time >= status.time => {}
            Some(newest) => *newest = status,
            None => drop(self.newest.insert(kind, status)),
        }
    }

    /// Adds what another tally counted.
    pub(crate) fn merge(&mut self, other: Tally) {
        for (kind, count) in &other.types {
            self.types.entry(*kind).or_default().merge(count);
        }
        other.unknown.into_iter().for_each(|(key, number)| more(&mut self.unknown, key, number));
        other.problems.into_iter().for_each(|(key, number)| more(&mut self.problems, key, number));
        other.newest.into_iter().for_each(|(kind, status)| self.offer(kind, status));
        other.platforms.into_iter().for_each(|(key, number)| more_sorted(&mut self.platforms, key, number));
        other.countries.into_iter().for_each(|(key, number)| more_sorted(&mut self.countries, key, number));
        for (kind, sizes) in other.sizes {
            self.sizes.entry(kind).or_default().extend(sizes);
        }
    }

    /// All types together.
    pub(crate) fn total(&self) -> Count {
        Count::sum(self.types.values())
    }
}

/// Adds to a counter, unless there are too many already.
fn more<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, u64>, key: K, number: u64) {
    if counts.len() < MAX_DIFFERENT || counts.contains_key(&key) {
        *counts.entry(key).or_default() += number;
    }
}

fn more_sorted<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K, number: u64) {
    if counts.len() < MAX_DIFFERENT || counts.contains_key(&key) {
        *counts.entry(key).or_default() += number;
    }
}

/// The value of a document's column, if the type has the column and the document the line.
pub(crate) fn column(parsed: &AnyParsed<'_>, name: &str) -> Option<Value> {
    let column = parsed.partial.schema().column(name)?;
    let mut sink = ValueSink::default();
    parsed.emit(&*parsed.partial, column.field, column.part, &mut sink);
    Some(sink.finish()).filter(|value| *value != Value::Null)
}

/// A counter's items, the greatest first; equal ones by name.
pub(crate) fn ranked<K: Ord + Clone>(counts: impl IntoIterator<Item = (K, u64)>) -> Vec<(K, u64)> {
    let mut all: Vec<_> = counts.into_iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all
}
