//! Countries of addresses, by the files that tor has: `geoip` and `geoip6`.

use std::net::{IpAddr, Ipv6Addr};

use super::number::digits;

/// Which country an address is in. Made of tor's files, lines `START,END,CC` with IPv4 addresses as numbers or IPv6
/// addresses as text; so that the answers are those that relays and bridges count by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GeoIp {
    v4: Vec<(u32, u32, [u8; 2])>,
    v6: Vec<(u128, u128, [u8; 2])>,
}

impl GeoIp {
    /// Adds a file's ranges; returns the number of the first line that is none, counted from 1. Comments and empty lines
    /// are passed over.
    pub fn add(&mut self, text: &[u8]) -> Result<(), usize> {
        for (number, line) in text.split(|&b| b == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            self.add_line(line).ok_or(number + 1)?;
        }
        self.v4.sort_unstable();
        self.v6.sort_unstable();
        Ok(())
    }

    fn add_line(&mut self, line: &[u8]) -> Option<()> {
        let mut parts = line.split(|&b| b == b',').map(<[u8]>::trim_ascii);
        let (start, end, code) = (parts.next()?, parts.next()?, parts.next()?);
        let code: [u8; 2] = code.to_ascii_lowercase().try_into().ok()?;
        let number = |text: &[u8]| digits(text).and_then(|it| u32::try_from(it).ok());
        if let (Some(start), Some(end)) = (number(start), number(end)) {
            self.v4.push((start, end, code));
        } else {
            let address = |text| std::str::from_utf8(text).ok()?.parse::<Ipv6Addr>().ok();
            self.v6.push((address(start)?.into(), address(end)?.into(), code));
        }
        Some(())
    }

    /// The country of an address, two lower-case letters; `None` if no range has it.
    pub fn country(&self, address: IpAddr) -> Option<&str> {
        let code = match address {
            IpAddr::V4(address) => find(&self.v4, address.into()),
            IpAddr::V6(address) => find(&self.v6, address.into()),
        };
        code.and_then(|code| std::str::from_utf8(code).ok())
    }
}

fn find<T: Ord + Copy>(ranges: &[(T, T, [u8; 2])], address: T) -> Option<&[u8; 2]> {
    let at = ranges.partition_point(|(start, ..)| *start <= address);
    let (_, end, code) = ranges.get(at.checked_sub(1)?)?;
    (address <= *end).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_the_country_of_their_range() {
        let mut geoip = GeoIp::default();
        assert_eq!(geoip.add(b"# of a day\n16777216,16777471,AU\n16777472,16778239,CN\n"), Ok(()));
        assert_eq!(geoip.add(b"2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP\n\n"), Ok(()));
        for (address, country) in [
            ("1.0.0.0", Some("au")),
            ("1.0.0.255", Some("au")),
            ("1.0.1.0", Some("cn")),
            ("1.0.4.0", None),
            ("0.255.255.255", None),
            ("2001:200:1::", Some("jp")),
            ("2001:201::", None),
        ] {
            assert_eq!(geoip.country(address.parse().expect("an address")), country, "{address}");
        }
        assert_eq!(geoip.add(b"\n1,2,DE\n1,2\n"), Err(3));
    }
}
