//! Families: relays that are run by the same people, as they say themselves.
//!
//! `relay-families`: `date`, `family` (the smallest fingerprint in it; missing in the row of relays without family), `members`
//! (relays that were running at any time of the day), then the columns of [`places`](super::places) but for `database`.
//! `bandwidth-families`: `date`, `family`, then the columns of [`consumed`].
//!
//! Two relays are of one family if each lists the other in `family` of its server descriptor, by fingerprint or nickname (tor
//! chooses no two of them for a circuit), or if both have a certificate by the same family key, `family-cert` (since tor
//! 0.4.9). So that a relation of pairs makes groups, families that have a member in common are one. All descriptors that a
//! relay had on the day count together, so that a family does not fall apart while its operator restarts the relays.
//!
//! Certificates are not verified here: authorities accept no descriptor with a bad one, so none is in a consensus.

use std::collections::BTreeMap;

use super::{
    consumed,
    facts::{Declaration, Facts},
    view::{COLUMNS, Groups, Part, Seen, View},
};
use crate::{
    stats::{Cell, Id, Map, Table},
    value::Hex,
};

/// The tables of families.
pub(super) struct Families {
    pub(super) table: Table,
    /// Of consumed bandwidth.
    pub(super) consumed: Table,
}

impl Default for Families {
    fn default() -> Self {
        let columns = [&["date", "family", "members"][..], &COLUMNS].concat();
        let of_consumed = [&["date", "family"][..], &consumed::COLUMNS].concat();
        Families {
            table: Table::new("relay-families", &columns),
            consumed: Table::new("bandwidth-families", &of_consumed),
        }
    }
}

impl Families {
    /// Adds a day; gives the parts of families, relays without one being each its own.
    pub(super) fn add(&mut self, view: &View<'_>, facts: &Facts) -> Groups {
        let relays = declared(view, facts);
        let parts: Vec<Part> = view.relays_alone();
        let mut families: BTreeMap<usize, (i64, Part)> = BTreeMap::new();
        for (relay, family) in components(&relays).into_iter().enumerate() {
            let (members, part) = families.entry(family).or_default();
            *members += 1;
            *part += parts[relay];
        }
        let (mut alone, mut lonely) = (0, Part::default());
        for (family, (members, part)) in &families {
            if *members == 1 {
                alone += 1;
                lonely += *part;
            } else {
                self.push(view, Hex(relays[*family].0.0).to_string().into(), *members, part);
            }
        }
        if alone > 0 {
            self.push(view, Cell::Missing, alone, &lonely);
        }
        families.into_values().map(|(_, part)| part).collect()
    }

    fn push(&mut self, view: &View<'_>, family: Cell, members: i64, part: &Part) {
        let start = [view.day.into(), family.clone(), members.into()];
        self.table.push_all(start.into_iter().chain(view.cells(part)));
        self.consumed.push_all([view.day.into(), family].into_iter().chain(part.used.cells(view)));
    }
}

/// A relay and what its descriptors of the day say about families.
pub(super) type Declared<'f> = (Id, Vec<&'f Declaration>);

/// The relays of a day in order of their fingerprints.
pub(super) fn declared<'f>(view: &View<'_>, facts: &'f Facts) -> Vec<Declared<'f>> {
    let said = |rows: &[Seen<'_>]| {
        let said = rows.iter().filter_map(|seen| facts.declaration(seen.descriptor?));
        let mut said: Vec<&Declaration> = said.collect();
        said.sort_unstable();
        said.dedup();
        said
    };
    view.relays().map(|(relay, rows)| (relay, said(rows))).collect()
}

/// Of each relay the place of the first one of its family. Relays are in order of their fingerprints.
pub(super) fn components(relays: &[Declared<'_>]) -> Vec<usize> {
    let mut names: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, (_, said)) in relays.iter().enumerate() {
        for declaration in said {
            names.entry(&declaration.nickname).or_default().push(at);
        }
    }
    let mut components = Components((0..relays.len()).collect());
    let mut keys: Map<Id, usize> = Map::default();
    for (at, (_, said)) in relays.iter().enumerate() {
        for declaration in said {
            let listed =
                declaration.relays.iter().filter_map(|id| relays.binary_search_by_key(id, |it| it.0).ok());
            let named = declaration.names.iter().filter_map(|name| names.get(&**name)).flatten().copied();
            for other in listed.chain(named) {
                // A pair is met from both sides; once is enough.
                if other < at && lists(&relays[other], &relays[at]) {
                    components.join(at, other);
                }
            }
            for key in &declaration.keys {
                components.join(at, *keys.entry(*key).or_insert(at));
            }
        }
    }
    (0..relays.len()).map(|at| components.first(at)).collect()
}

/// Whether two relays are of one family by what they say of each other, or by a key.
pub(super) fn agree(relay: &Declared<'_>, other: &Declared<'_>) -> bool {
    let has_key = |key| other.1.iter().any(|declaration| declaration.keys.contains(key));
    let by_key = relay.1.iter().any(|declaration| declaration.keys.iter().any(has_key));
    by_key || lists(relay, other) && lists(other, relay)
}

/// Whether a relay lists another.
fn lists(relay: &Declared<'_>, other: &Declared<'_>) -> bool {
    relay.1.iter().any(|declaration| {
        let by_name = |it: &&Declaration| declaration.names.binary_search(&it.nickname).is_ok();
        declaration.relays.binary_search(&other.0).is_ok() || other.1.iter().any(by_name)
    })
}

/// Sets of numbers that have no number in common; each number points to a smaller one of its set, or to itself.
struct Components(Vec<usize>);

impl Components {
    /// The smallest number of a set.
    fn first(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> Id {
        Id([number; 20])
    }

    fn declaration(nickname: &str, relays: &[u8], names: &[&str], keys: &[u8]) -> Declaration {
        Declaration {
            nickname: nickname.into(),
            relays: relays.iter().copied().map(id).collect(),
            names: names.iter().map(|&name| name.into()).collect(),
            keys: keys.iter().copied().map(id).collect(),
        }
    }

    #[test]
    fn both_must_agree_and_families_with_a_common_member_are_one() {
        let said = [
            declaration("a", &[2, 3], &[], &[]),
            declaration("b", &[1, 4], &[], &[]),
            declaration("c", &[4], &[], &[]),
            declaration("d", &[2], &[], &[]),
            declaration("e", &[], &["f", "nobody"], &[]),
            declaration("f", &[5], &[], &[]),
            declaration("g", &[], &[], &[200]),
            declaration("h", &[], &[], &[200, 201]),
            declaration("i", &[], &[], &[201]),
        ];
        let mut relays: Vec<_> = (1u8..).zip(&said).map(|(number, it)| (id(number), vec![it])).collect();
        relays.push((id(10), vec![]));
        // 1 lists 3, and 3 does not list 1; 3 lists 4, and 4 does not list 3.
        assert_eq!(components(&relays), [0, 0, 2, 0, 4, 4, 6, 6, 6, 9]);
    }

    #[test]
    fn what_a_relay_said_in_any_descriptor_of_the_day_counts() {
        let said = [
            declaration("a", &[2], &[], &[]),
            declaration("b", &[9], &[], &[]),
            declaration("b", &[1], &[], &[]),
        ];
        let [a, b, c] = &said;
        assert_eq!(components(&[(id(1), vec![a]), (id(2), vec![b])]), [0, 1]);
        assert_eq!(components(&[(id(1), vec![a]), (id(2), vec![b, c])]), [0, 0]);
    }
}
