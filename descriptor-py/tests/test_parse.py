"""Reading: sources, types, errors, history, threads."""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
import threading
import types
from pathlib import Path
from typing import Any

import pytest
import tordesc
from conftest import SERVER

EACH = [SERVER.replace(b"toy", b"toy%d" % number, 1) for number in range(3000)]
MANY = b"".join(EACH)


def names(source: Any, **options: Any) -> list[str]:
    return [document.nickname for document in tordesc.parse(source, **options)]


NAMES = [f"toy{number}" for number in range(3000)]


def test_anything_can_be_read(tmp_path: Path) -> None:
    plain, packed, tarball = tmp_path / "a" / "plain", tmp_path / "a" / "packed.gz", tmp_path / "a" / "x.tar"
    plain.parent.mkdir()
    plain.write_bytes(MANY)
    packed.write_bytes(gzip.compress(MANY))
    with tarfile.open(tarball, "w") as tar:
        for number in range(0, 3000, 1000):
            member, data = tarfile.TarInfo(f"d/{number}"), b"".join(EACH[number : number + 1000])
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    for source in [
        MANY,
        bytearray(MANY),
        memoryview(MANY),
        plain,
        str(packed),
        tarball,
        gzip.compress(MANY),
        tarball.read_bytes(),
        str(tmp_path / "a" / "pl*"),
        io.BytesIO(MANY),
    ]:
        assert names(source) == NAMES, source if not isinstance(source, bytes) else "bytes"
    with plain.open("rb") as file:
        assert names(file) == NAMES
    assert names(tmp_path) == NAMES * 3
    assert names([MANY, plain, iter([packed])]) == NAMES * 3
    [member] = [it for it in tordesc.parse(tarball) if it.nickname == "toy1000"]
    assert member.source == f"{tarball}!d/1000"


# A thousand million are not started.
@pytest.mark.parametrize("threads", [1, 2, 5, 10**9])
def test_order_does_not_depend_on_threads(tmp_path: Path, threads: int) -> None:
    path = tmp_path / "many"
    path.write_bytes(MANY)
    assert names([path, path], threads=threads) == NAMES * 2


def test_wrong_sources_are_refused(tmp_path: Path) -> None:
    with pytest.raises(tordesc.ReadError, match="no such file") as error:
        tordesc.parse(tmp_path / "missing")
    assert isinstance(error.value, OSError) and error.value.source == str(tmp_path / "missing")
    wrong: Any = 7
    with pytest.raises(TypeError, match="not int"):
        tordesc.parse(wrong)

    class Text:
        def read(self, _size: int) -> str:
            return "router a"

    wrong = Text()
    with pytest.raises(TypeError, match="open as text"):
        list(tordesc.parse(wrong, on_error="raise"))


def test_types_are_chosen_by_name_or_class(data: Path) -> None:
    choices: list[Any] = ["microdescriptor", tordesc.Microdescriptor, ["Microdescriptor"], (tordesc.Microdescriptor,)]
    for types in choices:
        found = list(tordesc.parse(data / "archive", types=types))
        assert found and {type(it) for it in found} == {tordesc.Microdescriptor}
    both = tordesc.parse(SERVER + SERVER.replace(b"@type ", b"@type bridge-"), types=tordesc.ServerDescriptor)
    assert [it.type for it in both] == ["server-descriptor", "bridge-server-descriptor"]
    for wrong in ["unheard-of", int, tordesc.PolicyRule, tordesc.Authority]:
        with pytest.raises(tordesc.UsageError):
            tordesc.parse(b"", types=wrong)  # type: ignore[call-overload]


def test_a_type_may_be_told() -> None:
    assert [it.type for it in tordesc.parse(b"odd\n", type="server-descriptor")] == ["server-descriptor"]
    assert list(tordesc.parse(b"odd\n")) == []
    with pytest.raises(tordesc.UsageError, match="unheard-of"):
        tordesc.parse(b"", type="unheard-of")


BROKEN = b"rubbish\n" + SERVER + SERVER.replace(b"51200", b"many") + SERVER


def test_errors_are_collected() -> None:
    reader = tordesc.parse(BROKEN)
    assert [bool(it.issues) for it in reader] == [False, True, False]
    [error] = reader.errors
    assert isinstance(error, tordesc.UnknownTypeError) and "rubbish" in str(error) and error.offset == 0
    reader = tordesc.parse(BROKEN, strict=True)
    assert len(list(reader)) == 2
    [_, error] = reader.errors
    assert type(error) is tordesc.DocumentError
    assert (error.keyword, error.line) == ("bandwidth", 4) and error.document is not None
    assert getattr(error.document, "uptime") == 48 and BROKEN[error.offset :].startswith(b"bandwidth many")


