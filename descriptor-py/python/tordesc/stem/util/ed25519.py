"""Arithmetic on the curve of Ed25519 (RFC 8032), for keys that are blinded.

It is slow, and not safe against who measures time.
"""

import hashlib

_P = 2**255 - 19
#: The number of points of the group that keys are from.
ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)


# Points are X, Y, Z, T with x = X/Z, y = Y/Z and x*y = T/Z.


def _add(one, other):
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def multiply(point, scalar):
    """A point added to itself so many times."""
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def _x_of(y, is_odd):
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P:
        raise ValueError("not a point of the curve")
    return _P - x if x & 1 != is_odd else x


def decode_point(packed):
    """The point of 32 bytes; ValueError if they are none."""
    number = int.from_bytes(packed, "little")
    y, is_odd = number & ~(1 << 255), number >> 255
    x = _x_of(y, is_odd)
    return x, y, 1, x * y % _P


def encode_point(point):
    """The 32 bytes of a point."""
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE = decode_point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))


def clamp(packed):
    """The scalar of 32 bytes: a multiple of eight, with its second highest bit set."""
    number = int.from_bytes(packed, "little")
    return number & ((1 << 254) - 8) | 1 << 254


def _hash(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def sign(content, scalar, prefix, public_key):
    """A signature by a private key, which is a scalar and what is hashed with the content."""
    nonce = _hash(prefix, content) % ORDER
    point = encode_point(multiply(_BASE, nonce))
    answer = (nonce + _hash(point, public_key, content) * scalar) % ORDER
    return point + answer.to_bytes(32, "little")
