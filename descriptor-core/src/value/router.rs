//! The lines of server and extra-info descriptors that tell who a relay is and what it offers.

use std::net::Ipv4Addr;

use super::{
    Base64, Fingerprint, Hex,
    nickname::take_nickname,
    number::{take_count, take_port},
};
use crate::{
    netdoc::{Args, FromArg, Item},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// The `router` line: `router NICKNAME ADDRESS ORPORT SOCKSPORT DIRPORT`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Router<'a> {
    /// Nickname, 1 to 19 letters and digits.
    pub nickname: &'a [u8],
    /// IPv4 address.
    pub address: Ipv4Addr,
    /// OR port.
    pub or_port: u16,
    /// SOCKS port; 0 since 2006.
    pub socks_port: u16,
    /// Directory port; 0 if there is none.
    pub dir_port: u16,
}

impl Default for Router<'_> {
    fn default() -> Self {
        Router { nickname: b"", address: Ipv4Addr::UNSPECIFIED, or_port: 0, socks_port: 0, dir_port: 0 }
    }
}

impl<'a> FromItem<'a> for Router<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("nickname", Kind::Text),
        Part::plain("address", Kind::Address),
        Part::plain("or_port", Kind::Int("")),
        Part::plain("socks_port", Kind::Int("")),
        Part::plain("dir_port", Kind::Int("")),
    ];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        Ok(Router {
            nickname: take_nickname(&mut args)?,
            address: args.value("address")?,
            or_port: take_port(&mut args, "ORPort")?,
            socks_port: take_port(&mut args, "SOCKSPort")?,
            dir_port: take_port(&mut args, "DirPort")?,
        })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.text(self.nickname),
            1 => out.address(self.address.into()),
            2 => out.int(self.or_port.into()),
            3 => out.int(self.socks_port.into()),
            _ => out.int(self.dir_port.into()),
        }
    }
}

/// The `extra-info` line: `extra-info NICKNAME FINGERPRINT`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Owner<'a> {
    /// Nickname, 1 to 19 letters and digits.
    pub nickname: &'a [u8],
    /// The relay's fingerprint; of a sanitized bridge, the SHA-1 of it.
    pub fingerprint: Fingerprint,
}

impl<'a> FromItem<'a> for Owner<'a> {
    const PARTS: &'static [Part] =
        &[Part::plain("nickname", Kind::Text), Part::plain("fingerprint", Kind::Hex)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        Ok(Owner { nickname: take_nickname(&mut args)?, fingerprint: args.value("fingerprint")? })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.text(self.nickname),
            _ => out.hex(&self.fingerprint.0),
        }
    }
}

/// The `bandwidth` line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bandwidth {
    /// What the relay is willing to sustain. Unit: bytes per second.
    pub average: u64,
    /// What it is willing to sustain for a short time. Unit: bytes per second.
    pub burst: u64,
    /// What it has been seen to handle. Unit: bytes per second. Absent in some descriptors of 2004.
    pub observed: Option<u64>,
}

impl Bandwidth {
    /// What the relay offers: the least of the three. Unit: bytes per second.
    pub fn advertised(&self) -> u64 {
        let limit = self.average.min(self.burst);
        self.observed.map_or(limit, |observed| observed.min(limit))
    }
}

impl<'a> FromItem<'a> for Bandwidth {
    const PARTS: &'static [Part] = &[
        Part::plain("average_bandwidth", Kind::Int("bytes per second")),
        Part::plain("burst_bandwidth", Kind::Int("bytes per second")),
        Part::plain("observed_bandwidth", Kind::Int("bytes per second")),
    ];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let average = take_count(&mut args, "average bandwidth")?;
        let burst = take_count(&mut args, "burst bandwidth")?;
        let observed = match args.rest() {
            [] => None,
            _ => Some(take_count(&mut args, "observed bandwidth")?),
        };
        Ok(Bandwidth { average, burst, observed })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match (part, &self.observed) {
            (0, _) => FromArg::emit(&self.average, out),
            (1, _) => FromArg::emit(&self.burst, out),
            (_, Some(observed)) => FromArg::emit(observed, out),
            _ => out.null(),
        }
    }
}

/// The `extra-info-digest` line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ExtraInfoDigest {
    /// SHA-1 of the extra-info descriptor; of a sanitized bridge, the SHA-1 of that.
    pub sha1: Hex<20>,
    /// SHA-256 of the extra-info descriptor; of a sanitized bridge, the SHA-256 of that. Absent before tor 0.2.7.
    pub sha256: Option<Base64<32>>,
}

impl<'a> FromItem<'a> for ExtraInfoDigest {
    const PARTS: &'static [Part] = &[Part::of("sha1", Kind::Hex), Part::of("sha256", Kind::Base64)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let sha1 = args.value("SHA-1 digest")?;
        let sha256 = match args.rest() {
            [] => None,
            _ => Some(args.value("SHA-256 digest")?),
        };
        Ok(ExtraInfoDigest { sha1, sha256 })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match (part, &self.sha256) {
            (0, _) => out.hex(&self.sha1.0),
            (_, Some(digest)) => out.base64(&digest.0),
            _ => out.null(),
        }
    }
}

