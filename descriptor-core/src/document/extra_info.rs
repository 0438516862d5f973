//! Extra-info descriptor (dir-spec §2.1.2): what a relay or bridge has counted.

use super::order::{certificate_second, missing, signature_last};
use crate::{
    schema::{Reader, descriptor},
    value::*,
};

descriptor! {
    /// What a relay or bridge has counted: bandwidth, clients by country, onion services and more. Numbers about clients
    /// are rounded up. Sanitized bridges (collector §3.3) have no signatures, but the digests of their original.
    pub struct ExtraInfo<'a> = "extra-info" in "dir-spec §2.1.2", check = Some(check);

    /// Nickname and fingerprint of the relay.
    "extra-info" => owner: Owner<'a>, With(Owner);
    /// The certificate of the relay's Ed25519 signing key. Absent before tor 0.2.7 and in sanitized bridges.
    "identity-ed25519" => identity_ed25519: Option<Ed25519Cert<'a>>, With(IdentityEd25519);
    /// The SHA-256 of a sanitized bridge's Ed25519 identity. Absent in relays and before tor 0.2.7.
    "master-key-ed25519" => master_key_ed25519: Option<Base64<32>>, With(MasterKeyEd25519);
    /// When the descriptor was made.
    "published" => published: Timestamp, With(Published);
    /// Bytes read.
    "read-history" => read_history: Option<BandwidthHistory<'a>>, Keep;
    /// Bytes written.
    "write-history" => write_history: Option<BandwidthHistory<'a>>, Keep;
    /// Bytes read by IPv6. Since tor 0.4.5.
    "ipv6-read-history" => ipv6_read_history: Option<BandwidthHistory<'a>>, Since(Collector1_16, &Keep, "as the line without IPv6");
    /// Bytes written by IPv6. Since tor 0.4.5.
    "ipv6-write-history" => ipv6_write_history: Option<BandwidthHistory<'a>>, Since(Collector1_16, &Keep, "as the line without IPv6");
    /// Bytes read to answer directory requests. Since tor 0.2.2.
    "dirreq-read-history" => dirreq_read_history: Option<BandwidthHistory<'a>>, KeepAny;
    /// Bytes written to answer directory requests. Since tor 0.2.2.
    "dirreq-write-history" => dirreq_write_history: Option<BandwidthHistory<'a>>, KeepAny;
    /// SHA-1 of the file by which IPv4 addresses are turned into countries. Since tor 0.2.1.
    "geoip-db-digest" => geoip_db_digest: Option<Hex<20>>, Keep;
    /// SHA-1 of the file by which IPv6 addresses are turned into countries. Since tor 0.2.4.
    "geoip6-db-digest" => geoip6_db_digest: Option<Hex<20>>, Keep;
    /// When a bridge began to count `geoip_client_origins`. Until tor 0.2.2.
    "geoip-start-time" => geoip_start_time: Option<Timestamp>, Keep;
    /// Clients of a bridge by country, rounded up to multiples of 8. Until tor 0.2.2.
    "geoip-client-origins" => geoip_client_origins: Option<CountryCounts<'a>>, Keep;

    /// The interval of the `bridge_*` fields. Since tor 0.2.2.
    "bridge-stats-end" => bridge_stats: Option<StatsEnd>, KeepAny;
    /// Client addresses of a bridge by country, rounded up to multiples of 8.
    "bridge-ips" => bridge_ips: Option<CountryCounts<'a>>, KeepAny;
    /// Client addresses of a bridge by IP version, `v4` and `v6`. Since tor 0.2.4.
    "bridge-ip-versions" => bridge_ip_versions: Option<Counts<'a>>, KeepAny;
    /// Client addresses of a bridge by transport; `<OR>` is none. Since tor 0.2.5.
    "bridge-ip-transports" => bridge_ip_transports: Option<Counts<'a>>, KeepAny;

    /// The interval of the `dirreq_v2_*` and `dirreq_v3_*` fields. Since tor 0.2.2.
    "dirreq-stats-end" => dirreq_stats: Option<StatsEnd>, KeepAny;
    /// Client addresses that asked for a version 2 status, by country, rounded up to multiples of 8. Until tor 0.2.5.
    "dirreq-v2-ips" => dirreq_v2_ips: Option<CountryCounts<'a>>, KeepAny;
    /// Client addresses that asked for a consensus, by country, rounded up to multiples of 8.
    "dirreq-v3-ips" => dirreq_v3_ips: Option<CountryCounts<'a>>, KeepAny;
    /// Requests for version 2 statuses by country, rounded up to multiples of 8. Until tor 0.2.5.
    "dirreq-v2-reqs" => dirreq_v2_reqs: Option<CountryCounts<'a>>, KeepAny;
    /// Requests for consensuses by country, rounded up to multiples of 8.
    "dirreq-v3-reqs" => dirreq_v3_reqs: Option<CountryCounts<'a>>, KeepAny;
    /// What share of all requests for version 2 statuses the relay expected to get. Unit: percent. Until tor 0.2.5.
    "dirreq-v2-share" => dirreq_v2_share: Option<Percent>, KeepAny;
    /// What share of all requests for consensuses the relay expected to get. Unit: percent. Until tor 0.2.5.
    "dirreq-v3-share" => dirreq_v3_share: Option<Percent>, KeepAny;
    /// Responses to requests for version 2 statuses, by outcome, rounded up to multiples of 4. Until tor 0.2.5.
    "dirreq-v2-resp" => dirreq_v2_resp: Option<Counts<'a>>, KeepAny;
    /// Responses to requests for consensuses, by outcome, rounded up to multiples of 4.
    "dirreq-v3-resp" => dirreq_v3_resp: Option<Counts<'a>>, KeepAny;
    /// Downloads of version 2 statuses through the directory port: how many ended how, and quantiles of their speed in
    /// bytes per second. Until tor 0.2.5.
    "dirreq-v2-direct-dl" => dirreq_v2_direct_dl: Option<Counts<'a>>, KeepAny;
    /// Downloads of consensuses through the directory port: how many ended how, and quantiles of their speed in bytes per
    /// second.
    "dirreq-v3-direct-dl" => dirreq_v3_direct_dl: Option<Counts<'a>>, KeepAny;
    /// Downloads of version 2 statuses through circuits, as `dirreq_v2_direct_dl`. Until tor 0.2.5.
    "dirreq-v2-tunneled-dl" => dirreq_v2_tunneled_dl: Option<Counts<'a>>, KeepAny;
    /// Downloads of consensuses through circuits, as `dirreq_v3_direct_dl`.
    "dirreq-v3-tunneled-dl" => dirreq_v3_tunneled_dl: Option<Counts<'a>>, KeepAny;

    /// The interval of `entry_ips`. Since tor 0.2.2.
    "entry-stats-end" => entry_stats: Option<StatsEnd>, KeepAny;
    /// Client addresses that used the relay as entry, by country, rounded up to multiples of 8.
    "entry-ips" => entry_ips: Option<CountryCounts<'a>>, KeepAny;

    /// The interval of the `cell_*` fields. Since tor 0.2.2.
    "cell-stats-end" => cell_stats: Option<StatsEnd>, KeepAny;
    /// Cells processed by the mean circuit of each decile of circuits, busiest first.
    "cell-processed-cells" => cell_processed_cells: Option<Deciles<'a>>, KeepAny;
    /// Cells that waited on average in the queue of a circuit, by the same deciles.
    "cell-queued-cells" => cell_queued_cells: Option<FractionDeciles<'a>>, KeepAny;
    /// How long cells waited on average, by the same deciles. Unit: milliseconds.
    "cell-time-in-queue" => cell_time_in_queue: Option<Deciles<'a>>, KeepAny;
    /// How many circuits are in each of the deciles.
    "cell-circuits-per-decile" => cell_circuits_per_decile: Option<u64>, KeepAny;

    /// How many connections were used in which direction, in an interval. Since tor 0.2.2.
    "conn-bi-direct" => conn_bi_direct: Option<ConnectionDirections>, Keep;
    /// How many IPv6 connections were used in which direction, in an interval. Since tor 0.4.5.
    "ipv6-conn-bi-direct" => ipv6_conn_bi_direct: Option<ConnectionDirections>, Since(Collector1_16, &Keep, "as the line without IPv6");

    /// The interval of the `exit_*` fields. Since tor 0.2.2.
    "exit-stats-end" => exit_stats: Option<StatsEnd>, KeepAny;
    /// KiB written to the outside by port, rounded up.
    "exit-kibibytes-written" => exit_kibibytes_written: Option<PortCounts<'a>>, KeepAny;
    /// KiB read from the outside by port, rounded up.
    "exit-kibibytes-read" => exit_kibibytes_read: Option<PortCounts<'a>>, KeepAny;
    /// Streams to the outside by port, rounded up to multiples of 4.
    "exit-streams-opened" => exit_streams_opened: Option<PortCounts<'a>>, KeepAny;

    /// The interval of `hidserv_rend_relayed_cells` and `hidserv_dir_onions_seen`. Since tor 0.2.6.
    "hidserv-stats-end" => hidserv_stats: Option<StatsEnd>, Since(Collector1_1_1, &KeepAny, "counts with noise");
    /// Cells relayed on rendezvous circuits, with noise.
    "hidserv-rend-relayed-cells" => hidserv_rend_relayed_cells: Option<NoisyCount<'a>>, Since(Collector1_1_1, &KeepAny, "counts with noise");
    /// Onion services of version 2 whose descriptors were stored, with noise.
    "hidserv-dir-onions-seen" => hidserv_dir_onions_seen: Option<NoisyCount<'a>>, Since(Collector1_1_1, &KeepAny, "counts with noise");
    /// The interval of `hidserv_rend_v3_relayed_cells` and `hidserv_dir_v3_onions_seen`. Since tor 0.4.6.
    "hidserv-v3-stats-end" => hidserv_v3_stats: Option<StatsEnd>, Since(Collector1_1_1, &KeepAny, "counts with noise");
    /// Cells relayed on rendezvous circuits of version 3 onion services, with noise.
    "hidserv-rend-v3-relayed-cells" => hidserv_rend_v3_relayed_cells: Option<NoisyCount<'a>>, Since(Collector1_1_1, &KeepAny, "counts with noise");
    /// Blinded keys of version 3 onion services whose descriptors were stored, with noise.
    "hidserv-dir-v3-onions-seen" => hidserv_dir_v3_onions_seen: Option<NoisyCount<'a>>, Since(Collector1_1_1, &KeepAny, "counts with noise");

    /// Cells sent as padding, in an interval. Since tor 0.3.1.
    "padding-counts" => padding_counts: Option<PaddingCounts<'a>>, Since(Collector1_2, &Keep, "counts rounded by the bridge");
    /// When and how often the relay ran against its bandwidth limits. Since tor 0.4.6.
    "overload-ratelimits" => overload_ratelimits: Option<OverloadRateLimits>, Since(Collector1_18, &KeepVersion1, "it tells the hour of an overload and no address");
    /// When the relay last ran out of file descriptors. Since tor 0.4.6.
    "overload-fd-exhausted" => overload_fd_exhausted: Option<Overload>, Since(Collector1_18, &KeepVersion1, "it tells the hour of an overload and no address");

    /// The pluggable transports of a bridge.
    "transport" => transports: Vec<Transport<'a>>, With(Transport);
    /// The software of a bridge's transports, `KEY=VALUE` pairs; may be empty. Since tor 0.4.8; never in sanitized bridges.
    "transport-info" => transport_info: Vec<Line<'a>>, Drop;

    /// The Ed25519 signature over all before it. Absent before tor 0.2.7 and in sanitized bridges.
    "router-sig-ed25519" => router_sig_ed25519: Option<Base64<64>>, Drop;
    /// The RSA signature over all before it. Absent in sanitized bridges.
    "router-signature" => router_signature: Option<Signature<'a>>, End;
    /// The SHA-1 of the SHA-1 of a sanitized bridge's original. Absent in relays and before 2012.
    "router-digest" => router_digest: Option<Hex<20>>;
    /// The SHA-256 of the SHA-256 of a sanitized bridge's original. Absent in relays and before tor 0.2.7.
    "router-digest-sha256" => router_digest_sha256: Option<Base64<32>>;
}

/// The rules between lines that every document obeys and that cost nothing to check.
fn check<'a>(descriptor: &ExtraInfo<'a>, reader: &mut Reader<'a>) {
    match (&descriptor.identity_ed25519, &descriptor.router_sig_ed25519) {
        (Some(_), None) => missing(descriptor.raw, "router-sig-ed25519", reader),
        (None, Some(_)) => missing(descriptor.raw, "identity-ed25519", reader),
        _ => {}
    }
    certificate_second(descriptor.raw, descriptor.identity_ed25519.as_ref(), reader);
    signature_last(descriptor.raw, descriptor.router_signature.as_ref(), reader);
}
