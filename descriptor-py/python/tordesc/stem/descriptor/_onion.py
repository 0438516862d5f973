"""What onion services of version 3 need besides lines: layers, introduction points and blinded keys."""

import base64
import datetime
import hashlib
import os
import struct
from typing import Any, NamedTuple

from .. import prereq, util
from ..client.datatype import CertType, LinkByIPv4, LinkByIPv6, LinkSpecifier, Size
from ..util import connection, ed25519
from ..util.str_tools import _split_by_length, _to_bytes, _to_unicode
from . import _lines
from .certificate import (
    DEFAULT_EXPIRATION_HOURS,
    Ed25519Certificate,
    Ed25519CertificateV1,
    Ed25519Extension,
    ExtensionType,
)

_BEGIN, _END = "-----BEGIN MESSAGE-----\n", "\n-----END MESSAGE-----"
_SALT, _KEY, _IV, _MAC = 16, 32, 16, 32


def require_crypto(what):
    """ImportError if there is no package `cryptography`."""
    if not prereq.is_crypto_available(ed25519=True):
        raise ImportError(f"{what} requires cryptography version 2.6")


def subcredential_of(identity_key, blinded_key):
    """What the layers of a descriptor are encrypted with, besides the blinded key."""
    credential = hashlib.sha3_256(b"credential" + util._pubkey_bytes(identity_key)).digest()
    return hashlib.sha3_256(b"subcredential" + credential + blinded_key).digest()


def _ciphers(constant, counter, subcredential, blinded_key, salt):
    # The cipher of a layer, and a function that computes its MAC.
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    secret = blinded_key + subcredential + struct.pack(">Q", counter) + salt + constant
    keys = hashlib.shake_256(secret).digest(_KEY + _IV + _MAC)
    key, iv, mac_key = keys[:_KEY], keys[_KEY : _KEY + _IV], keys[_KEY + _IV :]
    prefix = struct.pack(">Q", len(mac_key)) + mac_key + struct.pack(">Q", len(salt)) + salt
    return Cipher(algorithms.AES(key), modes.CTR(iv)), lambda sealed: hashlib.sha3_256(prefix + sealed).digest()


def decrypt_layer(encrypted, constant, counter, subcredential, blinded_key):
    """The text of a layer; ValueError if it was encrypted with something else."""
    encoded = encrypted.removeprefix(_BEGIN).removesuffix(_END)
    try:
        content = base64.b64decode(encoded)
    except ValueError:
        raise ValueError("Unable to decode encrypted block as base64") from None
    if len(content) < _SALT + _MAC:
        raise ValueError(f"Encrypted block malformed (only {len(content)} bytes)")
    salt, sealed, told = content[:_SALT], content[_SALT:-_MAC], content[-_MAC:]
    cipher, mac = _ciphers(constant, counter, subcredential, blinded_key, salt)
    if told != mac(sealed):
        raise ValueError(f"Malformed mac (expected {told}, but was {mac(sealed)})")
    decryptor = cipher.decryptor()
    return _to_unicode(decryptor.update(sealed) + decryptor.finalize())


def encrypt_layer(content, constant, counter, subcredential, blinded_key):
    """An object with a layer in it."""
    salt = os.urandom(_SALT)
    cipher, mac = _ciphers(constant, counter, subcredential, blinded_key, salt)
    encryptor = cipher.encryptor()
    sealed = encryptor.update(content) + encryptor.finalize()
    lines = _split_by_length(base64.b64encode(salt + sealed + mac(sealed)).decode(), 64)
    return (_BEGIN + "\n".join(lines) + _END).encode()


class AuthorizedClient:
    """A client that may read on: its name and the cookie that is encrypted for it, base64. Random where not given."""

    def __init__(self, id=None, iv=None, cookie=None):
        self.id = _to_unicode(id or _random(8))
        self.iv = _to_unicode(iv or _random(16))
        self.cookie = _to_unicode(cookie or _random(16))

    def _key(self):
        return self.id, self.iv, self.cookie

    def __hash__(self):
        return hash(self._key())

    def __eq__(self, other):
        return isinstance(other, AuthorizedClient) and self._key() == other._key()


def _random(size):
    return base64.b64encode(os.urandom(size)).rstrip(b"=")


