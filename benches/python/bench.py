"""How fast the Python module is, against stem 1.8.2 and against the program, in turn in one run.

    benches/python/run BENCH

BENCH is the folder of files that benches/README.md describes, with a tarball of a month's server descriptors as
`server-descriptors-YYYY-MM.tar.xz` if that row is wanted. Wall time, since work is done by threads; CPU time of the whole
process beside it. Each side of a row is a process of its own, and they work in turn, each for half a second or one piece of
work. A row is the median over its pairs of turns.
"""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from pathlib import Path

import tordesc

# What each row has to reach at least, and what it aims at.
LIMITS = {
    "consensus": (25, 50),
    "descriptors": (40, 80),
    "frame": (150, 300),
    "parquet": (1.05, 1.0),
    "attribute": (150, 80),
    "memory": (150, 150),
}

# How long each side works until it is the other's turn. In seconds.
TURN = 0.5


def clock(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of a piece of work."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


class Worker:
    """A process of its own for one side of a row, so that the objects and the memory of one side are none of the other's
    business: a program uses one of them. It works when it is told to."""

    def __init__(self, bench: Path, work: str) -> None:
        command = [sys.executable, __file__, str(bench), "--work", work]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self) -> tuple[float, float]:
        assert self.process.stdin and self.process.stdout
        print("go", file=self.process.stdin, flush=True)
        wall, cpu = self.process.stdout.readline().split()
        return float(wall), float(cpu)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


def work(bench: Path, name: str) -> None:
    """What a worker does: for a turn the same piece of work again and again, of which the median counts. A processor that
    has rested is slow at first, and what takes 10 ms would be over before it is awake."""
    make = WORK[name](bench)
    for _ in sys.stdin:
        begun, measured = time.perf_counter(), [clock(make)]
        while time.perf_counter() - begun < TURN:
            measured.append(clock(make))
        walls, cpus = zip(*measured, strict=True)
        print(statistics.median(walls), statistics.median(cpus), flush=True)


def pairs(bench: Path, row: str, times: int) -> dict[str, float]:
    """Ours and theirs in turn, after one turn that warms up."""
    with Worker(bench, f"{row}.ours") as ours, Worker(bench, f"{row}.theirs") as theirs:
        [_, *measured] = [(ours(), theirs()) for _ in range(times + 1)]
    median = statistics.median
    return {
        "ours_ms": 1e3 * median(a[0] for a, _ in measured),
        "ours_cpu_ms": 1e3 * median(a[1] for a, _ in measured),
        "theirs_ms": 1e3 * median(b[0] for _, b in measured),
        "ratio": median(b[0] / a[0] for a, b in measured),
        "ratio_cpu": median(b[1] / a[1] for a, b in measured),
    }


# What the workers do. Ours and theirs of a row: eight attributes of each entry of a consensus; digest, policy, bandwidth
# and time of each server descriptor; a consensus as a frame of all columns, of Polars against stem's attributes in one of
# pandas.


def consensus_ours(bench: Path) -> Callable[[], object]:
    def work() -> None:
        for document in tordesc.parse(bench / "consensus"):
            for it in document:
                it.nickname, it.fingerprint, it.published, it.address, it.or_port, it.dir_port, it.flags, it.bandwidth

    return work


def consensus_theirs(bench: Path) -> Callable[[], object]:
    from stem.descriptor import parse_file

    def work() -> None:
        for it in parse_file(str(bench / "consensus"), "network-status-consensus-3 1.0"):
            it.nickname, it.fingerprint, it.published, it.address, it.or_port, it.dir_port, it.flags, it.bandwidth

    return work


def descriptors_ours(bench: Path) -> Callable[[], object]:
    def work() -> None:
        for it in tordesc.parse(bench / "server-descriptors"):
            it.digest(), it.exit_policy, it.observed_bandwidth, it.published

    return work


def descriptors_theirs(bench: Path) -> Callable[[], object]:
    from stem.descriptor import parse_file

    def work() -> None:
        for it in parse_file(str(bench / "server-descriptors"), "server-descriptor 1.0"):
            it.digest(), it.exit_policy, it.observed_bandwidth, it.published

    return work


def frame_ours(bench: Path) -> Callable[[], object]:
    return lambda: tordesc.read(bench / "consensus", tordesc.Consensus, entries=True).to_polars()


