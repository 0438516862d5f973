"""Ed25519 certificates (cert-spec)."""

import base64
import datetime
import hashlib

from .. import prereq, util
from ..client.datatype import CertType as ClientCertType
from ..client.datatype import Field, Size, split
from ..util.enum import Enum, UppercaseEnum
from ..util.str_tools import _decode_b64, _split_by_length, _to_bytes, _to_unicode

ED25519_KEY_LENGTH = 32
ED25519_HEADER_LENGTH = 40
ED25519_SIGNATURE_LENGTH = 64

SIG_PREFIX_SERVER_DESC = b"Tor router descriptor signature v1"
SIG_PREFIX_HS_V3 = b"Tor onion service descriptor sig v3"

#: How long certificates of onion services are good.
DEFAULT_EXPIRATION_HOURS = 54

CertType = UppercaseEnum(
    "SIGNING", "LINK_CERT", "AUTH", "HS_V3_DESC_SIGNING", "HS_V3_INTRO_AUTH", "HS_V3_INTRO_ENCRYPT"
)
ExtensionType = Enum(("HAS_SIGNING_KEY", 4))
ExtensionFlag = UppercaseEnum("AFFECTS_VALIDATION", "UNKNOWN")

_BEGIN, _END = "-----BEGIN ED25519 CERT-----\n", "\n-----END ED25519 CERT-----"


class Ed25519Extension(Field):
    """An extension of a certificate: type, flags and data."""

    def __init__(self, ext_type, flag_val, data):
        self.type, self.flag_int, self.data = ext_type, flag_val or 0, data
        named = ((1, ExtensionFlag.AFFECTS_VALIDATION), (0xFE, ExtensionFlag.UNKNOWN))
        self.flags = [flag for bits, flag in named if self.flag_int & bits]
        if ext_type == ExtensionType.HAS_SIGNING_KEY and len(data) != ED25519_KEY_LENGTH:
            raise ValueError(f"Ed25519 HAS_SIGNING_KEY extension must be 32 bytes, but was {len(data)}.")

    def pack(self):
        return Size.SHORT.pack(len(self.data)) + Size.CHAR.pack(self.type) + Size.CHAR.pack(self.flag_int) + self.data

    @staticmethod
    def pop(content):
        if len(content) < 4:
            raise ValueError("Ed25519 extension is missing header fields")
        size, content = Size.SHORT.pop(content)
        kind, content = Size.CHAR.pop(content)
        flags, content = Size.CHAR.pop(content)
        data, rest = split(content, size)
        if len(data) != size:
            raise ValueError(
                f"Ed25519 extension is truncated. It should have {size} bytes of data but there's only {len(data)}."
            )
        return Ed25519Extension(kind, flags, data), rest


class Ed25519Certificate:
    """A certificate of any version. `encoded` is the base64 that it was read from."""

    encoded = None

    def __init__(self, version):
        self.version = version

    @staticmethod
    def unpack(content):
        """The certificate of bytes; ValueError if they are none."""
        version, _ = Size.CHAR.pop(content)
        if version != 1:
            raise ValueError(f"Ed25519 certificate is version {version}. Parser presently only supports version 1.")
        return Ed25519CertificateV1.unpack(content)

    @staticmethod
    def from_base64(content):
        """The certificate of base64, with or without the lines around it; ValueError if it is none."""
        content = _to_unicode(content)
        if content.startswith(_BEGIN) and content.endswith(_END):
            content = content[len(_BEGIN) : -len(_END)]
        try:
            decoded = base64.b64decode(content)
            if not decoded:
                raise TypeError("empty")
        except (TypeError, ValueError) as exc:
            raise ValueError(f"Ed25519 certificate wasn't propoerly base64 encoded ({exc}):\n{content}") from exc
        certificate = Ed25519Certificate.unpack(decoded)
        certificate.encoded = content
        return certificate

    parse = from_base64

    def pack(self):
        """The bytes of the certificate."""
        raise NotImplementedError(f"Certificate encoding has not been implemented for {type(self).__name__}")

    def to_base64(self, pem=False):
        """The certificate as base64, in lines; with `pem` with the lines around it."""
        encoded = "\n".join(_split_by_length(base64.b64encode(self.pack()).decode(), 64))
        return _BEGIN + encoded + _END if pem else encoded

    def __str__(self):
        return self.to_base64(pem=True)


