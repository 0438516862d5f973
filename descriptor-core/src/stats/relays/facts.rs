//! What is kept of descriptors.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    document::{ExtraInfo, ServerDescriptor, sha1},
    stats::{
        Day, Id, Map,
        bandwidth::slots::{self, History, Slots},
        id, sorted,
    },
    value::{Overload, Timestamp},
};

/// What server descriptors and extra-info descriptors say.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Facts {
    /// Server descriptors by digest.
    #[serde(with = "sorted")]
    descriptors: Map<Id, Descriptor>,
    /// What descriptors say about families, by a digest of it, as few of them say anything new.
    declarations: BTreeMap<u64, Declaration>,
    /// What a relay has reported on or of a day.
    #[serde(with = "sorted")]
    reports: Map<(Day, Id), Told>,
}

/// What a relay has reported on or of a day: what of, and the bytes that it has read and written in all.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Told(Reports, Slots);

/// What is kept of a server descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "(u32, u64)", from = "(u32, u64)")]
pub(super) struct Descriptor {
    /// Unit: bytes per second.
    pub(super) advertised: u32,
    /// The digest of its declaration; 0 if it has none.
    declaration: u64,
}

impl From<Descriptor> for (u32, u64) {
    fn from(Descriptor { advertised, declaration }: Descriptor) -> Self {
        (advertised, declaration)
    }
}

impl From<(u32, u64)> for Descriptor {
    fn from((advertised, declaration): (u32, u64)) -> Self {
        Descriptor { advertised, declaration }
    }
}

/// What a descriptor says about families.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Declaration {
    /// The relay's nickname in lower case.
    pub(super) nickname: Box<str>,
    /// The fingerprints that it lists, in order.
    pub(super) relays: Box<[Id]>,
    /// The nicknames that it lists, in order and lower case.
    pub(super) names: Box<[Box<str>]>,
    /// The first twenty bytes of the keys of the families that have certified it.
    pub(super) keys: Box<[Id]>,
}

/// A set of what was reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Reports(u8);

impl Reports {
    /// A server descriptor was published on the day.
    pub(super) const SERVER: Reports = Reports(1);
    /// An extra-info descriptor was published on the day.
    pub(super) const EXTRA_INFO: Reports = Reports(2);
    /// Overloaded in general on the day.
    pub(super) const GENERAL: Reports = Reports(4);
    /// Limited by its rate on the day.
    pub(super) const RATE_LIMITS: Reports = Reports(8);
    /// Out of file descriptors on the day.
    pub(super) const FILES: Reports = Reports(16);

