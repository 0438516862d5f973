"""What several threads of Python do at once: the same work by one thread and by each of several, in turn in one run.

    python benches/python/threads.py BENCH [THREADS]

With a GIL, reading goes on beside each other and attributes do not; without one, both do.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import tordesc


def descriptors(bench: Path) -> None:
    """Reads 20,000 server descriptors, and four attributes of each."""
    for it in tordesc.parse(bench / "server-descriptors", threads=1):
        it.digest(), it.exit_policy, it.observed_bandwidth, it.published


def consensus(bench: Path) -> None:
    """Reads a consensus, and eight attributes of each entry."""
    for document in tordesc.parse(bench / "consensus", threads=1):
        for it in document:
            it.nickname, it.fingerprint, it.published, it.address, it.or_port, it.dir_port, it.flags, it.bandwidth


def clock(work: Callable[[Path], None], bench: Path, threads: int) -> float:
    """How long so many threads take, each for the whole work. In seconds."""
    barrier = threading.Barrier(threads + 1)

    def run() -> None:
        barrier.wait()
        work(bench)

    started = [threading.Thread(target=run) for _ in range(threads)]
    for thread in started:
        thread.start()
    gc.collect()
    barrier.wait()
    begun = time.perf_counter()
    for thread in started:
        thread.join()
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("threads", type=int, nargs="?", default=2)
    args = parser.parse_args()
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    print(f"Python {sys.version.split()[0]}, {'with' if gil else 'without'} a GIL")
    for work, times in [(descriptors, 7), (consensus, 31)]:
        clock(work, args.bench, args.threads)
        pairs = [(clock(work, args.bench, 1), clock(work, args.bench, args.threads)) for _ in range(times)]
        one, many = (statistics.median(it) for it in zip(*pairs, strict=True))
        ratio = statistics.median(args.threads * one / many for one, many in pairs)
        print(f"{work.__name__}: 1 thread {1e3 * one:.1f} ms, {args.threads} threads {1e3 * many:.1f} ms: {ratio:.2f}x")


if __name__ == "__main__":
    main()
