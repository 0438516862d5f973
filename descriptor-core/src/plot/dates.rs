//! The date axis: where its marks are and what they say (spec §20).

use time::{Date, Duration, Month};

use crate::stats::Day;

/// How far apart the marks of an axis are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Days(i32),
    /// Mondays.
    Week,
    /// The first of each such month, counted from January.
    Months(u8),
    /// The first of January of each year that so many divide.
    Years(i32),
}

/// From fine to wide, with the longest span that each is for. Unit: days.
const STEPS: [(i32, Step); 7] = [
    (7, Step::Days(1)),
    (12, Step::Days(2)),
    (56, Step::Week),
    (180, Step::Months(1)),
    (600, Step::Months(3)),
    (2000, Step::Years(1)),
    (i32::MAX, Step::Years(2)),
];

/// The marks between two days: years where all are the first of January, months where all are the first of a month, else
/// days. Where a step leaves fewer than two marks, the next finer one is taken.
pub(super) fn marks(first: Day, last: Day) -> Vec<(Day, String)> {
    let span = last.0.saturating_sub(first.0);
    let at = STEPS.iter().position(|(most, _)| span <= *most).unwrap_or(STEPS.len() - 1);
    let days = STEPS[..=at]
        .iter()
        .rev()
        .map(|(_, step)| days(*step, first, last))
        .find(|days| days.len() >= 2)
        .unwrap_or_else(|| vec![first]);
    let dates: Vec<Date> = days.iter().map(|day| date(*day)).collect();
    let length = if dates.iter().all(|it| it.day() == 1 && it.month() == Month::January) {
        4
    } else if dates.iter().all(|it| it.day() == 1) {
        7
    } else {
        10
    };
    days.into_iter().map(|day| (day, day.to_string().chars().take(length).collect())).collect()
}

fn days(step: Step, first: Day, last: Day) -> Vec<Day> {
    let all = (first.0..=last.0).map(Day);
    match step {
        Step::Days(step) => all.step_by(step.unsigned_abs() as usize).collect(),
        // 1970-01-05 was a Monday.
        Step::Week => all.filter(|day| (day.0 - 4).rem_euclid(7) == 0).collect(),
        Step::Months(step) => all
            .filter(|day| {
                let date = date(*day);
                date.day() == 1 && (u8::from(date.month()) - 1) % step == 0
            })
            .collect(),
        Step::Years(step) => all
            .filter(|day| {
                let date = date(*day);
                date.ordinal() == 1 && date.year() % step == 0
            })
            .collect(),
    }
}

fn date(day: Day) -> Date {
    let epoch = const { Date::from_ordinal_date(1970, 1) };
    epoch.ok().and_then(|it| it.checked_add(Duration::days(day.0.into()))).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(first: &str, last: &str) -> Vec<String> {
        let [first, last] = [first, last].map(|day| Day::parse(day).expect("a day"));
        marks(first, last).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn marks_follow_the_span() {
        assert_eq!(texts("2020-12-03", "2020-12-05"), ["2020-12-03", "2020-12-04", "2020-12-05"]);
        assert_eq!(texts("2020-12-03", "2020-12-12").len(), 5);
        assert_eq!(texts("2020-12-03", "2020-12-25"), ["2020-12-07", "2020-12-14", "2020-12-21"]);
        assert_eq!(texts("2020-12-03", "2021-03-03"), ["2021-01", "2021-02", "2021-03"]);
        assert_eq!(texts("2020-02-03", "2021-03-03"), ["2020-04", "2020-07", "2020-10", "2021-01"]);
        assert_eq!(texts("2018-02-03", "2021-03-03"), ["2019", "2020", "2021"]);
        assert_eq!(texts("2009-12-31", "2019-03-03"), ["2010", "2012", "2014", "2016", "2018"]);
    }

    #[test]
    fn an_axis_has_two_marks_if_it_has_two_days() {
        assert_eq!(texts("2020-12-03", "2020-12-03"), ["2020-12-03"]);
        // One first of a month only, so that weeks are marked.
        assert_eq!(texts("2020-12-03", "2021-01-31").len(), 8);
    }
}
