"""How the lines of statuses are read, and which must stand where."""

from .. import version
from ..util import connection
from . import _rules as rules
from ._params import LEAST, MOST, PARAM_RANGE
from ._parts import DocumentSignature, PackageVersion

# Keyword, whether votes have it, whether consensuses have it, whether it must be there.
HEADER_STATUS_DOCUMENT_FIELDS = (
    ("network-status-version", True, True, True),
    ("vote-status", True, True, True),
    ("consensus-methods", True, False, False),
    ("consensus-method", False, True, False),
    ("published", True, False, True),
    ("valid-after", True, True, True),
    ("fresh-until", True, True, True),
    ("valid-until", True, True, True),
    ("voting-delay", True, True, True),
    ("client-versions", True, True, False),
    ("server-versions", True, True, False),
    ("package", True, True, False),
    ("known-flags", True, True, True),
    ("flag-thresholds", True, False, False),
    ("shared-rand-participate", True, False, False),
    ("shared-rand-commit", True, False, False),
    ("shared-rand-previous-value", True, True, False),
    ("shared-rand-current-value", True, True, False),
    ("bandwidth-file-headers", True, False, False),
    ("bandwidth-file-digest", True, False, False),
    ("recommended-client-protocols", True, True, False),
    ("recommended-relay-protocols", True, True, False),
    ("required-client-protocols", True, True, False),
    ("required-relay-protocols", True, True, False),
    ("params", True, True, False),
)

FOOTER_STATUS_DOCUMENT_FIELDS = (
    ("directory-footer", True, True, False),
    ("bandwidth-weights", False, True, False),
    ("directory-signature", True, True, True),
)

_SEVERAL = ("package", "shared-rand-commit")


def numbered(expected):
    """A rule for the number of a version that can only be one."""

    def rule(lines):
        if not lines.value.isdigit():
            raise ValueError(f"Document has a non-numeric version: {lines.keyword} {lines.value}")
        yield "version", int(lines.value)
        if int(lines.value) != expected:
            raise ValueError(f"Expected a version {expected} document, but got version '{lines.value}' instead")

    return rule


def version_line(lines):
    """Version and flavour."""
    number, _, flavor = lines.value.partition(" ")
    if not number.isdigit():
        raise ValueError(f"Network status document has a non-numeric version: network-status-version {lines.value}")
    yield "version", int(number)
    yield "version_flavor", flavor or "ns"
    yield "is_microdescriptor", flavor == "microdesc"
    if int(number) != 3:
        raise ValueError(f"Expected a version 3 network status document, got version '{number}' instead")


def vote_status(lines):
    """Whether this is a consensus or a vote."""
    if lines.value not in ("consensus", "vote"):
        raise ValueError(
            f"A network status document's vote-status line can only be 'consensus' or 'vote', got '{lines.value}' instead"
        )
    yield "is_consensus", lines.value == "consensus"
    yield "is_vote", lines.value == "vote"


def methods(lines):
    """Consensus methods."""
    numbers = lines.value.split(" ")
    if not all(number.isdigit() for number in numbers):
        raise ValueError(
            f"A network status document's consensus-methods must be a list of integer values, but was '{lines.value}'"
        )
    return list(map(int, numbers))


def method(lines):
    """A consensus method."""
    if not lines.value.isdigit():
        raise ValueError(f"A network status document's consensus-method must be an integer, but was '{lines.value}'")
    return int(lines.value)


def delays(lines):
    """How long votes, and how long signatures are collected."""
    numbers = lines.value.split(" ")
    if len(numbers) != 2 or not all(number.isdigit() for number in numbers):
        raise ValueError(
            f"A network status document's 'voting-delay' line must be a pair of integer values, but was '{lines.value}'"
        )
    yield "vote_delay", int(numbers[0])
    yield "dist_delay", int(numbers[1])


def commas(lines):
    """What commas stand between."""
    return lines.value.split(",")


def tor_versions(lines):
    """Versions of tor, with commas between."""
    try:
        return [version.get(text) for text in lines.value.split(",")]
    except ValueError as error:
        raise ValueError(f"Network status document's '{lines.keyword}' line cannot be read: {error}") from None


def packages(lines):
    """Packages with their digests."""
    found = []
    for value in lines.values:
        words = value.split(" ", 3)
        if len(words) < 3:
            raise ValueError(f"'package' must at least have a 'PackageName Version URL': {value}")
        digests = dict(rules.split_pairs("package", words[3])) if len(words) == 4 else {}
        found.append(PackageVersion(*words[:3], digests))
    return found


def thresholds(lines):
    """Numbers by name; percent are fractions."""
    found = {}
    for key, text in rules.split_pairs(lines.keyword, lines.value.strip()):
        try:
            if text.endswith("%"):
                # By its digits, so that nothing is rounded.
                found[key] = float("0." + text[:-1].replace(".", "", 1))
            else:
                found[key] = float(text) if "." in text else int(text)
        except ValueError:
            raise ValueError(
                f"Network status document's 'flag-thresholds' line is expected to have float values, got: flag-thresholds {lines.value}"
            ) from None
    return found


