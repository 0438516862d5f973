"""Which attribute of stem is which of our columns, and how each is spelled so that both can be compared."""

from __future__ import annotations

import base64
import binascii
import datetime
from collections.abc import Callable
from typing import Any

from stem.descriptor.networkstatus import DocumentSignature

Row = dict[str, Any]
Ours = Callable[[Row], Any]


def plain(value: Any) -> Any:
    """A value of stem as JSON would have it."""
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (set, frozenset)):
        return sorted(map(plain, value))
    if isinstance(value, (list, tuple)):
        return [plain(it) for it in value]
    if isinstance(value, dict):
        return {str(plain(key)): plain(it) for key, it in value.items()}
    if isinstance(value, DocumentSignature):
        flavor = [value.flavor] if value.flavor else []
        return [*flavor, value.method, value.identity, value.key_digest, value.signature]
    if type(value).__name__ in ("DocumentDigest", "DetachedSignature", "SharedRandomnessCommitment"):
        return [plain(it) for it in value]
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    return str(value)


def attribute(record: Any, name: str) -> Any:
    """An attribute of stem, without what is only another way to keep it."""
    value = plain(getattr(record, name))
    if name.endswith("_port"):
        return value or 0
    if name in ("flags", "known_flags"):
        return sorted(set(value or []))
    unknown = getattr(record, f"{name}_unknown", None)
    return {**value, **plain(unknown)} if unknown else value


def same(stem: Any, ours: Any) -> bool:
    """Whether both say the same; nothing at all has many spellings: None, False, empty."""
    if nothing(stem) and nothing(ours):
        return True
    if isinstance(stem, str) and isinstance(ours, (int, float)) and not isinstance(ours, bool):
        # Numbers that stem leaves as text.
        try:
            stem = float(stem)
        except ValueError:
            return False
    if isinstance(stem, (int, float)) and isinstance(ours, (int, float)):
        return abs(stem - ours) < 1e-9 * max(1, abs(stem))
    if isinstance(stem, str) and isinstance(ours, str):
        # stem leaves the padding of base64 as the document has it.
        return stem.rstrip("=") == ours.rstrip("=")
    if isinstance(stem, list) and isinstance(ours, list):
        return len(stem) == len(ours) and all(map(same, stem, ours))
    if isinstance(stem, dict) and isinstance(ours, dict):
        return stem.keys() == ours.keys() and all(same(stem[key], ours[key]) for key in stem)
    return bool(stem == ours)


def nothing(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {})


def column(name: str) -> Ours:
    def get(row: Row) -> Any:
        value: Any = row
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    return get


def protocols(name: str) -> Ours:
    """Versions of subprotocols, written out."""

    def versions(text: str) -> list[int]:
        out: list[int] = []
        for part in filter(None, text.split(",")):
            low, _, high = part.partition("-")
            out += range(int(low), int(high or low) + 1)
        return out

    return lambda row: {key: versions(text) for key, text in (column(name)(row) or {}).items()}


def addresses(name: str) -> Ours:
    """`address:port` as stem's triple of address, port and whether it is IPv6."""

    def get(row: Row) -> Any:
        pairs = (it.rsplit(":", 1) for it in column(name)(row) or [])
        return [[host.strip("[]"), int(port), host.startswith("[")] for host, port in pairs]

    return get


def ordered(name: str) -> Ours:
    return lambda row: sorted(set(column(name)(row) or []))


def first_line(name: str) -> Ours:
    """An exit policy as stem prints it, all rules in one line."""
    return lambda row: ", ".join(column(name)(row) or [])


def transport(row: Row) -> list[Any]:
    host, _, port = (row["address"] or "").rpartition(":")
    return [host.strip("[]") or None, int(port) if port else None, row["arguments"]]


def commitments(row: Row) -> list[Any]:
    rows = row.get("shared_randomness_commitments") or []
    return [[it["version"], it["algorithm"], it["identity"], it["commit"], it["reveal"]] for it in rows]


def relays(row: Row) -> dict[str, Row]:
    return {it["node_id"]: it for it in row["relays"] or []}


def named(names: str, **others: Ours | str) -> dict[str, Ours]:
    table: dict[str, Ours] = {name: column(name) for name in names.split()}
    table.update({name: column(ours) if isinstance(ours, str) else ours for name, ours in others.items()})
    return table


