"""How files are divided among the workers of a cluster: by Spark, Dask, Ray or your own."""

from __future__ import annotations

import contextlib
import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ._errors import MissingError, UsageError

__all__ = ["PARTITION_BYTES", "divide", "files", "partitions"]

#: How many bytes of plain files one partition has at most, unless one file is larger.
PARTITION_BYTES = 256 << 20

_TARBALL = re.compile(r"\.(tar(\.\w+)?|tgz|tbz2?|txz|tzst)$", re.IGNORECASE)
_PATTERN = re.compile(r"[*?[]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


def partitions(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], *, partition_bytes: int = PARTITION_BYTES
) -> list[list[str]]:
    """Divides files into partitions, the largest first.

    `paths` are files, folders and patterns. A tarball is a partition, because nobody can read its middle without its
    beginning; other files share partitions of up to `partition_bytes` bytes. Each file is in exactly one partition.
    """
    return divide(files(paths), partition_bytes)


def files(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> dict[str, int]:
    """The files that some paths mean, each once, with their sizes in bytes; those of a folder in the order of their names.

    Names that begin with a dot or end in `.tmp` are passed over in folders, as everywhere in tordesc.
    """
    several = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    found: dict[str, int] = {}
    for path in several:
        for file in _expand(_local(os.fspath(path))):
            # Files of `recent/` may go while it is looked through.
            with contextlib.suppress(FileNotFoundError):
                found.setdefault(file, os.stat(file).st_size)
    return found


def divide(sizes: Mapping[str, int], partition_bytes: int = PARTITION_BYTES) -> list[list[str]]:
    """Divides files of known sizes, as `partitions` does."""
    done: list[tuple[int, list[str]]] = []
    total, shared = 0, list[str]()
    for file, size in sizes.items():
        if _TARBALL.search(file):
            done.append((size, [file]))
            continue
        if shared and total + size > partition_bytes:
            done.append((total, shared))
            total, shared = 0, []
        total += size
        shared.append(file)
    if shared:
        done.append((total, shared))
    return [paths for _, paths in sorted(done, key=lambda it: -it[0])]


def _local(path: str) -> str:
    """A path of this machine's file system, which may be written as a URL."""
    scheme = _SCHEME.match(path)
    if scheme is None:
        return path
    if scheme[1] != "file":
        raise UsageError(f"{path}: only paths of a file system that all workers see, not {scheme[1]}")
    return re.sub("^/{2,}", "/", path.removeprefix("file:"))


def _expand(path: str) -> Iterator[str]:
    if os.path.isdir(path):
        yield from _walk(path)
    elif os.path.exists(path):
        yield path
    elif _PATTERN.search(path):
        for match in sorted(glob.glob(path, recursive=True)):
            yield from _walk(match) if os.path.isdir(match) else [match]
    else:
        raise MissingError(f"{path}: no such file", source=path)


def _walk(folder: str) -> Iterator[str]:
    for entry in sorted(Path(folder).iterdir()):
        if entry.name.startswith(".") or entry.name.endswith(".tmp"):
            continue
        if entry.is_dir():
            yield from _walk(str(entry))
        else:
            yield str(entry)
