-- The tables of `tordesc stats load`, one a file of a module. Made from the columns of tables; do not edit.
-- Times are UTC. What is missing in a file is null.

CREATE SCHEMA IF NOT EXISTS tordesc;

CREATE TABLE IF NOT EXISTS tordesc."advbw" (
    "date" date,
    "isexit" boolean,
    "isguard" boolean,
    "advbw" bigint
);
CREATE INDEX IF NOT EXISTS "advbw_day" ON tordesc."advbw" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."advbwdist" (
    "date" date,
    "isexit" boolean,
    "relay" bigint,
    "percentile" bigint,
    "advbw" bigint
);
CREATE INDEX IF NOT EXISTS "advbwdist_day" ON tordesc."advbwdist" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."advbwdist_validafter" (
    "valid_after" timestamp,
    "isexit" boolean,
    "relay" bigint,
    "percentile" bigint,
    "advbw" bigint
);
CREATE INDEX IF NOT EXISTS "advbwdist_validafter_day" ON tordesc."advbwdist_validafter" (("valid_after"::date));

CREATE TABLE IF NOT EXISTS tordesc."bandwidth" (
    "date" date,
    "isexit" boolean,
    "isguard" boolean,
    "bwread" bigint,
    "bwwrite" bigint,
    "dirread" bigint,
    "dirwrite" bigint,
    "dirauthread" bigint,
    "dirauthwrite" bigint
);
CREATE INDEX IF NOT EXISTS "bandwidth_day" ON tordesc."bandwidth" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."bandwidth_countries" (
    "date" date,
    "country" text,
    "relays" bigint,
    "bwread" bigint,
    "bwwrite" bigint,
    "reporters" bigint,
    "covered" double precision,
    "consensus_weight" double precision,
    "reporters_weight" double precision,
    "statuses" bigint,
    "database" date
);
CREATE INDEX IF NOT EXISTS "bandwidth_countries_day" ON tordesc."bandwidth_countries" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."bandwidth_families" (
    "date" date,
    "family" text,
    "relays" bigint,
    "bwread" bigint,
    "bwwrite" bigint,
    "reporters" bigint,
    "covered" double precision,
    "consensus_weight" double precision,
    "reporters_weight" double precision,
    "statuses" bigint
);
CREATE INDEX IF NOT EXISTS "bandwidth_families_day" ON tordesc."bandwidth_families" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."bandwidth_systems" (
    "date" date,
    "as" bigint,
    "name" text,
    "relays" bigint,
    "bwread" bigint,
    "bwwrite" bigint,
    "reporters" bigint,
    "covered" double precision,
    "consensus_weight" double precision,
    "reporters_weight" double precision,
    "statuses" bigint,
    "database" date
);
CREATE INDEX IF NOT EXISTS "bandwidth_systems_day" ON tordesc."bandwidth_systems" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."bridgedb_stats" (
    "date" date,
    "distributor" text,
    "transport" text,
    "requests" bigint
);
CREATE INDEX IF NOT EXISTS "bridgedb_stats_day" ON tordesc."bridgedb_stats" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."buildtimes" (
    "date" date,
    "source" text,
    "position" bigint,
    "q1" bigint,
    "md" bigint,
    "q3" bigint
);
CREATE INDEX IF NOT EXISTS "buildtimes_day" ON tordesc."buildtimes" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."churn" (
    "date" date,
    "interval" text,
    "came" double precision,
    "went" double precision,
    "came_weight" double precision,
    "went_weight" double precision,
    "comparisons" bigint,
    "statuses" bigint
);
CREATE INDEX IF NOT EXISTS "churn_day" ON tordesc."churn" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."clients" (
    "date" date,
    "node" text,
    "country" text,
    "transport" text,
    "version" text,
    "lower" bigint,
    "upper" bigint,
    "clients" bigint,
    "frac" bigint
);
CREATE INDEX IF NOT EXISTS "clients_day" ON tordesc."clients" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."concentration" (
    "date" date,
    "group" text,
    "position" text,
    "members" bigint,
    "gini" double precision,
    "top10" double precision,
    "hhi" double precision,
    "effective" double precision,
    "known" double precision,
    "statuses" bigint
);
CREATE INDEX IF NOT EXISTS "concentration_day" ON tordesc."concentration" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."connbidirect2" (
    "date" date,
    "direction" text,
    "quantile" double precision,
    "fraction" bigint
);
CREATE INDEX IF NOT EXISTS "connbidirect2_day" ON tordesc."connbidirect2" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."disagreement" (
    "validafter" timestamp,
    "attribute" text,
    "votes" bigint,
    "required" bigint,
    "max" bigint,
    "relays" bigint
);
CREATE INDEX IF NOT EXISTS "disagreement_day" ON tordesc."disagreement" (("validafter"::date));