def history(*kinds: str) -> str:
    return " ".join(f"{kind}_history_{part}" for kind in kinds for part in ("end", "interval", "values"))


SERVER = named(
    "nickname address or_port socks_port dir_port published fingerprint uptime average_bandwidth burst_bandwidth"
    " observed_bandwidth contact platform link_protocols circuit_protocols allow_single_hop_exits eventdns onion_key"
    " onion_key_crosscert signing_key ntor_onion_key_crosscert ntor_onion_key_crosscert_sign hibernating " + history("read", "write"),
    allow_tunneled_dir_requests="tunnelled_dir_server",
    bridge_distribution="bridge_distribution_request",
    ed25519_certificate="identity_ed25519",
    ed25519_master_key="master_key_ed25519",
    ed25519_certificate_hash="master_key_ed25519",
    ed25519_signature="router_sig_ed25519",
    exit_policy=first_line("exit_policy"),
    exit_policy_v6="ipv6_policy",
    extra_info_cache="caches_extra_info",
    extra_info_digest="extra_info_digest_sha1",
    extra_info_sha256_digest="extra_info_digest_sha256",
    family=ordered("family"),
    is_hidden_service_dir="hidden_service_dir",
    ntor_onion_key="ntor_onion_key",
    or_addresses=addresses("or_addresses"),
    protocols=protocols("proto"),
    router_digest_sha256="router_digest_sha256",
    signature="router_signature",
)

EXTRA = named(
    "nickname fingerprint published bridge_ips bridge_stats_end bridge_stats_interval cell_circuits_per_decile cell_processed_cells"
    " cell_queued_cells cell_stats_end cell_stats_interval cell_time_in_queue conn_bi_direct_below conn_bi_direct_both"
    " conn_bi_direct_end conn_bi_direct_interval conn_bi_direct_read conn_bi_direct_write entry_ips entry_stats_end"
    " entry_stats_interval exit_kibibytes_read exit_kibibytes_written exit_stats_end exit_stats_interval exit_streams_opened"
    " geoip6_db_digest geoip_client_origins geoip_db_digest geoip_start_time padding_counts padding_counts_end"
    " padding_counts_interval router_digest_sha256 " + history("read", "write"),
    dir_stats_end="dirreq_stats_end",
    dir_stats_interval="dirreq_stats_interval",
    ed25519_certificate="identity_ed25519",
    ed25519_certificate_hash="master_key_ed25519",
    ed25519_signature="router_sig_ed25519",
    hs_dir_onions_seen="hidserv_dir_onions_seen",
    hs_dir_onions_seen_attr="hidserv_dir_onions_seen_parameters",
    hs_rend_cells="hidserv_rend_relayed_cells",
    hs_rend_cells_attr="hidserv_rend_relayed_cells_parameters",
    hs_stats_end="hidserv_stats_end",
    ip_transports="bridge_ip_transports",
    ip_versions="bridge_ip_versions",
    signature="router_signature",
    transport=lambda row: {it["name"]: transport(it) for it in row["transports"] or []},
)
for version in ("v2", "v3"):
    EXTRA |= {
        f"dir_{version}_{theirs}": column(f"dirreq_{version}_{ours}")
        for theirs, ours in (("ips", "ips"), ("requests", "reqs"), ("share", "share"), ("responses", "resp"))
        + (("direct_dl", "direct_dl"), ("tunneled_dl", "tunneled_dl"))
    }
for kind in ("read", "write"):
    EXTRA |= {f"dir_{kind}_history_{part}": column(f"dirreq_{kind}_history_{part}") for part in ("end", "interval", "values")}

MICRO = named(
    "onion_key exit_policy",
    exit_policy_v6="ipv6_policy",
    family="family",
    identifiers=lambda row: {
        kind: value
        for kind, value in (
            ("rsa1024", row["id_rsa1024"] and base64.b64encode(binascii.unhexlify(row["id_rsa1024"])).decode().rstrip("=")),
            ("ed25519", row["id_ed25519"]),
        )
        if value
    },
    ntor_onion_key="ntor_onion_key",
    or_addresses=addresses("or_addresses"),
    protocols=protocols("proto"),
)

