"""What names and digests of Tor look like."""

import re

_FINGERPRINT = re.compile(r"[0-9a-fA-F]{40}")
_PREFIXED = re.compile(r"\$[0-9a-fA-F]{40}")
_NICKNAME = re.compile(r"[a-zA-Z0-9]{1,19}")
_ONION = {2: re.compile(r"[a-z2-7]{16}"), 3: re.compile(r"[a-z2-7]{56}")}


def _fits(pattern, entry):
    return isinstance(entry, (str, bytes)) and pattern.fullmatch(_text(entry)) is not None


def _text(entry):
    return entry.decode("utf-8", "replace") if isinstance(entry, bytes) else entry


def is_valid_fingerprint(entry, check_prefix=False):
    """Whether this is a fingerprint: forty hex digits, with a `$` before them if `check_prefix`."""
    return _fits(_PREFIXED if check_prefix else _FINGERPRINT, entry)


def is_valid_nickname(entry):
    """Whether this is a nickname: one to nineteen letters and digits."""
    return _fits(_NICKNAME, entry)


def is_valid_circuit_id(entry):
    """Whether this is an identifier of a circuit: one to sixteen letters and digits."""
    return _fits(re.compile(r"[a-zA-Z0-9]{1,16}"), entry)


is_valid_stream_id = is_valid_connection_id = is_valid_circuit_id


def is_valid_hidden_service_address(entry, version=None):
    """Whether this is the address of an onion service of version 2 or 3, without `.onion`."""
    versions = _ONION if version is None else [version] if isinstance(version, int) else version
    return any(_fits(_ONION[number], entry) for number in versions if number in _ONION)


def is_hex_digits(entry, count):
    """Whether this is so many hex digits."""
    return _fits(re.compile(rf"[0-9a-fA-F]{{{count}}}"), entry)
