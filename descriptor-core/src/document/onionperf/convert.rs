//! OnionPerf's measurements as Torperf results, by metrics-lib's rules.

use std::collections::{BTreeMap, HashMap};

use super::model::{Circuit, Entries, Scalar, Source, Sources, TgenStream, TorStream, Transfer};

/// A download and a stream of tor belong together if they used the same port and ended so close to each other.
const SAME_STREAM: f64 = 150.0;

/// Events that a result must have; they stand at `0.0` until the measurements tell their time.
const REQUIRED: [&str; 9] = [
    "START",
    "SOCKET",
    "CONNECT",
    "NEGOTIATE",
    "REQUEST",
    "RESPONSE",
    "DATAREQUEST",
    "DATARESPONSE",
    "DATACOMPLETE",
];

/// Events that are there too, at `0.0`, in results of versions 1 and 2.
const TRANSFERS_ONLY: [&str; 11] = [
    "LAUNCH",
    "DATAPERC10",
    "DATAPERC20",
    "DATAPERC30",
    "DATAPERC40",
    "DATAPERC50",
    "DATAPERC60",
    "DATAPERC70",
    "DATAPERC80",
    "DATAPERC90",
    "DATAPERC100",
];

/// For each download an annotation line and a result line.
pub(super) fn to_torperf(sources: &Sources) -> Vec<u8> {
    let mut text = String::new();
    for (name, source) in &sources.0 {
        let source = &source.0;
        let tor = TorSide::of(source);
        for (_, transfer) in &source.tgen.0.transfers.0 {
            let transfer = &transfer.0;
            let mut result = Line::new(name, source);
            result.transfer(transfer);
            tor.add_to(&mut result, &transfer.endpoint_local, &transfer.unix_ts_end);
            result.write(&mut text);
        }
        for (_, stream) in &source.tgen.0.streams.0 {
            let stream = &stream.0;
            let mut result = Line::new(name, source);
            result.stream(stream);
            tor.add_to(&mut result, &stream.transport_info.0.local, &stream.unix_ts_end);
            result.write(&mut text);
        }
    }
    text.into_bytes()
}

/// What tor told, by source port and by circuit.
struct TorSide<'a> {
    streams: HashMap<&'a str, Vec<&'a TorStream>>,
    circuits: HashMap<&'a str, &'a Circuit>,
}

impl<'a> TorSide<'a> {
    fn of(source: &'a Source) -> Self {
        let tor = &source.tor.0;
        let mut streams: HashMap<&str, Vec<&TorStream>> = HashMap::new();
        for (_, stream) in &tor.streams.0 {
            if let Scalar::Text(source) = &stream.0.source
                && let Some(port) = source.split(':').nth(1)
            {
                streams.entry(port).or_default().push(&stream.0);
            }
        }
        TorSide { streams, circuits: tor.circuits.0.iter().map(|(id, it)| (id.as_str(), &it.0)).collect() }
    }

    /// Adds the streams that a download used, and their circuits. `local` is `NAME:ADDRESS:PORT`.
    fn add_to(&self, result: &mut Line, local: &Scalar, end: &Scalar) {
        let (Scalar::Text(local), Some(end)) = (local, end.float()) else { return };
        let streams = local.split(':').nth(2).and_then(|port| self.streams.get(port));
        for stream in streams.into_iter().flatten() {
            if stream.unix_ts_end.float().is_some_and(|at| (end - at).abs() < SAME_STREAM) {
                result.tor_stream(stream);
                let circuit = stream.circuit_id.text().and_then(|id| self.circuits.get(id.as_str()).copied());
                if let Some(circuit) = circuit {
                    result.circuit(circuit);
                }
            }
        }
    }
}

/// A result in the making; its keys are sorted.
struct Line {
    pairs: BTreeMap<String, String>,
    error: Vec<String>,
}

impl Line {
    fn new(name: &str, source: &Source) -> Self {
        let mut line = Line { pairs: BTreeMap::new(), error: Vec::new() };
        line.put("SOURCE", Some(name.to_owned()));
        line.put("SOURCEADDRESS", source.measurement_ip.text());
        line.put("DIDTIMEOUT", Some("0".to_owned()));
        line.never(&REQUIRED);
        line
    }

    fn put(&mut self, key: impl Into<String>, value: Option<String>) {
        if let Some(value) = value {
            self.pairs.insert(key.into(), value);
        }
    }

