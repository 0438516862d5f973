//! Statistics of the network, as Tor Metrics published them: every number and the file of every graph.
//!
//! ```no_run
//! use descriptor_core::{netdoc::frames, stats::{Name, Options, Partials}, value::Timestamp};
//!
//! let mut partials = Partials::new(Name::ALL);
//! for path in ["recent/consensus", "recent/descriptors"] {
//!     let bytes = std::fs::read(path)?;
//!     for frame in frames(&bytes, None) {
//!         partials.add_frame(frame, path);
//!     }
//! }
//! let (modules, graphs) = partials.tables(&Options::at(Timestamp(1_610_366_400)));
//! for table in &modules.0 {
//!     std::fs::write(format!("{}.csv", table.name), table.to_csv())?;
//! }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # The idea
//!
//! A statistic is a *partial result* that documents are added to, that merges with others, and that tables are made of at
//! the end ([`Statistic`]). Partials are plain data: a day, a tarball or a part of a cluster's data makes one, it is
//! [saved](Partials::save), and anything merges it. **Order, split and repetition change no byte of the result**: a
//! laptop, a pool of threads and a cluster run the same code, a re-import changes nothing, and one more hour costs the
//! work of one hour. This module sees documents and never files; it knows no clock ([`Options::now`] is told) and starts
//! no thread.
//!
//! For this to hold, a partial is made of three things only:
//!
//! - **sets and maps** whose keys say what makes a fact unique: the time and the authority of a status, the digest of a
//!   descriptor, fingerprint and interval of what a relay has counted. A fact that comes again finds itself there. A counter
//!   that is raised by each document would not;
//! - **a rule for two that have the same key and differ**, which does not ask who came first: the maximum, the smaller
//!   mark, the union. The originals took the first or the last; where that shows, the module's documentation says it;
//! - **whole numbers**. Fractions are computed in `finish`, in the order of keys, for sums of fractions depend on their
//!   order.
//!
//! A join, such as of status entries with the descriptors that they name, may be counted as soon as both sides are there
//! ([`Statistic::settle`]), *if* three things hold: what is counted is a function of the pair alone; the key of the whole
//! (a status) is kept, so that a repetition is noticed; and both sides of a merge can go on from either's count, because
//! what was counted can only be what the union of both would count. `join.rs` does it for status entries and descriptors,
//! and says why it stays small.
//!
//! # By day
//!
//! A partial is taken [apart by day](Statistic::split), and the rows of a day are made of its part alone, or of it and its
//! [neighbours](Statistic::reach). So the [state on disk](state) reads, merges and writes only the days that new documents
//! tell of, and keeps the finished rows of all others. What concerns all days together (which is the last one, what is not
//! over yet, the censorship detector) is left to [`close`](Statistic::close), which sees rows only. A statistic that is
//! not taken apart is right as well, and slow.
//!
//! # Two layers
//!
//! `finish` makes the tables of *modules*, one or several for each statistic, in a long form. The files of *graphs*, which
//! people downloaded from the website, are made of those by [`graphs`], each in one function, with the parameters of the
//! website. [`Table::to_csv`] and [`graphs::Drawn::to_csv`] write both byte for byte as the originals.
//!
//! [`Partials::explain`] tells how one number came about ([`explain`]): the sums of what was reported, the formulas, and who
//! contributed most. Where the originals' documentation says other than their code, or a state of 2013 other than one of 2020,
//! [`Options`] decide.
//!
//! # How to add a statistic
//!
//! 1. One file here with a type that implements [`Statistic`], and one line in `registry.rs`. Names on command lines, the
//!    types of documents that are read, saving and merging follow. Numbers that are rounded go through [`number`], where the
//!    originals' rules are.
//! 2. If it has files of graphs: one function each in `graphs/`, and one line in `graphs/mod.rs`.
//! 3. One line for each table in `columns.rs`, which formats with types need.
//! 4. A line a set in `tests/stats/`, which compares with the originals' files byte for byte; the properties (order, split,
//!    repetition) are tested for every statistic of the registry.

pub mod adoption;
pub mod advertised;
#[cfg(feature = "columnar")]
mod arrow;
pub mod bandwidth;
pub mod bandwidth_2013;
pub mod bridgedb;
pub mod columns;
pub mod connections;
pub mod connections_2013;
pub mod countries;
mod csv;
mod day;
pub mod detector;
pub mod disagreement;
mod document;
pub mod explain;
pub mod fast_exits;
mod flags;
pub mod graphs;
mod id;
mod join;
pub mod measurements;
pub mod number;
pub mod onion_services;
mod options;
mod parts;
pub mod performance;
mod pool;
#[cfg(feature = "postgres")]
pub mod postgres;
mod registry;
pub mod relays;
pub mod servers;
pub mod servers_2013;
#[cfg(feature = "state")]
pub mod state;
mod table;
pub mod top_countries;
pub mod total_weight;
pub mod users;
pub mod web;

use serde::{Serialize, de::DeserializeOwned};

use self::explain::{Explanation, Question, Unexplained};
use crate::document::Type;

pub use csv::CsvError;
pub use day::Day;
pub use document::Document;
pub use flags::FlagSet;
pub use id::{Id, Map, sorted};
pub use options::{CHOICES, Choice, Choices, Options, Profile};
pub use parts::{Facts, Parts};
pub use pool::Pool;
pub use registry::{Name, Partials};
pub use table::{Cell, Table, Tables};

/// A statistic: the partial result that documents are added to. See the [module](self) for what it may hold.
pub trait Statistic: Default + Send + Serialize + DeserializeOwned + 'static {
    /// The types of documents that it wants. It is given no others.
    const TYPES: &'static [Type];

    /// Adds what a document says. To add it twice is to add it once.
    fn add(&mut self, document: &Document<'_>);

    /// Adds what another partial holds. Neither the order of merges nor their nesting shows in the result.
    fn merge(&mut self, other: Self);

    /// Joins what can be joined and brings the partial into its one form, so that equal documents give equal bytes.
    /// Called before a partial is saved or finished; it changes no result.
    fn settle(&mut self) {}

    /// The tables, always the same ones, with rows in the order of days. The partial is settled. One that
    /// [splits](Self::split) must not ask for [`Options::now`] here: the rows of a day are kept and shown later.
    fn finish(self, options: &Options) -> Vec<Table>;

    /// How the numbers of a row came about. The partial is settled.
    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained>;

    /// The day from which on no table has rows, as those days are not over for long enough; `None` if all days are shown.
    fn end(_: &Options) -> Option<Day> {
        None
    }

    /// Looks at the rows of all days together, up to the [end](Self::end): leaves out what else is not over yet, adds tables
    /// that are made of rows.
    fn close(_: &mut Vec<Table>, _: &Options) {}

    /// Takes the partial apart by day. One that does not is finished as a whole each time.
    fn split(self) -> Parts<Self> {
        Parts { whole: self, ..Parts::default() }
    }

    /// The days of whose parts the rows of a day are made, by what its own part holds: the first and the last.
    fn reach(&self, day: Day) -> (Day, Day) {
        (day, day)
    }

    /// What is looked up by digest, if there is a join.
    fn facts(&mut self) -> Option<&mut dyn Facts> {
        None
    }
}
