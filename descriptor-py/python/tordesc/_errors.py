"""The errors of this package."""

from __future__ import annotations

import errno
import os
from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._tordesc import Descriptor

__all__ = [
    "DocumentError",
    "FilterError",
    "MissingError",
    "NetworkError",
    "ReadError",
    "SanitizeError",
    "TordescError",
    "UnknownTypeError",
    "UsageError",
    "WriteError",
]


class TordescError(Exception):
    """What all errors of this package are."""

    #: The keyword of the line that is wrong, if it is a line.
    keyword: str | None
    #: Where it is in the decompressed source, in bytes.
    offset: int | None
    #: The number of the line in its document, from 1.
    line: int | None
    #: Where it was read from: a path, with `!MEMBER` in an archive.
    source: str | None
    #: What could be read of the document, if it is one.
    document: Descriptor | None

    def __init__(
        self,
        message: str,
        *,
        keyword: str | None = None,
        offset: int | None = None,
        line: int | None = None,
        source: str | PathLike[str] | None = None,
        document: Descriptor | None = None,
    ) -> None:
        super().__init__(message)
        self.keyword = keyword
        self.offset = offset
        self.line = line
        self.source = None if source is None else str(source)
        self.document = document


class UsageError(TordescError, ValueError):
    """Something was asked for that does not exist, such as a type or a column."""


class FilterError(UsageError, TypeError):
    """A filter asks something of a column that it cannot be asked."""


class ReadError(TordescError, OSError):
    """A file, or a member of an archive, could not be read."""


class MissingError(ReadError, FileNotFoundError):
    """A file or folder is not there."""

    def __init__(self, message: str, *, source: str | PathLike[str] | None = None) -> None:
        super().__init__(message, source=source)
        self.errno = errno.ENOENT
        self.strerror = os.strerror(errno.ENOENT)
        self.filename = self.source

    def __str__(self) -> str:
        return str(self.args[0])


class WriteError(TordescError, OSError):
    """A file could not be written."""


class DocumentError(TordescError, ValueError):
    """A document is not as it must be."""


class UnknownTypeError(DocumentError):
    """A document is of no known type."""


class SanitizeError(TordescError, ValueError):
    """A document may not be published."""

    #: The reason in a word, such as `no-rule`.
    reason: str

    def __init__(
        self, message: str, *, keyword: str | None = None, line: int | None = None, reason: str = ""
    ) -> None:
        super().__init__(message, keyword=keyword, line=line)
        self.reason = reason


class NetworkError(TordescError, OSError):
    """Nobody gave an answer."""

    #: Whether it may well go better later.
    transient: bool

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient
