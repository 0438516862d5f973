#!/usr/bin/env python3
"""Compares stem's values with ours, document by document: `compare.py TORDESC SHARED`."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import stem.descriptor
from columns import (
    AUTHORITY,
    BANDWIDTH,
    CERTIFICATE,
    DETACHED,
    ENTRY,
    EXIT,
    EXTRA,
    HIDDEN_2,
    HIDDEN_3,
    MICRO,
    SERVER,
    STATUS,
    STATUS_2,
    Ours,
    Row,
    attribute,
    plain,
    relays,
    same,
)

# Folder or name of a file, stem's type for files without an annotation, our table.
KINDS: list[tuple[str, str, dict[str, Ours]]] = [
    (r"corpus/(bridge-)?server-descriptor/", "server-descriptor 1.0", SERVER),
    (r"http/.*(server_all|server_authority|server_fp_[^.]*|server_d_[^.]*)$", "server-descriptor 1.0", SERVER),
    (r"corpus/(bridge-)?extra-info/", "extra-info 1.0", EXTRA),
    (r"http/.*(extra_all|extra_authority|extra_fp_[^.]*|extra_d_[^.]*)$", "extra-info 1.0", EXTRA),
    (r"corpus/microdescriptor/|http/.*micro_d_[^.]*$", "microdescriptor 1.0", MICRO),
    (r"corpus/consensus/|http/.*status-vote_(next|current)_consensus$", "network-status-consensus-3 1.0", STATUS),
    (r"corpus/consensus-microdesc/|http/.*consensus-microdesc$", "network-status-microdesc-consensus-3 1.0", STATUS),
    (r"corpus/vote/|http/.*status-vote_[a-z]*_(authority|[0-9A-F]{40})$", "network-status-vote-3 1.0", STATUS),
    (r"corpus/network-status-2/", "network-status-2 1.0", STATUS_2),
    (r"corpus/bridge-network-status/", "bridge-network-status 1.0", {}),
    (r"corpus/dir-key-certificate/|http/.*keys_(all|authority|fp_[^.]*)$", "dir-key-certificate-3 1.0", CERTIFICATE),
    (r"corpus/bandwidth-file/|http/.*_bandwidth$", "bandwidth-file 1.0", BANDWIDTH),
    (r"corpus/exit-list/|recording/exit-lists/", "tordnsel 1.0", EXIT),
    (r"corpus/hidden-service/hidden_service_v3|corpus/hidden-service/.*hsdesc\d", "hidden-service-descriptor-3 1.0", HIDDEN_3),
    (r"corpus/hidden-service/hidden_service_[df]", "hidden-service-descriptor 1.0", HIDDEN_2),
    (r"corpus/detached-signatures/|http/.*consensus-signatures$", "detached-signature-3 1.0", DETACHED),
]

LISTED = Path(__file__).with_name("DIFFERENCES.md")


class Comparison:
    def __init__(self) -> None:
        self.values = 0
        self.documents = 0
        self.found: dict[str, list[str]] = defaultdict(list)

    def differ(self, what: str, example: str) -> None:
        self.found[what].append(example)

    def record(self, name: str, theirs: Any, ours: Row, table: dict[str, Ours], place: str) -> None:
        for name_of, get in table.items():
            if not hasattr(theirs, name_of):
                continue
            self.values += 1
            stem_value, our_value = attribute(theirs, name_of), get(ours)
            if not same(stem_value, our_value):
                self.differ(f"{name}.{name_of}", f"{place}: stem {stem_value!r:.150}, we {our_value!r:.150}")

    def parts(self, name: str, theirs: list[Any], ours: list[Row], table: dict[str, Ours], place: str) -> None:
        if len(theirs) != len(ours):
            self.differ(f"{name}: how many", f"{place}: stem {len(theirs)}, we {len(ours)}")
            return
        for index, (their, our) in enumerate(zip(theirs, ours)):
            self.record(name, their, our, table, f"{place} #{index}")

    def document(self, theirs: Any, ours: Row, table: dict[str, Ours], place: str) -> None:
        name = type(theirs).__name__
        self.documents += 1
        self.record(name, theirs, ours, table, place)
        digest = (ours.get("digest") or {}).get("sha1")
        if name in ("RelayDescriptor", "RelayExtraInfoDescriptor", "BridgeDescriptor", "BridgeExtraInfoDescriptor") and digest:
            self.values += 1
            if theirs.digest() != digest:
                self.differ(f"{name}.digest()", f"{place}: stem {theirs.digest()}, we {digest}")
        if hasattr(theirs, "routers"):
            # Votes may have two entries of one relay; stem keeps the last.
            entries = list({it["fingerprint"]: it for it in ours["entries"]}.values())
            routers = [theirs.routers[it["fingerprint"]] for it in entries if it["fingerprint"] in theirs.routers]
            self.parts(f"{name} entry", routers, entries, ENTRY, place)
        if hasattr(theirs, "measurements"):
            self.measurements(theirs.measurements, relays(ours), place)
        if hasattr(theirs, "directory_authorities"):
            authorities = ours["authorities"] if "authorities" in ours else [ours["authority"]]
            self.parts(f"{name} authority", theirs.directory_authorities, authorities, AUTHORITY, place)
            for their, our in zip(theirs.directory_authorities, authorities):
                if their.key_certificate:
                    self.record("KeyCertificate", their.key_certificate, our["certificate"] or {}, CERTIFICATE, place)

    def measurements(self, theirs: dict[str, dict[str, str]], ours: dict[str, Row], place: str) -> None:
        """Relay lines, of which stem leaves all values as text."""
        if theirs.keys() != ours.keys():
            self.differ("BandwidthFile relays: which", f"{place}: stem {len(theirs)}, we {len(ours)}")
        for fingerprint in theirs.keys() & ours.keys():
            our = ours[fingerprint]
            for key, text in theirs[fingerprint].items():
                value = our.get(key)
                if key == "node_id" or key not in our:
                    continue
                self.values += 1
                spelled = {True: ("True", "1"), False: ("False", "0")}.get(value, ()) if isinstance(value, bool) else ()
                moment = f"{text}Z"
                if text.isdigit() and isinstance(value, str):
                    moment = plain(datetime.datetime.fromtimestamp(int(text), datetime.timezone.utc))
                if text not in spelled and moment != value and not same(text, value):
                    self.differ(f"BandwidthFile relays.{key}", f"{place} {fingerprint}: stem {text!r}, we {value!r}")


def theirs(path: Path, kind: str) -> Iterator[Any]:
    annotated = path.read_bytes()[:64].startswith(b"@type ")
    with path.open("rb") as file:
        yield from stem.descriptor.parse_file(
            file,
            descriptor_type=None if annotated else kind,
            validate=False,
            document_handler=stem.descriptor.DocumentHandler.DOCUMENT,
        )


def ours(tordesc: str, path: Path, kind: str) -> list[Row]:
    said = subprocess.run([tordesc, "parse", "--quiet", str(path)], stdout=subprocess.PIPE, check=False).stdout
    rows = [json.loads(line) for line in said.splitlines()]
    if kind.startswith("tordnsel"):
        rows = [entry for row in rows for entry in row["entries"]]
    return rows


def listed() -> dict[str, int]:
    rows = re.findall(r"(?m)^\| `([^`]+)` \| (\d+) \|", LISTED.read_text()) if LISTED.exists() else []
    return {name: int(count) for name, count in rows}


def main() -> int:
    tordesc, shared = sys.argv[1], Path(sys.argv[2])
    comparison = Comparison()
    files = sorted(path for folder in ("corpus", "tornet/recording") for path in (shared / folder).rglob("*") if path.is_file())
    for path in files:
        place = path.relative_to(shared).as_posix()
        for pattern, kind, table in KINDS:
            if not re.search(pattern, place) or path.suffix in (".xz", ".gz") or not path.read_bytes()[:2].isascii():
                continue
            try:
                read = list(theirs(path, kind))
            except Exception as error:
                comparison.differ(f"{kind.split()[0]}: stem fails", f"{place}: {type(error).__name__}: {error!s:.100}")
                break
            rows = ours(tordesc, path, kind)
            if len(read) != len(rows):
                comparison.differ(f"{kind.split()[0]}: how many", f"{place}: stem {len(read)}, we {len(rows)}")
            else:
                for index, (their, our) in enumerate(zip(read, rows)):
                    comparison.document(their, our, table, f"{place} #{index}")
            break
    known = listed()
    wrong = 0
    for name, examples in sorted(comparison.found.items()):
        if known.pop(name, None) != len(examples):
            wrong += 1
            print(f"{name}: {len(examples)} differences, such as")
            print(*(f"    {example}" for example in examples[:3]), sep="\n")
    for name, count in known.items():
        wrong += 1
        print(f"{name}: listed with {count}, but there are none")
    total = sum(map(len, comparison.found.values()))
    print(f"{comparison.documents} documents, {comparison.values} values, {total} differ, {wrong} kinds of difference not as listed")
    return 1 if wrong or not comparison.values else 0


sys.exit(main())
