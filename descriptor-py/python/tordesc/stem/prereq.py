"""What is installed here."""

import importlib.util


def _has(module):
    return importlib.util.find_spec(module) is not None


def is_crypto_available(ed25519=False):
    """Whether signatures can be checked and onion services decrypted: the package `cryptography` is installed."""
    return _has("cryptography")


def is_zstd_available():
    """Whether Zstandard can be unpacked: one of the packages `zstandard` and `zstd` is installed."""
    return _has("zstandard") or _has("zstd")


def is_lzma_available():
    """Whether this Python was built with lzma."""
    return _has("lzma")


def is_python_3():
    """Always."""
    return True


def _is_python_26():
    return False


def _is_sha3_available():
    return True


def _is_lru_cache_available():
    return True
