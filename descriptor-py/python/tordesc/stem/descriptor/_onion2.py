"""Descriptors of onion services of version 2."""

import binascii
import hashlib
from typing import NamedTuple

import tordesc

from .. import prereq
from ..util import connection
from ..util.str_tools import _decode_b64, _to_unicode
from . import _lines, _make
from . import _rules as rules
from ._base import Descriptor, bytes_for_block
from ._table import Row, Table
from .router_status_entry import parts

REQUIRED_V2_FIELDS = (
    "rendezvous-service-descriptor",
    "version",
    "permanent-key",
    "secret-id-part",
    "publication-time",
    "protocol-versions",
    "signature",
)

BASIC_AUTH, STEALTH_AUTH = 1, 2


class DecryptionFailure(Exception):
    """The introduction points could not be decrypted."""


class IntroductionPoints(NamedTuple):
    """A relay at which clients meet a service of version 2."""

    identifier: str
    address: str
    port: int
    onion_key: str
    service_key: str
    intro_authentication: list


def _protocol_versions(lines):
    try:
        versions = [int(number) for number in lines.value.split(",")]
    except ValueError:
        raise ValueError(f"protocol-versions line has non-numeric versoins: protocol-versions {lines.value}") from None
    if any(number <= 0 for number in versions):
        raise ValueError(f"protocol-versions must be positive integers: {lines.value}")
    return versions


def _points(lines):
    block = lines.block("MESSAGE")
    yield "introduction_points_encoded", block
    # Never in use.
    yield "introduction_points_auth", []
    try:
        yield "introduction_points_content", bytes_for_block(block)
    except binascii.Error:
        raise ValueError(f"'introduction-points' isn't base64 encoded content:\n{block}") from None


class BaseHiddenServiceDescriptor(Descriptor):
    """What descriptors of both versions are."""


