"""Status entries: what a status says about one relay or bridge."""

import tordesc

from .. import exit_policy as policies
from .. import version
from ..util import connection, tor_tools
from ..util.str_tools import _parse_timestamp, _to_bytes
from . import _lines, _make
from . import _rules as rules
from ._base import Descriptor
from ._table import Row, Table


def _r(lines):
    words = lines.value.split(" ")
    if isinstance(lines.document, RouterStatusEntryMicroV3):
        words.insert(2, None)
    if len(words) < 8:
        raise ValueError(f"{lines.document._name()} 'r' line has too few values: r {lines.value}")
    nickname, identity, digest, date, time, address, *ports = words[:8]
    if not tor_tools.is_valid_nickname(nickname):
        raise ValueError(f"{lines.document._name()} nickname isn't valid: {nickname}")
    if not connection.is_valid_ipv4_address(address):
        raise ValueError(f"{lines.document._name()} address isn't a valid IPv4 address: {address}")
    if not connection.is_valid_port(ports[0]) or not connection.is_valid_port(ports[1], allow_zero=True):
        raise ValueError(f"{lines.document._name()} ports are invalid: {ports}")
    yield "nickname", nickname
    yield "fingerprint", _hex(identity)
    if digest is not None:
        yield "digest", _hex(digest)
    yield "address", address
    yield "or_port", int(ports[0])
    yield "dir_port", rules.port(int(ports[1]))
    try:
        yield "published", _parse_timestamp(f"{date} {time}")
    except ValueError:
        raise ValueError(f"Publication time time wasn't parsable: r {lines.value}") from None


def _hex(text, size=20):
    # A digest in base64 without padding.
    digest = rules.unbase64(text)
    if size and len(digest) != size:
        raise ValueError(f"Decoded '{text}' to be '{digest.hex()}', which isn't a valid fingerprint")
    return digest.hex().upper()


def _base64_to_hex(identity, check_if_fingerprint=True):
    return _hex(identity, 20 if check_if_fingerprint else 0)


def _flags(lines):
    flags = lines.value.split(" ") if lines.value else []
    yield "flags", flags
    if "" in flags or len(set(flags)) < len(flags):
        raise ValueError(f"{lines.document._name()} had duplicate flags or extra whitespace: s {lines.value}")


def _version(lines):
    yield "version_line", lines.value
    yield (
        "version",
        _version_of(lines.value, lambda: f"{lines.document._name()} has a malformed tor version: v {lines.value}"),
    )


def _version_of(line, complaint=str):
    # Other software than tor has versions of its own.
    if not line.startswith("Tor "):
        return None
    try:
        return version.get(line[4:])
    except ValueError:
        raise ValueError(complaint()) from None


def _known_version(line):
    try:
        return _version_of(line)
    except ValueError:
        return None


def _weight(lines):
    told = {"Bandwidth": None, "Measured": None}
    unmeasured, others = False, []
    if not lines.value.startswith("Bandwidth="):
        raise ValueError(f"{lines.document._name()} 'w' line needs to start with a 'Bandwidth=' entry: w {lines.value}")
    for entry in lines.value.split(" "):
        key, _, value = entry.partition("=")
        if key in told:
            if not value.isdigit():
                raise ValueError(
                    f"{lines.document._name()} '{key}=' entry needs to have a numeric value: w {lines.value}"
                )
            told[key] = int(value)
        elif key == "Unmeasured":
            if value != "1":
                raise ValueError(
                    f"{lines.document._name()} 'Unmeasured=' should only have the value of '1': w {lines.value}"
                )
            unmeasured = True
        else:
            others.append(entry)
    yield "bandwidth", told["Bandwidth"]
    yield "measured", told["Measured"]
    yield "is_unmeasured", unmeasured
    yield "unrecognized_bandwidth_entries", others


def _identity(lines):
    if not lines.value:
        return
    document = lines.document.document
    if document and not document.is_vote:
        raise ValueError(f"{lines.document._name()} 'id' line should only appear in votes: id {lines.value}")
    words = lines.value.split()
    if len(words) < 2:
        raise ValueError(f"'id' lines should contain both the key type and digest: id {lines.value}")
    yield "identifier_type", words[0]
    yield "identifier", words[1]


def _hashes(lines):
    document = lines.document.document
    if not (document and document.is_vote):
        raise ValueError(f"{lines.document._name()} 'm' line should only appear in votes: m {lines.value}")
    found = []
    for value in lines.values:
        methods, *entries = value.split(" ")
        try:
            found.append(
                ([int(method) for method in methods.split(",")], dict(rules.split_pairs("m", " ".join(entries))))
            )
        except ValueError:
            raise ValueError(f"{lines.document._name()} 'm' line should have methods and digests: m {value}") from None
    return found


def _microdescriptor(lines):
    yield "microdescriptor_digest", lines.value
    yield "digest", _hex(lines.value, 0)


def _others(entries):
    return [f"{key}={value}" if value else key for key, value in entries.items()]


