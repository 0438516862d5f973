//! The consensuses of a day, in little space.
//!
//! From one consensus to the next few entries change, and most of those only in their weight. So a day is a list of what
//! entries say that seldom changes ([`Row`]), each with the consensuses that have it and the weights there, as runs of
//! consensuses with the same weight. A day of 24 consensuses of 8,000 relays takes some two MB in place of eleven.
//!
//! Of two consensuses with the same valid-after time that differ (never seen) the one with the smaller mark stays.

use serde::{Deserialize, Serialize};

use crate::{
    document::Consensus,
    stats::{FlagSet, Id},
};

/// The running relays of some consensuses. There is one form for the same consensuses, however they came together.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Statuses {
    /// By time.
    pub(super) heads: Vec<Head>,
    /// In order, each with the place after its last run.
    rows: Vec<(Row, u32)>,
    runs: Vec<Run>,
}

/// A consensus without its entries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Head {
    /// When it became valid.
    pub(super) time: i64,
    /// Tells different consensuses of the same time apart.
    mark: u64,
    /// When the next one is due.
    pub(super) next: i64,
    /// How much of its bandwidth each kind of relay gives to each position.
    pub(super) weights: Option<Weights>,
}

/// Wgg, Wgd; Wmg, Wmm, Wme, Wmd; Wee, Wed. Unit: 1/10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Weights([i32; 8]);

/// What seldom changes from one entry of a relay to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "Packed", from = "Packed")]
pub(super) struct Row {
    /// The fingerprint.
    pub(super) relay: Id,
    /// Of its descriptor.
    pub(super) digest: Id,
    /// The IPv4 address.
    pub(super) address: u32,
    pub(super) kind: Kind,
}

/// A row as it is stored, without the names of fields.
type Packed = (Id, Id, u32, Kind);

impl From<Row> for Packed {
    fn from(Row { relay, digest, address, kind }: Row) -> Self {
        (relay, digest, address, kind)
    }
}

impl From<Packed> for Row {
    fn from((relay, digest, address, kind): Packed) -> Self {
        Row { relay, digest, address, kind }
    }
}

/// What decides about the positions of a relay in circuits: bit 0 that it is a guard, bit 1 that it is an effective exit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Kind(u8);

/// A row's weight in consecutive consensuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "(u32, u32, u32)", from = "(u32, u32, u32)")]
pub(super) struct Run {
    /// The first consensus, by its place among the heads.
    first: u32,
    count: u32,
    /// 0 if the entry has none.
    pub(super) weight: u32,
}

impl From<Run> for (u32, u32, u32) {
    fn from(Run { first, count, weight }: Run) -> Self {
        (first, count, weight)
    }
}

impl From<(u32, u32, u32)> for Run {
    fn from((first, count, weight): (u32, u32, u32)) -> Self {
        Run { first, count, weight }
    }
}

impl Run {
    /// The consensuses, by their places among the heads.
    pub(super) fn slots(&self) -> std::ops::Range<usize> {
        self.first as usize..self.first as usize + self.count as usize
    }
}

/// An entry in the consensus of a place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    row: Row,
    slot: u32,
    weight: u32,
}

impl Statuses {
    /// One consensus.
    pub(super) fn of(consensus: &Consensus<'_>, flags: &[FlagSet]) -> Self {
        let running = consensus.entries.iter().zip(flags).filter(|(_, flags)| flags.has(FlagSet::RUNNING));
        let cells = running.map(|(entry, flags)| {
            let weight = entry.weight.and_then(|weight| weight.bandwidth).unwrap_or(0);
            Cell {
                row: Row {
                    relay: entry.r.fingerprint.into(),
                    digest: entry.r.descriptor_digest.map_or(Id::default(), Id::from),
                    address: entry.r.address.into(),
                    kind: Kind::of(*flags),
                },
                slot: 0,
                weight: u32::try_from(weight).unwrap_or(u32::MAX),
            }
        });
        let mut cells: Vec<Cell> = cells.collect();
        cells.sort();
        cells.dedup_by_key(|cell| cell.row.relay);
        let head = Head {
            time: consensus.valid_after.0,
            mark: mark(&cells),
            next: consensus.fresh_until.0,
            weights: Weights::of(consensus),
        };
        Self::pack(vec![head], &cells)
    }

