"""Authorities in statuses, their certificates and their signatures."""

import tordesc

from ..util import connection, tor_tools
from ..util.str_tools import _to_unicode
from . import _make, _status
from . import _rules as rules
from ._base import Descriptor
from ._parts import DocumentDigest, DocumentSignature, SharedRandomnessCommitment, signatures_of
from ._table import Row, Table, lazy


def _source(lines):
    words = lines.value.split(" ")
    if len(words) < 6:
        raise ValueError(f"Authority entry's 'dir-source' line must have six values: dir-source {lines.value}")
    nickname, identity, hostname, address, *ports = words[:6]
    if not tor_tools.is_valid_nickname(nickname.removesuffix("-legacy")):
        raise ValueError(f"Authority's nickname is invalid: {nickname}")
    if not tor_tools.is_valid_fingerprint(identity):
        raise ValueError(f"Authority's v3ident is invalid: {identity}")
    if not hostname:
        raise ValueError(f"Authority's hostname can't be blank: dir-source {lines.value}")
    _status.check_source(address, ports, lines)
    if ports[1] == "0":
        raise ValueError("Authority's ORPort is invalid: 0")
    yield "nickname", nickname
    yield "v3ident", identity
    yield "hostname", hostname
    yield "address", address
    yield "dir_port", rules.port(int(ports[0]))
    yield "or_port", int(ports[1])
    yield "is_legacy", nickname.endswith("-legacy")


def _commitments(lines):
    found = []
    for value in lines.values:
        words = value.split()
        if len(words) < 4:
            raise ValueError(f"'shared-rand-commit' must at least have a 'Version AlgName Identity Commit': {value}")
        if not words[0].isdigit():
            raise ValueError(f"The version on our 'shared-rand-commit' line wasn't an integer: {value}")
        found.append(SharedRandomnessCommitment(int(words[0]), *words[1:4], words[4] if len(words) > 4 else None))
    return found


class DirectoryAuthority(Descriptor):
    """What a consensus or vote says about an authority."""

    NATIVE = tordesc.Authority

    _is_vote = False

    TABLE = Table(
        # attribute, keyword, rule, core's name for it, converter
        Row("nickname", "dir-source", _source, "nickname"),
        Row("v3ident", "dir-source", _source, "identity"),
        Row("hostname", "dir-source", _source, "hostname"),
        Row("address", "dir-source", _source, "address", rules.shown),
        Row("dir_port", "dir-source", _source, "dir_port", rules.port),
        Row("or_port", "dir-source", _source, "or_port"),
        Row("is_legacy", "dir-source", _source, "is_legacy", default=False),
        Row("contact", "contact", rules.text, "contact"),
        Row("vote_digest", "vote-digest", rules.hex40, "vote_digest"),
        Row("legacy_dir_key", "legacy-dir-key", rules.hex40, "legacy_dir_key"),
        Row(
            "is_shared_randomness_participate",
            "shared-rand-participate",
            rules.present,
            "is_shared_randomness_participate",
            default=False,
        ),
        Row("shared_randomness_commitments", "shared-rand-commit", _commitments, default=[]),
        *_status.shared_random_rows(Row),
    )

    def __init__(self, raw_content, validate=False, is_vote=False):
        self._is_vote = is_vote
        self._begin(raw_content, validate)

    @property
    def fingerprint(self):
        """The authority's identity, under its former name."""
        return self.v3ident

    def _own_text(self):
        return self._parts()[0]

    def _parts(self):
        head, found, certificate = _to_unicode(self._raw_contents).partition("\ndir-key-certificate-version")
        return head, found[1:] + certificate

    @lazy
    def key_certificate(self):
        """The certificate of the authority's signing key; only in votes."""
        if self._native is not None:
            native = self._native.certificate
            return None if native is None else KeyCertificate._of(native, True)
        return self._certificate(False)

    def _certificate(self, validate):
        _, certificate = self._parts()
        return KeyCertificate(certificate, validate) if certificate else None

    def _check_lines(self, entries):
        if next(iter(entries), None) != "dir-source":
            raise ValueError(f"Authority entries are expected to start with a 'dir-source' line:\n{self}")
        self.key_certificate = self._certificate(True)
        is_legacy = entries["dir-source"].value.split(" ")[0].endswith("-legacy")
        what = "votes" if self._is_vote else "consensus entries"
        if self._is_vote != bool(self.key_certificate):
            raise ValueError(
                f"Authority {what} {'must' if self._is_vote else 'must not'} have a key certificate:\n{self}"
            )
        needed = () if is_legacy else ("contact",) if self._is_vote else ("contact", "vote-digest")
        for keyword in needed:
            if keyword not in entries:
                raise ValueError(f"Authority entries must have a '{keyword}' line:\n{self}")
        if ("vote-digest" if self._is_vote else "legacy-dir-key") in entries:
            raise ValueError(f"Authority {what} has a line that it shouldn't have:\n{self}")
        for keyword in ("dir-source", "contact", "legacy-dir-key", "vote-digest"):
            if keyword in entries and len(entries[keyword].lines) > 1:
                raise ValueError(f"Authority entries can only have a single '{keyword}' line:\n{self}")

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False, is_vote=False):
        _make.no_signing(cls, sign)
        attr = dict(attr or {})
        if not is_vote and "vote-digest" not in (exclude or ()):
            attr.setdefault("vote-digest", _make.fingerprint())
        head = (
            ("dir-source", f"{_make.nickname()} {_make.fingerprint()} no.place.com {_make.address()} 9030 9090"),
            ("contact", "Mike Perry <email>"),
        )
        content = _make.content(attr, exclude, head)
        return content + b"\n" + KeyCertificate.content() if is_vote else content

    @classmethod
    def create(cls, attr=None, exclude=(), validate=True, sign=False, is_vote=False):
        return cls(cls.content(attr, exclude, sign, is_vote), validate=validate, is_vote=is_vote)


