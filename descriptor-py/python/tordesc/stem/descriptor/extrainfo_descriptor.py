"""Extra-info descriptors: what relays and bridges have counted."""

import re

import tordesc

from ..util import connection, tor_tools
from ..util.enum import Enum
from . import _make
from . import _rules as rules
from ._base import Descriptor, DigestEncoding, DigestHash, check_hash, encode_digest
from ._crypto import append_signature, create_signing_key
from ._table import Row, Table

DirResponse = Enum(
    ("OK", "ok"),
    ("NOT_ENOUGH_SIGS", "not-enough-sigs"),
    ("UNAVAILABLE", "unavailable"),
    ("NOT_FOUND", "not-found"),
    ("NOT_MODIFIED", "not-modified"),
    ("BUSY", "busy"),
)

DirStat = Enum(
    *((name.upper(), name) for name in "complete timeout running min max q1 q3 md d1 d2 d3 d4 d6 d7 d8 d9".split())
)

REQUIRED_FIELDS = ("extra-info", "published", "router-signature")

_VERSIONS = ("v2", "v3")

SINGLE_FIELDS = (
    "read-history",
    "write-history",
    "geoip-db-digest",
    "geoip6-db-digest",
    "bridge-stats-end",
    "bridge-ips",
    "dirreq-stats-end",
    *(
        f"dirreq-{version}-{what}"
        for what in ("ips", "reqs", "share", "resp", "direct-dl", "tunneled-dl")
        for version in _VERSIONS
    ),
    "dirreq-read-history",
    "dirreq-write-history",
    "entry-stats-end",
    "entry-ips",
    "cell-stats-end",
    "cell-processed-cells",
    "cell-queued-cells",
    "cell-time-in-queue",
    "cell-circuits-per-decile",
    "conn-bi-direct",
    "exit-stats-end",
    "exit-kibibytes-written",
    "exit-kibibytes-read",
    "exit-streams-opened",
)

_COUNTRY = re.compile(r"[a-zA-Z0-9?]{2}").fullmatch


def _extra_info(lines):
    words = lines.value.split()
    if len(words) < 2:
        raise ValueError(f"Extra-info line must have two values: extra-info {lines.value}")
    if not tor_tools.is_valid_nickname(words[0]):
        raise ValueError(f"Extra-info line entry isn't a valid nickname: {words[0]}")
    if not tor_tools.is_valid_fingerprint(words[1]):
        raise ValueError(f"Tor relay fingerprints consist of forty hex digits: {words[1]}")
    yield "nickname", words[0]
    yield "fingerprint", words[1]


def _transport(lines):
    found = {}
    for value in lines.values:
        # Sanitized bridges tell the name alone.
        name, *rest = value.split()[: None if " " in value else 1] or [value]
        if not rest:
            if " " in value:
                raise ValueError(f"Transport line is missing its address:port value: transport {value}")
            found[name] = (None, None, None)
            continue
        address, colon, port = rest[0].rpartition(":")
        is_address = connection.is_valid_ipv4_address(address) or connection.is_valid_ipv6_address(
            address, allow_brackets=True
        )
        if not colon or not is_address or not connection.is_valid_port(port):
            raise ValueError(f"Transport line has a malformed address or port: transport {value}")
        found[name] = (address.strip("[]"), int(port), rest[1:])
    return found


def _counts(is_key, convert=None):
    """A rule for `KEY=COUNT,KEY=COUNT…`."""

    def rule(lines):
        counts = {}
        for key, count in rules.split_pairs(lines.keyword, lines.value, ","):
            if not is_key(key) or not count.isdigit():
                raise ValueError(f"Entries in {lines.keyword} line should only be KEY=N entries: {lines.value}")
            counts[convert(key) if convert else key] = int(count)
        return counts

    return rule


def _port_or_other(key):
    return key == "other" or connection.is_valid_port(key)


def _port_key(key):
    return int(key) if key.isdigit() else key


def _if_natural(counts):
    # Core lets pass what is below zero.
    return counts if min(counts.values(), default=0) >= 0 else None


def _told_ports(counts):
    return {_port_key(port): count for port, count in counts.items()} if _if_natural(counts) is not None else None


def _floats(numbers):
    return list(map(float, numbers))