class Ed25519CertificateV1(Ed25519Certificate):
    """A certificate of version 1: type, end, key, extensions, and the signature of these."""

    def __init__(
        self,
        cert_type=None,
        expiration=None,
        key_type=None,
        key=None,
        extensions=None,
        signature=None,
        signing_key=None,
    ):
        super().__init__(1)
        if cert_type is None:
            raise ValueError("Certificate type is required")
        if key is None:
            raise ValueError("Certificate key is required")
        self.type, self.type_int = ClientCertType.get(cert_type)
        lifetime = datetime.timedelta(hours=DEFAULT_EXPIRATION_HOURS)
        self.expiration = expiration or datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + lifetime
        self.key_type, self.key = key_type or 1, util._pubkey_bytes(key)
        self.extensions = extensions or []
        self.signature = None
        if signing_key:
            own = signing_key.sign(self.pack())
            if signature and signature != own:
                raise ValueError(f"Signature calculated from its key ({own}) mismatches '{signature}'")
            signature = own
        self.signature = signature
        if self.type_int in (1, 2, 3):
            raise ValueError(
                f"Ed25519 certificate cannot have a type of {self.type_int}. This is reserved for CERTS cells."
            )
        if self.type == ClientCertType.ED25519_IDENTITY:
            raise ValueError(
                "Ed25519 certificate cannot have a type of 7. This is reserved for RSA identity cross-certification."
            )
        if self.type == ClientCertType.UNKNOWN:
            raise ValueError(f"Ed25519 certificate type {self.type_int} is unrecognized")

    def pack(self):
        hours = int(util.datetime_to_unix(self.expiration)) // 3600
        head = Size.CHAR.pack(self.version) + Size.CHAR.pack(self.type_int) + Size.LONG.pack(hours)
        body = Size.CHAR.pack(self.key_type) + self.key + Size.CHAR.pack(len(self.extensions))
        return head + body + b"".join(extension.pack() for extension in self.extensions) + (self.signature or b"")

    @staticmethod
    def unpack(content):
        least = ED25519_HEADER_LENGTH + ED25519_SIGNATURE_LENGTH
        if len(content) < least:
            raise ValueError(f"Ed25519 certificate was {len(content)} bytes, but should be at least {least}")
        head, signature = split(content, len(content) - ED25519_SIGNATURE_LENGTH)
        version, head = Size.CHAR.pop(head)
        if version != 1:
            raise ValueError(f"Ed25519 v1 parser cannot read version {version} certificates")
        kind, head = Size.CHAR.pop(head)
        hours, head = Size.LONG.pop(head)
        key_type, head = Size.CHAR.pop(head)
        key, head = split(head, ED25519_KEY_LENGTH)
        count, rest = Size.CHAR.pop(head)
        extensions = []
        for _ in range(count):
            extension, rest = Ed25519Extension.pop(rest)
            extensions.append(extension)
        if rest:
            raise ValueError(f"Ed25519 certificate had {len(rest)} bytes of unused extension data")
        expiration = datetime.datetime(1970, 1, 1) + datetime.timedelta(hours=hours)
        return Ed25519CertificateV1(kind, expiration, key_type, key, extensions, signature)

    def is_expired(self):
        """Whether the certificate is good no more."""
        return datetime.datetime.now() > self.expiration

    def signing_key(self):
        """The key that signed the certificate, if it says which."""
        keys = (extension.data for extension in self.extensions if extension.type == ExtensionType.HAS_SIGNING_KEY)
        return next(keys, None)

    def validate(self, descriptor):
        """Checks the signature of a server descriptor, or of one of an onion service; ValueError if it is not good."""
        from .hidden_service import HiddenServiceDescriptorV3
        from .server_descriptor import RelayDescriptor

        if not prereq.is_crypto_available(ed25519=True):
            raise ImportError("Certificate validation requires the cryptography module and ed25519 support")
        content = descriptor.get_bytes()
        if isinstance(descriptor, RelayDescriptor):
            signed = hashlib.sha256(SIG_PREFIX_SERVER_DESC + _up_to(content, b"router-sig-ed25519 ", True)).digest()
            signature = descriptor.ed25519_signature
            self._check_own(descriptor)
        elif isinstance(descriptor, HiddenServiceDescriptorV3):
            signed = SIG_PREFIX_HS_V3 + _up_to(content, b"signature ", False)
            signature = descriptor.signature
        else:
            kind = type(descriptor).__name__
            raise TypeError(
                f"Certificate validation only supported for server and hidden service descriptors, not {kind}"
            )
        message = "Descriptor Ed25519 certificate signature invalid (signature forged or corrupt)"
        _verify(self.key, _decode_b64(signature), signed, message)

    def _check_own(self, descriptor):
        # The certificate itself is signed by the relay's identity.
        master = descriptor.ed25519_master_key
        key = _decode_b64(master) if master else self.signing_key()
        if not key:
            raise ValueError("Server descriptor missing an ed25519 signing key")
        signed = base64.b64decode(_to_bytes(self.encoded))[:-ED25519_SIGNATURE_LENGTH]
        _verify(
            key, self.signature, signed, "Ed25519KeyCertificate signing key is invalid (signature forged or corrupt)"
        )


def _up_to(content, word, including):
    at = content.rfind(word)
    if at < 0:
        raise ValueError("Malformed descriptor missing signature line")
    return content[: at + len(word) * including]


def _verify(key, signature, signed, message):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except InvalidSignature:
        raise ValueError(message) from None


__all__ = [
    "CertType",
    "Ed25519Certificate",
    "Ed25519CertificateV1",
    "Ed25519Extension",
    "ExtensionFlag",
    "ExtensionType",
]
