//! What is kept of one relay or bridge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::intervals::at_midnight;
use crate::{
    document::ExtraInfo,
    stats::{Day, day::SECONDS},
    value::{BandwidthHistory, Timestamp},
};

/// All that was reported by one relay or bridge, and by statuses about it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Node {
    /// When statuses call it running, by day.
    pub(super) hours: Vec<Hours>,
    /// The same for statuses that are not good for exactly one hour: start and end. None in the public network.
    pub(super) odd: Vec<(i64, i64)>,
    /// Directory bytes written.
    pub(super) bytes: Vec<Bytes>,
    /// Responses to directory requests.
    pub(super) responses: Vec<Responses>,
}

/// Hours of a day, one bit each, the first hour lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hours(
    pub(super) Day,
    /// By any status.
    pub(super) u32,
    /// By statuses of the hour's first half, which alone counted in 2013.
    pub(super) u32,
);

/// Bytes written from start to end. Unit: seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Bytes(pub(super) i64, pub(super) i64, pub(super) i64);

/// Responses in the 24 hours before an end, with the lines that tell who asked, as they stand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Responses {
    /// Unit: seconds since 1970.
    pub(super) end: i64,
    /// `ok` of `dirreq-v3-resp`.
    pub(super) ok: Option<i64>,
    /// `dirreq-v3-reqs`.
    pub(super) requests: Option<Box<str>>,
    /// `bridge-ips`; bridges only, as the others below.
    pub(super) addresses: Option<Box<str>>,
    /// `bridge-ip-transports`.
    pub(super) transports: Option<Box<str>>,
    /// `bridge-ip-versions`.
    pub(super) versions: Option<Box<str>>,
}

impl Node {
    /// A status that is good from start to end calls it running.
    pub(super) fn run(&mut self, start: i64, end: i64, early: bool) {
        if start.rem_euclid(3600) != 0 || end.checked_sub(start) != Some(3600) {
            // Statuses in most orders come with the last one last.
            if self.odd.last() != Some(&(start, end)) {
                self.odd.push((start, end));
            }
            return;
        }
        let day = Day::of_seconds(start);
        let bit = 1 << ((start - day.start()) / 3600);
        self.run_hours(Hours(day, bit, if early { bit } else { 0 }));
    }

    fn run_hours(&mut self, more: Hours) {
        let at = match self.hours.last() {
            None => Err(0),
            Some(last) if last.0 < more.0 => Err(self.hours.len()),
            Some(_) => self.hours.binary_search_by_key(&more.0, |it| it.0),
        };
        match at {
            Ok(at) => {
                let it = &mut self.hours[at];
                (it.1, it.2) = (it.1 | more.1, it.2 | more.2);
            }
            Err(at) => self.hours.insert(at, more),
        }
    }

    /// It wrote bytes to answer directory requests.
    pub(super) fn write(&mut self, history: BandwidthHistory<'_>) {
        let length = i64::from(history.last.interval);
        self.bytes
            .extend(history.iter().map(|(end, value)| Bytes(end.0.saturating_sub(length), end.0, value)));
        tidy(&mut self.bytes);
    }

    /// It answered directory requests.
    pub(super) fn respond(&mut self, responses: Responses) {
        self.responses.push(responses);
        tidy(&mut self.responses);
    }

    pub(super) fn merge(&mut self, other: Node) {
        other.hours.into_iter().for_each(|hours| self.run_hours(hours));
        self.odd.extend(other.odd);
        self.bytes.extend(other.bytes);
        self.responses.extend(other.responses);
        tidy(&mut self.odd);
        tidy(&mut self.bytes);
        tidy(&mut self.responses);
    }

    /// What tells of a day, whole intervals included that begin or end on it.
    pub(super) fn of_day(&self, day: Day) -> Node {
        let on = |from: i64, to: i64| Day::of_seconds(from) <= day && day <= Day::of_seconds(to);
        Node {
            hours: self.hours.iter().filter(|hours| hours.0 == day).copied().collect(),
            odd: self.odd.iter().filter(|(from, to)| on(*from, *to)).copied().collect(),
            bytes: self.bytes.iter().filter(|it| on(it.0, it.1)).copied().collect(),
            responses: self.responses.iter().filter(|it| on(it.end - SECONDS, it.end - 1)).cloned().collect(),
        }
    }

    /// Deals everything out to the days that it tells of, some of it to two.
    pub(super) fn split(self) -> BTreeMap<Day, Node> {
        let mut days: BTreeMap<Day, Node> = BTreeMap::new();
        let mut day = |day: Day, add: &dyn Fn(&mut Node)| add(days.entry(day).or_default());
        for hours in self.hours {
            day(hours.0, &|node| node.hours.push(hours));
        }
        for (from, to) in self.odd {
            at_midnight(from, to).for_each(|part| day(part.0, &|node| node.odd.push((from, to))));
        }
        for bytes in self.bytes {
            at_midnight(bytes.0, bytes.1).for_each(|part| day(part.0, &|node| node.bytes.push(bytes)));
        }
        for responses in self.responses {
            at_midnight(responses.start(), responses.end)
                .for_each(|part| day(part.0, &|node| node.responses.push(responses.clone())));
        }
        days
    }

    pub(super) fn settle(&mut self) {
        set(&mut self.odd);
        set(&mut self.bytes);
        set(&mut self.responses);
    }
}

/// Makes a set of a list that is about to grow, so that it never holds more than twice what it must.
fn tidy<T: Ord>(list: &mut Vec<T>) {
    if list.len() + list.len() / 4 >= list.capacity() && list.len() >= 16 {
        set(list);
        list.reserve(list.len() + 16);
    }
}

/// Makes a sorted set of a list.
fn set<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}

impl Responses {
    /// The beginning of the interval. Unit: seconds since 1970.
    pub(super) fn start(&self) -> i64 {
        self.end.saturating_sub(86400)
    }

    /// The responses that a descriptor tells of; `None` if it tells of none.
    pub(super) fn of(end: Timestamp, document: &ExtraInfo<'_>, bridge: bool) -> Option<Self> {
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(Box::from);
        let ok = document.dirreq_v3_resp.and_then(|counts| counts.get("ok"));
        let requests = document.dirreq_v3_reqs.and_then(|counts| text(counts.0.0));
        let of_bridge = |counts: Option<&[u8]>| counts.filter(|_| bridge).and_then(text);
        (ok.is_some() || requests.is_some()).then(|| Responses {
            end: end.0,
            ok,
            requests,
            addresses: of_bridge(document.bridge_ips.map(|it| it.0.0)),
            transports: of_bridge(document.bridge_ip_transports.map(|it| it.0)),
            versions: of_bridge(document.bridge_ip_versions.map(|it| it.0)),
        })
    }
}
