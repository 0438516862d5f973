//! Access log of one of Tor's web servers, sanitized or as the server wrote it.

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{tag, take_till1, take_while, take_while_m_n, take_while1},
    combinator::{recognize, verify},
    sequence::{delimited, preceded, terminated},
};

use crate::{
    netdoc::{Item, Malformed, pairs},
    schema::{FromItem, Kind, Part, Problem, Sink, descriptor},
    value::*,
};

descriptor! {
    /// The requests to one site on one machine and day, in Apache's format. The names of both and the day are in the
    /// file's name, see `LogName`.
    pub struct WebServerLog<'a> = "web-server-access-log" in "https://metrics.torproject.org/web-server-logs.html",
        grammar = pairs::log_lines, first = false;

    /// The requests; in sanitized logs they are sorted and have no time of day.
    "line" => lines: Vec<LogLine<'a>>;
}

/// One request. Only the line is kept, found good; its parts are read when asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogLine<'a>(&'a [u8]);

/// The parts of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogParts<'a> {
    /// Four numbers that look like an IPv4 address. In sanitized logs `0.0.0.0` is HTTP, `0.0.0.1` HTTPS, `0.0.0.2` an
    /// onion service.
    pub ip: &'a [u8],
    /// When the request came. In sanitized logs only the day is true.
    pub date: Timestamp,
    /// The method: `GET`, `HEAD`, `POST` and others.
    pub method: &'a [u8],
    /// What was asked for, with Apache's escapes: `\"` is a quote.
    pub request: &'a [u8],
    /// The protocol: `HTTP/1.1` and others.
    pub protocol: &'a [u8],
    /// The status of the answer.
    pub status: u16,
    /// The size of the answer. Unit: bytes. Absent if nothing was sent.
    pub size: Option<u64>,
}

impl<'a> LogLine<'a> {
    /// Reads a line: `IP IDENTITY USER [DD/MON/YYYY:HH:MM:SS ±HHMM] "METHOD REQUEST PROTOCOL" STATUS SIZE …`.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        parts(line).map(|_| LogLine(line))
    }

    /// The line as it stands.
    pub fn line(&self) -> &'a [u8] {
        self.0
    }

    /// The line's parts.
    pub fn parts(&self) -> LogParts<'a> {
        parts(self.0).unwrap_or_default()
    }
}

fn parts(line: &[u8]) -> Option<LogParts<'_>> {
    let RawParts { client: ip, date, method, request, protocol, status, size } = RawParts::split(line)?;
    let is_ip = matches!(address(ip), Ok((b"", _)));
    let sound = matches!(protocol, [name @ .., b'/', major, b'.', minor]
        if is_name(name) && major.is_ascii_digit() && minor.is_ascii_digit());
    if !is_ip || !is_name(method) || request.is_empty() || !sound {
        return None;
    }
    let size = match size {
        b"-" => None,
        digits => Some(number(digits)?),
    };
    let (date, status) = (apache_time(date)?, number(status)?.try_into().ok()?);
    Some(LogParts { ip, date, method, request, protocol, status, size })
}

fn is_name(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_uppercase)
}

/// The parts of a line as they stand: they are where they should be, and nothing else is known about them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawParts<'a> {
    pub(crate) client: &'a [u8],
    pub(crate) date: &'a [u8],
    pub(crate) method: &'a [u8],
    /// Empty if there is no second blank between the quotes.
    pub(crate) request: &'a [u8],
    pub(crate) protocol: &'a [u8],
    /// Three digits.
    pub(crate) status: &'a [u8],
    /// Digits or `-`.
    pub(crate) size: &'a [u8],
}

