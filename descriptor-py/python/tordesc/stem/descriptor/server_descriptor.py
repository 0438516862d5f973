"""Server descriptors: what relays and bridges say about themselves."""

import base64
import functools
import hashlib

import tordesc

from .. import exit_policy as policies
from .. import prereq, version
from ..util import connection, tor_tools
from ..util.enum import Enum
from . import _lines, _make
from . import _rules as rules
from ._base import Descriptor, DigestEncoding, DigestHash, bytes_for_block, check_hash, encode_digest
from ._crypto import append_signature, create_signing_key
from ._table import Row, Table, lazy
from .certificate import Ed25519Certificate

REQUIRED_FIELDS = ("router", "bandwidth", "published", "onion-key", "signing-key", "router-signature")

SINGLE_FIELDS = (
    "identity-ed25519",
    "master-key-ed25519",
    "platform",
    "fingerprint",
    "hibernating",
    "uptime",
    "contact",
    "read-history",
    "write-history",
    "eventdns",
    "bridge-distribution-request",
    "family",
    "caches-extra-info",
    "extra-info-digest",
    "hidden-service-dir",
    "protocols",
    "allow-single-hop-exits",
    "tunnelled-dir-server",
    "proto",
    "onion-key-crosscert",
    "ntor-onion-key",
    "ntor-onion-key-crosscert",
    "router-sig-ed25519",
)

BridgeDistribution = Enum(
    ("ANY", "any"), ("HTTPS", "https"), ("EMAIL", "email"), ("MOAT", "moat"), ("HYPHAE", "hyphae")
)

DEFAULT_BRIDGE_DISTRIBUTION = "any"
DEFAULT_IPV6_EXIT_POLICY = policies.micro("reject 1-65535")
REJECT_ALL_POLICY = policies.ExitPolicy("reject *:*")


def _router(lines):
    words = lines.value.split()
    if len(words) < 5:
        raise ValueError(f"Router line must have five values: router {lines.value}")
    nickname, address, *ports = words[:5]
    if not tor_tools.is_valid_nickname(nickname):
        raise ValueError(f"Router line entry isn't a valid nickname: {nickname}")
    if not connection.is_valid_ipv4_address(address):
        raise ValueError(f"Router line entry isn't a valid IPv4 address: {address}")
    if not connection.is_valid_port(ports, allow_zero=True):
        raise ValueError(f"Router line's ports are invalid: {' '.join(ports)}")
    yield "nickname", nickname
    yield "address", address
    yield "or_port", int(ports[0])
    yield "socks_port", rules.port(int(ports[1]))
    yield "dir_port", rules.port(int(ports[2]))


def _bandwidth(lines):
    numbers = lines.value.split()[:3]
    if len(numbers) < 3 or not all(number.isdigit() for number in numbers):
        raise ValueError(f"Bandwidth line must have three numbers: bandwidth {lines.value}")
    for name, number in zip(("average", "burst", "observed"), numbers):
        yield f"{name}_bandwidth", int(number)


def _platform(lines):
    yield "platform", rules.raw(lines)
    yield "operating_system", rules.operating_system(lines.value)
    yield "tor_version", rules.tor_version(lines.value)


def _fingerprint(lines):
    groups = lines.value.split(" ")
    if any(len(group) != 4 for group in groups) or not tor_tools.is_valid_fingerprint("".join(groups)):
        raise ValueError(f"Fingerprint line should have ten groups of four hex digits: {lines.value}")
    return "".join(groups)


def _extra_info_digest(lines):
    sha1, _, sha256 = lines.value.partition(" ")
    if not tor_tools.is_hex_digits(sha1, 40):
        raise ValueError(f"extra-info-digest should be 40 hex characters: {sha1}")
    yield "extra_info_digest", sha1
    yield "extra_info_sha256_digest", sha256.split(" ")[0] or None


def _switch(lines):
    if lines.value not in ("0", "1"):
        raise ValueError(f"{lines.keyword} line had an invalid value, must be zero or one: {lines.value}")
    return lines.value == "1"


