"""Directory authorities, as they are known to tor."""

from . import DownloadFailed
from .util import connection, tor_tools


class Directory:
    """A relay that answers requests for documents."""

    def __init__(self, address, or_port, dir_port, fingerprint, nickname, orport_v6):
        name = f"{fingerprint} ({nickname})" if nickname else fingerprint
        for what, value, is_valid in (
            ("an invalid IPv4 address", address, connection.is_valid_ipv4_address),
            ("an invalid ORPort", or_port, connection.is_valid_port),
            ("an invalid DirPort", dir_port, connection.is_valid_port),
            ("an invalid fingerprint", fingerprint, tor_tools.is_valid_fingerprint),
            ("an invalid nickname", nickname, lambda value: not value or tor_tools.is_valid_nickname(value)),
            ("an invalid IPv6 ORPort", orport_v6, _is_v6),
        ):
            if not is_valid(value):
                raise ValueError(f"{name} has {what}: {value}")
        self.address, self.or_port, self.dir_port = address, int(or_port), int(dir_port)
        self.fingerprint, self.nickname = fingerprint, nickname
        self.orport_v6 = (orport_v6[0], int(orport_v6[1])) if orport_v6 else None

    @staticmethod
    def from_cache():
        """The directories of a kind that are known here; only of authorities."""
        raise NotImplementedError("only authorities are known here")

    @staticmethod
    def from_remote(timeout=60):
        """Not possible here: tor's source, where stem looks, has moved. DownloadFailed, as if it could not be had."""
        url = "https://gitweb.torproject.org/tor.git/"
        raise DownloadFailed(url, OSError("gitweb.torproject.org is gone"), None)

    def _key(self):
        return type(self), *sorted((name, str(value)) for name, value in vars(self).items())

    def __hash__(self):
        return hash(self._key())

    def __eq__(self, other):
        return isinstance(other, Directory) and self._key() == other._key()


def _is_v6(value):
    return value is None or (
        len(value) == 2 and connection.is_valid_ipv6_address(value[0]) and connection.is_valid_port(value[1])
    )


class Authority(Directory):
    """An authority. `v3ident` is the identity that it signs with; None if it does not vote."""

    def __init__(
        self,
        address=None,
        or_port=None,
        dir_port=None,
        fingerprint=None,
        nickname=None,
        orport_v6=None,
        v3ident=None,
        is_bandwidth_authority=False,
    ):
        super().__init__(address, or_port, dir_port, fingerprint, nickname, orport_v6)
        if v3ident and not tor_tools.is_valid_fingerprint(v3ident):
            raise ValueError(f"{fingerprint} ({nickname}) has an invalid v3ident: {v3ident}")
        self.v3ident, self.is_bandwidth_authority = v3ident, is_bandwidth_authority

    @staticmethod
    def from_cache():
        """The authorities by nickname."""
        return dict(DIRECTORY_AUTHORITIES)


class Fallback(Directory):
    """A relay that clients may ask when they start."""

    def __init__(
        self,
        address=None,
        or_port=None,
        dir_port=None,
        fingerprint=None,
        nickname=None,
        has_extrainfo=False,
        orport_v6=None,
        header=None,
    ):
        super().__init__(address, or_port, dir_port, fingerprint, nickname, orport_v6)
        self.has_extrainfo, self.header = has_extrainfo, dict(header or {})


# Nickname, address, OR and directory port, fingerprint, identity, IPv6. As in tor 0.4.9's list and, where that has none
# any more, in the consensuses.
_LIST = """
moria1 128.31.0.39 9201 9231 1A25C6358DB91342AA51720A5038B72742732498 F533C81CEF0BC0267857C99B2F471ADF249FA232
tor26 217.196.147.77 443 80 FAA4BCA4A6AC0FB4CA2F8AD5A11D9E122BA894F6 2F3DF9CA0E5D36F2685A2DA67184EB8DCB8CBA8C 2a02:16a8:662:2203::1 443
dizum 45.66.35.11 443 80 7EA6EAD6FD83083C538F44038BBFA077587DD755 E8A9C45EDE6D711294FADF8E7951F4DE6CA56B58
gabelmoo 131.188.40.189 443 80 F2044413DAC2E02E3D6BCF4735A19BCA1DE97281 ED03BB616EB2F60BEC80151114BB25CEF515B226 2001:638:a000:4140::ffff:189 443
dannenberg 193.23.244.244 443 80 7BE683E65D48141321C5ED92F075C55364AC7123 0232AF901C31A04EE9848595AF9BB7620D4C5B2E 2001:678:558:1000::244 443
maatuska 171.25.193.9 80 443 BD6A829255CB08E66FBE7D3748363586E46B3810 49015F787433103580E3B66A1707A00E60F2D15B 2001:67c:289c::9 80
longclaw 199.58.81.140 443 80 74A910646BCEEFBCD2E874FC1DC997430F968145 23D15D965BC35114467363C165C4F724B64B4F66
bastet 204.13.164.118 443 80 24E2F139121D4394C54B5BCC368B3B411857C413 27102BC123E7AF1D4741AE047E160C91ADC76B21 2620:13:4000:6000::1000:118 443
Faravahar 216.218.219.41 443 80 E3E42D35F801C9D5AB23584E0025D56FE2B33396 70849B868D606BAECFB6128C5E3D782029AA394F
Serge 66.111.2.131 9001 9030 BA44A889E64B93FAA2B114E02C2A279A8555C533 -
"""


def _authority(line):
    nickname, address, or_port, dir_port, fingerprint, identity, *v6 = line.split()
    return Authority(
        address, or_port, dir_port, fingerprint, nickname, tuple(v6) or None, None if identity == "-" else identity
    )


DIRECTORY_AUTHORITIES = {authority.nickname: authority for authority in map(_authority, _LIST.strip().splitlines())}
