"""Microdescriptors: what clients need to know of a relay."""

import tordesc

from .. import exit_policy as policies
from . import _make
from . import _rules as rules
from ._base import Descriptor, DigestEncoding, DigestHash, check_hash, encode_digest
from ._table import Row, Table, lazy
from .server_descriptor import annotation_lines

REQUIRED_FIELDS = ("onion-key",)
SINGLE_FIELDS = ("onion-key", "ntor-onion-key", "family", "p", "p6", "pr")


def _identities(lines):
    found = {}
    for value in lines.values:
        words = value.split()
        if len(words) < 2:
            raise ValueError(f"'id' lines should contain both the key type and digest: id {value}")
        if words[0] in found:
            raise ValueError(
                f"There can only be one 'id' line per a key type, but '{words[0]}' appeared multiple times"
            )
        found[words[0]] = words[1]
        yield "identifier_type", words[0]
        yield "identifier", words[1]
    yield "identifiers", found


class Microdescriptor(Descriptor):
    """What clients need to know of a relay (dir-spec 3.3)."""

    TYPE_ANNOTATION_NAME = KIND = "microdescriptor"
    NATIVE = tordesc.Microdescriptor
    REQUIRED, SINGLE, FIRST = REQUIRED_FIELDS, SINGLE_FIELDS, "onion-key"

    TABLE = Table(
        # attribute, keyword, rule, core's name for it, converter
        Row("onion_key", "onion-key", rules.block("RSA PUBLIC KEY"), "onion_key"),
        # As it stands there, padded or not; core tells it without.
        Row("ntor_onion_key", "ntor-onion-key", rules.text, "ntor_onion_key", rules.as_written),
        Row("or_addresses", "a", rules.addresses, "or_addresses", rules.as_written, default=[]),
        Row("family", "family", rules.words, "family", default=[]),
        Row(
            "exit_policy",
            "p",
            rules.micro_policy,
            "exit_policy",
            lambda policy: policies.micro(str(policy)),
            default=policies.micro("reject 1-65535"),
        ),
        Row("exit_policy_v6", "p6", rules.micro_policy, "ipv6_policy", lambda policy: policies.micro(str(policy))),
        Row("identifier_type", "id", _identities),
        Row("identifier", "id", _identities),
        Row("identifiers", "id", _identities, default={}),
        Row("protocols", "pr", rules.protocols, "proto", rules.protocols_of, default={}),
    )

    def __init__(self, raw_contents, validate=False, annotations=None):
        self._annotation_lines = annotations or []
        self._begin(raw_contents, validate)

    @classmethod
    def _of(cls, native, sound, validate=False, **kwargs):
        if validate or not sound:
            kwargs["annotations"] = [line.encode() for line in annotation_lines(native)]
        return super()._of(native, sound, validate, **kwargs)

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False):
        _make.no_signing(cls, sign)
        return _make.content(attr, exclude, [("onion-key", _make.blob("RSA PUBLIC KEY"))])

    def digest(self, hash_type=DigestHash.SHA256, encoding=DigestEncoding.BASE64):
        """The digest of the microdescriptor, by which consensuses refer to it."""
        check_hash("Microdescriptor", hash_type)
        if self._native is not None and (hash_type, encoding) == (DigestHash.SHA256, DigestEncoding.BASE64):
            return self._native.digest("sha256")
        return encode_digest(hash_type, self.get_bytes(), encoding)

    @lazy
    def _annotation_lines(self):
        return [line.encode() for line in annotation_lines(self._native)]

    def get_annotations(self):
        """The annotations before the microdescriptor, by their names with `@`, in bytes."""
        return {name: value or None for name, _, value in (line.partition(b" ") for line in self._annotation_lines)}

    def get_annotation_lines(self):
        """The lines of the annotations before the microdescriptor, in bytes."""
        return self._annotation_lines


def _parse_file(descriptor_file, validate=False, **kwargs):
    return Microdescriptor._read_all(descriptor_file.read(), validate, **kwargs)
