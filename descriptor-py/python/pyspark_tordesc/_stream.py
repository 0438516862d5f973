"""Reading of what comes: a folder such as `recent/`, in which files appear."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql.datasource import DataSourceStreamReader, InputPartition
from pyspark.sql.streaming.datasource import ReadAllAvailable, ReadLimit, ReadMaxFiles
from pyspark.sql.types import StructType

from tordesc.distributed import divide, files

from ._question import Question, log


class StreamReader(DataSourceStreamReader):
    """Reads each file once.

    An offset says which files were there, with their sizes. What was read and is gone drops out of it, so that an offset
    is as long as the folder is. A file whose size has changed is read again as a whole; collectors make files appear whole.
    """

    def __init__(self, question: Question, schema: StructType) -> None:
        self.question = question
        self.wanted = schema

    def initialOffset(self) -> dict[str, int]:
        return {}

    def getDefaultReadLimit(self) -> ReadLimit:
        limit = self.question.files_per_trigger
        return ReadAllAvailable() if limit is None else ReadMaxFiles(limit)

    def latestOffset(self, start: dict[str, int], limit: ReadLimit) -> dict[str, int]:
        there = files(self.question.paths)
        new = [path for path in there if start.get(path) != there[path]]
        left = set(new[limit.max_files :]) if isinstance(limit, ReadMaxFiles) else set()
        # What is left for later keeps what was known of it, so that nothing of it is read now.
        later = {path: start[path] for path in left if path in start}
        return {path: size for path, size in there.items() if path not in left} | later

    def partitions(self, start: dict[str, int], end: dict[str, int]) -> list[InputPartition]:
        new = {path: size for path, size in end.items() if start.get(path) != size}
        return [InputPartition(paths) for paths in divide(new, self.question.partition_bytes)]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        paths = []
        for path in partition.value or []:
            if os.path.exists(path):
                paths.append(path)
            else:
                # A stream that was stopped for days comes back to files that were cleaned away since.
                log.warning("%s is gone and was not read", path)
        return self.question.batches(paths, self.wanted, {})
