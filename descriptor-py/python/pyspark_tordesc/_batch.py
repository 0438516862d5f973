"""Reading of what is there."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql.datasource import DataSourceReader, Filter, InputPartition
from pyspark.sql.types import StructType

from tordesc.distributed import partitions

from ._filters import conditions
from ._question import Question

#: Where Spark asks for filters, if `spark.sql.python.filterPushdown.enabled` is true, and nowhere else.
PUSHDOWN = "pyspark.sql.worker.data_source_pushdown_filters"


class BatchReader(DataSourceReader):
    """Reads the files of a question, each partition by a task of its own."""

    def __init__(self, question: Question, schema: StructType) -> None:
        self.question = question
        self.wanted = schema
        self.where: dict[str, Any] = {}

    def partitions(self) -> list[InputPartition]:
        divided = partitions(self.question.paths, partition_bytes=self.question.partition_bytes)
        return [InputPartition(paths) for paths in divided]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        # Spark makes a partition without a value if there is none.
        return self.question.batches(partition.value or [], self.wanted, self.where)


class FilteringReader(BatchReader):
    """The same, which takes filters from Spark."""

    def pushFilters(self, filters: list[Filter]) -> Iterable[Filter]:
        """Leaves out what the filters do not want anyway, as far as core can tell; Spark still applies all of them."""
        self.where = conditions(filters, self.question)
        return filters


def reader_class() -> type[BatchReader]:
    """Spark refuses readers that take filters unless it is configured to push them, and does not tell the source."""
    return FilteringReader if PUSHDOWN in sys.modules or _is_main(PUSHDOWN) else BatchReader


def _is_main(module: str) -> bool:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec is not None and spec.name == module