def _link_and_circuit(lines):
    link, found, circuit = lines.value.partition(" Circuit ")
    if not found or not link.startswith("Link "):
        raise ValueError(f"Protocols line did not match the expected pattern: protocols {lines.value}")
    yield "link_protocols", link[5:].split(" ")
    yield "circuit_protocols", circuit.split(" ")


def _identity(lines):
    block = lines.block("ED25519 CERT")
    yield "ed25519_certificate", block
    yield "certificate", Ed25519Certificate.from_base64(block)


def _ntor_crosscert(lines):
    yield "ntor_onion_key_crosscert", lines.block("ED25519 CERT")
    yield "ntor_onion_key_crosscert_sign", lines.value


def _as_bytes(text):
    return text.encode("utf-8", "surrogateescape")


@functools.lru_cache(maxsize=4096)
def _policy(text):
    # Rules of IPv6 alone are no part of stem's policy.
    return policies.ExitPolicy(*(rule for rule in text.split(", ") if rule[6:7] == " "))


class ServerDescriptor(Descriptor):
    """What relays and bridges have in common."""

    TOGETHER, FREE = ("accept", "reject"), ("contact", "platform")
    FIRST, NATIVE = "router", tordesc.ServerDescriptor

    #: What stem says of every descriptor.
    hidden_service_dir = ["2"]  # noqa: RUF012

    TABLE = Table(
        # attribute, keyword, rule, core's name for it, converter
        Row("nickname", "router", _router, "nickname"),
        Row("address", "router", _router, "address", rules.shown),
        Row("or_port", "router", _router, "or_port"),
        Row("socks_port", "router", _router, "socks_port", rules.port),
        Row("dir_port", "router", _router, "dir_port", rules.port),
        Row("fingerprint", "fingerprint", _fingerprint, "fingerprint"),
        Row("published", "published", rules.timestamp, "published", rules.naive),
        Row("contact", "contact", rules.raw, "contact", _as_bytes),
        Row("platform", "platform", _platform, "platform", _as_bytes),
        Row("tor_version", "platform", _platform, "platform", rules.tor_version),
        Row("operating_system", "platform", _platform, "platform", rules.operating_system),
        Row("uptime", "uptime", rules.integer, "uptime"),
        Row("average_bandwidth", "bandwidth", _bandwidth, "average_bandwidth"),
        Row("burst_bandwidth", "bandwidth", _bandwidth, "burst_bandwidth"),
        Row("observed_bandwidth", "bandwidth", _bandwidth, "observed_bandwidth"),
        Row(
            "exit_policy",
            "accept",
            lambda lines: _policy(", ".join(lines.values)),
            "exit_policy",
            lambda policy: _policy(str(policy)),
            default=policies.ExitPolicy(),
        ),
        Row(
            "exit_policy_v6",
            "ipv6-policy",
            rules.micro_policy,
            "ipv6_policy",
            lambda policy: policies.micro(str(policy)),
            default=DEFAULT_IPV6_EXIT_POLICY,
        ),
        Row(
            "bridge_distribution",
            "bridge-distribution-request",
            rules.text,
            "bridge_distribution_request",
            default=DEFAULT_BRIDGE_DISTRIBUTION,
        ),
        Row("family", "family", lambda lines: set(rules.words(lines)), "family", set, default=set()),
        Row("link_protocols", "protocols", _link_and_circuit, "link_protocols", rules.texts),
        Row("circuit_protocols", "protocols", _link_and_circuit, "circuit_protocols", rules.texts),
        Row("protocols", "proto", rules.protocols, "proto", rules.protocols_of, default={}),
        Row("is_hidden_service_dir", "hidden-service-dir", rules.present, "hidden_service_dir", default=False),
        Row("hibernating", "hibernating", _switch, "hibernating", default=False),
        Row("allow_single_hop_exits", "allow-single-hop-exits", rules.present, "allow_single_hop_exits", default=False),
        Row(
            "allow_tunneled_dir_requests", "tunnelled-dir-server", rules.present, "tunnelled_dir_server", default=False
        ),
        Row("extra_info_cache", "caches-extra-info", rules.present, "caches_extra_info", default=False),
        Row("extra_info_digest", "extra-info-digest", _extra_info_digest, "extra_info_digest_sha1"),
        Row("extra_info_sha256_digest", "extra-info-digest", _extra_info_digest, "extra_info_digest_sha256"),
        Row("eventdns", "eventdns", lambda lines: lines.value == "1", "eventdns"),
        # As they stand there, which core does not tell: with padding, and with zeros.
        Row("ntor_onion_key", "ntor-onion-key", rules.text, "ntor_onion_key", rules.as_written),
        Row("or_addresses", "or-address", rules.addresses, "or_addresses", rules.as_written, default=[]),
        *rules.history_rows(Row, "read-history", "read_history", "read_history"),
        *rules.history_rows(Row, "write-history", "write_history", "write_history"),
    )

    def __init__(self, raw_contents, validate=False, annotations=None):
        self._annotation_lines = annotations or []
        self._begin(raw_contents, validate)

    def digest(self, hash_type=DigestHash.SHA1, encoding=DigestEncoding.HEX):
        """The digest of the descriptor, by which statuses refer to it."""
        raise NotImplementedError

    @classmethod
    def _from(cls, native, validate=False, document_handler=None, **kwargs):
        # What has no first line is no descriptor, and stem takes it for annotations.
        if native.issues and not _lines.starts(native.raw, cls.FIRST):
            if validate:
                raise ValueError(
                    f"Content conform to being a server descriptor:\n{native.raw.decode('utf-8', 'replace')}"
                )
            return
        yield from super()._from(native, validate, document_handler, **kwargs)

    @classmethod
    def _of(cls, native, sound, validate=False, **kwargs):
        if validate or not sound:
            kwargs["annotations"] = annotation_lines(native)
        return super()._of(native, sound, validate, **kwargs)

    @lazy
    def _annotation_lines(self):
        return annotation_lines(self._native)

    def get_annotations(self):
        """The annotations before the descriptor, by their names with `@`."""
        return {name: value or None for name, _, value in (line.partition(" ") for line in self._annotation_lines)}

    def get_annotation_lines(self):
        """The lines of the annotations before the descriptor."""
        return self._annotation_lines

    def _check_lines(self, entries):
        super()._check_lines(entries)
        if "identity-ed25519" in entries and "router-sig-ed25519" not in list(entries)[-2:]:
            raise ValueError("Descriptor must have router-sig-ed25519 as its next-to-last entry")
        if "accept" not in entries:
            raise ValueError("Descriptor must have at least one 'accept' or 'reject' entry")

    def _validate(self):
        super()._validate()
        # Clocks that had jumped made tor say so until 0.1.2.7.
        if (self.uptime or 0) < 0 and self.tor_version and self.tor_version >= version.get("0.1.2.7"):
            raise ValueError(f"Descriptor for version '{self.tor_version}' had a negative uptime value: {self.uptime}")