def _among(counts, names):
    return {key: count for key, count in counts.items() if key in names} if _if_natural(counts) is not None else None


def _besides(counts, names):
    return (
        {key: count for key, count in counts.items() if key not in names} if _if_natural(counts) is not None else None
    )


_countries = _counts(_COUNTRY)
_ports = _counts(_port_or_other, _port_key)
_names = _counts(lambda key: True)


def _answers(attribute, known):
    """A rule for counts of which some are known and others are kept apart."""

    def rule(lines):
        counts = _names(lines)
        yield attribute, _among(counts, list(known))
        yield f"{attribute}_unknown", _besides(counts, list(known))

    return rule


def _share(lines):
    share = float(lines.value.removesuffix("%"))
    # It may be above 100 %, for tor had a fault.
    if share < 0 or not lines.value.endswith("%"):
        raise ValueError(f"{lines.keyword} lines should be a percentage: {lines.value}")
    return share / 100


def _cells(attribute):
    """A rule for numbers with commas between; those that are none are left out."""

    def rule(lines):
        numbers, bad = [], None
        for entry in lines.value.split(",") if lines.value else ():
            try:
                numbers.append(float(entry))
            except ValueError:
                bad = entry
        yield attribute, numbers
        if bad is not None:
            raise ValueError(f"Non-numeric entry in {lines.keyword} listing: {lines.value}")

    return rule


def _period(prefix):
    """A rule for `TIME (SECONDS s)`."""

    def rule(lines):
        end, seconds, _ = rules.interval(lines)
        yield f"{prefix}_end", end
        yield f"{prefix}_interval", seconds

    return rule


def _conn_bi_direct(lines):
    end, seconds, rest = rules.interval(lines)
    counts = (rest or "").split(",")
    if len(counts) != 4 or not all(count.isdigit() for count in counts):
        raise ValueError(f"conn-bi-direct line should end with four numeric values: conn-bi-direct {lines.value}")
    yield "conn_bi_direct_end", end
    yield "conn_bi_direct_interval", seconds
    for name, count in zip(("below", "read", "write", "both"), counts):
        yield f"conn_bi_direct_{name}", int(count)


def _padding_counts(lines):
    end, seconds, rest = rules.interval(lines)
    counts = {}
    for key, count in rules.split_pairs(lines.keyword, rest):
        if not count:
            raise ValueError(f"'{lines.keyword}' line's {key} mapping had a blank value: {rest}")
        counts[key] = int(count) if count.isdigit() else count
    yield "padding_counts", counts
    yield "padding_counts_end", end
    yield "padding_counts_interval", seconds


def _hidserv(attribute):
    """A rule for `NUMBER KEY=VALUE KEY=VALUE…`."""

    def rule(lines):
        number, _, rest = lines.value.partition(" ")
        try:
            count = int(number)
        except ValueError:
            what = f"stat was non-numeric ({number})" if number else "line was blank"
            raise ValueError(f"'{lines.keyword}' {what}: {lines.keyword} {lines.value}") from None
        pairs = dict(rules.split_pairs(lines.keyword, rest))
        yield attribute, count
        yield f"{attribute}_attr", pairs

    return rule


def _rows_of(keyword, prefix):
    rule = _period(prefix)
    column = keyword.removesuffix("-end").replace("-", "_")
    return (
        Row(f"{prefix}_end", keyword, rule, f"{column}_end", rules.naive),
        Row(f"{prefix}_interval", keyword, rule, f"{column}_interval"),
    )


def _directory_rows(version):
    line, attribute, column = f"dirreq-{version}-", f"dir_{version}_", f"dirreq_{version}_"
    yield Row(f"{attribute}ips", f"{line}ips", _countries, f"{column}ips", _if_natural)
    yield Row(f"{attribute}requests", f"{line}reqs", _countries, f"{column}reqs", _if_natural)
    yield Row(f"{attribute}share", f"{line}share", _share)
    for what, name, known in (
        ("resp", "responses", DirResponse),
        ("direct-dl", "direct_dl", DirStat),
        ("tunneled-dl", "tunneled_dl", DirStat),
    ):
        rule, told = _answers(attribute + name, known), column + what.replace("-", "_")
        yield Row(
            attribute + name, line + what, rule, told, lambda counts, names=frozenset(known): _among(counts, names)
        )
        yield Row(
            f"{attribute}{name}_unknown",
            line + what,
            rule,
            told,
            lambda counts, names=frozenset(known): _besides(counts, names),
        )