class IntroductionPointV3(NamedTuple):
    """A relay at which clients meet a service of version 3."""

    link_specifiers: list
    onion_key_raw: str
    auth_key_cert: Any
    enc_key_raw: str
    enc_key_cert: Any
    legacy_key_raw: str
    legacy_key_cert: str

    @staticmethod
    def parse(content):
        """The point of a text; ValueError if it is none."""
        found = _lines.split(_to_unicode(content), False)

        def ntor(keyword):
            value = found[keyword].value
            return value.removeprefix("ntor ") if value.startswith("ntor ") else None

        def certificate(keyword):
            return Ed25519Certificate.from_base64(found[keyword].block("ED25519 CERT"))

        def block(keyword):
            return found[keyword].lines[0][2] if keyword in found else None

        return IntroductionPointV3(
            IntroductionPointV3._parse_link_specifiers(found["introduction-point"].value),
            ntor("onion-key"),
            certificate("auth-key"),
            ntor("enc-key"),
            certificate("enc-key-cert"),
            block("legacy-key"),
            block("legacy-key-cert"),
        )

    @staticmethod
    def _parse_link_specifiers(content):
        try:
            packed = base64.b64decode(content)
        except ValueError as exc:
            raise ValueError(f"Unable to base64 decode introduction point ({exc}): {content}") from exc
        count, packed = Size.CHAR.pop(packed)
        found = []
        for _ in range(count):
            link, packed = LinkSpecifier.pop(packed)
            found.append(link)
        if packed:
            raise ValueError(f"Introduction point had excessive data ({packed})")
        return found

    @staticmethod
    def create_for_address(
        address, port, expiration=None, onion_key=None, enc_key=None, auth_key=None, signing_key=None
    ):
        """A point at an address; keys are made up where none are given."""
        require_crypto("Introduction point creation")
        if not connection.is_valid_port(port):
            raise ValueError(f"'{port}' is an invalid port")
        if connection.is_valid_ipv4_address(address):
            link = LinkByIPv4(address, port)
        elif connection.is_valid_ipv6_address(address):
            link = LinkByIPv6(address, port)
        else:
            raise ValueError(f"'{address}' is not a valid IPv4 or IPv6 address")
        return IntroductionPointV3.create_for_link_specifiers(
            [link], expiration, onion_key, enc_key, auth_key, signing_key
        )

    @staticmethod
    def create_for_link_specifiers(
        link_specifiers, expiration=None, onion_key=None, enc_key=None, auth_key=None, signing_key=None
    ):
        """A point at a relay; keys are made up where none are given."""
        require_crypto("Introduction point creation")
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        if expiration is None:
            now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
            expiration = now + datetime.timedelta(hours=DEFAULT_EXPIRATION_HOURS)
        signing_key = signing_key or Ed25519PrivateKey.generate()
        auth = util._pubkey_bytes(auth_key or Ed25519PrivateKey.generate())
        onion, enc = (
            base64.b64encode(_to_bytes(util._pubkey_bytes(key or X25519PrivateKey.generate()))).decode()
            for key in (onion_key, enc_key)
        )
        extensions = [Ed25519Extension(ExtensionType.HAS_SIGNING_KEY, None, util._pubkey_bytes(signing_key))]
        auth_cert, enc_cert = (
            Ed25519CertificateV1(kind, expiration, 1, auth, extensions, signing_key=signing_key)
            for kind in (CertType.HS_V3_INTRO_AUTH, CertType.HS_V3_NTOR_ENC)
        )
        return IntroductionPointV3(link_specifiers, onion, auth_cert, enc, enc_cert, None, None)

    def encode(self):
        """The text of the point."""
        links = Size.CHAR.pack(len(self.link_specifiers)) + b"".join(link.pack() for link in self.link_specifiers)
        lines = [
            f"introduction-point {base64.b64encode(links).decode()}",
            f"onion-key ntor {self.onion_key_raw}",
            f"auth-key\n{self.auth_key_cert.to_base64(pem=True)}",
            self.enc_key_raw and f"enc-key ntor {self.enc_key_raw}",
            f"enc-key-cert\n{self.enc_key_cert.to_base64(pem=True)}",
            self.legacy_key_raw and f"legacy-key\n{self.legacy_key_raw}",
            self.legacy_key_cert and f"legacy-key-cert\n{self.legacy_key_cert}",
        ]
        return "\n".join(filter(None, lines))

    def onion_key(self):
        """The relay's ntor key, as an object of `cryptography`."""
        return _x25519(self.onion_key_raw)

    def enc_key(self):
        """The key that introductions are encrypted with."""
        return _x25519(self.enc_key_raw)

    def legacy_key(self):
        """The key of relays of old."""
        return _x25519(self.legacy_key_raw)

    def auth_key(self):
        """The key that introductions are for."""
        _require()
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        return Ed25519PublicKey.from_public_bytes(self.auth_key_cert.key)

    def __hash__(self):
        return hash(self.encode())

    def __eq__(self, other):
        return isinstance(other, IntroductionPointV3) and self.encode() == other.encode()

    def __ne__(self, other):
        return not self == other


def _require():
    if not prereq.is_crypto_available():
        raise ImportError("cryptography module unavailable")


def _x25519(text):
    if text is None:
        return None
    _require()
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    return X25519PublicKey.from_public_bytes(base64.b64decode(text))


# Key blinding, rend-spec-v3 A.2.


def blinded_key_of(identity_key, nonce):
    """The blinded public key of a service's identity."""
    point = ed25519.decode_point(util._pubkey_bytes(identity_key))
    return ed25519.encode_point(ed25519.multiply(point, ed25519.clamp(nonce)))


def blinded_sign(content, identity_key, blinded_key, nonce):
    """A signature by the blinded private key."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    seed = identity_key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    expanded = hashlib.sha512(seed).digest()
    scalar = ed25519.clamp(expanded[:32]) * ed25519.clamp(nonce) % ed25519.ORDER
    prefix = hashlib.sha512(b"Derive temporary signing key hash input" + expanded[32:]).digest()[:32]
    return ed25519.sign(content, scalar, prefix, blinded_key)
