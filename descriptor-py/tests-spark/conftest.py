"""One Spark session for all tests, small and on the loopback only. `SPARK_MASTER` says where: `local[2]`, or a cluster."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import months
import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).parents[2]
MASTER = os.environ.get("SPARK_MASTER", "local[2]")

if importlib.util.find_spec("pyspark") is None:
    collect_ignore_glob = ["test_*"]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    import pyspark
    from pyspark.sql import SparkSession

    os.environ.update(
        SPARK_HOME=str(Path(pyspark.__file__).parent),
        SPARK_LOCAL_IP="127.0.0.1",
        PYSPARK_PYTHON=sys.executable,
        PYSPARK_DRIVER_PYTHON=sys.executable,
    )
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.executor.memory": "768m",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.local.dir": str(tmp_path_factory.mktemp("local")),
        # Machines that build are slow now and then.
        "spark.network.timeout": "600s",
        "spark.executor.heartbeatInterval": "60s",
    }
    builder = SparkSession.builder.master(MASTER).appName("tordesc")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, months.Answer]:
    """A made-up archive with its answer."""
    folder = tmp_path_factory.mktemp("archive")
    return folder, months.make(folder)


@pytest.fixture(scope="session")
def data() -> Path:
    """The sample data."""
    return ROOT / "examples" / "data"