    /// All of several parts; they may have consensuses in common.
    pub(super) fn join(parts: Vec<Statuses>) -> Self {
        let mut heads: Vec<Head> = parts.iter().flat_map(|part| part.heads.iter().cloned()).collect();
        heads.sort();
        heads.dedup_by_key(|head| head.time);
        let mut taken = vec![false; heads.len()];
        let mut cells = Vec::with_capacity(parts.iter().map(Statuses::cells).sum());
        for part in parts {
            // Where its consensuses stand now; those that another part has brought, or that gave way, nowhere.
            let places = part.heads.iter().map(|head| {
                let place = heads.binary_search(head).ok()?;
                (!std::mem::replace(&mut taken[place], true)).then_some(place as u32)
            });
            let places: Vec<Option<u32>> = places.collect();
            for (row, runs) in part.rows() {
                for run in runs {
                    let slots = run.slots().filter_map(|slot| *places.get(slot)?);
                    cells.extend(slots.map(|slot| Cell { row: *row, slot, weight: run.weight }));
                }
            }
        }
        // Not unstable: the parts are sorted, which this makes use of.
        cells.sort();
        Self::pack(heads, &cells)
    }

    /// `cells` are sorted.
    fn pack(heads: Vec<Head>, cells: &[Cell]) -> Self {
        let (mut rows, mut runs): (Vec<(Row, u32)>, Vec<Run>) = (Vec::new(), Vec::new());
        for &Cell { row, slot, weight } in cells {
            let known = rows.last_mut().filter(|(known, _)| *known == row);
            match (known, runs.last_mut()) {
                (Some(_), Some(run)) if run.first + run.count == slot && run.weight == weight => {
                    run.count += 1
                }
                (known, _) => {
                    runs.push(Run { first: slot, count: 1, weight });
                    let end = runs.len() as u32;
                    match known {
                        Some((_, known)) => *known = end,
                        None => rows.push((row, end)),
                    }
                }
            }
        }
        rows.shrink_to_fit();
        runs.shrink_to_fit();
        Statuses { heads, rows, runs }
    }

    /// The rows in order, with their runs.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&Row, &[Run])> {
        let starts = std::iter::once(0).chain(self.rows.iter().map(|(_, end)| *end as usize));
        // Only a partial that somebody has made up can point to runs that it does not have.
        self.rows
            .iter()
            .zip(starts)
            .map(|((row, end), start)| (row, self.runs.get(start..*end as usize).unwrap_or_default()))
    }

    /// How many entries there are in all consensuses.
    fn cells(&self) -> usize {
        self.runs.iter().map(|run| run.count as usize).sum()
    }
}

impl Kind {
    fn of(flags: FlagSet) -> Self {
        Kind(u8::from(flags.has(FlagSet::GUARD)) | u8::from(flags.is_effective_exit()) << 1)
    }
}

impl Weights {
    /// `None` if one of them is missing.
    fn of(consensus: &Consensus<'_>) -> Option<Self> {
        let all = consensus.bandwidth_weights?;
        let mut weights = [0; 8];
        for (weight, name) in weights.iter_mut().zip(["Wgg", "Wgd", "Wmg", "Wmm", "Wme", "Wmd", "Wee", "Wed"])
        {
            *weight = all.get(name)?.max(0);
        }
        Some(Weights(weights))
    }

