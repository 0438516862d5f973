"""The data source: columns, types, filters, partitions, errors."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import months
import pyarrow as pa
import pytest
import tordesc
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.datasource import EqualTo, Filter, GreaterThan, In, LessThanOrEqual, Not, StringContains

from pyspark_tordesc import DefaultSource
from pyspark_tordesc._batch import BatchReader, FilteringReader, reader_class

PUSHDOWN = "spark.sql.python.filterPushdown.enabled"


def reader(spark: SparkSession, kind: str, **options: Any) -> DataFrameReader:
    return spark.read.format("tordesc").option("type", kind).options(**options)


def rows(frame: DataFrame) -> list[dict[str, Any]]:
    return [row.asDict(recursive=True) for row in frame.collect()]


def by_key(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda row: (row["source"], row["offset"]))


def plain(value: Any) -> Any:
    """A value with times in UTC and without zone, whatever the zone of this process is."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.timezone.utc).replace(tzinfo=None)
    if isinstance(value, list):
        return [plain(it) for it in value]
    if isinstance(value, dict):
        return {key: plain(it) for key, it in value.items()}
    return value


@pytest.mark.parametrize(
    ("kind", "entries"),
    [("server-descriptor", False), ("extra-info", False), ("network-status-consensus-3", True)],
)
def test_all_columns_have_the_values_that_tables_have(
    spark: SparkSession, data: Path, kind: str, entries: bool
) -> None:
    frame = reader(spark, kind, entries=entries).load(str(data))
    expected = tordesc.read(data, kind, entries=entries).to_arrow()
    assert frame.columns == expected.column_names and len(expected) > 10
    assert plain(by_key(rows(frame))) == plain(by_key(expected.to_pylist(maps_as_pydicts="strict")))


def test_every_type_has_a_schema_with_comments(spark: SparkSession) -> None:
    frame = reader(spark, "server-descriptor").load("/")
    assert frame.schema["published"].dataType == T.TimestampType()
    assert frame.schema["exit_policy"].dataType.simpleString() == "array<string>"
    assert "seconds" in frame.schema["uptime"].metadata["comment"].lower()
    for name in ["network-status-consensus-3", "extra-info", "onionperf", "bandwidth-file", "tordnsel"]:
        assert DefaultSource({"type": name, "path": "/"}).schema().fieldNames()[:2] == ["type", "source"]


def test_columns_are_chosen_by_option_or_by_schema(spark: SparkSession, data: Path) -> None:
    whole = tordesc.read(data / "recent", "server-descriptor").to_arrow()
    chosen = reader(spark, "server-descriptor", columns="published, nickname").load(f"{data}/recent")
    assert chosen.columns == ["published", "nickname"]
    assert sorted(row.nickname for row in chosen.collect()) == sorted(whole["nickname"].to_pylist())
    schema = "uptime INT, nickname STRING, published DATE, or_port STRING"
    frame = reader(spark, "server-descriptor").schema(schema).load(f"{data}/recent")
    assert frame.schema.simpleString() == "struct<uptime:int,nickname:string,published:date,or_port:string>"
    expected = whole.select(["uptime", "nickname", "published", "or_port"]).to_pylist()
    key = str
    assert sorted(map(tuple, frame.collect()), key=key) == sorted(
        ((it["uptime"], it["nickname"], it["published"].date(), str(it["or_port"])) for it in expected), key=key
    )
    with pytest.raises(PySparkException, match="no column nicknme; did you mean nickname"):
        reader(spark, "server-descriptor", columns="nicknme").load(f"{data}/recent").collect()
    with pytest.raises(PySparkException, match="no column nicknme"):
        reader(spark, "server-descriptor").schema("nicknme STRING").load(f"{data}/recent").collect()


def scanned(frame: DataFrame) -> int:
    """How many rows came out of the source, before Spark filtered them."""
    execution = frame._jdf.queryExecution()
    execution.executedPlan().executeCollectPublic()
    leaf = execution.executedPlan().collectLeaves().head()
    return int(leaf.metrics().get("numOutputRows").get().value())


def test_filters_are_pushed_where_spark_allows_it(spark: SparkSession, archive: tuple[Path, months.Answer]) -> None:
    folder, _ = archive
    until = dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc)

    def frame() -> DataFrame:
        relays = reader(spark, "server-descriptor", geoip=f"{folder}/geoip").load(f"{folder}/*.tar.xz")
        return relays.where((F.col("published") < until) & (F.col("country") == "de"))

    plain = by_key(rows(frame()))
    assert scanned(frame()) == 2400 and 50 < len(plain) < 200
    spark.conf.set(PUSHDOWN, "true")
    try:
        assert by_key(rows(frame())) == plain
        assert scanned(frame()) == len(plain)
        everything = reader(spark, "server-descriptor", columns="nickname").load(f"{folder}/*.tar.xz")
        assert everything.count() == 2400
    finally:
        spark.conf.unset(PUSHDOWN)
    assert scanned(frame()) == 2400


