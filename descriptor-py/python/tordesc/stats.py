"""Statistics of the network, as Tor Metrics published them.

    users = tordesc.stats.users("recent/", now="2021-01-11")

There is a function for each statistic. It reads documents from anywhere that `tordesc.parse` reads, and gives a table. A
statistic that has several tables gives the first one; `table` names another. `all` gives all tables of all statistics, in
one pass, and `graph` the file of a graph.

Order, split and repetition of what is read change nothing. So a cluster can count as well: `partial` makes of some
documents a partial result, which is bytes; `merge` makes one of several; `finish` makes the tables.
"""

from __future__ import annotations

import datetime
import math
import os
from builtins import all as every
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from . import _tordesc
from ._errors import UsageError

__all__ = ["GRAPHS", "PLOTS", "STATISTICS", "all", "finish", "graph", "merge", "partial", "plot", "write"]

#: The statistics, each with the names of its tables.
STATISTICS: dict[str, list[str]] = {name: tables for name, _, _, tables in _tordesc._statistics()}

#: The drawings, each with the names of the tables that it is made of.
PLOTS: dict[str, list[str]] = dict(_tordesc._plots())

#: The parameters that some graph has.
PARAMETERS = {
    "authority",
    "country",
    "distributor",
    "end",
    "events",
    "filesize",
    "flag",
    "interval",
    "kind",
    "n",
    "p",
    "position",
    "server",
    "start",
    "transport",
    "version",
}

#: The graphs, each with the names of the tables that it is made of.
GRAPHS: dict[str, list[str]] = dict(_tordesc._graphs())


def all(
    paths: Any,
    *,
    only: str | Iterable[str] | None = None,
    now: Any = None,
    since: Any = None,
    until: Any = None,
    profile: int = 2020,
    choices: Iterable[str] = (),
    geoip: Any = None,
    asn: Any = None,
    threads: int | None = None,
    on_error: str = "collect",
    progress: Any = None,
) -> dict[str, Any]:
    """Counts and gives the tables of several statistics by name; of all that the profile has, if `only` names none.

    `now` is the time of the run, for most statistics leave out the last days before it; the clock's if left out. `since`
    and `until` are the first and the last day of the results. `profile` is the state of the original programs that is
    followed, 2013 or 2020; `choices` names points where the documentation is followed and not the code. `geoip` and `asn` are
    databases of countries and of autonomous systems, for what is counted by them; tor's own of countries if it is there.
    `threads`, `progress` and `on_error` are as for `tordesc.read`; what could not be read is in
    `errors` and `unparseable` of each table.
    """
    run = _run(now, since, until, profile, choices, geoip, asn)
    return dict(_tordesc._tables(paths, _names(only, profile), None, run, threads, progress, on_error))


def partial(
    paths: Any,
    *,
    only: str | Iterable[str] | None = None,
    profile: int = 2020,
    threads: int | None = None,
    on_error: str = "collect",
    progress: Any = None,
) -> bytes:
    """Counts, and gives a partial result. Equal documents give equal bytes, in whatever order they are read.

    What is counted is what `only` names, or all that a profile has, for profiles may have files of the same name.
    What cannot be read is a warning, or raised if `on_error` is `raise`.
    """
    made: bytes = _tordesc._partial(paths, _names(only, profile), threads, progress, on_error)
    return made


def merge(partials: Iterable[bytes]) -> bytes:
    """Makes one partial result of several: the one that all of their documents together would give."""
    made: bytes = _tordesc._merge(list(partials))
    return made


def finish(
    partial: bytes,
    *,
    now: Any = None,
    since: Any = None,
    until: Any = None,
    profile: int = 2020,
    choices: Iterable[str] = (),
    geoip: Any = None,
    asn: Any = None,
) -> dict[str, Any]:
    """The tables of a partial result, by name. The arguments are those of `all`."""
    return dict(_tordesc._finish(partial, None, _run(now, since, until, profile, choices, geoip, asn)))


def graph(
    name: str,
    paths: Any = None,
    *,
    counted: bytes | None = None,
    now: Any = None,
    since: Any = None,
    until: Any = None,
    profile: int = 2020,
    choices: Iterable[str] = (),
    geoip: Any = None,
    asn: Any = None,
    threads: int | None = None,
    on_error: str = "collect",
    progress: Any = None,
    **parameters: Any,
) -> Any:
    """The table of a graph's file, out of documents, or out of what was `counted`, a partial result.

    Further arguments are the parameters that the website had, each a value or a list of such: `start="2020-12-01"`,
    `end=…`, `country="de"`, `flag=["Guard", "Exit"]`. A table without columns means that there are not enough data.
    """
    if name not in GRAPHS:
        raise UsageError(f"no graph is called {name}; there are {', '.join(GRAPHS)}")
    if (paths is None) == (counted is None):
        raise UsageError("a graph is made either of documents or of what was counted")
    if unknown := sorted(set(parameters) - PARAMETERS):
        raise UsageError(f"no graph has the parameter {unknown[0]}; there are {', '.join(sorted(PARAMETERS))}")
    run, wanted = _run(now, since, until, profile, choices, geoip, asn), [(name, _query(parameters))]
    if counted is not None:
        tables = _tordesc._finish(counted, wanted, run)
    else:
        needed = [it for it, made in STATISTICS.items() if set(made) & set(GRAPHS[name])]
        tables = _tordesc._tables(paths, needed, wanted, run, threads, progress, on_error)
    if name not in tables:
        raise UsageError(f"{name} needs tables that were not counted: {', '.join(GRAPHS[name])}")
    return tables[name]


