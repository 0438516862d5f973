"""Small things that the modules share."""

import datetime

from .. import prereq

__all__ = ["connection", "ed25519", "enum", "log", "proc", "str_tools", "system", "tor_tools"]

_EPOCH = datetime.datetime(1970, 1, 1)


def datetime_to_unix(timestamp):
    """Seconds since 1970 of a time in UTC without a zone."""
    return (timestamp - _EPOCH).total_seconds()


def _pubkey_bytes(key):
    # The public part of a key of Ed25519 or X25519; bytes are such a part already.
    if isinstance(key, (bytes, str)):
        return key
    if not prereq.is_crypto_available(ed25519=True):
        raise ImportError("Key normalization requires the cryptography module")
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_key() if hasattr(key, "public_key") else key
    if not hasattr(public, "public_bytes"):
        raise ValueError(f"Key must be a string or cryptographic public/private key (was {type(key).__name__})")
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)