    fn int(&mut self, key: &str, value: &Scalar) {
        self.put(key, value.int().map(|value| value.to_string()));
    }

    fn never(&mut self, keys: &[&str]) {
        keys.iter().for_each(|key| self.put(*key, Some("0.0".to_owned())));
    }

    /// A time that lies some seconds after the start; without these, the start itself.
    fn time(&mut self, key: impl Into<String>, start: Option<f64>, seconds: Option<f64>) {
        self.put(key, start.map(|start| hundredths(start + seconds.unwrap_or(0.0))));
    }

    /// The milestones of a payload: bytes, and shares as percent.
    fn payload(&mut self, start: Option<f64>, bytes: &Entries<Scalar>, shares: &Entries<Scalar>) {
        for (bytes, seconds) in &bytes.0 {
            self.time(format!("PARTIAL{bytes}"), start, seconds.float());
        }
        for (share, seconds) in &shares.0 {
            if let Ok(share) = share.parse::<f64>() {
                self.time(format!("DATAPERC{:.0}", (share * 100.0).round()), start, seconds.float());
            }
        }
    }

    fn failed(&mut self, code: &Scalar) {
        self.put("DIDTIMEOUT", Some("1".to_owned()));
        if code.is("PROXY") {
            self.error.push("TOR".to_owned());
        } else {
            self.error.push("TGEN".to_owned());
            self.error.extend(code.text());
        }
    }

    fn transfer(&mut self, transfer: &Transfer) {
        self.put("ENDPOINTLOCAL", transfer.endpoint_local.text());
        self.put("ENDPOINTPROXY", transfer.endpoint_proxy.text());
        self.put("ENDPOINTREMOTE", transfer.endpoint_remote.text());
        self.put("HOSTNAMELOCAL", transfer.hostname_local.text());
        self.put("HOSTNAMEREMOTE", transfer.hostname_remote.text());
        self.int("FILESIZE", &transfer.filesize_bytes);
        self.int("READBYTES", &transfer.total_bytes_read);
        self.int("WRITEBYTES", &transfer.total_bytes_write);
        self.never(&TRANSFERS_ONLY);
        let start = transfer.unix_ts_start.float();
        self.time("START", start, None);
        let Some(elapsed) = transfer.elapsed_seconds.as_ref().filter(|_| start.is_some()) else { return };
        let elapsed = &elapsed.0;
        for (key, seconds) in [
            ("SOCKET", &elapsed.socket_create),
            ("CONNECT", &elapsed.socket_connect),
            ("NEGOTIATE", &elapsed.proxy_choice),
            ("REQUEST", &elapsed.proxy_request),
            ("RESPONSE", &elapsed.proxy_response),
            ("DATAREQUEST", &elapsed.command),
            ("DATARESPONSE", &elapsed.response),
            ("DATACOMPLETE", &elapsed.last_byte),
        ] {
            self.time(key, start, seconds.float());
        }
        self.payload(start, &elapsed.payload_bytes, &elapsed.payload_progress);
        if transfer.is_error.is_true() {
            self.failed(&transfer.error_code);
        }
    }

    fn stream(&mut self, stream: &TgenStream) {
        let (bytes, info, transport) = (&stream.byte_info.0, &stream.stream_info.0, &stream.transport_info.0);
        self.put("READBYTES", Some(bytes.total_bytes_recv.text().unwrap_or_else(|| "0".to_owned())));
        self.put("WRITEBYTES", Some(bytes.total_bytes_send.text().unwrap_or_else(|| "0".to_owned())));
        self.put("FILESIZE", info.recvsize.text());
        self.put("HOSTNAMELOCAL", info.name.text());
        self.put("HOSTNAMEREMOTE", info.peername.text());
        self.put("ENDPOINTLOCAL", transport.local.text());
        self.put("ENDPOINTPROXY", transport.proxy.text());
        self.put("ENDPOINTREMOTE", transport.remote.text());
        let start = stream.unix_ts_start.float();
        if start.is_none() {
            return;
        }
        self.time("START", start, None);
        let times = &stream.time_info.0;
        for (key, micros) in [
            ("SOCKET", &times.usecs_to_socket_create),
            ("CONNECT", &times.usecs_to_socket_connect),
            ("NEGOTIATE", &times.usecs_to_proxy_choice),
            ("REQUEST", &times.usecs_to_proxy_request),
            ("RESPONSE", &times.usecs_to_proxy_response),
            ("DATAREQUEST", &times.usecs_to_command),
            ("DATARESPONSE", &times.usecs_to_response),
            ("DATACOMPLETE", &times.usecs_to_last_byte_recv),
        ] {
            // Negative microseconds mean that the event did not happen.
            if let Some(micros) = micros.float().filter(|micros| !micros.is_sign_negative()) {
                self.time(key, start.filter(|start| *start >= 0.0), Some(micros / 1_000_000.0));
            }
        }
        let elapsed = &stream.elapsed_seconds.0;
        self.payload(start, &elapsed.payload_bytes_recv, &elapsed.payload_progress_recv);
        if stream.is_error.is_true() {
            self.failed(&info.error);
        }
    }