class HiddenServiceDescriptorV2(BaseHiddenServiceDescriptor):
    """A descriptor of version 2 (rend-spec-v2)."""

    TYPE_ANNOTATION_NAME = KIND = "hidden-service-descriptor"
    NATIVE = tordesc.HiddenService
    REQUIRED, FIRST, LAST = REQUIRED_V2_FIELDS, "rendezvous-service-descriptor", "signature"
    FREE = ("introduction-points",)

    TABLE = Table(
        # attribute, keyword, rule, core's name for it, converter
        Row("descriptor_id", "rendezvous-service-descriptor", rules.text, "descriptor_id"),
        Row("version", "version", rules.natural, "version"),
        Row("permanent_key", "permanent-key", rules.block("RSA PUBLIC KEY"), "permanent_key"),
        Row("secret_id_part", "secret-id-part", rules.text, "secret_id_part"),
        Row("published", "publication-time", rules.timestamp, "published", rules.naive),
        Row("protocol_versions", "protocol-versions", _protocol_versions, default=[]),
        Row("introduction_points_encoded", "introduction-points", _points),
        Row("introduction_points_auth", "introduction-points", _points, default=[]),
        Row("introduction_points_content", "introduction-points", _points),
        Row("signature", "signature", rules.block("SIGNATURE"), "signature"),
    )

    def __init__(self, raw_contents, validate=False, skip_crypto_validation=False):
        self._begin(raw_contents, validate)
        if validate and not skip_crypto_validation and prereq.is_crypto_available():
            signed = self._digest_for_signature(self.permanent_key, self.signature)
            content = self._content_range("rendezvous-service-descriptor ", "\nsignature\n")
            if signed != (own := hashlib.sha1(content).hexdigest().upper()):
                raise ValueError(f"Decrypted digest does not match local digest (calculated: {signed}, local: {own})")

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False):
        _make.no_signing(cls, sign)
        head = (
            ("rendezvous-service-descriptor", "y3olqqblqw2gbh6phimfuiroechjjafa"),
            ("version", "2"),
            ("permanent-key", _make.blob("RSA PUBLIC KEY")),
            ("secret-id-part", "e24kgecavwsznj7gpbktqsiwgvngsf4e"),
            ("publication-time", _make.date()),
            ("protocol-versions", "2,3"),
            ("introduction-points", "\n-----BEGIN MESSAGE-----\n-----END MESSAGE-----"),
        )
        return _make.content(attr, exclude, head, [("signature", _make.blob("SIGNATURE"))])

    @classmethod
    def create(cls, attr=None, exclude=(), validate=True, sign=False):
        return cls(cls.content(attr, exclude, sign), validate=validate, skip_crypto_validation=not sign)

    def introduction_points(self, authentication_cookie=None):
        """The introduction points; those that are encrypted need a cookie, and DecryptionFailure says that it is not right."""
        content, begin = self.introduction_points_content, b"introduction-point "
        if not content:
            return []
        if authentication_cookie:
            content = self._decrypt(content, authentication_cookie)
            if not content.startswith(begin):
                raise DecryptionFailure("Unable to decrypt the introduction-points, maybe this is the wrong key?")
        elif not content.startswith(begin):
            raise DecryptionFailure(
                "introduction-points content is encrypted, you need to provide its authentication_cookie"
            )
        return self._parse_introduction_points(content)

    @staticmethod
    def _decrypt(content, cookie):
        if not prereq.is_crypto_available():
            raise DecryptionFailure("Decrypting introduction-points requires the cryptography module")
        try:
            cookie = _decode_b64(cookie)
        except (TypeError, ValueError) as exc:
            raise DecryptionFailure(f"authentication_cookie must be a base64 encoded string ({exc})") from exc
        kind = content[0]
        if kind == STEALTH_AUTH:
            return _aes_ctr(cookie, content[1:17], content[17:])
        if kind != BASIC_AUTH:
            raise DecryptionFailure(
                f"Unrecognized authentication type '{kind}', currently we only support basic auth ({BASIC_AUTH}) and stealth auth ({STEALTH_AUTH})"
            )
        # Each client has an entry: which one it is, and the key of the points, encrypted with its cookie.
        end = 2 + content[1] * 16 * 20
        iv, sealed = content[end : end + 16], content[end + 16 :]
        own = hashlib.sha1(cookie + iv).digest()[:4]
        for at in range(2, end, 20):
            if content[at : at + 4] == own:
                key = _aes_ctr(cookie, bytes(16), content[at + 4 : at + 20])
                opened = _aes_ctr(key, iv, sealed)
                if opened.startswith(b"introduction-point "):
                    return opened
        return content

    @staticmethod
    def _parse_introduction_points(content):
        return [_point(_to_unicode(part)) for part in parts(content, "introduction-point")]


def _point(text):
    found = _lines.split(text, False)
    for keyword in ("introduction-point", "ip-address", "onion-port", "onion-key", "service-key"):
        if keyword in found and len(found[keyword].lines) > 1:
            raise ValueError(
                f"'{keyword}' can only appear once in an introduction-point block, but appeared {len(found[keyword].lines)} times"
            )
    value = {keyword: lines.value for keyword, lines in found.items()}
    block = {keyword: lines.lines[0][2] for keyword, lines in found.items()}
    address, port = value.get("ip-address"), value.get("onion-port")
    if address is not None and not connection.is_valid_ipv4_address(address):
        raise ValueError(f"'{address}' is an invalid IPv4 address")
    if port is not None and not connection.is_valid_port(port):
        raise ValueError(f"'{port}' is an invalid port")
    authentication = found["intro-authentication"].values if "intro-authentication" in found else []
    for entry in authentication:
        if " " not in entry:
            raise ValueError(f"We expected 'intro-authentication [auth_type] [auth_data]', but had '{entry}'")
    return IntroductionPoints(
        value.get("introduction-point"),
        address,
        None if port is None else int(port),
        block.get("onion-key"),
        block.get("service-key"),
        [tuple(entry.split(" ")[:2]) for entry in authentication],
    )


def _aes_ctr(key, iv, content):
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    decryptor = Cipher(algorithms.AES(key), modes.CTR(iv)).decryptor()
    return decryptor.update(content) + decryptor.finalize()
