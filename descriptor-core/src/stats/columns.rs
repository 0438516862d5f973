//! What the columns of tables hold, for formats that have types: Parquet and databases.

use std::borrow::Cow;

use super::{Cell, Day, Table};
use crate::value::Timestamp;

/// What a column holds. Any of its values may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no.
    Bool,
    /// A whole number.
    Int,
    /// A fraction.
    Float,
    /// A day.
    Day,
    /// A time in UTC, to the second.
    Time,
    /// Anything else.
    Text,
}

/// A value of its column's kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'t> {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A fraction.
    Float(f64),
    /// A day.
    Day(Day),
    /// A time.
    Time(Timestamp),
    /// Anything else.
    Text(Cow<'t, str>),
}

// A new table of a module is one line here; without one, its kinds are told by its cells.
const MODULES: &[(&str, &str)] = &[
    ("advbw", "date:day isexit:bool isguard:bool advbw:int"),
    ("advbwdist", "date:day isexit:bool relay:int percentile:int advbw:int"),
    ("advbwdist-validafter", "valid_after:time isexit:bool relay:int percentile:int advbw:int"),
    (
        "bandwidth",
        "date:day isexit:bool isguard:bool bwread:int bwwrite:int dirread:int dirwrite:int \
         dirauthread:int dirauthwrite:int",
    ),
    (
        "bandwidth-countries",
        "date:day country:text relays:int bwread:int bwwrite:int reporters:int \
         covered:float consensus_weight:float reporters_weight:float statuses:int database:day",
    ),
    (
        "bandwidth-families",
        "date:day family:text relays:int bwread:int bwwrite:int reporters:int \
         covered:float consensus_weight:float reporters_weight:float statuses:int",
    ),
    (
        "bandwidth-systems",
        "date:day as:int name:text relays:int bwread:int bwwrite:int reporters:int \
         covered:float consensus_weight:float reporters_weight:float statuses:int database:day",
    ),
    ("bridgedb-stats", "date:day distributor:text transport:text requests:int"),
    ("buildtimes", "date:day source:text position:int q1:int md:int q3:int"),
    (
        "churn",
        "date:day interval:text came:float went:float came_weight:float went_weight:float comparisons:int \
         statuses:int",
    ),
    (
        "clients",
        "date:day node:text country:text transport:text version:text lower:int upper:int clients:int \
         frac:int",
    ),
    (
        "concentration",
        "date:day group:text position:text members:int gini:float top10:float hhi:float effective:float \
         known:float statuses:int",
    ),
    ("connbidirect2", "date:day direction:text quantile:float fraction:int"),
    ("disagreement", "validafter:time attribute:text votes:int required:int max:int relays:int"),
    ("fast-exits", "date:day fastnum:float almostnum:float fastprob:float almostprob:float"),
    ("hidserv", "date:day type:text wmean:float wmedian:float wiqm:float frac:float stats:int"),
    ("hidserv-v3", "date:day type:text wmean:float wmedian:float wiqm:float frac:float stats:int"),
    (
        "ipv6servers",
        "valid_after_date:day server:text guard_relay:bool exit_relay:bool announced_ipv6:bool \
         exiting_ipv6_relay:bool reachable_ipv6_relay:bool server_count_sum_avg:int \
         advertised_bandwidth_bytes_sum_avg:int",
    ),
    ("latencies", "date:day source:text server:text low:int q1:int md:int q3:int high:int"),
    (
        "measurements",
        "date:day authority:text fingerprint:text listed:int measured:int compared:int p5:float p25:float \
         median:float p75:float p95:float authorities:int",
    ),
    ("networksize", "date:day relays:int bridges:int"),
    ("onionperf-failures", "date:day source:text server:text timeouts:int failures:int requests:int"),
    ("onionperf-including-partials", "date:day filesize:int source:text server:text q1:int md:int q3:int"),
    ("onionperf-throughput", "date:day source:text server:text low:int q1:int md:int q3:int high:int"),
    (
        "overload",
        "date:day kind:text relays:int reporters:int weight:float reporters_weight:float statuses:int",
    ),
    ("platforms", "date:day platform:text relays:int"),
    (
        "relay-countries",
        "date:day country:text relays:float advertised_bandwidth:int consensus_weight:float \
         guard_probability:float middle_probability:float exit_probability:float statuses:int \
         described:float database:day",
    ),
    (
        "relay-families",
        "date:day family:text members:int relays:float advertised_bandwidth:int consensus_weight:float \
         guard_probability:float middle_probability:float exit_probability:float statuses:int \
         described:float",
    ),
    (
        "relay-systems",
        "date:day as:int name:text relays:float advertised_bandwidth:int consensus_weight:float \
         guard_probability:float middle_probability:float exit_probability:float statuses:int \
         described:float database:day",
    ),
    ("relayflags", "date:day flag:text relays:int"),
    (
        "servers",
        "date:day flag:text country:text version:text platform:text ec2bridge:bool relays:int bridges:int",
    ),
    (
        "task-6498-results",
        "valid_after:time min_rate:int min_advbw:int ports:text same_network:bool relays:int \
         exit_prob:float",
    ),
    (
        "totalcw",
        "valid_after_date:day nickname:text have_guard_flag:bool have_exit_flag:bool measured_sum_avg:int",
    ),
    ("userstats", "date:day node:text country:text transport:text version:text frac:int users:int"),
    (
        "userstats-combined",
        "date:day node:text country:text transport:text version:text frac:int low:int high:int",
    ),
    (
        "version-adoption",
        "date:day version:text recommended:bool relays:float share:float weight:float age:int \
         statuses:int",
    ),
    ("versions", "date:day version:text relays:int"),
    (
        "webstats",
        "log_date:day request_type:text platform:text channel:text locale:text incremental:bool count:int",
    ),
];

