//! The components of the estimate (spec §5.5, §5.6): day by day, relays and bridges apart.
//!
//! Values are kept in tenths, as the originals stored them with one decimal, so that sums are exact and do not depend on
//! order. The one sum of fractions, h(R∩H), is added up in order of fingerprints.

use std::collections::BTreeMap;

use super::{
    Kind, Users,
    intervals::{Interval, accepted, at_midnight},
    node::{Bytes, Node, Responses},
};
use crate::{
    stats::{
        Day, Map, Options, Profile,
        number::{fixed, tenths},
    },
    value::Counts,
};

/// Bounds of the users of a country and a transport: low and high.
pub(super) type Bounds = BTreeMap<([u8; 2], u16), (i64, i64)>;

/// What a day's reports say together. Unit: tenths for values, seconds for times.
#[derive(Debug, Default)]
pub(super) struct Components {
    /// Responses by who asked: r, and the time that they were counted in.
    pub(super) responses: Map<Group, (i64, i64)>,
    /// h(H): directory bytes written.
    pub(super) bytes: i64,
    /// n(H): for how long they were counted.
    pub(super) bytes_time: i64,
    /// n(N): for how long nodes were running.
    pub(super) running_time: i64,
    /// h(R∩H): bytes of nodes in times that they report responses for too. Unit: bytes.
    pub(super) both: f64,
    /// n(R\H): for how long nodes report responses and no bytes.
    pub(super) responses_time: i64,
    /// Bridges by country and transport.
    pub(super) bounds: Bounds,
}

impl Components {
    /// The share of directory requests that reports tell of; `None` if it cannot be told.
    pub(super) fn fraction(&self) -> Option<f64> {
        let bytes = self.bytes as f64 / 10.0;
        let all = bytes * self.running_time as f64;
        let reported = self.both * self.bytes_time as f64 + bytes * self.responses_time as f64;
        (all > 0.0).then(|| reported / all)
    }
}

/// By what responses are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Group {
    /// All of them.
    Total,
    Country([u8; 2]),
    /// By the number of its name.
    Transport(u16),
    Version([u8; 2]),
}

/// The components of all days, and the names of transports by number.
#[derive(Debug, Default)]
pub(super) struct Daily {
    pub(super) days: BTreeMap<(Day, Kind), Components>,
    pub(super) transports: Vec<String>,
}

/// The longest name of a transport that the originals could store.
const LONGEST: usize = 20;

/// Responses of a part of a day.
struct Part {
    from: i64,
    to: i64,
    /// By group, in tenths.
    values: Vec<(Group, i64)>,
}

/// A value of a group, to be accepted or not.
struct Value(i64, i64, i64);

impl Interval for Value {
    fn span(&self) -> (i64, i64) {
        (self.0, self.1)
    }
}

/// What a node says of a day.
#[derive(Default)]
struct NodeDay {
    /// Directory bytes and their time.
    bytes: Option<(i64, i64)>,
    /// Group, responses and their time.
    groups: Vec<(Group, i64, i64)>,
    responses_time: i64,
}

impl Daily {
    /// Adds up everything.
    pub(super) fn of(users: &Users, options: &Options) -> Self {
        let mut daily = Daily::default();
        let mut nodes: Vec<_> = users.nodes.iter().collect();
        nodes.sort_unstable_by_key(|(key, _)| *key);
        for ((kind, _), node) in nodes {
            daily.add_node(*kind, node, options);
        }
        daily
    }

    /// No days yet, and the same numbers of transports.
    pub(super) fn with_names(&self) -> Self {
        Daily { days: BTreeMap::new(), transports: self.transports.clone() }
    }

    /// Adds what a node reports.
    pub(super) fn add_node(&mut self, kind: Kind, node: &Node, options: &Options) {
        self.running(kind, node, options.profile);
        let mut days: BTreeMap<Day, NodeDay> = BTreeMap::new();
        for (day, bytes) in bytes_by_day(&node.bytes, options.profile) {
            days.entry(day).or_default().bytes = Some(bytes);
        }
        self.responses(kind, node, options, &mut days);
        for (day, said) in days {
            self.days.entry((day, kind)).or_default().add(kind, &said, options);
        }
    }

    fn running(&mut self, kind: Kind, node: &Node, profile: Profile) {
        let mask = |hours: &super::node::Hours| match profile {
            Profile::Y2013 => hours.2,
            Profile::Y2020 => hours.1,
        };
        if node.odd.is_empty() {
            for hours in node.hours.iter().filter(|hours| mask(hours) != 0) {
                self.days.entry((hours.0, kind)).or_default().running_time +=
                    3600 * i64::from(mask(hours).count_ones());
            }
            return;
        }
        let mut all = node.odd.clone();
        for hours in &node.hours {
            let starts = (0..24).filter(|hour| mask(hours) & (1 << hour) != 0);
            all.extend(starts.map(|hour| hours.0.start() + 3600 * hour).map(|start| (start, start + 3600)));
        }
        let parts = all.into_iter().flat_map(|(from, to)| at_midnight(from, to));
        for (day, values) in by_day(parts.map(|(day, from, to)| (day, Value(from, to, 0)))) {
            let time: i64 = accepted(values).map(|it| it.1 - it.0).sum();
            self.days.entry((day, kind)).or_default().running_time += time;
        }
    }