class ExtraInfoDescriptor(Descriptor):
    """What relays and bridges have in common."""

    FIRST, NATIVE = "extra-info", tordesc.ExtraInfo

    TABLE = Table(
        # attribute, keyword, rule, core's name for it, converter
        Row("nickname", "extra-info", _extra_info, "nickname"),
        Row("fingerprint", "extra-info", _extra_info, "fingerprint"),
        Row("published", "published", rules.timestamp, "published", rules.naive),
        Row("geoip_db_digest", "geoip-db-digest", rules.hex40, "geoip_db_digest"),
        Row("geoip6_db_digest", "geoip6-db-digest", rules.hex40, "geoip6_db_digest"),
        Row("transport", "transport", _transport, default={}),
        Row("conn_bi_direct_end", "conn-bi-direct", _conn_bi_direct, "conn_bi_direct_end", rules.naive),
        *(
            Row(f"conn_bi_direct_{name}", "conn-bi-direct", _conn_bi_direct, f"conn_bi_direct_{name}")
            for name in ("interval", "below", "read", "write", "both")
        ),
        *rules.history_rows(Row, "read-history", "read_history", "read_history"),
        *rules.history_rows(Row, "write-history", "write_history", "write_history"),
        *rules.history_rows(Row, "dirreq-read-history", "dir_read_history", "dirreq_read_history"),
        *rules.history_rows(Row, "dirreq-write-history", "dir_write_history", "dirreq_write_history"),
        *_rows_of("cell-stats-end", "cell_stats"),
        Row(
            "cell_processed_cells",
            "cell-processed-cells",
            _cells("cell_processed_cells"),
            "cell_processed_cells",
            _floats,
        ),
        Row("cell_queued_cells", "cell-queued-cells", _cells("cell_queued_cells"), "cell_queued_cells", _floats),
        Row("cell_time_in_queue", "cell-time-in-queue", _cells("cell_time_in_queue"), "cell_time_in_queue", _floats),
        Row("cell_circuits_per_decile", "cell-circuits-per-decile", rules.natural, "cell_circuits_per_decile"),
        *_rows_of("dirreq-stats-end", "dir_stats"),
        *_directory_rows("v2"),
        *_directory_rows("v3"),
        *_rows_of("entry-stats-end", "entry_stats"),
        Row("entry_ips", "entry-ips", _countries, "entry_ips", _if_natural),
        *_rows_of("exit-stats-end", "exit_stats"),
        Row("exit_kibibytes_written", "exit-kibibytes-written", _ports, "exit_kibibytes_written", _told_ports),
        Row("exit_kibibytes_read", "exit-kibibytes-read", _ports, "exit_kibibytes_read", _told_ports),
        Row("exit_streams_opened", "exit-streams-opened", _ports, "exit_streams_opened", _told_ports),
        Row("hs_stats_end", "hidserv-stats-end", rules.timestamp, "hidserv_stats_end", rules.naive),
        Row("hs_rend_cells", "hidserv-rend-relayed-cells", _hidserv("hs_rend_cells")),
        Row("hs_rend_cells_attr", "hidserv-rend-relayed-cells", _hidserv("hs_rend_cells"), default={}),
        Row("hs_dir_onions_seen", "hidserv-dir-onions-seen", _hidserv("hs_dir_onions_seen")),
        Row("hs_dir_onions_seen_attr", "hidserv-dir-onions-seen", _hidserv("hs_dir_onions_seen"), default={}),
        Row("padding_counts", "padding-counts", _padding_counts, default={}),
        Row("padding_counts_end", "padding-counts", _padding_counts, "padding_counts_end", rules.naive),
        Row("padding_counts_interval", "padding-counts", _padding_counts, "padding_counts_interval"),
        *_rows_of("bridge-stats-end", "bridge_stats"),
        Row("bridge_ips", "bridge-ips", _countries, "bridge_ips", _if_natural),
        Row("geoip_start_time", "geoip-start-time", rules.timestamp, "geoip_start_time", rules.naive),
        Row("geoip_client_origins", "geoip-client-origins", _countries, "geoip_client_origins", _if_natural),
        Row("ip_versions", "bridge-ip-versions", _names, "bridge_ip_versions"),
        Row("ip_transports", "bridge-ip-transports", _names, "bridge_ip_transports"),
    )

    def __init__(self, raw_contents, validate=False):
        self._begin(raw_contents, validate)

    def digest(self, hash_type=DigestHash.SHA1, encoding=DigestEncoding.HEX):
        """The digest of the descriptor, by which server descriptors refer to it."""
        raise NotImplementedError


