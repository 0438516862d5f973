//! What status entries hold besides values that other documents have too.

use super::{Base64, Hex, Numbers, Timestamp, nickname::take_nickname, number::take_port, pairs::split};
use crate::{
    netdoc::{Args, FromArg, Item},
    schema::{Count, FromItem, Kind, Part, Problem, Reader, Sink, Slot},
};
use std::net::Ipv4Addr;

/// The `r` line: `NICKNAME IDENTITY [DIGEST] DATE TIME ADDRESS ORPORT DIRPORT`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RouterLine<'a> {
    /// Nickname, 1 to 19 letters and digits; `Unnamed` for relays without one.
    pub nickname: &'a [u8],
    /// SHA-1 of the identity key.
    pub fingerprint: Hex<20>,
    /// SHA-1 of the server descriptor. Absent in microdesc consensuses.
    pub descriptor_digest: Option<Hex<20>>,
    /// When the descriptor was made. Since consensus method 33 always 2038-01-01 in microdesc consensuses.
    pub published: Timestamp,
    /// IPv4 address.
    pub address: Ipv4Addr,
    /// OR port.
    pub or_port: u16,
    /// Directory port; 0 if there is none.
    pub dir_port: u16,
}

impl Default for RouterLine<'_> {
    fn default() -> Self {
        RouterLine {
            nickname: b"",
            fingerprint: Hex::default(),
            descriptor_digest: None,
            published: Timestamp::default(),
            address: Ipv4Addr::UNSPECIFIED,
            or_port: 0,
            dir_port: 0,
        }
    }
}

impl<'a> FromItem<'a> for RouterLine<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("nickname", Kind::Text),
        Part::plain("fingerprint", Kind::Hex),
        Part::plain("descriptor_digest", Kind::Hex),
        Part::plain("published", Kind::Time),
        Part::plain("address", Kind::Address),
        Part::plain("or_port", Kind::Int("")),
        Part::plain("dir_port", Kind::Int("")),
    ];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let nickname = take_nickname(&mut args)?;
        let fingerprint = Hex::take_base64(&mut args, "identity")?;
        // Only the date, which comes next where there is no digest, has a `-`: base64 has none.
        let descriptor_digest = match args.rest().get(4) {
            Some(b'-') => None,
            _ => Some(Hex::take_base64(&mut args, "descriptor digest")?),
        };
        Ok(RouterLine {
            nickname,
            fingerprint,
            descriptor_digest,
            published: Timestamp::take(&mut args, "publication time")?,
            address: args.value("address")?,
            or_port: take_port(&mut args, "ORPort")?,
            dir_port: take_port(&mut args, "DirPort")?,
        })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.text(self.nickname),
            1 => out.hex(&self.fingerprint.0),
            2 => Slot::emit(&self.descriptor_digest, 0, out),
            3 => out.time(self.published),
            4 => out.address(self.address.into()),
            5 => out.int(self.or_port.into()),
            _ => out.int(self.dir_port.into()),
        }
    }
}

/// A key that an entry is known by in votes, `ed25519 KEY`, or `ed25519 none`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Identifier<'a> {
    /// What kind of key it is; `ed25519` so far.
    pub kind: &'a [u8],
    /// The key as it stands; for `ed25519` a valid key, or `none` if the relay has none.
    pub text: &'a [u8],
}

impl<'a> Identifier<'a> {
    /// The Ed25519 identity, if there is one.
    pub fn ed25519(&self) -> Option<Base64<32>> {
        if self.kind == b"ed25519" { Base64::from_base64(self.text) } else { None }
    }
}

impl<'a> FromItem<'a> for Identifier<'a> {
    const PARTS: &'static [Part] =
        &[Part::plain("identifier_type", Kind::Text), Part::plain("identifier", Kind::Text)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let it = Identifier { kind: args.text("kind of key")?, text: args.text("key")? };
        if it.kind == b"ed25519" && it.text != b"none" && it.ed25519().is_none() {
            return Err(Problem::BadArgument("key"));
        }
        Ok(it)
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        out.text(if part == 0 { self.kind } else { self.text });
    }
}

/// What an authority has seen of a relay, `wfu=0.998000 tk=12345 mtbf=6789`, each valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EntryStats<'a>(pub &'a [u8]);

