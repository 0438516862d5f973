#!/usr/bin/env python3
"""Makes the folder `data` out of a recording of a private Tor network: `make_data.py RECORDING`.

March becomes tarballs by month as CollecTor publishes them under archive/, the first hours of April become files as
CollecTor has them under recent/. The same recording always gives the same bytes.
"""

import base64
import hashlib
import io
import json
import lzma
import re
import sys
import tarfile
from collections import defaultdict
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent / "data"
MONTH = "2026-03"
RECENT = ("2026-04-01 00", "2026-04-01 01", "2026-04-01 02", "2026-04-01 03")
VOTE_HOURS = ("06", "12", "18", "00")


def field(text: bytes, keyword: str) -> str:
    """The arguments of the first line of a keyword."""
    found = re.search(rb"(?m)^" + keyword.encode() + rb" (.*)$", text)
    return found[1].decode() if found else ""


def part(text: bytes, start: bytes, end: bytes) -> bytes:
    at = text.index(start)
    return text[at : text.index(end, at) + len(end)]


def bodies(recording: Path, pattern: str) -> list[tuple[str, bytes]]:
    """Time and body of every plain answer to URLs of a pattern, each body once."""
    found: dict[str, tuple[str, bytes]] = {}
    for line in (recording / "index.jsonl").read_text().splitlines():
        request = json.loads(line)
        plain = request.get("headers", {}).get("Content-Encoding", "identity") == "identity"
        if request.get("status") == 200 and plain and re.fullmatch(pattern, request["url"]) and request["file"] not in found:
            body = (recording / request["file"]).read_bytes()
            found[request["file"]] = (request["time"], body)
    return list(found.values())


def split(text: bytes, first: bytes) -> list[bytes]:
    return [it for it in re.split(rb"(?m)^(?=" + first + rb"( |$))", text) if it and it.startswith(first)]


def stamp(time: str) -> str:
    return datetime.fromisoformat(time).strftime("%Y-%m-%d-%H-%M-%S")


