"""Several threads at once, on Pythons with a GIL and on those without."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
import tordesc
from conftest import SERVER

T = TypeVar("T")

THREADS = 4
MANY = b"".join(SERVER.replace(b"toy", b"toy%d" % number, 1) for number in range(4000))


def together(work: Callable[[int], T]) -> list[T]:
    """What each of some threads makes that begin at once."""
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> T:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def columns(document: Any) -> dict[str, str]:
    """All attributes of a document, and of the parts of it, as text."""
    values = {}
    for name in tordesc_columns(document):
        value = getattr(document, name)
        if isinstance(value, tordesc.Policy):
            value = str(value)
        elif isinstance(value, tordesc.Entries):
            value = [columns(entry) for entry in value]
        elif isinstance(value, tordesc.Descriptor):
            value = columns(value)
        values[name] = repr(value)
    return values


def tordesc_columns(document: Any) -> list[str]:
    return [name for name, value in vars(type(document)).items() if isinstance(value, tordesc.Attribute)]


def test_the_module_does_not_bring_the_gil_back() -> None:
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("this Python always has a GIL")
    code = "import sys, tordesc, tordesc.stats, tordesc.stem.descriptor; print(sys._is_gil_enabled())"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_all_attributes_are_read_by_several_threads(data: Path) -> None:
    alone = [columns(document) for document in tordesc.parse(data)]
    assert len(alone) > 10
    # Each thread begins elsewhere, so that the same document is read for different fields at once.
    shared = list(tordesc.parse(data))

    def read(number: int) -> list[dict[str, str]]:
        turn = number * len(shared) // THREADS
        made = [columns(document) for document in shared[turn:] + shared[:turn]]
        return made[len(shared) - turn :] + made[: len(shared) - turn]

    assert together(read) == [alone] * THREADS


def test_a_document_is_read_for_several_fields_at_once() -> None:
    # In a process of its own, for what was asked for before is read at once afterwards.
    code = """if 1:
        import sys, threading, tordesc
        names = sys.argv[1:]
        documents = [list(tordesc.parse(sys.stdin.buffer.read()))] * len(names)
        found, barrier = {}, threading.Barrier(len(names))
        def read(name, documents):
            barrier.wait()
            found[name] = {repr(getattr(it, name)) for it in documents}
        threads = [threading.Thread(target=read, args=pair) for pair in zip(names, documents)]
        [it.start() for it in threads], [it.join() for it in threads]
        print(*(f"{name} {sorted(found[name])}" for name in names), sep="\\n")
    """
    names = ["address", "uptime", "bandwidth_observed", "or_port", "published", "platform"]
    names = [name for name in names if hasattr(tordesc.ServerDescriptor, name)]
    assert len(names) > 3
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code, *names], input=SERVER * 50, capture_output=True)
        [one] = tordesc.parse(SERVER)
        expected = [f"{name} {[repr(getattr(one, name))]}" for name in names]
        assert done.stdout.decode().splitlines() == expected, done.stderr.decode()


@pytest.mark.parametrize("size", ["small", "large"])
def test_a_reader_gives_each_document_to_one_thread(tmp_path: Path, size: str) -> None:
    path = tmp_path / "many"
    # What is small is read at once, what is large by other threads.
    path.write_bytes(MANY * (1 if size == "small" else 8))
    expected = sorted(document.offset for document in tordesc.parse(path))
    reader = tordesc.parse(path)
    taken = together(lambda _: [document.offset for document in reader])
    assert sorted(sum(taken, [])) == expected
    assert [offsets == sorted(offsets) for offsets in taken] == [True] * THREADS


def test_a_scan_gives_each_row_to_one_thread(tmp_path: Path) -> None:
    path = tmp_path / "many"
    path.write_bytes(MANY * 8)
    scan = tordesc.scan(path, tordesc.ServerDescriptor, columns=["nickname"], rows=1)
    taken = together(lambda _: sum(len(table) for table in scan))
    assert sum(taken) == 8 * 4000


def test_an_iterator_gives_each_entry_to_one_thread(data: Path) -> None:
    consensus = next(it for it in tordesc.parse(data) if isinstance(it, tordesc.Consensus) and len(it.entries) > 5)
    entries = iter(consensus)
    taken = together(lambda _: [entry.fingerprint for entry in entries])
    assert sorted(sum(taken, [])) == sorted(entry.fingerprint for entry in consensus)


def test_an_iterator_gives_each_rule_to_one_thread() -> None:
    rules = "".join(f"reject 10.{number}.0.0/16:*\n" for number in range(200))
    [document] = tordesc.parse(SERVER.replace(b"reject *:25\n", rules.encode()))
    iterator = iter(document.exit_policy)
    taken = together(lambda _: [str(rule) for rule in iterator])
    assert sorted(sum(taken, [])) == sorted(map(str, document.exit_policy))


def test_who_is_told_of_progress_may_ask_and_end_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "many"
    path.write_bytes(MANY * 8)

    def told(*_: object) -> None:
        assert reader.suppressed == 0
        reader.close()

    reader = tordesc.parse(path, progress=told)
    assert sum(1 for _ in reader) < 8 * 4000
