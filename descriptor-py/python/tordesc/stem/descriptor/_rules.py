"""How lines are read that many documents have, and how core's values become stem's."""

import base64
import functools
import re

from .. import exit_policy, version
from ..util import connection, tor_tools
from ..util.str_tools import _parse_timestamp

_INTERVAL = re.compile(r"(.*) \((\d+) s\)(?: (.*))?", re.ASCII).fullmatch


# What core tells, as stem has it.


def naive(time):
    """A time without its zone, UTC."""
    return time.replace(tzinfo=None)


def shown(address):
    """An address as text."""
    return str(address)


def as_written(value):
    """Marks what core tells in another form than the document, so that the line is read."""
    return value


def port(number):
    """A port; none is 0."""
    return number or None


def texts(numbers):
    """Numbers as text."""
    return list(map(str, numbers))


@functools.lru_cache(maxsize=4096)
def versions(text):
    """The versions of a subprotocol, such as `1-2,4`, one by one."""
    numbers = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or not (last or first).isdigit():
            raise ValueError(text)
        numbers.extend(range(int(first), int(last or first) + 1))
    return tuple(numbers)


def protocols_of(all):
    """Subprotocols with their versions."""
    return {name: [*versions(text)] for name, text in all.items()}


def tor_version(platform):
    """The version of tor in a platform, as `Tor 0.4.8.12 on Linux`; None if it is not tor's."""
    match = _PLATFORM(platform)
    try:
        return match and version.get(match[1])
    except ValueError:
        return None


def operating_system(platform):
    """The operating system in a platform."""
    match = _PLATFORM(platform)
    return match and match[2]


_PLATFORM = re.compile(r"(?:node-)?Tor (\S*).* on (.*)").match


# Rules of single lines.


def text(lines):
    """What follows the keyword."""
    return lines.value


def words(lines):
    """What follows the keyword, split at each blank."""
    return lines.value.split(" ")


def present(lines):
    """Whether there is such a line."""
    return True


def raw(lines):
    """What follows the keyword, as bytes; of the first line in the document, whatever it is about."""
    pattern = rb"^(?:opt )?%s(?:[ \t]+(.*))?$" % lines.keyword.encode()
    match = re.search(pattern, lines.document.get_bytes(), re.MULTILINE)
    return match and (match[1] or b"")


def integer(lines):
    """A whole number."""
    try:
        return int(lines.value)
    except ValueError:
        raise ValueError(f"{lines.keyword} must have a numeric value: {lines.value}") from None


def natural(lines):
    """A whole number that is not negative."""
    number = integer(lines)
    if number < 0:
        raise ValueError(f"{lines.keyword} must have a positive value: {lines.value}")
    return number


def timestamp(lines):
    """A time."""
    try:
        return _parse_timestamp(lines.value)
    except ValueError:
        raise ValueError(f"Timestamp on {lines.keyword} line wasn't parsable: {lines.keyword} {lines.value}") from None


def hex40(lines):
    """A SHA-1 in hex."""
    if not tor_tools.is_hex_digits(lines.value, 40):
        raise ValueError(f"{lines.keyword} should be 40 hex digits: {lines.value}")
    return lines.value


def block(kind):
    """A rule for the object below a line."""
    return lambda lines: lines.block(kind)


def micro_policy(lines):
    """A policy in short."""
    return exit_policy.micro(lines.value)


def pairs(lines):
    """`KEY=VALUE` pairs, with blanks between them."""
    return dict(split_pairs(lines.keyword, lines.value))


def protocols(lines):
    """Subprotocols with their versions."""
    told = {name: text for name, text in split_pairs(lines.keyword, lines.value) if text}
    try:
        return protocols_of(told)
    except ValueError:
        message = f"Protocol values should be a number or number range, but was: {lines.keyword} {lines.value}"
        raise ValueError(message) from None


def addresses(lines):
    """Addresses with ports."""
    found = []
    for value in lines.values:
        address, colon, number = value.rpartition(":")
        is_v6 = connection.is_valid_ipv6_address(address, allow_brackets=True)
        if not colon or not (is_v6 or connection.is_valid_ipv4_address(address)):
            raise ValueError(f"{lines.keyword} line has a malformed address: {value}")
        if not connection.is_valid_port(number):
            raise ValueError(f"{lines.keyword} line has a malformed port: {value}")
        found.append((address.strip("[]"), int(number), is_v6))
    return found


# Parts of rules.


def split_pairs(keyword, value, divider=" "):
    """The `KEY=VALUE` pairs of a text, one after the other."""
    for entry in value.split(divider) if value else ():
        key, equals, text = entry.partition("=")
        if not equals:
            raise ValueError(f"'{keyword}' should be a series of 'key=value' pairs but was: {value}")
        yield key, text


def interval(lines):
    """Time, seconds and what follows of `TIME (SECONDS s) REST`."""
    match = _INTERVAL(lines.value)
    if match is None:
        raise ValueError(f"Malformed {lines.keyword} line: {lines.value}")
    try:
        return _parse_timestamp(match[1]), int(match[2]), match[3]
    except ValueError:
        raise ValueError(f"{lines.keyword} line's timestamp wasn't parsable: {lines.value}") from None


def history(prefix):
    """A rule for `TIME (SECONDS s) NUMBER,NUMBER…` whose attributes begin with `prefix`."""

    def rule(lines):
        end, seconds, numbers = interval(lines)
        try:
            values = list(map(int, numbers.split(","))) if numbers else []
        except ValueError:
            raise ValueError(f"{lines.keyword} line has non-numeric values: {lines.value}") from None
        yield f"{prefix}_end", end
        yield f"{prefix}_interval", seconds
        yield f"{prefix}_values", values

    return rule


def unbase64(value):
    """The bytes of base64 without padding; ValueError if it is none."""
    return base64.b64decode(value + "=" * (-len(value) % 4))


def history_rows(row, keyword, prefix, column):
    """The three rows of a history."""
    rule = history(prefix)
    return (
        row(f"{prefix}_end", keyword, rule, f"{column}_end", naive),
        row(f"{prefix}_interval", keyword, rule, f"{column}_interval"),
        row(f"{prefix}_values", keyword, rule, f"{column}_values"),
    )
