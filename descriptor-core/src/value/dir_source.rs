//! The `dir-source` lines: where an authority is.

use std::net::Ipv4Addr;

use super::{Hex, nickname::is_nickname};
use crate::{
    netdoc::Item,
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// An authority in consensuses and votes, `NICKNAME IDENTITY HOSTNAME ADDRESS DIRPORT ORPORT`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DirSource<'a> {
    /// Nickname; `NAME-legacy` for the second entry of an authority that also signs with an older identity.
    pub nickname: &'a [u8],
    /// The version 3 identity: the SHA-1 of the authority's identity key.
    pub identity: Hex<20>,
    /// Host name, or the address once more.
    pub hostname: &'a [u8],
    /// IPv4 address.
    pub address: Ipv4Addr,
    /// Directory port; 0 if there is none.
    pub dir_port: u16,
    /// OR port.
    pub or_port: u16,
}

impl DirSource<'_> {
    /// Whether this is the second entry of an authority that also signs with an older identity.
    pub fn is_legacy(&self) -> bool {
        self.nickname.ends_with(b"-legacy")
    }
}

impl Default for DirSource<'_> {
    fn default() -> Self {
        DirSource {
            nickname: b"",
            identity: Hex::default(),
            hostname: b"",
            address: Ipv4Addr::UNSPECIFIED,
            dir_port: 0,
            or_port: 0,
        }
    }
}

impl<'a> FromItem<'a> for DirSource<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("nickname", Kind::Text),
        Part::plain("identity", Kind::Hex),
        Part::plain("hostname", Kind::Text),
        Part::plain("address", Kind::Address),
        Part::plain("dir_port", Kind::Int("")),
        Part::plain("or_port", Kind::Int("")),
        Part::plain("is_legacy", Kind::Bool),
    ];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let nickname = args.text("nickname")?;
        if !is_nickname(nickname.strip_suffix(b"-legacy").unwrap_or(nickname)) {
            return Err(Problem::BadArgument("nickname"));
        }
        Ok(DirSource {
            nickname,
            identity: args.value("identity")?,
            hostname: args.text("hostname")?,
            address: args.value("address")?,
            dir_port: args.value("DirPort")?,
            or_port: args.value("ORPort")?,
        })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.text(self.nickname),
            1 => out.hex(&self.identity.0),
            2 => out.text(self.hostname),
            3 => out.address(self.address.into()),
            4 => out.int(self.dir_port.into()),
            5 => out.int(self.or_port.into()),
            _ => out.bool(self.is_legacy()),
        }
    }
}

/// The authority that made a version 2 status, `HOSTNAME ADDRESS DIRPORT`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DirSource2<'a> {
    /// Host name.
    pub hostname: &'a [u8],
    /// IPv4 address.
    pub address: Ipv4Addr,
    /// Directory port.
    pub dir_port: u16,
}

impl Default for DirSource2<'_> {
    fn default() -> Self {
        DirSource2 { hostname: b"", address: Ipv4Addr::UNSPECIFIED, dir_port: 0 }
    }
}

impl<'a> FromItem<'a> for DirSource2<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("hostname", Kind::Text),
        Part::plain("address", Kind::Address),
        Part::plain("dir_port", Kind::Int("")),
    ];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        Ok(DirSource2 {
            hostname: args.text("hostname")?,
            address: args.value("address")?,
            dir_port: args.value("DirPort")?,
        })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.text(self.hostname),
            1 => out.address(self.address.into()),
            _ => out.int(self.dir_port.into()),
        }
    }
}

/// How long the authorities collect votes and signatures, `VOTE-SECONDS DIST-SECONDS`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VotingDelay {
    /// For votes. Unit: seconds.
    pub vote: u32,
    /// For signatures. Unit: seconds.
    pub dist: u32,
}

impl<'a> FromItem<'a> for VotingDelay {
    const PARTS: &'static [Part] = &[
        Part::plain("vote_seconds", Kind::Int("seconds")),
        Part::plain("dist_seconds", Kind::Int("seconds")),
    ];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        Ok(VotingDelay { vote: args.value("vote seconds")?, dist: args.value("dist seconds")? })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        out.int(if part == 0 { self.vote } else { self.dist }.into());
    }
}
