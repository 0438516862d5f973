//! Torperf result: one download over Tor, measured.

use std::net::IpAddr;

use crate::{
    netdoc::{FromArg, Item, Lexer, pairs},
    schema::{FromItem, Kind, Part, Problem, Reader, Sink, Table, descriptor},
    value::*,
};

descriptor! {
    /// One download over Tor, measured by Torperf (until 2017) or OnionPerf: one line of `KEY=value` pairs. Times of
    /// events are exact to the millisecond; 0 means that the event did not happen, and columns have nothing then.
    pub struct TorperfResult<'a> = "torperf" in "https://metrics.torproject.org/collector.html#type-torperf",
        grammar = pairs::torperf, first = false, check = Some(is_free_of_duplicates);

    /// The name of the machine that measured.
    "SOURCE" => source_name: &'a [u8];
    /// The size of the file that was asked for. Unit: bytes.
    "FILESIZE" => file_size: u64;
    /// When the connection process started.
    "START" => start: EpochMillis;
    /// When the socket was made.
    "SOCKET" => socket: EpochMillis;
    /// When the socket was connected.
    "CONNECT" => connect: EpochMillis;
    /// When the SOCKS authentication method was agreed on.
    "NEGOTIATE" => negotiate: EpochMillis;
    /// When the SOCKS request was sent.
    "REQUEST" => request: EpochMillis;
    /// When the SOCKS response was received.
    "RESPONSE" => response: EpochMillis;
    /// When the HTTP request was written.
    "DATAREQUEST" => data_request: EpochMillis;
    /// When the first response was received.
    "DATARESPONSE" => data_response: EpochMillis;
    /// When the payload was complete.
    "DATACOMPLETE" => data_complete: EpochMillis;
    /// How much was written. Unit: bytes.
    "WRITEBYTES" => write_bytes: u64;
    /// How much was read. Unit: bytes.
    "READBYTES" => read_bytes: u64;
    /// Whether the request timed out, or failed otherwise in OnionPerf. Absent in some results before 2011.
    "DIDTIMEOUT" => did_timeout: Option<Truth>;
    /// When so many percent of the expected bytes were read, as `DATAPERC10`.
    "DATAPERC" => data_percentiles: Vec<Milestone>;
    /// When so many bytes were read, as `PARTIAL51200`. Since 2020.
    "PARTIAL" => partials: Vec<Milestone>;
    /// When the circuit was launched.
    "LAUNCH" => launch: Option<EpochMillis>;
    /// When the circuit was used.
    "USED_AT" => used_at: Option<EpochMillis>;
    /// The relays of the circuit, guard first.
    "PATH" => path: Option<NodePath<'a>>;
    /// How long after the launch each hop was built. Unit: seconds.
    "BUILDTIMES" => build_times: Option<BuildTimes<'a>>;
    /// The circuit build timeout that the Tor client used. Unit: milliseconds.
    "TIMEOUT" => timeout: Option<i64>;
    /// The quantile from which that timeout was found.
    "QUANTILE" => quantile: Option<f64>;
    /// The identifier of the circuit.
    "CIRC_ID" => circ_id: Option<i64>;
    /// The identifier of the stream.
    "USED_BY" => used_by: Option<i64>;
    /// Host name, address and port at which the client's connection began. Since 2017, as all that follow.
    "ENDPOINTLOCAL" => endpoint_local: Option<&'a [u8]>;
    /// Host name, address and port of the SOCKS proxy.
    "ENDPOINTPROXY" => endpoint_proxy: Option<&'a [u8]>;
    /// Host name, address and port of the server.
    "ENDPOINTREMOTE" => endpoint_remote: Option<&'a [u8]>;
    /// The client's host name.
    "HOSTNAMELOCAL" => hostname_local: Option<&'a [u8]>;
    /// The server's host name.
    "HOSTNAMEREMOTE" => hostname_remote: Option<&'a [u8]>;
    /// The public address of the machine that measured, or `unknown`.
    "SOURCEADDRESS" => source_address: Option<&'a [u8]>;
    /// Why the download failed. Absent if it did not. Since 2019.
    "ERRORCODE" => error_code: Option<&'a [u8]>;
}

impl<'a> TorperfResult<'a> {
    /// All pairs in order, known or not.
    pub fn pairs(&self) -> Pairs<'a> {
        Pairs(self.raw.trim_ascii())
    }

    /// The pairs that no row knows.
    pub fn unknown_pairs(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut lexer = Lexer::new(self.raw);
        std::iter::from_fn(move || pairs::torperf(&mut lexer))
            .filter(|item| Self::row(item.keyword).is_none())
            .map(|item| (item.keyword, item.args))
    }

    /// [`source_address`](Self::source_address), if it is known.
    pub fn source_ip(&self) -> Option<IpAddr> {
        std::str::from_utf8(self.source_address?).ok()?.parse().ok()
    }
}

/// "A key must not stand twice": for the numbered ones the table does not see it.
fn is_free_of_duplicates<'a>(result: &TorperfResult<'a>, reader: &mut Reader<'a>) {
    for (key, milestones) in [("DATAPERC", &result.data_percentiles), ("PARTIAL", &result.partials)] {
        let mut numbers: Vec<u64> = milestones.iter().map(|milestone| milestone.number).collect();
        numbers.sort_unstable();
        if numbers.windows(2).any(|pair| pair[0] == pair[1]) {
            reader.complain_at(key, result.raw, Problem::Duplicate);
        }
    }
}

