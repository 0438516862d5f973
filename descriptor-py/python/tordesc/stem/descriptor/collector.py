"""Descriptors out of CollecTor's archive, downloaded."""

import base64
import datetime
import hashlib
import json
import os
import re
import tempfile
import time

from ..util import connection
from . import Compression, DocumentHandler, parse_file

COLLECTOR_URL = "https://collector.torproject.org/"
#: How long an index is good. In seconds.
REFRESH_INDEX_RATE = 3600
SINGLETON_COLLECTOR = None

#: Where files without a time stand.
FUTURE = datetime.datetime(9999, 1, 1)

_MONTH = re.compile(r"-(\d{4})-(\d{2})\.")
_SECOND = re.compile(r"\d{4}(?:-\d{2}){5}")


def get_instance():
    """The `CollecTor` that the functions of this module ask."""
    global SINGLETON_COLLECTOR
    if SINGLETON_COLLECTOR is None:
        SINGLETON_COLLECTOR = CollecTor()
    return SINGLETON_COLLECTOR


def get_server_descriptors(start=None, end=None, cache_to=None, bridge=False, timeout=None, retries=3):
    """Server descriptors of a time."""
    yield from get_instance().get_server_descriptors(start, end, cache_to, bridge, timeout, retries)


def get_extrainfo_descriptors(start=None, end=None, cache_to=None, bridge=False, timeout=None, retries=3):
    """Extra-info descriptors of a time."""
    yield from get_instance().get_extrainfo_descriptors(start, end, cache_to, bridge, timeout, retries)


def get_microdescriptors(start=None, end=None, cache_to=None, timeout=None, retries=3):
    """Microdescriptors of a time."""
    yield from get_instance().get_microdescriptors(start, end, cache_to, timeout, retries)


def get_consensus(
    start=None,
    end=None,
    cache_to=None,
    document_handler=DocumentHandler.ENTRIES,
    version=3,
    microdescriptor=False,
    bridge=False,
    timeout=None,
    retries=3,
):
    """Status entries of a time."""
    yield from get_instance().get_consensus(
        start, end, cache_to, document_handler, version, microdescriptor, bridge, timeout, retries
    )


def get_key_certificates(start=None, end=None, cache_to=None, timeout=None, retries=3):
    """Certificates of authorities of a time."""
    yield from get_instance().get_key_certificates(start, end, cache_to, timeout, retries)


def get_bandwidth_files(start=None, end=None, cache_to=None, timeout=None, retries=3):
    """Bandwidth files of a time."""
    yield from get_instance().get_bandwidth_files(start, end, cache_to, timeout, retries)


def get_exit_lists(start=None, end=None, cache_to=None, timeout=None, retries=3):
    """Exit lists of a time."""
    yield from get_instance().get_exit_lists(start, end, cache_to, timeout, retries)


