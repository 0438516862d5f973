"""Signatures, for who has the package `cryptography`."""

import base64
from typing import Any, NamedTuple

from .. import prereq
from ..util.str_tools import _split_by_length
from ._base import bytes_for_block


class SigningKey(NamedTuple):
    """A key that signs descriptors: private and public part, and the object that goes into a `signing-key` line."""

    private: Any
    public: Any
    public_digest: bytes


def _require():
    if not prereq.is_crypto_available():
        raise ImportError("Signing requires the cryptography module")


def signed_digest(signing_key, signature):
    """The digest that a key has signed, in upper-case hex. Tor signs digests as they are, without their algorithm."""
    if not prereq.is_crypto_available():
        raise ValueError("Generating the signed digest requires the cryptography module")
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    numbers = load_der_public_key(bytes_for_block(signing_key)).public_numbers()
    sealed = bytes_for_block(signature)
    opened = pow(int.from_bytes(sealed, "big"), numbers.e, numbers.n).to_bytes(len(sealed), "big")
    # PKCS #1 v1.5: 00 01, any number of FF, 00, and the message.
    head, zero, message = opened[2:].partition(b"\0")
    if opened[:2] != b"\0\1" or not zero or head.strip(b"\xff"):
        raise ValueError("Verification failed, malformed data")
    return message.hex().upper()


def create_signing_key(private_key=None):
    """A key that signs descriptors: the given one, or a new one."""
    _require()
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if private_key is None:
        private_key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    public = private_key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.PKCS1).strip()
    return SigningKey(private_key, public, b"\n" + pem)


def append_signature(content, key):
    """A document with its signature, after `router-signature`."""
    _require()
    import hashlib

    numbers = key.private_numbers()
    size = (key.key_size + 7) // 8
    digest = hashlib.sha1(content).digest()
    padded = b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest
    sealed = pow(int.from_bytes(padded, "big"), numbers.d, numbers.public_numbers.n).to_bytes(size, "big")
    lines = _split_by_length(base64.b64encode(sealed), 64)
    return content + b"\n".join([b"-----BEGIN SIGNATURE-----", *lines, b"-----END SIGNATURE-----", b""])
