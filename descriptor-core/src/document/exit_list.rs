//! Exit list (TorDNSEL): from which addresses exits really connect.

use std::net::IpAddr;

use crate::{
    netdoc::Item,
    schema::{FromItem, Kind, Part, Problem, Reader, Sink, descriptor},
    value::*,
};

descriptor! {
    /// The addresses from which a scanner saw connections of exits arrive. Published hourly or more often since 2010.
    pub struct ExitList<'a> = "tordnsel" in "https://2019.www.torproject.org/tordnsel/exitlist-spec.txt",
        first = false;

    /// When the list was downloaded, as CollecTor notes it. Absent in a list as its server gives it.
    "Downloaded" => downloaded: Option<Timestamp>;
    /// The exits.
    "ExitNode" => entries: Vec<ExitNode<'a>>;
}

descriptor! {
    /// One exit and the addresses that it used.
    pub struct ExitNode<'a> = "tordnsel-entry" in "https://2019.www.torproject.org/tordnsel/exitlist-spec.txt",
        check = Some(has_address);

    /// The relay's fingerprint.
    "ExitNode" => fingerprint: Fingerprint;
    /// When the relay's server descriptor was made.
    "Published" => published: Timestamp;
    /// When the relay was last seen in a network status.
    "LastStatus" => last_status: Timestamp;
    /// The addresses, with the time of the scan; at least one.
    "ExitAddress" => exit_addresses: Vec<ExitAddress>;
}

fn has_address<'a>(node: &ExitNode<'a>, reader: &mut Reader<'a>) {
    if node.exit_addresses.is_empty() {
        reader.complain_at("ExitAddress", node.raw, Problem::MissingLine);
    }
}

/// The `ExitAddress` line: `ExitAddress ADDRESS YYYY-MM-DD HH:MM:SS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitAddress {
    /// From where the connection came.
    pub address: IpAddr,
    /// When the scanner saw it.
    pub time: Timestamp,
}

impl<'a> FromItem<'a> for ExitAddress {
    const PARTS: &'static [Part] = &[Part::of("address", Kind::Address), Part::of("time", Kind::Time)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let address = args.value("address")?;
        Ok(ExitAddress { address, time: Timestamp::take(&mut args, "scan time")? })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.address(self.address),
            _ => out.time(self.time),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::Type,
        netdoc::Frame,
        schema::{Parsed, parse},
    };

    const NODE: &str = "ExitNode 00C4B4731658D3B4987132A3F77100CFCB190D97\nPublished 2015-08-31 17:47:52\nLastStatus 2015-08-31 18:03:17\n";

    fn read(text: &str) -> Parsed<'_, ExitList<'_>> {
        parse(Frame::whole(Type::ExitList, text.as_bytes()))
    }

    #[test]
    fn exits_have_one_address_or_more() {
        let text = format!(
            "Downloaded 2015-09-01 00:02:02\n{NODE}ExitAddress 81.7.17.171 2015-08-31 18:09:52\nExitAddress 2001:db8::1 2015-08-31 18:10:52\n{NODE}New line\nExitAddress 81.7.17.172 2015-08-31 18:11:52\n"
        );
        let list = read(&text);
        assert!(list.issues.is_empty(), "{:?}", list.issues);
        assert_eq!(list.unknown_lines().collect::<Vec<_>>(), [b"New line\n"]);
        let entries = &list.partial.entries;
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].exit_addresses.len(), 2);
        assert_eq!(entries[1].exit_addresses[0].address.to_string(), "81.7.17.172");
    }

    #[test]
    fn an_exit_without_address_is_an_issue() {
        let list = read(NODE);
        assert_eq!(list.issues.len(), 1);
        assert_eq!(
            (list.issues[0].keyword.as_ref(), &list.issues[0].problem),
            ("ExitAddress", &Problem::MissingLine)
        );
    }
}