impl EntryStats<'_> {
    fn get<T: for<'v> FromArg<'v>>(&self, name: &[u8]) -> Option<T> {
        let (_, value) = Args::new(self.0).filter_map(split).find(|(key, _)| *key == name)?;
        T::from_arg(value).ok()
    }

    /// Weighted fractional uptime, 0 to 1.
    pub fn wfu(&self) -> Option<f64> {
        self.get(b"wfu")
    }

    /// For how long the relay has been known, weighted. Unit: seconds.
    pub fn tk(&self) -> Option<u64> {
        self.get(b"tk")
    }

    /// Mean time between failures, weighted. Unit: seconds.
    pub fn mtbf(&self) -> Option<u64> {
        self.get(b"mtbf")
    }
}

impl<'a> FromItem<'a> for EntryStats<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("wfu", Kind::Float("")),
        Part::plain("tk", Kind::Int("seconds")),
        Part::plain("mtbf", Kind::Int("seconds")),
    ];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        for pair in item.args() {
            let (key, value) = split(pair).ok_or(Problem::BadArgument("key=value pair"))?;
            match key {
                b"wfu" => drop(f64::from_arg(value).map_err(|it| it.named("wfu"))?),
                b"tk" => drop(u64::from_arg(value).map_err(|it| it.named("tk"))?),
                b"mtbf" => drop(u64::from_arg(value).map_err(|it| it.named("mtbf"))?),
                _ => {}
            }
        }
        Ok(EntryStats(item.args))
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => Slot::emit(&self.wfu(), 0, out),
            1 => Slot::emit(&self.tk(), 0, out),
            _ => Slot::emit(&self.mtbf(), 0, out),
        }
    }
}

/// The digest of a relay's microdescriptor as some consensus methods make it, `8,9,10 sha256=DIGEST`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MicrodescHash<'a> {
    /// The consensus methods.
    pub methods: Numbers<'a>,
    /// All digests as they stand, `ALGORITHM=DIGEST`.
    pub text: &'a [u8],
    /// The SHA-256 of the microdescriptor.
    pub sha256: Option<Base64<32>>,
}

/// The `m` lines of an entry: one digest in a microdesc consensus, several with their methods in a vote.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MicrodescHashes<'a> {
    /// The SHA-256 of the microdescriptor; in microdesc consensuses.
    pub digest: Option<Base64<32>>,
    /// The digests by consensus method; in votes since consensus method 8.
    pub by_method: Vec<MicrodescHash<'a>>,
}

// No `Vec` of one kind of line: an entry of a consensus must not allocate for its only `m` line.
impl<'a> Slot<'a> for MicrodescHashes<'a> {
    const COUNT: Count = Count::Many;
    const PARTS: &'static [Part] = &[
        Part::plain("microdescriptor_digest", Kind::Base64),
        Part::plain(
            "microdescriptor_hashes",
            Kind::List(&Kind::Record(&[
                Part::plain("methods", Kind::List(&Kind::Int(""))),
                Part::plain("sha256", Kind::Base64),
            ])),
        ),
    ];

    #[inline]
    fn fill(&mut self, item: &Item<'a>, _again: bool, _reader: &mut Reader<'a>) -> Result<(), Problem> {
        let mut args = item.args();
        let first = args.text("digest")?;
        if args.rest().is_empty() {
            if self.digest.is_some() {
                return Err(Problem::Duplicate);
            }
            self.digest = Some(Base64::from_base64(first).ok_or(Problem::BadArgument("digest"))?);
            return Ok(());
        }
        let methods = Numbers::parse(first).ok_or(Problem::BadArgument("consensus methods"))?;
        let mut hash = MicrodescHash { methods, text: args.rest(), sha256: None };
        for pair in args {
            let (algorithm, digest) = split(pair).ok_or(Problem::BadArgument("digest"))?;
            if algorithm == b"sha256" {
                hash.sha256 = Some(Base64::from_base64(digest).ok_or(Problem::BadArgument("digest"))?);
            }
        }
        self.by_method.push(hash);
        Ok(())
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => Slot::emit(&self.digest, 0, out),
            _ => {
                out.list();
                for hash in &self.by_method {
                    out.map();
                    out.key(b"methods");
                    hash.methods.emit_list(out);
                    out.key(b"sha256");
                    Slot::emit(&hash.sha256, 0, out);
                    out.end_map();
                }
                out.end_list();
            }
        }
    }
}