CREATE TABLE IF NOT EXISTS tordesc."fast_exits" (
    "date" date,
    "fastnum" double precision,
    "almostnum" double precision,
    "fastprob" double precision,
    "almostprob" double precision
);
CREATE INDEX IF NOT EXISTS "fast_exits_day" ON tordesc."fast_exits" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."hidserv" (
    "date" date,
    "type" text,
    "wmean" double precision,
    "wmedian" double precision,
    "wiqm" double precision,
    "frac" double precision,
    "stats" bigint
);
CREATE INDEX IF NOT EXISTS "hidserv_day" ON tordesc."hidserv" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."hidserv_v3" (
    "date" date,
    "type" text,
    "wmean" double precision,
    "wmedian" double precision,
    "wiqm" double precision,
    "frac" double precision,
    "stats" bigint
);
CREATE INDEX IF NOT EXISTS "hidserv_v3_day" ON tordesc."hidserv_v3" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."ipv6servers" (
    "valid_after_date" date,
    "server" text,
    "guard_relay" boolean,
    "exit_relay" boolean,
    "announced_ipv6" boolean,
    "exiting_ipv6_relay" boolean,
    "reachable_ipv6_relay" boolean,
    "server_count_sum_avg" bigint,
    "advertised_bandwidth_bytes_sum_avg" bigint
);
CREATE INDEX IF NOT EXISTS "ipv6servers_day" ON tordesc."ipv6servers" (("valid_after_date"::date));