class RouterStatusEntry(Descriptor):
    """What all entries have in common. `document` is the status that the entry is from."""

    KIND, NATIVE, FIRST = "network-status-entry-3", tordesc.RouterStatus, "r"
    document = None

    TABLE = Table(
        # attribute, keyword, rule, core's name for it, converter
        Row("nickname", "r", _r, "nickname"),
        Row("fingerprint", "r", _r, "fingerprint"),
        Row("published", "r", _r, "published", rules.naive),
        Row("address", "r", _r, "address", rules.shown),
        Row("or_port", "r", _r, "or_port"),
        Row("dir_port", "r", _r, "dir_port", rules.port),
        Row("flags", "s", _flags, "flags"),
        Row("version_line", "v", _version, "version"),
        Row("version", "v", _version, "version", _known_version),
    )

    def __init__(self, content, validate=False, document=None):
        self.document = document
        self._begin(content, validate)

    @classmethod
    def _entry(cls, native, document):
        # An entry of a sound document, made as quickly as can be.
        self = cls.__new__(cls)
        self._native = native
        self.document = document
        return self

    @classmethod
    def from_str(cls, content, **kwargs):
        """The entry of a text, or with `multiple` all of it as a list."""
        if cls is RouterStatusEntry:
            raise NotImplementedError(
                "Please use the from_str() method from RouterStatusEntry subclasses, not RouterStatusEntry itself"
            )
        if "descriptor_type" in kwargs:
            raise ValueError(
                "Router status entries don't have their own @type annotation. As such providing a 'descriptor_type' argument with "
                "RouterStatusEntry.from_str() does not work. Please drop the 'descriptor_type' argument when using this these "
                "subclasses' from_str() method."
            )
        multiple, validate = kwargs.pop("multiple", False), kwargs.pop("validate", False)
        return cls._only([cls(text, validate, **kwargs) for text in parts(_to_bytes(content), "r")], multiple)

    def _name(self, is_plural=False):
        return "Router status entries" if is_plural else "Router status entry"


def parts(content, keyword):
    """Bytes cut before each line with a keyword; what is before the first one belongs to it."""
    places = _lines.starts(content, keyword)
    bounds = [0, *places[1:], len(content)]
    return [content[start:end] for start, end in zip(bounds, bounds[1:]) if end > start]


class RouterStatusEntryV2(RouterStatusEntry):
    """An entry of a status of version 2."""

    TYPE_ANNOTATION_NAME = "network-status-consensus-2"
    REQUIRED, SINGLE = ("r",), ("s", "v")

    TABLE = Table(Row("digest", "r", _r, "descriptor_digest"), base=RouterStatusEntry.TABLE)

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False):
        _make.no_signing(cls, sign)
        return _make.content(
            attr, exclude, [("r", _r_line("p1aag7VwarGxqctS7/fS0y5FU+s oQZFLYe9e4A7bOkWKR7TaNxb0JE", "9001 0"))]
        )

    def _name(self, is_plural=False):
        return super()._name(is_plural) + " (v2)"


class RouterStatusEntryBridgeV2(RouterStatusEntryV2):
    """An entry of a status of bridges."""

    TYPE_ANNOTATION_NAME = "bridge-network-status"


_WEIGHTED = Table(
    Row("or_addresses", "a", rules.addresses, "or_addresses", rules.as_written, default=[]),
    Row("bandwidth", "w", _weight, "bandwidth"),
    Row("measured", "w", _weight, "measured"),
    Row("is_unmeasured", "w", _weight, "unmeasured", default=False),
    Row("unrecognized_bandwidth_entries", "w", _weight, "unrecognized_bandwidth_entries", _others, default=[]),
    Row("protocols", "pr", rules.protocols, "protocols", rules.protocols_of, default={}),
    base=RouterStatusEntry.TABLE,
)


class RouterStatusEntryV3(RouterStatusEntry):
    """An entry of a consensus or vote of version 3."""

    TYPE_ANNOTATION_NAME = "network-status-consensus-3"
    REQUIRED, SINGLE = ("r", "s"), ("v", "w", "p", "pr")

    TABLE = Table(
        Row("digest", "r", _r, "descriptor_digest"),
        Row("identifier_type", "id", _identity, "identifier_type"),
        Row("identifier", "id", _identity, "identifier"),
        Row("exit_policy", "p", rules.micro_policy, "exit_policy", lambda policy: policies.micro(str(policy))),
        # Only of votes, which an entry is told by its document.
        Row("microdescriptor_hashes", "m", _hashes, default=[]),
        base=_WEIGHTED,
    )

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False):
        _make.no_signing(cls, sign)
        digests = "p1aag7VwarGxqctS7/fS0y5FU+s oQZFLYe9e4A7bOkWKR7TaNxb0JE"
        return _make.content(
            attr, exclude, [("r", _r_line(digests, "9001 0")), ("s", "Fast Named Running Stable Valid")]
        )

    def _name(self, is_plural=False):
        return super()._name(is_plural) + " (v3)"


class RouterStatusEntryMicroV3(RouterStatusEntry):
    """An entry of a consensus of flavour microdesc."""

    TYPE_ANNOTATION_NAME = "network-status-microdesc-consensus-3"
    REQUIRED, SINGLE = ("r", "s", "m"), ("v", "w", "pr")

    TABLE = Table(
        Row("microdescriptor_digest", "m", _microdescriptor, "microdescriptor_digest"),
        Row("digest", "m", _microdescriptor, "microdescriptor_digest", lambda text: _hex(text, 0)),
        base=_WEIGHTED,
    )

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False):
        _make.no_signing(cls, sign)
        head = (
            ("r", _r_line("ARIJF2zbqirB9IwsW0mQznccWww", "9001 9030")),
            ("m", "aiUklwBrua82obG5AsTX+iEpkjQA2+AQHxZ7GwMfY70"),
            ("s", "Fast Guard HSDir Named Running Stable V2Dir Valid"),
        )
        return _make.content(attr, exclude, head)

    def _name(self, is_plural=False):
        return super()._name(is_plural) + " (micro v3)"


def _r_line(digests, ports):
    return f"{_make.nickname()} {digests} {_make.date()} {_make.address()} {ports}"
