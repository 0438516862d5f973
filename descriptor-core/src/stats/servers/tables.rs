//! The daily means of what was counted (spec §8.3 to §8.5).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Series, Server, Servers,
    counts::{Counts, Protocols},
};
use crate::stats::{Cell, Choices, Day, FlagSet, Options, Table, join, parts};

pub(super) type Status = join::Status<Counts, bool>;

/// The platforms, by number.
pub(super) const PLATFORMS: [&str; 5] = ["BSD", "Linux", "Other", "Windows", "macOS"];

/// The flags that are shown, in order of their names.
pub(super) const FLAGS: [(&str, FlagSet); 6] = [
    ("Exit", FlagSet::EXIT),
    ("Fast", FlagSet::FAST),
    ("Guard", FlagSet::GUARD),
    ("HSDir", FlagSet::HSDIR),
    ("Running", FlagSet::RUNNING),
    ("Stable", FlagSet::STABLE),
];

/// Series that count as recommended though no consensus of the archive may say so.
const RECOMMENDED: [&str; 2] = ["0.1.0", "0.1.1"];

/// A day must have so many statuses.
pub(super) const STATUSES: usize = 12;

/// The number of an operating system.
pub(super) fn platform(system: &[u8]) -> u8 {
    let contains = |name: &[u8]| memchr::memmem::find(system, name).is_some();
    let name = match system {
        _ if system.starts_with(b"Linux") => "Linux",
        _ if system.starts_with(b"Windows") => "Windows",
        _ if system.starts_with(b"Darwin") => "macOS",
        _ if contains(b"BSD") => "BSD",
        _ => "Other",
    };
    PLATFORMS.iter().position(|it| *it == name).unwrap_or(2) as u8
}

/// The statuses of a day that are good enough to be averaged.
type Days<'s> = BTreeMap<(Day, Server), Vec<&'s Status>>;

/// A table that is not shown: which days have a status that counts, by either rule.
const COUNTED: &str = "counted";

/// The tables of the rule about all flags.
const OF_FLAGS: [&str; 2] = ["networksize", "relayflags"];

/// Which statuses count, and which days: a status if more than 99.9 % of its entries were counted, a day if it has enough
/// statuses and is not the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// What it says.
    Entries,
    /// Where the originals average flags, both halves look at all flags of all entries, and so hold nearly always.
    Flags,
}

impl Rule {
    /// The rule of a table.
    pub(super) fn of(table: &str, choices: Choices) -> Self {
        if OF_FLAGS.contains(&table) && !choices.flags_of_good_statuses { Rule::Flags } else { Rule::Entries }
    }

    /// What is compared with the running entries of a status.
    pub(super) fn counted(self, status: &Status) -> u64 {
        match self {
            Rule::Entries => status.tally.entries(),
            Rule::Flags => status.tally.all_flags(),
        }
    }

    /// Whether a status counts.
    pub(super) fn holds(self, status: &Status) -> bool {
        status.running > 0 && 1000 * u128::from(self.counted(status)) > 999 * u128::from(status.running)
    }

    /// As how many statuses of the day it counts.
    pub(super) fn rows(self, status: &Status) -> usize {
        match self {
            Rule::Entries => 1,
            Rule::Flags => status.tally.flags.iter().filter(|&&count| count > 0).count(),
        }
    }
}

/// All tables.
pub(super) fn all(servers: &Servers, options: &Options) -> Vec<Table> {
    let mut counted = Table::new(COUNTED, &["date", "of_flags"]);
    let choices = options.choices;
    let known = days(servers, &mut counted, Rule::Entries);
    let loose = days(servers, &mut counted, Rule::Flags);
    let flags = if choices.flags_of_good_statuses { known.clone() } else { loose };
    let mean = Mean::of_choices(choices);
    let protocols = protocols(&known, mean);
    vec![
        network_size(&flags, mean),
        relay_flags(&flags, mean),
        versions(servers, &known, mean, choices),
        platforms(&known, mean),
        ipv6(&protocols),
        advertised(&protocols),
        counted,
    ]
}