CREATE TABLE IF NOT EXISTS tordesc."latencies" (
    "date" date,
    "source" text,
    "server" text,
    "low" bigint,
    "q1" bigint,
    "md" bigint,
    "q3" bigint,
    "high" bigint
);
CREATE INDEX IF NOT EXISTS "latencies_day" ON tordesc."latencies" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."measurements" (
    "date" date,
    "authority" text,
    "fingerprint" text,
    "listed" bigint,
    "measured" bigint,
    "compared" bigint,
    "p5" double precision,
    "p25" double precision,
    "median" double precision,
    "p75" double precision,
    "p95" double precision,
    "authorities" bigint
);
CREATE INDEX IF NOT EXISTS "measurements_day" ON tordesc."measurements" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."networksize" (
    "date" date,
    "relays" bigint,
    "bridges" bigint
);
CREATE INDEX IF NOT EXISTS "networksize_day" ON tordesc."networksize" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."onionperf_failures" (
    "date" date,
    "source" text,
    "server" text,
    "timeouts" bigint,
    "failures" bigint,
    "requests" bigint
);
CREATE INDEX IF NOT EXISTS "onionperf_failures_day" ON tordesc."onionperf_failures" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."onionperf_including_partials" (
    "date" date,
    "filesize" bigint,
    "source" text,
    "server" text,
    "q1" bigint,
    "md" bigint,
    "q3" bigint
);
CREATE INDEX IF NOT EXISTS "onionperf_including_partials_day" ON tordesc."onionperf_including_partials" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."onionperf_throughput" (
    "date" date,
    "source" text,
    "server" text,
    "low" bigint,
    "q1" bigint,
    "md" bigint,
    "q3" bigint,
    "high" bigint
);
CREATE INDEX IF NOT EXISTS "onionperf_throughput_day" ON tordesc."onionperf_throughput" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."overload" (
    "date" date,
    "kind" text,
    "relays" bigint,
    "reporters" bigint,
    "weight" double precision,
    "reporters_weight" double precision,
    "statuses" bigint
);
CREATE INDEX IF NOT EXISTS "overload_day" ON tordesc."overload" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."platforms" (
    "date" date,
    "platform" text,
    "relays" bigint
);
CREATE INDEX IF NOT EXISTS "platforms_day" ON tordesc."platforms" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."relay_countries" (
    "date" date,
    "country" text,
    "relays" double precision,
    "advertised_bandwidth" bigint,
    "consensus_weight" double precision,
    "guard_probability" double precision,
    "middle_probability" double precision,
    "exit_probability" double precision,
    "statuses" bigint,
    "described" double precision,
    "database" date
);
CREATE INDEX IF NOT EXISTS "relay_countries_day" ON tordesc."relay_countries" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."relay_families" (
    "date" date,
    "family" text,
    "members" bigint,
    "relays" double precision,
    "advertised_bandwidth" bigint,
    "consensus_weight" double precision,
    "guard_probability" double precision,
    "middle_probability" double precision,
    "exit_probability" double precision,
    "statuses" bigint,
    "described" double precision
);
CREATE INDEX IF NOT EXISTS "relay_families_day" ON tordesc."relay_families" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."relay_systems" (
    "date" date,
    "as" bigint,
    "name" text,
    "relays" double precision,
    "advertised_bandwidth" bigint,
    "consensus_weight" double precision,
    "guard_probability" double precision,
    "middle_probability" double precision,
    "exit_probability" double precision,
    "statuses" bigint,
    "described" double precision,
    "database" date
);
CREATE INDEX IF NOT EXISTS "relay_systems_day" ON tordesc."relay_systems" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."relayflags" (
    "date" date,
    "flag" text,
    "relays" bigint
);
CREATE INDEX IF NOT EXISTS "relayflags_day" ON tordesc."relayflags" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."servers" (
    "date" date,
    "flag" text,
    "country" text,
    "version" text,
    "platform" text,
    "ec2bridge" boolean,
    "relays" bigint,
    "bridges" bigint
);
CREATE INDEX IF NOT EXISTS "servers_day" ON tordesc."servers" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."task_6498_results" (
    "valid_after" timestamp,
    "min_rate" bigint,
    "min_advbw" bigint,
    "ports" text,
    "same_network" boolean,
    "relays" bigint,
    "exit_prob" double precision
);
CREATE INDEX IF NOT EXISTS "task_6498_results_day" ON tordesc."task_6498_results" (("valid_after"::date));

CREATE TABLE IF NOT EXISTS tordesc."totalcw" (
    "valid_after_date" date,
    "nickname" text,
    "have_guard_flag" boolean,
    "have_exit_flag" boolean,
    "measured_sum_avg" bigint
);
CREATE INDEX IF NOT EXISTS "totalcw_day" ON tordesc."totalcw" (("valid_after_date"::date));

CREATE TABLE IF NOT EXISTS tordesc."userstats" (
    "date" date,
    "node" text,
    "country" text,
    "transport" text,
    "version" text,
    "frac" bigint,
    "users" bigint
);
CREATE INDEX IF NOT EXISTS "userstats_day" ON tordesc."userstats" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."userstats_combined" (
    "date" date,
    "node" text,
    "country" text,
    "transport" text,
    "version" text,
    "frac" bigint,
    "low" bigint,
    "high" bigint
);
CREATE INDEX IF NOT EXISTS "userstats_combined_day" ON tordesc."userstats_combined" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."version_adoption" (
    "date" date,
    "version" text,
    "recommended" boolean,
    "relays" double precision,
    "share" double precision,
    "weight" double precision,
    "age" bigint,
    "statuses" bigint
);
CREATE INDEX IF NOT EXISTS "version_adoption_day" ON tordesc."version_adoption" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."versions" (
    "date" date,
    "version" text,
    "relays" bigint
);
CREATE INDEX IF NOT EXISTS "versions_day" ON tordesc."versions" (("date"::date));

CREATE TABLE IF NOT EXISTS tordesc."webstats" (
    "log_date" date,
    "request_type" text,
    "platform" text,
    "channel" text,
    "locale" text,
    "incremental" boolean,
    "count" bigint
);
CREATE INDEX IF NOT EXISTS "webstats_day" ON tordesc."webstats" (("log_date"::date));
