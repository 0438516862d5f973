//! Adding what new documents say.

use std::collections::{BTreeSet, HashSet};

use rusqlite::Transaction;

use super::{
    Numbers, StateError,
    crew::{Crew, Whose},
    database::{Kept, Part, pack, unpack},
};
use crate::stats::{Day, Id, Name, Statistic, registry::Visitor};

/// Adds partials.
pub(super) struct Add<'t, 'c> {
    pub(super) numbers: Numbers<'t>,
    pub(super) crew: &'c Crew<'static, 'c, Added>,
}

/// What has become of the part of a day.
pub(super) struct Added {
    /// `None` if it is as it was.
    part: Option<Part>,
    /// Which facts it looks for; `None` if there are no facts.
    missing: Option<BTreeSet<Id>>,
}

/// Keeps what has become of the part of a day.
pub(super) fn keep(
    transaction: &Transaction<'_>,
    (statistic, day): Whose,
    added: Added,
) -> Result<(), StateError> {
    let kept = Kept { transaction, statistic };
    added.missing.iter().try_for_each(|missing| kept.set_missing(day, missing))?;
    added.part.iter().try_for_each(|part| kept.set_part(day, part))
}

impl Visitor for Add<'_, '_> {
    type Error = StateError;

    fn visit<S: Statistic>(&mut self, name: Name, partial: &mut S) -> Result<(), StateError> {
        let kept = self.numbers.kept(name)?;
        partial.settle();
        let mut parts = std::mem::take(partial).split();
        let looking = match parts.whole.facts() {
            Some(facts) => add_facts::<S>(&kept, facts.take())?,
            None => BTreeSet::new(),
        };
        let touched: BTreeSet<Day> = parts.days.keys().chain(&looking).copied().collect();
        add_whole(&kept, parts.whole)?;
        for day in touched {
            let looked = looking.contains(&day);
            self.add_day(&kept, day, parts.days.remove(&day).unwrap_or_default(), looked)?;
        }
        Ok(())
    }
}

impl Add<'_, '_> {
    /// Adds to the part of a day. If it has `looked` for facts that are there now, its rows change even if it does not.
    fn add_day<S: Statistic>(
        &self,
        kept: &Kept<'_>,
        day: Day,
        mut part: S,
        looked: bool,
    ) -> Result<(), StateError> {
        let old = kept.part(day)?.map(|old| old.body);
        let looks_up = part.facts().is_some();
        let mut missing = None;
        if looks_up {
            let looked_for = kept.missing(day)?;
            let mut found = BTreeSet::new();
            if let Some(mut old) = old.as_deref().map(unpack::<S>).transpose()? {
                found.extend(old.facts().map(|facts| facts.missing()).unwrap_or_default());
                found.retain(|digest| !looked_for.contains(digest));
                part.merge(old);
            }
            missing = Some(look_up(kept, &mut part, found, looked_for)?);
        }
        self.crew.give((kept.statistic, day), move || {
            if let Some(old) = old.as_deref().filter(|_| !looks_up) {
                part.merge(unpack(old)?);
            }
            part.settle();
            if let Some(facts) = part.facts() {
                facts.take();
            }
            let body = pack(&part)?;
            let changed = looked || old.is_none_or(|old| old != body);
            Ok(Added { part: changed.then(|| Part { reach: part.reach(day), body }), missing })
        })
    }
}

/// Keeps facts. Returns the days that look for them. One that is another than before may be in the rows of any day.
pub(super) fn add_facts<S: Statistic>(
    kept: &Kept<'_>,
    mut facts: Vec<(Id, Vec<u8>)>,
) -> Result<BTreeSet<Day>, StateError> {
    // Neighbours in the database one after the other.
    facts.sort_unstable();
    let (mut new, mut changed) = (HashSet::new(), false);
    for (digest, fact) in facts {
        if kept.add_fact(&digest, &fact)? {
            new.insert(digest);
        } else if let Some(known) = kept.fact(&digest)?.filter(|known| *known != fact) {
            let mut both = S::default();
            let greater = both.facts().and_then(|facts| {
                facts.give(digest, &known);
                facts.give(digest, &fact);
                facts.take().pop()
            });
            for (digest, fact) in greater.into_iter().filter(|(_, fact)| *fact != known) {
                kept.set_fact(&digest, &fact)?;
                changed = true;
            }
        }
    }
    if changed {
        kept.forget_rows()?;
    }
    kept.looking(&new)
}

fn add_whole<S: Statistic>(kept: &Kept<'_>, mut whole: S) -> Result<(), StateError> {
    let known = kept.whole()?;
    if let Some(known) = &known {
        whole.merge(unpack(known)?);
    }
    whole.settle();
    let body = pack(&whole)?;
    if known.as_ref() != Some(&body) {
        kept.set_whole(&body)?;
        kept.forget_rows()?;
    }
    Ok(())
}

/// Gives a partial the facts that it looks for, but for those that are known to be there, and what else is wanted. One may
/// name others. Returns those that are not there.
pub(super) fn look_up<S: Statistic>(
    kept: &Kept<'_>,
    partial: &mut S,
    there: BTreeSet<Id>,
    mut wanted: BTreeSet<Id>,
) -> Result<BTreeSet<Id>, StateError> {
    let mut missing = BTreeSet::new();
    let Some(facts) = partial.facts() else { return Ok(missing) };
    let mut asked = there;
    wanted.append(&mut facts.missing());
    loop {
        wanted.retain(|digest| !asked.contains(digest));
        if wanted.is_empty() {
            return Ok(missing);
        }
        for digest in &wanted {
            match kept.fact(digest)? {
                Some(fact) if facts.give(*digest, &fact) => {}
                _ => drop(missing.insert(*digest)),
            }
        }
        asked.append(&mut wanted);
        wanted = facts.missing();
    }
}
