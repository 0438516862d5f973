"""Text, times and sizes."""

import base64
import datetime
import re

_TIMESTAMP = re.compile(r"(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})", re.ASCII)
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?", re.ASCII)

_PREFIXES = ("", "Kilo", "Mega", "Giga", "Tera", "Peta")


def _to_bytes(msg):
    return msg.encode("utf-8") if isinstance(msg, str) else msg


def _to_unicode(msg):
    return msg.decode("utf-8", "replace") if isinstance(msg, bytes) else msg


def _decode_b64(msg):
    # What Tor writes has no padding.
    return base64.b64decode(_to_bytes(msg) + b"=" * (-len(msg) % 4))


def _split_by_length(msg, size):
    return [msg[at : at + size] for at in range(0, len(msg), size)]


def _parse_timestamp(entry):
    # A time such as `2012-11-08 16:48:41`, in UTC and without a zone; what follows it does not matter.
    match = _TIMESTAMP.match(entry)
    if match is None:
        raise ValueError(f"Expected timestamp in format YYYY-MM-DD HH:MM:ss but got {entry}")
    return datetime.datetime(*map(int, match.groups()))


def _parse_iso_timestamp(entry):
    # A time such as `2012-11-08T16:48:41.420251`.
    match = _ISO.fullmatch(entry) if isinstance(entry, str) else None
    if match is None:
        raise ValueError(f"Invalid ISO timestamp: {entry}")
    date, time, fraction = match.groups()
    return _parse_timestamp(f"{date} {time}") + datetime.timedelta(microseconds=int(fraction or 0))


def size_label(byte_count, decimal=0, is_long=False, is_bytes=True, round=False):
    """A number of bytes in its largest unit, such as `1.9 MB`, or as bits without `is_bytes`. Rounds down unless asked."""
    bits, name = (0, "Byte") if is_bytes else (3, "Bit")
    count = abs(byte_count) * 2**bits
    step = next((step for step in range(5, 0, -1) if count >= 1 << 10 * step), 0)
    unit = 1 << 10 * step
    if not round:
        # Floats and all, as stem does.
        count -= count % (unit / 10**decimal)
    sign, number = "-" if byte_count < 0 else "", f"{count / unit:.{decimal}f}"
    if not is_long:
        return f"{sign}{number} {' KMGTP'[step].strip()}{name[0] if is_bytes else 'b'}"
    plural = "" if 0 < count <= unit or (not decimal and 0 < count < 2 * unit) else "s"
    return f"{sign}{number} {(_PREFIXES[step] + name).capitalize()}{plural}"