def plot(
    name: str,
    paths: Any = None,
    *,
    counted: bytes | None = None,
    start: Any = None,
    end: Any = None,
    country: str | Iterable[str] | None = None,
    events: bool | str | None = None,
    size: tuple[float, float] = (8.0, 5.0),
    now: Any = None,
    since: Any = None,
    until: Any = None,
    profile: int = 2020,
    choices: Iterable[str] = (),
    geoip: Any = None,
    asn: Any = None,
    threads: int | None = None,
    on_error: str = "collect",
    progress: Any = None,
    **parameters: Any,
) -> Any:
    """Draws a graph, out of documents, or out of what was `counted`, a partial result: an SVG that notebooks show.

    `start` and `end` are the first and the last day that are shown, `country` one or several countries, `events` whether the
    censorship detector's events are marked. Further arguments are the graph's other parameters, such as `flag` and
    `transport`. `size` is in inches. The other arguments are those of `all`.
    """
    if name not in PLOTS:
        raise UsageError(f"no plot is called {name}; there are {', '.join(PLOTS)}")
    if (paths is None) == (counted is None):
        raise UsageError("a plot is made either of documents or of what was counted")
    if len(size) != 2 or not every(0 < length < math.inf for length in size):
        raise UsageError(f"a size is a width and a height in inches, greater than 0, not {size}")
    if asn is None and any(table.endswith("-systems") for table in PLOTS[name]):
        raise UsageError(f"{name} needs a database of autonomous systems: asn=")
    run = _run(now, since, until, profile, choices, geoip, asn)
    marks = "on" if events is True else events or None
    query = _query({"start": start, "end": end, "country": country, "events": marks} | parameters)
    needed = None if paths is None else [it for it, made in STATISTICS.items() if set(made) & set(PLOTS[name])]
    source = counted if paths is None else paths
    return _tordesc._draw(name, query, size, source, needed, run, threads, progress, on_error)


def write(
    partial: bytes,
    out: Any,
    *,
    now: Any = None,
    since: Any = None,
    until: Any = None,
    profile: int = 2020,
    choices: Iterable[str] = (),
    geoip: Any = None,
    asn: Any = None,
) -> list[Any]:
    """Writes `modules/*.csv` and `graphs/*.csv` below a folder, byte for byte as the originals, and returns the files."""
    return list(_tordesc._write(partial, out, _run(now, since, until, profile, choices, geoip, asn)))


def _run(
    now: Any, since: Any, until: Any, profile: int, choices: Iterable[str], geoip: Any, asn: Any
) -> dict[str, Any]:
    run = {"now": now, "since": since, "until": until, "profile": profile}
    chosen = [choices] if isinstance(choices, str) else list(choices)
    return run | {"choices": chosen, "geoip": _paths(geoip), "asn": _paths(asn)}


def _paths(given: Any) -> list[Any] | None:
    return [given] if isinstance(given, (str, os.PathLike)) else None if given is None else list(given)


def _names(only: str | Iterable[str] | None, profile: int) -> list[str]:
    """The names of statistics, which may be written as those of functions; without any, those of a profile."""
    if only is None:
        return [name for name, _, profiles, _ in _tordesc._statistics() if profile in profiles]
    several = [only] if isinstance(only, str) else list(only)
    names = [name if name in STATISTICS else name.replace("_", "-") for name in several]
    for name, given in zip(names, several):
        if name not in STATISTICS:
            raise UsageError(f"no statistic is called {given}; there are {', '.join(STATISTICS)}")
    return names


def _query(parameters: Mapping[str, Any]) -> str:
    days = {name: _day(name, parameters[name]) for name in ("start", "end") if name in parameters}
    parameters = {**parameters, **days}
    several = ((key, [it] if isinstance(it, str) or not isinstance(it, Iterable) else list(it)) for key, it in parameters.items())
    return "&".join(f"{key}={quote(str(value))}" for key, values in several for value in values if value is not None)


def _day(name: str, given: Any) -> datetime.date | None:
    try:
        return None if given is None else datetime.datetime.fromisoformat(str(given)).date()
    except ValueError:
        raise UsageError(f"{name} is a day, such as 2020-12-31, not {given}") from None


def _function(name: str, about: str, profiles: list[int], tables: list[str]) -> Callable[..., Any]:
    """The function of a statistic."""

    def count(
        paths: Any,
        *,
        table: str = tables[0],
        now: Any = None,
        since: Any = None,
        until: Any = None,
        profile: int = profiles[0],
        choices: Iterable[str] = (),
        geoip: Any = None,
        asn: Any = None,
        threads: int | None = None,
        on_error: str = "collect",
        progress: Any = None,
    ) -> Any:
        if table not in tables:
            raise UsageError(f"{name} has no table {table}, but {', '.join(tables)}")
        run = _run(now, since, until, profile, choices, geoip, asn)
        made = _tordesc._tables(paths, [name], None, run, threads, progress, on_error)
        if table not in made:
            if profile not in profiles:
                raise UsageError(f"{name} is of the profile {' and '.join(map(str, profiles))}, not of {profile}")
            there = f"; there are {', '.join(made)}" if made else ""
            raise UsageError(f"{table} is not made of these documents and databases{there}")
        return made[table]

    count.__name__ = count.__qualname__ = name.replace("-", "_")
    which = "" if len(tables) == 1 else f"\n\n`table` is one of {', '.join(tables)}."
    count.__doc__ = f"{about}{which}\n\nThe other arguments are those of `all`."
    return count


for _made in [_function(*it) for it in _tordesc._statistics()]:
    globals()[_made.__name__] = _made
    __all__.append(_made.__name__)