def annotation_lines(native):
    """The lines of the annotations of core's object, but for its type."""
    told = native.annotations.items() if native else ()
    return [f"@{name} {value}".rstrip() for name, value in told if name != "type"]


class RelayDescriptor(ServerDescriptor):
    """What a relay says about itself (dir-spec 2.1.1)."""

    TYPE_ANNOTATION_NAME = KIND = "server-descriptor"
    REQUIRED, SINGLE, LAST = REQUIRED_FIELDS, SINGLE_FIELDS, "router-signature"

    TABLE = Table(
        Row("certificate", "identity-ed25519", _identity, "identity_ed25519", Ed25519Certificate.from_base64),
        Row("ed25519_certificate", "identity-ed25519", _identity, "identity_ed25519"),
        Row("ed25519_master_key", "master-key-ed25519", rules.text, "master_key_ed25519"),
        Row("ed25519_signature", "router-sig-ed25519", rules.text, "router_sig_ed25519"),
        Row("onion_key", "onion-key", rules.block("RSA PUBLIC KEY"), "onion_key"),
        Row("onion_key_crosscert", "onion-key-crosscert", rules.block("CROSSCERT"), "onion_key_crosscert"),
        Row("ntor_onion_key_crosscert", "ntor-onion-key-crosscert", _ntor_crosscert, "ntor_onion_key_crosscert"),
        Row(
            "ntor_onion_key_crosscert_sign",
            "ntor-onion-key-crosscert",
            _ntor_crosscert,
            "ntor_onion_key_crosscert_sign",
            str,
        ),
        Row("signing_key", "signing-key", rules.block("RSA PUBLIC KEY"), "signing_key"),
        Row("signature", "router-signature", rules.block("SIGNATURE"), "router_signature"),
        base=ServerDescriptor.TABLE,
    )

    def __init__(self, raw_contents, validate=False, annotations=None, skip_crypto_validation=False):
        super().__init__(raw_contents, validate, annotations)
        if validate:
            self._check_signatures(skip_crypto_validation)

    def _check_signatures(self, skip):
        identity = hashlib.sha1(bytes_for_block(self.signing_key)).digest()
        if self.fingerprint and self.fingerprint.lower() != identity.hex():
            raise ValueError(
                f"Fingerprint does not match the hash of our signing key (fingerprint: {self.fingerprint.lower()}, signing key hash: {identity.hex()})"
            )
        if not skip and prereq.is_crypto_available():
            signed = self._digest_for_signature(self.signing_key, self.signature)
            if signed != self.digest():
                raise ValueError(
                    f"Decrypted digest does not match local digest (calculated: {signed}, local: {self.digest()})"
                )
            if self.onion_key_crosscert:
                signed = self._digest_for_signature(self.onion_key, self.onion_key_crosscert)
                if signed != (identity + rules.unbase64(self.ed25519_master_key)).hex().upper():
                    raise ValueError(f"The onion-key-crosscert is not about this relay's identities: {signed}")
        if prereq.is_crypto_available(ed25519=True) and self.certificate:
            self.certificate.validate(self)

    def _check_lines(self, entries):
        super()._check_lines(entries)
        if "identity-ed25519" in entries and "onion-key-crosscert" not in entries:
            raise ValueError("Descriptor must have a 'onion-key-crosscert' when identity-ed25519 is present")

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False, signing_key=None, exit_policy=None):
        attr = dict(attr or {})
        head = [
            ("router", f"{_make.nickname()} {_make.address()} 9001 0 0"),
            ("published", _make.date()),
            ("bandwidth", "153600 256000 104590"),
            *(tuple(str(rule).split(" ", 1)) for rule in exit_policy or REJECT_ALL_POLICY),
            ("onion-key", _make.blob("RSA PUBLIC KEY")),
            ("signing-key", _make.blob("RSA PUBLIC KEY")),
        ]
        if not (sign or signing_key):
            return _make.content(
                attr, exclude, head, [("router-sig-ed25519", None), ("router-signature", _make.blob("SIGNATURE"))]
            )
        for keyword in ("signing-key", "router-signature"):
            if keyword in attr:
                raise ValueError(f"Cannot sign the descriptor if a {keyword} has been provided")
        key = signing_key or create_signing_key()
        public = key.public_digest.decode()
        digits = hashlib.sha1(bytes_for_block(public.strip())).hexdigest().upper()
        attr.setdefault("fingerprint", " ".join(digits[at : at + 4] for at in range(0, 40, 4)))
        attr["signing-key"] = public
        return append_signature(_make.content(attr, exclude, head) + b"\nrouter-signature\n", key.private)

    @classmethod
    def create(cls, attr=None, exclude=(), validate=True, sign=False, signing_key=None, exit_policy=None):
        content = cls.content(attr, exclude, sign, signing_key, exit_policy)
        return cls(content, validate=validate, skip_crypto_validation=not (sign or signing_key))

    def digest(self, hash_type=DigestHash.SHA1, encoding=DigestEncoding.HEX):
        check_hash("Server descriptor", hash_type)
        if self._native is not None and hash_type == DigestHash.SHA1 and encoding == DigestEncoding.HEX:
            return self._native.digest("sha1")
        return encode_digest(hash_type, self._content_range("router", "\nrouter-signature\n"), encoding)

    def make_router_status_entry(self):
        """The entry that a consensus would have about the relay."""
        from .router_status_entry import RouterStatusEntryV3

        if not self.fingerprint:
            raise ValueError(
                "Server descriptor lacks a fingerprint. This is an optional field, but required to make a router status entry."
            )
        identity, digest = (_truncated(bytes.fromhex(digits)) for digits in (self.fingerprint, self.digest()))
        attr = {
            "r": f"{self.nickname} {identity} {digest} {self.published} {self.address} {self.or_port} {self.dir_port or 0}",
            "w": f"Bandwidth={self.average_bandwidth}",
            "p": self.exit_policy.summary().replace(", ", ","),
        }
        if self.tor_version:
            attr["v"] = f"Tor {self.tor_version}"
        if self.or_addresses:
            attr["a"] = [f"{address}:{port}" for address, port, _ in self.or_addresses]
        if self.certificate:
            attr["id"] = f"ed25519 {_truncated(self.certificate.key)}"
        return RouterStatusEntryV3.create(attr)


