//! All plots, one row each.

use super::{
    Figure, Unit,
    data::Data,
    ranking::top_countries,
    special::{
        PLATFORM_COLOURS, PLATFORMS, bandwidth_flags, bridge_combined, bridge_transports, bridge_users,
        bridge_versions, build_times, by_place, churn, concentration, connections, directory_bytes,
        distribution, download_times, failures, families, locales, relay_users, requests, systems, whiskers,
    },
    special_2013::{
        bandwidth_of_2013, connections_of_2013, consumed_of_2013, exits_of_2013, failures_of_2013,
        servers_of_2013, torperf_of_2013,
    },
};
use crate::stats::top_countries::Top;

/// How a graph is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Plot {
    /// Its name: the id of a graph, or that of a table of a module, or a name of its own.
    pub id: &'static str,
    /// What stands above it, unless parameters say more.
    pub title: &'static str,
    /// The parameters that hold where none are given, as in the address of a graph.
    pub defaults: &'static str,
    /// What stands in the corner: whose graph it is.
    pub(super) caption: &'static str,
    /// The unit of the numbers in its table.
    pub(super) unit: Unit,
    /// Whose table is drawn.
    pub(super) origin: Origin,
    /// Makes the figure of the rows that are wanted.
    pub(super) draw: fn(&Data<'_>) -> Figure,
}

