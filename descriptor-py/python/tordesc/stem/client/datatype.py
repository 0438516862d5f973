"""Values as they go over the wire."""

import ipaddress
import struct

from ..util.enum import Enum


class _IntegerEnum(Enum):
    # Each name has a number; what has none is UNKNOWN.
    def __init__(self, *args):
        super().__init__(*((name, name) for name, _ in args), ("UNKNOWN", "UNKNOWN"))
        self._numbers = dict(args)
        self._names = {number: name for name, number in args}

    def get(self, val):
        """Name and number of a name or a number."""
        if isinstance(val, int):
            return self._names.get(val, "UNKNOWN"), val
        if val not in list(self):
            raise ValueError(f"Invalid enumeration '{val}', options are {', '.join(self)}")
        return val, self._numbers.get(val, val)


#: What a certificate is for (cert-spec A.1, rend-spec-v3 E).
CertType = _IntegerEnum(
    ("LINK", 1),
    ("IDENTITY", 2),
    ("AUTHENTICATE", 3),
    ("ED25519_SIGNING", 4),
    ("LINK_CERT", 5),
    ("ED25519_AUTHENTICATE", 6),
    ("ED25519_IDENTITY", 7),
    ("HS_V3_DESC_SIGNING", 8),
    ("HS_V3_INTRO_AUTH", 9),
    ("NTOR_ONION_KEY", 10),
    ("HS_V3_NTOR_ENC", 11),
)


def split(content, size):
    """The first bytes, and the others."""
    return content[:size], content[size:]


class Field:
    """A value with a form on the wire. Fields are equal if that is."""

    def pack(self):
        """The bytes of the value."""
        raise NotImplementedError

    @staticmethod
    def pop(packed):
        """The value that bytes begin with, and the bytes after it."""
        raise NotImplementedError

    @classmethod
    def unpack(cls, packed):
        """The value of bytes; ValueError if there are more of them."""
        value, rest = cls.pop(packed)
        if rest:
            raise ValueError(f"{packed!r} is the wrong size for a {cls.__name__} field")
        return value

    def __hash__(self):
        return hash(self.pack())

    def __eq__(self, other):
        return isinstance(other, Field) and self.pack() == other.pack()


class Size:
    """Unsigned numbers of so many bytes, the highest byte first."""

    def __init__(self, name, size, pack_format):
        self.name, self.size, self.format = name, size, pack_format

    def pack(self, content):
        """The bytes of a number."""
        if not isinstance(content, int):
            raise ValueError(f"Size.pack encodes an integer, but was a {type(content).__name__}")
        if content < 0:
            raise ValueError(f"Packed values must be positive (attempted to pack {content} as a {self.name})")
        return struct.pack(self.format, content)

    def unpack(self, packed):
        """The number of bytes."""
        if len(packed) != self.size:
            raise ValueError(f"{packed!r} is the wrong size for a {self.name} field")
        return struct.unpack(self.format, packed)[0]

    def pop(self, packed):
        """The number that bytes begin with, and the bytes after it."""
        head, rest = split(packed, self.size)
        return self.unpack(head), rest


Size.CHAR = Size("CHAR", 1, "!B")
Size.SHORT = Size("SHORT", 2, "!H")
Size.LONG = Size("LONG", 4, "!L")
Size.LONG_LONG = Size("LONG_LONG", 8, "!Q")


class LinkSpecifier(Field):
    """How to reach a relay; of types that are not known, as bytes."""

    def __init__(self, link_type, value):
        self.type, self.value = link_type, value

    def pack(self):
        return Size.CHAR.pack(self.type) + Size.CHAR.pack(len(self.value)) + self.value

    @staticmethod
    def pop(packed):
        kind, packed = Size.CHAR.pop(packed)
        size, packed = Size.CHAR.pop(packed)
        if size > len(packed):
            raise ValueError(f"Link specifier should have {size} bytes, but only had {len(packed)} remaining")
        value, rest = split(packed, size)
        known = {0: LinkByIPv4.unpack, 1: LinkByIPv6.unpack, 2: LinkByFingerprint, 3: LinkByEd25519}
        return (known[kind](value) if kind in known else LinkSpecifier(kind, value)), rest


class _LinkByAddress(LinkSpecifier):
    def __init__(self, address, port):
        super().__init__(self._type, ipaddress.ip_address(address).packed + Size.SHORT.pack(port))
        self.address, self.port = address, port

    @classmethod
    def unpack(cls, value):
        if len(value) != cls._size + 2:
            raise ValueError(f"{cls.__name__} should have {cls._size + 2} bytes, but had {len(value)}: {value.hex()}")
        address, port = split(value, cls._size)
        return cls(ipaddress.ip_address(address).exploded, Size.SHORT.unpack(port))


class LinkByIPv4(_LinkByAddress):
    """An address of IPv4 and a port."""

    _type, _size = 0, 4


class LinkByIPv6(_LinkByAddress):
    """An address of IPv6 and a port."""

    _type, _size = 1, 16


class _LinkByIdentity(LinkSpecifier):
    def __init__(self, value):
        super().__init__(self._type, value)
        if len(value) != self._size:
            raise ValueError(
                f"{type(self).__name__} should have {self._size} bytes, but had {len(value)}: {value.hex()}"
            )
        self.fingerprint = value.decode("utf-8", "replace")


class LinkByFingerprint(_LinkByIdentity):
    """A SHA-1 of a relay's identity key, RSA."""

    _type, _size = 2, 20


class LinkByEd25519(_LinkByIdentity):
    """A relay's Ed25519 identity."""

    _type, _size = 3, 32
