# Made by stub/make.py out of stub/head.pyi and the schema.

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address
from os import PathLike
from typing import IO, Any, Generic, Literal, TypeAlias, TypedDict, final, overload

from typing_extensions import TypeVar, disjoint_base

from ._errors import SanitizeError, TordescError

import pandas
import polars
import pyarrow

__version__: str

#: What can be read: a path, a folder, a pattern, bytes, a file that is open for reading bytes, or several of these.
_Source: TypeAlias = str | PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Iterable[_Source]
#: A type of documents, by name or class.
_Type: TypeAlias = str | type[Descriptor]
#: Whether a bar is shown, or who is told how many bytes were read, of how many, and how many documents.
_Progress: TypeAlias = bool | Callable[[int, int | None, int], object]
#: A path or several.
_Paths: TypeAlias = str | PathLike[str] | Sequence[str | PathLike[str]]

_D = TypeVar("_D", bound=Descriptor, default=Descriptor, covariant=True)

@overload
def parse(
    source: _Source,
    *,
    types: type[_D] | Iterable[type[_D]],
    type: _Type | None = None,
    strict: bool = False,
    threads: int | None = None,
    on_error: Literal["collect", "skip", "raise"] = "collect",
    progress: _Progress | None = None,
    history: str | PathLike[str] | None = None,
) -> Reader[_D]: ...
@overload
def parse(
    source: _Source,
    *,
    types: _Type | Iterable[_Type] | None = None,
    type: _Type | None = None,
    strict: bool = False,
    threads: int | None = None,
    on_error: Literal["collect", "skip", "raise"] = "collect",
    progress: _Progress | None = None,
    history: str | PathLike[str] | None = None,
) -> Reader[Any]: ...
def read(
    paths: _Source,
    type: _Type | Iterable[_Type],
    *,
    columns: str | Iterable[str] | None = None,
    where: dict[str, Any] | None = None,
    entries: bool = False,
    geoip: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
    history: str | PathLike[str] | None = None,
) -> Table: ...
def scan(
    paths: _Source,
    type: _Type | Iterable[_Type],
    *,
    columns: str | Iterable[str] | None = None,
    where: dict[str, Any] | None = None,
    entries: bool = False,
    rows: int = 65536,
    geoip: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
    history: str | PathLike[str] | None = None,
) -> Scan: ...
def write_parquet(
    paths: _Source,
    type: _Type | Iterable[_Type],
    out: str | PathLike[str],
    *,
    columns: str | Iterable[str] | None = None,
    where: dict[str, Any] | None = None,
    entries: bool = False,
    geoip: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
    history: str | PathLike[str] | None = None,
    append: bool = False,
) -> list[PathLike[str]]: ...
@overload
def schema(type: _Type | None = None, *, format: Literal["dict"] = "dict") -> dict[str, Any]: ...
@overload
def schema(type: _Type | None = None, *, format: Literal["markdown", "pyi"]) -> str: ...
def sanitize(
    document: Descriptor | bytes,
    secrets: str | bytes | PathLike[str] | None = None,
    *,
    rules: str = "current",
    authority: str | None = None,
    published: str | date | None = None,
) -> Sanitized: ...
def authorities() -> list[DirectoryAuthority]: ...
def download(
    resource: str,
    *,
    endpoints: Sequence[tuple[str | IPv4Address | IPv6Address, int]] | None = None,
    timeout: float | None = None,
    retries: int = 2,
) -> bytes: ...
def read_index(json: bytes) -> list[ArchiveFile]: ...
def _restore(name: str, bytes: bytes, offset: int, path: str | PathLike[str] | None, member: str | None) -> Descriptor: ...
def _part(parent: Descriptor, field: int, index: int) -> Descriptor: ...
def _entries(parent: Descriptor, field: int) -> Entries: ...
def _issue(message: str, keyword: str, offset: int, line: int, column: int, source: str | None) -> Issue: ...
def _policy(parent: Descriptor, field: int) -> Policy: ...
def _rule(is_accept: bool, address: str, ports: tuple[int, int]) -> PolicyRule: ...
def _table(stream: bytes, unparseable: int, errors: list[TordescError]) -> Table: ...
def _statistics() -> list[tuple[str, str, list[int], list[str]]]: ...

@final
class _Lazy:
    def __new__(
        cls,
        name: str,
        attribute: Attribute,
        row: object,
        convert: Callable[[Any], object] | None = None,
        missing: Callable[[Any], object] | None = None,
    ) -> _Lazy: ...
    def __get__(self, instance: object, owner: type | None = None, /) -> Any: ...

@disjoint_base
class Descriptor:
    """A document of the Tor network, or a part of one that has fields of its own, such as a status entry."""

    @property
    def type(self) -> str: ...
    @property
    def source(self) -> str | None: ...
    @property
    def offset(self) -> int: ...
    @property
    def raw(self) -> bytes: ...
    @property
    def document(self) -> Any: ...
    @property
    def annotations(self) -> dict[str, str]: ...
    @property
    def unknown(self) -> list[str]: ...
    @property
    def issues(self) -> list[Issue]: ...
    @overload
    def digest(
        self, algorithm: Literal["sha1", "sha256"] | None = None, encoding: Literal["hex", "base64"] | None = None
    ) -> str | None: ...
    @overload
    def digest(self, algorithm: Literal["sha1", "sha256"] | None = None, *, encoding: Literal["bytes"]) -> bytes | None: ...
    @overload
    def digest(self, algorithm: Literal["sha1", "sha256"] | None, encoding: Literal["bytes"]) -> bytes | None: ...
    def to_dict(self) -> dict[str, Any]: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __bytes__(self) -> bytes: ...
    def _repr_html_(self) -> str: ...

@final
class Attribute:
    @property
    def __name__(self) -> str: ...
    @property
    def __objclass__(self) -> type[Descriptor]: ...
    @property
    def unit(self) -> str | None: ...
    @property
    def keywords(self) -> list[str]: ...

@final
class Entries(Sequence[Any]):
    @overload
    def __getitem__(self, index: int, /) -> Any: ...
    @overload
    def __getitem__(self, index: slice, /) -> list[Any]: ...
    def index(self, value: Any, /) -> int: ...  # type: ignore[override]
    def count(self, value: Any, /) -> int: ...
    def __len__(self) -> int: ...
    def __hash__(self) -> int: ...

@final
class Issue:
    @property
    def message(self) -> str: ...
    @property
    def keyword(self) -> str: ...
    @property
    def offset(self) -> int: ...
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...
    @property
    def source(self) -> str | None: ...
    def __hash__(self) -> int: ...

@final
class Policy:
    @property
    def summary(self) -> str: ...
    @property
    def is_exit(self) -> bool: ...
    @property
    def rejects_all(self) -> bool: ...
    def can_exit_to(self, address: str | IPv4Address | IPv6Address | None, port: int) -> bool: ...
    def __iter__(self) -> Iterator[PolicyRule]: ...
    def __len__(self) -> int: ...
    def __hash__(self) -> int: ...

@final
class PolicyRule:
    @property
    def is_accept(self) -> bool: ...
    @property
    def address(self) -> str: ...
    @property
    def ports(self) -> tuple[int, int]: ...
    def __hash__(self) -> int: ...

@final
class Reader(Generic[_D]):
    @property
    def errors(self) -> list[TordescError]: ...
    @property
    def suppressed(self) -> int: ...
    def close(self) -> None: ...
    def __iter__(self) -> Iterator[_D]: ...
    def __next__(self) -> _D: ...
    def __enter__(self) -> Reader[_D]: ...
    def __class_getitem__(cls, _item: Any) -> Any: ...
    def __exit__(self, *_error: object) -> None: ...

@final
class Scan:
    @property
    def empty(self) -> Table: ...
    def __iter__(self) -> Scan: ...
    def __next__(self) -> Table: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

@final
class Plot:
    @property
    def name(self) -> str: ...
    @property
    def svg(self) -> str: ...
    def save(self, path: str | PathLike[str]) -> None: ...
    def _repr_svg_(self) -> str: ...
    def _repr_html_(self) -> str: ...
    def __bytes__(self) -> bytes: ...

@final
class Table:
    @property
    def num_rows(self) -> int: ...
    @property
    def column_names(self) -> list[str]: ...
    @property
    def schema(self) -> dict[str, str]: ...
    @property
    def unparseable(self) -> int: ...
    @property
    def errors(self) -> list[TordescError]: ...
    def to_arrow(self) -> pyarrow.Table: ...
    def to_polars(self) -> polars.DataFrame: ...
    def to_pandas(self) -> pandas.DataFrame: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[dict[str, Any]]: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

@final
class Sanitized:
    @property
    def document(self) -> Descriptor: ...
    @property
    def path(self) -> str: ...
    @property
    def refused(self) -> list[SanitizeError]: ...

@final
class DirectoryAuthority:
    @property
    def nickname(self) -> str: ...
    @property
    def address(self) -> IPv4Address | IPv6Address: ...
    @property
    def dir_port(self) -> int: ...
    @property
    def v3ident(self) -> str: ...