    fn tor_stream(&mut self, stream: &TorStream) {
        if let Some(reason) = stream.failure_reason_local.text() {
            self.error.push(reason);
            self.error.extend(stream.failure_reason_remote.text());
        }
        self.time("USED_AT", stream.unix_ts_end.float(), None);
        self.int("USED_BY", &stream.stream_id);
    }

    fn circuit(&mut self, circuit: &Circuit) {
        self.time("LAUNCH", circuit.unix_ts_start.float(), None);
        let Some(path) = &circuit.path else { return };
        // A hop is `["$FINGERPRINT~NICKNAME", SECONDS]`.
        let (mut relays, mut times) = (Vec::new(), Vec::new());
        for hop in &path.0 {
            if let [Scalar::Text(relay), seconds, ..] = hop.0.as_slice()
                && let Some(seconds) = seconds.float()
            {
                relays.push(relay.split('~').next().unwrap_or_default());
                times.push(hundredths(seconds));
            }
        }
        self.put("PATH", Some(relays.join(",")));
        self.put("BUILDTIMES", Some(times.join(",")));
        self.int("TIMEOUT", &circuit.build_timeout);
        self.put("QUANTILE", circuit.build_quantile.float().map(|quantile| format!("{quantile:?}")));
        self.int("CIRC_ID", &circuit.circuit_id);
    }

    fn write(mut self, text: &mut String) {
        if !self.error.is_empty() {
            let error = self.error.join("/");
            self.put("ERRORCODE", Some(error));
        }
        text.push_str("@type torperf 1.1\n");
        for (index, (key, value)) in self.pairs.iter().enumerate() {
            if index > 0 {
                text.push(' ');
            }
            text.push_str(key);
            text.push('=');
            text.push_str(value);
        }
        text.push('\n');
    }
}

/// Two decimal places, as Java writes them: the shortest decimal that reads back as the number, rounded half up. Rust
/// rounds the number's exact value, half to even, which differs in the last place now and then.
fn hundredths(value: f64) -> String {
    let text = value.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digit = |at| fraction.as_bytes().get(at).map_or(0, |digit| u128::from(digit - b'0'));
    let up = u128::from(digit(2) >= 5);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    match whole.parse::<u128>().ok().and_then(|whole| whole.checked_mul(100)) {
        Some(cents) => {
            let cents = cents + digit(0) * 10 + digit(1) + up;
            format!("{sign}{}.{:02}", cents / 100, cents % 100)
        }
        None => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_half_up_in_decimal() {
        for (value, text) in [
            (1.005, "1.01"),
            (0.125, "0.13"),
            (1587991280.395, "1587991280.40"),
            (-0.004, "-0.00"),
            (9.999, "10.00"),
            (3.0, "3.00"),
            (1e-9, "0.00"),
            (1e300, &format!("{:.2}", 1e300)),
        ] {
            assert_eq!(hundredths(value), text);
        }
    }

    #[test]
    fn what_has_another_type_is_as_good_as_absent() {
        let sources = serde_json::from_str(
            r#"{"a": {"tgen": {"transfers": {"t": {"elapsed_seconds": [], "endpoint_local": {"x": 1}, "unix_ts_start": "7.5"},
                "u": 3}, "streams": {"s": {"unix_ts_start": 1, "time_info": {"usecs-to-command": 5000, "usecs-to-response": "-1"}}}},
                "tor": null}, "b": 5}"#,
        )
        .expect("JSON");
        let text = String::from_utf8(to_torperf(&sources)).expect("text");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 6);
        assert!(lines[1].contains(" START=7.50"));
        assert!(lines[5].contains(" DATAREQUEST=1.01 DATARESPONSE=0.0 "), "{}", lines[5]);
    }
}