def frame_theirs(bench: Path) -> Callable[[], object]:
    import pandas
    from stem.descriptor import parse_file

    names = [
        "nickname", "fingerprint", "digest", "published", "address", "or_port", "dir_port", "or_addresses", "flags",
        "version_line", "version", "protocols", "bandwidth", "measured", "is_unmeasured", "unrecognized_bandwidth_entries",
        "exit_policy", "identifier_type", "identifier", "microdescriptor_hashes",
    ]  # fmt: skip

    def work() -> None:
        rows = parse_file(str(bench / "consensus"), "network-status-consensus-3 1.0")
        pandas.DataFrame([{name: getattr(it, name) for name in names} for it in rows])

    return work


WORK: dict[str, Callable[[Path], Callable[[], object]]] = {
    "consensus.ours": consensus_ours,
    "consensus.theirs": consensus_theirs,
    "descriptors.ours": descriptors_ours,
    "descriptors.theirs": descriptors_theirs,
    "frame.ours": frame_ours,
    "frame.theirs": frame_theirs,
}


def parquet(bench: Path, program: str, times: int) -> dict[str, float]:
    """A month of server descriptors to Parquet, against the program doing it."""
    [path] = bench.glob("server-descriptors-*.tar.xz")
    with tempfile.TemporaryDirectory() as folder:

        def fresh() -> str:
            shutil.rmtree(Path(folder) / "out", ignore_errors=True)
            return str(Path(folder) / "out")

        def ours() -> None:
            tordesc.write_parquet(path, "server-descriptor", fresh())

        def theirs() -> None:
            command = [program, "convert", "-q", "--type", "server-descriptor", str(path), "-o", fresh()]
            subprocess.run(command, check=True)

        ours()
        measured = [(clock(ours)[0], clock(theirs)[0]) for _ in range(times)]
    median = statistics.median
    return {
        "ours_ms": 1e3 * median(a for a, _ in measured),
        "theirs_ms": 1e3 * median(b for _, b in measured),
        "part": median(a / b for a, b in measured),
    }


def attribute(bench: Path) -> dict[str, float]:
    """Nanoseconds of an access, without the loop around it."""
    entry = next(iter(next(tordesc.parse(bench / "consensus"))))
    result = {}
    number = 500_000
    empty = min(timeit.repeat("it", globals={"it": entry}, number=number, repeat=5))
    for name in ["or_port", "bandwidth", "nickname", "fingerprint", "version", "exit_policy", "published", "address", "flags"]:
        taken = min(timeit.repeat(f"it.{name}", globals={"it": entry}, number=number, repeat=5))
        result[name] = 1e9 * (taken - empty) / number
    return result


def memory(bench: Path) -> dict[str, float]:
    """The most memory of a process that streams a month of server descriptors."""
    [path] = bench.glob("server-descriptors-*.tar.xz")
    code = f"import tordesc\nn = sum(1 for _ in tordesc.parse({str(path)!r}))\n"
    # What getrusage says would count the process that started this one.
    code += "[peak] = [line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')]\n"
    code += "print(n, int(peak) / 1024)"
    count, peak = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    return {"documents": int(count), "peak_mib": float(peak)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--program", default="tordesc", help="the program to compare with")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=LIMITS)
    parser.add_argument("--work", choices=WORK, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        return work(args.bench, args.work)
    rows: dict[str, Callable[[], dict[str, float]]] = {
        "attribute": lambda: attribute(args.bench),
        "consensus": lambda: pairs(args.bench, "consensus", args.pairs),
        "descriptors": lambda: pairs(args.bench, "descriptors", args.pairs),
        "frame": lambda: pairs(args.bench, "frame", args.pairs),
        "parquet": lambda: parquet(args.bench, args.program, args.pairs),
        "memory": lambda: memory(args.bench),
    }
    tarball = any(args.bench.glob("server-descriptors-*.tar.xz"))
    for name, row in rows.items():
        if args.only and name not in args.only:
            continue
        if name in ("parquet", "memory") and not tarball:
            print(f"{name}: skipped, there is no tarball of server descriptors")
            continue
        figures = {key: round(value, 3) for key, value in row().items()}
        print(f"{name} (at least {LIMITS[name][0]}, aim {LIMITS[name][1]}): {json.dumps(figures)}", flush=True)


if __name__ == "__main__":
    main()
