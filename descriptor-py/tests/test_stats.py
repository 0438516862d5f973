"""Statistics: functions, tables, partial results, graphs, files."""

from __future__ import annotations

import datetime as dt
import inspect
import itertools
from pathlib import Path
from typing import Any

import pytest
import stats_partial
import tordesc
from tordesc import stats

NOW = "2030-01-01"


def rows(table: tordesc.Table) -> list[dict[str, Any]]:
    pytest.importorskip("pyarrow", reason="skipped: pyarrow is not installed")
    found: list[dict[str, Any]] = table.to_arrow().to_pylist()
    return found


def test_each_statistic_has_a_function() -> None:
    assert len(stats.STATISTICS) >= 13 and len(stats.GRAPHS) >= 33
    for name, tables in stats.STATISTICS.items():
        function = getattr(stats, name.replace("-", "_"))
        assert function.__name__ in stats.__all__ and tables
        assert inspect.signature(function).parameters["table"].default == tables[0]
        assert set(tables) <= set((function.__doc__ or "").replace(",", " ").replace(".", " ").split()) or len(tables) == 1


def test_tables_have_types(data: Path) -> None:
    table = stats.total_weight(data, now=NOW)
    assert len(table) > 0 and table.schema["valid_after_date"] == "Date32" and table.schema["nickname"] == "Utf8"
    assert "Int64" in table.schema.values() or "Float64" in table.schema.values()
    first = rows(table)[0]
    assert isinstance(first["valid_after_date"], dt.date)
    assert table.unparseable == 0 and table.errors == []


def test_all_counts_in_one_pass_what_each_counts(data: Path) -> None:
    every = stats.all(data, now=NOW)
    older = stats.all(data, now=NOW, profile=2013)
    assert older and set(older) != set(every)
    assert set(every) <= set(itertools.chain(*stats.STATISTICS.values())) and len(every) > 20
    for name, tables in stats.STATISTICS.items():
        for table in set(tables) & set(every):
            if inspect.signature(getattr(stats, name.replace("-", "_"))).parameters["profile"].default != 2020:
                continue
            one = getattr(stats, name.replace("-", "_"))(data, table=table, now=NOW)
            assert rows(one) == rows(every[table]) and one.schema == every[table].schema
    assert sum(len(table) > 0 for table in every.values()) > 5


def test_order_split_and_repetition_change_no_byte(data: Path) -> None:
    whole = stats.partial(data)
    files = sorted(path for path in data.rglob("*") if path.is_file())
    parts = [stats.partial(path) for path in files]
    assert len(parts) > 10
    assert stats.merge(reversed(parts)) == whole
    halves = [stats.merge(parts[::2]), stats.merge([*parts[1::2], parts[0]])]
    assert stats.merge([*halves, whole, stats.merge([])]) == whole
    finished = stats.finish(whole, now=NOW)
    assert {name: rows(table) for name, table in finished.items()} == {
        name: rows(table) for name, table in stats.all(data, now=NOW).items()
    }


def test_bytes_are_counted_as_files_are(data: Path) -> None:
    [path] = (data / "archive").glob("consensuses*")
    assert stats.partial(path.read_bytes(), only="servers") == stats.partial(path, only=["servers"], threads=1)


def test_days_are_chosen(data: Path) -> None:
    days = {row["date"] for row in rows(stats.servers(data, now=NOW))}
    assert days
    day = min(days)
    for given in [day, str(day), dt.datetime(day.year, day.month, day.day, 12)]:
        table = stats.servers(data, now=dt.date(2030, 1, 1), since=given, until=given)
        assert {row["date"] for row in rows(table)} == {day}
    assert len(stats.servers(data, now=NOW, until="2000-01-01")) == 0
    with_time = stats.servers(data, now=dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc))
    assert rows(with_time) == rows(stats.servers(data, now="2030-01-01 00:00:00"))


def test_graphs_are_made_of_documents_and_of_what_was_counted(data: Path) -> None:
    counted = stats.partial(data, only="servers")
    graph = stats.graph("relayflags", counted=counted, now=NOW)
    assert rows(graph) == rows(stats.graph("relayflags", data, now=NOW)) and len(graph) > 0
    flags = {row["flag"] for row in rows(graph)}
    assert {"Exit", "Running"} < flags
    some = stats.graph("relayflags", counted=counted, now=NOW, flag=["Exit", "Running"])
    assert {row["flag"] for row in rows(some)} == {"Exit", "Running"}
    assert len(stats.graph("relayflags", counted=counted, now=NOW, end="2000-01-01")) == 0


def test_plots_are_drawn_of_documents_and_of_what_was_counted(data: Path, tmp_path: Path) -> None:
    counted = stats.partial(data, only="servers")
    plot = tordesc.plot("relayflags", counted=counted, now=NOW)
    assert plot.name == "relayflags" and plot.svg.startswith("<svg") and "Running" in plot.svg
    assert plot.svg == tordesc.plot("relayflags", data, now=NOW).svg == plot._repr_html_() == plot._repr_svg_()
    some = tordesc.plot("relayflags", counted=counted, now=NOW, flag=["Exit"], size=(4, 3))
    assert "Running" not in some.svg and "Exit" in some.svg
    plot.save(tmp_path / "flags.svg")
    assert (tmp_path / "flags.svg").read_text() == plot.svg and bytes(plot) == plot.svg.encode()
    with pytest.raises(tordesc.UsageError, match="saved as"):
        plot.save(tmp_path / "flags.png")
    with pytest.raises(tordesc.UsageError, match="has no data for these days"):
        tordesc.plot("relayflags", counted=counted, now=NOW, start="2000-01-01", end=dt.date(2000, 2, 1))
    assert {"networksize", "userstats-relay-country"} <= set(stats.PLOTS) & set(stats.GRAPHS)


