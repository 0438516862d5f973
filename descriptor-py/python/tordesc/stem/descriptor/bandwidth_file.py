"""Bandwidth files: what a bandwidth authority has measured."""

import datetime
import time

from ..util.str_tools import _parse_iso_timestamp, _to_bytes, _to_unicode
from . import _make, _rules
from ._base import Descriptor
from ._table import lazy

_EPOCH = datetime.datetime(1970, 1, 1)

#: What ends a header; the shorter one is older.
HEADER_DIV, HEADER_DIV_ALT = b"=====", b"===="
HEADER_DEFAULT = {"version": "1.0.0"}


def _text(value):
    return value


def _number(value):
    return int(value) if value and value.isdigit() else None


def _time(value):
    try:
        return _parse_iso_timestamp(value)
    except ValueError:
        return None


def _list(value):
    return None if value is None else [entry.strip() for entry in value.split(",")]


# Attribute, keyword of the header, and what it is; those of `recent_stats` with dots. What is malformed is None.
HEADER_ATTR = {
    "version": ("version", _text),
    "software": ("software", _text),
    "software_version": ("software_version", _text),
    "earliest_bandwidth": ("earliest_bandwidth", _time),
    "latest_bandwidth": ("latest_bandwidth", _time),
    "created_at": ("file_created", _time),
    "generated_at": ("generator_started", _time),
    "consensus_size": ("number_consensus_relays", _number),
    "eligible_count": ("number_eligible_relays", _number),
    "eligible_percent": ("percent_eligible_relays", _number),
    "min_count": ("minimum_number_eligible_relays", _number),
    "min_percent": ("minimum_percent_eligible_relays", _number),
    "scanner_country": ("scanner_country", _text),
    "destinations_countries": ("destinations_countries", _list),
    "time_to_report_half_network": ("time_to_report_half_network", _number),
    "recent_stats.consensus_count": ("recent_consensus_count", _number),
    "recent_stats.prioritized_relay_lists": ("recent_priority_list_count", _number),
    "recent_stats.prioritized_relays": ("recent_priority_relay_count", _number),
    "recent_stats.measurement_attempts": ("recent_measurement_attempt_count", _number),
    "recent_stats.measurement_failures": ("recent_measurement_failure_count", _number),
    "recent_stats.relay_failures.no_measurement": ("recent_measurements_excluded_error_count", _number),
    "recent_stats.relay_failures.insuffient_period": ("recent_measurements_excluded_near_count", _number),
    "recent_stats.relay_failures.insufficient_measurements": ("recent_measurements_excluded_few_count", _number),
    "recent_stats.relay_failures.stale": ("recent_measurements_excluded_old_count", _number),
}


class RelayFailures:
    """How many relays could not be measured, by reason."""

    no_measurement = insuffient_period = insufficient_measurements = stale = None


class RecentStats:
    """What the scanner did in the last five days."""

    consensus_count = prioritized_relays = prioritized_relay_lists = measurement_attempts = measurement_failures = None

    def __init__(self):
        self.relay_failures = RelayFailures()


def _of_header(attribute):
    # An attribute that stands in the header.
    keyword, convert = HEADER_ATTR[attribute]
    made = lazy(lambda self: convert(self.header.get(keyword, HEADER_DEFAULT.get(attribute))))
    made.name = attribute
    return made


class BandwidthFile(Descriptor):
    """What a bandwidth authority has measured: `header`, and `measurements` by fingerprint, all as text."""

    TYPE_ANNOTATION_NAME = KIND = "bandwidth-file"

    # The values are told as they stand in the file, which core does not.
    _native = None

    for _attribute in HEADER_ATTR:
        if "." not in _attribute:
            locals()[_attribute] = _of_header(_attribute)
    del _attribute

    def __init__(self, raw_content, validate=False):
        self._begin(raw_content, validate)

    @lazy
    def _split_body(self):
        """The first line, the lines of the header, and those of the body."""
        first, *lines = [line.strip() for line in self.get_bytes().split(b"\n")]
        divider = next((at for at, line in enumerate(lines) if line in (HEADER_DIV, HEADER_DIV_ALT)), None)
        if divider is not None:
            return first, lines[:divider], lines[divider + 1 :]
        # Version 1.0 has no header; later ones may have nothing else.
        is_old = bool(lines) and b"node_id=" in lines[0]
        return first, [] if is_old else lines, lines if is_old else []

    @lazy
    def timestamp(self):
        """When the file was written."""
        return self._lenient(self._read_timestamp, None)

    @lazy
    def header(self):
        """The header, as text by keyword."""
        return self._lenient(self._read_header, {})

    @lazy
    def measurements(self):
        """The measurements by fingerprint, as text by keyword."""
        return self._lenient(self._read_measurements, {})

    @lazy
    def recent_stats(self):
        """What the scanner did in the last five days."""
        stats = RecentStats()
        for attribute, (keyword, convert) in HEADER_ATTR.items():
            if attribute.startswith("recent_stats."):
                *path, name = attribute.split(".")[1:]
                owner = stats.relay_failures if path else stats
                setattr(owner, name, convert(self.header.get(keyword)))
        return stats

    @staticmethod
    def _lenient(read, default):
        try:
            return read()
        except ValueError:
            return default

    def _read_timestamp(self):
        first, _, _ = self._split_body
        if not first.isdigit():
            raise ValueError(f"First line should be a unix timestamp, but was '{first}'")
        return _EPOCH + datetime.timedelta(seconds=int(first))

    def _read_header(self):
        _, lines, _ = self._split_body
        header = {}
        for line in lines:
            if not line:
                break
            key, equals, value = _to_unicode(line).partition("=")
            if not equals:
                raise ValueError(f"Header expected to be key=value pairs, but had '{key}'")
            header[key] = value
        return header

    def _read_measurements(self):
        _, _, lines = self._split_body
        found = {}
        for line in filter(None, lines):
            told = dict(_rules.split_pairs("measurement", _to_unicode(line)))
            fingerprint = told.get("node_id", "").lstrip("$")
            if not fingerprint:
                raise ValueError(f"Every meaurement must include 'node_id': {_to_unicode(line)}")
            if fingerprint in found:
                raise ValueError(f"Relay {fingerprint} is listed multiple times. It should only be present once.")
            found[fingerprint] = told
        return found

    def _validate(self):
        self.timestamp, self.header = self._read_timestamp(), self._read_header()
        if "version" in self.header and next(iter(self.header)) != "version":
            raise ValueError("The 'version' header must be in the second position")
        self.measurements = self._read_measurements()

    def get_unrecognized_lines(self):
        return []

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False):
        """The bytes of a bandwidth file: `timestamp` is its first line, `content` its measurements, the others its header."""
        _make.no_signing(cls, sign)
        header = dict(attr or {})
        timestamp = header.pop("timestamp", str(int(time.time())))
        content = header.pop("content", [])
        version = header.get("version", HEADER_DEFAULT["version"])
        if version == HEADER_DEFAULT["version"] and header:
            raise ValueError("Headers require BandwidthFile version 1.1 or later")
        lines = [] if "timestamp" in exclude else [timestamp]
        if version != HEADER_DEFAULT["version"]:
            first = {} if "version" in exclude else {"version": version}
            header.pop("version")
            lines += [f"{key}={value}" for key, value in (first | header).items()]
            lines.append(HEADER_DIV.decode())
        return b"\n".join(map(_to_bytes, [*lines, *content]))


def _parse_file(descriptor_file, validate=False, **kwargs):
    yield BandwidthFile(descriptor_file.read(), validate, **kwargs)
