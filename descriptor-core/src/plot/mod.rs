//! Drawings of the graphs that Tor Metrics had, and of those that are new: as SVG, and as PNG with feature `png`.
//!
//! ```no_run
//! use descriptor_core::{plot::{Plot, Size}, stats::{Table, Tables, graphs::Query}};
//!
//! let text = std::fs::read_to_string("stats/modules/clients.csv")?;
//! let modules = Tables(vec![Tables::read_csv("clients", &text).ok_or("a module")??]);
//! let plot = Plot::of_id("userstats-relay-country").ok_or("a plot")?;
//! let figure = plot.figure(&modules, &Query::parse("country=ir&events=on"))?;
//! std::fs::write("iran.svg", figure.to_svg(Size::default()))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From tables to a drawing
//!
//! A [`Plot`] is one row of the catalogue: name, title, unit, the parameters that hold unless others are given, and a
//! function that turns rows into a [`Figure`]. It takes the table that [`graphs`](crate::stats::graphs) makes of the
//! modules' tables, so that a drawing shows the numbers of the file that the website gave for download, and keeps the rows
//! that the parameters want. A figure is plain data: panels, series, days and numbers. [`Figure::to_svg`] draws it; whoever
//! wants another form reads the figure.
//!
//! The look is the website's: 8 by 5 inches, a grey panel with white lines, the title in the middle, the value axis from 0,
//! marks of the date axis by the span that is shown, a gap where days are missing. Two things differ: the legend stands
//! above the panels and never over a line, and the colours are those of Okabe and Ito, which colour-blind people tell
//! apart; from the eighth series on lines are also dashed.
//!
//! The same figure gives the same bytes. Widths of texts are those of DejaVu Sans, so nothing has to be measured; PNGs are
//! set in that font, which comes along.
//!
//! # How to add a plot
//!
//! 1. Add the graph's file to [`graphs`](crate::stats::graphs), or only the table of a module. A test fails until each
//!    graph of `GRAPHS` has a row here.
//! 2. Add one line to `PLOTS` in `catalogue.rs`. Most need nothing else:
//!
//!    ```text
//!    plot("relays-country", "Relays by country", COUNT, |data| data.by("country", "relays")),
//!    plot("churn", "Relays that came and went", COUNT, |data| data.columns(&[("came", "New"), ("went", "Gone")])),
//!    plot("gini", "Concentration", Unit::FRACTION, |data| data.columns(&[("gini", "")])).of("concentration"),
//!    ```
//!
//!    `by` draws a line for each name in a column, the largest if there are many. `columns` draws a line for each column,
//!    under a name for the legend; of an empty list, for every column. `.or("flag=Exit")` gives parameters that hold unless others are given; a parameter chooses
//!    rows by the column of its name. `.of("module")` draws the table of a module that is no graph, `.of_2013("graph")` the file
//!    of a graph of 2013.
//!    `.ours()` says in the corner that the website never had it.
//! 3. What is more than lines gets a function in `special.rs`: `data.parts` splits rows, `data.quartiles_by` makes ribbons,
//!    `data.figure` takes panels. What is no series of days is a [`Ranking`]: bars, the longest first.

mod catalogue;
mod data;
mod dates;
mod figure;
#[cfg(feature = "png")]
mod png;
mod ranking;
mod special;
mod special_2013;
mod svg;
mod text;
mod unit;

use std::collections::BTreeSet;

use thiserror::Error;

use crate::stats::{
    Name, Profile, Table, Tables,
    graphs::{Graph, Query},
};
use catalogue::Origin;

pub use catalogue::{PLOTS, Plot};
pub use figure::{Figure, Panel, Series, Shape};
pub use ranking::{Bar, Ranking};
pub use svg::Size;
pub use unit::Unit;

/// The parameter that says what of the detector's events is drawn: `off`, `points`, `on`.
const EVENTS: &str = "events";

/// Why there is no drawing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// A table of a module is not there.
    #[error("{plot} is made of {}, and {missing} is missing", .modules.join(" and "))]
    NoTable {
        /// The plot.
        plot: &'static str,
        /// What it is made of.
        modules: Vec<&'static str>,
        /// What is missing.
        missing: &'static str,
    },
    /// The tables have no row that is wanted.
    #[error("{0} has no data for these days and parameters")]
    NoData(&'static str),
    /// A parameter that the plot does not have.
    #[error("{plot} cannot be drawn by {parameter}{}", listed(.there, "; it has "))]
    NoParameter {
        /// The plot.
        plot: &'static str,
        /// The parameter.
        parameter: String,
        /// The parameters that it has.
        there: Vec<String>,
    },
    /// A value that no row has.
    #[error("{plot} has no {parameter} {value}{}", listed(.there, "; there are "))]
    NoValue {
        /// The plot.
        plot: &'static str,
        /// The parameter.
        parameter: String,
        /// The value.
        value: String,
        /// The values that there are, in the order of names.
        there: Vec<String>,
    },
    /// The picture cannot be made.
    #[error("the PNG cannot be made: {0}")]
    Png(String),
}

/// A table with the date as its first column.
fn dated(table: &Table) -> Option<Table> {
    let (date, others): (Vec<_>, Vec<_>) = table.columns.iter().cloned().partition(|name| name == "date");
    table.arranged(&[date, others].concat()).ok()
}

fn listed(names: &[impl AsRef<str>], before: &str) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    if names.is_empty() { String::new() } else { format!("{before}{}", names.join(", ")) }
}

