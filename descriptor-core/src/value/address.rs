//! An address with its port, `1.2.3.4:9001` or `[2001:db8::1]:9001`.

use std::{
    fmt::{self, Write},
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use super::number::{digits, ipv4, ipv6};
use crate::{
    netdoc::FromArg,
    schema::{BAD, Kind, Problem, Sink},
};

/// An address and port that a relay listens at besides its main one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrAddress(pub SocketAddr);

impl OrAddress {
    /// Reads an address, with brackets if it is IPv6, and a port.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let colon = memchr::memrchr(b':', text)?;
        let port = digits(&text[colon + 1..])?.try_into().ok()?;
        let address = match &text[..colon] {
            [b'[', inner @ .., b']'] => IpAddr::V6(ipv6(inner)?),
            plain => IpAddr::V4(ipv4(plain)?),
        };
        Some(OrAddress(SocketAddr::new(address, port)))
    }
}

impl<'a> FromArg<'a> for OrAddress {
    const KIND: Kind = Kind::Text;

    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        Self::parse(arg).ok_or(BAD)
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        let mut text = Text { bytes: [0; 64], length: 0 };
        match self.0 {
            SocketAddr::V6(it) if !is_written_with_dots(it.ip()) => text.ipv6(it.ip().segments()),
            // Any address and port take at most 58 bytes, so that the text holds them.
            it => drop(write!(text, "{it}")),
        }
        if text.bytes[text.length.saturating_sub(1)] == b']' {
            text.push(b":");
            text.decimal(self.0.port());
        }
        out.text(&text.bytes[..text.length]);
    }
}

/// Whether the usual form of an address has an IPv4 address at its end.
fn is_written_with_dots(address: &Ipv6Addr) -> bool {
    matches!(address.segments(), [0, 0, 0, 0, 0, 0 | 0xffff, ..])
}

/// A short text in the making. What does not fit is left out.
struct Text {
    bytes: [u8; 64],
    length: usize,
}

impl Text {
    fn push(&mut self, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.length..self.length + bytes.len()) {
            place.copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }

    fn decimal(&mut self, value: u16) {
        let digits = [10_000, 1000, 100, 10, 1].map(|power| b'0' + (value / power % 10) as u8);
        let zeros = digits.iter().take(4).take_while(|&&digit| digit == b'0').count();
        self.push(&digits[zeros..]);
    }

    fn hex(&mut self, value: u16) {
        let digits = [12, 8, 4, 0].map(|shift| b"0123456789abcdef"[usize::from(value >> shift & 15)]);
        let zeros = digits.iter().take(3).take_while(|&&digit| digit == b'0').count();
        self.push(&digits[zeros..]);
    }

    /// An address in brackets; the first longest run of two or more zeros is left out (RFC 5952). The general formatter
    /// takes ten times as long.
    fn ipv6(&mut self, groups: [u16; 8]) {
        let (mut gap, mut at) = (0..0, 0);
        while at < 8 {
            let run = groups[at..].iter().take_while(|&&group| group == 0).count();
            if run > 1 && run > gap.len() {
                gap = at..at + run;
            }
            at += run + 1;
        }
        self.push(b"[");
        for (index, &group) in groups.iter().enumerate() {
            if gap.contains(&index) {
                self.push(if index == gap.start { b"::" } else { b"" });
                continue;
            }
            if index > 0 && index != gap.end {
                self.push(b":");
            }
            self.hex(group);
        }
        self.push(b"]");
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

impl<'a> FromArg<'a> for IpAddr {
    const KIND: Kind = Kind::Address;

    #[inline]
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        let inner = arg.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(arg);
        ipv4(arg).map(IpAddr::V4).or_else(|| ipv6(inner).map(IpAddr::V6)).ok_or(BAD)
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.address(*self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Value, ValueSink};

    #[test]
    fn addresses_are_written_as_the_standard_library_writes_them() {
        let mut seed = 3u64;
        for _ in 0..20_000 {
            let groups: [u16; 8] = std::array::from_fn(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                if seed >> 62 < 2 { 0 } else { (seed >> 40) as u16 >> (seed >> 56 & 15) }
            });
            let address = SocketAddr::new(Ipv6Addr::from(groups).into(), groups[7]);
            let mut sink = ValueSink::default();
            FromArg::emit(&OrAddress(address), &mut sink);
            assert_eq!(sink.finish(), Value::Text(address.to_string().into_bytes()));
        }
        for text in
            ["1.2.3.4:0", "255.255.255.255:65535", "[::]:1", "[::ffff:1.2.3.4]:5", "[::1]:10", "[1::]:100"]
        {
            let mut sink = ValueSink::default();
            FromArg::emit(&OrAddress::parse(text.as_bytes()).expect("an address"), &mut sink);
            assert_eq!(sink.finish(), Value::Text(text.into()));
        }
    }
}
