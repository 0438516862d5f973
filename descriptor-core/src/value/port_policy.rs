//! Exit policies in short, `accept 80,443` or `reject 1-65535`.

use std::fmt;

use super::{Policy, number::digits};
use crate::{
    netdoc::Item,
    schema::{FromItem, Kind, Part, Problem, Reader, Sink},
};

/// The summary of an exit policy: the ports to which most addresses are allowed, or are not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PortPolicy<'a> {
    /// Whether the ports are those allowed.
    pub accept: bool,
    /// The ports and ranges, comma-separated, each valid.
    pub ports: &'a [u8],
    /// Both, if one blank is between them, as tor writes them; else empty.
    text: &'a [u8],
}

impl<'a> PortPolicy<'a> {
    /// The listed ranges, first and last port.
    pub fn ranges(&self) -> impl Iterator<Item = (u16, u16)> + use<'a> {
        self.ports.split(|&b| b == b',').filter_map(range)
    }

    /// Whether a connection to a port is allowed at most addresses.
    pub fn allows(&self, port: u16) -> bool {
        self.ranges().any(|(first, last)| (first..=last).contains(&port)) == self.accept
    }
}

/// As tor writes it.
impl fmt::Display for PortPolicy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.accept { "accept" } else { "reject" };
        // Digits, commas and dashes.
        write!(f, "{verb} {}", String::from_utf8_lossy(self.ports))
    }
}

fn range(text: &[u8]) -> Option<(u16, u16)> {
    let port = |text| digits(text).and_then(|port| u16::try_from(port).ok());
    match text.iter().position(|&b| b == b'-') {
        Some(dash) => Some((port(&text[..dash])?, port(&text[dash + 1..])?)).filter(|(a, b)| a <= b),
        None => port(text).map(|port| (port, port)),
    }
}

impl<'a> FromItem<'a> for PortPolicy<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Policy(&Kind::Text))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Self::parse(item, is_sound)
    }

    #[inline]
    fn read(item: &Item<'a>, reader: &mut Reader<'a>) -> Result<Self, Problem> {
        Self::parse(item, |ports| reader.memo.is_item_sound(item, |_| is_sound(ports)))
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        if self.text.is_empty() {
            out.text(self.to_string().as_bytes());
        } else {
            out.text(self.text);
        }
    }

    fn as_policy(&self) -> Option<Policy<'_>> {
        Some(Policy::Ports(*self))
    }
}

impl<'a> PortPolicy<'a> {
    #[inline]
    fn parse(item: &Item<'a>, is_all_sound: impl FnOnce(&'a [u8]) -> bool) -> Result<Self, Problem> {
        // As tor writes it. A list of ports has no blanks, so that one that is sound is all there is.
        if let Some((verb @ (b"accept " | b"reject "), ports)) = item.args.split_first_chunk::<7>()
            && is_all_sound(ports)
        {
            return Ok(PortPolicy { accept: verb == b"accept ", ports, text: item.args });
        }
        let mut args = item.args();
        let accept = match args.text("accept or reject")? {
            b"accept" => true,
            b"reject" => false,
            _ => return Err(Problem::BadArgument("accept or reject")),
        };
        let ports = args.text("port list")?;
        if is_sound(ports) {
            Ok(PortPolicy { accept, ports, text: &[] })
        } else {
            Err(Problem::BadArgument("port list"))
        }
    }
}

/// Takes a port off a text; as [`digits`], it may begin with zeros.
#[inline]
fn leading_port(text: &[u8]) -> Option<(u32, &[u8])> {
    let (mut port, mut length) = (0, 0);
    while let Some(digit) = text.get(length).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10) {
        port = (port * 10 + u32::from(digit)).min(1 << 16);
        length += 1;
    }
    (matches!(length, 1..=20) && port < 1 << 16).then(|| (port, &text[length..]))
}

/// Whether each of the comma-separated ranges is one, in one pass.
fn is_sound(ports: &[u8]) -> bool {
    let mut rest = ports;
    loop {
        let Some((first, mut left)) = leading_port(rest) else { return false };
        if let [b'-', last @ ..] = left {
            match leading_port(last) {
                Some((last, after)) if first <= last => left = after,
                _ => return false,
            }
        }
        match left {
            [b',', left @ ..] => rest = left,
            _ => return left.is_empty(),
        }
    }
}
