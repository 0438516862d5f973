//! The censorship detector (spec §6; task 2718): between what bounds the users of a country are expected.
//!
//! Users of a day are compared with those of a week before. Over the largest countries these ratios make a normal
//! distribution, and users of a country are Poisson distributed around last week's number; the bounds are the products of
//! both distributions' quantiles, 1 in 10,000 on either side.

mod quantiles;

use std::collections::BTreeMap;

use self::quantiles::{NORMAL, NORMAL_2013, poisson};
use super::{Day, Profile, number::quantile};

/// How many of the largest countries make the distribution.
const LARGEST: usize = 50;

/// Days between the two numbers of a ratio.
const WEEK: i32 = 7;

/// How many ratios there must be after the outliers are gone.
const FEWEST: usize = 8;

/// The chance that users are below the lower bound, and that they are above the upper one.
const CHANCE: f64 = 0.0001;

/// The bounds for a country and a day. Whole numbers, except in 2013.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Fewer users are a downturn.
    pub lower: f64,
    /// More users are an upturn.
    pub upper: f64,
}

impl Range {
    /// Whether a number of users is outside, and on which side.
    pub fn event(&self, users: f64) -> Option<Event> {
        match () {
            () if users < self.lower => Some(Event::Downturn),
            () if users > self.upper => Some(Event::Upturn),
            () => None,
        }
    }
}

/// What may be an event of censorship.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// Fewer users than expected.
    Downturn,
    /// More users than expected.
    Upturn,
}

/// Daily users of relays by country, over all of time.
#[derive(Debug, Clone, Default)]
pub struct Detector {
    profile: Profile,
    countries: BTreeMap<String, BTreeMap<Day, i64>>,
    last: Option<Day>,
}

impl Detector {
    /// Nothing yet.
    pub fn new(profile: Profile) -> Self {
        Detector { profile, ..Detector::default() }
    }

    /// Adds a day's users of a country, `??` or all (an empty name), which have no bounds.
    pub fn add(&mut self, day: Day, country: &str, users: i64) {
        self.last = self.last.max(Some(day));
        if !matches!(country, "" | "??") {
            self.countries.entry(country.to_owned()).or_default().insert(day, users);
        }
    }

    /// The bounds of all countries and days that have some.
    pub fn ranges(&self) -> BTreeMap<(String, Day), Range> {
        let changes = self.changes();
        let mut quantiles = BTreeMap::new();
        let mut ranges = BTreeMap::new();
        for (country, users) in &self.countries {
            for (day, _, before) in weeks(users).filter(|(_, _, before)| *before > 0) {
                let Some(change) = changes.get(&day) else { continue };
                let poisson = *quantiles.entry(before).or_insert_with(|| expected(before));
                if let Some(range) = self.range(change, poisson) {
                    ranges.insert((country.clone(), day), range);
                }
            }
        }
        ranges
    }

    /// How the bounds of a country and some days came about, by [what has changed](Self::changes). Days without bounds are left out.
    pub fn reckonings(
        &self,
        changes: &BTreeMap<Day, Change>,
        country: &str,
        days: impl Iterator<Item = Day>,
    ) -> Vec<Reckoning> {
        let Some(of_country) = self.countries.get(country) else { return Vec::new() };
        let reckon = |day: Day| {
            let users = *of_country.get(&day)?;
            let before = of_country.get(&day.plus(-WEEK)).copied().filter(|before| *before > 0)?;
            let change = changes.get(&day)?.clone();
            let poisson = expected(before);
            let range = self.range(&change, poisson)?;
            Some(Reckoning { day, users, before, change, poisson, range })
        };
        days.filter_map(reckon).collect()
    }

    /// How the largest countries have changed, by day.
    pub fn changes(&self) -> BTreeMap<Day, Change> {
        let largest = self.largest();
        let mut ratios: BTreeMap<Day, Vec<f64>> = BTreeMap::new();
        for users in largest.iter().filter_map(|country| self.countries.get(*country)) {
            for (day, now, before) in weeks(users) {
                ratios.entry(day).or_default().push(now as f64 / before as f64);
            }
        }
        ratios.into_iter().filter_map(|(day, it)| Some((day, self.change(it)?))).collect()
    }

    /// The products of both quantiles; in 2013 only where they are in order.
    fn range(&self, change: &Change, (low, high): (f64, f64)) -> Option<Range> {
        let [least, greatest] = change.bounds();
        let (lower, upper) = (least * low, greatest * high);
        match self.profile {
            Profile::Y2013 => (lower < upper).then_some(Range { lower, upper }),
            Profile::Y2020 => Some(Range { lower: lower.trunc().max(0.0), upper: upper.trunc() }),
        }
    }

