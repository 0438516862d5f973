"""How a program ends, is interrupted, and forks, while files are read in the background."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import SERVER

MANY = b"".join(SERVER.replace(b"toy", b"toy%d" % number, 1) for number in range(30_000))


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ends") / "many.gz"
    path.write_bytes(gzip.compress(MANY, 1))
    return path


def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


EARLY = """if 1:
    import gzip, sys, tordesc
    for document in tordesc.parse(gzip.open(sys.argv[1])):
        break
    print(document.nickname)
"""


def test_a_program_may_end_while_a_file_object_is_read(packed: Path) -> None:
    for _ in range(12):
        done = run(EARLY, packed)
        assert (done.returncode, done.stdout, done.stderr) == (0, "toy0\n", "")


def test_a_program_may_end_while_a_file_object_waits() -> None:
    code = """if 1:
        import os, tordesc
        read, write = os.pipe()
        os.write(write, b"x")
        reader = tordesc.parse(os.fdopen(read, "rb", buffering=0))
    """
    done = run(code)
    assert (done.returncode, done.stderr) == (0, "")


WAITING = {
    "a pipe as a file": "os.fdopen(os.pipe()[0], 'rb')",
    "a named pipe": "sys.argv[1]",
    "standard input": "'-'",
}


@pytest.mark.parametrize("source", WAITING)
@pytest.mark.parametrize(
    "read",
    ["list(tordesc.parse(source))", "tordesc.read(source, 'server-descriptor')", "tordesc.stats.servers(source)"],
)
def test_waiting_can_be_interrupted(source: str, read: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # Somebody has it open, and says nothing.
    writer = os.open(pipe, os.O_RDWR)
    # A program that is begun in the background has Ctrl-C ignored.
    heeds = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"import os, signal, sys, tordesc; {heeds}; source = {WAITING[source]}; print('ready', flush=True); {read}"
    words = [sys.executable, "-c", code, str(pipe)]
    program = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert program.stdout is not None and program.stdout.readline() == b"ready\n"
        # It has nothing to tell when it waits.
        time.sleep(0.3)
        program.send_signal(signal.SIGINT)
        program.wait(timeout=20)
        assert program.stderr is not None and b"KeyboardInterrupt" in program.stderr.read()
    finally:
        program.kill()
        program.communicate()
        os.close(writer)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="skipped: this system does not fork")
@pytest.mark.parametrize("begin", ["tordesc.parse(path)", "tordesc.scan(path, 'server-descriptor', rows=1)"])
def test_a_reader_does_not_survive_a_fork(packed: Path, begin: str) -> None:
    code = f"""if 1:
        import os, sys, tordesc
        path = sys.argv[1]
        reader = {begin}
        next(reader)
        if os.fork() == 0:
            try:
                print(sum(1 for _ in reader))
            except tordesc.UsageError as error:
                print(error, flush=True)
            # What is begun here is read here.
            print(next(tordesc.parse(path)).nickname, flush=True)
            os._exit(0)
        os.wait()
        print("parent", sum(1 for _ in reader) > 0)
    """
    done = run(code, packed)
    assert "begun in another process" in done.stdout and done.stdout.endswith("toy0\nparent True\n"), done
