# Made by stub/make.py out of stub/stats_head.pyi and the registry.

from collections.abc import Iterable
from datetime import date, datetime
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ._tordesc import Plot, Table, _Paths, _Progress, _Source

#: The statistics, each with the names of its tables.
STATISTICS: dict[str, list[str]]
#: The drawings, each with the names of the tables that it is made of.
PLOTS: dict[str, list[str]]
#: The graphs, each with the names of the tables that it is made of.
GRAPHS: dict[str, list[str]]

#: A day, `2020-12-31` as text.
_Day: TypeAlias = str | date
#: A time, `2020-12-31 12:00:00` as text; of a day, its beginning.
_Time: TypeAlias = str | date | datetime

def all(
    paths: _Source,
    *,
    only: str | Iterable[str] | None = None,
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> dict[str, Table]: ...
def partial(
    paths: _Source,
    *,
    only: str | Iterable[str] | None = None,
    profile: Literal[2013, 2020] = 2020,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> bytes: ...
def merge(partials: Iterable[bytes]) -> bytes: ...
def finish(
    partial: bytes,
    *,
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
) -> dict[str, Table]: ...
def graph(
    name: str,
    paths: _Source | None = None,
    *,
    counted: bytes | None = None,
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
    **parameters: Any,
) -> Table: ...
def plot(
    name: str,
    paths: _Source | None = None,
    *,
    counted: bytes | None = None,
    start: _Day | None = None,
    end: _Day | None = None,
    country: str | Iterable[str] | None = None,
    events: bool | str | None = None,
    size: tuple[float, float] = (8.0, 5.0),
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
    **parameters: Any,
) -> Plot: ...
def write(
    partial: bytes,
    out: str | PathLike[str],
    *,
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
) -> list[Path]: ...
def servers(
    paths: _Source,
    *,
    table: Literal["networksize", "relayflags", "versions", "platforms", "ipv6servers", "advbw"] = "networksize",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Relays and bridges by flag, version, platform and IP version, and advertised bandwidth."""
def servers_2013(
    paths: _Source,
    *,
    table: Literal["servers"] = "servers",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2013,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Relays and bridges as they were counted in 2013."""
def users(
    paths: _Source,
    *,
    table: Literal["clients", "userstats", "userstats-combined", "userstats-detector", "userstats-ranges"] = "clients",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Users of relays and bridges by country, transport and IP version, with the censorship detector's bounds."""
def bandwidth(
    paths: _Source,
    *,
    table: Literal["bandwidth"] = "bandwidth",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Consumed bandwidth of relays by flags, and bytes spent on directory requests."""
def bandwidth_2013(
    paths: _Source,
    *,
    table: Literal["bandwidth"] = "bandwidth",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2013,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Advertised and consumed bandwidth as they were counted in 2013."""
def advertised(
    paths: _Source,
    *,
    table: Literal["advbwdist", "advbwdist-validafter"] = "advbwdist",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Advertised bandwidth distribution: the n-th fastest relays, and percentiles."""
def connections(
    paths: _Source,
    *,
    table: Literal["connbidirect2"] = "connbidirect2",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Shares of connections that are used in one direction and in both."""
def connections_2013(
    paths: _Source,
    *,
    table: Literal["connbidirect"] = "connbidirect",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2013,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Connections of each relay, as in 2013."""
def fast_exits(
    paths: _Source,
    *,
    table: Literal["fast-exits", "task-6498-results"] = "fast-exits",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Fast and almost-fast exits, as in 2013."""
def onion_services(
    paths: _Source,
    *,
    table: Literal["hidserv"] = "hidserv",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Onion services of version 2 and their traffic."""
def onion_services_v3(
    paths: _Source,
    *,
    table: Literal["hidserv-v3"] = "hidserv-v3",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Onion services of version 3 and their traffic; experimental."""
def performance(
    paths: _Source,
    *,
    table: Literal["onionperf-including-partials", "onionperf-failures", "buildtimes", "latencies", "onionperf-throughput", "torperf"] = "onionperf-including-partials",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Times, failures, build times, latencies and throughput of Torperf and OnionPerf."""
def disagreement(
    paths: _Source,
    *,
    table: Literal["disagreement"] = "disagreement",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """How many authorities agree about each flag of relays, at noon."""
def total_weight(
    paths: _Source,
    *,
    table: Literal["totalcw"] = "totalcw",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Total consensus weight of each bandwidth authority and of the consensus."""
def bridgedb(
    paths: _Source,
    *,
    table: Literal["bridgedb-stats"] = "bridgedb-stats",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Requests for bridges by distributor and transport."""
def web(
    paths: _Source,
    *,
    table: Literal["webstats"] = "webstats",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Downloads and updates of Tor Browser and Tor Messenger, and hits of the website."""
def relays(
    paths: _Source,
    *,
    table: Literal["relay-families", "bandwidth-families", "concentration", "churn", "overload", "relay-countries", "bandwidth-countries", "relay-systems", "bandwidth-systems"] = "relay-families",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """Relays and consumed bandwidth by country, autonomous system and family; concentration, churn and overload."""
def version_adoption(
    paths: _Source,
    *,
    table: Literal["version-adoption"] = "version-adoption",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """How fast relays move to new series of tor."""
def measurements(
    paths: _Source,
    *,
    table: Literal["measurements"] = "measurements",
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = 2020,
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """How far bandwidth authorities agree about what they measure, at noon."""

__all__ = [
    "GRAPHS",
    "PLOTS",
    "STATISTICS",
    "advertised",
    "all",
    "bandwidth",
    "bandwidth_2013",
    "bridgedb",
    "connections",
    "connections_2013",
    "disagreement",
    "fast_exits",
    "finish",
    "graph",
    "measurements",
    "merge",
    "onion_services",
    "onion_services_v3",
    "partial",
    "performance",
    "plot",
    "relays",
    "servers",
    "servers_2013",
    "total_weight",
    "users",
    "version_adoption",
    "web",
    "write",
]
