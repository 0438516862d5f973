//! Entries of statuses joined with the descriptors that they name, as far as both are known.
//!
//! A status names descriptors by digest, and only entries whose descriptor is known count. The archive keeps both in
//! different files, so a partial may hold either without the other. A [`Join`] keeps
//!
//! - of a descriptor, by digest: what the statistic wants of it, for good, as any status may name it later;
//! - of a status, by its key: a [`Tally`] of the entries that found their descriptor, and the running entries that still
//!   wait for theirs, 28 bytes each.
//!
//! [`settle`](Join::settle) moves entries from the second to the first. That is repeatable because a tally is a function of
//! a *set* of entries that never shrinks: an entry leaves the waiting ones when its descriptor is known, and descriptors
//! are only added. Of two copies of a status, each settled by what its partial knew, the one with fewer waiting entries
//! goes on; what it has tallied, the union of descriptors gives too, and what it has not, is still in its list. So the
//! result is the status's entries joined with all descriptors, however it came about. A tally must not depend on the order
//! in which it is told.
//!
//! Two different documents with the same key (never seen) are told apart by a mark over their entries; the smaller mark
//! stays. The originals kept the first one that they read.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry as Place};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Day, FlagSet, Id, Map, id, parts::Facts, sorted};
use crate::value::Hex;

/// A running entry of a status, with what else a statistic wants of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Entry<M> {
    /// Of its descriptor.
    #[serde(rename = "d")]
    pub(super) digest: Id,
    #[serde(rename = "f")]
    pub(super) flags: FlagSet,
    #[serde(rename = "m")]
    pub(super) more: M,
}

/// What is made of the entries of a status, in any order.
pub(super) trait Tally<D, M> {
    /// Adds an entry and its descriptor.
    fn add(&mut self, entry: &Entry<M>, descriptor: &D);

    /// Called after entries were added.
    fn settle(&mut self) {}
}

/// What is known of a status.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Status<T, M = ()> {
    /// How many entries are running.
    pub(super) running: u32,
    /// Tells different documents with the same key apart.
    mark: u64,
    /// Running entries whose descriptor is not known yet, by digest.
    waiting: Vec<Entry<M>>,
    /// What was made of the others.
    pub(super) tally: T,
}

/// Statuses by key `K` with tallies `T` of entries with `M`, and descriptors `D` by digest.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(
    serialize = "K: Ord + Serialize, D: Serialize, T: Serialize, M: Serialize",
    deserialize = "K: Ord + Deserialize<'de>, D: Deserialize<'de>, T: Deserialize<'de>, M: Deserialize<'de>"
))]
pub(super) struct Join<K, D, T, M = ()> {
    #[serde(with = "sorted")]
    descriptors: Map<Id, D>,
    pub(super) statuses: BTreeMap<K, Status<T, M>>,
}

impl<K, D, T, M> Default for Join<K, D, T, M> {
    fn default() -> Self {
        Join { descriptors: Map::default(), statuses: BTreeMap::new() }
    }
}

impl<K: Ord, D: Copy + Ord, M: Copy + Ord + Serialize, T: Default + Tally<D, M>> Join<K, D, T, M> {
    /// Adds a status with its entries: digest, flags and more. Those that are not running are left out.
    pub(super) fn add_status(
        &mut self,
        key: K,
        entries: impl Iterator<Item = (Option<Hex<20>>, FlagSet, M)>,
    ) {
        let mut waiting = Vec::with_capacity(entries.size_hint().0);
        let mut running = 0;
        for (digest, flags, more) in entries.filter(|(_, flags, _)| flags.has(FlagSet::RUNNING)) {
            running += 1;
            waiting.extend(digest.map(|digest| Entry { digest: digest.into(), flags, more }));
        }
        // In the order of digests, so that an entry that stands there twice counts once.
        waiting.sort_unstable();
        waiting.dedup_by_key(|entry| entry.digest);
        self.join(key, Status { running, mark: mark(&waiting), tally: T::default(), waiting });
    }

    /// Adds a descriptor. Two different ones never have the same digest, unless one was sanitized twice; the greater stays.
    pub(super) fn add_descriptor(&mut self, digest: Id, descriptor: D) {
        let known = self.descriptors.entry(digest).or_insert(descriptor);
        *known = (*known).max(descriptor);
    }

    /// Adds what another join holds.
    pub(super) fn merge(&mut self, other: Self) {
        id::join(&mut self.descriptors, other.descriptors, |known, it| *known = (*known).max(it));
        for (key, status) in other.statuses {
            self.join(key, status);
        }
    }

