//! Names by a number, the greatest first: the website's top-10 tables as bars.

use super::{
    Figure, Unit,
    data::Data,
    special::{DOWNTURN, UPTURN},
};
use crate::stats::{
    Cell, Day,
    top_countries::{SPAN, Top, table},
};

/// Bars, the longest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// The days that it is of, first and last.
    pub span: (Day, Day),
    /// The unit of the value axis.
    pub unit: Unit,
    /// What each part of a bar is, and its colour. A name that is alone is empty, and in no legend.
    pub parts: Vec<(&'static str, &'static str)>,
    /// The bars.
    pub bars: Vec<Bar>,
}

/// A bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// What stands before it.
    pub name: String,
    /// How long each part is.
    pub values: Vec<f64>,
    /// What stands behind it.
    pub text: String,
}

impl Bar {
    /// How long it is.
    pub fn length(&self) -> f64 {
        self.values.iter().sum()
    }
}

/// Of one number.
const PLAIN: (&str, &str) = ("", "#0072B2");

/// One of the three tables, of the rows of `clients` of the last days, unless others are asked for.
pub(super) fn top_countries(data: &Data<'_>, top: Top) -> Figure {
    let day = |name| data.query.value(name).and_then(Day::parse);
    let found = || data.rows.iter().filter_map(|row| row[0].day());
    let last = day("end").or_else(|| found().max()).unwrap_or_default();
    let first = day("start").unwrap_or_else(|| last.plus(-SPAN).max(found().min().unwrap_or_default()));
    let rows = data.rows.iter().filter(|row| row[0].day().is_some_and(|day| first <= day && day <= last));
    let table = table(top, rows.copied());
    let bar = |row: &[Cell]| {
        let [_, country, one, two] = row else { return None };
        let (one, two) = (number(one)?, number(two)?);
        let (values, text) = match top {
            Top::Events => (vec![one, two], format!("{one} down, {two} up")),
            Top::Relays | Top::Bridges => (vec![one], format!("{} ({two:.2}%)", data.unit.show(one))),
        };
        Some(Bar { name: country.text().to_owned(), values, text })
    };
    let bars: Vec<Bar> = table.rows().filter_map(bar).filter(|bar| bar.length() > 0.0).collect();
    let (parts, what) = match top {
        Top::Events => (vec![DOWNTURN, UPTURN], "days with fewer or more users than expected"),
        Top::Relays | Top::Bridges => (vec![PLAIN], "mean of the days, and share of all users"),
    };
    let span = (first, last);
    let ranking = Some(Ranking { span, unit: data.unit, parts, bars }).filter(|it| !it.bars.is_empty());
    let note = Some(format!("{first} to {last}: {what}"));
    Figure { ranking, note, ..data.figure(Vec::new()) }
}

/// Some numbers of the tables are written as R writes them.
fn number(cell: &Cell) -> Option<f64> {
    cell.number().or_else(|| cell.text().parse().ok())
}