@final
class ArchiveFile:
    @property
    def path(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def last_modified(self) -> datetime: ...
    @property
    def types(self) -> list[str]: ...
    @property
    def first_published(self) -> datetime | None: ...
    @property
    def last_published(self) -> datetime | None: ...
    @property
    def sha256(self) -> str | None: ...

@final
class Archive:
    def __new__(
        cls, url: str = "https://collector.torproject.org", *, timeout: float | None = None, retries: int = 2
    ) -> Archive: ...
    @property
    def url(self) -> str: ...
    def files(self) -> list[ArchiveFile]: ...
    def fetch(self, file: ArchiveFile) -> bytes: ...


__all__ = [
    "Archive",
    "ArchiveFile",
    "Attribute",
    "Authority",
    "BandwidthFile",
    "BandwidthLine",
    "BridgeExtraInfo",
    "BridgeNetworkStatus",
    "BridgePoolAssignment",
    "BridgeServerDescriptor",
    "BridgedbMetrics",
    "BridgestrapStats",
    "Consensus",
    "ConsensusDiff",
    "Descriptor",
    "DetachedSignatures",
    "Directory",
    "DirectoryAuthority",
    "Entries",
    "ExitList",
    "ExitNode",
    "ExtraInfo",
    "HiddenService",
    "HiddenService3",
    "Issue",
    "KeyCertificate",
    "MicrodescConsensus",
    "Microdescriptor",
    "NetworkStatus2",
    "OnionPerfAnalysis",
    "Plot",
    "Policy",
    "PolicyRule",
    "PoolAssignment",
    "Reader",
    "RouterStatus",
    "Sanitized",
    "Scan",
    "ServerDescriptor",
    "SnowflakeStats",
    "Table",
    "TorperfResult",
    "Vote",
    "WebServerLog",
    "__version__",
    "authorities",
    "download",
    "parse",
    "read",
    "read_index",
    "sanitize",
    "scan",
    "schema",
    "write_parquet",
]

class KeyCertificate(Descriptor):
    """Certificate of the key that an authority signs votes and consensuses with for some months."""

    @property
    def dir_key_certificate_version(self) -> int:
        """Version of the format; 3."""
    @property
    def dir_address(self) -> str | None:
        """Address and directory port of the authority. Absent in many."""
    @property
    def fingerprint(self) -> str:
        """The authority's version 3 identity."""
    @property
    def dir_key_published(self) -> datetime:
        """When the certificate was made."""
    @property
    def dir_key_expires(self) -> datetime:
        """When it expires."""
    @property
    def dir_identity_key(self) -> str:
        """The identity key, RSA."""
    @property
    def dir_signing_key(self) -> str:
        """The signing key, RSA."""
    @property
    def dir_key_crosscert(self) -> str | None:
        """The identity, signed by the signing key. Absent in some certificates before 2009."""
    @property
    def dir_key_certification(self) -> str:
        """The certificate, signed by the identity key."""

class _RouterStatusMicrodescriptorHashes(TypedDict):
    methods: list[int] | None
    sha256: str | None

class RouterStatus(Descriptor):
    """What a consensus, a vote, a bridge status or a version 2 status says about one relay or bridge."""

    @property
    def nickname(self) -> str:
        """Nickname, identity, descriptor digest, address and ports."""
    @property
    def fingerprint(self) -> str:
        """Nickname, identity, descriptor digest, address and ports."""
    @property
    def descriptor_digest(self) -> str:
        """Nickname, identity, descriptor digest, address and ports."""
    @property
    def published(self) -> datetime:
        """Nickname, identity, descriptor digest, address and ports."""
    @property
    def address(self) -> IPv4Address | IPv6Address:
        """Nickname, identity, descriptor digest, address and ports."""
    @property
    def or_port(self) -> int:
        """Nickname, identity, descriptor digest, address and ports."""
    @property
    def dir_port(self) -> int:
        """Nickname, identity, descriptor digest, address and ports."""
    @property
    def or_addresses(self) -> list[str]:
        """Further addresses at which the relay listens, usually one for IPv6. Since consensus method 14."""
    @property
    def flags(self) -> list[str] | None:
        """The relay's flags. Only version 2 statuses may lack the line."""
    @property
    def version(self) -> str | None:
        """The software and its version, such as `Tor 0.4.8.12`. Absent if the descriptor was not tor's, and before 2006."""
    @property
    def protocols(self) -> dict[str, str] | None:
        """The subprotocols that the relay speaks. Since consensus method 25."""
    @property
    def bandwidth(self) -> int | None:
        """Weight for path selection, and what was measured. Since consensus method 5. In kilobytes per second."""
    @property
    def measured(self) -> int | None:
        """Weight for path selection, and what was measured. Since consensus method 5. In kilobytes per second."""
    @property
    def unmeasured(self) -> bool | None:
        """Weight for path selection, and what was measured. Since consensus method 5."""
    @property
    def guard_fraction(self) -> int | None:
        """Weight for path selection, and what was measured. Since consensus method 5. In percent."""
    @property
    def unrecognized_bandwidth_entries(self) -> dict[str, str] | None:
        """Weight for path selection, and what was measured. Since consensus method 5."""
    @property
    def exit_policy(self) -> Policy | None:
        """The exit policy in short. Since consensus method 5; not in microdesc consensuses."""
    @property
    def microdescriptor_digest(self) -> str:
        """The SHA-256 of the relay's microdescriptor: in microdesc consensuses, and with consensus methods in votes."""
    @property
    def microdescriptor_hashes(self) -> list[_RouterStatusMicrodescriptorHashes]:
        """The SHA-256 of the relay's microdescriptor: in microdesc consensuses, and with consensus methods in votes."""
    @property
    def identifier_type(self) -> str | None:
        """The Ed25519 identity. Only in votes, since tor 0.2.8."""
    @property
    def identifier(self) -> str | None:
        """The Ed25519 identity. Only in votes, since tor 0.2.8."""
    @property
    def wfu(self) -> float | None:
        """How long and how reliably the relay has been seen. Only in votes, since tor 0.4.1."""
    @property
    def tk(self) -> int | None:
        """How long and how reliably the relay has been seen. Only in votes, since tor 0.4.1. In seconds."""
    @property
    def mtbf(self) -> int | None:
        """How long and how reliably the relay has been seen. Only in votes, since tor 0.4.1. In seconds."""

class _AuthoritySharedRandomnessCommitments(TypedDict):
    version: int | None
    algorithm: str | None
    identity: str | None
    commit: str | None
    reveal: str | None

class Authority(Descriptor):
    """The part of a consensus or vote about one authority."""

    @property
    def nickname(self) -> str:
        """Nickname, identity, addresses and ports."""
    @property
    def identity(self) -> str:
        """Nickname, identity, addresses and ports."""
    @property
    def hostname(self) -> str:
        """Nickname, identity, addresses and ports."""
    @property
    def address(self) -> IPv4Address | IPv6Address:
        """Nickname, identity, addresses and ports."""
    @property
    def dir_port(self) -> int:
        """Nickname, identity, addresses and ports."""
    @property
    def or_port(self) -> int:
        """Nickname, identity, addresses and ports."""
    @property
    def is_legacy(self) -> bool:
        """Nickname, identity, addresses and ports."""
    @property
    def contact(self) -> str | None:
        """How to reach who runs it."""
    @property
    def vote_digest(self) -> str | None:
        """The SHA-1 of the authority's vote. Only in consensuses, and not for a legacy identity."""
    @property
    def legacy_dir_key(self) -> str | None:
        """The older identity that the authority also signs with. Only in votes."""
    @property
    def is_shared_randomness_participate(self) -> bool:
        """Whether the authority takes part in shared randomness. Only in votes, since tor 0.2.9."""
    @property
    def shared_randomness_commitments(self) -> list[_AuthoritySharedRandomnessCommitments]:
        """The commitments that the authority knows. Only in votes, since tor 0.2.9."""
    @property
    def shared_rand_previous_num_reveals(self) -> int | None:
        """The random value of the day before, as the authority knows it. Only in votes, since tor 0.2.9."""
    @property
    def shared_rand_previous_value(self) -> str | None:
        """The random value of the day before, as the authority knows it. Only in votes, since tor 0.2.9."""
    @property
    def shared_rand_current_num_reveals(self) -> int | None:
        """The random value of the day, as the authority knows it. Only in votes, since tor 0.2.9."""
    @property
    def shared_rand_current_value(self) -> str | None:
        """The random value of the day, as the authority knows it. Only in votes, since tor 0.2.9."""
    @property
    def certificate(self) -> KeyCertificate | None:
        """The certificate of the key that signs the vote. Only in votes."""

class _ConsensusPackages(TypedDict):
    name: str | None
    version: str | None
    url: str | None
    digests: dict[str, str] | None

class _ConsensusSignatures(TypedDict):
    algorithm: str | None
    identity: str | None
    signing_key_digest: str | None
    signature: str | None

class Consensus(Descriptor):
    """What the directory authorities agree on: which relays there are, and what they are good for. One an hour."""

    @property
    def network_status_version(self) -> int:
        """Version of the format, 3, and flavour."""
    @property
    def flavor(self) -> str:
        """Version of the format, 3, and flavour."""
    @property
    def vote_status(self) -> str:
        """`consensus`."""
    @property
    def consensus_method(self) -> int | None:
        """By which rules the consensus was made out of the votes. Absent for method 1."""
    @property
    def valid_after(self) -> datetime:
        """From when on it may be used."""
    @property
    def fresh_until(self) -> datetime:
        """Until when it is the newest."""
    @property
    def valid_until(self) -> datetime:
        """Until when it may be used."""
    @property
    def vote_seconds(self) -> int:
        """How long the authorities collect votes and signatures. In seconds."""
    @property
    def dist_seconds(self) -> int:
        """How long the authorities collect votes and signatures. In seconds."""
    @property
    def client_versions(self) -> list[str] | None:
        """The versions of tor that clients should run. Absent if no authority recommends any."""
    @property
    def server_versions(self) -> list[str] | None:
        """The versions of tor that relays should run. Absent if no authority recommends any."""
    @property
    def packages(self) -> list[_ConsensusPackages]:
        """Packages that the authorities vouch for. Consensus methods 19 to 33."""
    @property
    def known_flags(self) -> list[str]:
        """The flags that entries may have."""
    @property
    def recommended_client_protocols(self) -> dict[str, str] | None:
        """Subprotocols that clients should speak. Since consensus method 25."""
    @property
    def recommended_relay_protocols(self) -> dict[str, str] | None:
        """Subprotocols that relays should speak. Since consensus method 25."""
    @property
    def required_client_protocols(self) -> dict[str, str] | None:
        """Subprotocols without which clients must stop. Since consensus method 25."""
    @property
    def required_relay_protocols(self) -> dict[str, str] | None:
        """Subprotocols without which relays must stop. Since consensus method 25."""
    @property
    def params(self) -> dict[str, int] | None:
        """Consensus parameters. Since consensus method 7."""
    @property
    def shared_rand_previous_num_reveals(self) -> int | None:
        """The shared random value of the day before. Since consensus method 23."""
    @property
    def shared_rand_previous_value(self) -> str | None:
        """The shared random value of the day before. Since consensus method 23."""
    @property
    def shared_rand_current_num_reveals(self) -> int | None:
        """The shared random value of the day. Since consensus method 23."""
    @property
    def shared_rand_current_value(self) -> str | None:
        """The shared random value of the day. Since consensus method 23."""
    @property
    def authorities(self) -> Sequence[Authority]:
        """The authorities whose votes were counted."""
    @property
    def entries(self) -> Sequence[RouterStatus]:
        """The relays, in order of their fingerprints."""
    @property
    def directory_footer(self) -> bool:
        """Whether a line marks the end of the entries. Since consensus method 9."""
    @property
    def bandwidth_weights(self) -> dict[str, int] | None:
        """How much of each kind of relay's bandwidth each position gets, in units of 1/10000. Since consensus method 9."""
    @property
    def signatures(self) -> list[_ConsensusSignatures]:
        """The authorities' signatures."""
    def __iter__(self) -> Iterator[RouterStatus]: ...

class MicrodescConsensus(Consensus):
    """A Consensus that is a network-status-microdesc-consensus-3."""

class _VotePackages(TypedDict):
    name: str | None
    version: str | None
    url: str | None
    digests: dict[str, str] | None

class _VoteSignatures(TypedDict):
    algorithm: str | None
    identity: str | None
    signing_key_digest: str | None
    signature: str | None

class Vote(Descriptor):
    """What one directory authority thinks of all relays; from all votes the consensus is made."""

    @property
    def network_status_version(self) -> int:
        """Version of the format, 3."""
    @property
    def flavor(self) -> str:
        """Version of the format, 3."""
    @property
    def vote_status(self) -> str:
        """`vote`, which tells votes from consensuses."""
    @property
    def consensus_methods(self) -> list[int] | None:
        """The consensus methods that the authority knows. Absent if it knows only method 1."""
    @property
    def published(self) -> datetime:
        """When the vote was made."""
    @property
    def valid_after(self) -> datetime:
        """From when on the consensus may be used."""
    @property
    def fresh_until(self) -> datetime:
        """Until when the consensus is the newest."""
    @property
    def valid_until(self) -> datetime:
        """Until when the consensus may be used."""
    @property
    def vote_seconds(self) -> int:
        """How long the authority wants to collect votes and signatures. In seconds."""
    @property
    def dist_seconds(self) -> int:
        """How long the authority wants to collect votes and signatures. In seconds."""
    @property
    def client_versions(self) -> list[str] | None:
        """The versions of tor that clients should run. Absent if the authority recommends none."""
    @property
    def server_versions(self) -> list[str] | None:
        """The versions of tor that relays should run. Absent if the authority recommends none."""
    @property
    def packages(self) -> list[_VotePackages]:
        """Packages that the authority vouches for. Tor 0.2.7 to 0.4.7."""
    @property
    def known_flags(self) -> list[str]:
        """The flags that the authority votes about."""
    @property
    def flag_thresholds(self) -> dict[str, str] | None:
        """What the authority asks of relays before it gives them flags. Since tor 0.2.4."""
    @property
    def stable_uptime(self) -> int | None:
        """What the authority asks of relays before it gives them flags. Since tor 0.2.4. In seconds."""
    @property
    def stable_mtbf(self) -> int | None:
        """What the authority asks of relays before it gives them flags. Since tor 0.2.4. In seconds."""
    @property
    def fast_speed(self) -> int | None:
        """What the authority asks of relays before it gives them flags. Since tor 0.2.4. In bytes per second."""
    @property
    def guard_wfu(self) -> float | None:
        """What the authority asks of relays before it gives them flags. Since tor 0.2.4. In percent."""
    @property
    def guard_tk(self) -> int | None:
        """What the authority asks of relays before it gives them flags. Since tor 0.2.4. In seconds."""
    @property
    def guard_bw_inc_exits(self) -> int | None:
        """What the authority asks of relays before it gives them flags. Since tor 0.2.4. In bytes per second."""
    @property
    def guard_bw_exc_exits(self) -> int | None:
        """What the authority asks of relays before it gives them flags. Since tor 0.2.4. In bytes per second."""
    @property
    def enough_mtbf(self) -> int | None:
        """What the authority asks of relays before it gives them flags. Since tor 0.2.4."""
    @property
    def ignoring_advertised_bws(self) -> int | None:
        """What the authority asks of relays before it gives them flags. Since tor 0.2.4."""
    @property
    def recommended_client_protocols(self) -> dict[str, str] | None:
        """Subprotocols that clients should speak. Since tor 0.2.9."""
    @property
    def recommended_relay_protocols(self) -> dict[str, str] | None:
        """Subprotocols that relays should speak. Since tor 0.2.9."""
    @property
    def required_client_protocols(self) -> dict[str, str] | None:
        """Subprotocols without which clients must stop. Since tor 0.2.9."""
    @property
    def required_relay_protocols(self) -> dict[str, str] | None:
        """Subprotocols without which relays must stop. Since tor 0.2.9."""
    @property
    def params(self) -> dict[str, int] | None:
        """The consensus parameters that the authority wants. Since tor 0.2.2."""
    @property
    def bandwidth_file_headers(self) -> dict[str, str] | None:
        """The header of the bandwidth file that the weights come from. Since tor 0.3.5."""
    @property
    def bandwidth_file_digest_sha256(self) -> str | None:
        """The digest of that bandwidth file. Since tor 0.4.0."""
    @property
    def authority(self) -> Authority:
        """The authority, with its certificate."""
    @property
    def entries(self) -> Sequence[RouterStatus]:
        """The relays, in order of their fingerprints."""
    @property
    def directory_footer(self) -> bool:
        """Whether a line marks the end of the entries. Since consensus method 9."""
    @property
    def signatures(self) -> list[_VoteSignatures]:
        """The authority's signature."""
    def __iter__(self) -> Iterator[RouterStatus]: ...

class _DetachedSignaturesAdditionalDigests(TypedDict):
    flavor: str | None
    algorithm: str | None
    digest: str | None

class _DetachedSignaturesAdditionalSignatures(TypedDict):
    flavor: str | None
    algorithm: str | None
    identity: str | None
    signing_key_digest: str | None
    signature: str | None

class _DetachedSignaturesSignatures(TypedDict):
    algorithm: str | None
    identity: str | None
    signing_key_digest: str | None
    signature: str | None

class DetachedSignatures(Descriptor):
    """The signatures that an authority knows on the next consensus, without the consensus."""

    @property
    def consensus_digest(self) -> str:
        """The SHA-1 of the signed part of the consensus of flavour `ns`."""
    @property
    def valid_after(self) -> datetime:
        """From when on the consensus may be used."""
    @property
    def fresh_until(self) -> datetime:
        """Until when the consensus is the newest."""
    @property
    def valid_until(self) -> datetime:
        """Until when the consensus may be used."""
    @property
    def additional_digests(self) -> list[_DetachedSignaturesAdditionalDigests]:
        """The digests of the consensuses of other flavours. Since tor 0.2.3."""
    @property
    def additional_signatures(self) -> list[_DetachedSignaturesAdditionalSignatures]:
        """The signatures on the consensuses of other flavours. Since tor 0.2.3."""
    @property
    def signatures(self) -> list[_DetachedSignaturesSignatures]:
        """The signatures on the consensus of flavour `ns`."""

class ServerDescriptor(Descriptor):
    """What a relay or bridge says about itself. Relays publish one when something changes, and at least every 18 hours. Sanitized bridges (collector §3.2) have no keys and no signatures, but the digests of their original."""

    @property
    def nickname(self) -> str:
        """Nickname, IPv4 address and ports of the relay."""
    @property
    def address(self) -> IPv4Address | IPv6Address:
        """Nickname, IPv4 address and ports of the relay."""
    @property
    def or_port(self) -> int:
        """Nickname, IPv4 address and ports of the relay."""
    @property
    def socks_port(self) -> int:
        """Nickname, IPv4 address and ports of the relay."""
    @property
    def dir_port(self) -> int:
        """Nickname, IPv4 address and ports of the relay."""
    @property
    def identity_ed25519(self) -> str | None:
        """The certificate of the relay's Ed25519 signing key. Absent before tor 0.2.7 and in sanitized bridges."""
    @property
    def master_key_ed25519(self) -> str | None:
        """The relay's Ed25519 identity; of a sanitized bridge, the SHA-256 of it. Absent before tor 0.2.7."""
    @property
    def or_addresses(self) -> list[str]:
        """Further addresses at which the relay listens, usually one for IPv6. Since tor 0.2.3."""
    @property
    def platform(self) -> str | None:
        """The software and operating system. Absent in some descriptors of 2004."""
    @property
    def proto(self) -> dict[str, str] | None:
        """The subprotocols that the relay speaks. Absent before tor 0.2.9."""
    @property
    def link_protocols(self) -> list[int] | None:
        """Versions of the link and circuit protocols. From tor 0.2.0 to 0.2.9."""
    @property
    def circuit_protocols(self) -> list[int] | None:
        """Versions of the link and circuit protocols. From tor 0.2.0 to 0.2.9."""
    @property
    def published(self) -> datetime:
        """When the descriptor was made."""
    @property
    def fingerprint(self) -> str | None:
        """The relay's fingerprint; of a sanitized bridge, the SHA-1 of it. Absent in some descriptors before 2006."""
    @property
    def hibernating(self) -> bool | None:
        """Whether the relay is about to stop for a while. Absent means no."""
    @property
    def uptime(self) -> int | None:
        """How long the relay has run. Unit: seconds. Negative in some descriptors of 2006, whose clocks had jumped."""
    @property
    def average_bandwidth(self) -> int:
        """Average, burst and observed bandwidth. Unit: bytes per second."""
    @property
    def burst_bandwidth(self) -> int:
        """Average, burst and observed bandwidth. Unit: bytes per second."""
    @property
    def observed_bandwidth(self) -> int:
        """Average, burst and observed bandwidth. Unit: bytes per second."""
    @property
    def extra_info_digest_sha1(self) -> str | None:
        """Digests of the extra-info descriptor that belongs to this one. Absent if there is none, as before tor 0.2.0."""
    @property
    def extra_info_digest_sha256(self) -> str | None:
        """Digests of the extra-info descriptor that belongs to this one. Absent if there is none, as before tor 0.2.0."""
    @property
    def onion_key(self) -> str | None:
        """The key of the first handshake, RSA. Absent in sanitized bridges; not needed since tor 0.4.9."""
    @property
    def signing_key(self) -> str | None:
        """The identity key, RSA. Absent in sanitized bridges."""
    @property
    def onion_key_crosscert(self) -> str | None:
        """The identities, signed by the onion key. Absent before tor 0.2.7 and in sanitized bridges."""
    @property
    def ntor_onion_key_crosscert(self) -> str | None:
        """The identity, signed by the ntor onion key. Absent before tor 0.2.7 and in sanitized bridges."""
    @property
    def ntor_onion_key_crosscert_sign(self) -> int | None:
        """The identity, signed by the ntor onion key. Absent before tor 0.2.7 and in sanitized bridges."""
    @property
    def hidden_service_dir(self) -> bool | None:
        """Whether the relay stores onion service descriptors, and of which versions. Absent means no."""
    @property
    def hidden_service_dir_versions(self) -> list[int] | None:
        """Whether the relay stores onion service descriptors, and of which versions. Absent means no."""
    @property
    def contact(self) -> str | None:
        """How to reach the operator. Absent if the operator gives none."""
    @property
    def bridge_distribution_request(self) -> str | None:
        """How the bridge wants to be given out, such as `moat` or `none`. Absent in relays and before tor 0.3.2."""
    @property
    def family(self) -> list[str] | None:
        """The relays that the operator says are theirs too."""
    @property
    def family_cert(self) -> list[str]:
        """Certificates of the families that the relay is in. Since tor 0.4.9."""
    @property
    def ntor_onion_key(self) -> str | None:
        """The key of the ntor handshake, Curve25519. Absent before tor 0.2.4."""
    @property
    def exit_policy(self) -> Policy:
        """The exit policy for IPv4, in order; the first rule that fits decides."""
    @property
    def ipv6_policy(self) -> Policy | None:
        """The exit policy for IPv6, in short. Absent means `reject 1-65535`. Since tor 0.2.4."""
    @property
    def tunnelled_dir_server(self) -> bool:
        """Whether the relay answers directory requests through its OR port. Since tor 0.2.8."""
    @property
    def caches_extra_info(self) -> bool:
        """Whether the relay stores extra-info descriptors."""
    @property
    def allow_single_hop_exits(self) -> bool:
        """Whether the relay allows exits by circuits of one hop. Until tor 0.2.9."""
    @property
    def read_history_end(self) -> datetime | None:
        """Bytes read. Until tor 0.2.0, then in extra-info descriptors."""
    @property
    def read_history_interval(self) -> int | None:
        """Bytes read. Until tor 0.2.0, then in extra-info descriptors. In seconds."""
    @property
    def read_history_values(self) -> list[int] | None:
        """Bytes read. Until tor 0.2.0, then in extra-info descriptors. In bytes."""
    @property
    def write_history_end(self) -> datetime | None:
        """Bytes written. Until tor 0.2.0, then in extra-info descriptors."""
    @property
    def write_history_interval(self) -> int | None:
        """Bytes written. Until tor 0.2.0, then in extra-info descriptors. In seconds."""
    @property
    def write_history_values(self) -> list[int] | None:
        """Bytes written. Until tor 0.2.0, then in extra-info descriptors. In bytes."""
    @property
    def ipv6_read_history_end(self) -> datetime | None:
        """Bytes read by IPv6. In extra-info descriptors, but allowed here."""
    @property
    def ipv6_read_history_interval(self) -> int | None:
        """Bytes read by IPv6. In extra-info descriptors, but allowed here. In seconds."""
    @property
    def ipv6_read_history_values(self) -> list[int] | None:
        """Bytes read by IPv6. In extra-info descriptors, but allowed here. In bytes."""
    @property
    def ipv6_write_history_end(self) -> datetime | None:
        """Bytes written by IPv6. In extra-info descriptors, but allowed here."""
    @property
    def ipv6_write_history_interval(self) -> int | None:
        """Bytes written by IPv6. In extra-info descriptors, but allowed here. In seconds."""
    @property
    def ipv6_write_history_values(self) -> list[int] | None:
        """Bytes written by IPv6. In extra-info descriptors, but allowed here. In bytes."""
    @property
    def eventdns(self) -> bool | None:
        """Whether the relay resolves names by eventdns. Absent means no before tor 0.1.2 and yes since then."""
    @property
    def overload_general_version(self) -> int | None:
        """When the relay was last overloaded in general. Absent if not within three days. Since tor 0.4.6."""
    @property
    def overload_general_time(self) -> datetime | None:
        """When the relay was last overloaded in general. Absent if not within three days. Since tor 0.4.6."""
    @property
    def router_sig_ed25519(self) -> str | None:
        """The Ed25519 signature over all before it. Absent before tor 0.2.7 and in sanitized bridges."""
    @property
    def router_signature(self) -> str | None:
        """The RSA signature over all before it. Absent in sanitized bridges."""
    @property
    def router_digest(self) -> str | None:
        """The SHA-1 of the SHA-1 of a sanitized bridge's original. Absent in relays and before 2012."""
    @property
    def router_digest_sha256(self) -> str | None:
        """The SHA-256 of the SHA-256 of a sanitized bridge's original. Absent in relays and before tor 0.2.7."""

class BridgeServerDescriptor(ServerDescriptor):
    """A ServerDescriptor that is a bridge-server-descriptor."""

class _ExtraInfoTransports(TypedDict):
    name: str | None
    address: str | None
    arguments: str | None

class ExtraInfo(Descriptor):
    """What a relay or bridge has counted: bandwidth, clients by country, onion services and more. Numbers about clients are rounded up. Sanitized bridges (collector §3.3) have no signatures, but the digests of their original."""

    @property
    def nickname(self) -> str:
        """Nickname and fingerprint of the relay."""
    @property
    def fingerprint(self) -> str:
        """Nickname and fingerprint of the relay."""
    @property
    def identity_ed25519(self) -> str | None:
        """The certificate of the relay's Ed25519 signing key. Absent before tor 0.2.7 and in sanitized bridges."""
    @property
    def master_key_ed25519(self) -> str | None:
        """The SHA-256 of a sanitized bridge's Ed25519 identity. Absent in relays and before tor 0.2.7."""
    @property
    def published(self) -> datetime:
        """When the descriptor was made."""
    @property
    def read_history_end(self) -> datetime | None:
        """Bytes read."""
    @property
    def read_history_interval(self) -> int | None:
        """Bytes read. In seconds."""
    @property
    def read_history_values(self) -> list[int] | None:
        """Bytes read. In bytes."""
    @property
    def write_history_end(self) -> datetime | None:
        """Bytes written."""
    @property
    def write_history_interval(self) -> int | None:
        """Bytes written. In seconds."""
    @property
    def write_history_values(self) -> list[int] | None:
        """Bytes written. In bytes."""
    @property
    def ipv6_read_history_end(self) -> datetime | None:
        """Bytes read by IPv6. Since tor 0.4.5."""
    @property
    def ipv6_read_history_interval(self) -> int | None:
        """Bytes read by IPv6. Since tor 0.4.5. In seconds."""
    @property
    def ipv6_read_history_values(self) -> list[int] | None:
        """Bytes read by IPv6. Since tor 0.4.5. In bytes."""
    @property
    def ipv6_write_history_end(self) -> datetime | None:
        """Bytes written by IPv6. Since tor 0.4.5."""
    @property
    def ipv6_write_history_interval(self) -> int | None:
        """Bytes written by IPv6. Since tor 0.4.5. In seconds."""
    @property
    def ipv6_write_history_values(self) -> list[int] | None:
        """Bytes written by IPv6. Since tor 0.4.5. In bytes."""
    @property
    def dirreq_read_history_end(self) -> datetime | None:
        """Bytes read to answer directory requests. Since tor 0.2.2."""
    @property
    def dirreq_read_history_interval(self) -> int | None:
        """Bytes read to answer directory requests. Since tor 0.2.2. In seconds."""
    @property
    def dirreq_read_history_values(self) -> list[int] | None:
        """Bytes read to answer directory requests. Since tor 0.2.2. In bytes."""
    @property
    def dirreq_write_history_end(self) -> datetime | None:
        """Bytes written to answer directory requests. Since tor 0.2.2."""
    @property
    def dirreq_write_history_interval(self) -> int | None:
        """Bytes written to answer directory requests. Since tor 0.2.2. In seconds."""
    @property
    def dirreq_write_history_values(self) -> list[int] | None:
        """Bytes written to answer directory requests. Since tor 0.2.2. In bytes."""
    @property
    def geoip_db_digest(self) -> str | None:
        """SHA-1 of the file by which IPv4 addresses are turned into countries. Since tor 0.2.1."""
    @property
    def geoip6_db_digest(self) -> str | None:
        """SHA-1 of the file by which IPv6 addresses are turned into countries. Since tor 0.2.4."""
    @property
    def geoip_start_time(self) -> datetime | None:
        """When a bridge began to count `geoip_client_origins`. Until tor 0.2.2."""
    @property
    def geoip_client_origins(self) -> dict[str, int] | None:
        """Clients of a bridge by country, rounded up to multiples of 8. Until tor 0.2.2."""
    @property
    def bridge_stats_end(self) -> datetime | None:
        """The interval of the `bridge_*` fields. Since tor 0.2.2."""
    @property
    def bridge_stats_interval(self) -> int | None:
        """The interval of the `bridge_*` fields. Since tor 0.2.2. In seconds."""
    @property
    def bridge_ips(self) -> dict[str, int] | None:
        """Client addresses of a bridge by country, rounded up to multiples of 8."""
    @property
    def bridge_ip_versions(self) -> dict[str, int] | None:
        """Client addresses of a bridge by IP version, `v4` and `v6`. Since tor 0.2.4."""
    @property
    def bridge_ip_transports(self) -> dict[str, int] | None:
        """Client addresses of a bridge by transport; `<OR>` is none. Since tor 0.2.5."""
    @property
    def dirreq_stats_end(self) -> datetime | None:
        """The interval of the `dirreq_v2_*` and `dirreq_v3_*` fields. Since tor 0.2.2."""
    @property
    def dirreq_stats_interval(self) -> int | None:
        """The interval of the `dirreq_v2_*` and `dirreq_v3_*` fields. Since tor 0.2.2. In seconds."""
    @property
    def dirreq_v2_ips(self) -> dict[str, int] | None:
        """Client addresses that asked for a version 2 status, by country, rounded up to multiples of 8. Until tor 0.2.5."""
    @property
    def dirreq_v3_ips(self) -> dict[str, int] | None:
        """Client addresses that asked for a consensus, by country, rounded up to multiples of 8."""
    @property
    def dirreq_v2_reqs(self) -> dict[str, int] | None:
        """Requests for version 2 statuses by country, rounded up to multiples of 8. Until tor 0.2.5."""
    @property
    def dirreq_v3_reqs(self) -> dict[str, int] | None:
        """Requests for consensuses by country, rounded up to multiples of 8."""
    @property
    def dirreq_v2_share(self) -> float | None:
        """What share of all requests for version 2 statuses the relay expected to get. Unit: percent. Until tor 0.2.5."""
    @property
    def dirreq_v3_share(self) -> float | None:
        """What share of all requests for consensuses the relay expected to get. Unit: percent. Until tor 0.2.5."""
    @property
    def dirreq_v2_resp(self) -> dict[str, int] | None:
        """Responses to requests for version 2 statuses, by outcome, rounded up to multiples of 4. Until tor 0.2.5."""
    @property
    def dirreq_v3_resp(self) -> dict[str, int] | None:
        """Responses to requests for consensuses, by outcome, rounded up to multiples of 4."""
    @property
    def dirreq_v2_direct_dl(self) -> dict[str, int] | None:
        """Downloads of version 2 statuses through the directory port: how many ended how, and quantiles of their speed in bytes per second. Until tor 0.2.5."""
    @property
    def dirreq_v3_direct_dl(self) -> dict[str, int] | None:
        """Downloads of consensuses through the directory port: how many ended how, and quantiles of their speed in bytes per second."""
    @property
    def dirreq_v2_tunneled_dl(self) -> dict[str, int] | None:
        """Downloads of version 2 statuses through circuits, as `dirreq_v2_direct_dl`. Until tor 0.2.5."""
    @property
    def dirreq_v3_tunneled_dl(self) -> dict[str, int] | None:
        """Downloads of consensuses through circuits, as `dirreq_v3_direct_dl`."""
    @property
    def entry_stats_end(self) -> datetime | None:
        """The interval of `entry_ips`. Since tor 0.2.2."""
    @property
    def entry_stats_interval(self) -> int | None:
        """The interval of `entry_ips`. Since tor 0.2.2. In seconds."""
    @property
    def entry_ips(self) -> dict[str, int] | None:
        """Client addresses that used the relay as entry, by country, rounded up to multiples of 8."""
    @property
    def cell_stats_end(self) -> datetime | None:
        """The interval of the `cell_*` fields. Since tor 0.2.2."""
    @property
    def cell_stats_interval(self) -> int | None:
        """The interval of the `cell_*` fields. Since tor 0.2.2. In seconds."""
    @property
    def cell_processed_cells(self) -> list[int] | None:
        """Cells processed by the mean circuit of each decile of circuits, busiest first."""
    @property
    def cell_queued_cells(self) -> list[float] | None:
        """Cells that waited on average in the queue of a circuit, by the same deciles."""
    @property
    def cell_time_in_queue(self) -> list[int] | None:
        """How long cells waited on average, by the same deciles. Unit: milliseconds."""
    @property
    def cell_circuits_per_decile(self) -> int | None:
        """How many circuits are in each of the deciles."""
    @property
    def conn_bi_direct_end(self) -> datetime | None:
        """How many connections were used in which direction, in an interval. Since tor 0.2.2."""
    @property
    def conn_bi_direct_interval(self) -> int | None:
        """How many connections were used in which direction, in an interval. Since tor 0.2.2. In seconds."""
    @property
    def conn_bi_direct_below(self) -> int | None:
        """How many connections were used in which direction, in an interval. Since tor 0.2.2. In connections."""
    @property
    def conn_bi_direct_read(self) -> int | None:
        """How many connections were used in which direction, in an interval. Since tor 0.2.2. In connections."""
    @property
    def conn_bi_direct_write(self) -> int | None:
        """How many connections were used in which direction, in an interval. Since tor 0.2.2. In connections."""
    @property
    def conn_bi_direct_both(self) -> int | None:
        """How many connections were used in which direction, in an interval. Since tor 0.2.2. In connections."""
    @property
    def ipv6_conn_bi_direct_end(self) -> datetime | None:
        """How many IPv6 connections were used in which direction, in an interval. Since tor 0.4.5."""
    @property
    def ipv6_conn_bi_direct_interval(self) -> int | None:
        """How many IPv6 connections were used in which direction, in an interval. Since tor 0.4.5. In seconds."""
    @property
    def ipv6_conn_bi_direct_below(self) -> int | None:
        """How many IPv6 connections were used in which direction, in an interval. Since tor 0.4.5. In connections."""
    @property
    def ipv6_conn_bi_direct_read(self) -> int | None:
        """How many IPv6 connections were used in which direction, in an interval. Since tor 0.4.5. In connections."""
    @property
    def ipv6_conn_bi_direct_write(self) -> int | None:
        """How many IPv6 connections were used in which direction, in an interval. Since tor 0.4.5. In connections."""
    @property
    def ipv6_conn_bi_direct_both(self) -> int | None:
        """How many IPv6 connections were used in which direction, in an interval. Since tor 0.4.5. In connections."""
    @property
    def exit_stats_end(self) -> datetime | None:
        """The interval of the `exit_*` fields. Since tor 0.2.2."""
    @property
    def exit_stats_interval(self) -> int | None:
        """The interval of the `exit_*` fields. Since tor 0.2.2. In seconds."""
    @property
    def exit_kibibytes_written(self) -> dict[str, int] | None:
        """KiB written to the outside by port, rounded up."""
    @property
    def exit_kibibytes_read(self) -> dict[str, int] | None:
        """KiB read from the outside by port, rounded up."""
    @property
    def exit_streams_opened(self) -> dict[str, int] | None:
        """Streams to the outside by port, rounded up to multiples of 4."""
    @property
    def hidserv_stats_end(self) -> datetime | None:
        """The interval of `hidserv_rend_relayed_cells` and `hidserv_dir_onions_seen`. Since tor 0.2.6."""
    @property
    def hidserv_stats_interval(self) -> int | None:
        """The interval of `hidserv_rend_relayed_cells` and `hidserv_dir_onions_seen`. Since tor 0.2.6. In seconds."""
    @property
    def hidserv_rend_relayed_cells(self) -> float | None:
        """Cells relayed on rendezvous circuits, with noise."""
    @property
    def hidserv_rend_relayed_cells_parameters(self) -> dict[str, float] | None:
        """Cells relayed on rendezvous circuits, with noise."""
    @property
    def hidserv_dir_onions_seen(self) -> float | None:
        """Onion services of version 2 whose descriptors were stored, with noise."""
    @property
    def hidserv_dir_onions_seen_parameters(self) -> dict[str, float] | None:
        """Onion services of version 2 whose descriptors were stored, with noise."""
    @property
    def hidserv_v3_stats_end(self) -> datetime | None:
        """The interval of `hidserv_rend_v3_relayed_cells` and `hidserv_dir_v3_onions_seen`. Since tor 0.4.6."""
    @property
    def hidserv_v3_stats_interval(self) -> int | None:
        """The interval of `hidserv_rend_v3_relayed_cells` and `hidserv_dir_v3_onions_seen`. Since tor 0.4.6. In seconds."""
    @property
    def hidserv_rend_v3_relayed_cells(self) -> float | None:
        """Cells relayed on rendezvous circuits of version 3 onion services, with noise."""
    @property
    def hidserv_rend_v3_relayed_cells_parameters(self) -> dict[str, float] | None:
        """Cells relayed on rendezvous circuits of version 3 onion services, with noise."""
    @property
    def hidserv_dir_v3_onions_seen(self) -> float | None:
        """Blinded keys of version 3 onion services whose descriptors were stored, with noise."""
    @property
    def hidserv_dir_v3_onions_seen_parameters(self) -> dict[str, float] | None:
        """Blinded keys of version 3 onion services whose descriptors were stored, with noise."""
    @property
    def padding_counts_end(self) -> datetime | None:
        """Cells sent as padding, in an interval. Since tor 0.3.1."""
    @property
    def padding_counts_interval(self) -> int | None:
        """Cells sent as padding, in an interval. Since tor 0.3.1. In seconds."""
    @property
    def padding_counts(self) -> dict[str, int] | None:
        """Cells sent as padding, in an interval. Since tor 0.3.1."""
    @property
    def overload_ratelimits_version(self) -> int | None:
        """When and how often the relay ran against its bandwidth limits. Since tor 0.4.6."""
    @property
    def overload_ratelimits_time(self) -> datetime | None:
        """When and how often the relay ran against its bandwidth limits. Since tor 0.4.6."""
    @property
    def overload_ratelimits_rate(self) -> int | None:
        """When and how often the relay ran against its bandwidth limits. Since tor 0.4.6. In bytes per second."""
    @property
    def overload_ratelimits_burst(self) -> int | None:
        """When and how often the relay ran against its bandwidth limits. Since tor 0.4.6. In bytes per second."""
    @property
    def overload_ratelimits_reads(self) -> int | None:
        """When and how often the relay ran against its bandwidth limits. Since tor 0.4.6."""
    @property
    def overload_ratelimits_writes(self) -> int | None:
        """When and how often the relay ran against its bandwidth limits. Since tor 0.4.6."""
    @property
    def overload_fd_exhausted_version(self) -> int | None:
        """When the relay last ran out of file descriptors. Since tor 0.4.6."""
    @property
    def overload_fd_exhausted_time(self) -> datetime | None:
        """When the relay last ran out of file descriptors. Since tor 0.4.6."""
    @property
    def transports(self) -> list[_ExtraInfoTransports]:
        """The pluggable transports of a bridge."""
    @property
    def transport_info(self) -> list[str]:
        """The software of a bridge's transports, `KEY=VALUE` pairs; may be empty. Since tor 0.4.8; never in sanitized bridges."""
    @property
    def router_sig_ed25519(self) -> str | None:
        """The Ed25519 signature over all before it. Absent before tor 0.2.7 and in sanitized bridges."""
    @property
    def router_signature(self) -> str | None:
        """The RSA signature over all before it. Absent in sanitized bridges."""
    @property
    def router_digest(self) -> str | None:
        """The SHA-1 of the SHA-1 of a sanitized bridge's original. Absent in relays and before 2012."""
    @property
    def router_digest_sha256(self) -> str | None:
        """The SHA-256 of the SHA-256 of a sanitized bridge's original. Absent in relays and before tor 0.2.7."""

class BridgeExtraInfo(ExtraInfo):
    """A ExtraInfo that is a bridge-extra-info."""

class Microdescriptor(Descriptor):
    """What clients need to know of a relay, the parts of its server descriptor that change seldom. Authorities make it by rules that depend on the consensus method, so that all make the same."""

    @property
    def onion_key(self) -> str:
        """The key of the first handshake, RSA. The line begins each document; its key is absent since consensus method 36."""
    @property
    def ntor_onion_key(self) -> str | None:
        """The key of the ntor handshake, Curve25519. Since consensus method 16; absent if the relay has none."""
    @property
    def or_addresses(self) -> list[str]:
        """Further addresses at which the relay listens. In consensus methods 14 to 27, then in the consensus."""
    @property
    def family(self) -> list[str] | None:
        """The relays that the operator says are theirs too."""
    @property
    def family_ids(self) -> list[str] | None:
        """The families that the relay is in, such as `ed25519:KEY`. Since consensus method 35."""
    @property
    def exit_policy(self) -> Policy | None:
        """The exit policy for IPv4, in short. Absent means `reject 1-65535`."""
    @property
    def ipv6_policy(self) -> Policy | None:
        """The exit policy for IPv6, in short. Since consensus method 15. Absent means `reject 1-65535`."""
    @property
    def id_rsa1024(self) -> str:
        """The identities of the relay."""
    @property
    def id_ed25519(self) -> str:
        """The identities of the relay."""
    @property
    def proto(self) -> dict[str, str] | None:
        """The subprotocols that the relay speaks. In no consensus method so far, but tor reads it."""

class NetworkStatus2(Descriptor):
    """What one directory authority thinks of all relays. Clients read several of them and compared."""

    @property
    def network_status_version(self) -> int:
        """Version of the format, 2."""
    @property
    def hostname(self) -> str:
        """Where the authority is."""
    @property
    def address(self) -> IPv4Address | IPv6Address:
        """Where the authority is."""
    @property
    def dir_port(self) -> int:
        """Where the authority is."""
    @property
    def fingerprint(self) -> str:
        """The SHA-1 of the authority's identity key."""
    @property
    def contact(self) -> str | None:
        """How to reach who runs it."""
    @property
    def dir_signing_key(self) -> str:
        """The key that signs the document: the authority's identity key, RSA."""
    @property
    def client_versions(self) -> list[str] | None:
        """The versions of tor that clients should run. Absent unless the authority has the option `Versions`."""
    @property
    def server_versions(self) -> list[str] | None:
        """The versions of tor that relays should run. Absent unless the authority has the option `Versions`."""
    @property
    def published(self) -> datetime:
        """When the document was made."""
    @property
    def dir_options(self) -> list[str] | None:
        """What the authority decides on: `Names`, `Versions`, `BadExits`, `BadDirectories`."""
    @property
    def entries(self) -> Sequence[RouterStatus]:
        """The relays, in order of their fingerprints."""
    @property
    def nickname(self) -> str:
        """The authority's nickname and signature."""
    @property
    def directory_signature(self) -> str:
        """The authority's nickname and signature."""
    def __iter__(self) -> Iterator[RouterStatus]: ...

class _DirectoryRouterStatus(TypedDict):
    nickname: str | None
    fingerprint: str | None
    is_verified: bool | None
    is_live: bool | None

class Directory(Descriptor):
    """All that a client needed to know of the network, signed by one authority."""

    @property
    def signed_directory(self) -> bool:
        """Whether the first line is there; it has no arguments."""
    @property
    def published(self) -> datetime:
        """When the document was made."""
    @property
    def recommended_software(self) -> list[str] | None:
        """The versions of tor that relays and clients should run."""
    @property
    def running_routers(self) -> list[str] | None:
        """The nicknames or fingerprints of the relays that were running. Until tor 0.1.1."""
    @property
    def router_status(self) -> list[_DirectoryRouterStatus] | None:
        """All relays, and which of them were running. Since tor 0.0.9."""
    @property
    def dir_signing_key(self) -> str | None:
        """The key that signs the document, RSA. Absent in the oldest."""
    @property
    def descriptors(self) -> Sequence[ServerDescriptor]:
        """The relays' descriptors."""
    @property
    def nickname(self) -> str:
        """The authority's nickname and signature."""
    @property
    def directory_signature(self) -> str:
        """The authority's nickname and signature."""

class BandwidthLine(Descriptor):
    """One relay: `key=value` pairs separated by blanks or tabs, in any order."""

    @property
    def node_id(self) -> str | None:
        """The relay's fingerprint. A line has this or the next, or both."""
    @property
    def master_key_ed25519(self) -> str | None:
        """The relay's Ed25519 identity, base64. DIFFERENCE: it is not decoded, because even the specification's examples are too long to be one."""
    @property
    def bw(self) -> int:
        """The bandwidth to vote for. Unit: 1000 bytes per second."""
    @property
    def nick(self) -> str | None:
        """The relay's nickname."""
    @property
    def time(self) -> datetime | None:
        """When the relay was last measured. Since version 1.1."""
    @property
    def rtt(self) -> int | None:
        """The round-trip time. Unit: milliseconds. Since version 1.1."""
    @property
    def success(self) -> int | None:
        """How many measurements succeeded. Since version 1.1, as the next three."""
    @property
    def error_circ(self) -> int | None:
        """How many failed because no circuit could be built."""
    @property
    def error_stream(self) -> int | None:
        """How many failed because no stream could be attached."""
    @property
    def error_misc(self) -> int | None:
        """How many failed otherwise."""
    @property
    def error_destination(self) -> int | None:
        """How many failed because the server could not be reached. Since version 1.4."""
    @property
    def error_second_relay(self) -> int | None:
        """How many failed because no second relay was found. Since version 1.4."""
    @property
    def bw_mean(self) -> int | None:
        """The mean of the measurements. Unit: bytes per second. Since version 1.2, as the next five."""
    @property
    def bw_median(self) -> int | None:
        """The median of the measurements. Unit: bytes per second."""
    @property
    def desc_bw_avg(self) -> int | None:
        """The average bandwidth in the relay's descriptor. Unit: bytes per second."""
    @property
    def desc_bw_bur(self) -> int | None:
        """The burst bandwidth in the relay's descriptor. Unit: bytes per second."""
    @property
    def desc_bw_obs_last(self) -> int | None:
        """The observed bandwidth in the relay's last descriptor. Unit: bytes per second."""
    @property
    def desc_bw_obs_mean(self) -> int | None:
        """The mean of the observed bandwidths in the relay's descriptors. Unit: bytes per second."""
    @property
    def consensus_bandwidth(self) -> int | None:
        """The bandwidth in the consensus. Unit: bytes per second. Since version 1.2."""
    @property
    def consensus_bandwidth_is_unmeasured(self) -> bool | None:
        """Whether the consensus says that too few authorities had measured it. Since version 1.2."""
    @property
    def relay_in_recent_consensus_count(self) -> int | None:
        """In how many of the last consensuses the relay was. Since version 1.4, as all up to `vote`."""
    @property
    def relay_recent_priority_list_count(self) -> int | None:
        """How many times the relay was in a list of relays to measure first."""
    @property
    def relay_recent_measurement_attempt_count(self) -> int | None:
        """How many times the scanner tried to measure the relay."""
    @property
    def relay_recent_measurement_failure_count(self) -> int | None:
        """How many times that failed."""
    @property
    def relay_recent_measurements_excluded_error_count(self) -> int | None:
        """How many measurements are left out because they failed."""
    @property
    def relay_recent_measurements_excluded_near_count(self) -> int | None:
        """How many are left out because they are too near to each other."""
    @property
    def relay_recent_measurements_excluded_old_count(self) -> int | None:
        """How many are left out because they are too old."""
    @property
    def relay_recent_measurements_excluded_few_count(self) -> int | None:
        """How many are left out because there are too few."""
    @property
    def under_min_report(self) -> bool | None:
        """Whether the relay is there only because too few relays were measured well."""
    @property
    def unmeasured(self) -> bool | None:
        """Whether authorities are to treat the relay as not measured."""
    @property
    def vote(self) -> bool | None:
        """Whether authorities are to vote about the relay's bandwidth. Absent means yes."""
    @property
    def xoff_recv(self) -> int | None:
        """How many XOFF messages of congestion control were received. Since version 1.6."""
    @property
    def xoff_sent(self) -> int | None:
        """How many XOFF messages were sent. Since version 1.6."""
    @property
    def r_strm(self) -> float | None:
        """The mean bandwidth of the relay's streams, divided by the network's (`mu`). Since version 1.7."""
    @property
    def r_strm_filt(self) -> float | None:
        """The same after slow streams were left out, by `muf`. Since version 1.7."""
    @property
    def measured_at(self) -> datetime | None:
        """When Torflow measured the relay."""
    @property
    def updated_at(self) -> datetime | None:
        """When Torflow wrote the line."""
    @property
    def pid_error(self) -> float | None:
        """The error that Torflow's feedback loop saw."""
    @property
    def pid_error_sum(self) -> float | None:
        """The sum of these errors."""
    @property
    def pid_bw(self) -> float | None:
        """The bandwidth that the feedback loop found. Unit: bytes per second."""
    @property
    def pid_delta(self) -> float | None:
        """How much the error changed."""
    @property
    def circ_fail(self) -> float | None:
        """The share of circuits that failed."""
    @property
    def scanner(self) -> str | None:
        """The file of Torflow's scanner that the line is from."""

class BandwidthFile(Descriptor):
    """What a scanner measured about relays: a header of `key=value` lines, a terminator, and a line for each relay. Torflow's files (version 1.0) have neither header nor terminator."""

    @property
    def timestamp(self) -> datetime:
        """When the last measurement was made; the first line."""
    @property
    def version(self) -> str | None:
        """The version of the format. Absent in 1.0.."""
    @property
    def software(self) -> str | None:
        """The program that wrote the file, as `sbws`. Absent means Torflow."""
    @property
    def software_version(self) -> str | None:
        """The version of that program."""
    @property
    def file_created(self) -> datetime | None:
        """When the file was written. Since version 1.1, as all that has no other version."""
    @property
    def generator_started(self) -> datetime | None:
        """When the program was started."""
    @property
    def earliest_bandwidth(self) -> datetime | None:
        """When the first measurement in the file was made."""
    @property
    def latest_bandwidth(self) -> datetime | None:
        """When the last measurement in the file was made."""
    @property
    def number_eligible_relays(self) -> int | None:
        """How many relays had enough measurements. Since version 1.2, as the next four."""
    @property
    def percent_eligible_relays(self) -> int | None:
        """That number as a share of the relays in the consensus. Unit: percent."""
    @property
    def number_consensus_relays(self) -> int | None:
        """How many relays the consensus had."""
    @property
    def minimum_number_eligible_relays(self) -> int | None:
        """How many relays must have enough measurements for the file to count."""
    @property
    def minimum_percent_eligible_relays(self) -> int | None:
        """That number as a share of the relays in the consensus. Unit: percent."""
    @property
    def scanner_country(self) -> str | None:
        """The country of the scanner. Since version 1.3."""
    @property
    def destinations_countries(self) -> list[str] | None:
        """The countries of the servers that were downloaded from. Since version 1.3."""
    @property
    def recent_consensus_count(self) -> int | None:
        """How many consensuses the scanner saw in the last days. Since version 1.4, as all up to `tor_version`."""
    @property
    def recent_priority_list_count(self) -> int | None:
        """How many times it made a list of relays to measure first."""
    @property
    def recent_priority_relay_count(self) -> int | None:
        """How many relays were in these lists."""
    @property
    def recent_measurement_attempt_count(self) -> int | None:
        """How many times it tried to measure a relay."""
    @property
    def recent_measurement_failure_count(self) -> int | None:
        """How many times that failed."""
    @property
    def recent_measurements_excluded_error_count(self) -> int | None:
        """How many relays are left out because all measurements failed."""
    @property
    def recent_measurements_excluded_near_count(self) -> int | None:
        """How many relays are left out because their measurements are too near to each other."""
    @property
    def recent_measurements_excluded_old_count(self) -> int | None:
        """How many relays are left out because their measurements are too old."""
    @property
    def recent_measurements_excluded_few_count(self) -> int | None:
        """How many relays are left out because they have too few measurements."""
    @property
    def time_to_report_half_network(self) -> int | None:
        """How long it would take to report half of the network. Unit: seconds."""
    @property
    def tor_version(self) -> str | None:
        """The version of the tor that the scanner uses."""
    @property
    def mu(self) -> int | None:
        """The mean bandwidth of all streams. Since version 1.7. Unit: bytes per second."""
    @property
    def muf(self) -> int | None:
        """The same after slow streams were left out. Since version 1.7. Unit: bytes per second."""
    @property
    def dirauth_nickname(self) -> str | None:
        """The nickname of the directory authority that the file is for. Since version 1.8."""
    @property
    def terminator(self) -> bool:
        """Whether a terminator ends the header."""
    @property
    def relays(self) -> Sequence[BandwidthLine]:
        """The relays."""
    def __iter__(self) -> Iterator[BandwidthLine]: ...

class _ConsensusDiffEdits(TypedDict):
    command: str | None
    text: str | None

class ConsensusDiff(Descriptor):
    """What changed from one consensus to a later one, as commands of the editor `ed`."""

    @property
    def network_status_diff_version(self) -> int:
        """Version of the format, 1."""
    @property
    def hash_from(self) -> str:
        """The digests of both consensuses."""
    @property
    def hash_to(self) -> str:
        """The digests of both consensuses."""
    @property
    def edits(self) -> list[_ConsensusDiffEdits]:
        """Which lines change, from the end of the old consensus to its beginning."""

class BridgeNetworkStatus(Descriptor):
    """What a bridge authority says of its bridges, every half hour, as it writes it into `networkstatus-bridges` or as it is published, sanitized. It is not signed."""

    @property
    def published(self) -> datetime | None:
        """When the status was made. Absent in originals before 2013 or so; the file's name tells it then."""
    @property
    def flag_thresholds(self) -> dict[str, str] | None:
        """What the authority wants of a bridge before it gives a flag. Since tor 0.2.4."""
    @property
    def stable_uptime(self) -> int | None:
        """What the authority wants of a bridge before it gives a flag. Since tor 0.2.4. In seconds."""
    @property
    def stable_mtbf(self) -> int | None:
        """What the authority wants of a bridge before it gives a flag. Since tor 0.2.4. In seconds."""
    @property
    def fast_speed(self) -> int | None:
        """What the authority wants of a bridge before it gives a flag. Since tor 0.2.4. In bytes per second."""
    @property
    def guard_wfu(self) -> float | None:
        """What the authority wants of a bridge before it gives a flag. Since tor 0.2.4. In percent."""
    @property
    def guard_tk(self) -> int | None:
        """What the authority wants of a bridge before it gives a flag. Since tor 0.2.4. In seconds."""
    @property
    def guard_bw_inc_exits(self) -> int | None:
        """What the authority wants of a bridge before it gives a flag. Since tor 0.2.4. In bytes per second."""
    @property
    def guard_bw_exc_exits(self) -> int | None:
        """What the authority wants of a bridge before it gives a flag. Since tor 0.2.4. In bytes per second."""
    @property
    def enough_mtbf(self) -> int | None:
        """What the authority wants of a bridge before it gives a flag. Since tor 0.2.4."""
    @property
    def ignoring_advertised_bws(self) -> int | None:
        """What the authority wants of a bridge before it gives a flag. Since tor 0.2.4."""
    @property
    def fingerprint(self) -> str | None:
        """The authority's fingerprint. In sanitized statuses since 2017, in originals since tor 0.4.0."""
    @property
    def entries(self) -> Sequence[RouterStatus]:
        """The bridges, in order of their identities. May be none."""
    def __iter__(self) -> Iterator[RouterStatus]: ...

class PoolAssignment(Descriptor):
    """One bridge: its fingerprint, the pool that it is in, and `key=value` pairs. A value that the sanitizer keeps must be short words or numbers, so that no address, fingerprint or key can be in it; a line with anything else is refused, and the others of its block are not."""

    @property
    def fingerprint(self) -> str:
        """The bridge's fingerprint; in sanitized documents its SHA-1."""
    @property
    def pool(self) -> str | None:
        """The pool: `https`, `email`, `moat`, `unallocated` and others. The sanitizer keeps those that are known: what is new could as well be a name of the bridge."""
    @property
    def ring(self) -> str | None:
        """The part of the pool `https`."""
    @property
    def port(self) -> list[str] | None:
        """The subring of bridges with such a port. BridgeDB has one for 443 only; any other would tell the bridge's port, which is hashed in its descriptors."""
    @property
    def flag(self) -> list[str] | None:
        """The subring of bridges with such a flag: `stable`."""
    @property
    def ip(self) -> list[str] | None:
        """IP versions: 4, 6. Since 2012."""
    @property
    def transport(self) -> list[str] | None:
        """The transports that the bridge offers. Since 2012. Their names are in its extra-info too."""
    @property
    def bucket(self) -> str | None:
        """The file bucket that an unallocated bridge was put in."""
    @property
    def blocklist(self) -> list[str] | None:
        """The countries in which the bridge is not given out. Since 2022, as all that follow."""
    @property
    def distributed(self) -> bool | None:
        """Whether the bridge is given out."""
    @property
    def state(self) -> str | None:
        """What bridgestrap found: `functional`, `dysfunctional`, `untested`."""
    @property
    def bandwidth(self) -> float | None:
        """The bandwidth that was measured through the bridge."""
    @property
    def ratio(self) -> float | None:
        """That bandwidth divided by the median of all bridges."""

class BridgePoolAssignment(Descriptor):
    """Which bridges BridgeDB (since 2011) or its successor rdsys (since 2022) gives out, and how."""

    @property
    def published(self) -> datetime:
        """When the bridges were assigned."""
    @property
    def entries(self) -> Sequence[PoolAssignment]:
        """The bridges; such a line begins with the fingerprint."""
    @property
    def stray_transports(self) -> list[str]:
        """Transports on a line of their own. Some assignments of 2013 have broken transport lines (Tor ticket #9264)."""
    def __iter__(self) -> Iterator[PoolAssignment]: ...

class _BridgedbMetricsBridgedbMetricCounts(TypedDict):
    key: str | None
    count: int | None

class BridgedbMetrics(Descriptor):
    """How often BridgeDB was asked for bridges. Daily since 2019-09; counts are rounded up to the next multiple of 10."""

    @property
    def bridgedb_metrics_end(self) -> datetime:
        """The interval that the counts are about."""
    @property
    def bridgedb_metrics_interval(self) -> int:
        """The interval that the counts are about. In seconds."""
    @property
    def bridgedb_metrics_version(self) -> str:
        """The version of the format: 1 or 2."""
    @property
    def bridgedb_metric_counts(self) -> list[_BridgedbMetricsBridgedbMetricCounts]:
        """The counts, each with a key of its own."""

class _BridgestrapStatsBridgestrapTests(TypedDict):
    reachable: bool | None
    hashed_fingerprint: str | None

class BridgestrapStats(Descriptor):
    """Which bridges a test of bridgestrap could reach. Daily since 2021-08."""

    @property
    def bridgestrap_stats_end(self) -> datetime:
        """The interval that the tests are from."""
    @property
    def bridgestrap_stats_interval(self) -> int:
        """The interval that the tests are from. In seconds."""
    @property
    def bridgestrap_cached_requests(self) -> int | None:
        """How many requests were answered from the cache."""
    @property
    def bridgestrap_tests(self) -> list[_BridgestrapStatsBridgestrapTests]:
        """The tests."""

class _ExitNodeExitAddresses(TypedDict):
    address: IPv4Address | IPv6Address | None
    time: datetime | None

class ExitNode(Descriptor):
    """One exit and the addresses that it used."""

    @property
    def fingerprint(self) -> str:
        """The relay's fingerprint."""
    @property
    def published(self) -> datetime:
        """When the relay's server descriptor was made."""
    @property
    def last_status(self) -> datetime:
        """When the relay was last seen in a network status."""
    @property
    def exit_addresses(self) -> list[_ExitNodeExitAddresses]:
        """The addresses, with the time of the scan; at least one."""

class ExitList(Descriptor):
    """The addresses from which a scanner saw connections of exits arrive. Published hourly or more often since 2010."""

    @property
    def downloaded(self) -> datetime | None:
        """When the list was downloaded, as CollecTor notes it. Absent in a list as its server gives it."""
    @property
    def entries(self) -> Sequence[ExitNode]:
        """The exits."""
    def __iter__(self) -> Iterator[ExitNode]: ...

class _TorperfResultDataPercentiles(TypedDict):
    number: int | None
    time: datetime | None

class _TorperfResultPartials(TypedDict):
    number: int | None
    time: datetime | None

class TorperfResult(Descriptor):
    """One download over Tor, measured by Torperf (until 2017) or OnionPerf: one line of `KEY=value` pairs. Times of events are exact to the millisecond; 0 means that the event did not happen, and columns have nothing then."""

    @property
    def source_name(self) -> str:
        """The name of the machine that measured."""
    @property
    def file_size(self) -> int:
        """The size of the file that was asked for. Unit: bytes."""
    @property
    def start(self) -> datetime:
        """When the connection process started."""
    @property
    def socket(self) -> datetime:
        """When the socket was made."""
    @property
    def connect(self) -> datetime:
        """When the socket was connected."""
    @property
    def negotiate(self) -> datetime:
        """When the SOCKS authentication method was agreed on."""
    @property
    def request(self) -> datetime:
        """When the SOCKS request was sent."""
    @property
    def response(self) -> datetime:
        """When the SOCKS response was received."""
    @property
    def data_request(self) -> datetime:
        """When the HTTP request was written."""
    @property
    def data_response(self) -> datetime:
        """When the first response was received."""
    @property
    def data_complete(self) -> datetime:
        """When the payload was complete."""
    @property
    def write_bytes(self) -> int:
        """How much was written. Unit: bytes."""
    @property
    def read_bytes(self) -> int:
        """How much was read. Unit: bytes."""
    @property
    def did_timeout(self) -> bool | None:
        """Whether the request timed out, or failed otherwise in OnionPerf. Absent in some results before 2011."""
    @property
    def data_percentiles(self) -> list[_TorperfResultDataPercentiles]:
        """When so many percent of the expected bytes were read, as `DATAPERC10`."""
    @property
    def partials(self) -> list[_TorperfResultPartials]:
        """When so many bytes were read, as `PARTIAL51200`. Since 2020."""
    @property
    def launch(self) -> datetime | None:
        """When the circuit was launched."""
    @property
    def used_at(self) -> datetime | None:
        """When the circuit was used."""
    @property
    def path(self) -> list[str] | None:
        """The relays of the circuit, guard first."""
    @property
    def build_times(self) -> list[float] | None:
        """How long after the launch each hop was built. Unit: seconds."""
    @property
    def timeout(self) -> int | None:
        """The circuit build timeout that the Tor client used. Unit: milliseconds."""
    @property
    def quantile(self) -> float | None:
        """The quantile from which that timeout was found."""
    @property
    def circ_id(self) -> int | None:
        """The identifier of the circuit."""
    @property
    def used_by(self) -> int | None:
        """The identifier of the stream."""
    @property
    def endpoint_local(self) -> str | None:
        """Host name, address and port at which the client's connection began. Since 2017, as all that follow."""
    @property
    def endpoint_proxy(self) -> str | None:
        """Host name, address and port of the SOCKS proxy."""
    @property
    def endpoint_remote(self) -> str | None:
        """Host name, address and port of the server."""
    @property
    def hostname_local(self) -> str | None:
        """The client's host name."""
    @property
    def hostname_remote(self) -> str | None:
        """The server's host name."""
    @property
    def source_address(self) -> str | None:
        """The public address of the machine that measured, or `unknown`."""
    @property
    def error_code(self) -> str | None:
        """Why the download failed. Absent if it did not. Since 2019."""

class OnionPerfAnalysis(Descriptor):
    """What OnionPerf measured in a day, version 1.0 to 3.1. Its downloads can be had as Torperf results."""

    @property
    def sources(self) -> list[str]:
        """The measurements by the name of the machine that made them."""
    @property
    def filters(self) -> str | None:
        """What was left out, as JSON. Since version 3.0, if there are filters."""
    @property
    def file_type(self) -> str:
        """The kind of the file: `onionperf`."""
    @property
    def version(self) -> str:
        """The version of the format. A number in 1.0, then a string."""

class SnowflakeStats(Descriptor):
    """What the Snowflake broker counted in a day. Since 2019-08. Counts of polls are rounded up to the next multiple of 8."""

    @property
    def snowflake_stats_end(self) -> datetime:
        """The interval that the counts are about."""
    @property
    def snowflake_stats_interval(self) -> int:
        """The interval that the counts are about. In seconds."""
    @property
    def snowflake_ips(self) -> dict[str, int] | None:
        """Addresses of proxies by country; `??` is unknown."""
    @property
    def snowflake_ips_total(self) -> int | None:
        """Addresses of proxies."""
    @property
    def snowflake_ips_standalone(self) -> int | None:
        """Addresses of proxies that run alone."""
    @property
    def snowflake_ips_badge(self) -> int | None:
        """Addresses of proxies on a web page."""
    @property
    def snowflake_ips_webext(self) -> int | None:
        """Addresses of proxies that are a browser's extension."""
    @property
    def snowflake_ips_iptproxy(self) -> int | None:
        """Addresses of proxies in applications that use IPtProxy, such as Orbot. Since 2022."""
    @property
    def snowflake_ips_bloco(self) -> int | None:
        """Addresses of proxies in applications of Bloco. In later statistics."""
    @property
    def snowflake_ips_unknown(self) -> int | None:
        """Addresses of proxies of a type that the broker does not know."""
    @property
    def snowflake_ips_nat_restricted(self) -> int | None:
        """Addresses of proxies behind a restricted NAT. Since 2020."""
    @property
    def snowflake_ips_nat_unrestricted(self) -> int | None:
        """Addresses of proxies behind an unrestricted NAT. Since 2020."""
    @property
    def snowflake_ips_nat_unknown(self) -> int | None:
        """Addresses of proxies behind a NAT of unknown type. Since 2020."""
    @property
    def snowflake_ips_nat_strict(self) -> int | None:
        """Addresses of proxies behind a strict NAT. In later statistics, as the next two."""
    @property
    def snowflake_ips_nat_moderate(self) -> int | None:
        """Addresses of proxies behind a moderate NAT."""
    @property
    def snowflake_ips_nat_open(self) -> int | None:
        """Addresses of proxies behind an open NAT."""
    @property
    def snowflake_idle_count(self) -> int | None:
        """How often a proxy asked and there was no client."""
    @property
    def snowflake_proxy_poll_with_relay_url_count(self) -> int | None:
        """How often a proxy asked that can be told a relay's URL. Since 2022, as the next two."""
    @property
    def snowflake_proxy_poll_without_relay_url_count(self) -> int | None:
        """How often a proxy asked that cannot."""
    @property
    def snowflake_proxy_rejected_for_relay_url_count(self) -> int | None:
        """How often a proxy was refused because of the relays that it allows."""
    @property
    def client_denied_count(self) -> int | None:
        """How often a client asked and there was no proxy."""
    @property
    def client_restricted_denied_count(self) -> int | None:
        """The same for clients behind a restricted NAT or one of unknown type. Since 2020."""
    @property
    def client_unrestricted_denied_count(self) -> int | None:
        """The same for clients behind an unrestricted NAT. Since 2020."""
    @property
    def client_nat_strict_denied_count(self) -> int | None:
        """The same for clients behind a strict NAT. In later statistics, as the next three."""
    @property
    def client_nat_moderate_denied_count(self) -> int | None:
        """The same for clients behind a moderate NAT."""
    @property
    def client_nat_open_denied_count(self) -> int | None:
        """The same for clients behind an open NAT."""
    @property
    def client_nat_unknown_denied_count(self) -> int | None:
        """The same for clients behind a NAT of unknown type."""
    @property
    def client_snowflake_match_count(self) -> int | None:
        """How often a client was given a proxy."""
    @property
    def client_snowflake_timeout_count(self) -> int | None:
        """How often a client was given a proxy that did not answer in time. Since 2024."""
    @property
    def client_http_count(self) -> int | None:
        """How often clients asked by HTTP, domain fronting included. Since 2024, as all that follow."""
    @property
    def client_http_ips(self) -> dict[str, int] | None:
        """How often clients asked by HTTP, by country."""
    @property
    def client_ampcache_count(self) -> int | None:
        """How often clients asked through an AMP cache."""
    @property
    def client_ampcache_ips(self) -> dict[str, int] | None:
        """How often clients asked through an AMP cache, by country."""
    @property
    def client_sqs_count(self) -> int | None:
        """How often clients asked through Amazon SQS."""
    @property
    def client_sqs_ips(self) -> dict[str, int] | None:
        """How often clients asked through Amazon SQS, by country."""

class _WebServerLogLines(TypedDict):
    ip: str | None
    date: datetime | None
    method: str | None
    request: str | None
    protocol: str | None
    status: int | None
    size: int | None

class WebServerLog(Descriptor):
    """The requests to one site on one machine and day, in Apache's format. The names of both and the day are in the file's name, see `LogName`."""

    @property
    def lines(self) -> list[_WebServerLogLines]:
        """The requests; in sanitized logs they are sorted and have no time of day."""

class HiddenService(Descriptor):
    """How an onion service of version 2 can be reached. Until 2021."""

    @property
    def descriptor_id(self) -> str:
        """The descriptor's identifier, base32; it changes daily."""
    @property
    def version(self) -> int:
        """The version of the format: 2."""
    @property
    def permanent_key(self) -> str:
        """The service's key, RSA."""
    @property
    def secret_id_part(self) -> str:
        """What proves that the identifier belongs to the key and the day, base32."""
    @property
    def published(self) -> datetime:
        """When it was made, rounded down to the hour."""
    @property
    def protocol_versions(self) -> list[int]:
        """The versions of the rendezvous protocol that the service speaks."""
    @property
    def introduction_points(self) -> str | None:
        """The introduction points, perhaps encrypted. Absent if there are none."""
    @property
    def signature(self) -> str:
        """The signature of all above by the permanent key."""

class HiddenService3(Descriptor):
    """The part of an onion service descriptor that is not encrypted. Since tor 0.3.2."""

    @property
    def version(self) -> int:
        """The version of the format: 3."""
    @property
    def lifetime(self) -> int:
        """How long the descriptor is good. Unit: minutes."""
    @property
    def signing_cert(self) -> str:
        """The certificate of the key that signed the descriptor, by the blinded key of the service."""
    @property
    def revision_counter(self) -> int:
        """Grows with each descriptor of the same blinded key."""
    @property
    def superencrypted(self) -> str:
        """The first encrypted layer."""
    @property
    def signature(self) -> str:
        """The signature of all above."""
