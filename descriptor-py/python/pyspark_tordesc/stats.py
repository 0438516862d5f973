"""Statistics on a cluster: tasks make partial results of files, and merge them."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Iterable, Iterator
from typing import Literal

import pyarrow as pa
import tordesc.stats
from pyspark.sql import DataFrame, SparkSession

from tordesc.distributed import PARTITION_BYTES, partitions

__all__ = ["partial"]

_PARTIAL = pa.schema([("partial", pa.binary())])


def partial(
    spark: SparkSession,
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    only: str | Iterable[str] | None = None,
    on_error: Literal["collect", "raise"] = "raise",
    partition_bytes: int = PARTITION_BYTES,
) -> bytes:
    """The partial result of files that driver and workers see: the bytes that `tordesc.stats.partial` makes of them.

    Each partition of `tordesc.distributed.partitions` is counted by a task. Other tasks merge what these made, and the
    driver merges the rest, of which there are about as many as the root of the number of partitions.
    """
    names = [only] if isinstance(only, str) else None if only is None else list(only)
    divided = partitions(paths, partition_bytes=partition_bytes)
    if not divided:
        return tordesc.stats.partial([], only=names)
    work = _spread(spark.createDataFrame([(files,) for files in divided], "files array<string>"), len(divided))
    count = functools.partial(_count, only=names, on_error=on_error)
    counted = work.mapInArrow(count, "partial binary")
    merged = _spread(counted, math.isqrt(len(divided) - 1) + 1).mapInArrow(_merge, "partial binary")
    return tordesc.stats.merge(bytes(row.partial) for row in merged.toLocalIterator())


def _spread(frame: DataFrame, tasks: int) -> DataFrame:
    """The rows among so many tasks."""
    return frame.repartition(tasks)


def _count(
    batches: Iterable[pa.RecordBatch], only: list[str] | None, on_error: Literal["collect", "raise"]
) -> Iterator[pa.RecordBatch]:
    """Partial results of lists of files."""
    for batch in batches:
        for files in batch.column("files").to_pylist():
            yield _row(tordesc.stats.partial(files, only=only, threads=1, on_error=on_error))


def _merge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """One partial result of all that come; none of none."""
    partials = (it for batch in batches for it in batch.column("partial").to_pylist())
    first = next(partials, None)
    if first is not None:
        # One after the other, so that no task holds more than two.
        yield _row(functools.reduce(lambda all, it: tordesc.stats.merge([all, it]), partials, first))


def _row(partial: bytes) -> pa.RecordBatch:
    return pa.record_batch([pa.array([partial], pa.binary())], schema=_PARTIAL)