/// Whether a line is a Torperf result: it begins with two keys that the table knows.
pub(crate) fn detect(text: &[u8]) -> bool {
    let line = text[..text.len().min(512)].split(|&b| b == b'\n').next().unwrap_or_default();
    let mut lexer = Lexer::new(line);
    (0..2).all(|_| pairs::torperf(&mut lexer).is_some_and(|item| TorperfResult::row(item.keyword).is_some()))
}

/// When a part of the payload had arrived: `NUMBER=TIME`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Milestone {
    /// The part: percent or bytes.
    pub number: u64,
    /// When it was there; 0 if never.
    pub time: EpochMillis,
}

impl<'a> FromItem<'a> for Milestone {
    const PARTS: &'static [Part] = &[Part::of("number", Kind::Int("")), Part::of("time", Kind::Time)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let bad = Problem::BadArgument("number=time");
        let (number, time) = Pairs(item.args).iter().next().ok_or(bad.clone())?;
        let number = FromArg::from_arg(number).map_err(|_| bad.clone())?;
        if item.keyword == b"DATAPERC" && number > 100 {
            return Err(Problem::BadArgument("percentage"));
        }
        Ok(Milestone { number, time: EpochMillis::parse(time).ok_or(bad)? })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.int(i64::try_from(self.number).unwrap_or(i64::MAX)),
            _ => FromArg::emit(&self.time, out),
        }
    }
}

/// How long each hop took, counted from the launch of the circuit; comma-separated seconds, each valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BuildTimes<'a>(pub &'a [u8]);

impl<'a> BuildTimes<'a> {
    /// Milliseconds from the launch until each hop was built.
    pub fn millis(&self) -> impl Iterator<Item = i64> + use<'a> {
        self.0.split(|&b| b == b',').filter_map(EpochMillis::parse).map(|millis| millis.0)
    }
}

impl<'a> FromItem<'a> for BuildTimes<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::List(&Kind::Float("seconds")))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let times = item.args().text("build times")?;
        let sound = times.split(|&b| b == b',').all(|time| EpochMillis::parse(time).is_some());
        if sound { Ok(BuildTimes(times)) } else { Err(Problem::BadArgument("build times")) }
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.list();
        self.millis().for_each(|millis| out.float(millis as f64 / 1000.0));
        out.end_list();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::Type,
        netdoc::{Frame, frames},
        schema::parse,
    };

    const REQUIRED: &str = "CONNECT=1475625721.63 DATACOMPLETE=1475625728.97 DATAREQUEST=1475625722.21 DATARESPONSE=1475625722.71 FILESIZE=1048576 NEGOTIATE=1475625721.63 READBYTES=1048873 REQUEST=1475625721.63 RESPONSE=0.0 SOCKET=1475625721.63 SOURCE=moria START=1475625721.63 WRITEBYTES=74";

    #[test]
    fn numbered_and_unknown_keys_are_kept() {
        let text = format!("DATAPERC0=1.5 DATAPERC100=2.25 DATAPERMILLE=2.0 PARTIAL51200=0.0 {REQUIRED}\r\n");
        let result = parse::<TorperfResult<'_>>(Frame::whole(Type::Torperf, text.as_bytes()));
        assert!(result.issues.is_empty(), "{:?}", result.issues);
        let result = result.document().expect("complete");
        assert_eq!(result.data_percentiles[1], Milestone { number: 100, time: EpochMillis(2250) });
        assert_eq!(result.partials[0].number, 51200);
        assert_eq!((result.write_bytes, result.response), (74, EpochMillis(0)));
        let unknown: Vec<_> = result.unknown_pairs().collect();
        assert_eq!(unknown, [(&b"DATAPERMILLE"[..], &b"2.0"[..])]);
    }

    #[test]
    fn what_metrics_lib_refuses_is_an_issue() {
        for (text, key) in [
            (format!("{REQUIRED} SOURCE=x"), "SOURCE"),
            (format!("{REQUIRED} DATAPERC1=1.0 DATAPERC1=2.0"), "DATAPERC"),
            (format!("{REQUIRED} DATAPERC101=1.0"), "DATAPERC"),
            (format!("{REQUIRED} PATH=$AB"), "PATH"),
            (format!("{REQUIRED} DIDTIMEOUT=2"), "DIDTIMEOUT"),
            (format!("{REQUIRED} word"), ""),
            (REQUIRED.replace("SOCKET=", "SOCKETS="), "SOCKET"),
            (REQUIRED.replace("WRITEBYTES=74", "WRITEBYTES="), "WRITEBYTES"),
        ] {
            let result = parse::<TorperfResult<'_>>(Frame::whole(Type::Torperf, text.as_bytes()));
            let keys: Vec<_> = result.issues.iter().map(|issue| issue.keyword.as_ref()).collect();
            assert_eq!(keys, [key], "{text}");
        }
    }

    #[test]
    fn one_annotation_may_stand_for_a_whole_file() {
        let text = format!("@type torperf 1.0\n{REQUIRED}\n{REQUIRED}\n{REQUIRED}\n");
        let kinds: Vec<_> = frames(text.as_bytes(), None).map(|frame| frame.kind).collect();
        assert_eq!(kinds, [Some(Type::Torperf); 3]);
        assert!(!detect(b"START=x rest"));
    }
}
