"""Network statuses: consensuses, votes, statuses of version 2 and of bridges, and what belongs to them."""

import datetime

import tordesc

from ..util.str_tools import _parse_timestamp, _to_bytes, _to_unicode
from . import _lines, _make, _status
from . import _rules as rules
from ._authority import DetachedSignature, DirectoryAuthority, KeyCertificate
from ._base import Descriptor, DigestEncoding, DigestHash, DocumentHandler, TypeAnnotation, check_hash, encode_digest
from ._params import DEFAULT_PARAMS, PARAM_RANGE
from ._parts import DocumentDigest, DocumentSignature, PackageVersion, SharedRandomnessCommitment, signatures_of
from ._status import FOOTER_STATUS_DOCUMENT_FIELDS, HEADER_STATUS_DOCUMENT_FIELDS
from ._table import Row, Table, lazy
from .router_status_entry import (
    RouterStatusEntryBridgeV2,
    RouterStatusEntryMicroV3,
    RouterStatusEntryV2,
    RouterStatusEntryV3,
    parts,
)

__all__ = [
    "DEFAULT_PARAMS",
    "FOOTER_STATUS_DOCUMENT_FIELDS",
    "HEADER_STATUS_DOCUMENT_FIELDS",
    "PARAM_RANGE",
    "BridgeNetworkStatusDocument",
    "DetachedSignature",
    "DirectoryAuthority",
    "DocumentDigest",
    "DocumentSignature",
    "KeyCertificate",
    "NetworkStatusDocument",
    "NetworkStatusDocumentV2",
    "NetworkStatusDocumentV3",
    "PackageVersion",
    "SharedRandomnessCommitment",
]

_AUTHORITIES, _ROUTERS, _FOOTER, _SIGNATURES = "dir-source", "r", "directory-footer", "directory-signature"


class NetworkStatusDocument(Descriptor):
    """What all statuses have in common: entries, between what stands before and after them.

    `routers` has the entries by fingerprint; it is empty where only they, or only the document, were asked for.
    """

    #: Whether the entries are left out.
    _is_bare = False
    #: Core's classes for the document, if they are several.
    _NATIVES = None
    _is_plain = False

    @classmethod
    def _from(cls, native, validate=False, document_handler=DocumentHandler.ENTRIES, **kwargs):
        sound = isinstance(native, cls._NATIVES or cls.NATIVE) and not native.issues
        if document_handler == DocumentHandler.DOCUMENT:
            yield cls._of(native, sound, validate, **kwargs)
            return
        if document_handler not in (DocumentHandler.ENTRIES, DocumentHandler.BARE_DOCUMENT):
            raise ValueError(f"Unrecognized document_handler: {document_handler}")
        content = None
        if sound and not validate and not kwargs:
            document = cls.__new__(cls)
            document._native, document._is_bare = native, True
        else:
            content = native.raw
            document = cls(cls._without_routers(content), validate, **kwargs)
        if document_handler == DocumentHandler.BARE_DOCUMENT:
            yield document
        elif content is None:
            make = document._entry_class()._entry
            for entry in native.entries:
                yield make(entry, document)
        else:
            entry = document._entry_class()
            for part in cls._router_parts(content):
                yield entry(part, validate, document)

    def _entry_class(self):
        """The class of the entries."""
        raise NotImplementedError

    @lazy
    def _raw_contents(self):
        return self._without_routers(self._native.raw) if self._is_bare else self._native.raw

    @lazy
    def routers(self):
        """The entries by fingerprint."""
        if self._is_bare:
            return {}
        if self._native is not None:
            make = self._entry_class()._entry
            return {entry.fingerprint: make(entry, self) for entry in self._native.entries}
        return self._read_routers(False)

    def _read_routers(self, validate):
        make = self._entry_class()
        entries = (make(part, validate, self) for part in self._router_parts(_to_bytes(self._raw_contents)))
        return {entry.fingerprint: entry for entry in entries}

    @staticmethod
    def _router_places(content, start=0):
        """Where the entries begin and end."""
        start = _lines.first(content, start, _ROUTERS, _FOOTER, _SIGNATURES)
        return start, _lines.first(content, start, _FOOTER, _SIGNATURES)

    @classmethod
    def _without_routers(cls, content):
        start, end = cls._router_places(content)
        return content[:start] + content[end:]

    @classmethod
    def _router_parts(cls, content):
        start, end = cls._router_places(content)
        return parts(content[start:end], _ROUTERS)

    def digest(self, hash_type=DigestHash.SHA1, encoding=DigestEncoding.HEX):
        """The digest of what is signed."""
        check_hash("Network status document", hash_type)
        return encode_digest(hash_type, self._content_range(end="\ndirectory-signature "), encoding)

    def __getstate__(self):
        self.routers
        return super().__getstate__()


