//! Bandwidth file: what a bandwidth authority measured, as a directory authority reads it (bandwidth-file-spec).

use crate::{
    netdoc::{Lexer, pairs},
    schema::{Problem, Reader, Table, descriptor},
    value::*,
};

descriptor! {
    /// What a scanner measured about relays: a header of `key=value` lines, a terminator, and a line for each relay.
    /// Torflow's files (version 1.0) have neither header nor terminator.
    pub struct BandwidthFile<'a> = "bandwidth-file" in "bandwidth-file-spec §2.2", grammar = pairs::bandwidth_file;

    /// When the last measurement was made; the first line.
    "timestamp" => timestamp: EpochSeconds;
    /// The version of the format. Absent in 1.0..
    "version" => version: Option<Line<'a>>;
    /// The program that wrote the file, as `sbws`. Absent means Torflow.
    "software" => software: Option<Line<'a>>;
    /// The version of that program.
    "software_version" => software_version: Option<Line<'a>>;
    /// When the file was written. Since version 1.1, as all that has no other version.
    "file_created" => file_created: Option<IsoTime>;
    /// When the program was started.
    "generator_started" => generator_started: Option<IsoTime>;
    /// When the first measurement in the file was made.
    "earliest_bandwidth" => earliest_bandwidth: Option<IsoTime>;
    /// When the last measurement in the file was made.
    "latest_bandwidth" => latest_bandwidth: Option<IsoTime>;
    /// How many relays had enough measurements. Since version 1.2, as the next four.
    "number_eligible_relays" => number_eligible_relays: Option<u64>;
    /// That number as a share of the relays in the consensus. Unit: percent.
    "percent_eligible_relays" => percent_eligible_relays: Option<u64>;
    /// How many relays the consensus had.
    "number_consensus_relays" => number_consensus_relays: Option<u64>;
    /// How many relays must have enough measurements for the file to count.
    "minimum_number_eligible_relays" => minimum_number_eligible_relays: Option<u64>;
    /// That number as a share of the relays in the consensus. Unit: percent.
    "minimum_percent_eligible_relays" => minimum_percent_eligible_relays: Option<u64>;
    /// The country of the scanner. Since version 1.3.
    "scanner_country" => scanner_country: Option<Country<'a>>;
    /// The countries of the servers that were downloaded from. Since version 1.3.
    "destinations_countries" => destinations_countries: Option<Countries<'a>>;
    /// How many consensuses the scanner saw in the last days. Since version 1.4, as all up to `tor_version`.
    "recent_consensus_count" => recent_consensus_count: Option<u64>;
    /// How many times it made a list of relays to measure first.
    "recent_priority_list_count" => recent_priority_list_count: Option<u64>;
    /// How many relays were in these lists.
    "recent_priority_relay_count" => recent_priority_relay_count: Option<u64>;
    /// How many times it tried to measure a relay.
    "recent_measurement_attempt_count" => recent_measurement_attempt_count: Option<u64>;
    /// How many times that failed.
    "recent_measurement_failure_count" => recent_measurement_failure_count: Option<u64>;
    /// How many relays are left out because all measurements failed.
    "recent_measurements_excluded_error_count" => recent_measurements_excluded_error_count: Option<u64>;
    /// How many relays are left out because their measurements are too near to each other.
    "recent_measurements_excluded_near_count" => recent_measurements_excluded_near_count: Option<u64>;
    /// How many relays are left out because their measurements are too old.
    "recent_measurements_excluded_old_count" => recent_measurements_excluded_old_count: Option<u64>;
    /// How many relays are left out because they have too few measurements.
    "recent_measurements_excluded_few_count" => recent_measurements_excluded_few_count: Option<u64>;
    /// How long it would take to report half of the network. Unit: seconds.
    "time_to_report_half_network" => time_to_report_half_network: Option<Seconds>;
    /// The version of the tor that the scanner uses.
    "tor_version" => tor_version: Option<Line<'a>>;
    /// The mean bandwidth of all streams. Since version 1.7. Unit: bytes per second.
    "mu" => mu: Option<u64>;
    /// The same after slow streams were left out. Since version 1.7. Unit: bytes per second.
    "muf" => muf: Option<u64>;
    /// The nickname of the directory authority that the file is for. Since version 1.8.
    "dirauth_nickname" => dirauth_nickname: Option<Line<'a>>;
    /// Whether a terminator ends the header.
    "=====" | "====" => terminator: bool;
    /// The relays.
    "relay" => relays: Vec<BandwidthLine<'a>>;
}

/// Whether the first line is a time. Ten digits since 2001; simulated networks may live earlier.
pub(crate) fn detect(text: &[u8]) -> bool {
    let digits = text.iter().take(11).take_while(|byte| byte.is_ascii_digit()).count();
    matches!(digits, 9 | 10) && text.get(digits) == Some(&b'\n')
}