/// The `protocols` line: `protocols Link VERSION… Circuit VERSION…`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LinkCircuit<'a> {
    link: &'a [u8],
    circuit: &'a [u8],
}

impl<'a> LinkCircuit<'a> {
    /// The versions of the link protocol, in order.
    pub fn link(&self) -> impl Iterator<Item = u32> + use<'a> {
        versions(self.link)
    }

    /// The versions of the circuit protocol, in order.
    pub fn circuit(&self) -> impl Iterator<Item = u32> + use<'a> {
        versions(self.circuit)
    }
}

/// Version numbers with blanks between.
fn versions<'a>(text: &'a [u8]) -> impl Iterator<Item = u32> + use<'a> {
    Args::new(text).filter_map(|version| u32::from_arg(version).ok())
}

fn all_versions(text: &[u8]) -> Result<&[u8], Problem> {
    if Args::new(text).all(|version| u32::from_arg(version).is_ok()) {
        Ok(text)
    } else {
        Err(Problem::BadArgument("version"))
    }
}

fn emit_versions(versions: impl Iterator<Item = u32>, out: &mut (impl Sink + ?Sized)) {
    out.list();
    versions.for_each(|version| out.int(version.into()));
    out.end_list();
}

impl<'a> FromItem<'a> for LinkCircuit<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("link_protocols", Kind::List(&Kind::Int(""))),
        Part::plain("circuit_protocols", Kind::List(&Kind::Int(""))),
    ];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        if args.text("Link")? != b"Link" {
            return Err(Problem::BadArgument("Link"));
        }
        let rest = args.rest();
        let at = memchr::memmem::find(rest, b"Circuit").ok_or(Problem::MissingArgument("Circuit"))?;
        let (link, circuit) = (&rest[..at], &rest[at + "Circuit".len()..]);
        Ok(LinkCircuit { link: all_versions(link)?, circuit: all_versions(circuit)? })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => emit_versions(self.link(), out),
            _ => emit_versions(self.circuit(), out),
        }
    }
}

/// The `hidden-service-dir` line: `hidden-service-dir VERSION…`. No version means 2.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HiddenServiceDir<'a>(&'a [u8]);

impl<'a> HiddenServiceDir<'a> {
    /// The versions that the line names, in order; most lines name none.
    pub fn versions(&self) -> impl Iterator<Item = u32> + use<'a> {
        versions(self.0)
    }
}

impl<'a> FromItem<'a> for HiddenServiceDir<'a> {
    const PARTS: &'static [Part] =
        &[Part::whole(Kind::Bool), Part::of("versions", Kind::List(&Kind::Int("")))];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        all_versions(item.args).map(HiddenServiceDir)
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.bool(true),
            _ => emit_versions(self.versions(), out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netdoc::items;

    fn read<'a, T: FromItem<'a>>(text: &'a str) -> Result<T, Problem> {
        T::from_item(&items(text.as_bytes()).next().expect("an item"))
    }

    #[test]
    fn a_router_line_has_all_its_ports() {
        let router: Router<'_> = read("router saberrider2008  94.134.192.243 9001 0 0").expect("a router");
        assert_eq!((router.nickname, router.or_port), (&b"saberrider2008"[..], 9001));
        for (text, problem) in [
            ("router $x 1.2.3.4 1 0 0", Problem::BadArgument("nickname")),
            ("router saberrider2008ReallyLong 1.2.3.4 1 0 0", Problem::BadArgument("nickname")),
            ("router x 294.2.3.4 1 0 0", Problem::BadArgument("address")),
            ("router x 1.2.3.4 one 0 0", Problem::BadArgument("ORPort")),
            ("router x 1.2.3.4 1 0 ", Problem::MissingArgument("DirPort")),
        ] {
            assert_eq!(read::<Router<'_>>(text), Err(problem));
        }
    }

    #[test]
    fn old_protocol_versions_are_lists() {
        let protocols: LinkCircuit<'_> = read("opt protocols Link 1 2 Circuit 1").expect("protocols");
        assert_eq!((protocols.link().collect::<Vec<_>>(), protocols.circuit().count()), (vec![1, 2], 1));
        assert_eq!(read::<LinkCircuit<'_>>("protocols Link 1 2"), Err(Problem::MissingArgument("Circuit")));
        assert!(read::<LinkCircuit<'_>>("protocols Link x Circuit 1").is_err());
        assert_eq!(
            read::<HiddenServiceDir<'_>>("hidden-service-dir 2 3").expect("versions").versions().count(),
            2
        );
    }

    #[test]
    fn bandwidth_may_lack_what_was_observed() {
        let bandwidth: Bandwidth = read("bandwidth 51200 40000").expect("a bandwidth");
        assert_eq!((bandwidth.observed, bandwidth.advertised()), (None, 40000));
        assert!(read::<Bandwidth>("bandwidth -1 -2 -3").is_err());
    }
}
