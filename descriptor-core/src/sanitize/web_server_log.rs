//! Web server access logs (collector §7): one request to one sanitized line.
//!
//! What comes out of a line: `IP - - [DAY:00:00:00 +0000] "METHOD REQUEST PROTOCOL" STATUS SIZE`.
//!
//! | part | becomes |
//! |---|---|
//! | client | `0.0.0.0`; what a server writes instead of addresses, `0.0.0.x`, stays |
//! | identity, user, referrer, user agent, all that follows the size | gone |
//! | time | the day in UTC |
//! | method | stays; only `GET` and `HEAD` are published |
//! | request | cut at the first `?`; under [`Current`](RuleSet::Current) see below |
//! | protocol, status, size | stay; statuses 400 and 404 are not published |
//!
//! **What stays, and what it may say.** The path is published as it was asked for. Whatever a site puts into paths is
//! published with it: names of accounts, tokens in links, addresses that somebody looks up. A version number such as
//! `0.4.8.10` cannot be told from an address, so that addresses are not looked for. Sites must put what is private
//! behind a `?` or answer it with 404. Besides, size and path together tell which of several answers was given.
//!
//! **What `current` does otherwise than CollecTor.** Clients with IPv6 addresses are counted. Sizes may have 63 bits, not
//! 31. `HTTP/2` and `HTTP/3` are read and written as `HTTP/2.0` and `HTTP/3.0`, which every reader of published logs
//! knows. Days that do not exist, as 31 February, are refused; CollecTor takes the last day of the month. The request is
//! cut at `#` too (some clients send what Relay Search was asked for), at `?` and `#` that are escaped, and before a part
//! with an e-mail address; of a request that begins with `?`, CollecTor publishes the query: it is refused.

use std::collections::BTreeSet;

use crate::{
    document::web_server_log::{RawParts, address, apache_time},
    netdoc::FromArg,
    schema::RuleSet,
    value::Timestamp,
};

/// Why a line is not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Unpublished {
    /// It is no request in Apache's format.
    #[error("not a request in Apache's format")]
    Syntax,
    /// The client has no address that can be read.
    #[error("no address of a client")]
    Client,
    /// The time cannot be read, or there is no such day.
    #[error("no such time")]
    Time,
    /// The method is neither `GET` nor `HEAD`.
    #[error("neither GET nor HEAD")]
    Method,
    /// The request is empty, without what must be cut, or has a quote in it.
    #[error("no path that may be published")]
    Request,
    /// The protocol is not HTTP.
    #[error("not HTTP")]
    Protocol,
    /// The status is 400 or 404.
    #[error("status 400 or 404")]
    Status,
    /// The size is beyond what is read.
    #[error("size too large")]
    Size,
    /// The guard has found something of the client in what would be published.
    #[error("LEAK found by the guard")]
    Leak,
}

impl Unpublished {
    /// All reasons.
    pub const ALL: [Unpublished; 9] = {
        use Unpublished::*;
        [Syntax, Client, Time, Method, Request, Protocol, Status, Size, Leak]
    };

    /// A word for counters, such as `not-http`.
    pub fn word(self) -> &'static str {
        match self {
            Unpublished::Syntax => "syntax",
            Unpublished::Client => "client",
            Unpublished::Time => "time",
            Unpublished::Method => "method",
            Unpublished::Request => "request",
            Unpublished::Protocol => "protocol",
            Unpublished::Status => "status",
            Unpublished::Size => "size",
            Unpublished::Leak => "leak",
        }
    }
}

/// The lines of a log. CollecTor ends a line at LF, CR or both.
pub fn web_server_log_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    super::breaks::Breaks::new(text).map(|(_, line)| line)
}