def integers(lines):
    """Whole numbers by name, in order of the names."""
    found, last = {}, ""
    for key, text in rules.split_pairs(lines.keyword, lines.value):
        if key < last:
            raise ValueError(
                f"Unable to parse network status document's '{lines.keyword}' line (parameters must be sorted by their key): {lines.value}"
            )
        digits = text[1:] if text.startswith("-") else text
        if not digits.isdigit():
            raise ValueError(
                f"Unable to parse network status document's '{lines.keyword}' line ('{text}' is a non-numeric value): {lines.value}"
            )
        found[key], last = int(text), key
    return found


def params(lines):
    """Parameters, which must be in their ranges."""
    if not lines.value:
        # An empty line says that nothing differs from what is usual.
        return
    found = integers(lines)
    yield "params", found
    for key, value in found.items():
        least, most = PARAM_RANGE.get(key, (LEAST, MOST))
        # Two of them depend on others.
        other = {"cbtclosequantile": "cbtquantile", "cbtinitialtimeout": "cbtmintimeout"}.get(key)
        least = found.get(other, least)
        if not least <= value <= most:
            raise ValueError(f"'{key}' value on the params line must be in the range of {least} - {most}, was {value}")


def shared_random(which):
    """A rule for a shared random value and how many have revealed their part."""

    def rule(lines):
        count, _, value = lines.value.partition(" ")
        if not count.isdigit() or not value or " " in value:
            raise ValueError(
                f"A network status document's '{lines.keyword}' line must be a pair of values, the first an integer but was '{lines.value}'"
            )
        yield f"shared_randomness_{which}_reveal_count", int(count)
        yield f"shared_randomness_{which}_value", value

    return rule


def shared_random_rows(row):
    """The four rows of the shared random values. They stand there with padding, which core leaves out."""
    for which in ("previous", "current"):
        rule = shared_random(which)
        for what in ("reveal_count", "value"):
            yield row(f"shared_randomness_{which}_{what}", f"shared-rand-{which}-value", rule)


def signatures(lines):
    """Signatures of authorities."""
    found = []
    for value, kind, block in lines.lines:
        words = value.split(" ")
        if len(words) not in (2, 3):
            raise ValueError(
                f"Authority signatures in a network status document are expected to be of the form 'directory-signature [METHOD] FINGERPRINT KEY_DIGEST', received: {value}"
            )
        if not block or kind != "SIGNATURE":
            raise ValueError(f"'directory-signature' should be followed by a SIGNATURE block, but was a {kind}")
        algorithm, identity, key_digest = words if len(words) == 3 else ["sha1", *words]
        found.append(DocumentSignature(algorithm, identity, key_digest, block, validate=True))
    return found


def check_source(address, ports, lines):
    """Whether address and ports of an authority are such."""
    if not connection.is_valid_ipv4_address(address):
        raise ValueError(f"Authority's address isn't a valid IPv4 address: {address}")
    if not connection.is_valid_port(ports, allow_zero=True):
        raise ValueError(f"Authority's ports are invalid: {lines.keyword} {lines.value}")


def check_sections(document):
    """Whether the lines of a consensus or vote stand as often, and where, they must; ValueError if not."""
    head, foot = document._head, document._foot
    for entries, fields, several in (
        (head, HEADER_STATUS_DOCUMENT_FIELDS, _SEVERAL),
        (foot, FOOTER_STATUS_DOCUMENT_FIELDS, ("directory-signature",) if document.is_consensus else ()),
    ):
        for keyword, *_ in fields:
            if keyword in entries and len(entries[keyword].lines) > 1 and keyword not in several:
                raise ValueError(
                    f"Network status documents can only have a single '{keyword}' line, got {len(entries[keyword].lines)}"
                )
    if "params" in head and not document.meets_consensus_method(7):
        raise ValueError("A network status document's 'params' line should only appear in consensus-method 7 or later")
    _check_fields(document, head, HEADER_STATUS_DOCUMENT_FIELDS)
    if not foot:
        return
    first = "directory-footer" if document.meets_consensus_method(9) else "directory-signature"
    if next(iter(foot)) != first:
        raise ValueError(f"Network status document's footer should start with a '{first}' line by its consensus-method")
    if "directory-footer" in foot and foot["directory-footer"].value:
        raise ValueError("A network status document's 'directory-footer' line shouldn't have any content")
    _check_fields(document, foot, FOOTER_STATUS_DOCUMENT_FIELDS)


def _check_fields(document, entries, fields):
    for keyword, in_votes, in_consensuses, must in fields:
        fits = in_votes if document.is_vote else in_consensuses
        if fits and must and keyword not in entries:
            raise ValueError(f"Network status document is missing mandatory field: {keyword}")
        if not fits and keyword in entries:
            raise ValueError(
                f"Network status document has fields that shouldn't appear in this document type or version: {keyword}"
            )
