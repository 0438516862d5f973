"""The same question on one machine, on Spark and on Ray has the same answer, to the last digit. Run in a cluster too."""

from __future__ import annotations

import os
from pathlib import Path

import months
import pytest
import question_spark
from pyspark.sql import SparkSession


def test_spark_gives_the_answer_of_one_machine(spark: SparkSession, archive: tuple[Path, months.Answer]) -> None:
    folder, answer = archive
    paths = [f"{folder}/*.tar.xz", f"{folder}/recent"]
    found = question_spark.mean_bandwidth(spark, paths, f"{folder}/geoip")
    rows = [(row.month, row.country, row.mean) for row in found.collect()]
    assert rows == answer and len(rows) == 16


@pytest.mark.skipif("SPARK_MASTER" in os.environ, reason="Ray has nothing to do with a cluster of Spark")
def test_ray_gives_the_answer_of_one_machine(archive: tuple[Path, months.Answer]) -> None:
    ray = pytest.importorskip("ray", reason="skipped: ray is not installed")
    import question_ray

    folder, answer = archive
    ray.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", object_store_memory=80 << 20)
    try:
        rows = question_ray.mean_bandwidth([f"{folder}/*.tar.xz", f"{folder}/recent"], f"{folder}/geoip").to_pylist()
    finally:
        ray.shutdown()
    assert sorted([tuple(row.values()) for row in rows], key=months.order) == answer
