#!/usr/bin/env python3
"""Makes seeds for a fuzz target out of the golden files and the sample data: `seed.py TARGET`."""

import bz2
import gzip
import hashlib
import io
import lzma
import re
import sys
import tarfile
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LARGEST = 32 * 1024


def documents() -> dict[str, bytes]:
    """Small documents of every type, by name."""
    found: dict[str, bytes] = {}
    for path in sorted((ROOT / "descriptor-core/tests/golden").glob("*/*.txt")):
        found[f"{path.parent.name}-{path.stem}"] = path.read_bytes()
    # These have signatures that hold, and some need the keys of others: a file is a seed, and so are all of them.
    signed = sorted(path for path in (ROOT / "descriptor-core/tests/data/verify").iterdir() if path.suffix != ".md")
    found.update({path.name: path.read_bytes() for path in signed})
    with_keys = ("certificates", "server-descriptor")
    keys = b"".join(found[name] for name in with_keys)
    found.update({f"{path.name}, keys": keys + path.read_bytes() for path in signed if path.name not in with_keys})
    # Bridges as they are before they are sanitized.
    for name in ("server-descriptor", "extra-info", "network-status"):
        found[f"bridge {name}"] = (ROOT / "descriptor-core/tests/sanitize" / name).read_bytes()
    for path in sorted((ROOT / "examples/data").rglob("*")):
        if path.is_file() and path.suffix not in (".md", ".xz"):
            found[path.name] = path.read_bytes()[:LARGEST]
    return {name: text for name, text in found.items() if len(text) <= LARGEST}


def archives(texts: dict[str, bytes]) -> dict[str, bytes]:
    """Every container that can be made here, of a few documents."""
    few = dict(list(texts.items())[:: max(1, len(texts) // 8)])
    few["onionperf-3.1"] = texts["onionperf-3.1"]
    found: dict[str, bytes] = {}
    for name, text in few.items():
        text = text[:4096]
        found[name] = text
        found[f"{name}.gz"] = gzip.compress(text, mtime=0)
        found[f"{name}.bz2"] = bz2.compress(text)
        found[f"{name}.xz"] = lzma.compress(text)
        found[f"{name}.lzma"] = lzma.compress(text, format=lzma.FORMAT_ALONE)
        found[f"{name}.z"] = zlib.compress(text)
    for kind in ("", "gz", "bz2", "xz"):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode=f"w:{kind}") as tar:
            for name, text in few.items():
                member = tarfile.TarInfo(f"folder/{name}")
                member.size = min(len(text), 4096)
                tar.addfile(member, io.BytesIO(text[:4096]))
        found[f"all.tar.{kind}"] = out.getvalue()
    return found


def main() -> None:
    [target] = sys.argv[1:]
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    texts = documents()
    seeds = archives(texts) if target == "archive_reader" else texts
    for text in seeds.values():
        (folder / hashlib.sha1(text).hexdigest()).write_bytes(text)
    words = {word for text in texts.values() for word in re.findall(rb"(?m)^[a-z][a-z0-9-]*(?= |$)", text)}
    lines = [f'"{word.decode()}"' for word in sorted(words)] + ['"\\x0a"', '"-----BEGIN "', '"-----END "', '"@type "', '"opt "']
    (HERE / "corpus/keywords.dict").write_text("\n".join(lines) + "\n")
    print(f"{len(seeds)} seeds for {target}")


main()