def test_what_most_ask_for_is_the_first_table() -> None:
    assert stats.STATISTICS["users"][0] == "clients"


def test_relays_are_counted_by_place(data: Path, tmp_path: Path) -> None:
    counted = stats.partial(data, only="relays")
    database = tmp_path / "geoip"
    database.write_text("0,4294967295,DE\n")
    without = stats.finish(counted, now=NOW, geoip=[])
    found = stats.finish(counted, now=NOW, geoip=database)
    assert any("de" in str(row).lower() for table in found.values() for row in rows(table) if "country" in row)
    assert sum(map(len, found.values())) > sum(map(len, without.values()))


def test_files_are_written(data: Path, tmp_path: Path) -> None:
    files = stats.write(stats.partial(data), tmp_path, now=NOW)
    assert files == [path for path in files if path.is_file()] and len(files) > 30
    assert (tmp_path / "modules" / "totalcw.csv").read_text().startswith("valid_after_date,nickname,")
    assert (tmp_path / "graphs" / "networksize.csv").read_text().startswith("#\n# The Tor Project\n")


def test_the_pages_program_counts_step_by_step(data: Path) -> None:
    tables = stats_partial.count(data / "archive", NOW)
    alone = stats.total_weight(data / "archive", now=NOW)
    assert rows(tables["totalcw"]) == rows(alone) and len(alone) > 0


#: The module without its types, to be used as it must not be.
untyped: Any = stats


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda data: untyped.partial(data, only="userz"), "no statistic is called userz"),
        (lambda data: untyped.servers(data, table="nothing"), "servers has no table nothing"),
        (lambda data: untyped.servers(data, profile=2014), "profile is 2020 or 2013, not 2014"),
        (lambda data: untyped.servers(data, since="yesterday"), "not a day, such as 2020-12-31: yesterday"),
        (lambda data: untyped.servers(data, choices=["this"]), "no choice is called this"),
        (lambda data: untyped.plot("network", data), "no plot is called network"),
        (lambda data: untyped.plot("networksize"), "either of documents or of what was counted"),
        (lambda data: untyped.servers(data, now="noon"), "not a time, such as 2020-12-31: noon"),
        (lambda data: untyped.graph("network", data), "no graph is called network"),
        (lambda data: untyped.graph("networksize"), "either of documents or of what was counted"),
        (lambda data: untyped.graph("networksize", counted=untyped.partial([], only="web")), "were not counted"),
        (lambda data: untyped.merge([b"no"]), "not a partial result"),
        (lambda data: untyped.finish(b""), "not a partial result"),
        (lambda data: untyped.all(data, only="user"), "no statistic is called user; there are .*users"),
        (lambda data: untyped.plot("relayflags", data, start="soon"), "start is a day, such as 2020-12-31, not soon"),
        (lambda data: untyped.graph("relayflags", data, end="2020-13-01"), "end is a day"),
        (lambda data: untyped.graph("relayflags", data, flags="Exit"), "no graph has the parameter flags"),
        (lambda data: untyped.plot("relayflags", data, size=(-1, 5)), "greater than 0"),
        (lambda data: untyped.plot("relayflags", data, size=(5, float("nan"))), "greater than 0"),
        (lambda data: untyped.plot("relayflags", data, size=(5, float("inf"))), "greater than 0"),
        (lambda data: untyped.plot("relay-systems", data), "relay-systems needs a database of autonomous systems: asn="),
        (lambda data: untyped.servers_2013(data, profile=2020), "servers-2013 is of the profile 2013, not of 2020$"),
        (lambda data: untyped.partial(data, on_error="skip"), "collect or raise here, not skip"),
    ],
)
def test_mistakes_are_told(data: Path, call: Any, what: str) -> None:
    with pytest.raises(tordesc.UsageError, match=what):
        call(data)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tar.xz"
    broken.write_bytes(b"\xfd7zXZ\x00 and nothing")
    [error] = stats.servers(broken, now=NOW).errors
    assert "broken.tar.xz" in str(error)
    with pytest.warns(RuntimeWarning, match="broken"):
        assert stats.partial(broken, only="servers") == stats.partial([], only="servers")
    for count in [untyped.servers, untyped.partial]:
        with pytest.raises(tordesc.ReadError):
            count(broken, on_error="raise")
    unfit = b"@type server-descriptor 1.0\nrouter toy 192.0.2.7 9001 0 0\nrouter-signature\n"
    assert stats.servers(unfit, now=NOW).unparseable == 1


def test_progress_is_told(data: Path) -> None:
    told: list[tuple[int, int | None, int]] = []
    stats.partial(data, progress=lambda *it: told.append(it))
    assert told and told[-1][2] > 10 and told == sorted(told, key=lambda it: it[0])


def test_who_is_told_may_stop(data: Path) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stats.partial(data, progress=stop)
