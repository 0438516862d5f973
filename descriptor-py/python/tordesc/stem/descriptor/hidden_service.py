"""Descriptors of onion services, versions 2 and 3."""

import base64
import hashlib
import time

import tordesc

from .. import prereq, util
from ..client.datatype import CertType
from ..util import tor_tools
from ..util.str_tools import _to_bytes, _to_unicode
from . import _make
from . import _rules as rules
from ._base import Descriptor
from ._onion import (
    AuthorizedClient,
    IntroductionPointV3,
    blinded_key_of,
    blinded_sign,
    decrypt_layer,
    encrypt_layer,
    require_crypto,
    subcredential_of,
)
from ._onion2 import (
    BASIC_AUTH,
    REQUIRED_V2_FIELDS,
    STEALTH_AUTH,
    BaseHiddenServiceDescriptor,
    DecryptionFailure,
    HiddenServiceDescriptorV2,
    IntroductionPoints,
)
from ._table import Row, Table, lazy
from .certificate import SIG_PREFIX_HS_V3, Ed25519Certificate, Ed25519CertificateV1, Ed25519Extension, ExtensionType
from .router_status_entry import parts

__all__ = [
    "BASIC_AUTH",
    "REQUIRED_V2_FIELDS",
    "REQUIRED_V3_FIELDS",
    "STEALTH_AUTH",
    "AuthorizedClient",
    "BaseHiddenServiceDescriptor",
    "DecryptionFailure",
    "HiddenServiceDescriptor",
    "HiddenServiceDescriptorV2",
    "HiddenServiceDescriptorV3",
    "InnerLayer",
    "IntroductionPointV3",
    "IntroductionPoints",
    "OuterLayer",
]

REQUIRED_V3_FIELDS = (
    "hs-descriptor",
    "descriptor-lifetime",
    "descriptor-signing-key-cert",
    "revision-counter",
    "superencrypted",
    "signature",
)

CHECKSUM_CONSTANT = b".onion checksum"

try:
    from cryptography.hazmat.primitives.asymmetric import x25519 as _x25519

    X25519_AVAILABLE = hasattr(_x25519, "X25519PrivateKey")
except ImportError:
    X25519_AVAILABLE = False


def _certificate(lines):
    return Ed25519Certificate.from_base64(lines.block("ED25519 CERT"))


