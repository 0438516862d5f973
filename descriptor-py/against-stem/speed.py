"""How fast tordesc.stem is, against stem, in turn in one run.

speed.py SOURCE BENCH: SOURCE is stem's source package, BENCH the folder of files that benches/README.md describes. CPU
time of the whole process, its threads too; the ratio is the median over the pairs.
"""

import gc
import statistics
import sys
import time
from pathlib import Path

PAIRS = 3


def each(parse_file, path, kind, use):
    """Reads a file and uses each descriptor; the function that does so."""

    def work():
        count = 0
        for descriptor in parse_file(str(path), kind):
            use(descriptor)
            count += 1
        assert count, "nothing was read"

    return work


def entry(it):
    return it.nickname, it.fingerprint, it.published, it.address, it.or_port, it.dir_port, it.flags, it.bandwidth


def policy(it):
    return it.digest(), it.exit_policy.is_exiting_allowed(), it.observed_bandwidth, it.published


def most(it):
    names = it.nickname, it.fingerprint, it.address, it.or_port, it.contact, it.family, it.platform, it.tor_version
    return names, it.average_bandwidth, it.published, it.exit_policy, it.uptime, it.or_addresses, it.protocols


def microdescriptor(it):
    return it.exit_policy, it.family, it.ntor_onion_key, it.digest()


def history(it):
    return it.nickname, it.published, it.write_history_values, it.dir_v3_requests, it.dir_v3_responses


ROWS = (
    ("entries of a consensus, 8 attributes", "consensus", "network-status-consensus-3 1.0", entry),
    ("the same, none", "consensus", "network-status-consensus-3 1.0", id),
    ("server descriptors: digest, policy, bandwidth, time", "server-descriptors", "server-descriptor 1.0", policy),
    ("server descriptors, 14 attributes", "server-descriptors", "server-descriptor 1.0", most),
    ("extra-infos, 5 attributes", "extra-infos", "extra-info 1.0", history),
    ("microdescriptors, 3 attributes and digest", "microdescs", "microdescriptor 1.0", microdescriptor),
)


def clock(work):
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def main(source, bench):
    sys.path.insert(0, str(source))
    import stem.descriptor
    import tordesc.stem.descriptor

    print("| | stem, ms | here, ms | ratio |\n| --- | ---: | ---: | ---: |")
    for what, name, kind, use in ROWS:
        theirs = each(stem.descriptor.parse_file, bench / name, kind, use)
        ours = each(tordesc.stem.descriptor.parse_file, bench / name, kind, use)
        ours()
        pairs = [(clock(theirs), clock(ours)) for _ in range(PAIRS)]
        slow, fast = (1e3 * statistics.median(times) for times in zip(*pairs, strict=True))
        ratio = statistics.median(one / other for one, other in pairs)
        print(f"| {what} | {slow:.0f} | {fast:.0f} | {ratio:.1f}x |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