/// The tables of modules whose columns are known: the name, and each column with what it holds.
pub fn modules() -> impl Iterator<Item = (&'static str, Vec<(&'static str, Kind)>)> {
    MODULES.iter().map(|(name, columns)| {
        let columns = columns.split_whitespace().filter_map(|it| it.split_once(':'));
        (*name, columns.map(|(column, kind)| (column, Kind::of_name(kind))).collect())
    })
}

impl Kind {
    fn of_name(name: &str) -> Self {
        match name {
            "bool" => Kind::Bool,
            "int" => Kind::Int,
            "float" => Kind::Float,
            "day" => Kind::Day,
            "time" => Kind::Time,
            _ => Kind::Text,
        }
    }

    /// The kind of a cell that has a value.
    fn of(cell: &Cell) -> Option<Self> {
        Some(match cell {
            Cell::Missing => return None,
            Cell::Bool(_) => Kind::Bool,
            Cell::Int(_) => Kind::Int,
            Cell::Float(_) | Cell::Fixed(..) => Kind::Float,
            Cell::Day(_) => Kind::Day,
            Cell::Text(_) => Kind::Text,
        })
    }

    /// A cell as a value of this kind; `None` if it is missing or cannot be one.
    pub fn value(self, cell: &Cell) -> Option<Value<'_>> {
        Some(match (self, cell) {
            (_, Cell::Missing) => return None,
            (Kind::Bool, Cell::Bool(it)) => Value::Bool(*it),
            (Kind::Bool, Cell::Text(it)) => Value::Bool(matches!(it.as_ref(), "t" | "TRUE")),
            (Kind::Int, Cell::Int(it)) => Value::Int(*it),
            (Kind::Int, Cell::Text(it)) => Value::Int(it.parse().ok()?),
            (Kind::Float, Cell::Text(it)) => Value::Float(it.parse().ok()?),
            (Kind::Float, _) => Value::Float(cell.number()?),
            (Kind::Day, _) => Value::Day(cell.day()?),
            (Kind::Time, Cell::Text(it)) => Value::Time(Timestamp::parse(it.as_bytes().try_into().ok()?)?),
            (Kind::Text, Cell::Text(it)) => Value::Text(Cow::Borrowed(it)),
            // A column of several kinds loses nothing.
            (Kind::Text, _) => Value::Text(Cow::Owned(cell.written())),
            _ => return None,
        })
    }
}

impl Table {
    /// What the columns hold: as it is known of tables of modules, and by the cells of others. A column without values, of
    /// which nothing is known, is text, unless it is called `date`.
    pub fn kinds(&self) -> Vec<Kind> {
        let names = || self.columns.iter().map(|name| name.as_ref());
        let known = modules().find(|(name, columns)| {
            *name == self.name && names().eq(columns.iter().map(|(column, _)| *column))
        });
        if let Some((_, columns)) = known {
            return columns.into_iter().map(|(_, kind)| kind).collect();
        }
        let mut kinds: Vec<Option<Kind>> = vec![None; self.columns.len()];
        for row in self.rows() {
            for (known, kind) in kinds.iter_mut().zip(row.iter().map(Kind::of)) {
                *known = match (*known, kind) {
                    (known, None) => known,
                    (None, kind) => kind,
                    (Some(Kind::Int | Kind::Float), Some(Kind::Float)) => Some(Kind::Float),
                    (Some(Kind::Float), Some(Kind::Int)) => Some(Kind::Float),
                    (known, kind) if known == kind => known,
                    _ => Some(Kind::Text),
                };
            }
        }
        let unknown = |name: &str| if name == "date" { Kind::Day } else { Kind::Text };
        kinds.into_iter().zip(names()).map(|(kind, name)| kind.unwrap_or_else(|| unknown(name))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Name, Options, Partials, Profile};

    /// The tables that statistics make have the columns that are told here.
    #[test]
    fn the_columns_are_those_of_the_tables() {
        let mut found = Vec::new();
        for profile in [Profile::Y2013, Profile::Y2020] {
            let options = Options { profile, ..Options::at(Timestamp(0)) };
            let tables = Partials::new(Name::ALL).finish(&options).0;
            found.extend(tables.into_iter().map(|table| (table.name, table.columns)));
        }
        for (name, columns) in modules() {
            let columns: Vec<_> = columns.iter().map(|(column, _)| *column).collect();
            // What is told by databases of addresses is not told here.
            let is_there = found.iter().any(|(it, has)| *it == name && *has == columns);
            assert!(is_there || columns.last() == Some(&"database"), "{name}");
        }
    }

    #[test]
    fn cells_tell_what_is_not_known() {
        let mut table = Table::new("new", &["date", "a", "b", "c", "d"]);
        table.push([Day(1).into(), 1i64.into(), Cell::Missing, "x".into(), Cell::Missing]);
        table.push([Day(2).into(), 0.5.into(), true.into(), Cell::Missing, Cell::Missing]);
        assert_eq!(table.kinds(), [Kind::Day, Kind::Float, Kind::Bool, Kind::Text, Kind::Text]);
        assert_eq!(Kind::Float.value(&Cell::Int(2)), Some(Value::Float(2.0)));
        assert_eq!(Kind::Int.value(&"7".into()), Some(Value::Int(7)));
        assert_eq!(Kind::Bool.value(&"t".into()), Some(Value::Bool(true)));
        assert_eq!(Kind::Time.value(&"1970-01-01 00:00:09".into()), Some(Value::Time(Timestamp(9))));
        assert_eq!(Kind::Int.value(&"x".into()), None);
    }
}