class HiddenServiceDescriptorV3(BaseHiddenServiceDescriptor):
    """A descriptor of version 3 (rend-spec-v3): what everybody may see. The rest is in two layers, see `decrypt`."""

    TYPE_ANNOTATION_NAME = KIND = "hidden-service-descriptor-3"
    NATIVE = tordesc.HiddenService3
    REQUIRED, FIRST, LAST = REQUIRED_V3_FIELDS, "hs-descriptor", "signature"

    TABLE = Table(
        # attribute, keyword, rule, core's name for it, converter
        Row("version", "hs-descriptor", rules.natural, "version"),
        Row("lifetime", "descriptor-lifetime", rules.natural, "lifetime"),
        Row(
            "signing_cert", "descriptor-signing-key-cert", _certificate, "signing_cert", Ed25519Certificate.from_base64
        ),
        Row("revision_counter", "revision-counter", rules.natural, "revision_counter"),
        Row("superencrypted", "superencrypted", rules.block("MESSAGE"), "superencrypted"),
        Row("signature", "signature", rules.text, "signature"),
    )

    def __init__(self, raw_contents, validate=False):
        self._begin(raw_contents, validate)
        if validate and self.signing_cert and prereq.is_crypto_available(ed25519=True):
            self.signing_cert.validate(self)

    @classmethod
    def content(
        cls,
        attr=None,
        exclude=(),
        sign=False,
        inner_layer=None,
        outer_layer=None,
        identity_key=None,
        signing_key=None,
        signing_cert=None,
        revision_counter=None,
        blinding_nonce=None,
    ):
        """The bytes of a descriptor. Layers, keys and certificate are made up where none are given."""
        require_crypto("Hidden service descriptor creation")
        if blinding_nonce and len(blinding_nonce) != 32:
            raise ValueError(f"Blinding nonce must be 32 bytes, but was {len(blinding_nonce)}")
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        attr = dict(attr or {})
        identity_key = identity_key or Ed25519PrivateKey.generate()
        signing_key = signing_key or Ed25519PrivateKey.generate()
        counter = revision_counter or int(time.time())
        # Without a nonce nothing is blinded, for that takes time.
        blinded = blinded_key_of(identity_key, blinding_nonce) if blinding_nonce else b"a" * 32
        subcredential = subcredential_of(identity_key, blinded)
        outer_layer = outer_layer or OuterLayer.create(
            exclude=exclude,
            inner_layer=inner_layer or InnerLayer.create(exclude=exclude),
            revision_counter=counter,
            subcredential=subcredential,
            blinded_key=blinded,
        )
        if not signing_cert:
            extension = Ed25519Extension(ExtensionType.HAS_SIGNING_KEY, None, blinded)
            signing_cert = Ed25519CertificateV1(
                cert_type=CertType.HS_V3_DESC_SIGNING, key=signing_key, extensions=[extension]
            )
            packed = signing_cert.pack()
            signing_cert.signature = (
                blinded_sign(packed, identity_key, blinded, blinding_nonce) if blinding_nonce else b"b" * 64
            )
        own_signature = attr.pop("signature", None)
        head = (
            ("hs-descriptor", "3"),
            ("descriptor-lifetime", "180"),
            ("descriptor-signing-key-cert", "\n" + signing_cert.to_base64(pem=True)),
            ("revision-counter", str(counter)),
            ("superencrypted", b"\n" + outer_layer._encrypt(counter, subcredential, blinded)),
        )
        content = _make.content(attr, exclude, head) + b"\n"
        if own_signature:
            return content + b"signature " + _to_bytes(own_signature)
        if "signature" in exclude:
            return content
        return content + b"signature " + base64.b64encode(signing_key.sign(SIG_PREFIX_HS_V3 + content)).rstrip(b"=")

    @classmethod
    def create(
        cls,
        attr=None,
        exclude=(),
        validate=True,
        sign=False,
        inner_layer=None,
        outer_layer=None,
        identity_key=None,
        signing_key=None,
        signing_cert=None,
        revision_counter=None,
        blinding_nonce=None,
    ):
        """A descriptor. Layers, keys and certificate are made up where none are given."""
        content = cls.content(
            attr,
            exclude,
            sign,
            inner_layer,
            outer_layer,
            identity_key,
            signing_key,
            signing_cert,
            revision_counter,
            blinding_nonce,
        )
        return cls(content, validate=validate)

    @lazy
    def _inner_layer(self):
        return None

    def decrypt(self, onion_address):
        """The inner layer; ValueError if the address is not the service's."""
        require_crypto("Hidden service descriptor decryption")
        if self._inner_layer is None:
            blinded = self.signing_cert.signing_key() if self.signing_cert else None
            if not blinded:
                raise ValueError("No signing key is present")
            subcredential = subcredential_of(self.identity_key_from_address(onion_address), blinded)
            outer = OuterLayer._decrypt(self.superencrypted, self.revision_counter, subcredential, blinded)
            self._inner_layer = InnerLayer._decrypt(outer, self.revision_counter, subcredential, blinded)
        return self._inner_layer

    @staticmethod
    def address_from_identity_key(key, suffix=True):
        """The address of a service with this identity."""
        key = util._pubkey_bytes(key)
        address = base64.b32encode(key + _checksum(key) + b"\3").decode().lower()
        return address + ".onion" * suffix

    @staticmethod
    def identity_key_from_address(onion_address):
        """The identity of the service with this address; ValueError if it is none."""
        address = onion_address.removesuffix(".onion")
        if not tor_tools.is_valid_hidden_service_address(address, version=3):
            raise ValueError(f"'{address}.onion' isn't a valid hidden service v3 address")
        decoded = base64.b32decode(address.upper())
        key, told, own = decoded[:32], decoded[32:34], _checksum(decoded[:32], decoded[34:])
        if told != own:
            raise ValueError(f"Bad checksum (expected {told.hex()} but was {own.hex()})")
        return key

    _subcredential = staticmethod(subcredential_of)


def _checksum(key, version=b"\3"):
    return hashlib.sha3_256(CHECKSUM_CONSTANT + key + version).digest()[:2]


def _clients(lines):
    found = {}
    for value in lines.values:
        words = value.split()
        if len(words) < 3:
            raise ValueError(f"auth-client should have a client-id, iv, and cookie: auth-client {value}")
        found[words[0]] = AuthorizedClient(*words[:3])
    return found


