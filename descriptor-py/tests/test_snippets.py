"""The programs on the pages of the documentation give the answer; those of Spark and Ray are in tests-spark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import months
import pytest
import tordesc
import tordesc.distributed


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, months.Answer]:
    folder = tmp_path_factory.mktemp("archive")
    return folder, months.make(folder)


def test_polars_and_duckdb_answer_as_python_does(archive: tuple[Path, months.Answer]) -> None:
    pytest.importorskip("polars", reason="skipped: polars is not installed")
    pytest.importorskip("duckdb", reason="skipped: duckdb is not installed")
    import question_duckdb
    import question_polars

    folder, answer = archive
    rows = question_polars.mean_bandwidth(f"{folder}/**/*server*", f"{folder}/geoip").rows()
    assert sorted(rows, key=months.order) == answer and len(answer) == 16
    rows = question_duckdb.mean_bandwidth(f"{folder}/**/*server*", f"{folder}/geoip")
    assert sorted(rows, key=months.order) == answer


def test_dask_answers_as_python_does(archive: tuple[Path, months.Answer]) -> None:
    pytest.importorskip("dask.dataframe", reason="skipped: dask is not installed")
    import question_dask

    folder, answer = archive
    frame = question_dask.mean_bandwidth(f"{folder}/**/*server*", f"{folder}/geoip").compute()
    rows: list[Any] = [tuple(None if it is frame["country"].dtype.na_value else it for it in row) for row in frame.values]
    assert sorted(rows, key=months.order) == answer


def test_dask_reads_only_what_is_used(
    archive: tuple[Path, months.Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dask.dataframe", reason="skipped: dask is not installed")
    import tordesc.dask

    folder, _ = archive
    relays = tordesc.dask.read(f"{folder}/*.tar.xz", "server-descriptor", where={"nickname": "toy7"})
    assert relays.npartitions == 3
    asked, read = list[list[str]](), tordesc.read

    def spy(*paths: Any, columns: list[str], **options: Any) -> tordesc.Table:
        asked.append(columns)
        return read(*paths, columns=columns, **options)

    monkeypatch.setattr(tordesc, "read", spy)
    frame = relays[["nickname", "or_port"]].compute(scheduler="synchronous")
    assert asked == [["nickname", "or_port"]] * 3
    assert 10 < len(frame) < 100 and set(frame["nickname"]) == {"toy7"}
    assert str(frame.dtypes["or_port"]) == "int64[pyarrow]"


def test_dask_reads_nothing_as_an_empty_frame(tmp_path: Path) -> None:
    pytest.importorskip("dask.dataframe", reason="skipped: dask is not installed")
    import tordesc.dask

    frame = tordesc.dask.read(tmp_path, "server-descriptor", columns=["nickname"]).compute()
    assert (len(frame), list(frame.columns)) == (0, ["nickname"])


def test_files_are_divided_the_largest_first(tmp_path: Path) -> None:
    sizes = {"b.tar.xz": 30, "x/1": 10, "x/2": 10, "x/3": 50, "c.TAR": 80, "x/.4": 1, "x/5.tmp": 1}
    for name, size in sizes.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(size))

    def names(*paths: str, **options: int) -> list[list[str]]:
        found = tordesc.distributed.partitions([f"{tmp_path}/{path}" for path in paths], **options)
        return [[str(Path(path).relative_to(tmp_path)) for path in part] for part in found]

    assert names("") == [["c.TAR"], ["x/1", "x/2", "x/3"], ["b.tar.xz"]]
    assert names("x", "x/1", "*.xz", partition_bytes=20) == [["x/3"], ["b.tar.xz"], ["x/1", "x/2"]]
    assert tordesc.distributed.partitions(tmp_path / "x" / "1") == [[f"{tmp_path}/x/1"]]
    assert tordesc.distributed.partitions(f"file://{tmp_path}/x/1") == [[f"{tmp_path}/x/1"]]
    assert names("nothing*") == []
    with pytest.raises(tordesc.ReadError, match="no such file"):
        names("missing")
    with pytest.raises(tordesc.UsageError, match="not hdfs"):
        tordesc.distributed.partitions("hdfs://name/x")