    /// The countries with most users on the last day, which stand for all of time.
    fn largest(&self) -> Vec<&str> {
        let users = |all: &BTreeMap<Day, i64>| self.last.and_then(|last| all.get(&last).copied());
        let mut countries: Vec<(i64, &str)> = self
            .countries
            .iter()
            .filter_map(|(country, all)| Some((users(all)?, country.as_str())))
            .collect();
        match self.profile {
            Profile::Y2013 => countries.sort_by(|a, b| b.cmp(a)),
            Profile::Y2020 => countries.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1))),
        }
        countries.into_iter().take(LARGEST).map(|(_, country)| country).collect()
    }

    /// How the largest countries have changed, without outliers; `None` if too few remain.
    fn change(&self, mut ratios: Vec<f64>) -> Option<Change> {
        ratios.sort_unstable_by(f64::total_cmp);
        let count = ratios.len();
        let (lower, median, upper) = match self.profile {
            Profile::Y2013 if count < FEWEST => return None,
            Profile::Y2013 => (ratios[count / 4], ratios[count / 2], ratios[3 * count / 4]),
            Profile::Y2020 => (quantile(&ratios, 0.25), quantile(&ratios, 0.5), quantile(&ratios, 0.75)),
        };
        let far = 4.0 * (upper - lower);
        let all = count;
        ratios.retain(|&ratio| ratio > median - far && ratio < median + far);
        if ratios.len() < FEWEST {
            return None;
        }
        let (sum, normal): (fn(&[f64]) -> f64, f64) = match self.profile {
            Profile::Y2013 => (sum_in_eights, NORMAL_2013),
            Profile::Y2020 => (|values| values.iter().sum(), NORMAL),
        };
        let count = ratios.len() as f64;
        let mean = sum(&ratios) / count;
        let squares: Vec<f64> = ratios.iter().map(|ratio| (ratio - mean) * (ratio - mean)).collect();
        let deviation = (sum(&squares) / count).sqrt();
        Some(Change { normal, all, kept: ratios.len(), quartiles: [lower, median, upper], mean, deviation })
    }
}

/// How the largest countries have changed within a week: ratios of users.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// How many ratios there are.
    pub all: usize,
    /// How many of them are no outliers.
    pub kept: usize,
    /// Of all ratios.
    pub quartiles: [f64; 3],
    /// Of those that are no outliers.
    pub mean: f64,
    /// The standard deviation of those.
    pub deviation: f64,
    /// So many standard deviations from the mean the bounds of the normal distribution are.
    pub normal: f64,
}

impl Change {
    /// The quantiles of the normal distribution: 1 in 10,000 is below the first, and above the second.
    pub fn bounds(&self) -> [f64; 2] {
        [self.mean - self.normal * self.deviation, self.mean + self.normal * self.deviation]
    }
}

/// A sum in numpy's order of operations, which decides about the last digits: eight sums that are added in pairs, and then
/// the rest. There are never so many values that numpy would divide them first.
fn sum_in_eights(values: &[f64]) -> f64 {
    let (blocks, rest) = values.as_chunks::<8>();
    let Some((first, blocks)) = blocks.split_first() else { return rest.iter().sum() };
    let mut sums = *first;
    for block in blocks {
        sums.iter_mut().zip(block).for_each(|(sum, value)| *sum += value);
    }
    let [a, b, c, d, e, f, g, h] = sums;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| sum + value)
}

/// How bounds came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Reckoning {
    /// The day.
    pub day: Day,
    /// Its users.
    pub users: i64,
    /// Those of a week before.
    pub before: i64,
    /// How the largest countries have changed.
    pub change: Change,
    /// The quantiles of the Poisson distribution around the number of a week before.
    pub poisson: (f64, f64),
    /// The products of both distributions' quantiles.
    pub range: Range,
}

/// How many users there may be where last week there were some: the quantiles of the Poisson distribution.
fn expected(before: i64) -> (f64, f64) {
    (poisson(CHANCE, before as f64), poisson(1.0 - CHANCE, before as f64))
}

/// Days with users and with users a week before: the day, and both numbers.
fn weeks(users: &BTreeMap<Day, i64>) -> impl Iterator<Item = (Day, i64, i64)> {
    users.iter().filter_map(|(&day, &now)| {
        let before = *users.get(&day.plus(-WEEK))?;
        (before != 0).then_some((day, now, before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_outside_of_bounds_are_events() {
        let range = Range { lower: 10.0, upper: 20.0 };
        assert_eq!(
            [9.0, 10.0, 20.0, 21.0].map(|users| range.event(users)),
            [Some(Event::Downturn), None, None, Some(Event::Upturn)]
        );
    }

    #[test]
    fn too_few_countries_have_no_bounds_and_enough_have() {
        for (countries, expected) in [(7, 0), (9, 9)] {
            let mut detector = Detector::new(Profile::Y2020);
            for at in 0..countries {
                for (day, users) in [(0, 1000), (7, 990 + 3 * at)] {
                    detector.add(Day(day), &format!("c{at}"), users);
                    detector.add(Day(day), "??", users);
                }
            }
            let ranges = detector.ranges();
            assert_eq!(ranges.len(), expected, "{countries}");
            assert!(ranges.values().all(|range| range.lower < 990.0 && range.upper > 1030.0));
        }
    }
}