def _v2_source(lines):
    words = lines.value.split()
    if len(words) < 3:
        raise ValueError(
            f"The 'dir-source' line of a v2 network status document must have three values: dir-source {lines.value}"
        )
    _status.check_source(words[1], words[2:3], lines)
    yield "hostname", words[0]
    yield "address", words[1]
    yield "dir_port", rules.port(int(words[2]))


def _v2_signature(lines):
    yield "signing_authority", lines.value
    yield "signature", lines.block("SIGNATURE")


class NetworkStatusDocumentV2(NetworkStatusDocument):
    """What one authority said of the network, until 2012."""

    TYPE_ANNOTATION_NAME = KIND = "network-status-2"
    NATIVE = tordesc.NetworkStatus2
    FIRST = "network-status-version"
    REQUIRED = (FIRST, _AUTHORITIES, "fingerprint", "contact", "dir-signing-key", "published", _SIGNATURES)
    SINGLE = ("client-versions", "server-versions", "dir-options")

    TABLE = Table(
        # attribute, keyword, rule, core's name for it, converter
        Row("version", FIRST, _status.numbered(2), "network_status_version"),
        Row("hostname", _AUTHORITIES, _v2_source, "hostname"),
        Row("address", _AUTHORITIES, _v2_source, "address", rules.shown),
        Row("dir_port", _AUTHORITIES, _v2_source, "dir_port", rules.port),
        Row("fingerprint", "fingerprint", rules.hex40, "fingerprint"),
        Row("contact", "contact", rules.text, "contact"),
        Row("signing_key", "dir-signing-key", rules.block("RSA PUBLIC KEY"), "dir_signing_key"),
        Row("client_versions", "client-versions", _status.commas, "client_versions", default=[]),
        Row("server_versions", "server-versions", _status.commas, "server_versions", default=[]),
        Row("published", "published", rules.timestamp, "published", rules.naive),
        Row("options", "dir-options", lambda lines: lines.value.split(), "dir_options", default=[]),
        Row("signing_authority", _SIGNATURES, _v2_signature, "nickname"),
        Row("signature", _SIGNATURES, _v2_signature, "directory_signature"),
    )

    def __init__(self, raw_content, validate=False):
        self._begin(raw_content, validate)

    def _entry_class(self):
        return RouterStatusEntryV2

    def _own_text(self):
        return _to_unicode(self._without_routers(_to_bytes(self._raw_contents)))

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False):
        _make.no_signing(cls, sign)
        head = (
            ("network-status-version", "2"),
            ("dir-source", f"{_make.address()} {_make.address()} 80"),
            ("fingerprint", _make.fingerprint()),
            ("contact", "arma at mit dot edu"),
            ("published", _make.date()),
            ("dir-signing-key", _make.blob("RSA PUBLIC KEY")),
        )
        return _make.content(attr, exclude, head, [("directory-signature", "moria2" + _make.blob("SIGNATURE"))])

    def _validate(self):
        super()._validate()
        self.routers = self._read_routers(True)
        if "Versions" in self.options and not {"client-versions", "server-versions"} <= set(self._entries):
            raise ValueError(
                "Version 2 network status documents must have a 'client-versions' and 'server-versions' when 'Versions' is listed among its dir-options"
            )


