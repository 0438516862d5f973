"""Tables: what they hold, who takes them, filters, Parquet."""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tordesc


def need(name: str) -> Any:
    """A library that takes tables. Says aloud if it is not there."""
    return pytest.importorskip(name, reason=f"skipped: {name} is not installed")


@pytest.fixture(scope="module")
def recent(data: Path) -> Path:
    return data / "recent"


def rows(table: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = need("pyarrow").table(table).to_pylist()
    return found


def test_rows_are_the_documents(recent: Path) -> None:
    table = tordesc.read(recent, "server-descriptor")
    documents = list(tordesc.parse(recent, types="server-descriptor"))
    assert table.num_rows == len(table) == len(documents) > 1
    assert table.column_names[:6] == ["type", "source", "offset", "digest_sha1", "digest_sha256", "nickname"]
    assert repr(table) == f"<Table {len(documents)} rows, {len(table.column_names)} columns>"
    assert (table.unparseable, table.errors) == (0, [])
    for row, document in zip(rows(table), documents, strict=True):
        assert row["digest_sha1"] == document.digest() and row["source"] == document.source
        assert row["nickname"] == document.nickname and row["published"] == document.published
        assert row["address"] == str(document.address)
        assert row["exit_policy"] == [str(rule) for rule in document.exit_policy]


def test_entries_are_rows(recent: Path) -> None:
    table = tordesc.read(recent, tordesc.Consensus, entries=True)
    entries = [entry for it in tordesc.parse(recent, types=tordesc.Consensus) for entry in it]
    assert len(table) == len(entries) > 10
    for row, entry in zip(rows(table), entries, strict=True):
        assert (row["fingerprint"], row["flags"], row["offset"]) == (entry.fingerprint, entry.flags, entry.offset)
        assert row["valid_after"] == entry.document.valid_after and row["bandwidth"] == entry.bandwidth
    with pytest.raises(tordesc.UsageError, match="no entries"):
        tordesc.read(recent, "microdescriptor", entries=True)


def test_columns_are_exactly_those(recent: Path) -> None:
    whole = rows(tordesc.read(recent, "server-descriptor"))
    names = ["published", "type", "digest_sha256", "uptime"]
    table = tordesc.read(recent, "server-descriptor", columns=names)
    assert table.column_names == names
    assert rows(table) == [{name: row[name] for name in names} for row in whole]
    with pytest.raises(tordesc.UsageError, match="no column nicknme; did you mean nickname"):
        tordesc.read(recent, "server-descriptor", columns=["nicknme"])
    none = tordesc.read(recent, "server-descriptor", columns=[], where={"nickname": "nobody"})
    assert none.num_rows == 0


def test_every_column_alone_has_its_values(recent: Path, data: Path) -> None:
    for kind, entries in [
        ("server-descriptor", False),
        ("extra-info", False),
        ("network-status-consensus-3", False),
        ("network-status-consensus-3", True),
        ("network-status-vote-3", True),
        ("tordnsel", True),
        ("bandwidth-file", True),
    ]:
        whole = rows(tordesc.read(data, kind, entries=entries))
        assert whole
        for name in whole[0]:
            one = tordesc.read(data, kind, columns=[name], entries=entries)
            assert rows(one) == [{name: row[name]} for row in whole], (kind, name)


def test_filters_choose_rows(recent: Path) -> None:
    whole = rows(tordesc.read(recent, tordesc.Consensus, entries=True))
    time = sorted(row["published"] for row in whole)[len(whole) // 2]
    name = whole[0]["fingerprint"]
    cases: list[tuple[dict[str, Any], Callable[[Any], Any]]] = [
        ({"flags": "Exit"}, lambda row: "Exit" in row["flags"]),
        ({"flags": ["Exit", "Guard"]}, lambda row: {"Exit", "Guard"} & {*row["flags"]}),
        ({"flags": {"all": ["Exit", "Guard"]}}, lambda row: {"Exit", "Guard"} <= {*row["flags"]}),
        ({"fingerprint": [name, "0" * 40]}, lambda row: row["fingerprint"] == name),
        ({"fingerprint": "$" + name.lower()}, lambda row: row["fingerprint"] == name),
        ({"published": (time, None)}, lambda row: row["published"] >= time),
        ({"published": (None, time.isoformat())}, lambda row: row["published"] < time),
        ({"published": (dt.date(2000, 1, 1), dt.date(2001, 1, 1))}, lambda row: False),
        ({"bandwidth": (1000, None)}, lambda row: row["bandwidth"] >= 1000),
        ({"unmeasured": True}, lambda row: row["unmeasured"]),
        ({"or_port": 9001}, lambda row: row["or_port"] == 9001),
        ({"flags": "Exit", "or_port": 9001}, lambda row: "Exit" in row["flags"] and row["or_port"] == 9001),
    ]
    for where, fits in cases:
        table = tordesc.read(recent, tordesc.Consensus, entries=True, where=where)
        assert rows(table) == [row for row in whole if fits(row)], where
        narrow = tordesc.read(recent, tordesc.Consensus, entries=True, where=where, columns=["nickname"])
        assert len(narrow) == len(table)
    refused: list[dict[str, Any]] = [
        {"nobody": 1},
        {"published": 7},
        {"flags": {"any": []}},
        {"nickname": {"all": ["a"]}},
    ]
    for wrong in refused:
        with pytest.raises(tordesc.UsageError):
            tordesc.read(recent, tordesc.Consensus, entries=True, where=wrong)


def test_countries_come_from_a_database(recent: Path, tmp_path: Path) -> None:
    database = tmp_path / "geoip"
    database.write_text("# of a day\n0,4294967295,DE\n")
    options: Any = {"entries": True, "geoip": database}
    table = tordesc.read(recent, tordesc.Consensus, columns=["address", "country"], **options)
    assert {row["country"] for row in rows(table)} == {"de"}
    assert len(tordesc.read(recent, tordesc.Consensus, where={"country": "DE"}, **options)) == len(table)
    assert len(tordesc.read(recent, tordesc.Consensus, where={"country": ["fr", "it"]}, **options)) == 0
    database.write_text("rubbish\n")
    with pytest.raises(tordesc.UsageError, match="line 1"):
        tordesc.read(recent, tordesc.Consensus, **options)


def test_a_scan_gives_all_rows_in_tables(data: Path) -> None:
    whole = tordesc.read(data, "server-descriptor", threads=1)
    tables = list(tordesc.scan(data, "server-descriptor", rows=10))
    assert len(tables) > 1 and sum(map(len, tables)) == len(whole)
    assert [row for table in tables for row in rows(table)] == rows(whole)
    scan = tordesc.scan(data, "server-descriptor")
    assert scan.empty.schema == whole.schema and len(scan.empty) == 0


def test_errors_are_collected_or_raised(recent: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.gz"
    bad.write_bytes(b"\x1f\x8b\x08" + bytes(20))
    table = tordesc.read([recent, bad], "server-descriptor")
    assert len(table) > 1
    [error] = table.errors
    assert isinstance(error, tordesc.ReadError) and error.source == str(bad)
    with pytest.raises(tordesc.ReadError):
        tordesc.read([recent, bad], "server-descriptor", on_error="raise")


UNFIT = b"@type server-descriptor 1.0\nrouter a 1.2.3.4 1 0 0\n"


def test_documents_that_tables_leave_out_are_told(recent: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(UNFIT * 3)
    table = tordesc.read([recent, bad], "server-descriptor")
    assert len(table) == len(tordesc.read(recent, "server-descriptor")) and table.unparseable == 3
    for number, error in enumerate(table.errors):
        assert isinstance(error, tordesc.DocumentError) and error.source == str(bad)
        assert (error.keyword, error.line) == ("published", 1) and "the line is missing" in str(error)
        assert error.offset == len(UNFIT) * number + UNFIT.index(b"router")
    assert len(table.errors) == 3
    assert [len(it.errors) for it in tordesc.scan(UNFIT, "server-descriptor")] == [1]
    with pytest.raises(tordesc.DocumentError, match="published: the line is missing"):
        tordesc.read([recent, bad], "server-descriptor", on_error="raise")
    with pytest.raises(tordesc.DocumentError, match="published: the line is missing"):
        list(tordesc.scan([recent, bad], "server-descriptor", on_error="raise"))


def test_documents_that_files_leave_out_are_told(tmp_path: Path) -> None:
    bad, out = tmp_path / "bad", tmp_path / "out.parquet"
    bad.write_bytes(UNFIT * 30)
    with pytest.warns(RuntimeWarning) as told:
        tordesc.write_parquet(bad, "server-descriptor", out)
    texts = [str(it.message) for it in told]
    assert len(texts) == 11 and f"{bad}: byte 28: published: the line is missing" in texts[0]
    assert texts[-1].startswith("30 documents could not be read")
    with pytest.raises(tordesc.DocumentError, match="published"):
        tordesc.write_parquet(bad, "server-descriptor", tmp_path / "raise.parquet", on_error="raise")
    assert not (tmp_path / "raise.parquet").exists()


@pytest.mark.parametrize("library", ["pyarrow", "polars", "duckdb", "pandas"])
def test_libraries_take_scans(data: Path, library: str) -> None:
    module, pyarrow = need(library), need("pyarrow")
    whole = tordesc.read(data, "server-descriptor", columns=["nickname", "published"])

    def scan() -> Any:
        return tordesc.scan(data, "server-descriptor", columns=["nickname", "published"], rows=10)

    names = [row["nickname"] for row in rows(whole)]
    if library == "pyarrow":
        reader = pyarrow.RecordBatchReader.from_stream(scan())
        assert reader.read_all() == whole.to_arrow() and pyarrow.schema(scan()) == whole.to_arrow().schema
    elif library == "polars":
        assert module.DataFrame(scan()).equals(whole.to_polars())
    elif library == "duckdb":
        taken = scan()
        assert [name for (name,) in module.sql("select nickname from taken").fetchall()] == names
    else:
        assert list(module.DataFrame.from_arrow(scan())["nickname"]) == names


def test_what_a_stream_cannot_read_is_a_warning_or_an_error(recent: Path) -> None:
    pyarrow = need("pyarrow")
    with pytest.warns(RuntimeWarning, match="published: the line is missing"):
        found = pyarrow.table(tordesc.scan([recent, UNFIT], "server-descriptor"))
    assert found.num_rows == len(tordesc.read(recent, "server-descriptor"))
    with pytest.raises(Exception, match="published: the line is missing"):
        pyarrow.table(tordesc.scan([recent, UNFIT], "server-descriptor", on_error="raise"))


def test_a_table_is_an_iterable_of_rows(recent: Path) -> None:
    pandas = need("pandas")
    table = tordesc.read(recent, "server-descriptor")
    assert list(table) == rows(table)
    frame = pandas.DataFrame(table)
    assert list(frame.columns) == table.column_names and list(frame["nickname"]) == list(table.to_pandas()["nickname"])
    assert str(frame["published"].dtype).startswith("datetime64")
    assert list(pandas.DataFrame.from_arrow(table)["uptime"].dropna()) == list(frame["uptime"].dropna())


@pytest.mark.parametrize("library", ["pyarrow", "polars", "pandas", "duckdb"])
def test_libraries_take_tables(recent: Path, library: str) -> None:
    need(library)
    need("pyarrow")
    table = tordesc.read(recent, tordesc.Consensus, entries=True)
    module = importlib.import_module(library)
    expected = [row["nickname"] for row in rows(table)]
    if library == "pyarrow":
        assert module.table(table) == table.to_arrow()
        assert module.schema(table).field("bandwidth").metadata[b"doc"]
        assert table.to_arrow()["nickname"].to_pylist() == expected
    elif library == "polars":
        assert module.DataFrame(table).equals(table.to_polars())
        assert table.to_polars()["nickname"].to_list() == expected
    elif library == "pandas":
        assert list(table.to_pandas()["nickname"]) == expected
        assert str(table.to_pandas()["valid_after"].dtype).startswith("datetime64")
    else:
        assert [name for (name,) in module.sql('select nickname from "table"').fetchall()] == expected


@pytest.mark.parametrize(("kind", "entries"), [(tordesc.Consensus, True), ("server-descriptor", False)])
def test_a_table_is_the_same_whoever_took_the_one_before(recent: Path, kind: Any, entries: bool) -> None:
    pyarrow, polars = need("pyarrow"), need("polars")

    def read() -> Any:
        return tordesc.read(recent, kind, entries=entries)

    plain = pyarrow.table(read())
    changed = read()
    frame = changed.to_polars()
    assert frame.equals(changed.to_polars()) and pyarrow.table(changed) == plain
    frame = read().to_polars()
    for _ in range(2):
        # Made for Polars, because the one before went there.
        views = read()
        assert views.schema["nickname"] == "Utf8" and pyarrow.schema(views) == plain.schema
        assert frame.equals(views.to_polars())
    views = read()
    assert pyarrow.table(views) == plain and pyarrow.table(read()) == plain
    assert frame.equals(polars.DataFrame(plain)) and frame.schema == polars.DataFrame(plain).schema


def test_parquet_is_written_whole(recent: Path, tmp_path: Path) -> None:
    parquet = need("pyarrow.parquet")
    whole = rows(tordesc.read(recent, "server-descriptor"))
    [file] = tordesc.write_parquet(recent, "server-descriptor", tmp_path / "one.parquet")
    assert file == tmp_path / "one.parquet" and parquet.read_table(file).to_pylist() == whole
    port = whole[0]["or_port"]
    files = tordesc.write_parquet(recent, "server-descriptor", tmp_path / "many", where={"or_port": port})
    found = [row for file in files for row in parquet.ParquetFile(file).read().to_pylist()]
    assert {path.relative_to(tmp_path / "many").parts[0] for path in map(Path, files)} == {"type=server-descriptor"}
    assert len(found) == sum(row["or_port"] == port for row in whole)
    with pytest.raises(tordesc.WriteError, match="has parts already; append=True adds to them"):
        tordesc.write_parquet(recent, "server-descriptor", tmp_path / "many")
    more = tordesc.write_parquet(recent, "server-descriptor", tmp_path / "many", append=True)
    assert more and not set(more) & set(files)
    bad = tmp_path / "bad.gz"
    bad.write_bytes(b"\x1f\x8b\x08" + bytes(20))
    with pytest.warns(RuntimeWarning, match="bad.gz"):
        tordesc.write_parquet([recent, bad], "server-descriptor", tmp_path / "two.parquet")
    with pytest.raises(tordesc.ReadError):
        tordesc.write_parquet([bad], "server-descriptor", tmp_path / "three.parquet", on_error="raise")
    assert sorted(path.name for path in tmp_path.glob("*parquet*")) == ["one.parquet", "two.parquet"]