    fn responses(&mut self, kind: Kind, node: &Node, options: &Options, days: &mut BTreeMap<Day, NodeDay>) {
        let profile = options.profile;
        let mut parts: BTreeMap<Day, Vec<Part>> = BTreeMap::new();
        for responses in &node.responses {
            let Some(total) = responses.total(kind, profile) else { continue };
            let shares = self.shares(kind, responses, options);
            for (day, from, to) in at_midnight(responses.start(), responses.end).filter(|it| it.1 < it.2) {
                let part = (to - from) as f64 / 86400.0;
                let value = |(group, share): &(Group, Share)| (*group, share.tenths(total, part, profile));
                let values = shares.iter().map(value).collect();
                parts.entry(day).or_default().push(Part { from, to, values });
            }
        }
        for (day, mut parts) in parts {
            let said = days.entry(day).or_default();
            parts.sort_by_key(|part| (part.from, part.to));
            let apart = parts.windows(2).all(|pair| pair[0].to <= pair[1].from);
            if apart {
                said.responses_time = parts.iter().map(|part| part.to - part.from).sum();
                for part in parts {
                    let time = part.to - part.from;
                    said.groups.extend(part.values.into_iter().map(|(group, value)| (group, value, time)));
                }
                continue;
            }
            // Each group decides for itself, for not all are in all parts.
            let mut groups: BTreeMap<Group, Vec<Value>> = BTreeMap::new();
            for Part { from, to, values } in parts {
                for (group, value) in values {
                    groups.entry(group).or_default().push(Value(from, to, value));
                }
            }
            for (group, mut values) in groups {
                values.sort_unstable_by_key(|it| (it.0, it.1, it.2));
                for Value(from, to, value) in accepted(values) {
                    said.groups.push((group, value, to - from));
                    said.responses_time += if group == Group::Total { to - from } else { 0 };
                }
            }
        }
    }

    /// How responses divide into groups.
    fn shares(&mut self, kind: Kind, responses: &Responses, options: &Options) -> Vec<(Group, Share)> {
        let profile = options.profile;
        let mut shares = vec![(Group::Total, Share::Of(1.0, 1.0))];
        let requests = responses.requests.as_deref();
        let country = |name: &[u8]| name.try_into().ok().map(Group::Country);
        if kind == Kind::Relay && profile == Profile::Y2013 {
            let counts = Counts(requests.unwrap_or_default().as_bytes());
            // Counts less half a bin, whatever that gives; the total is their sum.
            let each = counts.iter().filter_map(|(name, count)| Some((country(name)?, (count - 4) as f64)));
            shares.extend(each.map(|(group, count)| (group, Share::Exactly(count))));
            return shares;
        }
        let addresses = responses.addresses.as_deref();
        let countries = match (kind, profile) {
            (Kind::Bridge, Profile::Y2013) => addresses,
            (Kind::Bridge, Profile::Y2020) => requests.or(addresses),
            (Kind::Relay, _) => requests,
        };
        divide(countries, b"??", options, country, &mut shares);
        if kind == Kind::Bridge {
            let number = |name: &[u8]| self.transport(name).map(Group::Transport);
            divide(responses.transports.as_deref(), b"<OR>", options, number, &mut shares);
            let version = |name: &[u8]| name.try_into().ok().map(Group::Version);
            divide(responses.versions.as_deref(), b"v4", options, version, &mut shares);
        }
        shares
    }

    /// The number of a transport's name; `None` if it is too long.
    fn transport(&mut self, name: &[u8]) -> Option<u16> {
        let name = std::str::from_utf8(name).ok().filter(|name| name.len() <= LONGEST)?;
        let known = self.transports.iter().position(|it| it == name);
        let number = known.unwrap_or_else(|| {
            self.transports.push(name.to_owned());
            self.transports.len() - 1
        });
        u16::try_from(number).ok()
    }
}

/// What share of the responses a group has.
#[derive(Clone, Copy)]
enum Share {
    /// A part of them, as the first number is of the second.
    Of(f64, f64),
    /// So many.
    Exactly(f64),
}

impl Share {
    /// The responses of a part of the interval, in tenths. In the originals' order of operations, which decides the last
    /// digit.
    fn tenths(self, responses: f64, part: f64, profile: Profile) -> i64 {
        let value = match self {
            Share::Of(share, all) => responses * part * share / all,
            Share::Exactly(count) => count * part,
        };
        stored(value, profile)
    }
}