class OuterLayer(Descriptor):
    """The layer that the service's relays cannot read: which clients may read on."""

    TABLE = Table(
        Row("auth_type", "desc-auth-type", rules.text),
        Row("ephemeral_key", "desc-auth-ephemeral-key", rules.text),
        Row("clients", "auth-client", _clients, default={}),
        Row("encrypted", "encrypted", rules.block("MESSAGE")),
    )

    def __init__(self, content, validate=False):
        self._begin(_to_bytes(content).rstrip(b"\0"), validate)

    @staticmethod
    def _decrypt(encrypted, revision_counter, subcredential, blinded_key):
        return OuterLayer(
            decrypt_layer(encrypted, b"hsdir-superencrypted-data", revision_counter, subcredential, blinded_key)
        )

    def _encrypt(self, revision_counter, subcredential, blinded_key):
        content = self.get_bytes()
        # Padded to a multiple of ten thousand bytes, so that its size tells nothing.
        padded = content + bytes(-len(content) % 10000)
        return encrypt_layer(padded, b"hsdir-superencrypted-data", revision_counter, subcredential, blinded_key)

    @classmethod
    def content(
        cls,
        attr=None,
        exclude=(),
        validate=True,
        sign=False,
        inner_layer=None,
        revision_counter=None,
        authorized_clients=None,
        subcredential=None,
        blinded_key=None,
    ):
        """The bytes of a layer. What is not given is made up."""
        require_crypto("Hidden service layer creation")
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        given = "auth-client" in (attr or {})
        if authorized_clients and given:
            raise ValueError("Authorized clients cannot be specified through both attr and authorized_clients")
        blinded_key = blinded_key or util._pubkey_bytes(Ed25519PrivateKey.generate())
        subcredential = subcredential or subcredential_of(Ed25519PrivateKey.generate(), blinded_key)
        # Sixteen, so that nobody can tell whether there are any.
        clients = authorized_clients or ([] if given else [AuthorizedClient() for _ in range(16)])
        inner = (inner_layer or InnerLayer.create())._encrypt(revision_counter or 1, subcredential, blinded_key)
        head = [
            ("desc-auth-type", "x25519"),
            ("desc-auth-ephemeral-key", base64.b64encode(util._pubkey_bytes(X25519PrivateKey.generate()))),
            *(("auth-client", f"{client.id} {client.iv} {client.cookie}") for client in clients),
        ]
        return _make.content(attr, exclude, head, [("encrypted", b"\n" + inner)])

    @classmethod
    def create(
        cls,
        attr=None,
        exclude=(),
        validate=True,
        sign=False,
        inner_layer=None,
        revision_counter=None,
        authorized_clients=None,
        subcredential=None,
        blinded_key=None,
    ):
        """A layer. What is not given is made up."""
        content = cls.content(
            attr, exclude, validate, sign, inner_layer, revision_counter, authorized_clients, subcredential, blinded_key
        )
        return cls(content, validate=validate)


def _formats(lines):
    numbers = lines.value.split(" ")
    if not all(number.isdigit() for number in numbers):
        raise ValueError(f"create2-formats should only contain integers, but was '{lines.value}'")
    return list(map(int, numbers))


class InnerLayer(Descriptor):
    """The layer that only clients of the service can read: the introduction points. `outer` is the layer around it."""

    outer = None

    TABLE = Table(
        Row("formats", "create2-formats", _formats, default=[]),
        Row("intro_auth", "intro-auth-required", rules.words, default=[]),
        Row("is_single_service", "single-onion-service", rules.present, default=False),
    )

    def __init__(self, content, validate=False, outer_layer=None):
        self.outer = outer_layer
        self._begin(content, validate)

    def _own_text(self):
        return self._halves()[0]

    def _halves(self):
        head, found, points = _to_unicode(self._raw_contents).partition("\nintroduction-point ")
        return head, found[1:] + points

    @lazy
    def introduction_points(self):
        """Where clients meet the service."""
        _, points = self._halves()
        return [IntroductionPointV3.parse(part) for part in parts(points.encode(), "introduction-point")]

    def _validate(self):
        super()._validate()
        self.introduction_points

    @staticmethod
    def _decrypt(outer_layer, revision_counter, subcredential, blinded_key):
        content = decrypt_layer(
            outer_layer.encrypted, b"hsdir-encrypted-data", revision_counter, subcredential, blinded_key
        )
        return InnerLayer(content, validate=True, outer_layer=outer_layer)

    def _encrypt(self, revision_counter, subcredential, blinded_key):
        return encrypt_layer(self.get_bytes(), b"hsdir-encrypted-data", revision_counter, subcredential, blinded_key)

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False, introduction_points=None):
        """The bytes of a layer."""
        points = "".join(f"\n{point.encode()}" for point in introduction_points or ())
        return _make.content(attr, exclude, [("create2-formats", "2")]) + points.encode()

    @classmethod
    def create(cls, attr=None, exclude=(), validate=True, sign=False, introduction_points=None):
        """A layer."""
        return cls(cls.content(attr, exclude, sign, introduction_points), validate=validate)


def _parse_file(descriptor_file, desc_type=None, validate=False, **kwargs):
    return (desc_type or HiddenServiceDescriptorV2)._read_all(descriptor_file.read(), validate, **kwargs)


HiddenServiceDescriptor = HiddenServiceDescriptorV2