def test_conditions_let_through_all_that_a_filter_wants(data: Path) -> None:
    """Every column of a table with some of its own values."""
    for kind, entries in [
        ("server-descriptor", "false"),
        ("extra-info", "false"),
        ("network-status-consensus-3", "true"),
        ("bandwidth-file", "true"),
    ]:
        source = DefaultSource({"type": kind, "path": str(data), "entries": entries})
        whole = tordesc.read(data, kind, entries=entries == "true").to_arrow()
        pushed = 0
        for name in whole.column_names:
            scalars = [it for it in whole[name].to_pylist() if isinstance(it, (str, int, dt.datetime))]
            if not (values := list(dict.fromkeys(scalars))):
                continue
            one, several = values[len(values) // 2], values[::3]
            cases: list[tuple[Filter, Callable[[Any], bool]]] = [
                (EqualTo((name,), one), lambda it: it == one),
                (In((name,), tuple(several)), lambda it: it in several),
                (GreaterThan((name,), one), lambda it: it is not None and it > one),
                (LessThanOrEqual((name,), one), lambda it: it is not None and it <= one),
            ]
            for given, fits in cases:
                taking = FilteringReader(source._question(), source.schema())
                assert list(taking.pushFilters([given])) == [given]
                pushed += bool(taking.where)
                tables = source._question().scan(data, where=taking.where)
                found = [it for table in tables for it in pa.table(table)[name].to_pylist()]
                expected = [it for it in whole[name].to_pylist() if fits(it)]
                assert [it for it in found if fits(it)] == expected, (name, given)
        assert pushed > 20


def test_filters_that_core_does_not_know_are_left_to_spark() -> None:
    source = DefaultSource({"type": "server-descriptor", "path": "/", "where": '{"or_port": 9001}'})
    taking = FilteringReader(source._question(), source.schema())
    given = [
        Not(EqualTo(("nickname",), "toy")),
        StringContains(("nickname",), "toy"),
        EqualTo(("exit_policy", "x"), "toy"),
        EqualTo(("nickname",), "caf\ufffd"),
        EqualTo(("or_port",), 9002),
        EqualTo(("published",), "2024"),
    ]
    assert taking.pushFilters(given) == given and taking.where == {}
    assert reader_class() is BatchReader


def test_conditions_by_option(spark: SparkSession, archive: tuple[Path, months.Answer]) -> None:
    folder, _ = archive
    where = {"published": {"from": "2024-01-01", "until": "2024-02-01"}, "country": ["us", "FR"]}
    options = {"where": json.dumps(where), "geoip": f"{folder}/geoip", "columns": "published,country"}
    found = reader(spark, "server-descriptor", **options).load(f"{folder}/*.tar.xz").distinct().collect()
    assert {row.country for row in found} == {"us", "fr"} and {row.published.month for row in found} == {1}


def test_a_tarball_is_a_partition_the_largest_first(
    spark: SparkSession, archive: tuple[Path, months.Answer]
) -> None:
    folder, _ = archive
    frame = reader(spark, "server-descriptor", columns="source").load([f"{folder}/*.tar.xz", f"file:{folder}/recent"])
    assert frame.rdd.getNumPartitions() == 4
    parts = frame.select(F.spark_partition_id().alias("part"), "source").distinct().collect()
    of = {part: {Path(row.source.split("!")[0]).name for row in parts if row.part == part} for part in range(4)}
    tarballs = [{f"server-descriptors-{month}.tar.xz"} for month in ("2024-02", "2024-01", "2023-12")]
    assert [it for it in of.values() if len(it) == 1] == tarballs and len(of) == 4
    assert {name[:10] for it in of.values() if len(it) == 4 for name in it} == {"2024-03-01"}
    small = reader(spark, "server-descriptor", partitionBytes=1).load(f"{folder}/recent")
    assert small.rdd.getNumPartitions() == 4 and small.count() == 400


def test_nothing_is_an_empty_frame(spark: SparkSession, tmp_path: Path) -> None:
    assert reader(spark, "server-descriptor").load(str(tmp_path)).count() == 0


def test_batches_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    monkeypatch.setattr("pyspark_tordesc._question.ROWS", 7)
    source = DefaultSource({"type": "server-descriptor", "path": str(data)})
    made = source.reader(source.schema())
    sizes = [batch.num_rows for part in made.partitions() for batch in made.read(part)]
    assert max(sizes) == 7 and sum(sizes) == len(tordesc.read(data, "server-descriptor"))


def test_what_cannot_be_read_fails_the_task_or_is_logged(spark: SparkSession, data: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.gz").write_bytes(b"\x1f\x8b\x08" + bytes(20))
    paths = [str(tmp_path), f"{data}/recent"]
    with pytest.raises(PySparkException, match="bad.gz"):
        reader(spark, "server-descriptor").load(paths).count()
    unfit = tmp_path / "unfit"
    unfit.write_bytes(b"@type server-descriptor 1.0\nrouter a 1.2.3.4 1 0 0\n")
    with pytest.raises(PySparkException, match="published: the line is missing"):
        reader(spark, "server-descriptor").load(str(unfit)).count()
    assert reader(spark, "server-descriptor", onError="collect").load(str(unfit)).count() == 0
    good = tordesc.read(data / "recent", "server-descriptor")
    assert reader(spark, "server-descriptor", onError="collect").load(paths).count() == len(good)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "no type"),
        ({"type": "server"}, "server"),
        ({"type": "server-descriptor"}, "no path"),
        ({"type": "server-descriptor", "path": "/", "where": "["}, "not JSON"),
        ({"type": "server-descriptor", "path": "/", "entries": "yes"}, "true or false"),
        ({"type": "server-descriptor", "path": "/", "partitionBytes": "0"}, "greater than 0"),
        ({"type": "server-descriptor", "path": "/", "onError": "ignore"}, "collect or raise"),
        ({"type": "server-descriptor", "path": "/", "geoip": "/no/such"}, "no such file"),
    ],
)
def test_wrong_options_say_what_is_wrong(options: dict[str, str], message: str) -> None:
    with pytest.raises((ValueError, OSError), match=message):
        DefaultSource(options).schema()


def test_other_file_systems_are_refused() -> None:
    source = DefaultSource({"type": "server-descriptor", "path": "s3a://bucket/x.tar.xz"})
    with pytest.raises(tordesc.UsageError, match="not s3a"):
        source.reader(source.schema()).partitions()
