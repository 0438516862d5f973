//! Addresses and ports as originals write them, and what stands for them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Keyed, Reason};
use crate::schema::RuleSet;

/// Reads an IPv4 address. CollecTor takes each number modulo 256 and looks at the first four only.
pub(super) fn ipv4(text: &[u8], rules: RuleSet) -> Result<Ipv4Addr, Reason> {
    let bad = Reason::BadArgument("IPv4 address");
    let text = std::str::from_utf8(text).map_err(|_| bad.clone())?;
    if rules >= RuleSet::Current {
        return text.parse().map_err(|_| bad);
    }
    let mut octets = [0; 4];
    let mut numbers = text.split('.');
    for octet in &mut octets {
        let number: i32 = numbers.next().and_then(|it| it.parse().ok()).ok_or(bad.clone())?;
        *octet = number as u8;
    }
    Ok(octets.into())
}

/// Reads an IPv6 address in brackets.
fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    let inner = text.strip_prefix(b"[")?;
    let inner = inner.strip_suffix(b"]").unwrap_or(inner);
    std::str::from_utf8(inner).ok()?.parse().ok()
}

/// Reads a port. CollecTor takes it modulo 65536.
pub(super) fn port(text: &[u8], rules: RuleSet) -> Result<u16, Reason> {
    let bad = Reason::BadArgument("port");
    let text = std::str::from_utf8(text).map_err(|_| bad.clone())?;
    if rules >= RuleSet::Current {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        return text.parse().ok().filter(|_| digits).ok_or(bad);
    }
    text.parse::<i32>().map(|port| port as u16).map_err(|_| bad)
}

/// Reads `ADDRESS:PORT`, an IPv6 address in brackets.
pub(super) fn address_and_port(text: &[u8], rules: RuleSet) -> Result<(IpAddr, u16), Reason> {
    let colon = text.iter().rposition(|&b| b == b':').ok_or(Reason::BadArgument("address and port"))?;
    let (address, port) = (&text[..colon], self::port(&text[colon + 1..], rules)?);
    let address = match address {
        [b'[', ..] => ipv6(address).ok_or(Reason::BadArgument("IPv6 address"))?.into(),
        _ => ipv4(address, rules)?.into(),
    };
    Ok((address, port))
}

impl Keyed<'_> {
    /// What stands for an address, IPv6 in brackets.
    pub(super) fn address(&self, address: IpAddr) -> String {
        match address {
            IpAddr::V4(address) => self.ipv4(address).to_string(),
            IpAddr::V6(address) => self.ipv6(address),
        }
    }

    /// What stands for `ADDRESS:PORT`.
    pub(super) fn address_and_port(&self, text: &[u8], rules: RuleSet) -> Result<String, Reason> {
        let (address, port) = address_and_port(text, rules)?;
        Ok(format!("{}:{}", self.address(address), self.port(port)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_rules_say() {
        let (old, new) = (RuleSet::Collector1_18_2, RuleSet::Current);
        assert_eq!(ipv4(b"300.1.2.3.9", old), Ok(Ipv4Addr::new(44, 1, 2, 3)));
        for bad in ["300.1.2.3", "1.2.3", "1.2.3.4.5", "example.com", "01.2.3.4", ""] {
            assert_eq!(ipv4(bad.as_bytes(), new), Err(Reason::BadArgument("IPv4 address")), "{bad}");
        }
        assert_eq!((port(b"70000", old), port(b"70000", new).is_err()), (Ok(4464), true));
        assert!(port(b"+80", new).is_err() && port(b"", new).is_err() && port(b"https", old).is_err());
        assert_eq!(
            address_and_port(b"[2001:DB8::1]:44", new),
            Ok(("2001:db8::1".parse().expect("IPv6"), 44))
        );
        for bad in ["nonsense", "[2001:db8::1]", "[2001:db8::1::2]:44", "2001:db8::1:44", "[1.2.3.4]:44"] {
            assert!(address_and_port(bad.as_bytes(), new).is_err(), "{bad}");
        }
    }
}
