//! Exit policies: `accept` and `reject` lines (dir-spec §2.1.3).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    ops::RangeInclusive,
};

use super::{
    Policy,
    number::{digits, ipv4, ipv6},
    policy_summary::summarize,
};
use crate::{
    netdoc::{Item, items},
    schema::{Count, FromItem, Kind, Part, Problem, Reader, Sink, Slot},
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

    /// Whether every IPv4 address is among them.
    pub fn is_all(&self) -> bool {
        ipv4_net(*self).is_some_and(|(_, bits)| bits == 0)
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

/// As tor writes it.
impl fmt::Display for AddressPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            AddressPattern::Any => f.write_str("*"),
            AddressPattern::AnyV4 => f.write_str("*4"),
            AddressPattern::AnyV6 => f.write_str("*6"),
            AddressPattern::Net(IpAddr::V4(net), 32) => write!(f, "{net}"),
            AddressPattern::Net(IpAddr::V4(net), bits) => write!(f, "{net}/{bits}"),
            AddressPattern::Net(IpAddr::V6(net), 128) => write!(f, "[{net}]"),
            AddressPattern::Net(IpAddr::V6(net), bits) => write!(f, "[{net}]/{bits}"),
            AddressPattern::Mask(net, mask) => write!(f, "{}/{}", Ipv4Addr::from(net), Ipv4Addr::from(mask)),
        }
    }
}

/// One line of an exit policy, such as `reject 0.0.0.0/8:*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRule<'a> {
    /// The line from `accept` or `reject` on.
    pub line: &'a [u8],
    /// Whether it is an `accept` line.
    pub accept: bool,
    /// Which addresses it is about.
    pub address: AddressPattern,
    /// Which ports it is about.
    pub ports: RangeInclusive<u16>,
}

impl<'a> PolicyRule<'a> {
    /// Whether the rule is about a connection.
    pub fn matches(&self, address: IpAddr, port: u16) -> bool {
        self.ports.contains(&port) && self.address.matches(address)
    }
}

impl<'a> FromItem<'a> for PolicyRule<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Text)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let (accept, address, ports) = rule(item)?;
        Ok(PolicyRule { line: line(item), accept, address, ports })
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.text(self.line);
    }
}

/// Reads a rule without its line.
#[inline]
fn rule(item: &Item<'_>) -> Result<(bool, AddressPattern, RangeInclusive<u16>), Problem> {
    let accept = match item.keyword {
        b"accept" => true,
        b"reject" => false,
        _ => return Err(Problem::Misplaced("rules for IPv6 stand in configuration files only")),
    };
    let pattern = item.args().text("address and port")?;
    // Most rules are about all ports or about all addresses.
    let (address, ports) = match pattern {
        [address @ .., b':', b'*'] => (address, 0..=u16::MAX),
        [b'*', b':', ports @ ..] => (&b"*"[..], self::ports(ports).ok_or(Problem::BadArgument("port"))?),
        _ => {
            let colon = pattern.iter().rposition(|&b| b == b':').ok_or(Problem::BadArgument("port"))?;
            let ports = self::ports(&pattern[colon + 1..]).ok_or(Problem::BadArgument("port"))?;
            (&pattern[..colon], ports)
        }
    };
    let address = AddressPattern::parse(address).ok_or(Problem::BadArgument("address"))?;
    Ok((accept, address, ports))
}

/// An item's line without `opt`.
fn line<'a>(item: &Item<'a>) -> &'a [u8] {
    let line = item.line();
    if item.opt { &line[line.len() - (item.keyword.len() + 1 + item.args.len())..] } else { line }
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

/// An exit policy: all `accept` and `reject` lines of a descriptor, in order.
///
/// The lines are checked one by one while the descriptor is read, but not kept one by one: they follow each other in
/// the document, so the policy is the slice from the first through the last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExitPolicy<'a> {
    /// From the first rule through the last one.
    text: &'a [u8],
    /// Where `text` begins in the document.
    start: usize,
    /// Whether something else stands among the rules: another line, a malformed rule, the word `opt`.
    mixed: bool,
}

impl<'a> ExitPolicy<'a> {
    /// Whether the descriptor has no rule at all. Every descriptor that Tor accepts has one.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The rules in order.
    pub fn rules(&self) -> impl Iterator<Item = PolicyRule<'a>> + use<'a> {
        items(self.text).filter_map(|item| PolicyRule::from_item(&item).ok())
    }

    /// Whether a connection is allowed: the first rule that fits decides; if none fits, it is.
    ///
    /// The lines of a server descriptor are about IPv4 alone, whatever `*` seems to say; for IPv6 ask
    /// [`ServerDescriptor::allows`](crate::document::ServerDescriptor::allows).
    pub fn allows(&self, address: IpAddr, port: u16) -> bool {
        self.rules().find(|rule| rule.matches(address, port)).is_none_or(|rule| rule.accept)
    }

    /// The policy in short, as consensuses and microdescriptors have it: `accept 80,443` or `reject 25,119`, the ports
    /// to which most IPv4 addresses are allowed, or are not, whichever list is shorter (dir-spec §3.8.2).
    pub fn summary(&self) -> String {
        summarize(self.rules())
    }