impl<'a> BandwidthFile<'a> {
    /// The version of the format; 1.0.0 if the file does not tell.
    pub fn format_version(&self) -> &'a [u8] {
        self.version.map_or(b"1.0.0", |version| version.0)
    }

    /// The program that wrote the file; `torflow` if the file does not tell.
    pub fn generator(&self) -> &'a [u8] {
        self.software.map_or(b"torflow", |software| software.0)
    }

    /// All keys and values of the header in order, known or not.
    pub fn header(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut lexer = Lexer::new(self.raw);
        std::iter::from_fn(move || pairs::bandwidth_file(&mut lexer))
            .skip(1)
            .take_while(|item| !matches!(item.keyword, b"relay" | b"=====" | b"===="))
            .map(|item| (item.keyword, item.args))
    }
}

descriptor! {
    /// One relay: `key=value` pairs separated by blanks or tabs, in any order.
    pub struct BandwidthLine<'a> = "bandwidth-line" in "bandwidth-file-spec §2.4",
        grammar = pairs::words, first = false, inline = true, check = Some(names_a_relay);

    /// The relay's fingerprint. A line has this or the next, or both.
    "node_id" => node_id: Option<NodeId>;
    /// The relay's Ed25519 identity, base64. DIFFERENCE: it is not decoded, because even the specification's examples
    /// are too long to be one.
    "master_key_ed25519" => master_key_ed25519: Option<&'a [u8]>;
    /// The bandwidth to vote for. Unit: 1000 bytes per second.
    "bw" => bw: u64;
    /// The relay's nickname.
    "nick" => nick: Option<&'a [u8]>;
    /// When the relay was last measured. Since version 1.1.
    "time" => time: Option<IsoTime>;
    /// The round-trip time. Unit: milliseconds. Since version 1.1.
    "rtt" => rtt: Option<u64>;
    /// How many measurements succeeded. Since version 1.1, as the next three.
    "success" => success: Option<u64>;
    /// How many failed because no circuit could be built.
    "error_circ" => error_circ: Option<u64>;
    /// How many failed because no stream could be attached.
    "error_stream" => error_stream: Option<u64>;
    /// How many failed otherwise.
    "error_misc" => error_misc: Option<u64>;
    /// How many failed because the server could not be reached. Since version 1.4.
    "error_destination" => error_destination: Option<u64>;
    /// How many failed because no second relay was found. Since version 1.4.
    "error_second_relay" => error_second_relay: Option<u64>;
    /// The mean of the measurements. Unit: bytes per second. Since version 1.2, as the next five.
    "bw_mean" => bw_mean: Option<u64>;
    /// The median of the measurements. Unit: bytes per second.
    "bw_median" => bw_median: Option<u64>;
    /// The average bandwidth in the relay's descriptor. Unit: bytes per second.
    "desc_bw_avg" | "desc_avg_bw" => desc_bw_avg: Option<u64>;
    /// The burst bandwidth in the relay's descriptor. Unit: bytes per second.
    "desc_bw_bur" | "desc_bur_bw" => desc_bw_bur: Option<u64>;
    /// The observed bandwidth in the relay's last descriptor. Unit: bytes per second.
    "desc_bw_obs_last" | "desc_obs_bw_last" => desc_bw_obs_last: Option<u64>;
    /// The mean of the observed bandwidths in the relay's descriptors. Unit: bytes per second.
    "desc_bw_obs_mean" | "desc_obs_bw_mean" => desc_bw_obs_mean: Option<u64>;
    /// The bandwidth in the consensus. Unit: bytes per second. Since version 1.2.
    "consensus_bandwidth" => consensus_bandwidth: Option<u64>;
    /// Whether the consensus says that too few authorities had measured it. Since version 1.2.
    "consensus_bandwidth_is_unmeasured" => consensus_bandwidth_is_unmeasured: Option<Truth>;
    /// In how many of the last consensuses the relay was. Since version 1.4, as all up to `vote`.
    "relay_in_recent_consensus_count" | "relay_recent_consensus_count" => relay_in_recent_consensus_count: Option<u64>;
    /// How many times the relay was in a list of relays to measure first.
    "relay_recent_priority_list_count" => relay_recent_priority_list_count: Option<u64>;
    /// How many times the scanner tried to measure the relay.
    "relay_recent_measurement_attempt_count" => relay_recent_measurement_attempt_count: Option<u64>;
    /// How many times that failed.
    "relay_recent_measurement_failure_count" => relay_recent_measurement_failure_count: Option<u64>;
    /// How many measurements are left out because they failed.
    "relay_recent_measurements_excluded_error_count" => relay_recent_measurements_excluded_error_count: Option<u64>;
    /// How many are left out because they are too near to each other.
    "relay_recent_measurements_excluded_near_count" => relay_recent_measurements_excluded_near_count: Option<u64>;
    /// How many are left out because they are too old.
    "relay_recent_measurements_excluded_old_count" => relay_recent_measurements_excluded_old_count: Option<u64>;
    /// How many are left out because there are too few.
    "relay_recent_measurements_excluded_few_count" => relay_recent_measurements_excluded_few_count: Option<u64>;
    /// Whether the relay is there only because too few relays were measured well.
    "under_min_report" => under_min_report: Option<Truth>;
    /// Whether authorities are to treat the relay as not measured.
    "unmeasured" => unmeasured: Option<Truth>;
    /// Whether authorities are to vote about the relay's bandwidth. Absent means yes.
    "vote" => vote: Option<Truth>;
    /// How many XOFF messages of congestion control were received. Since version 1.6.
    "xoff_recv" => xoff_recv: Option<u64>;
    /// How many XOFF messages were sent. Since version 1.6.
    "xoff_sent" => xoff_sent: Option<u64>;
    /// The mean bandwidth of the relay's streams, divided by the network's (`mu`). Since version 1.7.
    "r_strm" => r_strm: Option<f64>;
    /// The same after slow streams were left out, by `muf`. Since version 1.7.
    "r_strm_filt" => r_strm_filt: Option<f64>;
    /// When Torflow measured the relay.
    "measured_at" => measured_at: Option<EpochSeconds>;
    /// When Torflow wrote the line.
    "updated_at" => updated_at: Option<EpochSeconds>;
    /// The error that Torflow's feedback loop saw.
    "pid_error" => pid_error: Option<f64>;
    /// The sum of these errors.
    "pid_error_sum" => pid_error_sum: Option<f64>;
    /// The bandwidth that the feedback loop found. Unit: bytes per second.
    "pid_bw" => pid_bw: Option<f64>;
    /// How much the error changed.
    "pid_delta" => pid_delta: Option<f64>;
    /// The share of circuits that failed.
    "circ_fail" => circ_fail: Option<f64>;
    /// The file of Torflow's scanner that the line is from.
    "scanner" => scanner: Option<&'a [u8]>;
}

