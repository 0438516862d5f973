//! Downloads and updates of Tor Browser and Tor Messenger, and hits of two pages (spec §16), by web servers' logs.
//!
//! File of a module: `webstats`.
//!
//! A log is its counts by day, site and machine, which its name tells. The originals ignored a second log of the same
//! name; here the greater of two that differ stays.

mod explain;
mod request;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::request::Request;
use super::{
    Cell, Day, Document, Options, Parts, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
};
use crate::{
    document::{Type, WebServerLog, web_server_log::LogName},
    schema::parse,
};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Web {
    logs: BTreeMap<(Day, Box<str>, Box<str>), Counts>,
}

type Counts = BTreeMap<Request, u64>;

impl Statistic for Web {
    const TYPES: &'static [Type] = &[Type::WebServerLog];

    fn add(&mut self, document: &Document<'_>) {
        let Document::Other { frame, source, .. } = document else { return };
        let Some(name) = source.rsplit(['/', '!']).next().and_then(LogName::parse) else { return };
        let text = |host: &[u8]| -> Box<str> { String::from_utf8_lossy(host).into() };
        let key = (Day::of(name.date), text(name.virtual_host), text(name.physical_host));
        self.join(key, count(&parse::<WebServerLog<'_>>(*frame).partial, name.virtual_host));
    }

    fn merge(&mut self, other: Self) {
        for (key, counts) in other.logs {
            self.join(key, counts);
        }
    }

    fn finish(self, _: &Options) -> Vec<Table> {
        vec![table(self.logs.iter().map(|((day, ..), counts)| (*day, counts)))]
    }

    fn explain(&self, question: &Question, _: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question)
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (key, counts) in self.logs {
            parts.day(key.0).logs.insert(key, counts);
        }
        parts
    }
}

impl Web {
    fn join(&mut self, key: (Day, Box<str>, Box<str>), counts: Counts) {
        let known = self.logs.entry(key).or_default();
        if *known < counts {
            *known = counts;
        }
    }
}

/// What tells rows of a day apart.
const KEYS: [&str; 5] = ["request_type", "platform", "channel", "locale", "incremental"];

/// The table of some logs.
fn table<'w>(logs: impl Iterator<Item = (Day, &'w Counts)>) -> Table {
    let mut days: BTreeMap<(Day, &Request), u64> = BTreeMap::new();
    for (day, counts) in logs {
        for (request, count) in counts {
            *days.entry((day, request)).or_default() += count;
        }
    }
    let mut table = Table::new("webstats", &[&["log_date"][..], &KEYS, &["count"]].concat());
    for ((day, request), count) in days {
        table.push_all([Cell::Day(day)].into_iter().chain(request.cells()).chain([count.into()]));
    }
    table
}

/// Counts the requests of a log. In sanitized logs equal lines stand together, and each is looked at once.
fn count(log: &WebServerLog<'_>, site: &[u8]) -> Counts {
    let mut counts = Counts::new();
    for equal in log.lines.chunk_by(|a, b| a == b) {
        let parts = equal[0].parts();
        if parts.method == b"GET"
            && let Some(request) = Request::of(site, parts.request, parts.status)
        {
            *counts.entry(request).or_default() += equal.len() as u64;
        }
    }
    counts
}
