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
