"""The data source: what Spark asks first."""

from __future__ import annotations

import dataclasses

from pyspark.sql.datasource import DataSource
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructField, StructType

from ._batch import BatchReader, reader_class
from ._question import Question
from ._stream import StreamReader


class DefaultSource(DataSource):
    """The format `tordesc`.

    Its options: `type`, the type of the documents, or several that share their columns, with commas; `columns`, those that
    are wanted, with commas; `entries`, whether a row is an entry, such as a relay in a consensus; `where`, conditions as
    JSON; `geoip`, databases of tor's form that give the column `country`, with commas; `onError`, `raise` or `collect`;
    `partitionBytes`; and, of streams, `maxFilesPerTrigger`. They are explained in the documentation of `tordesc`.
    """

    @classmethod
    def name(cls) -> str:
        return "tordesc"

    def schema(self) -> StructType:
        """The columns that are asked for, each with its documentation as comment."""
        columns = self._question().arrow_schema()
        fields = []
        for field, arrow in zip(from_arrow_schema(columns, prefer_timestamp_ntz=False), columns, strict=True):
            doc = (arrow.metadata or {}).get(b"doc")
            metadata = {"comment": doc.decode()} if doc else None
            fields.append(StructField(field.name, field.dataType, field.nullable, metadata))
        return StructType(fields)

    def reader(self, schema: StructType) -> BatchReader:
        return reader_class()(self._asked(schema), schema)

    def streamReader(self, schema: StructType) -> StreamReader:
        return StreamReader(self._asked(schema), schema)

    def _question(self) -> Question:
        return Question.of(self.options)

    def _asked(self, schema: StructType) -> Question:
        """The question for the columns of a schema, which may be the user's. Fails if there is no such column."""
        question = dataclasses.replace(self._question(), columns=tuple(schema.fieldNames()))
        question.arrow_schema()
        return question
