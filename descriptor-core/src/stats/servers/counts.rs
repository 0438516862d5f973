//! What is counted of one status.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Descriptor, Series, Server};
use crate::stats::{
    FlagSet,
    join::{Entry, Tally},
};

/// The entries of a status whose descriptors are known, by every group.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Counts {
    /// By flag, lowest bit first.
    pub(super) flags: [u32; 32],
    /// By series; `None` is that of entries whose descriptor tells none.
    pub(super) series: BTreeMap<Option<Series>, u32>,
    /// By platform, as [`super::tables::PLATFORMS`] numbers them.
    pub(super) platforms: [u32; 5],
    /// By [`Protocols`], entries and the sum of their advertised bandwidth.
    pub(super) protocols: BTreeMap<Protocols, (u32, u64)>,
}

/// What decides about IPv6, in the order of columns and rows. Relays have all, bridges only `announced`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Protocols {
    pub(super) guard: bool,
    pub(super) exit: bool,
    pub(super) announced: bool,
    pub(super) exiting: bool,
    pub(super) reachable: bool,
}

impl Protocols {
    /// What is known of relays or of bridges: of bridges one thing only, and the rest must not make groups.
    pub(super) fn known_of(self, server: Server) -> Self {
        match server {
            Server::Relay => self,
            Server::Bridge => Protocols { announced: self.announced, ..Protocols::default() },
        }
    }
}

impl Tally<Descriptor, bool> for Counts {
    fn add(&mut self, entry: &Entry<bool>, descriptor: &Descriptor) {
        let flags = entry.flags;
        for bit in flags.bits() {
            self.flags[bit] += 1;
        }
        *self.series.entry(descriptor.series).or_default() += 1;
        self.platforms[usize::from(descriptor.platform) % 5] += 1;
        let protocols = Protocols {
            guard: flags.has(FlagSet::GUARD),
            exit: flags.is_effective_exit(),
            announced: descriptor.announced,
            exiting: descriptor.exiting,
            reachable: entry.more,
        };
        let group = self.protocols.entry(protocols).or_default();
        group.0 += 1;
        group.1 += u64::from(descriptor.advertised);
    }
}

impl Counts {
    /// How many entries were counted.
    pub(super) fn entries(&self) -> u64 {
        self.platforms.iter().copied().map(u64::from).sum()
    }

    /// How many flags the counted entries have together.
    pub(super) fn all_flags(&self) -> u64 {
        self.flags.iter().copied().map(u64::from).sum()
    }
}