/// Leaves out the last day, which may not be over.
pub(super) fn close(tables: &mut Vec<Table>, options: &Options) {
    let counted = parts::take(tables, COUNTED);
    let last = |of_flags: bool| {
        let rows = counted.iter().flat_map(Table::rows).filter(|row| row[1] == Cell::Bool(of_flags));
        rows.filter_map(|row| row[0].day()).max()
    };
    let last = [false, true].map(last);
    for table in tables {
        let of_flags = Rule::of(table.name, options.choices) == Rule::Flags;
        if let Some(last) = last[usize::from(of_flags)] {
            parts::end(std::slice::from_mut(table), &[], last);
        }
    }
}

fn days<'s>(servers: &'s Servers, table: &mut Table, rule: Rule) -> Days<'s> {
    let mut days = Days::new();
    for (key, status) in servers.join.statuses.iter().filter(|(_, status)| rule.holds(status)) {
        days.entry((key.day(), key.0)).or_default().push(status);
    }
    let dates: BTreeSet<Day> = days.keys().map(|(day, _)| *day).collect();
    dates.into_iter().for_each(|day| table.push([day.into(), (rule == Rule::Flags).into()]));
    days.retain(|_, statuses| statuses.iter().map(|status| rule.rows(status)).sum::<usize>() >= STATUSES);
    days
}

/// How a group's numbers of a day are averaged.
#[derive(Clone, Copy)]
pub(super) struct Mean {
    /// Over all statuses of the day, and not over those in which the group occurs.
    pub(super) over_all: bool,
}

impl Mean {
    pub(super) fn of_choices(choices: Choices) -> Self {
        Mean { over_all: choices.averages_over_all_statuses }
    }

    /// The mean of those numbers that are there, rounded down; `None` if none is.
    pub(super) fn of(self, numbers: impl Iterator<Item = u64>, statuses: &[&Status]) -> Option<i64> {
        let (sum, occurs) =
            numbers.fold((0u128, 0u128), |(sum, count), it| (sum + u128::from(it), count + 1));
        let count = if self.over_all { statuses.len() as u128 } else { occurs };
        if occurs == 0 { None } else { i64::try_from(sum / count).ok() }
    }

    /// The mean of counts, of those that are not zero.
    fn counts(self, statuses: &[&Status], count: impl Fn(&Status) -> u32) -> Option<i64> {
        let counts = statuses.iter().map(|status| u64::from(count(status)));
        self.of(counts.filter(|&count| count > 0), statuses)
    }
}

fn with(flag: FlagSet) -> impl Fn(&Status) -> u32 {
    let bit = flag.0.trailing_zeros() as usize;
    move |status| status.tally.flags[bit]
}

fn network_size(days: &Days<'_>, mean: Mean) -> Table {
    let mut table = Table::new("networksize", &["date", "relays", "bridges"]);
    let dates: BTreeSet<Day> = days.keys().map(|(day, _)| *day).collect();
    for day in dates {
        let running = |server| mean.counts(days.get(&(day, server))?, with(FlagSet::RUNNING));
        let (relays, bridges) = (running(Server::Relay), running(Server::Bridge));
        if relays.is_some() || bridges.is_some() {
            table.push([day.into(), relays.into(), bridges.into()]);
        }
    }
    table
}

/// The days of relays.
fn relays<'d, 's>(days: &'d Days<'s>) -> impl Iterator<Item = (Day, &'d [&'s Status])> {
    days.iter()
        .filter(|((_, server), _)| *server == Server::Relay)
        .map(|((day, _), it)| (*day, it.as_slice()))
}

fn relay_flags(days: &Days<'_>, mean: Mean) -> Table {
    let mut table = Table::new("relayflags", &["date", "flag", "relays"]);
    for (day, statuses) in relays(days) {
        for (name, flag) in FLAGS {
            if let Some(count) = mean.counts(statuses, with(flag)) {
                table.push([day.into(), name.into(), count.into()]);
            }
        }
    }
    table
}

/// The row of relays that have no series that was ever recommended.
pub(super) const OTHER: &str = "Other";

impl Servers {
    /// The row that relays of a series are in.
    pub(super) fn version(&self, series: Option<Series>) -> String {
        let is_recommended =
            |it: &Series| self.recommended.contains(it) || RECOMMENDED.contains(&&*it.to_string());
        series.filter(is_recommended).map_or(OTHER.to_owned(), |series| series.to_string())
    }
}

