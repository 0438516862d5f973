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

macro_rules! choices {
    ($($(#[doc = $doc:literal])* $field:ident = $name:literal;)*) => {
        /// Where the project's documentation says one thing and its code another, and a few where others had better ideas. The
        /// default is the code, for published numbers follow it.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Choices { $($(#[doc = $doc])* pub $field: bool,)* }

        /// All choices.
        pub const CHOICES: &[Choice] = &[$(Choice {
            name: $name,
            about: concat!($($doc),*),
            place: |choices| &mut choices.$field,
        }),*];
    };
}

/// A choice by name.
pub struct Choice {
    /// Its name on command lines.
    pub name: &'static str,
    about: &'static str,
    place: fn(&mut Choices) -> &mut bool,
}

impl Choice {
    /// What it does.
    pub fn about(&self) -> &'static str {
        self.about.trim_ascii()
    }
}

impl Choices {
    /// Makes the choice of a name. Returns whether there is one.
    pub fn choose(&mut self, name: &str) -> bool {
        let choice = CHOICES.iter().find(|choice| choice.name == name);
        choice.is_some_and(|choice| {
            *(choice.place)(self) = true;
            true
        })
    }
}

// A new choice is one line here, and what asks for its field.
choices! {
    /// Users: nodes that report responses and no bytes count in n(R\H), as documented (spec §5.5).
    responses_without_bytes = "responses-without-bytes";
    /// Users: numbers are rounded down, as documented, and not to the nearest (spec §5.7).
    users_rounded_down = "users-rounded-down";
    /// Users: counts of exactly four, of which nothing remains, are left out, as documented, and make no rows of 0 users (spec
    /// §5.1).
    fours_left_out = "fours-left-out";
    /// Fast exits: the mean of a day's consensuses, as documented, and not their median (spec §7).
    mean_of_exits = "mean-of-exits";
    /// Servers: flags and network size follow the same rules as the other tables, 12 good statuses a day, as documented (spec
    /// §8.3).
    flags_of_good_statuses = "flags-of-good-statuses";
    /// Servers: sums are divided by the number of statuses of the day, as documented, and not by the number of those in
    /// which a group occurs (spec §8.4).
    averages_over_all_statuses = "averages-over-all-statuses";
    /// Servers: relays that tell no version are in no row, as documented, and not among the others (spec §8.4).
    unknown_versions_left_out = "unknown-versions-left-out";
    /// Bandwidth: who has the flag BadExit is no exit, as documented (spec §9.1).
    bad_exits_are_no_exits = "bad-exits-are-no-exits";
    /// Bandwidth: an interval over midnight counts for both days, each with its part, as documented, and its last quarter of an
    /// hour before midnight not for the day after (spec §9.1).
    histories_split_evenly = "histories-split-evenly";
    /// Advertised bandwidth: percentiles by rank, as documented and before 2018, and not interpolated (spec §10).
    percentiles_by_rank = "percentiles-by-rank";
    /// Connections: shares are computed exactly, and not with numbers of 32 bits, which overflow for very busy relays.
    exact_connections = "exact-connections";
    /// Graph `bandwidth-flags`: flags are written `t` and `f`, as documented, and not `TRUE` and `FALSE` (spec §19).
    short_flags = "short-flags";
    /// Graph `torperf`: times are written in milliseconds, as documented, and not in seconds (spec §19).
    torperf_in_milliseconds = "torperf-in-milliseconds";
    /// Performance: a download that was complete when it began is none, as documented (spec §12.2).
    instant_downloads_left_out = "instant-downloads-left-out";
    /// Onion services: reports of other intervals than a day are left out, as documented (spec §13.1).
    daily_reports_only = "daily-reports-only";
    /// Onion services: shares are means over all consensuses of the interval, as documented, and not over those that know the
    /// relay (spec §13.4).
    shares_over_all_consensuses = "shares-over-all-consensuses";
    /// Onion services: the middle of the bin in which a reported number lies is taken, as was proposed in 2020, and not that of
    /// the bin below (spec §13.2).
    noise_within_bins = "noise-within-bins";
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_choice_has_a_name_and_a_field_of_its_own() {
        let mut all = Choices::default();
        for choice in CHOICES {
            let before = all;
            assert!(all.choose(choice.name) && all != before, "{}", choice.name);
            assert!(choice.about().contains(": ") && choice.about().ends_with('.'), "{}", choice.name);
        }
        assert!(!all.choose("as-you-like-it"));
    }
}