def test_errors_are_skipped_and_counted() -> None:
    reader = tordesc.parse(BROKEN, strict=True, on_error="skip")
    assert len(list(reader)) == 2 and (reader.errors, reader.suppressed) == ([], 2)


def test_errors_are_raised_and_reading_goes_on() -> None:
    reader = tordesc.parse(BROKEN, strict=True, on_error="raise")
    with pytest.raises(tordesc.UnknownTypeError):
        next(reader)
    assert next(reader).nickname == "toy"
    with pytest.raises(tordesc.DocumentError, match="average bandwidth"):
        next(reader)
    assert next(reader).nickname == "toy"
    with pytest.raises(StopIteration):
        next(reader)
    with pytest.raises(tordesc.UsageError):
        tordesc.parse(b"", on_error="ignore")  # type: ignore[call-overload]


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "torn.gz"
    path.write_bytes(gzip.compress(MANY)[:-400])
    reader = tordesc.parse([path, SERVER])
    found = [it.nickname for it in reader]
    assert found[-1] == "toy" and found[:-1] == NAMES[: len(found) - 1]
    [error] = reader.errors
    assert isinstance(error, tordesc.ReadError) and error.source == str(path)


def test_errors_of_a_file_object_are_its_own() -> None:
    class Broken:
        def read(self, _size: int) -> bytes:
            raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        list(tordesc.parse(Broken(), on_error="raise"))  # type: ignore[call-overload]


def test_a_reader_may_be_left_early(tmp_path: Path) -> None:
    path = tmp_path / "many"
    path.write_bytes(MANY * 20)
    with tordesc.parse(path) as reader:
        assert next(reader).nickname == "toy0"
    assert list(reader) == []
    del reader
    assert next(tordesc.parse(path)).nickname == "toy0"


def test_one_reader_serves_several_threads(tmp_path: Path) -> None:
    path = tmp_path / "many"
    path.write_bytes(MANY)
    reader, found = tordesc.parse(path), list[str]()
    workers = [threading.Thread(target=lambda: found.extend(it.nickname for it in reader)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(found) == sorted(NAMES)


def test_a_history_leaves_only_what_is_new(tmp_path: Path) -> None:
    folder, history = tmp_path / "in", tmp_path / "history"
    folder.mkdir()
    (folder / "a").write_bytes(SERVER)
    assert names(folder, history=history) == ["toy"]
    assert names(folder, history=history) == []
    (folder / "b").write_bytes(SERVER.replace(b"toy", b"new"))
    assert names(folder, history=history) == ["new"]


def test_a_history_is_not_written_before_the_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(MANY)
    with tordesc.parse(tmp_path / "a", history=tmp_path / "history") as reader:
        next(reader)
    assert not (tmp_path / "history").exists()


def test_progress_is_told(tmp_path: Path) -> None:
    path = tmp_path / "many"
    path.write_bytes(MANY)
    told: list[tuple[int, int | None, int]] = []
    assert names(path, progress=lambda *it: told.append(it)) == NAMES
    assert told[-1] == (len(MANY), len(MANY), 3000)
    assert names(path, progress=True) == NAMES


def test_a_bar_ends_with_all_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, shown = tmp_path / "many", list[tuple[int, int]]()
    path.write_bytes(MANY * 8)

    class Bar:
        n = documents = 0

        def __init__(self, **_: Any) -> None:
            self.total = None

        def set_postfix(self, documents: int, refresh: bool) -> None:
            self.documents = documents

        def update(self, more: int) -> None:
            self.n += more

        def close(self) -> None:
            shown.append((self.n, self.documents))

    tqdm = types.ModuleType("tqdm.auto")
    setattr(tqdm, "tqdm", Bar)
    monkeypatch.setitem(sys.modules, "tqdm", types.ModuleType("tqdm"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", tqdm)
    list(tordesc.parse(path, progress=True))
    tordesc.read(path, "server-descriptor", progress=True)
    tordesc.write_parquet(path, "server-descriptor", tmp_path / "x.parquet", progress=True)
    tordesc.stats.servers(path, progress=True)
    assert shown == [(8 * len(MANY), 8 * 3000)] * 4