    /// Whether all of some others are there.
    pub(super) fn has(self, other: Reports) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Facts {
    /// Adds a server descriptor of a relay.
    pub(super) fn add_server(&mut self, document: &ServerDescriptor<'_>, digest: Id) {
        let declaration = Declaration::of(document).map_or(0, |declaration| {
            let key = declaration.key();
            self.declare(key, declaration);
            key
        });
        let advertised = u32::try_from(document.bandwidth.advertised()).unwrap_or(u32::MAX);
        let descriptor = Descriptor { advertised, declaration };
        let known = self.descriptors.entry(digest).or_insert(descriptor);
        *known = (*known).max(descriptor);
        if let Some(fingerprint) = document.fingerprint {
            let relay = fingerprint.0.into();
            self.report(relay, Some(document.published), Reports::SERVER);
            self.report(relay, time(document.overload_general), Reports::GENERAL);
        }
    }

    /// Adds an extra-info descriptor of a relay.
    pub(super) fn add_extra_info(&mut self, document: &ExtraInfo<'_>) {
        let relay = document.owner.fingerprint.into();
        self.report(relay, Some(document.published), Reports::EXTRA_INFO);
        let limits = document.overload_ratelimits.map(|limits| limits.last);
        self.report(relay, time(limits), Reports::RATE_LIMITS);
        self.report(relay, time(document.overload_fd_exhausted), Reports::FILES);
        for (day, slots) in slots::by_day(document, &[History::Read, History::Written], u32::MAX) {
            self.reports.entry((day, relay)).or_default().1.merge(&slots);
        }
    }

    fn report(&mut self, relay: Id, time: Option<Timestamp>, what: Reports) {
        if let Some(time) = time {
            self.reports.entry((Day::of(time), relay)).or_default().0.0 |= what.0;
        }
    }

    fn declare(&mut self, key: u64, declaration: Declaration) {
        let known = self.declarations.entry(key).or_default();
        if *known < declaration {
            *known = declaration;
        }
    }

    /// Adds what other facts hold.
    pub(super) fn merge(&mut self, other: Facts) {
        id::join(&mut self.descriptors, other.descriptors, |known, it| *known = (*known).max(it));
        id::join(&mut self.reports, other.reports, |known, it| {
            known.0.0 |= it.0.0;
            known.1.merge(&it.1);
        });
        other.declarations.into_iter().for_each(|(key, declaration)| self.declare(key, declaration));
    }

    /// Takes out what was reported on or of each day.
    pub(super) fn take_reports(&mut self) -> BTreeMap<Day, Facts> {
        let mut days: BTreeMap<Day, Facts> = BTreeMap::new();
        for ((day, relay), reports) in std::mem::take(&mut self.reports) {
            days.entry(day).or_default().reports.insert((day, relay), reports);
        }
        days
    }

    /// Takes out descriptors by digest and declarations by key, as bytes.
    pub(super) fn take(&mut self) -> Vec<(Id, Vec<u8>)> {
        let descriptors = std::mem::take(&mut self.descriptors).into_iter();
        let declarations = std::mem::take(&mut self.declarations).into_iter();
        let descriptors = descriptors.map(|(digest, it)| (digest, bytes(&it)));
        descriptors.chain(declarations.map(|(key, it)| (declaration_id(key), bytes(&it)))).collect()
    }

    /// Adds one that was taken out. Returns whether it could be read.
    pub(super) fn give(&mut self, id: Id, fact: &[u8]) -> bool {
        if let Ok(descriptor) = ciborium::from_reader::<Descriptor, _>(fact) {
            let known = self.descriptors.entry(id).or_insert(descriptor);
            *known = (*known).max(descriptor);
            return true;
        }
        let declaration = ciborium::from_reader::<Declaration, _>(fact).ok();
        let key = id.0.first_chunk().map(|first| u64::from_be_bytes(*first));
        let read = declaration.zip(key);
        let was_read = read.is_some();
        read.into_iter().for_each(|(declaration, key)| self.declare(key, declaration));
        was_read
    }

    /// Of some descriptors those that are not there, and the declarations that are not there of the others.
    pub(super) fn missing(&self, digests: impl Iterator<Item = Id>) -> BTreeSet<Id> {
        let mut missing = BTreeSet::new();
        for digest in digests {
            match self.descriptors.get(&digest) {
                None => {
                    missing.insert(digest);
                }
                Some(Descriptor { declaration: key, .. })
                    if *key != 0 && !self.declarations.contains_key(key) =>
                {
                    missing.insert(declaration_id(*key));
                }
                Some(_) => {}
            }
        }
        missing
    }

    /// The server descriptor of a digest.
    pub(super) fn descriptor(&self, digest: &Id) -> Option<Descriptor> {
        self.descriptors.get(digest).copied()
    }

    /// What a descriptor says about families; `None` if nothing.
    pub(super) fn declaration(&self, descriptor: Descriptor) -> Option<&Declaration> {
        self.declarations.get(&descriptor.declaration)
    }

    /// What a relay has reported on or of a day.
    pub(super) fn reports(&self, day: Day, relay: Id) -> Reports {
        self.reports.get(&(day, relay)).map(|told| told.0).unwrap_or_default()
    }

    /// The bytes that a relay has read and written on a day, as far as it has reported any.
    pub(super) fn histories(&self, day: Day, relay: Id) -> Option<&Slots> {
        self.reports.get(&(day, relay)).map(|told| &told.1)
    }
}

/// What stands for a declaration among digests.
fn declaration_id(key: u64) -> Id {
    let mut id = Id([0xff; 20]);
    id.0[..8].copy_from_slice(&key.to_be_bytes());
    id
}

fn bytes(fact: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Memory can always be written to.
    drop(ciborium::into_writer(fact, &mut bytes));
    bytes
}

fn time(overload: Option<Overload>) -> Option<Timestamp> {
    overload.map(|overload| overload.time)
}

impl Declaration {
    fn of(document: &ServerDescriptor<'_>) -> Option<Self> {
        let lower = |name: &[u8]| String::from_utf8_lossy(name).to_ascii_lowercase().into_boxed_str();
        let (mut relays, mut names) = (Vec::<Id>::new(), Vec::<Box<str>>::new());
        for member in document.family.iter().flat_map(|family| family.members()) {
            match (member.fingerprint, member.nickname) {
                (Some(fingerprint), _) => relays.push(fingerprint.into()),
                (None, Some(nickname)) => names.push(lower(nickname)),
                (None, None) => {}
            }
        }
        let certificates = document.family_cert.iter().filter_map(|it| it.certificate()?.signed_with());
        let mut keys: Vec<Id> = certificates.filter_map(|key| key.0.first_chunk().copied().map(Id)).collect();
        relays.sort_unstable();
        relays.dedup();
        names.sort_unstable();
        names.dedup();
        keys.sort_unstable();
        keys.dedup();
        let says_something = !relays.is_empty() || !names.is_empty() || !keys.is_empty();
        says_something.then(|| Declaration {
            nickname: lower(document.router.nickname),
            relays: relays.into(),
            names: names.into(),
            keys: keys.into(),
        })
    }

    /// The same everywhere and for ever, as partials are stored; never 0.
    fn key(&self) -> u64 {
        let mut bytes = self.nickname.as_bytes().to_vec();
        for ids in [&self.relays, &self.keys] {
            bytes.push(b' ');
            ids.iter().for_each(|id| bytes.extend_from_slice(&id.0));
        }
        for name in &self.names {
            bytes.push(b' ');
            bytes.extend_from_slice(name.as_bytes());
        }
        sha1(&bytes).0.first_chunk().map_or(1, |first| u64::from_be_bytes(*first).max(1))
    }
}
