"""Exit lists: from which addresses connections through exits really come."""

import tordesc

from ..util import connection, tor_tools
from ..util.str_tools import _parse_timestamp
from . import _rules as rules
from ._base import Descriptor
from ._table import Row, Table
from .router_status_entry import parts


def _fingerprint(lines):
    yield "fingerprint", lines.value
    if not tor_tools.is_valid_fingerprint(lines.value):
        raise ValueError(f"Tor relay fingerprints consist of forty hex digits: {lines.value}")


def _addresses(lines):
    found, bad = [], None
    for value in lines.values:
        address, _, time = value.partition(" ")
        if not connection.is_valid_ipv4_address(address):
            bad = f"ExitAddress isn't a valid IPv4 address: {address}"
        try:
            found.append((address, _parse_timestamp(time)))
        except ValueError:
            bad = f"ExitAddress found time wasn't parsable: {value}"
    yield "exit_addresses", found
    if bad:
        raise ValueError(bad)


def _told_addresses(told):
    return [(str(one["address"]), rules.naive(one["time"])) for one in told]


class TorDNSEL(Descriptor):
    """An exit, with the addresses that were seen."""

    TYPE_ANNOTATION_NAME = KIND = "tordnsel"
    FIRST, NATIVE = "ExitNode", tordesc.ExitNode

    TABLE = Table(
        # attribute, keyword, rule, core's name for it, converter
        Row("fingerprint", "ExitNode", _fingerprint, "fingerprint"),
        Row("published", "Published", rules.timestamp, "published", rules.naive),
        Row("last_status", "LastStatus", rules.timestamp, "last_status", rules.naive),
        Row("exit_addresses", "ExitAddress", _addresses, "exit_addresses", _told_addresses, default=[]),
    )

    # Core reads whole lists: what stands alone is read by its lines.
    _native = None
    _is_plain = False

    def __init__(self, raw_contents, validate=False):
        self._begin(raw_contents, validate)

    @classmethod
    def _from(cls, native, validate=False, document_handler=None, **kwargs):
        if not native.issues and not validate and not kwargs:
            for entry in native.entries:
                yield cls._of(entry, True)
            return
        for part in parts(native.raw, "ExitNode"):
            # What stands before the first exit, such as when the list was fetched, is part of none.
            start = 0 if part.startswith(b"ExitNode") else part.find(b"\nExitNode") + 1
            if part.startswith(b"ExitNode", start):
                yield cls(part[start:], validate, **kwargs)

    def _check_lines(self, entries):
        for keyword, lines in entries.items():
            if keyword not in self.TABLE.by_keyword:
                raise ValueError(f"Unrecognized keyword: {keyword}")
            if any(block for _, _, block in lines.lines):
                raise ValueError(f"Unexpected block content below {keyword}")


def _parse_file(tordnsel_file, validate=False, **kwargs):
    return TorDNSEL._read_all(tordnsel_file.read(), validate, **kwargs)
