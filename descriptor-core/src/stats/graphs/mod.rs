//! The files that people downloaded for each graph (spec §19), made of the tables of modules.
//!
//! One function a graph. It is given the modules' tables and the parameters of the website, and gives a table whose
//! columns are those of the file; [`Drawn`] adds the comments that the web server put in front.

mod bandwidth;
mod documents;
mod files_2013;
mod performance;
mod query;
mod relays;
mod servers;
mod users;
mod web;

use super::{Cell, Choices, Day, Options, Profile, Table, Tables};

pub use query::Query;

/// A graph.
pub struct Graph {
    /// Its id, the name of the file.
    pub id: &'static str,
    /// The tables that it is made of. Without one of them there is no file.
    pub modules: &'static [&'static str],
    /// Makes it. `None` where the originals fail for want of data.
    pub make: fn(&Tables, &Query) -> Option<Table>,
}

macro_rules! graphs {
    ($(#[$doc:meta])* $name:ident: $($id:literal of $($module:literal)+ => $make:path;)*) => {
        $(#[$doc])*
        pub const $name: &[Graph] = &[$(Graph { id: $id, modules: &[$($module),+], make: $make }),*];
    };
}

// A new graph is one line here and one function.
graphs! {
    /// All graphs.
    GRAPHS:
    "networksize" of "networksize" => servers::network_size;
    "relayflags" of "relayflags" => servers::relay_flags;
    "versions" of "versions" => servers::versions;
    "platforms" of "platforms" => servers::platforms;
    "relays-ipv6" of "ipv6servers" => servers::relays_ipv6;
    "bridges-ipv6" of "ipv6servers" => servers::bridges_ipv6;
    "advbw-ipv6" of "ipv6servers" => servers::advertised_ipv6;
    "bandwidth" of "advbw" "bandwidth" => bandwidth::total;
    "bandwidth-flags" of "advbw" "bandwidth" => bandwidth::flags;
    "dirbytes" of "bandwidth" => bandwidth::directory;
    "advbwdist-perc" of "advbwdist" => bandwidth::percentiles;
    "advbwdist-relay" of "advbwdist" => bandwidth::fastest;
    "connbidirect" of "connbidirect2" => bandwidth::connections;
    "totalcw" of "totalcw" => documents::total_weight;
    "hidserv-dir-onions-seen" of "hidserv" => documents::onions_seen;
    "hidserv-rend-relayed-cells" of "hidserv" => documents::relayed_cells;
    "hidserv-dir-v3-onions-seen" of "hidserv-v3" => documents::onions_seen_v3;
    "hidserv-rend-v3-relayed-cells" of "hidserv-v3" => documents::relayed_cells_v3;
    "bridgedb-transport" of "bridgedb-stats" => documents::bridgedb_transport;
    "bridgedb-distributor" of "bridgedb-stats" => documents::bridgedb_distributor;
    "webstats-tb" of "webstats" => web::browser;
    "webstats-tb-platform" of "webstats" => web::platform;
    "webstats-tb-locale" of "webstats" => web::locale;
    "webstats-tb-channel" of "webstats" => web::channel;
    "webstats-tm" of "webstats" => web::messenger;
    "torperf" of "onionperf-including-partials" => performance::times;
    "torperf-failures" of "onionperf-failures" => performance::failures;
    "onionperf-buildtimes" of "buildtimes" => performance::build_times;
    "onionperf-latencies" of "latencies" => performance::latencies;
    "onionperf-throughput" of "onionperf-throughput" => performance::throughput;
    "userstats-relay-country" of "clients" => users::relay_country;
    "userstats-bridge-country" of "clients" => users::bridge_country;
    "userstats-bridge-transport" of "clients" => users::bridge_transport;
    "userstats-bridge-version" of "clients" => users::bridge_version;
    "userstats-bridge-combined" of "clients" "userstats-combined" => users::bridge_combined;
    "relay-countries" of "relay-countries" => relays::countries;
    "relay-systems" of "relay-systems" => relays::systems;
    "relay-families" of "relay-families" => relays::families;
    "bandwidth-countries" of "bandwidth-countries" => relays::consumed_by_country;
    "bandwidth-systems" of "bandwidth-systems" => relays::consumed_by_system;
    "bandwidth-families" of "bandwidth-families" => relays::consumed_by_family;
    "concentration" of "concentration" => relays::concentration;
    "churn" of "churn" => relays::churn;
    "overload" of "overload" => relays::overload;
    "version-adoption" of "version-adoption" => relays::versions;
    "measurements" of "measurements" => relays::measurements;
}

graphs! {
    /// The graphs of 2013.
    GRAPHS_2013:
    "networksize" of "servers" => files_2013::network_size;
    "cloudbridges" of "servers" => files_2013::cloud_bridges;
    "relaycountries" of "servers" => files_2013::relay_countries;
    "versions" of "servers" => files_2013::versions;
    "platforms" of "servers" => files_2013::platforms;
    "relayflags" of "servers" => files_2013::relay_flags;
    "bandwidth" of "bandwidth" => files_2013::bandwidth;
    "bwhist-flags" of "bandwidth" => files_2013::consumed_flags;
    "bandwidth-flags" of "bandwidth" => files_2013::bandwidth_flags;
    "dirbytes" of "bandwidth" => files_2013::directory_bytes;
    "torperf" of "torperf" => files_2013::torperf;
    "torperf-failures" of "torperf" => files_2013::torperf_failures;
    "connbidirect" of "connbidirect" => files_2013::connections;
    "userstats" of "clients" => files_2013::users;
    "monthly-userstats-peak" of "clients" => files_2013::monthly_peak;
    "monthly-userstats-average" of "clients" => files_2013::monthly_average;
    "userstats-detector" of "userstats-detector" => files_2013::users_detector;
}

/// The file of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// The graph's id.
    pub id: &'static str,
    /// The parameters, as the file tells them.
    pub query: Query,
    /// Whose files it looks like: those of 2013 have no comments.
    pub profile: Profile,
    /// The rows; `None` where the originals fail for want of data.
    pub table: Option<Table>,
}

impl Graph {
    /// The graph of an id.
    pub fn of_id(id: &str) -> Option<&'static Graph> {
        GRAPHS.iter().find(|graph| graph.id == id)
    }

    /// The graph that an id had in 2013.
    pub fn of_2013(id: &str) -> Option<&'static Graph> {
        GRAPHS_2013.iter().find(|graph| graph.id == id)
    }

    /// Makes the file; `None` if a table that it needs is not there.
    pub fn draw(&self, modules: &Tables, query: Query) -> Option<Drawn> {
        self.draw_as(Profile::Y2020, modules, query)
    }

    fn draw_as(&self, profile: Profile, modules: &Tables, query: Query) -> Option<Drawn> {
        let complete = self.modules.iter().all(|name| modules.get(name).is_some());
        complete.then(|| Drawn { id: self.id, table: (self.make)(modules, &query), profile, query })
    }
}

