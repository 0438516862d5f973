"""Text for documents that a program makes, for tests mostly: what nobody asked for is random."""

import base64
import os
import random

from ..util.str_tools import _split_by_length, _to_bytes, _to_unicode


def content(attr, exclude, head, foot=()):
    """A document: the lines of `head`, then what `attr` has besides, then those of `foot`.

    Lines are pairs of keyword and value; `attr` replaces values, and what is None, or in `exclude`, is left out.
    """
    attr = dict(attr or {})
    first = [
        line for keyword, value in head if keyword not in exclude for line in _lines(keyword, attr.pop(keyword, value))
    ]
    last = [
        line for keyword, value in foot if keyword not in exclude for line in _lines(keyword, attr.pop(keyword, value))
    ]
    rest = [
        f"{keyword} {value}"
        for keyword, all in attr.items()
        for value in (all if isinstance(all, (list, tuple)) else [all])
    ]
    return _to_bytes("\n".join(first + rest + last))


def _lines(keyword, value):
    value = _to_unicode(value)
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [f"{keyword} {entry}" for entry in value]
    # An object follows its line; other values follow their keyword.
    return [keyword + value if not value or value.startswith("\n") else f"{keyword} {value}"]


def no_signing(cls, sign):
    """Refuses to sign."""
    if sign:
        raise NotImplementedError(f"Signing of {cls.__name__} not implemented")


def nickname():
    """A nickname."""
    return f"Unnamed{random.randint(0, 10**14)}"[:19]


def fingerprint():
    """A fingerprint."""
    return f"{random.getrandbits(160):040X}"


def address():
    """An address of IPv4."""
    return ".".join(str(random.randint(0, 255)) for _ in range(4))


def date():
    """A time from 2000 to 2015."""
    day = f"{random.randint(2000, 2015)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    return f"{day} {random.randint(0, 23):02}:{random.randint(0, 59):02}:{random.randint(0, 59):02}"


def blob(kind):
    """An object below a line, with random bytes in it."""
    text = "\n".join(_split_by_length(base64.b64encode(os.urandom(140)).decode(), 64))
    return f"\n-----BEGIN {kind}-----\n{text}\n-----END {kind}-----"