impl<'a> RawParts<'a> {
    /// Finds the parts by the blanks, brackets and quotes between them.
    pub(crate) fn split(line: &'a [u8]) -> Option<Self> {
        let blank = || tag::<_, _, Malformed>(&b" "[..]);
        let word = || take_till1::<_, _, Malformed>(|b: u8| b.is_ascii_whitespace());
        let mut head = (
            terminated(word(), blank()),
            terminated(word(), blank()),
            terminated(word(), blank()),
            delimited(tag(&b"["[..]), take_till1(|b| b == b']'), tag(&b"] "[..])),
            delimited(tag(&b"\""[..]), quoted, tag(&b"\" "[..])),
            terminated(take_while_m_n(3, 3, |b: u8| b.is_ascii_digit()), blank()),
            alt((take_while1(|b: u8| b.is_ascii_digit()), tag(&b"-"[..]))),
        );
        let (_, (client, _, _, date, quoted, status, size)) = head.parse(line).ok()?;
        let (method, rest) = quoted.split_at(quoted.iter().position(|&b| b == b' ')?);
        let (request, protocol) = rest.split_at(rest.iter().rposition(|&b| b == b' ')?);
        let request = request.get(1..).unwrap_or_default();
        Some(RawParts { client, date, method, request, protocol: protocol.get(1..)?, status, size })
    }
}

/// What stands between quotes. As Apache writes it, a quote inside has a backslash before it. DIFFERENCE: metrics-lib does
/// not read lines with a quote inside.
fn quoted(text: &[u8]) -> IResult<&[u8], &[u8], Malformed> {
    let mut end = 0;
    while let Some(found) = text.get(end..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        end += found;
        if text[end] == b'"' {
            return Ok((&text[end..], &text[..end]));
        }
        end += 2;
    }
    Err(nom::Err::Error(Malformed))
}

/// Four numbers of one to three digits. Some logs have numbers above 255 there.
pub(crate) fn address(text: &[u8]) -> IResult<&[u8], &[u8], Malformed> {
    let byte = || take_while_m_n(1, 3, |b: u8| b.is_ascii_digit());
    let next = || preceded(tag(&b"."[..]), byte());
    recognize((byte(), next(), next(), next())).parse(text)
}

fn number(digits: &[u8]) -> Option<u64> {
    crate::netdoc::FromArg::from_arg(digits).ok()
}

/// Reads `DD/MON/YYYY:HH:MM:SS ±HHMM` as UTC.
pub(crate) fn apache_time(text: &[u8]) -> Option<Timestamp> {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let (&[d, e, b'/', m, n, o, b'/', y0, y1, y2, y3, b':', ref time @ ..], b" ", zone) =
        (text.get(..20)?, text.get(20..21)?, text.get(21..)?)
    else {
        return None;
    };
    let month = MONTHS.chunks_exact(3).position(|name| name == [m, n, o])? as u8 + 1;
    let mut iso = *b"yyyy-mm-dd hh:mm:ss";
    iso[..4].copy_from_slice(&[y0, y1, y2, y3]);
    iso[5..7].copy_from_slice(&[b'0' + month / 10, b'0' + month % 10]);
    iso[8..10].copy_from_slice(&[d, e]);
    iso[11..].copy_from_slice(time);
    let Timestamp(local) = Timestamp::parse(&iso)?;
    let (sign, offset) = match zone.split_first()? {
        (b'+', digits) => (1, digits),
        (b'-', digits) => (-1, digits),
        _ => return None,
    };
    let offset = i64::try_from(number(offset).filter(|_| offset.len() == 4)?).ok()?;
    Some(Timestamp(local - sign * (offset / 100 * 3600 + offset % 100 * 60)))
}