    /// Tallies all entries whose descriptor is known by now.
    pub(super) fn settle(&mut self) {
        for status in self.statuses.values_mut() {
            let Status { tally, waiting, .. } = status;
            waiting.retain(|entry| match self.descriptors.get(&entry.digest) {
                Some(descriptor) => {
                    tally.add(entry, descriptor);
                    false
                }
                None => true,
            });
            waiting.shrink_to_fit();
            tally.settle();
        }
    }

    /// Takes the statuses of each day out, and leaves the descriptors.
    pub(super) fn split(&mut self, day: impl Fn(&K) -> Day) -> BTreeMap<Day, Self> {
        let mut days: BTreeMap<Day, Self> = BTreeMap::new();
        for (key, status) in std::mem::take(&mut self.statuses) {
            days.entry(day(&key)).or_default().statuses.insert(key, status);
        }
        days
    }

    fn join(&mut self, key: K, status: Status<T, M>) {
        match self.statuses.entry(key) {
            Place::Vacant(place) => drop(place.insert(status)),
            Place::Occupied(mut known) => {
                let rank = |it: &Status<T, M>| (it.mark, it.waiting.len());
                if rank(&status) < rank(known.get()) {
                    known.insert(status);
                }
            }
        }
    }
}

impl<K, D, T, M> Facts for Join<K, D, T, M>
where
    K: Ord,
    D: Copy + Ord + Serialize + DeserializeOwned,
    M: Copy + Ord + Serialize,
    T: Default + Tally<D, M>,
{
    fn take(&mut self) -> Vec<(Id, Vec<u8>)> {
        let bytes = |descriptor: &D| {
            let mut bytes = Vec::new();
            // Memory can always be written to.
            drop(ciborium::into_writer(descriptor, &mut bytes));
            bytes
        };
        let descriptors = std::mem::take(&mut self.descriptors);
        descriptors.iter().map(|(digest, descriptor)| (*digest, bytes(descriptor))).collect()
    }

    fn give(&mut self, digest: Id, fact: &[u8]) -> bool {
        let descriptor = ciborium::from_reader(fact);
        let read = descriptor.is_ok();
        descriptor.into_iter().for_each(|descriptor| self.add_descriptor(digest, descriptor));
        read
    }

    fn missing(&self) -> BTreeSet<Id> {
        let waiting = self.statuses.values().flat_map(|status| &status.waiting).map(|entry| entry.digest);
        waiting.filter(|digest| !self.descriptors.contains_key(digest)).collect()
    }
}

/// A short digest of a status's entries that is the same everywhere and for ever, as partials are stored.
fn mark<M: Serialize>(entries: &[Entry<M>]) -> u64 {
    let mut bytes = Vec::with_capacity(entries.len() * 28);
    for Entry { digest, flags, more } in entries {
        bytes.extend_from_slice(&digest.0);
        bytes.extend_from_slice(&flags.0.to_le_bytes());
        // Memory can always be written to, and what is written is the same everywhere.
        drop(ciborium::into_writer(more, &mut bytes));
    }
    let digest = crate::document::sha1(&bytes).0;
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Sum(u32);

    impl Tally<u32, ()> for Sum {
        fn add(&mut self, _: &Entry<()>, descriptor: &u32) {
            self.0 += descriptor;
        }
    }

    type Sums = Join<u8, u32, Sum>;

    fn status(join: &mut Sums, digests: &[u8]) {
        let entry = |&digest: &u8| (Some(Hex([digest; 20])), FlagSet::RUNNING, ());
        join.add_status(0, digests.iter().map(entry));
    }

    fn sum(mut join: Sums) -> (u32, usize) {
        join.settle();
        let status = &join.statuses[&0];
        (status.tally.0, status.waiting.len())
    }

    /// Both copies of the status have tallied, each what the other has not.
    #[test]
    fn copies_that_know_different_descriptors_merge() {
        for swap in [false, true] {
            let [mut a, mut b] = [Sums::default(), Sums::default()];
            status(&mut a, &[1, 2, 3, 4, 4]);
            status(&mut b, &[4, 3, 2, 1]);
            a.add_descriptor(Id([1; 20]), 1);
            b.add_descriptor(Id([2; 20]), 10);
            b.add_descriptor(Id([3; 20]), 100);
            a.settle();
            b.settle();
            if swap {
                std::mem::swap(&mut a, &mut b);
            }
            a.merge(b);
            status(&mut a, &[1, 2, 3, 4]);
            assert_eq!(sum(a), (111, 1));
        }
    }

    #[test]
    fn of_two_documents_one_stays_whoever_came_first() {
        let sums = [[&[1u8, 2][..], &[3]], [&[3], &[1, 2]]].map(|order| {
            let mut join = Sums::default();
            (1..=3).for_each(|digest| join.add_descriptor(Id([digest; 20]), u32::from(digest) * 5));
            order.into_iter().for_each(|digests| status(&mut join, digests));
            sum(join)
        });
        assert_eq!(sums[0], sums[1]);
    }
}
