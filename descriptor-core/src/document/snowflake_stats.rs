//! Snowflake statistics: what the broker of Snowflake counted.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// What the Snowflake broker counted in a day. Since 2019-08. Counts of polls are rounded up to the next multiple
    /// of 8.
    pub struct SnowflakeStats<'a> = "snowflake-stats" in "snowflake doc/broker-spec.txt §1";

    /// The interval that the counts are about.
    "snowflake-stats-end" => snowflake_stats: StatsEnd;
    /// Addresses of proxies by country; `??` is unknown.
    "snowflake-ips" => snowflake_ips: Option<Counts<'a>>;
    /// Addresses of proxies.
    "snowflake-ips-total" => snowflake_ips_total: Option<u64>;
    /// Addresses of proxies that run alone.
    "snowflake-ips-standalone" => snowflake_ips_standalone: Option<u64>;
    /// Addresses of proxies on a web page.
    "snowflake-ips-badge" => snowflake_ips_badge: Option<u64>;
    /// Addresses of proxies that are a browser's extension.
    "snowflake-ips-webext" => snowflake_ips_webext: Option<u64>;
    /// Addresses of proxies in applications that use IPtProxy, such as Orbot. Since 2022.
    "snowflake-ips-iptproxy" => snowflake_ips_iptproxy: Option<u64>;
    /// Addresses of proxies in applications of Bloco. In later statistics.
    "snowflake-ips-bloco" => snowflake_ips_bloco: Option<u64>;
    /// Addresses of proxies of a type that the broker does not know.
    "snowflake-ips-unknown" => snowflake_ips_unknown: Option<u64>;
    /// Addresses of proxies behind a restricted NAT. Since 2020.
    "snowflake-ips-nat-restricted" => snowflake_ips_nat_restricted: Option<u64>;
    /// Addresses of proxies behind an unrestricted NAT. Since 2020.
    "snowflake-ips-nat-unrestricted" => snowflake_ips_nat_unrestricted: Option<u64>;
    /// Addresses of proxies behind a NAT of unknown type. Since 2020.
    "snowflake-ips-nat-unknown" => snowflake_ips_nat_unknown: Option<u64>;
    /// Addresses of proxies behind a strict NAT. In later statistics, as the next two.
    "snowflake-ips-nat-strict" => snowflake_ips_nat_strict: Option<u64>;
    /// Addresses of proxies behind a moderate NAT.
    "snowflake-ips-nat-moderate" => snowflake_ips_nat_moderate: Option<u64>;
    /// Addresses of proxies behind an open NAT.
    "snowflake-ips-nat-open" => snowflake_ips_nat_open: Option<u64>;
    /// How often a proxy asked and there was no client.
    "snowflake-idle-count" => snowflake_idle_count: Option<u64>;
    /// How often a proxy asked that can be told a relay's URL. Since 2022, as the next two.
    "snowflake-proxy-poll-with-relay-url-count" => snowflake_proxy_poll_with_relay_url_count: Option<u64>;
    /// How often a proxy asked that cannot.
    "snowflake-proxy-poll-without-relay-url-count" => snowflake_proxy_poll_without_relay_url_count: Option<u64>;
    /// How often a proxy was refused because of the relays that it allows.
    "snowflake-proxy-rejected-for-relay-url-count" => snowflake_proxy_rejected_for_relay_url_count: Option<u64>;
    /// How often a client asked and there was no proxy.
    "client-denied-count" => client_denied_count: Option<u64>;
    /// The same for clients behind a restricted NAT or one of unknown type. Since 2020.
    "client-restricted-denied-count" => client_restricted_denied_count: Option<u64>;
    /// The same for clients behind an unrestricted NAT. Since 2020.
    "client-unrestricted-denied-count" => client_unrestricted_denied_count: Option<u64>;
    /// The same for clients behind a strict NAT. In later statistics, as the next three.
    "client-nat-strict-denied-count" => client_nat_strict_denied_count: Option<u64>;
    /// The same for clients behind a moderate NAT.
    "client-nat-moderate-denied-count" => client_nat_moderate_denied_count: Option<u64>;
    /// The same for clients behind an open NAT.
    "client-nat-open-denied-count" => client_nat_open_denied_count: Option<u64>;
    /// The same for clients behind a NAT of unknown type.
    "client-nat-unknown-denied-count" => client_nat_unknown_denied_count: Option<u64>;
    /// How often a client was given a proxy.
    "client-snowflake-match-count" => client_snowflake_match_count: Option<u64>;
    /// How often a client was given a proxy that did not answer in time. Since 2024.
    "client-snowflake-timeout-count" => client_snowflake_timeout_count: Option<u64>;
    /// How often clients asked by HTTP, domain fronting included. Since 2024, as all that follow.
    "client-http-count" => client_http_count: Option<u64>;
    /// How often clients asked by HTTP, by country.
    "client-http-ips" => client_http_ips: Option<Counts<'a>>;
    /// How often clients asked through an AMP cache.
    "client-ampcache-count" => client_ampcache_count: Option<u64>;
    /// How often clients asked through an AMP cache, by country.
    "client-ampcache-ips" => client_ampcache_ips: Option<Counts<'a>>;
    /// How often clients asked through Amazon SQS.
    "client-sqs-count" => client_sqs_count: Option<u64>;
    /// How often clients asked through Amazon SQS, by country.
    "client-sqs-ips" => client_sqs_ips: Option<Counts<'a>>;
}
