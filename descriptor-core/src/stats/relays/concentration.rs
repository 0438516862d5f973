//! Concentration: how much of the network few have.
//!
//! `concentration`, one row for each `date`, `group` and `position`:
//!
//! | column | what it is | missing |
//! | --- | --- | --- |
//! | `group` | between whom: `relay`, `family` (a relay without one is its own), `as`, `country`; the last two where there are databases | |
//! | `position` | of what: `any` is the consensus weight, `guard` and `exit` the probability of being chosen for that position | |
//! | `members` | groups that have any of it | |
//! | `gini` | Gini coefficient of their shares: 0 if all have the same, near 1 if one has nearly all | no member |
//! | `top10` | share of the ten largest together | no member |
//! | `hhi` | Herfindahl-Hirschman index, the sum of the squared shares; the probability that two choices meet the same | no member |
//! | `effective` | effective number of groups, 1/`hhi`: so many of equal size would be as concentrated | no member |
//! | `known` | share of the whole that is in known groups; the others are left out of everything above | no consensus of the day has weights |
//! | `statuses` | consensuses of the day | |
//!
//! A group's share is the mean of its shares over the consensuses of the day, divided by the sum of all known groups.

use super::view::{Groups, Part, View, fraction};
use crate::stats::{Cell, Table};

/// The table.
pub(super) struct Concentration {
    pub(super) table: Table,
}

impl Default for Concentration {
    fn default() -> Self {
        let columns = [
            "date",
            "group",
            "position",
            "members",
            "gini",
            "top10",
            "hhi",
            "effective",
            "known",
            "statuses",
        ];
        Concentration { table: Table::new("concentration", &columns) }
    }
}

/// What a part has of something.
pub(super) type Measure = fn(&Part) -> f64;

/// Positions with what a part has of them.
pub(super) const POSITIONS: [(&str, Measure); 3] =
    [("any", |part| part.weight), ("guard", |part| part.positions[0]), ("exit", |part| part.positions[2])];

impl Concentration {
    /// Adds a day: the groups by name.
    pub(super) fn add(&mut self, view: &View<'_>, groups: &[(&'static str, Groups)]) {
        for (name, parts) in groups {
            for (position, of) in POSITIONS {
                let mut values: Vec<f64> = parts.iter().map(of).filter(|value| *value > 0.0).collect();
                let consensuses = if position == "any" { view.weighted } else { view.positioned };
                let known: f64 = values.iter().sum();
                let measures = Measures::of(&mut values);
                let number = |of: fn(&Measures) -> f64, decimals| {
                    measures.as_ref().map_or(Cell::Missing, |it| Cell::Fixed(of(it), decimals))
                };
                self.table.push([
                    view.day.into(),
                    (*name).into(),
                    position.into(),
                    Cell::Int(values.len() as i64),
                    number(|it| it.gini, 8),
                    number(|it| it.top10, 8),
                    number(|it| it.hhi, 8),
                    number(|it| 1.0 / it.hhi, 2),
                    fraction(known, consensuses),
                    Cell::Int(view.heads.len() as i64),
                ]);
            }
        }
    }
}

/// What is made of the values of groups.
pub(super) struct Measures {
    /// The sum of each value times its rank.
    pub(super) ranked: f64,
    pub(super) gini: f64,
    pub(super) top10: f64,
    pub(super) hhi: f64,
}

impl Measures {
    /// Of positive values, which are sorted on the way; `None` for none.
    pub(super) fn of(values: &mut [f64]) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let (count, sum) = (values.len() as f64, values.iter().sum::<f64>());
        if values.is_empty() {
            return None;
        }
        let ranked: f64 = (1..).zip(values.iter()).map(|(rank, value)| f64::from(rank) * value).sum();
        Some(Measures {
            ranked,
            // Of equal values, noise can be below nothing.
            gini: (2.0 * ranked / (count * sum) - (count + 1.0) / count).max(0.0),
            top10: values.iter().rev().take(10).sum::<f64>() / sum,
            hhi: values.iter().map(|value| (value / sum).powi(2)).sum(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measures(values: &[f64]) -> [f64; 3] {
        let Measures { gini, top10, hhi, .. } = Measures::of(&mut values.to_vec()).expect("values");
        [gini, top10, hhi].map(|it| (it * 1e6).round() / 1e6)
    }

    #[test]
    fn computed_by_hand() {
        assert_eq!(measures(&[7.0]), [0.0, 1.0, 1.0]);
        assert_eq!(measures(&[2.0; 4]), [0.0, 1.0, 0.25]);
        // Mean absolute difference of all pairs: (1+2+1)*2/9 = 8/9; over twice the mean, 4: 2/9.
        assert_eq!(measures(&[3.0, 1.0, 2.0]), [0.222222, 1.0, 0.388889]);
        // Ten of nine, ten of one.
        let two = [[9.0; 10], [1.0; 10]].concat();
        assert_eq!(measures(&two), [0.4, 0.9, 0.082]);
        assert!(Measures::of(&mut []).is_none());
    }
}
