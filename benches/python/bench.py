"""How fast the Python module is, against stem 1.8.2 and against the program, in turn in one run.

    benches/python/run BENCH

BENCH is the folder of files that benches/README.md describes, with a tarball of a month's server descriptors as
`server-descriptors-YYYY-MM.tar.xz` if that row is wanted. Wall time, since work is done by threads; CPU time of the whole
process beside it. A row is the median over its pairs.
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


def clock(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of a piece of work."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def pairs(ours: Callable[[], object], theirs: Callable[[], object], times: int) -> dict[str, float]:
    """Ours and theirs in turn, after one round that warms up."""
    ours()
    measured = [(clock(ours), clock(theirs)) for _ in range(times)]
    median = statistics.median
    return {
        "ours_ms": 1e3 * median(a[0] for a, _ in measured),
        "ours_cpu_ms": 1e3 * median(a[1] for a, _ in measured),
        "theirs_ms": 1e3 * median(b[0] for _, b in measured),
        "ratio": median(b[0] / a[0] for a, b in measured),
        "ratio_cpu": median(b[1] / a[1] for a, b in measured),
    }


def consensus(bench: Path, times: int) -> dict[str, float]:
    """Eight attributes of each entry of a consensus."""
    from stem.descriptor import parse_file

    path = bench / "consensus"

    def ours() -> None:
        for document in tordesc.parse(path):
            for it in document:
                it.nickname, it.fingerprint, it.published, it.address, it.or_port, it.dir_port, it.flags, it.bandwidth

    def theirs() -> None:
        for it in parse_file(str(path), "network-status-consensus-3 1.0"):
            it.nickname, it.fingerprint, it.published, it.address, it.or_port, it.dir_port, it.flags, it.bandwidth

    return pairs(ours, theirs, times)


def descriptors(bench: Path, times: int) -> dict[str, float]:
    """Digest, policy, bandwidth and time of each server descriptor."""
    from stem.descriptor import parse_file

    path = bench / "server-descriptors"

    def ours() -> None:
        for it in tordesc.parse(path):
            it.digest(), it.exit_policy, it.observed_bandwidth, it.published

    def theirs() -> None:
        for it in parse_file(str(path), "server-descriptor 1.0"):
            it.digest(), it.exit_policy, it.observed_bandwidth, it.published

    return pairs(ours, theirs, times)


def frame(bench: Path, times: int) -> dict[str, float]:
    """A consensus as a frame of all columns: of Polars, against stem's attributes in one of pandas."""
    import pandas
    from stem.descriptor import parse_file

    path = bench / "consensus"
    names = [
        "nickname", "fingerprint", "digest", "published", "address", "or_port", "dir_port", "or_addresses", "flags",
        "version_line", "version", "protocols", "bandwidth", "measured", "is_unmeasured", "unrecognized_bandwidth_entries",
        "exit_policy", "identifier_type", "identifier", "microdescriptor_hashes",
    ]  # fmt: skip

    def ours() -> None:
        tordesc.read(path, tordesc.Consensus, entries=True).to_polars()

    def theirs() -> None:
        rows = parse_file(str(path), "network-status-consensus-3 1.0")
        pandas.DataFrame([{name: getattr(it, name) for name in names} for it in rows])

    return pairs(ours, theirs, times)


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

        result = pairs(ours, theirs, times)
    return {"ours_ms": result["ours_ms"], "theirs_ms": result["theirs_ms"], "part": 1 / result["ratio"]}


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
    args = parser.parse_args()
    rows: dict[str, Callable[[], dict[str, float]]] = {
        "attribute": lambda: attribute(args.bench),
        "consensus": lambda: consensus(args.bench, args.pairs),
        "descriptors": lambda: descriptors(args.bench, args.pairs),
        "frame": lambda: frame(args.bench, args.pairs),
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