/// Whose table is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin {
    /// That of the graph of the plot's name.
    Graph,
    /// That of a graph of 2013.
    Graph2013(&'static str),
    /// That of a module, as it is.
    Module(&'static str),
}

const fn plot(id: &'static str, title: &'static str, unit: Unit, draw: fn(&Data<'_>) -> Figure) -> Plot {
    let caption = "The Tor Project - https://metrics.torproject.org/";
    Plot { id, title, defaults: "", caption, unit, origin: Origin::Graph, draw }
}

impl Plot {
    /// Parameters that hold unless others are given.
    const fn or(self, defaults: &'static str) -> Plot {
        Plot { defaults, ..self }
    }

    /// The website never had it.
    const fn ours(self) -> Plot {
        Plot { caption: "tordesc", ..self }
    }

    /// Draws the table of a module as it is.
    const fn of(self, module: &'static str) -> Plot {
        Plot { origin: Origin::Module(module), ..self }
    }

    /// Draws the file of a graph of 2013.
    const fn of_2013(self, graph: &'static str) -> Plot {
        Plot { origin: Origin::Graph2013(graph), ..self }
    }
}

const COUNT: Unit = Unit::Count;
const MS: Unit = Unit::Named("ms");
const SECONDS: Unit = Unit::Named("s");
const RATIO: Unit = Unit::Named("");

/// All plots. A new one is one line; see [the module](super).
pub const PLOTS: &[Plot] = &[
    plot("networksize", "Number of relays", COUNT, |data| {
        data.columns(&[("relays", "Relays"), ("bridges", "Bridges")])
    }),
    plot("relayflags", "Number of relays with relay flags assigned", COUNT, |data| data.by("flag", "relays"))
        .or("flag=Running&flag=Exit&flag=Guard&flag=Fast&flag=Stable"),
    plot("versions", "Relay versions", COUNT, |data| data.by("version", "relays")),
    plot("platforms", "Relay platforms", COUNT, |data| data.columns(PLATFORMS).coloured(PLATFORM_COLOURS)),
    plot("relays-ipv6", "Relays by IP version", COUNT, |data| {
        data.columns(&[
            ("total", "Total (IPv4) OR"),
            ("announced", "IPv6 announced OR"),
            ("reachable", "IPv6 reachable OR"),
            ("exiting", "IPv6 exiting"),
        ])
    }),
    plot("bridges-ipv6", "Bridges by IP version", COUNT, |data| {
        data.columns(&[("total", "Total (IPv4) OR"), ("announced", "IPv6 announced OR")])
    }),
    plot("advbw-ipv6", "Advertised bandwidth by IP version", Unit::GBIT, |data| {
        data.columns(&[
            ("total", "Total (IPv4) OR"),
            ("total_guard", "Guard total (IPv4)"),
            ("total_exit", "Exit total (IPv4)"),
            ("reachable_guard", "Reachable guard (IPv6) OR"),
            ("reachable_exit", "Reachable exit (IPv6) OR"),
            ("exiting", "IPv6 exiting"),
        ])
    }),
    plot("bandwidth", "Total relay bandwidth", Unit::GBIT, |data| {
        data.columns(&[("advbw", "Advertised bandwidth"), ("bwhist", "Bandwidth history")])
    }),
    plot("bandwidth-flags", "Advertised and consumed bandwidth by relay flags", Unit::GBIT, bandwidth_flags),
    plot("dirbytes", "Number of bytes spent on answering directory requests", Unit::GBIT, directory_bytes),
    plot("advbwdist-perc", "Advertised bandwidth distribution", Unit::GBIT, |data| {
        distribution(data, "p", |p| format!("{p}%"))
    })
    .or("p=100"),
    plot("advbwdist-relay", "Advertised bandwidth of n-th fastest relays", Unit::GBIT, |data| {
        distribution(data, "n", |n| format!("n = {n}"))
    })
    .or("n=1"),
    plot("connbidirect", "Fraction of connections used uni-/bidirectionally", Unit::FRACTION, connections),
    plot("totalcw", "Total consensus weights across bandwidth authorities", COUNT, |data| {
        data.plain(data.lines_by("nickname", "totalcw", &[("", "Consensus")]))
    }),
    plot("hidserv-dir-onions-seen", "Unique .onion addresses", COUNT, |data| data.columns(&[("onions", "")])),
    plot("hidserv-dir-v3-onions-seen", "Unique .onion addresses (version 3, experimental)", COUNT, |data| {
        data.columns(&[("onions", "")])
    })
    .ours(),
    plot("hidserv-rend-relayed-cells", "Onion-service traffic", Unit::GBIT, |data| {
        data.columns(&[("relayed", "")])
    }),
    plot(
        "hidserv-rend-v3-relayed-cells",
        "Onion-service traffic (version 3, experimental)",
        Unit::GBIT,
        |data| data.columns(&[("relayed", "")]),
    )
    .ours(),
    plot("bridgedb-transport", "BridgeDB requests by requested transport", COUNT, |data| {
        data.by("transport", "requests")
    }),
    plot("bridgedb-distributor", "BridgeDB requests by distributor", COUNT, |data| {
        data.by("distributor", "requests")
    }),
    plot("webstats-tb", "Tor Browser downloads and updates", COUNT, |data| requests(data, None)),
    plot("webstats-tb-platform", "Tor Browser downloads and updates by platform", COUNT, |data| {
        let names = [("w", "Windows"), ("m", "macOS"), ("l", "Linux"), ("o", "Other"), ("", "Unknown")];
        requests(data, Some(("platform", &names))).coloured(PLATFORM_COLOURS)
    }),
    plot("webstats-tb-locale", "Tor Browser downloads and updates by locale", COUNT, locales),
    plot("webstats-tb-channel", "Tor Browser updates by release channel", COUNT, |data| {
        requests(data, Some(("channel", &[("r", "Stable release"), ("a", "Alpha release")])))
    }),
    plot("webstats-tm", "Tor Messenger downloads and updates", COUNT, |data| requests(data, None)),
    plot("torperf", "Time to complete request", SECONDS, download_times).or("server=public&filesize=50kb"),
    plot("torperf-failures", "Timeouts and failures", Unit::FRACTION, failures).or("server=public"),
    plot("onionperf-buildtimes", "Circuit build times", MS, build_times),
    plot("onionperf-latencies", "Circuit round-trip latencies", MS, |data| {
        whiskers(data, |server| format!("Circuit round-trip latencies to {server}"))
    })
    .or("server=public"),
    plot("onionperf-throughput", "Throughput when downloading", Unit::KBIT, |data| {
        whiskers(data, |server| format!("Throughput when downloading from {server}"))
    })
    .or("server=public"),
    plot("userstats-relay-country", "Directly connecting users", COUNT, relay_users)
        .or("country=all&events=off"),
    plot("userstats-bridge-country", "Bridge users", COUNT, bridge_users).or("country=all"),
    plot("userstats-bridge-transport", "Bridge users by transport", COUNT, bridge_transports)
        .or("transport=!<OR>"),
    plot("userstats-bridge-version", "Bridge users by IP version", COUNT, bridge_versions).or("version=v4"),
    plot("userstats-bridge-combined", "Bridge users by transport", COUNT, bridge_combined).or("country=all"),
    // What is new beside Tor Metrics.
    plot("relay-countries", "Relays by country", COUNT, |data| by_place(data, "relays")).ours(),
    plot("relay-systems", "Relays by autonomous system", COUNT, |data| systems(data, "relays")).ours(),
    plot("relay-families", "Consensus weight of the largest families", Unit::FRACTION, |data| {
        families(data, "consensus_weight")
    })
    .ours(),
    plot("bandwidth-countries", "Consumed bandwidth by country", Unit::GBIT, |data| by_place(data, "bwhist"))
        .ours(),
    plot("bandwidth-systems", "Consumed bandwidth by autonomous system", Unit::GBIT, |data| {
        systems(data, "bwhist")
    })
    .ours(),
    plot("bandwidth-families", "Consumed bandwidth of the largest families", Unit::GBIT, |data| {
        families(data, "bwhist")
    })
    .ours(),
    plot("concentration", "Effective number of relays and groups", COUNT, concentration)
        .or("position=any")
        .ours(),
    plot("churn", "Relays that come and go", Unit::FRACTION, churn).ours(),
    plot("overload", "Relays that say that they are overloaded", Unit::FRACTION, |data| {
        data.by("kind", "share")
    })
    .ours(),
    plot("version-adoption", "Share of relays by version", Unit::FRACTION, |data| {
        data.by("version", "share")
    })
    .ours(),
    plot("measurements", "Measured bandwidth, compared with other authorities", RATIO, |data| {
        data.plain(data.ribbons_by("authority", &[], ["p25", "median", "p75"]))
    })
    .ours(),
    // What the website drew in 2013, and the tables of modules that it never drew.
    plot("fast-exits", "Fast exits", COUNT, |data| exits_of_2013(data, "fastnum", "fastprob"))
        .of("fast-exits"),
    plot("almost-fast-exits", "Almost fast exits", COUNT, |data| {
        exits_of_2013(data, "almostnum", "almostprob")
    })
    .of("fast-exits"),
    plot("networksize-2013", "Number of relays", COUNT, |data| {
        servers_of_2013(data, None).columns(&[("relays", "Relays"), ("bridges", "Bridges")])
    })
    .of("servers"),
    plot("relayflags-2013", "Number of relays with relay flags assigned", COUNT, |data| {
        servers_of_2013(data, Some("flag")).by("flag", "relays")
    })
    .of("servers"),
    plot("versions-2013", "Relay versions", COUNT, |data| {
        servers_of_2013(data, Some("version")).by("version", "relays")
    })
    .of("servers"),
    plot("platforms-2013", "Relay platforms", COUNT, |data| {
        servers_of_2013(data, Some("platform")).by("platform", "relays")
    })
    .of("servers"),
    plot("relaycountries", "Relays by country", COUNT, |data| {
        by_place(&servers_of_2013(data, Some("country")), "relays")
    })
    .of("servers"),
    plot("cloudbridges", "Number of bridges in the Amazon EC2 cloud", COUNT, |data| {
        servers_of_2013(data, Some("ec2bridge")).columns(&[("bridges", "")])
    })
    .of("servers"),
    plot("bandwidth-2013", "Total relay bandwidth", Unit::BYTES, |data| {
        data.columns(&[("bwadv", "Advertised bandwidth"), ("bwhist", "Bandwidth history")])
    })
    .of_2013("bandwidth"),
    plot("bwhist-flags", "Bandwidth history by relay flags", Unit::BYTES, consumed_of_2013)
        .of_2013("bwhist-flags"),
    plot(
        "bandwidth-flags-2013",
        "Advertised bandwidth and bandwidth history by relay flags",
        Unit::BYTES,
        bandwidth_of_2013,
    )
    .of_2013("bandwidth-flags"),
    plot("dirbytes-2013", "Number of bytes spent on answering directory requests", Unit::BYTES, |data| {
        data.columns(&[("dirwrite", "Written bytes"), ("dirread", "Read bytes")])
    })
    .of_2013("dirbytes"),
    plot("torperf-2013", "Time to complete", SECONDS, torperf_of_2013)
        .of_2013("torperf")
        .or("source=all-50kb"),
    plot("torperf-failures-2013", "Timeouts and failures of", Unit::FRACTION, failures_of_2013)
        .of_2013("torperf-failures")
        .or("source=all-50kb"),
    plot(
        "connbidirect-2013",
        "Fraction of connections used uni-/bidirectionally",
        Unit::FRACTION,
        connections_of_2013,
    )
    .of_2013("connbidirect"),
    // The website's three tables.
    plot("userstats-relay-table", "Top-10 countries by relay users", COUNT, |data| {
        top_countries(data, Top::Relays)
    })
    .of("clients"),
    plot("userstats-bridge-table", "Top-10 countries by bridge users", COUNT, |data| {
        top_countries(data, Top::Bridges)
    })
    .of("clients"),
    plot("userstats-censorship-events", "Top-10 countries by possible censorship events", COUNT, |data| {
        top_countries(data, Top::Events)
    })
    .of("clients"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::stats::{
        Tables,
        graphs::{GRAPHS, GRAPHS_2013},
    };

    #[test]
    fn every_graph_has_a_drawing_and_every_drawing_a_table() {
        let names: BTreeSet<_> = PLOTS.iter().map(|plot| plot.id).collect();
        assert_eq!(names.len(), PLOTS.len(), "names are different");
        for graph in GRAPHS {
            assert!(names.contains(graph.id), "{} needs a row above", graph.id);
        }
        let modules: BTreeSet<_> = Tables::empty().iter().map(|table| table.name).collect();
        for plot in PLOTS {
            let needed = plot.modules();
            assert!(!needed.is_empty() && needed.iter().all(|it| modules.contains(it)), "{}", plot.id);
        }
    }

    /// All but those of users, whose table and drawing are those of later years.
    #[test]
    fn every_graph_of_2013_has_a_drawing() {
        let users =
            ["userstats", "monthly-userstats-peak", "monthly-userstats-average", "userstats-detector"];
        for graph in GRAPHS_2013.iter().filter(|graph| !users.contains(&graph.id)) {
            let drawn = PLOTS.iter().any(|plot| match plot.origin {
                Origin::Graph2013(id) => id == graph.id,
                Origin::Module(_) => plot.id.strip_suffix("-2013").unwrap_or(plot.id) == graph.id,
                Origin::Graph => false,
            });
            assert!(drawn, "{}", graph.id);
        }
    }
}
