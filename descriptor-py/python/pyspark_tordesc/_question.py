"""What is asked: the options of Spark as arguments of `tordesc.scan`."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

import tordesc
from tordesc.distributed import PARTITION_BYTES

#: How many rows a batch has at most, so that the memory of the JVM is bounded.
ROWS = 65_536

log = logging.getLogger("pyspark_tordesc")


@dataclass(frozen=True)
class Question:
    """Plain values only: it is sent to the executors."""

    paths: tuple[str, ...]
    types: tuple[str, ...]
    columns: tuple[str, ...]
    where: Mapping[str, Any]
    entries: bool
    geoip: tuple[str, ...]
    on_error: str
    partition_bytes: int
    files_per_trigger: int | None

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Question:
        types = _words(options.get("type", ""))
        if not types:
            raise tordesc.UsageError('no type: .option("type", "server-descriptor"), or another')
        limit = options.get("maxFilesPerTrigger")
        return cls(
            paths=_paths(options),
            types=types,
            columns=_words(options.get("columns", "")),
            where=_where(options.get("where", "{}")),
            entries=_truth("entries", options.get("entries", "false")),
            geoip=_words(options.get("geoip", "")),
            on_error=options.get("onError", "raise"),
            partition_bytes=_number("partitionBytes", options.get("partitionBytes", str(PARTITION_BYTES))),
            files_per_trigger=None if limit is None else _number("maxFilesPerTrigger", limit),
        )

    def scan(self, sources: Any, *, where: Mapping[str, Any] | None = None) -> tordesc.Scan:
        """The tables of some sources; a task of Spark has one core, so it takes one thread."""
        types: Any = list(self.types)
        on_error: Any = self.on_error
        return tordesc.scan(
            sources,
            types,
            columns=list(self.columns) or None,
            where={**self.where, **(where or {})} or None,
            entries=self.entries,
            rows=ROWS,
            geoip=list(self.geoip) or None,
            threads=1,
            on_error=on_error,
        )

    def arrow_schema(self) -> pa.Schema:
        """The columns. Fails if the question makes no sense."""
        return pa.schema(self.scan(b"").empty)

    def batches(
        self, paths: Sequence[str], schema: StructType, where: Mapping[str, Any]
    ) -> Iterator[pa.RecordBatch]:
        """The rows of some files, as Spark wants to have them."""
        if not paths:
            return
        wanted = to_arrow_schema(schema, timezone="UTC")
        for table in self.scan(list(paths), where=where):
            for error in table.errors:
                log.warning("%s", error)
            if table.unparseable:
                log.warning("%d documents cannot be read, near %s", table.unparseable, paths[0])
            yield from pa.table(table).cast(wanted).to_batches(max_chunksize=ROWS)


def _paths(options: Mapping[str, str]) -> tuple[str, ...]:
    if "paths" in options:
        return tuple(json.loads(options["paths"]))
    if "path" in options:
        return (options["path"],)
    raise tordesc.UsageError('no path: .load("server-descriptors-2024-01.tar.xz")')


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _truth(name: str, text: str) -> bool:
    try:
        return {"true": True, "false": False}[text.lower()]
    except KeyError:
        raise tordesc.UsageError(f"{name} is true or false, not {text}") from None


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise tordesc.UsageError(f"{name} is a number greater than 0, not {text}")
    return int(text)


def _where(text: str) -> dict[str, Any]:
    """Conditions as JSON, which has no tuples: a range is `{"from": …, "until": …}`."""
    try:
        given = json.loads(text)
    except ValueError as error:
        raise tordesc.UsageError(f"where is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise tordesc.UsageError("where is a JSON object from columns to what they must be")
    return {column: _range(wanted) for column, wanted in given.items()}


def _range(wanted: Any) -> Any:
    if isinstance(wanted, dict) and wanted and wanted.keys() <= {"from", "until"}:
        return (wanted.get("from"), wanted.get("until"))
    return wanted