/// Appends what a line becomes, without a line end, and tells its day, at 00:00:00. Appends nothing if the line is not
/// published.
pub fn web_server_log_line(line: &[u8], rules: RuleSet, out: &mut Vec<u8>) -> Result<Timestamp, Unpublished> {
    let is_old = rules < RuleSet::Current;
    let parts = RawParts::split(line).ok_or(Unpublished::Syntax)?;
    let is_ipv4 = matches!(address(parts.client), Ok((b"", _)));
    if !is_ipv4 && (is_old || !is_ipv6(parts.client)) {
        return Err(Unpublished::Client);
    }
    if !matches!(parts.method, b"GET" | b"HEAD") {
        return Err(Unpublished::Method);
    }
    let (protocol, minor) = protocol(parts.protocol, is_old).ok_or(Unpublished::Protocol)?;
    // What has quotes in it could not be read by the readers of published logs.
    if memchr::memchr(b'"', parts.request).is_some() {
        return Err(Unpublished::Request);
    }
    let request = if is_old { without_query(parts.request) } else { without_secrets(parts.request) };
    if request.is_empty() {
        return Err(Unpublished::Request);
    }
    let status = u16::from_arg(parts.status).map_err(|_| Unpublished::Syntax)?;
    if matches!(status, 400 | 404) {
        return Err(Unpublished::Status);
    }
    let most = if is_old { i64::from(i32::MAX) } else { i64::MAX };
    let size = match parts.size {
        b"-" => None,
        digits => Some(i64::from_arg(digits).ok().filter(|size| *size <= most).ok_or(Unpublished::Size)?),
    };
    let day = day(parts.date, is_old).ok_or(Unpublished::Time)?;

    out.extend_from_slice(if is_ipv4 && parts.client.starts_with(b"0.0.0.") {
        parts.client
    } else {
        b"0.0.0.0"
    });
    out.extend_from_slice(b" - - [");
    out.extend_from_slice(&apache_day(day));
    out.extend_from_slice(b":00:00:00 +0000] \"");
    out.extend_from_slice(parts.method);
    out.push(b' ');
    match is_old {
        // CollecTor reads UTF-8, and writes U+FFFD for what is none.
        true => out.extend_from_slice(String::from_utf8_lossy(request).as_bytes()),
        false => out.extend_from_slice(request),
    }
    out.push(b' ');
    out.extend_from_slice(protocol);
    out.extend_from_slice(minor);
    out.extend_from_slice(b"\" ");
    let mut digits = itoa::Buffer::new();
    out.extend_from_slice(digits.format(status).as_bytes());
    out.push(b' ');
    match size {
        Some(size) => out.extend_from_slice(digits.format(size).as_bytes()),
        None => out.push(b'-'),
    }
    Ok(day)
}

fn is_ipv6(text: &[u8]) -> bool {
    // A link-local address may have a zone.
    let text = text.split(|&b| b == b'%').next().unwrap_or_default();
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
}

