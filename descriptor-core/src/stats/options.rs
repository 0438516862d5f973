//! What decides about the results besides the documents.

use super::{Day, Table};
use crate::{geoip::Places, value::Timestamp};

/// Which state of the original programs is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// December 2013: metrics-web `7a82461`, task-8462, task-2718 and task-6498.
    Y2013,
    /// December 2020: metrics-web `5df9d4c`.
    #[default]
    Y2020,
}

/// Where the project's documentation says one thing and its code another. The default is the code, for published
/// numbers follow it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Choices {
    /// Users: nodes that report responses and no bytes count in n(R\H), as documented (spec §5.5).
    pub responses_without_bytes: bool,
    /// Users: numbers are rounded down, as documented, and not to the nearest (spec §5.7).
    pub users_rounded_down: bool,
    /// Connections: shares are computed exactly, and not with numbers of 32 bits, which overflow for very busy relays.
    pub exact_connections: bool,
    /// Servers: sums are divided by the number of statuses of the day, as documented, and not by the number of those in
    /// which a group occurs (spec §8.4).
    pub averages_over_all_statuses: bool,
}

/// What a run is told.
#[derive(Debug, Clone, Copy)]
pub struct Options<'p> {
    /// The time of the run. Most statistics leave out the last days before it.
    pub now: Timestamp,
    /// Which state of the originals is followed.
    pub profile: Profile,
    /// The first day of the results; `None` for all.
    pub since: Option<Day>,
    /// The last day of the results; `None` for all.
    pub until: Option<Day>,
    /// Documentation or code.
    pub choices: Choices,
    /// Databases of addresses. Without them there are no statistics by country and by autonomous system.
    pub places: Option<&'p Places>,
}

impl Options<'_> {
    /// The options of a run at a time, everything else as the originals had it last.
    pub fn at(now: Timestamp) -> Self {
        Options {
            now,
            profile: Profile::default(),
            since: None,
            until: None,
            choices: Choices::default(),
            places: None,
        }
    }

    /// The day of the run.
    pub fn today(&self) -> Day {
        Day::of(self.now)
    }

    /// Leaves out rows of other days. The date is the first column.
    pub(super) fn cut(&self, table: &mut Table) {
        let (since, until) = (self.since, self.until);
        if since.is_some() || until.is_some() {
            table.retain(|row| {
                row[0]
                    .day()
                    .is_none_or(|day| since.is_none_or(|it| it <= day) && until.is_none_or(|it| day <= it))
            });
        }
    }
}