def _only_in(column):
    # A column that consensuses have and votes do not, or the other way round.
    return lambda native: getattr(native, column, None)


class NetworkStatusDocumentV3(NetworkStatusDocument):
    """A consensus or a vote."""

    TYPE_ANNOTATION_NAME = "network-status-consensus-3"

    KNOWN, _NATIVES = (_FOOTER,), (tordesc.Consensus, tordesc.Vote)

    #: These are attributes of authorities.
    is_shared_randomness_participate = False
    shared_randomness_commitments = []  # noqa: RUF012

    _default_params = True

    TABLE = Table(
        # attribute, keyword, rule, core's name for it, converter
        Row("version", "network-status-version", _status.version_line, "network_status_version"),
        Row(
            "version_flavor",
            "network-status-version",
            _status.version_line,
            lambda native: native.flavor or "ns",
            default="ns",
        ),
        Row(
            "is_microdescriptor",
            "network-status-version",
            _status.version_line,
            lambda native: native.flavor == "microdesc",
            default=False,
        ),
        Row(
            "is_consensus",
            "vote-status",
            _status.vote_status,
            lambda native: native.vote_status == "consensus",
            default=True,
        ),
        Row("is_vote", "vote-status", _status.vote_status, lambda native: native.vote_status == "vote", default=False),
        Row(
            "consensus_methods",
            "consensus-methods",
            _status.methods,
            _only_in("consensus_methods"),
            default=lambda document: [1] if document.is_vote else [],
        ),
        Row(
            "consensus_method",
            "consensus-method",
            _status.method,
            _only_in("consensus_method"),
            default=lambda document: 1 if document.is_consensus else None,
        ),
        Row("published", "published", rules.timestamp, _only_in("published"), rules.naive),
        Row("valid_after", "valid-after", rules.timestamp, "valid_after", rules.naive),
        Row("fresh_until", "fresh-until", rules.timestamp, "fresh_until", rules.naive),
        Row("valid_until", "valid-until", rules.timestamp, "valid_until", rules.naive),
        Row("vote_delay", "voting-delay", _status.delays),
        Row("dist_delay", "voting-delay", _status.delays),
        Row("client_versions", "client-versions", _status.tor_versions, default=[]),
        Row("server_versions", "server-versions", _status.tor_versions, default=[]),
        Row("packages", "package", _status.packages, default=[]),
        Row("known_flags", "known-flags", lambda lines: lines.value.split(), "known_flags", default=[]),
        Row("flag_thresholds", "flag-thresholds", _status.thresholds, default={}),
        Row(
            "recommended_client_protocols",
            "recommended-client-protocols",
            rules.protocols,
            "recommended_client_protocols",
            rules.protocols_of,
            default={},
        ),
        Row(
            "recommended_relay_protocols",
            "recommended-relay-protocols",
            rules.protocols,
            "recommended_relay_protocols",
            rules.protocols_of,
            default={},
        ),
        Row(
            "required_client_protocols",
            "required-client-protocols",
            rules.protocols,
            "required_client_protocols",
            rules.protocols_of,
            default={},
        ),
        Row(
            "required_relay_protocols",
            "required-relay-protocols",
            rules.protocols,
            "required_relay_protocols",
            rules.protocols_of,
            default={},
        ),
        Row(
            "params",
            "params",
            _status.params,
            default=lambda document: dict(DEFAULT_PARAMS) if document._default_params else {},
        ),
        *_status.shared_random_rows(Row),
        Row(
            "bandwidth_file_headers",
            "bandwidth-file-headers",
            rules.pairs,
            _only_in("bandwidth_file_headers"),
            default={},
        ),
        Row("bandwidth_file_digest", "bandwidth-file-digest", rules.pairs, default={}),
        Row("signatures", _SIGNATURES, _status.signatures, "signatures", signatures_of, default=[]),
        Row("bandwidth_weights", "bandwidth-weights", _status.integers, default={}),
    )

    def __init__(self, raw_content, validate=False, default_params=True):
        self._default_params = default_params
        self._begin(raw_content, validate)

    def _entry_class(self):
        return RouterStatusEntryMicroV3 if self.is_microdescriptor else RouterStatusEntryV3

    @lazy
    def _native(self):
        raw = self.get_bytes()
        found = list(tordesc.parse(raw))
        is_sound = (
            len(found) == 1 and isinstance(found[0], self._NATIVES) and found[0].raw == raw and not found[0].issues
        )
        return found[0] if is_sound else None

    def _sections(self):
        """What is before the authorities, the authorities, the entries, and what is after them; as bytes."""
        content = _to_bytes(self._raw_contents)
        head = _lines.first(content, 0, _AUTHORITIES, _ROUTERS, _FOOTER)
        authorities, entries = self._router_places(content, head)
        return content[:head], content[head:authorities], content[authorities:entries], content[entries:]

    def _own_text(self):
        head, _, _, foot = self._sections()
        return _to_unicode(head + b"\n" + foot)

    @lazy
    def directory_authorities(self):
        """The authorities whose votes the consensus is made of, or whose vote this is."""
        if self._native is not None:
            told = self._native.authorities if self.is_consensus else [self._native.authority]
            return tuple(DirectoryAuthority._of(native, True) for native in told)
        return self._read_authorities(False)

    def _read_authorities(self, validate):
        _, authorities, _, _ = self._sections()
        return tuple(DirectoryAuthority(part, validate, self.is_vote) for part in parts(authorities, _AUTHORITIES))

    def _split(self, strict):
        head, _, _, foot = self._sections()
        split = (_lines.split(_to_unicode(part), strict) for part in (head, foot))
        self._head, self._foot = split
        for lines in (*self._head.values(), *self._foot.values()):
            lines.document = self
        return self._foot | self._head

    def _check_lines(self, entries):
        # The rules are about values too, so that they come after these.
        pass

    def _validate(self):
        super()._validate()
        _status.check_sections(self)
        self.directory_authorities = self._read_authorities(True)
        if self.is_vote and len(self.directory_authorities) != 1:
            raise ValueError(
                f"Votes should only have an authority entry for the one that issued it, got {len(self.directory_authorities)}"
            )
        self.routers = self._read_routers(True)

    def type_annotation(self):
        flavor = "vote" if self.is_vote else "microdesc-consensus" if self.is_microdescriptor else "consensus"
        return TypeAnnotation(f"network-status-{flavor}-3", 1, 0)

    def is_valid(self):
        """Whether the document may be used now."""
        return self.valid_after < _now() < self.valid_until

    def is_fresh(self):
        """Whether the document is the newest now."""
        return self.valid_after < _now() < self.fresh_until

    def meets_consensus_method(self, method):
        """Whether the document was made by a consensus method, or a later one; of a vote, whether it could."""
        if self.consensus_method is not None:
            return self.consensus_method >= method
        return any(own >= method for own in self.consensus_methods or ())

    def validate_signatures(self, key_certs):
        """Checks that half of the signatures are good, by the certificates of the authorities; ValueError if they are not."""
        signed = encode_digest(
            DigestHash.SHA1, self._content_range("network-status-version", "directory-signature "), DigestEncoding.HEX
        )
        keys = {certificate.fingerprint: certificate.signing_key for certificate in key_certs}
        known = [signature for signature in self.signatures if signature.identity in keys]
        good = sum(
            self._digest_for_signature(keys[signature.identity], signature.signature) == signed for signature in known
        )
        needed = len(self.signatures) / 2
        if good < needed:
            raise ValueError(
                f"Network Status Document has {good} valid signatures out of {len(known)} total, needed {int(needed)}"
            )

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False, authorities=None, routers=None):
        _make.no_signing(cls, sign)
        attr = dict(attr or {})
        is_vote = attr.get("vote-status") == "vote"
        if is_vote and authorities is None:
            authorities = [DirectoryAuthority.create(is_vote=True)]
        usual = {"consensus-methods": "1 9", "published": _make.date()} if is_vote else {"consensus-method": "9"}
        attr = {keyword: value for keyword, value in usual.items() if keyword not in (exclude or ())} | attr
        head = (
            ("network-status-version", "3"),
            ("vote-status", "consensus"),
            ("consensus-methods", None),
            ("consensus-method", None),
            ("published", None),
            ("valid-after", _make.date()),
            ("fresh-until", _make.date()),
            ("valid-until", _make.date()),
            ("voting-delay", "300 300"),
            ("client-versions", None),
            ("server-versions", None),
            ("package", None),
            ("known-flags", "Authority BadExit Exit Fast Guard HSDir Named Running Stable Unnamed V2Dir Valid"),
            ("params", None),
        )
        foot = (
            ("directory-footer", ""),
            ("bandwidth-weights", None),
            ("directory-signature", f"{_make.fingerprint()} {_make.fingerprint()}{_make.blob('SIGNATURE')}"),
        )
        text = _make.content(attr, exclude, head, foot)
        # Authorities and entries stand before the footer.
        inner = "".join(f"{part}\n" for part in [*(authorities or ()), *(routers or ())]).encode()
        place = _lines.first(text, 0, _FOOTER, _SIGNATURES)
        return text[:place] + (b"\n" * (place == len(text)) + inner if inner else b"") + text[place:]

    @classmethod
    def create(cls, attr=None, exclude=(), validate=True, sign=False, authorities=None, routers=None):
        return cls(cls.content(attr, exclude, sign, authorities, routers), validate=validate)