/// The protocol, and the minor version if it must be added.
fn protocol(protocol: &[u8], is_old: bool) -> Option<(&[u8], &'static [u8])> {
    let (name, version) = protocol.split_at(protocol.iter().position(|&b| b == b'/')?);
    if !name.starts_with(b"HTTP") || !name.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    match version {
        [_, major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit() => Some((protocol, b"")),
        [_, major] if !is_old && major.is_ascii_digit() => Some((protocol, b".0")),
        _ => None,
    }
}

/// The request up to the query. What begins with `?` stays whole, as in CollecTor.
fn without_query(request: &[u8]) -> &[u8] {
    match memchr::memchr(b'?', request) {
        Some(at) if at > 0 => &request[..at],
        _ => request,
    }
}

/// The request up to the query or fragment, escaped or not, and up to the part of the path with an e-mail address, as
/// Mailman's pages have it. That is as well where a user and a password stand before a host.
fn without_secrets(request: &[u8]) -> &[u8] {
    let escaped = |at: usize, codes: [&[u8]; 2]| {
        let code = request.get(at + 1..at + 3).unwrap_or_default();
        codes.iter().any(|it| code.eq_ignore_ascii_case(it))
    };
    let end = memchr::memchr3_iter(b'?', b'#', b'%', request)
        .find(|&at| request[at] != b'%' || escaped(at, [b"3f", b"23"]));
    let request = &request[..end.unwrap_or(request.len())];
    let is_mail = |part: &[u8]| {
        let marks = [&b"@"[..], b"%40", b"--at--"];
        marks.iter().any(|mark| memchr::memmem::find(part, mark).is_some())
    };
    match is_mail(request) {
        false => request,
        true => {
            let parts = request.split_inclusive(|&b| b == b'/');
            let length = parts.take_while(|part| !is_mail(part)).map(<[u8]>::len).sum();
            &request[..length]
        }
    }
}

/// The day in UTC of a time `DD/MON/YYYY:HH:MM:SS ±HHMM`. CollecTor takes the last day of a month for days up to 31 that
/// the month does not have. Nobody reads a second of 60, nor more than 18 hours off Greenwich.
fn day(text: &[u8], is_old: bool) -> Option<Timestamp> {
    let mut text: [u8; 26] = text.try_into().ok()?;
    let zone = u16::from_arg(&text[22..]).ok()?;
    if &text[18..20] == b"60" || zone > 1800 || zone % 100 > 59 {
        return None;
    }
    let mut time = apache_time(&text);
    if is_old && time.is_none() && matches!(&text[..2], b"29" | b"30" | b"31") {
        let days = [*b"30", *b"29", *b"28"];
        time = days.into_iter().find_map(|day| {
            text[..2].copy_from_slice(&day);
            apache_time(&text)
        });
    }
    time.map(midnight)
}

fn midnight(Timestamp(time): Timestamp) -> Timestamp {
    Timestamp(time.div_euclid(86400) * 86400)
}

/// `DD/MON/YYYY`.
fn apache_day(day: Timestamp) -> [u8; 11] {
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let iso = day.format(b' ');
    let month = usize::from(iso[5] - b'0') * 10 + usize::from(iso[6] - b'0');
    let mut text = *b"00/Jan/0000";
    text[..2].copy_from_slice(&iso[8..10]);
    text[3..6].copy_from_slice(&MONTHS[(month - 1) * 3..month * 3]);
    text[7..].copy_from_slice(&iso[..4]);
    text
}

/// The days that may be written (collector §7.3), of all days that there are requests of. The oldest day and the newest
/// two may still be without some of their requests. Without `limits`, all days may be written.
pub fn web_server_log_days(days: &BTreeSet<Timestamp>, limits: bool) -> BTreeSet<Timestamp> {
    if !limits {
        return days.clone();
    }
    days.iter().copied().skip(1).take(days.len().saturating_sub(3)).collect()
}

/// What the path of a log tells that a server wrote: `PHYSICAL/VIRTUAL-access.log-YYYYMMDD.ENDING`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerLogName<'a> {
    /// The site.
    pub virtual_host: &'a str,
    /// The machine: the name of the folder that the log lies in.
    pub physical_host: &'a str,
    /// The day when the log was closed, at 00:00:00.
    pub date: Timestamp,
}

impl<'a> ServerLogName<'a> {
    /// Reads a path. CollecTor knows no logs without an ending. DIFFERENCE: names of hosts may have letters, digits, `-`
    /// and `.` only, and not begin with a dot: they become names of folders, and `_` stands between them in the names of
    /// published logs.
    pub fn parse(path: &'a str, rules: RuleSet) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/')?;
        let physical_host = folder.rsplit('/').next()?;
        let (virtual_host, rest) = name.rsplit_once("-access.log-")?;
        let (date, ending) = rest.split_at_checked(8)?;
        let ending = ending.strip_prefix('.').unwrap_or(ending);
        let has_ending = !ending.is_empty() || (rules == RuleSet::Current && rest.len() == 8);
        if !has_ending || !ending.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        if !is_host(virtual_host) || !is_host(physical_host) {
            return None;
        }
        Some(ServerLogName { virtual_host, physical_host, date: Timestamp::of_day(date.as_bytes())? })
    }
}