def _minute(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M")


class File:
    """A file of the archive: path, types, compression, size, SHA-256 in base64, first and last time in it, last change."""

    def __init__(self, path, types, size, sha256, first_published, last_published, last_modified):
        self.path, self.types, self.size, self.sha256 = path, tuple(types or ()), size, sha256
        self.compression = File._guess_compression(path)
        self.last_modified = _minute(last_modified)
        self._downloaded_to = None
        if first_published and last_published:
            self.start, self.end = _minute(first_published), _minute(last_published)
        else:
            self.start, self.end = File._guess_time_range(path)

    def read(
        self,
        directory=None,
        descriptor_type=None,
        start=None,
        end=None,
        document_handler=DocumentHandler.ENTRIES,
        timeout=None,
        retries=3,
    ):
        """The descriptors of the file, which is downloaded into a folder; without one, into one that is removed again."""
        if descriptor_type is None:
            if not self.types:
                raise ValueError("Unable to determine this file's descriptor type")
            if len({name.split(" ")[0] for name in self.types}) > 1:
                raise ValueError(f"Unable to disambiguate file's descriptor type from among {', '.join(self.types)}")
            descriptor_type = self.types[0]
        if directory is None and self._downloaded_to and os.path.exists(self._downloaded_to):
            directory = os.path.dirname(self._downloaded_to)
        if directory is None:
            with tempfile.TemporaryDirectory() as directory:
                yield from self.read(directory, descriptor_type, start, end, document_handler, timeout, retries)
            return
        path = self.download(directory, True, timeout, retries)
        for descriptor in parse_file(path, document_handler=document_handler):
            # Some tarballs have several types.
            if not descriptor_type.startswith(descriptor.type_annotation().name):
                continue
            published = getattr(descriptor, "published", None)
            if published and ((start and published < start) or (end and published > end)):
                continue
            yield descriptor

    def download(self, directory, decompress=True, timeout=None, retries=3, overwrite=False):
        """Downloads the file into a folder and gives its path.

        A file that is there and has the right digest stays; OSError if it has another one, unless it may be overwritten.
        """
        name = self.path.split("/")[-1]
        if decompress and self.compression != Compression.PLAINTEXT:
            name = name.rsplit(".", 1)[0]
        directory = os.path.expanduser(directory)
        path = os.path.join(directory, name)
        os.makedirs(directory, exist_ok=True)
        if os.path.exists(path):
            # The digest is that of the file as it is in the archive, which a decompressed one is not.
            if name != self.path.split("/")[-1]:
                return path
            with open(path, "rb") as file:
                own = hashlib.sha256(file.read()).hexdigest()
            told = base64.b64decode(self.sha256).hex()
            if own == told:
                return path
            if not overwrite:
                raise OSError(
                    f"{path} already exists but mismatches CollecTor's checksum (expected: {told}, actual: {own})"
                )
        content = connection.download(COLLECTOR_URL + self.path, timeout, retries)
        with open(path, "wb") as file:
            file.write(self.compression.decompress(content) if decompress else content)
        self._downloaded_to = path
        return path

    @staticmethod
    def _guess_compression(path):
        known = (Compression.LZMA, Compression.BZ2, Compression.GZIP)
        return next((one for one in known if path.endswith(one.extension)), Compression.PLAINTEXT)

    @staticmethod
    def _guess_time_range(path):
        # A tarball has its month in its name, and a file of the last days its second.
        if match := _MONTH.search(path):
            year, month = map(int, match.groups())
            return datetime.datetime(year, month, 1), datetime.datetime(year + month // 12, month % 12 + 1, 1)
        if match := _SECOND.search(path):
            start = datetime.datetime.strptime(match[0], "%Y-%m-%d-%H-%M-%S")
            return start, start + datetime.timedelta(hours=1)
        return None, None


class CollecTor:
    """CollecTor's archive. `retries` and `timeout` are those of its index."""

    def __init__(self, retries=2, timeout=None):
        self.retries, self.timeout = retries, timeout
        self._cached_index = self._cached_files = None
        self._cached_index_at = 0

    def _read(self, descriptor_type, start, end, cache_to, timeout, retries, document_handler=DocumentHandler.ENTRIES):
        for file in self.files(descriptor_type, start, end):
            yield from file.read(
                cache_to, descriptor_type, start, end, document_handler, timeout=timeout, retries=retries
            )

    def get_server_descriptors(self, start=None, end=None, cache_to=None, bridge=False, timeout=None, retries=3):
        """Server descriptors of a time, of relays or of bridges; the oldest files first."""
        kind = "bridge-server-descriptor" if bridge else "server-descriptor"
        return self._read(kind, start, end, cache_to, timeout, retries)

    def get_extrainfo_descriptors(self, start=None, end=None, cache_to=None, bridge=False, timeout=None, retries=3):
        """Extra-info descriptors of a time, of relays or of bridges; the oldest files first."""
        kind = "bridge-extra-info" if bridge else "extra-info"
        return self._read(kind, start, end, cache_to, timeout, retries)

    def get_microdescriptors(self, start=None, end=None, cache_to=None, timeout=None, retries=3):
        """Microdescriptors of a time, which is that of their files."""
        return self._read("microdescriptor", start, end, cache_to, timeout, retries)

    def get_consensus(
        self,
        start=None,
        end=None,
        cache_to=None,
        document_handler=DocumentHandler.ENTRIES,
        version=3,
        microdescriptor=False,
        bridge=False,
        timeout=None,
        retries=3,
    ):
        """Status entries of a time, of consensuses, of statuses of version 2, or of bridges."""
        if bridge:
            kind = "bridge-network-status"
        elif version == 3:
            kind = "network-status-microdesc-consensus-3" if microdescriptor else "network-status-consensus-3"
        elif microdescriptor:
            raise ValueError(f"Only v3 microdescriptors are available (not version {version})")
        elif version == 2:
            kind = "network-status-2"
        else:
            raise ValueError(f"Only v2 and v3 router status entries are available (not version {version})")
        yield from self._read(kind, start, end, cache_to, timeout, retries, document_handler)

    def get_key_certificates(self, start=None, end=None, cache_to=None, timeout=None, retries=3):
        """Certificates of authorities of a time."""
        return self._read("dir-key-certificate-3", start, end, cache_to, timeout, retries)

    def get_bandwidth_files(self, start=None, end=None, cache_to=None, timeout=None, retries=3):
        """Bandwidth files of a time."""
        return self._read("bandwidth-file", start, end, cache_to, timeout, retries)

    def get_exit_lists(self, start=None, end=None, cache_to=None, timeout=None, retries=3):
        """Exit lists of a time."""
        return self._read("tordnsel", start, end, cache_to, timeout, retries)

    def index(self, compression="best"):
        """What there is in the archive, as index.json says it."""
        if not self._cached_index or time.time() - self._cached_index_at >= REFRESH_INDEX_RATE:
            if compression == "best":
                best = (Compression.LZMA, Compression.BZ2, Compression.GZIP, Compression.PLAINTEXT)
                compression = next(one for one in best if one.available)
            compression = compression or Compression.PLAINTEXT
            extension = "" if compression == Compression.PLAINTEXT else compression.extension
            content = connection.download(f"{COLLECTOR_URL}index/index.json{extension}", self.timeout, self.retries)
            self._cached_index = json.loads(compression.decompress(content))
            self._cached_index_at = time.time()
        return self._cached_index

    def files(self, descriptor_type=None, start=None, end=None):
        """The files that have descriptors of a type and of a time; the oldest first, those without a time last."""
        if not self._cached_files or time.time() - self._cached_index_at >= REFRESH_INDEX_RATE:
            self._cached_files = sorted(CollecTor._files(self.index(), []), key=lambda file: file.start or FUTURE)

        def fits(file):
            if start and (file.end is None or file.end < start):
                return False
            if end and (file.start is None or file.start > end):
                return False
            return descriptor_type is None or any(name.startswith(descriptor_type) for name in file.types)

        return list(filter(fits, self._cached_files))

    @staticmethod
    def _files(val, path):
        if not isinstance(val, dict):
            return []
        found = [
            File(
                "/".join([*path, told["path"]]),
                *map(told.get, ("types", "size", "sha256", "first_published", "last_published", "last_modified")),
            )
            for told in val.get("files", ())
        ]
        for folder in val.get("directories", ()):
            found += CollecTor._files(folder, [*path, folder["path"]])
        return found