def _now():
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


class BridgeNetworkStatusDocument(NetworkStatusDocument):
    """What a bridge authority says of the bridges, sanitized."""

    TYPE_ANNOTATION_NAME = KIND = "bridge-network-status"
    NATIVE = tordesc.BridgeNetworkStatus

    TABLE = Table(Row("published", "published", rules.timestamp, "published", rules.naive))

    def __init__(self, raw_content, validate=False):
        self._begin(raw_content, validate)

    def _entry_class(self):
        return RouterStatusEntryBridgeV2

    def _own_text(self):
        return _to_unicode(self._raw_contents).partition("\n")[0]

    def _validate(self):
        self._native = None
        line, _, _ = _to_unicode(self._raw_contents).partition("\n")
        if not line.startswith("published "):
            raise ValueError(f"Bridge network status documents must start with a 'published' line:\n{line}")
        try:
            self.published = _parse_timestamp(line[len("published ") :].strip())
        except ValueError:
            raise ValueError(f"Bridge network status document's 'published' time wasn't parsable: {line}") from None
        self.routers = self._read_routers(True)


def _parse_file(
    document_file,
    document_type=None,
    validate=False,
    is_microdescriptor=False,
    document_handler=DocumentHandler.ENTRIES,
    **kwargs,
):
    cls = document_type or NetworkStatusDocumentV3
    kind = cls.KIND or ("network-status-microdesc-consensus-3" if is_microdescriptor else "network-status-consensus-3")
    return cls._read_all(document_file.read(), validate, document_handler, kind, **kwargs)


def _parse_file_key_certs(certificate_file, validate=False):
    return KeyCertificate._read_all(certificate_file.read(), validate)


def _parse_file_detached_sigs(detached_signature_file, validate=False):
    return DetachedSignature._read_all(detached_signature_file.read(), validate)
