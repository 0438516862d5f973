//! Exit policies: `accept` and `reject` lines.

use std::{net::IpAddr, ops::RangeInclusive};

use super::number::{digits, ipv4, ipv6};
use crate::{
    netdoc::Item,
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// Which addresses a rule is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AddressPattern {
    /// `*`: every address.
    #[default]
    Any,
    /// `*4`: every IPv4 address.
    AnyV4,
    /// `*6`: every IPv6 address.
    AnyV6,
    /// An address and the number of its leading bits that count.
    Net(IpAddr, u8),
    /// An IPv4 address and a mask whose bits are not contiguous.
    Mask(u32, u32),
}

impl AddressPattern {
    /// Whether an address is among them.
    pub fn matches(&self, address: IpAddr) -> bool {
        match (*self, address) {
            (AddressPattern::Any, _)
            | (AddressPattern::AnyV4, IpAddr::V4(_))
            | (AddressPattern::AnyV6, IpAddr::V6(_)) => true,
            (AddressPattern::Net(IpAddr::V4(net), bits), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(bits.min(32));
                u32::from(net).checked_shr(shift) == u32::from(address).checked_shr(shift)
            }
            (AddressPattern::Net(IpAddr::V6(net), bits), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(bits.min(128));
                u128::from(net).checked_shr(shift) == u128::from(address).checked_shr(shift)
            }
            (AddressPattern::Mask(net, mask), IpAddr::V4(address)) => net & mask == u32::from(address) & mask,
            _ => false,
        }
    }

    #[inline]
    fn parse(text: &[u8]) -> Option<Self> {
        match text {
            b"*" => return Some(AddressPattern::Any),
            b"*4" => return Some(AddressPattern::AnyV4),
            b"*6" => return Some(AddressPattern::AnyV6),
            _ => {}
        }
        let (address, mask) = match text.iter().rposition(|&b| b == b'/') {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        if let [b'[', inner @ .., b']'] = address {
            let bits = mask.map_or(Some(128), digits).filter(|&bits| bits <= 128)?;
            return Some(AddressPattern::Net(IpAddr::V6(ipv6(inner)?), bits as u8));
        }
        let net = ipv4(address)?;
        match mask {
            None => Some(AddressPattern::Net(net.into(), 32)),
            Some(mask) if mask.contains(&b'.') => {
                let mask = u32::from(ipv4(mask)?);
                Some(if mask.leading_ones() + mask.trailing_zeros() == 32 {
                    AddressPattern::Net(net.into(), mask.leading_ones() as u8)
                } else {
                    AddressPattern::Mask(net.into(), mask)
                })
            }
            Some(bits) => {
                let bits = digits(bits).filter(|&bits| bits <= 32)?;
                Some(AddressPattern::Net(net.into(), bits as u8))
            }
        }
    }
}

/// One line of an exit policy, such as `reject 0.0.0.0/8:*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRule<'a> {
    /// The line, with `accept` or `reject`.
    pub line: &'a [u8],
    /// Whether it is an `accept` line.
    pub accept: bool,
    /// Which addresses it is about.
    pub address: AddressPattern,
    /// Which ports it is about.
    pub ports: RangeInclusive<u16>,
}

impl<'a> FromItem<'a> for PolicyRule<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Text)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let pattern = item.args().text("address and port")?;
        let colon = pattern.iter().rposition(|&b| b == b':').ok_or(Problem::BadArgument("port"))?;
        let address = AddressPattern::parse(&pattern[..colon]).ok_or(Problem::BadArgument("address"))?;
        let ports = ports(&pattern[colon + 1..]).ok_or(Problem::BadArgument("port"))?;
        let line = item.line();
        Ok(PolicyRule { line, accept: item.keyword == b"accept", address, ports })
    }

    fn emit(&self, _part: usize, out: &mut dyn Sink) {
        out.text(self.line);
    }
}

/// Reads `*`, a port, or a range of ports.
#[inline]
fn ports(text: &[u8]) -> Option<RangeInclusive<u16>> {
    if text == b"*" {
        return Some(0..=u16::MAX);
    }
    let port = |text| digits(text).and_then(|port| u16::try_from(port).ok());
    match text.iter().position(|&b| b == b'-') {
        Some(dash) => {
            Some(port(&text[..dash])?..=port(&text[dash + 1..])?).filter(|it| it.start() <= it.end())
        }
        None => port(text).map(|port| port..=port),
    }
}

/// What an exit policy as a whole says.
pub trait ExitPolicy {
    /// Whether a connection is allowed: the first rule that fits decides; if none fits, it is (dir-spec §2.1.3).
    fn allows(&self, address: IpAddr, port: u16) -> bool;
}

impl ExitPolicy for [PolicyRule<'_>] {
    fn allows(&self, address: IpAddr, port: u16) -> bool {
        self.iter()
            .find(|rule| rule.ports.contains(&port) && rule.address.matches(address))
            .is_none_or(|rule| rule.accept)
    }
}
