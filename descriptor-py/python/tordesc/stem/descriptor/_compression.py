"""How files and answers are packed."""

import bz2
import io
import zlib

from .. import prereq
from ..util.enum import Enum

try:
    import lzma
except ImportError:
    lzma = None


class _Compression:
    """A way to pack, if it is available here."""

    def __init__(self, name, encoding, extension, unpack, is_available=lambda: True, needs=""):
        self._name, self.encoding, self.extension = name, encoding, extension
        self._unpack, self._is_available, self._needs = unpack, is_available, needs

    @property
    def available(self):
        """Whether it can be unpacked here."""
        return self._is_available()

    def decompress(self, content):
        """The bytes that were packed; OSError if these are none, ImportError if a module is missing."""
        if not self.available:
            raise ImportError(f"Decompressing {self._name} data requires {self._needs}")
        try:
            return self._unpack(content)
        except Exception as exc:
            raise OSError(f"Failed to decompress as {self}: {exc}") from exc

    def __str__(self):
        return self._name


def _unzstd(content):
    try:
        import zstandard
    except ImportError:
        import zstd

        return zstd.decompress(content)
    return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content)).read()


Compression = Enum(
    ("PLAINTEXT", _Compression("plaintext", "identity", ".txt", bytes)),
    # With or without the header of gzip.
    ("GZIP", _Compression("gzip", "gzip", ".gz", lambda content: zlib.decompress(content, zlib.MAX_WBITS | 32))),
    ("BZ2", _Compression("bzip2", "bzip2", ".bz2", bz2.decompress)),
    (
        "LZMA",
        _Compression(
            "lzma",
            "x-tor-lzma",
            ".xz",
            lambda content: lzma.decompress(content),
            lambda: lzma is not None,
            "the module lzma of Python",
        ),
    ),
    ("ZSTD", _Compression("zstd", "x-zstd", ".zst", _unzstd, prereq.is_zstd_available, "the package zstandard")),
)
