"""Statistics that a cluster counts are those of one machine, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
import stats_spark
import tordesc
from pyspark.sql import SparkSession

from pyspark_tordesc.stats import partial


def test_spark_counts_the_same_bytes(spark: SparkSession, data: Path) -> None:
    # Partitions of one byte: each file is one of its own.
    counted = partial(spark, data, partition_bytes=1)
    assert counted == tordesc.stats.partial(data) and len(counted) > 1000
    assert counted == partial(spark, [data / "archive", data / "recent"])


def test_spark_gives_the_tables_of_one_machine(spark: SparkSession, data: Path) -> None:
    found = stats_spark.relays(spark, [str(data)], "2030-01-01").to_arrow().to_pylist()
    assert found == tordesc.stats.servers(data, now="2030-01-01").to_arrow().to_pylist() and found


def test_nothing_counts_as_nothing(spark: SparkSession, tmp_path: Path) -> None:
    assert partial(spark, tmp_path, only="users") == tordesc.stats.partial([], only="users")


def test_what_cannot_be_read_fails_the_task(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "broken.tar.xz").write_bytes(b"\xfd7zXZ\x00 and nothing")
    with pytest.raises(Exception, match=r"broken\.tar\.xz"):
        partial(spark, tmp_path, only="users")
