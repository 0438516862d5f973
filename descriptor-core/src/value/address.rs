//! An address with its port, `1.2.3.4:9001` or `[2001:db8::1]:9001`.

use std::net::{IpAddr, SocketAddr};

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

    fn emit(&self, out: &mut dyn Sink) {
        use std::io::Write;
        let mut text = [0; 64];
        let mut cursor = &mut text[..];
        // An address and port take at most 58 bytes, so the write cannot fail.
        let _ = write!(cursor, "{}", self.0);
        let left = cursor.len();
        out.text(&text[..64 - left]);
    }
}

impl<'a> FromArg<'a> for IpAddr {
    const KIND: Kind = Kind::Address;

    #[inline]
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        let inner = arg.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(arg);
        ipv4(arg).map(IpAddr::V4).or_else(|| ipv6(inner).map(IpAddr::V6)).ok_or(BAD)
    }

    fn emit(&self, out: &mut dyn Sink) {
        out.address(*self);
    }
}
