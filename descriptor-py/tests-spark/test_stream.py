"""A stream over a folder in which files appear and go."""

from __future__ import annotations

from pathlib import Path

import months
import stream_spark
from pyspark.sql import SparkSession
from pyspark.sql.streaming.datasource import ReadAllAvailable, ReadMaxFiles

from pyspark_tordesc import DefaultSource


def text(name: str) -> str:
    return months.DESCRIPTOR.format(
        number=1, address="192.0.2.1", month="2024-03", day=1, bandwidths="1 2 3"
    ).replace("toy1", name)


def test_each_file_is_read_once_across_restarts(spark: SparkSession, tmp_path: Path) -> None:
    recent, out = tmp_path / "recent", tmp_path / "out"
    recent.mkdir()

    def names() -> list[str]:
        stream_spark.keep_up(spark, str(recent), str(out)).awaitTermination()
        return sorted(row.nickname for row in spark.read.parquet(str(out)).collect())

    (recent / "1").write_text(text("one"))
    (recent / "2").write_text(text("two"))
    assert names() == ["one", "two"]
    (recent / "1").unlink()
    (recent / "3").write_text(text("three"))
    (recent / ".4.tmp").write_text(text("four"))
    assert names() == ["one", "three", "two"]
    assert names() == ["one", "three", "two"]


def test_offsets_say_what_was_read(tmp_path: Path) -> None:
    options = {"type": "server-descriptor", "path": str(tmp_path), "maxFilesPerTrigger": "2"}
    source = DefaultSource(options)
    stream = source.streamReader(source.schema())
    limit = stream.getDefaultReadLimit()
    assert limit == ReadMaxFiles(2) and stream.initialOffset() == {}
    for name in "abc":
        (tmp_path / name).write_text(text(name))
    size = len(text("a"))
    first = stream.latestOffset({}, limit)
    assert first == {str(tmp_path / name): size for name in "ab"}
    assert [part.value for part in stream.partitions({}, first)] == [[*first]]
    (tmp_path / "a").unlink()
    (tmp_path / "b").write_text(text("b") * 2)
    (tmp_path / "d").write_text(text("d"))
    second = stream.latestOffset(first, limit)
    assert second == {str(tmp_path / "b"): 2 * size, str(tmp_path / "c"): size}
    everything = stream.latestOffset(first, ReadAllAvailable())
    assert everything.keys() == {str(tmp_path / name) for name in "bcd"}
    assert stream.partitions(everything, everything) == []
    (tmp_path / "d").unlink()
    [part] = stream.partitions(second, everything)
    assert part.value == [str(tmp_path / "d")] and list(stream.read(part)) == []