impl Drawn {
    /// The same as documented, where that is chosen and the originals wrote something else into this file.
    #[must_use]
    pub fn chosen(mut self, choices: &Choices) -> Self {
        let change: fn(&mut Cell) = match (self.profile, self.id) {
            (Profile::Y2020, "bandwidth-flags") if choices.short_flags => |cell| {
                if let Cell::Bool(it) = cell {
                    *cell = if *it { "t" } else { "f" }.into();
                }
            },
            (Profile::Y2020, "torperf") if choices.torperf_in_milliseconds => |cell| {
                if let Cell::Float(seconds) = cell {
                    // They were whole milliseconds.
                    *cell = Cell::Float((*seconds * 1000.0).round());
                }
            },
            _ => return self,
        };
        self.table.iter_mut().flat_map(Table::rows_mut).flatten().for_each(change);
        self
    }

    /// The file, byte for byte as the website sent it. Graphs that it never had do not name it.
    pub fn to_csv(&self) -> String {
        if self.profile == Profile::Y2013 {
            return self.table.as_ref().map(Table::to_csv_2013).unwrap_or_default();
        }
        let query = match self.query.text() {
            "" => String::new(),
            text => format!("?{text}"),
        };
        let id = self.id;
        let (who, url) = match relays::IDS.contains(&id) {
            true => ("tordesc", format!("# {id}{query}\n")),
            false => ("The Tor Project", format!("# URL: https://metrics.torproject.org/{id}.csv{query}\n")),
        };
        let rows = match &self.table {
            Some(table) => table.to_graph_csv(),
            None => "# No data available for the given parameters.\n".to_owned(),
        };
        ["#\n# ", who, "\n#\n", &url, "#\n", &rows].concat()
    }
}

/// All files of the profile without parameters that the tables are enough for.
pub fn all(modules: &Tables, options: &Options<'_>) -> Vec<Drawn> {
    let graphs = match options.profile {
        Profile::Y2013 => GRAPHS_2013,
        Profile::Y2020 => GRAPHS,
    };
    let drawn = graphs.iter().filter_map(|graph| graph.draw_as(options.profile, modules, Query::default()));
    drawn.map(|drawn| drawn.chosen(&options.choices)).collect()
}

/// The rows of a table within the query's dates.
fn rows<'t>(table: &'t Table, query: &Query) -> impl Iterator<Item = (Day, &'t [Cell])> {
    table.rows().filter_map(|row| Some((row[0].day().filter(|day| query.has_day(*day))?, row)))
}