    /// Whether the relay is of use as an exit: connections to both port 80 and port 443 are allowed for some network of
    /// at least 2^24 addresses. The flag `Exit` is given by this rule (dir-spec §3.4.2).
    pub fn is_exit(&self) -> bool {
        [80, 443].into_iter().all(|port| self.allows_some_network(port))
    }

    /// Whether no connection at all is allowed: a rule that rejects everything comes before any that accepts.
    pub fn rejects_all(&self) -> bool {
        self.rules()
            .find(|rule| rule.accept || (rule.ports == (0..=u16::MAX) && rule.address.is_all()))
            .is_some_and(|rule| !rule.accept)
    }

    fn allows_some_network(&self, port: u16) -> bool {
        // One bit for each /8 network of which a part is rejected.
        let mut rejected = [false; 256];
        for rule in self.rules().filter(|rule| rule.ports.contains(&port)) {
            let Some((net, bits)) = ipv4_net(rule.address) else { continue };
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            let (first, last) = ((net & mask) >> 24, (net | !mask) >> 24);
            for network in first..=last {
                match &mut rejected[network as usize] {
                    true => {}
                    _ if matches!(network, 0 | 10 | 127) => {}
                    _ if rule.accept && bits <= 8 => return true,
                    status => *status = !rule.accept,
                }
            }
        }
        false
    }

    fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (text, mut start) = (self.text, 0);
        let last = text.len().checked_sub(1).filter(|&last| text[last] != b'\n').map(|last| last + 1);
        memchr::memchr_iter(b'\n', text).chain(last).map(move |end| {
            let line = &text[start..end];
            start = end + 1;
            line
        })
    }
}

/// The IPv4 network of a pattern; `None` for IPv6.
pub(super) fn ipv4_net(address: AddressPattern) -> Option<(u32, u32)> {
    match address {
        AddressPattern::Any | AddressPattern::AnyV4 => Some((0, 0)),
        AddressPattern::Net(IpAddr::V4(net), bits) => Some((net.into(), bits.into())),
        // Rules with holes in their mask are taken for the network that surely holds them all.
        AddressPattern::Mask(net, mask) => Some((net & mask, mask.leading_ones())),
        AddressPattern::AnyV6 | AddressPattern::Net(IpAddr::V6(_), _) => None,
    }
}

impl<'a> Slot<'a> for ExitPolicy<'a> {
    const COUNT: Count = Count::Many;
    const PARTS: &'static [Part] = &[Part::whole(Kind::Policy(&Kind::List(&Kind::Text)))];

    #[inline]
    fn fill(&mut self, item: &Item<'a>, _again: bool, reader: &mut Reader<'a>) -> Result<(), Problem> {
        if let Err(problem) = rule(item) {
            self.mixed = true;
            return Err(problem);
        }
        let end = item.offset + item.raw.len();
        if self.text.is_empty() {
            self.start = item.offset;
        } else if self.start + self.text.len() != item.offset {
            self.mixed = true;
        }
        self.mixed |= item.opt | item.object.is_some();
        self.text = reader.bytes(self.start, end);
        Ok(())
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.list();
        if self.mixed {
            self.rules().for_each(|rule| out.text(rule.line));
        } else {
            self.lines().for_each(|line| out.text(line));
        }
        out.end_list();
    }

    fn policy(&self) -> Option<Policy<'_>> {
        Some(Policy::Rules(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::ServerDescriptor, netdoc::frames, schema::parse};

    fn with<T>(lines: &str, test: impl FnOnce(&ExitPolicy<'_>) -> T) -> T {
        let text = format!("router a 1.2.3.4 1 0 0\nuptime 1\n{lines}");
        let frame = frames(text.as_bytes(), None).next().expect("a frame");
        test(&parse::<ServerDescriptor<'_>>(frame).partial.exit_policy)
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        with("reject 10.0.0.0/255.0.0.0:*\naccept *:80-81\nreject *:*\n", |policy| {
            assert!(policy.allows([11, 0, 0, 1].into(), 80));
            assert!(!policy.allows([10, 9, 0, 1].into(), 80));
            assert!(!policy.allows([11, 0, 0, 1].into(), 82));
        });
        assert!(with("reject *:25\n", |policy| policy.allows([1, 1, 1, 1].into(), 26)));
    }

    #[test]
    fn lines_among_the_rules_and_malformed_rules_are_left_out() {
        let lines = "opt reject *:25\nreject *:66666\ncontact x\naccept *:80\naccept6 *:80\n";
        with(lines, |policy| {
            let rules: Vec<_> = policy.rules().map(|rule| rule.line).collect();
            assert_eq!(rules, [&b"reject *:25"[..], b"accept *:80"]);
        });
    }

    #[test]
    fn an_exit_allows_both_web_ports_somewhere() {
        assert!(with("accept *:80\naccept *:443\nreject *:*\n", |policy| policy.is_exit()));
        assert!(!with("accept *:80\nreject *:*\n", |policy| policy.is_exit()));
        assert!(!with("accept 1.2.0.0/16:*\nreject *:*\n", |policy| policy.is_exit()));
        assert!(!with("accept 10.0.0.0/8:*\nreject *:*\n", |policy| policy.is_exit()));
        assert!(with("reject 1.2.3.4:*\naccept *:*\n", |policy| policy.is_exit()));
        assert!(with("reject *:25\nreject *:*\n", |policy| policy.rejects_all()));
        assert!(!with("reject *:25\n", |policy| policy.rejects_all()));
    }
}