    /// How much of its bandwidth a relay gives as a guard, in the middle and as an exit (spec §8.1). Unit: 1/10,000.
    pub(super) fn positions(self, kind: Kind) -> [f64; 3] {
        let [gg, gd, mg, mm, me, md, ee, ed] = self.0.map(f64::from);
        match kind.0 {
            0 => [0.0, mm, 0.0],
            1 => [gg, mg, 0.0],
            2 => [0.0, me, ee],
            _ => [gd, md, ed],
        }
    }
}

/// A short digest of entries that is the same everywhere and for ever, as partials are stored.
fn mark(cells: &[Cell]) -> u64 {
    let mut bytes = Vec::with_capacity(cells.len() * 49);
    for Cell { row, weight, .. } in cells {
        bytes.extend_from_slice(&row.relay.0);
        bytes.extend_from_slice(&row.digest.0);
        bytes.extend_from_slice(&row.address.to_be_bytes());
        bytes.push(row.kind.0);
        bytes.extend_from_slice(&weight.to_be_bytes());
    }
    crate::document::sha1(&bytes).0.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A consensus: relays with their weights.
    fn status(time: i64, relays: &[(u8, u32)]) -> Statuses {
        let cell = |&(relay, weight): &(u8, u32)| Cell {
            row: Row { relay: Id([relay; 20]), digest: Id::default(), address: 7, kind: Kind(0) },
            slot: 0,
            weight,
        };
        let cells: Vec<Cell> = relays.iter().map(cell).collect();
        Statuses::pack(vec![Head { time, mark: mark(&cells), next: time + 1, weights: None }], &cells)
    }

    /// A relay with its runs: first slot, how many, weight.
    type Shown = (u8, Vec<(u32, u32, u32)>);

    fn shown(statuses: &Statuses) -> Vec<Shown> {
        statuses
            .rows()
            .map(|(row, runs)| (row.relay.0[0], runs.iter().map(|&run| run.into()).collect()))
            .collect()
    }

    #[test]
    fn equal_weights_become_runs_whatever_came_first() {
        let all =
            || vec![status(0, &[(1, 5), (2, 6)]), status(1, &[(1, 5)]), status(2, &[(1, 5), (2, 6), (3, 1)])];
        let expected = vec![(1, vec![(0, 3, 5)]), (2, vec![(0, 1, 6), (2, 1, 6)]), (3, vec![(2, 1, 1)])];
        let joined = Statuses::join(all());
        assert_eq!((joined.heads.len(), shown(&joined)), (3, expected.clone()));
        let mut reversed = all();
        reversed.reverse();
        let [first, second, third] = <[Statuses; 3]>::try_from(reversed).expect("three");
        // Nested, and with one of them twice.
        let part = Statuses::join(vec![first, third]);
        let again = Statuses::join(vec![second, status(0, &[(1, 5), (2, 6)])]);
        assert_eq!(shown(&Statuses::join(vec![part, again])), expected);
    }

    #[test]
    fn of_two_consensuses_of_a_time_one_stays() {
        let both = [&[(1, 5)][..], &[(2, 6)]];
        let joined =
            [[0, 1], [1, 0]].map(|order| shown(&Statuses::join(order.map(|at| status(9, both[at])).into())));
        assert_eq!(joined[0], joined[1]);
        assert_eq!(joined[0].len(), 1);
    }

    #[test]
    fn exits_are_guards_too_where_flags_say_so() {
        let weights = Weights([1, 2, 3, 4, 5, 6, 7, 8]);
        let positions = |flags: FlagSet| weights.positions(Kind::of(flags));
        let both = FlagSet(FlagSet::GUARD.0 | FlagSet::EXIT.0);
        assert_eq!(positions(both), [2.0, 6.0, 8.0]);
        assert_eq!(positions(FlagSet(both.0 | FlagSet::BAD_EXIT.0)), [1.0, 3.0, 0.0]);
        assert_eq!([positions(FlagSet::EXIT), positions(FlagSet::FAST)], [[0.0, 5.0, 7.0], [0.0, 4.0, 0.0]]);
    }
}