fn is_host(name: &str) -> bool {
    let is_good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_good)
}

/// Where CollecTor keeps a sanitized log (collector §0.2), compressed with xz.
pub fn web_server_log_path(virtual_host: &str, physical_host: &str, day: Timestamp) -> String {
    let text = day.to_string();
    let (year, month, date) = (&text[..4], &text[5..7], &text[8..10]);
    let name = format!("{virtual_host}_{physical_host}_access.log_{year}{month}{date}.xz");
    format!("webstats/{virtual_host}/{year}/{month}/{date}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(line: &str, rules: RuleSet) -> Result<String, Unpublished> {
        let mut out = Vec::new();
        let day = web_server_log_line(line.as_bytes(), rules, &mut out)?;
        let text = String::from_utf8(out).expect("text");
        assert!(text.contains(std::str::from_utf8(&apache_day(day)).expect("text")));
        Ok(text)
    }

    const OLD: RuleSet = RuleSet::Collector1_18_2;
    const NEW: RuleSet = RuleSet::Current;

    #[test]
    fn nothing_stays_but_what_is_said() {
        let text = "203.0.113.7 ident user [07/Dec/2016:20:16:18 -1000] \"GET /a b?q=x HTTP/1.1\" 200 007 \"ref\" \"agent\"";
        for rules in [OLD, NEW] {
            let expected = "0.0.0.0 - - [08/Dec/2016:00:00:00 +0000] \"GET /a b HTTP/1.1\" 200 7";
            assert_eq!(line(text, rules).as_deref(), Ok(expected));
            assert!(
                line(&text.replace("203.0.113.7", "0.0.0.2"), rules).expect("good").starts_with("0.0.0.2 - ")
            );
            for (from, to, reason) in [
                ("GET", "POST", Unpublished::Method),
                ("200", "404", Unpublished::Status),
                ("200", "400", Unpublished::Status),
                ("200", "2000", Unpublished::Syntax),
                ("Dec", "Foo", Unpublished::Time),
                (":18 ", ":60 ", Unpublished::Time),
                ("-1000", "-1900", Unpublished::Time),
                ("HTTP", "RTSP", Unpublished::Protocol),
                ("/a b?", "/\\\"?", Unpublished::Request),
                (" 007", " 99999999999999999999", Unpublished::Size),
                ("203.0.113.7", "host.example", Unpublished::Client),
                ("203.0.113.7", "www.example.org:443 203.0.113.7", Unpublished::Syntax),
            ] {
                assert_eq!(line(&text.replacen(from, to, 1), rules), Err(reason), "{from} {to}");
            }
        }
    }

    #[test]
    fn defects_of_the_original_are_not_repeated() {
        let text = |client: &str, day: &str, protocol: &str, size: &str| {
            format!("{client} - - [{day}/2026:01:02:03 +0000] \"GET / {protocol}\" 200 {size}")
        };
        let cases = [
            (
                text("2001:db8::1", "01/Mar", "HTTP/1.1", "1"),
                Err(Unpublished::Client),
                Ok("0.0.0.0 - - [01/Mar/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 200 1"),
            ),
            (
                text("::ffff:0.0.0.1", "01/Mar", "HTTP/1.1", "1"),
                Err(Unpublished::Client),
                Ok("0.0.0.0 - - [01/Mar/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 200 1"),
            ),
            (
                text("1.2.3.4", "01/Mar", "HTTP/2", "1"),
                Err(Unpublished::Protocol),
                Ok("0.0.0.0 - - [01/Mar/2026:00:00:00 +0000] \"GET / HTTP/2.0\" 200 1"),
            ),
            (
                text("1.2.3.4", "01/Mar", "HTTP/3.0", "2147483648"),
                Err(Unpublished::Size),
                Ok("0.0.0.0 - - [01/Mar/2026:00:00:00 +0000] \"GET / HTTP/3.0\" 200 2147483648"),
            ),
            (
                text("1.2.3.4", "31/Feb", "HTTP/1.1", "1"),
                Ok("0.0.0.0 - - [28/Feb/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 200 1"),
                Err(Unpublished::Time),
            ),
            (text("1.2.3.4", "32/Jan", "HTTP/1.1", "1"), Err(Unpublished::Time), Err(Unpublished::Time)),
        ];
        for (text, old, new) in cases {
            assert_eq!(line(&text, OLD).as_deref().map_err(|reason| *reason), old, "{text}");
            assert_eq!(line(&text, NEW).as_deref().map_err(|reason| *reason), new, "{text}");
        }
    }

    #[test]
    fn requests_are_cut() {
        for (request, old, new) in [
            ("/a?b?c", "/a", "/a"),
            ("/rs.html#search/1.2.3.4?x", "/rs.html#search/1.2.3.4", "/rs.html"),
            ("/a%3Fip=1.2.3.4", "/a%3Fip=1.2.3.4", "/a"),
            ("/a%20b%23c", "/a%20b%23c", "/a%20b"),
            (
                "/mailman/options/talk/me--at--example.org",
                "/mailman/options/talk/me--at--example.org",
                "/mailman/options/talk/",
            ),
            ("http://me:secret@example.org/x", "http://me:secret@example.org/x", "http://"),
            ("/u/me%40example.org/x", "/u/me%40example.org/x", "/u/"),
            ("?odd", "?odd", ""),
            ("/dist/tor-0.4.8.10.tar.gz", "/dist/tor-0.4.8.10.tar.gz", "/dist/tor-0.4.8.10.tar.gz"),
            ("/50%", "/50%", "/50%"),
        ] {
            assert_eq!(without_query(request.as_bytes()), old.as_bytes(), "{request}");
            assert_eq!(without_secrets(request.as_bytes()), new.as_bytes(), "{request}");
        }
    }

    #[test]
    fn the_oldest_and_the_newest_two_days_wait() {
        let days =
            |range: std::ops::Range<i64>| range.map(|day| Timestamp(day * 86400)).collect::<BTreeSet<_>>();
        assert_eq!(web_server_log_days(&days(19..24), true), days(20..22));
        for few in 0..4 {
            assert_eq!(web_server_log_days(&days(0..few), true), days(0..0));
        }
        assert_eq!(web_server_log_days(&days(0..2), false), days(0..2));
    }

    #[test]
    fn names_are_those_of_hosts() {
        let name =
            ServerLogName::parse("in/web1/metrics.example.org-access.log-20260328.gz", OLD).expect("good");
        assert_eq!((name.virtual_host, name.physical_host), ("metrics.example.org", "web1"));
        assert_eq!(
            web_server_log_path(name.virtual_host, name.physical_host, name.date),
            "webstats/metrics.example.org/2026/03/28/metrics.example.org_web1_access.log_20260328.xz"
        );
        for bad in [
            "metrics.example.org-access.log-20260328.gz",
            "web1/-access.log-20260328.gz",
            "web1/a-access.log-20261341.gz",
            "web1/a-error.log-20260328.gz",
            "web1/a-access.log-20260328.tar.gz",
            "web1/..-access.log-20260328.gz",
            "../a-access.log-20260328.gz",
            "web1/a_b-access.log-20260328.gz",
        ] {
            assert_eq!(ServerLogName::parse(bad, NEW), None, "{bad}");
        }
        assert_eq!(ServerLogName::parse("web1/a-access.log-20260328", OLD), None);
        assert!(ServerLogName::parse("web1/a-access.log-20260328", NEW).is_some());
    }
}
