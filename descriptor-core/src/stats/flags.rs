//! The flags of status entries as bits: read once a document, asked many times.

use serde::{Deserialize, Serialize};

use crate::value::Flags;

/// The names, by bit. A flag that is none of them is the last bit. To add one, put it at the end: partials are stored.
const NAMES: [&str; 18] = [
    "Guard",
    "Exit",
    "BadExit",
    "Running",
    "Fast",
    "Stable",
    "HSDir",
    "Authority",
    "Valid",
    "V2Dir",
    "Named",
    "Unnamed",
    "BadDirectory",
    "V3Dir",
    "NoEdConsensus",
    "StaleDesc",
    "Sybil",
    "MiddleOnly",
];

/// The bit of all other flags together.
const OTHER: u32 = 1 << 30;

/// A set of flags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FlagSet(pub u32);

impl FlagSet {
    /// Suitable as an entry guard.
    pub const GUARD: FlagSet = FlagSet(1);
    /// Suitable for exit circuits.
    pub const EXIT: FlagSet = FlagSet(1 << 1);
    /// Not to be used as an exit, whatever else is said.
    pub const BAD_EXIT: FlagSet = FlagSet(1 << 2);
    /// Currently usable.
    pub const RUNNING: FlagSet = FlagSet(1 << 3);
    /// Suitable for circuits that need much bandwidth.
    pub const FAST: FlagSet = FlagSet(1 << 4);
    /// Suitable for circuits that live long.
    pub const STABLE: FlagSet = FlagSet(1 << 5);
    /// Stores onion service descriptors.
    pub const HSDIR: FlagSet = FlagSet(1 << 6);
    /// A directory authority.
    pub const AUTHORITY: FlagSet = FlagSet(1 << 7);

    /// The flags of an entry; none if it has no such line.
    pub fn of(flags: Option<Flags<'_>>) -> Self {
        let bit = |name: &[u8]| match NAMES.iter().position(|it| it.as_bytes() == name) {
            Some(bit) => 1 << bit,
            None => OTHER,
        };
        FlagSet(flags.map_or(0, |flags| flags.iter().fold(0, |set, name| set | bit(name))))
    }

    /// Whether all flags of another set are there.
    pub fn has(self, other: FlagSet) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the relay is used as an exit: `Exit` and not `BadExit`.
    pub fn is_effective_exit(self) -> bool {
        self.has(Self::EXIT) && !self.has(Self::BAD_EXIT)
    }

    /// The bits that are set, lowest first.
    pub fn bits(self) -> impl Iterator<Item = usize> {
        (0..32).filter(move |bit| self.0 & (1 << bit) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_bits() {
        let set = FlagSet::of(Some(Flags(b"BadExit Exit Guard Running Unheard")));
        assert!(set.has(FlagSet::GUARD) && set.has(FlagSet::RUNNING) && !set.has(FlagSet::FAST));
        assert!(!set.is_effective_exit());
        assert_eq!(set.bits().collect::<Vec<_>>(), [0, 1, 2, 3, 30]);
        for (flag, name) in [
            (FlagSet::EXIT, "Exit"),
            (FlagSet::FAST, "Fast"),
            (FlagSet::STABLE, "Stable"),
            (FlagSet::HSDIR, "HSDir"),
            (FlagSet::AUTHORITY, "Authority"),
        ] {
            assert_eq!(FlagSet::of(Some(Flags(name.as_bytes()))), flag, "{name}");
        }
        assert_eq!(FlagSet::of(None), FlagSet::default());
    }
}