def _dir_address(lines):
    address, colon, port = lines.value.rpartition(":")
    if not colon:
        raise ValueError(
            f"Key certificate's 'dir-address' is expected to be of the form ADDRESS:PORT: dir-address {lines.value}"
        )
    if not connection.is_valid_ipv4_address(address) or not connection.is_valid_port(port):
        raise ValueError(f"Key certificate's address or dirport is invalid: dir-address {lines.value}")
    yield "address", address
    yield "dir_port", int(port)


class KeyCertificate(Descriptor):
    """The certificate of the key that an authority signs with for some months (dir-spec 3.1)."""

    TYPE_ANNOTATION_NAME = KIND = "dir-key-certificate-3"
    NATIVE = tordesc.KeyCertificate
    FIRST, LAST = "dir-key-certificate-version", "dir-key-certification"
    REQUIRED = (
        FIRST,
        "fingerprint",
        "dir-identity-key",
        "dir-key-published",
        "dir-key-expires",
        "dir-signing-key",
        LAST,
    )
    SINGLE = ("dir-address", "dir-key-crosscert")

    TABLE = Table(
        # attribute, keyword, rule, core's name for it, converter
        Row("version", FIRST, _status.numbered(3), "dir_key_certificate_version"),
        Row("address", "dir-address", _dir_address),
        Row("dir_port", "dir-address", _dir_address),
        Row("fingerprint", "fingerprint", rules.hex40, "fingerprint"),
        Row("identity_key", "dir-identity-key", rules.block("RSA PUBLIC KEY"), "dir_identity_key"),
        Row("published", "dir-key-published", rules.timestamp, "dir_key_published", rules.naive),
        Row("expires", "dir-key-expires", rules.timestamp, "dir_key_expires", rules.naive),
        Row("signing_key", "dir-signing-key", rules.block("RSA PUBLIC KEY"), "dir_signing_key"),
        Row("crosscert", "dir-key-crosscert", rules.block("ID SIGNATURE"), "dir_key_crosscert"),
        Row("certification", "dir-key-certification", rules.block("SIGNATURE"), "dir_key_certification"),
    )

    def __init__(self, raw_content, validate=False):
        self._begin(raw_content, validate)

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False):
        _make.no_signing(cls, sign)
        head = (
            ("dir-key-certificate-version", "3"),
            ("fingerprint", _make.fingerprint()),
            ("dir-key-published", _make.date()),
            ("dir-key-expires", _make.date()),
            ("dir-identity-key", _make.blob("RSA PUBLIC KEY")),
            ("dir-signing-key", _make.blob("RSA PUBLIC KEY")),
        )
        return _make.content(attr, exclude, head, [("dir-key-certification", _make.blob("SIGNATURE"))])


def _digests(lines):
    found = []
    for value in lines.values:
        words = value.split(" ")
        if len(words) < 3:
            raise ValueError(
                f"additional-digest lines should be of the form 'additional-digest [flavor] [algname] [digest]' but was: {value}"
            )
        found.append(DocumentDigest(*words[:3]))
    return found


def _more_signatures(lines):
    found = []
    for value, kind, block in lines.lines:
        words = value.split(" ")
        if len(words) < 4:
            raise ValueError(
                f"additional-signature lines should be of the form 'additional-signature [flavor] [algname] [identity] [signing_key_digest]' but was: {value}"
            )
        if not block or kind != "SIGNATURE":
            raise ValueError(f"'additional-signature' should be followed by a SIGNATURE block, but was a {kind}")
        found.append(DocumentSignature(*words[1:4], block, flavor=words[0], validate=True))
    return found


class DetachedSignature(Descriptor):
    """The signatures of one authority on the next consensuses, without them (dir-spec 3.10)."""

    TYPE_ANNOTATION_NAME = KIND = "detached-signature-3"
    NATIVE = tordesc.DetachedSignatures
    FIRST = "consensus-digest"
    REQUIRED = (FIRST, "valid-after", "fresh-until", "valid-until")

    TABLE = Table(
        # attribute, keyword, rule, core's name for it, converter
        Row("consensus_digest", FIRST, rules.text, "consensus_digest"),
        Row("valid_after", "valid-after", rules.timestamp, "valid_after", rules.naive),
        Row("fresh_until", "fresh-until", rules.timestamp, "fresh_until", rules.naive),
        Row("valid_until", "valid-until", rules.timestamp, "valid_until", rules.naive),
        Row("additional_digests", "additional-digest", _digests, default=[]),
        Row(
            "additional_signatures",
            "additional-signature",
            _more_signatures,
            "additional_signatures",
            signatures_of,
            default=[],
        ),
        Row("signatures", "directory-signature", _status.signatures, "signatures", signatures_of, default=[]),
    )

    def __init__(self, raw_content, validate=False):
        self._begin(raw_content, validate)

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False):
        _make.no_signing(cls, sign)
        head = (
            ("consensus-digest", "6D3CC0EFA408F228410A4A8145E1B0BB0670E442"),
            ("valid-after", _make.date()),
            ("fresh-until", _make.date()),
            ("valid-until", _make.date()),
        )
        return _make.content(attr, exclude, head)