ENTRY = named(
    "nickname fingerprint published address or_port dir_port bandwidth measured exit_policy identifier identifier_type"
    " microdescriptor_digest",
    # For entries of microdesc consensuses stem gives the microdescriptor's digest, in hex.
    digest=lambda row: row["descriptor_digest"] or binascii.hexlify(base64.b64decode(row["microdescriptor_digest"] + "=")).decode().upper(),
    flags=ordered("flags"),
    is_unmeasured="unmeasured",
    microdescriptor_hashes=lambda row: [[it["methods"], {"sha256": it["sha256"]}] for it in row["microdescriptor_hashes"] or []],
    or_addresses=addresses("or_addresses"),
    protocols=protocols("protocols"),
    version_line="version",
)

AUTHORITY = named(
    "nickname hostname address dir_port or_port is_legacy contact vote_digest legacy_dir_key is_shared_randomness_participate",
    v3ident="identity",
    shared_randomness_commitments=commitments,
    shared_randomness_current_reveal_count="shared_rand_current_num_reveals",
    shared_randomness_current_value="shared_rand_current_value",
    shared_randomness_previous_reveal_count="shared_rand_previous_num_reveals",
    shared_randomness_previous_value="shared_rand_previous_value",
)

STATUS = named(
    "valid_after fresh_until valid_until consensus_method consensus_methods published bandwidth_weights params"
    " bandwidth_file_headers",
    version="network_status_version",
    vote_delay="vote_seconds",
    dist_delay="dist_seconds",
    client_versions="client_versions",
    server_versions="server_versions",
    bandwidth_file_digest=lambda row: row.get("bandwidth_file_digest_sha256") and {"sha256": row["bandwidth_file_digest_sha256"]},
    known_flags=ordered("known_flags"),
    flag_thresholds=lambda row: {
        key: float(value.rstrip("%")) / (100 if value.endswith("%") else 1) for key, value in (row.get("flag_thresholds") or {}).items()
    },
    recommended_client_protocols=protocols("recommended_client_protocols"),
    recommended_relay_protocols=protocols("recommended_relay_protocols"),
    required_client_protocols=protocols("required_client_protocols"),
    required_relay_protocols=protocols("required_relay_protocols"),
    shared_randomness_current_reveal_count="shared_rand_current_num_reveals",
    shared_randomness_current_value="shared_rand_current_value",
    shared_randomness_previous_reveal_count="shared_rand_previous_num_reveals",
    shared_randomness_previous_value="shared_rand_previous_value",
    signatures=lambda row: [[it["algorithm"], it["identity"], it["signing_key_digest"], it["signature"]] for it in row.get("signatures") or []],
)

STATUS_2 = named(
    "hostname address dir_port fingerprint contact published",
    version="network_status_version",
    options="dir_options",
    signing_key="dir_signing_key",
)

CERTIFICATE = named(
    "fingerprint",
    version="dir_key_certificate_version",
    published="dir_key_published",
    expires="dir_key_expires",
    identity_key="dir_identity_key",
    signing_key="dir_signing_key",
    crosscert="dir_key_crosscert",
    certification="dir_key_certification",
)

BANDWIDTH = named(
    "timestamp version software software_version latest_bandwidth earliest_bandwidth destinations_countries scanner_country"
    " time_to_report_half_network",
    created_at="file_created",
    generated_at="generator_started",
    consensus_size="number_consensus_relays",
    eligible_count="number_eligible_relays",
    eligible_percent="percent_eligible_relays",
    min_count="minimum_number_eligible_relays",
    min_percent="minimum_percent_eligible_relays",
)

EXIT = named(
    "fingerprint published last_status",
    exit_addresses=lambda row: [[it["address"], it["time"]] for it in row["exit_addresses"]],
)

HIDDEN_2 = named(
    "descriptor_id published version permanent_key secret_id_part protocol_versions signature",
    introduction_points_encoded="introduction_points",
)
HIDDEN_3 = named("version lifetime revision_counter superencrypted signature")
DETACHED = named(
    "consensus_digest valid_after fresh_until valid_until",
    additional_digests=lambda row: [[it["flavor"], it["algorithm"], it["digest"]] for it in row["additional_digests"]],
    additional_signatures=lambda row: [
        [it["flavor"], it["algorithm"], it["identity"], it["signing_key_digest"], it["signature"]] for it in row["additional_signatures"]
    ],
    signatures=lambda row: [[it["algorithm"], it["identity"], it["signing_key_digest"], it["signature"]] for it in row["signatures"]],
)