fn versions(servers: &Servers, days: &Days<'_>, mean: Mean, choices: Choices) -> Table {
    let mut table = Table::new("versions", &["date", "version", "relays"]);
    for (day, statuses) in relays(days) {
        let mut groups: BTreeMap<String, BTreeMap<usize, u32>> = BTreeMap::new();
        for (at, status) in statuses.iter().enumerate() {
            let counted = status.tally.series.iter();
            for (series, count) in
                counted.filter(|(series, _)| series.is_some() || !choices.unknown_versions_left_out)
            {
                *groups.entry(servers.version(*series)).or_default().entry(at).or_default() += count;
            }
        }
        for (name, counts) in groups {
            let mean = mean.of(counts.values().copied().map(u64::from), statuses);
            table.push([day.into(), name.into(), mean.into()]);
        }
    }
    table
}

fn platforms(days: &Days<'_>, mean: Mean) -> Table {
    let mut table = Table::new("platforms", &["date", "platform", "relays"]);
    for (day, statuses) in relays(days) {
        for (at, name) in PLATFORMS.into_iter().enumerate() {
            if let Some(count) = mean.counts(statuses, |status| status.tally.platforms[at]) {
                table.push([day.into(), name.into(), count.into()]);
            }
        }
    }
    table
}

/// Entries and their advertised bandwidth by what decides about IPv6, day by day.
type Groups = BTreeMap<(Day, Server, Protocols), (i64, i64)>;

fn protocols(days: &Days<'_>, mean: Mean) -> Groups {
    let mut groups = Groups::new();
    for (&(day, server), statuses) in days {
        let mut sums: BTreeMap<Protocols, BTreeMap<usize, (u64, u64)>> = BTreeMap::new();
        for (at, status) in statuses.iter().enumerate() {
            for (protocols, (count, advertised)) in &status.tally.protocols {
                let sum = sums.entry(protocols.known_of(server)).or_default().entry(at).or_default();
                (sum.0, sum.1) = (sum.0 + u64::from(*count), sum.1 + advertised);
            }
        }
        for (protocols, by_status) in sums {
            let count = mean.of(by_status.values().map(|it| it.0), statuses);
            let advertised = mean.of(by_status.values().map(|it| it.1), statuses);
            groups.insert((day, server, protocols), (count.unwrap_or(0), advertised.unwrap_or(0)));
        }
    }
    groups
}

fn ipv6(groups: &Groups) -> Table {
    let columns = [
        "valid_after_date",
        "server",
        "guard_relay",
        "exit_relay",
        "announced_ipv6",
        "exiting_ipv6_relay",
        "reachable_ipv6_relay",
        "server_count_sum_avg",
        "advertised_bandwidth_bytes_sum_avg",
    ];
    let mut table = Table::new("ipv6servers", &columns);
    for (&(day, server, it), &(count, advertised)) in groups {
        let relay = server == Server::Relay;
        let of_relay = |value: bool| Cell::from(relay.then_some(value));
        table.push([
            day.into(),
            if relay { "relay" } else { "bridge" }.into(),
            of_relay(it.guard),
            of_relay(it.exit),
            it.announced.into(),
            of_relay(it.exiting),
            of_relay(it.reachable),
            count.into(),
            relay.then_some(advertised).into(),
        ]);
    }
    table
}

fn advertised(groups: &Groups) -> Table {
    let mut table = Table::new("advbw", &["date", "isexit", "isguard", "advbw"]);
    let mut sums: BTreeMap<(Day, bool, bool), i64> = BTreeMap::new();
    for ((day, _, it), (_, advertised)) in
        groups.iter().filter(|((_, server, _), _)| *server == Server::Relay)
    {
        *sums.entry((*day, it.exit, it.guard)).or_default() += advertised;
    }
    for ((day, exit, guard), sum) in sums {
        table.push([day.into(), exit.into(), guard.into(), sum.into()]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_have_platforms() {
        for (system, name) in [
            ("Linux x86_64", "Linux"),
            ("Windows 8 [server]", "Windows"),
            ("Darwin", "macOS"),
            ("FreeBSD", "BSD"),
            ("GNU/kFreeBSD", "BSD"),
            ("DragonFly", "Other"),
            ("", "Other"),
            ("Very Linux", "Other"),
        ] {
            assert_eq!(PLATFORMS[usize::from(platform(system.as_bytes()))], name, "{system}");
        }
    }
}