/// A value with one decimal, as it was stored, in tenths. In 2013 Java's formatter rounded it.
fn stored(value: f64, profile: Profile) -> i64 {
    let rounded = match profile {
        Profile::Y2013 => fixed(value, 1).parse().unwrap_or(0.0),
        Profile::Y2020 => tenths(value),
    };
    (rounded * 10.0).round() as i64
}

/// Divides by counts less half a bin. What is below half a bin is left out; if nothing remains, all is the default's.
fn divide(
    text: Option<&str>,
    default: &[u8],
    options: &Options,
    mut group: impl FnMut(&[u8]) -> Option<Group>,
    shares: &mut Vec<(Group, Share)>,
) {
    let counts = Counts(text.unwrap_or_default().as_bytes());
    let least = if options.choices.fours_left_out { 5 } else { 4 };
    let kept =
        || counts.iter().filter(|(_, count)| *count >= least).map(|(name, count)| (name, (count - 4) as f64));
    let (sum, number) = kept().fold((0.0, 0), |(sum, number), (_, count)| (sum + count, number + 1));
    if number == 0 || options.profile == Profile::Y2013 && sum == 0.0 {
        shares.extend(group(default).map(|group| (group, Share::Of(4.0, 4.0))));
        return;
    }
    shares.extend(kept().filter_map(|(name, count)| Some((group(name)?, Share::Of(count, sum)))));
}

impl Responses {
    /// How many responses there were, less half a bin; `None` if that is nothing.
    fn total(&self, kind: Kind, profile: Profile) -> Option<f64> {
        if kind == Kind::Relay && profile == Profile::Y2013 {
            let counts = Counts(self.requests.as_deref()?.as_bytes());
            return Some(counts.iter().map(|(_, count)| (count - 4) as f64).sum());
        }
        self.ok.map(|ok| (ok - 4) as f64).filter(|&total| total > 0.0)
    }
}

fn by_day(values: impl Iterator<Item = (Day, Value)>) -> BTreeMap<Day, Vec<Value>> {
    let mut days: BTreeMap<Day, Vec<Value>> = BTreeMap::new();
    for (day, value) in values {
        days.entry(day).or_default().push(value);
    }
    for values in days.values_mut() {
        values.sort_unstable_by_key(|it| (it.0, it.1, it.2));
    }
    days
}

/// Bytes and their time by day. A day may have bytes of no time at all, which is not the same as none.
fn bytes_by_day(bytes: &[Bytes], profile: Profile) -> impl Iterator<Item = (Day, (i64, i64))> + use<> {
    let parts = bytes.iter().flat_map(|&Bytes(from, to, value)| {
        at_midnight(from, to).map(move |(day, start, end)| {
            let part = if to > from { (end - start) as f64 / (to - from) as f64 } else { 0.0 };
            let whole = start == from && end == to;
            let value = if whole { value as f64 } else { value as f64 * part };
            (day, Value(start, end, stored(value, profile)))
        })
    });
    by_day(parts).into_iter().map(|(day, values)| {
        let sum = accepted(values).fold((0, 0), |(sum, time), it| (sum + it.2, time + it.1 - it.0));
        (day, sum)
    })
}

impl Components {
    fn add(&mut self, kind: Kind, said: &NodeDay, options: &Options) {
        let responds = said.groups.iter().any(|(group, ..)| *group == Group::Total);
        for (group, value, time) in &said.groups {
            let sums = self.responses.entry(*group).or_default();
            (sums.0, sums.1) = (sums.0 + value, sums.1 + time);
        }
        match said.bytes {
            Some((bytes, time)) => {
                self.bytes += bytes;
                self.bytes_time += time;
                if responds {
                    if time > 0 {
                        let common = time.min(said.responses_time) as f64;
                        self.both += common * (bytes as f64 / 10.0) / time as f64;
                    }
                    self.responses_time += (said.responses_time - time).max(0);
                }
            }
            None if options.choices.responses_without_bytes => self.responses_time += said.responses_time,
            None => {}
        }
        if kind == Kind::Bridge && responds {
            self.bound(&said.groups);
        }
    }

    /// How many of a bridge's users can, and how many must, come from a country by a transport.
    fn bound(&mut self, groups: &[(Group, i64, i64)]) {
        let mut sums: BTreeMap<Group, i64> = BTreeMap::new();
        for (group, value, _) in groups {
            *sums.entry(*group).or_default() += value;
        }
        let total = sums.get(&Group::Total).copied().unwrap_or(0);
        let positive = || sums.iter().filter(|(_, value)| **value > 0);
        if total <= 0 {
            return;
        }
        for (group, &in_country) in positive() {
            let Group::Country(country) = *group else { continue };
            for (group, &by_transport) in positive() {
                let Group::Transport(transport) = *group else { continue };
                let bounds = self.bounds.entry((country, transport)).or_default();
                bounds.0 += (in_country + by_transport - total).max(0);
                bounds.1 += in_country.min(by_transport);
            }
        }
    }
}