impl<'a> FromItem<'a> for LogLine<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("ip", Kind::Text),
        Part::plain("date", Kind::Time),
        Part::plain("method", Kind::Text),
        Part::plain("request", Kind::Text),
        Part::plain("protocol", Kind::Text),
        Part::plain("status", Kind::Int("")),
        Part::plain("size", Kind::Int("bytes")),
    ];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Self::parse(item.args).ok_or(Problem::BadArgument("request"))
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        let parts = self.parts();
        match (part, parts.size) {
            (0, _) => out.text(parts.ip),
            (1, _) => out.time(parts.date),
            (2, _) => out.text(parts.method),
            (3, _) => out.text(parts.request),
            (4, _) => out.text(parts.protocol),
            (5, _) => out.int(parts.status.into()),
            (_, Some(size)) => out.int(i64::try_from(size).unwrap_or(i64::MAX)),
            _ => out.null(),
        }
    }
}

/// What the name of a sanitized log tells: `VIRTUAL_PHYSICAL_access.log_YYYYMMDD`, with any ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogName<'a> {
    /// The site.
    pub virtual_host: &'a [u8],
    /// The machine.
    pub physical_host: &'a [u8],
    /// The day, at 00:00:00.
    pub date: Timestamp,
}

impl<'a> LogName<'a> {
    /// Reads the last part of a path.
    pub fn parse(path: &'a str) -> Option<Self> {
        let name = path.rsplit('/').next()?.as_bytes();
        let host = || verify(take_while::<_, _, Malformed>(|b| b != b'_'), |host: &[u8]| !host.is_empty());
        let (_, (virtual_host, physical_host, day)) = (
            terminated(host(), tag(&b"_"[..])),
            terminated(host(), tag(&b"_access.log_"[..])),
            take_while_m_n(8, 8, |b: u8| b.is_ascii_digit()),
        )
            .parse(name)
            .ok()?;
        Some(LogName { virtual_host, physical_host, date: Timestamp::of_day(day)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_good_or_not() {
        let line = LogLine::parse(
            b"0.0.0.1 a b [07/Dec/2016:20:16:18 -1000] \"GET /?q=a b\\\" HTTP/1.1\" 200 3000000000 \"-\" \"x",
        )
        .expect("good")
        .parts();
        assert_eq!((line.ip, line.method, line.request), (&b"0.0.0.1"[..], &b"GET"[..], &b"/?q=a b\\\""[..]));
        assert_eq!((line.status, line.size), (200, Some(3_000_000_000)));
        assert_eq!(line.date.to_string(), "2016-12-08 06:16:18");
        for bad in [
            "0.0.0.0 - - [22/Jan/2018:00:00:00 +0000] \"GET /collector/archive HTTP/1.1\" 301 X \"ccc\"",
            "42.41.39 - - [04/May/2017:06:07:08 +0000] \"HEAD /x HTTP/1.1\" 200 294",
            "42.41.40.1039 - - [04/May/2017:06:07:08 +0000] \"HEAD /x HTTP/1.1\" 200 294",
            "0.0.0.99 - - [05/June/2017:15:16:17 +0000] \"GET /x FTP/1.0\" 300 536",
            "1.2.3.4 - - [30/May/2017:06:56:54 +0000] \"-\" 408 0 \"-\" \"-\"",
            "1.2.3.4 - - [31/Feb/2017:06:56:54 +0000] \"GET / HTTP/1.1\" 200 -",
            "1.2.3.4 - - [30/May/2017:06:56:54 +0000] \"GET / HTTP/2\" 200 -",
            "1.2.3.4 - - [30/May/2017:06:56:54 +0000] \"GET HTTP/1.1\" 200 -",
            "1.2.3.4 - - [30/May/2017:06:56:54 +0000] \"GET / HTTP/1.1\\",
            "",
        ] {
            assert_eq!(LogLine::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn names_tell_hosts_and_day() {
        let name = LogName::parse(
            "webstats/x/metrics.torproject.org_meronense.torproject.org_access.log_20170530.gz",
        )
        .expect("a log's name");
        assert_eq!(name.physical_host, b"meronense.torproject.org");
        assert_eq!(name.date.to_string(), "2017-05-30 00:00:00");
        assert_eq!(LogName::parse("a_b_access.log_20170231.gz"), None);
    }
}
