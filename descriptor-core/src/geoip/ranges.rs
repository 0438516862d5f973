//! Countries of addresses, by the files that tor has: `geoip` and `geoip6`.

use std::net::{IpAddr, Ipv6Addr};

use super::CountryCode;
use crate::value::{Timestamp, digits};

/// Which country an address is in. Made of tor's files, lines `START,END,CC` with IPv4 addresses as numbers or IPv6
/// addresses as text; so that the answers are those that relays and bridges count by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GeoIp {
    v4: Vec<(u32, u32, CountryCode)>,
    v6: Vec<(u128, u128, CountryCode)>,
    date: Option<Timestamp>,
}

impl GeoIp {
    /// Adds a file's ranges; returns the number of the first line that is none, counted from 1. Empty lines are passed
    /// over, and comments but for the date in them.
    pub fn add(&mut self, text: &[u8]) -> Result<(), usize> {
        for (number, line) in text.split(|&b| b == b'\n').enumerate() {
            let line = line.trim_ascii();
            if let Some(comment) = line.strip_prefix(b"#") {
                self.date = self.date.max(date(comment));
            } else if !line.is_empty() {
                self.add_line(line).ok_or(number + 1)?;
            }
        }
        self.v4.sort_unstable();
        self.v6.sort_unstable();
        Ok(())
    }

    fn add_line(&mut self, line: &[u8]) -> Option<()> {
        let mut parts = line.split(|&b| b == b',').map(<[u8]>::trim_ascii);
        let (start, end, code) = (parts.next()?, parts.next()?, parts.next()?);
        let number = |text: &[u8]| digits(text).and_then(|it| u32::try_from(it).ok());
        let code = match code {
            // As good as a gap.
            b"??" => return Some(()),
            code => CountryCode::parse(code)?,
        };
        if let (Some(start), Some(end)) = (number(start), number(end)) {
            self.v4.push((start, end, code));
        } else {
            let address = |text| std::str::from_utf8(text).ok()?.parse::<Ipv6Addr>().ok();
            self.v6.push((address(start)?.into(), address(end)?.into(), code));
        }
        Some(())
    }

    /// Adds another database's ranges, such as those of `geoip6` to those of `geoip`.
    pub fn extend(&mut self, other: GeoIp) {
        self.v4.extend(other.v4);
        self.v6.extend(other.v6);
        self.v4.sort_unstable();
        self.v6.sort_unstable();
        self.date = self.date.max(other.date);
    }

    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether there is no range.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// When the database was made, by its comments; the last one if several were added. `None` if none says it.
    pub fn date(&self) -> Option<Timestamp> {
        self.date
    }

    /// The country of an address, two lower-case letters; `None` if no range has it or its country is not known.
    pub fn country(&self, address: IpAddr) -> Option<&str> {
        self.find(address).map(CountryCode::as_str)
    }

    /// The country of an address; `None` if no range has it or its country is not known.
    pub fn code(&self, address: IpAddr) -> Option<CountryCode> {
        self.find(address).copied()
    }

    fn find(&self, address: IpAddr) -> Option<&CountryCode> {
        match address {
            IpAddr::V4(address) => find(&self.v4, address.into()),
            IpAddr::V6(address) => find(&self.v6, address.into()),
        }
    }
}

fn find<T: Ord + Copy>(ranges: &[(T, T, CountryCode)], address: T) -> Option<&CountryCode> {
    let at = ranges.partition_point(|(start, ..)| *start <= address);
    let (_, end, code) = ranges.get(at.checked_sub(1)?)?;
    (address <= *end).then_some(code)
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The day in a comment `Generated: Thu, 25 Jun 2026 04:33:59 GMT`, or, until 2019,
/// `Last updated based on August 1 2013 Maxmind GeoLite Country`.
fn date(comment: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(comment).ok()?.trim_start();
    let rest = text.strip_prefix("Generated:").or_else(|| text.strip_prefix("Last updated based on "))?;
    let (mut year, mut month, mut day) = (None, None, None);
    for word in rest.split([' ', ',']).filter(|word| !word.is_empty()) {
        let is_month = |it: &&str| word.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(it));
        match word.parse::<u32>() {
            Ok(number @ 1..=31) => day = day.or(Some(number)),
            Ok(number @ 1990..=9999) => year = year.or(Some(number)),
            _ => month = month.or_else(|| Some(MONTHS.iter().position(is_month)? + 1)),
        }
    }
    let text = format!("{}-{:02}-{:02} 00:00:00", year?, month?, day?);
    Timestamp::parse(text.as_bytes().try_into().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_the_country_of_their_range() {
        let mut geoip = GeoIp::default();
        assert_eq!(geoip.add(b"# of a day\n16777216,16777471,AU\n16777472,16778239,CN\n"), Ok(()));
        assert_eq!(geoip.add(b"2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP\n\n"), Ok(()));
        assert_eq!(geoip.add(b"16778240,16778495,??\n"), Ok(()));
        for (address, country) in [
            ("1.0.0.0", Some("au")),
            ("1.0.0.255", Some("au")),
            ("1.0.1.0", Some("cn")),
            ("1.0.4.0", None),
            ("1.0.5.0", None),
            ("0.255.255.255", None),
            ("2001:200:1::", Some("jp")),
            ("2001:201::", None),
        ] {
            assert_eq!(geoip.country(address.parse().expect("an address")), country, "{address}");
        }
        assert_eq!(geoip.add(b"\n1,2,DE\n1,2\n"), Err(3));
        assert_eq!(geoip.add(b"1,2,DEU\n"), Err(1));
    }

    #[test]
    fn a_comment_tells_the_date() {
        for (comment, day) in [
            (" Generated: Thu, 25 Jun 2026 04:33:59 GMT", Some("2026-06-25 00:00:00")),
            (" Last updated based on August 1 2013 Maxmind GeoLite Country", Some("2013-08-01 00:00:00")),
            (" Last updated based on May 2018", None),
            (" Vendor: May 1 2018", None),
        ] {
            assert_eq!(date(comment.as_bytes()).map(|it| it.to_string()).as_deref(), day, "{comment}");
        }
        let mut geoip = GeoIp::default();
        geoip.add(b"# Generated: Thu, 25 Jun 2026 04:33:59 GMT\n1,2,DE\n").expect("sound");
        assert_eq!(geoip.date().map(|it| it.to_string()).as_deref(), Some("2026-06-25 00:00:00"));
    }
}