def collect(recording: Path) -> dict[str, list[tuple[str, str, str, bytes]]]:
    """Documents by kind: time, folder below the kind's month, name, bytes with annotation."""
    out: dict[str, list[tuple[str, str, str, bytes]]] = defaultdict(list)

    def add(kind: str, time: str, folder: str, name: str, annotation: str, body: bytes) -> None:
        out[kind].append((time, folder, name, f"@type {annotation}\n".encode() + body))

    for kind, flavour, name, annotation in (
        ("consensuses", "consensus", "consensus", "network-status-consensus-3 1.0"),
        ("microdescs", "consensus-microdesc", "consensus-microdesc", "network-status-microdesc-consensus-3 1.0"),
    ):
        best: dict[str, bytes] = {}
        for _, body in bodies(recording, rf"/tor/status-vote/(?:current|next)/{flavour}"):
            time = field(body, "valid-after")
            if body.count(b"\ndirectory-signature ") > best.get(time, b"").count(b"\ndirectory-signature "):
                best[time] = body
        for time, body in best.items():
            folder = f"consensus-microdesc/{time[8:10]}" if kind == "microdescs" else time[8:10]
            add(kind, time, folder, f"{stamp(time)}-{name}", annotation, body)
    for _, body in bodies(recording, r"/tor/status-vote/next/authority"):
        time = field(body, "valid-after")
        if time[11:13] in VOTE_HOURS:
            signed = part(body, b"network-status-version ", b"\ndirectory-signature ")
            name = f"{stamp(time)}-vote-{field(body, 'fingerprint')}-{hashlib.sha1(signed).hexdigest().upper()}"
            add("votes", time, time[8:10], name, "network-status-vote-3 1.0", body)
    for kind, url, first, annotation in (
        ("server-descriptors", "server", b"router", "server-descriptor 1.0"),
        ("extra-infos", "extra", b"extra-info", "extra-info 1.0"),
    ):
        seen: dict[str, bytes] = {}
        for _, body in bodies(recording, rf"/tor/{url}/(?:all|authority)"):
            for text in split(body, first):
                text = part(text, first, b"-----END SIGNATURE-----\n")
                seen[hashlib.sha1(part(text, first, b"\nrouter-signature\n")).hexdigest()] = text
        for digest, text in seen.items():
            add(kind, field(text, "published"), f"{digest[0]}/{digest[1]}", digest, annotation, text)
    dated: dict[str, str] = {}
    for time, _, _, body in out["microdescs"]:
        for digest in re.findall(rb"(?m)^m (\S+)$", body):
            dated[digest.decode()] = min(time, dated.get(digest.decode(), time))
    micro: dict[str, bytes] = {}
    for _, body in bodies(recording, r"/tor/micro/d/[^.]*"):
        for text in split(body, b"onion-key"):
            micro[base64.b64encode(hashlib.sha256(text).digest()).decode().rstrip("=")] = text
    for digest, text in micro.items():
        name = base64.b64decode(digest + "=").hex()
        add("microdescs", dated.get(digest, "2026-03-31 00:00:00"), f"micro/{name[0]}/{name[1]}", name, "microdescriptor 1.0", text)
    named = {field(body, "bandwidth-file-digest") for _, _, _, body in out["votes"]}
    for time, body in bodies(recording, r"/tor/status-vote/next/bandwidth"):
        sha256 = hashlib.sha256(body)
        if any(base64.b64encode(sha256.digest()).decode().rstrip("=") in digest for digest in named):
            name = f"{stamp(time)}-bandwidth-{sha256.hexdigest().upper()}"
            add("bandwidths", time, time[8:10], name, "bandwidth-file 1.0", body)
    for path in sorted((recording / "exit-lists").iterdir()):
        time = datetime.strptime(path.name, "%Y-%m-%d-%H-%M-%S").isoformat(" ")
        add("exit-list", time, time[8:10], path.name, "tordnsel 1.0", path.read_bytes())
    certs: dict[bytes, None] = {}
    for _, body in bodies(recording, r"/tor/keys/all"):
        certs.update(dict.fromkeys(split(body, b"dir-key-certificate-version")))
    for text in certs:
        time = field(text, "dir-key-published")
        add("certs", time, "", f"{field(text, 'fingerprint')}-{stamp(time)}", "dir-key-certificate-3 1.0", text)
    return out


def tarball(name: str, members: list[tuple[str, str, str, bytes]]) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for time, folder, file, text in sorted(members, key=lambda it: (it[1], it[2])):
            member = tarfile.TarInfo("/".join(filter(None, (name, folder, file))))
            member.size = len(text)
            member.mtime = int(datetime.fromisoformat(time + "+00:00").timestamp())
            tar.addfile(member, io.BytesIO(text))
    path = HERE / f"archive/{name}.tar.xz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(lzma.compress(out.getvalue(), preset=9 | lzma.PRESET_EXTREME))


def main() -> None:
    [recording] = sys.argv[1:]
    for kind, documents in collect(Path(recording)).items():
        if kind == "certs":
            tarball("certs", documents)
            continue
        tarball(f"{kind}-{MONTH}", [it for it in documents if it[0].startswith(MONTH)])
        recent: dict[str, bytes] = defaultdict(bytes)
        for time, folder, name, text in sorted(documents, key=lambda it: (it[0], it[2])):
            if time.startswith(RECENT) or (time.startswith("2026-04") and folder.startswith("micro/")):
                day = not re.fullmatch(r"(micro/)?./.", folder)
                recent[name if day else f"{RECENT[-1].replace(' ', '-')}-05-00-{kind.replace('microdescs', 'micro')}"] += text
        for name, text in recent.items():
            path = HERE / f"recent/{kind}/{name}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        print(kind, len(documents), "documents,", len(recent), "recent files")


main()