impl<'a> BandwidthLine<'a> {
    /// All pairs in order, known or not.
    pub fn pairs(&self) -> Pairs<'a> {
        Pairs(self.raw.trim_ascii())
    }

    /// The pairs that no row knows.
    pub fn unknown_pairs(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        self.pairs().iter().filter(|(key, _)| Self::row(key).is_none())
    }
}

fn names_a_relay<'a>(line: &BandwidthLine<'a>, reader: &mut Reader<'a>) {
    if line.node_id.is_none() && line.master_key_ed25519.is_none() {
        reader.complain_at("node_id", line.raw, Problem::MissingArgument("relay"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::Type,
        netdoc::Frame,
        schema::{Parsed, parse},
    };

    const RELAY: &str =
        "bw=760\tnick=Test node_id=$68A483E05A2ABDCA6DA5A3EF8DB5177638A27F80 vote=0 new_key=7\n";

    fn read(text: &str) -> Parsed<'_, BandwidthFile<'_>> {
        parse(Frame::whole(Type::BandwidthFile, text.as_bytes()))
    }

    #[test]
    fn header_and_relays_are_read_and_unknown_keys_kept() {
        let text = format!(
            "1523911758\nversion=1.4.0\nfile_created=2018-04-16T21:49:18\nnew=x y\n=====\n{RELAY}{RELAY}"
        );
        let file = read(&text);
        assert!(file.issues.is_empty(), "{:?}", file.issues);
        let file = file.document().expect("complete");
        assert_eq!(
            (file.format_version(), file.generator(), file.terminator),
            (&b"1.4.0"[..], &b"torflow"[..], true)
        );
        assert_eq!(file.header().last(), Some((&b"new"[..], &b"x y"[..])));
        assert_eq!(file.relays.len(), 2);
        assert_eq!((file.relays[1].bw, file.relays[1].vote), (760, Some(Truth(false))));
        assert_eq!(file.relays[1].unknown_pairs().collect::<Vec<_>>(), [(&b"new_key"[..], &b"7"[..])]);
    }

    #[test]
    fn what_metrics_lib_refuses_is_an_issue() {
        let header = "1523911758\nversion=1.3.0\nscanner_country=SN\nnumber_eligible_relays=6000\nlatest_bandwidth=2018-04-16T20:49:18\n";
        for (text, keyword) in [
            (format!("1523911758\n{RELAY}\n{RELAY}"), ""),
            (format!("1523911758\n{RELAY}software=sbws\n"), "node_id"),
            (format!("1523911758\n{RELAY}bw=1 nick=x\n"), "node_id"),
            (format!("1523911758\n{}", RELAY.replace("bw=", "bandwidth=")), "bw"),
            (format!("{header}===\n{RELAY}"), ""),
            (header.replace("SN", "sn"), "scanner_country"),
            (header.replace("=6000", "=6k"), "number_eligible_relays"),
            (header.replace('T', " "), "latest_bandwidth"),
            (header.replacen("15", "x15", 1), "timestamp"),
            (format!("{header}rubbish\n"), ""),
        ] {
            let file = read(&text);
            assert!(file.issues.iter().any(|issue| issue.keyword == keyword), "{text}: {:?}", file.issues);
        }
    }

    #[test]
    fn issues_point_at_the_word() {
        let text =
            format!("1523911758\n{RELAY}nick=a bw=x node_id=$68A483E05A2ABDCA6DA5A3EF8DB5177638A27F80\n");
        let file = read(&text);
        assert_eq!(&text[file.issues[0].span.clone()], "bw=x ");
        assert_eq!(file.partial.relays.len(), 1);
    }
}