impl Plot {
    /// The plot of a name.
    pub fn of_id(id: &str) -> Option<&'static Plot> {
        PLOTS.iter().find(|plot| plot.id == id)
    }

    /// The modules whose tables it is made of.
    pub fn modules(&self) -> Vec<&'static str> {
        let of = |graph: Option<&Graph>| graph.map(|graph| graph.modules.to_vec()).unwrap_or_default();
        match self.origin {
            Origin::Module(module) => vec![module],
            Origin::Graph => of(Graph::of_id(self.id)),
            Origin::Graph2013(id) => of(Graph::of_2013(id)),
        }
    }

    /// The statistics that make its tables, each with the state of the originals in which it does.
    pub fn statistics(&self) -> Vec<(Name, Profile)> {
        let making = |module| match self.origin {
            Origin::Graph2013(_) => {
                Name::making_in(module, Profile::Y2013).map(|name| (name, Profile::Y2013))
            }
            Origin::Graph | Origin::Module(_) => Name::making(module),
        };
        self.modules().into_iter().filter_map(making).collect()
    }

    /// What is to be drawn, of the tables of modules.
    pub fn figure(&self, modules: &Tables, query: &Query) -> Result<Figure, Error> {
        let needed = self.modules();
        if let Some(missing) = needed.iter().find(|name| modules.get(name).is_none()) {
            return Err(Error::NoTable { plot: self.id, missing, modules: needed });
        }
        let query = self.completed(query);
        let mut table = match (self.origin, Graph::of_id(self.id)) {
            (Origin::Module(module), _) => modules.get(module).cloned(),
            (Origin::Graph2013(id), _) => {
                let table = Graph::of_2013(id).and_then(|graph| graph.draw(modules, Query::default())?.table);
                table.and_then(|table| dated(&table))
            }
            (Origin::Graph, Some(graph)) => {
                let draw = |query| graph.draw(modules, query).and_then(|drawn| drawn.table);
                // All values, so that one that is not there can be told from others …
                let mut parameters = query.dates();
                // … but this graph has another table for all countries.
                if self.id == "userstats-bridge-combined" && query.value("country") == Some("all") {
                    parameters.push("country", "all");
                }
                let table = draw(parameters.clone());
                // What is no column decides how the table is made.
                let column = |name: &str| table.as_ref().is_some_and(|table| table.column(name).is_some());
                let defaults = Query::parse(self.defaults);
                let names = defaults.pairs().map(|(name, _)| name);
                let others: BTreeSet<&str> = names.filter(|it| *it != EVENTS && !column(it)).collect();
                for name in &others {
                    query.values(name).for_each(|value| parameters.push(name, value));
                }
                if others.is_empty() { table } else { draw(parameters) }
            }
            (Origin::Graph, None) => None,
        }
        .ok_or(Error::NoData(self.id))?;
        self.select(&mut table, &query)?;
        self.drawn(&table, &query)
    }

    /// What is to be drawn, of the graph's own table: a file that was downloaded from the website.
    pub fn figure_of_graph(&self, table: &Table, query: &Query) -> Result<Figure, Error> {
        let query = self.completed(query);
        let mut table = table.clone();
        self.select(&mut table, &query)?;
        self.drawn(&table, &query)
    }

    /// The parameters with those that hold where none are given.
    fn completed(&self, query: &Query) -> Query {
        let (mut all, defaults) = (query.clone(), Query::parse(self.defaults));
        for (name, value) in defaults.pairs().filter(|(name, _)| query.value(name).is_none()) {
            all.push(name, value);
        }
        all
    }

    /// Keeps the rows that are wanted: a parameter chooses by the column of its name.
    fn select(&self, table: &mut Table, query: &Query) -> Result<(), Error> {
        table.retain(|row| row[0].day().is_some_and(|day| query.has_day(day)));
        if table.is_empty() {
            return Err(Error::NoData(self.id));
        }
        let defaults = Query::parse(self.defaults);
        let names = query.pairs().map(|(name, _)| name);
        let parameters: BTreeSet<&str> = names.filter(|it| !matches!(*it, "start" | "end")).collect();
        for parameter in parameters {
            let Some(at) = table.column(parameter) else {
                if defaults.value(parameter).is_some() {
                    continue;
                }
                let named = table.columns.iter().enumerate().skip(1);
                let names = named.filter(|(at, _)| table.rows().any(|row| !row[*at].text().is_empty()));
                let columns = names.map(|(_, name)| name.to_string());
                let others = defaults.pairs().map(|(name, _)| name.to_owned());
                let there: BTreeSet<String> = columns.chain(others).collect();
                let (parameter, there) = (parameter.to_owned(), there.into_iter().collect());
                return Err(Error::NoParameter { plot: self.id, parameter, there });
            };
            let there: BTreeSet<String> = table.rows().map(|row| data::key(parameter, &row[at])).collect();
            // A default that is not there leaves others.
            let asked = |value: &&str| !defaults.values(parameter).any(|it| it == *value);
            let missing = query.values(parameter).filter(asked).find(|it| !there.contains(*it));
            if let Some(value) = missing {
                let (value, there) =
                    (value.to_owned(), there.into_iter().filter(|it| !it.is_empty()).collect());
                return Err(Error::NoValue { plot: self.id, parameter: parameter.to_owned(), value, there });
            }
            table.retain(|row| query.wants(parameter, &data::key(parameter, &row[at])));
        }
        Ok(())
    }

    fn drawn(&self, table: &Table, query: &Query) -> Result<Figure, Error> {
        let figure = (self.draw)(&data::Data::new(self, table, query));
        if figure.span().is_none() { Err(Error::NoData(self.id)) } else { Ok(figure) }
    }
}