class RelayExtraInfoDescriptor(ExtraInfoDescriptor):
    """What a relay has counted (dir-spec 2.1.2)."""

    TYPE_ANNOTATION_NAME = KIND = "extra-info"
    REQUIRED, SINGLE, LAST = REQUIRED_FIELDS, SINGLE_FIELDS, "router-signature"

    TABLE = Table(
        Row("ed25519_certificate", "identity-ed25519", rules.block("ED25519 CERT"), "identity_ed25519"),
        Row("ed25519_signature", "router-sig-ed25519", rules.text, "router_sig_ed25519"),
        Row("signature", "router-signature", rules.block("SIGNATURE"), "router_signature"),
        base=ExtraInfoDescriptor.TABLE,
    )

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False, signing_key=None):
        head = (("extra-info", f"{_make.nickname()} {_make.fingerprint()}"), ("published", _make.date()))
        if not (sign or signing_key):
            return _make.content(attr, exclude, head, [("router-signature", _make.blob("SIGNATURE"))])
        if attr and "router-signature" in attr:
            raise ValueError("Cannot sign the descriptor if a router-signature has been provided")
        key = signing_key or create_signing_key()
        return append_signature(_make.content(attr, exclude, head) + b"\nrouter-signature\n", key.private)

    @classmethod
    def create(cls, attr=None, exclude=(), validate=True, sign=False, signing_key=None):
        return cls(cls.content(attr, exclude, sign, signing_key), validate=validate)

    def digest(self, hash_type=DigestHash.SHA1, encoding=DigestEncoding.HEX):
        check_hash("Extrainfo descriptor", hash_type)
        if self._native is not None and hash_type == DigestHash.SHA1 and encoding == DigestEncoding.HEX:
            return self._native.digest("sha1")
        # Tor computes SHA-256 over all, and SHA-1 over what is signed.
        signed = self._content_range(end="\nrouter-signature\n") if hash_type == DigestHash.SHA1 else self.get_bytes()
        return encode_digest(hash_type, signed, encoding)


class BridgeExtraInfoDescriptor(ExtraInfoDescriptor):
    """What a bridge has counted, sanitized."""

    TYPE_ANNOTATION_NAME = KIND = "bridge-extra-info"
    REQUIRED, SINGLE = ("router-digest", "extra-info", "published"), SINGLE_FIELDS

    TABLE = Table(
        Row("ed25519_certificate_hash", "master-key-ed25519", rules.text, "master_key_ed25519"),
        Row("router_digest_sha256", "router-digest-sha256", rules.text, "router_digest_sha256"),
        Row("_digest", "router-digest", rules.hex40, "router_digest"),
        base=ExtraInfoDescriptor.TABLE,
    )

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False):
        _make.no_signing(cls, sign)
        head = (("extra-info", f"ec2bridgereaac65a3 {_make.fingerprint()}"), ("published", _make.date()))
        return _make.content(attr, exclude, head, [("router-digest", _make.fingerprint())])

    def digest(self, hash_type=DigestHash.SHA1, encoding=DigestEncoding.HEX):
        if (hash_type, encoding) == (DigestHash.SHA1, DigestEncoding.HEX):
            return self._digest
        if (hash_type, encoding) == (DigestHash.SHA256, DigestEncoding.BASE64):
            return self.router_digest_sha256
        raise NotImplementedError(
            f"Bridge extrainfo digests are only available as sha1/hex and sha256/base64, not {hash_type}/{encoding}"
        )


def _parse_file(descriptor_file, is_bridge=False, validate=False, **kwargs):
    cls = BridgeExtraInfoDescriptor if is_bridge else RelayExtraInfoDescriptor
    return cls._read_all(descriptor_file.read(), validate, **kwargs)