def _truncated(content):
    return base64.b64encode(content).decode().rstrip("=")


class BridgeDescriptor(ServerDescriptor):
    """What a bridge says about itself, sanitized."""

    TYPE_ANNOTATION_NAME = KIND = "bridge-server-descriptor"
    REQUIRED = ("router-digest", "router", "bandwidth", "published")
    SINGLE = SINGLE_FIELDS

    TABLE = Table(
        Row("ed25519_certificate_hash", "master-key-ed25519", rules.text, "master_key_ed25519"),
        Row("router_digest_sha256", "router-digest-sha256", rules.text, "router_digest_sha256"),
        Row("_digest", "router-digest", rules.hex40, "router_digest"),
        base=ServerDescriptor.TABLE,
    )

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False):
        _make.no_signing(cls, sign)
        return _make.content(
            attr,
            exclude,
            (
                ("router", f"{_make.nickname()} {_make.address()} 9001 0 0"),
                ("router-digest", "006FD96BA35E7785A6A3B8B75FE2E2435A13BDB4"),
                ("published", _make.date()),
                ("bandwidth", "409600 819200 5120"),
                ("reject", "*:*"),
            ),
        )

    def digest(self, hash_type=DigestHash.SHA1, encoding=DigestEncoding.HEX):
        if (hash_type, encoding) != (DigestHash.SHA1, DigestEncoding.HEX):
            raise NotImplementedError(
                f"Bridge server descriptor digests are only available as sha1/hex, not {hash_type}/{encoding}"
            )
        return self._digest

    def is_scrubbed(self):
        """Whether the descriptor shows nothing that must not be published."""
        return not self.get_scrubbing_issues()

    def get_scrubbing_issues(self):
        """What the descriptor shows that must not be published, in words."""
        issues = []
        if not self.address.startswith("10."):
            issues.append(f"Router line's address should be scrubbed to be '10.x.x.x': {self.address}")
        if self.contact and self.contact != b"somebody":
            issues.append(f"Contact line should be scrubbed to be 'somebody', but instead had '{self.contact!r}'")
        for address, _, is_v6 in self.or_addresses:
            if not address.startswith("fd9f:2e19:3bcf::" if is_v6 else "10."):
                issues.append(f"or-address line's address should be scrubbed: {address}")
        secret = ("onion-key", "signing-key", "router-signature")
        return issues + [
            f"Bridge descriptors should not have: {line}"
            for line in self.get_unrecognized_lines()
            if line.split(" ")[0] in secret
        ]


def _parse_file(descriptor_file, is_bridge=False, validate=False, **kwargs):
    cls = BridgeDescriptor if is_bridge else RelayDescriptor
    return cls._read_all(descriptor_file.read(), validate, **kwargs)
