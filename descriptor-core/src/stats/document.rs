//! What statistics are given: a document, read once for all of them.

use super::{FlagSet, Id};
use crate::{
    document::{BridgeNetworkStatus, Consensus, ExtraInfo, ServerDescriptor, Type, Vote},
    netdoc::Frame,
    schema::{Table, parse},
    value::{Hex, Timestamp},
};

/// A document with what several statistics ask it for.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one of them at a time, on the stack")]
pub enum Document<'a> {
    /// A consensus of flavour `ns`.
    Consensus {
        /// The document.
        document: Consensus<'a>,
        /// The flags of each entry.
        flags: Vec<FlagSet>,
    },
    /// A vote.
    Vote {
        /// The document.
        document: Vote<'a>,
        /// The flags of each entry.
        flags: Vec<FlagSet>,
    },
    /// A bridge authority's status.
    BridgeStatus {
        /// The document.
        document: BridgeNetworkStatus<'a>,
        /// When it was made; by the file's name if the document does not say it.
        published: Timestamp,
        /// The authority; by the file's name if the document does not say it, and zero if neither does.
        authority: Id,
        /// The flags of each entry.
        flags: Vec<FlagSet>,
    },
    /// A server descriptor.
    Server {
        /// The document.
        document: ServerDescriptor<'a>,
        /// What status entries call it by.
        digest: Id,
        /// Whether it is a sanitized bridge's.
        bridge: bool,
    },
    /// An extra-info descriptor.
    ExtraInfo {
        /// The document.
        document: ExtraInfo<'a>,
        /// Whether it is a sanitized bridge's.
        bridge: bool,
    },
    /// A document of another type, read by who wants it: [`parse`] with its own table.
    Other {
        /// Its type.
        kind: Type,
        /// The document, cut out.
        frame: Frame<'a>,
        /// The file that it is in, and the member of a tarball.
        source: &'a str,
    },
}

impl<'a> Document<'a> {
    /// Reads a document; `None` if what it must have is missing or its type is not known.
    pub fn read(frame: Frame<'a>, source: &'a str) -> Option<Self> {
        let kind = frame.kind?;
        Some(match kind {
            Type::Consensus => {
                let document = complete::<Consensus<'a>>(frame)?;
                let flags = document.entries.iter().map(|entry| FlagSet::of(entry.flags)).collect();
                Document::Consensus { document, flags }
            }
            Type::Vote => {
                let document = complete::<Vote<'a>>(frame)?;
                let flags = document.entries.iter().map(|entry| FlagSet::of(entry.flags)).collect();
                Document::Vote { document, flags }
            }
            Type::BridgeNetworkStatus => {
                let document = complete::<BridgeNetworkStatus<'a>>(frame)?;
                let (time, name) = status_name(source).unzip();
                let published = document.published.or(time)?;
                let authority = document.fingerprint.or(name.flatten()).map_or(Id::default(), Id::from);
                let flags = document.entries.iter().map(|entry| FlagSet::of(entry.flags)).collect();
                Document::BridgeStatus { document, published, authority, flags }
            }
            Type::ServerDescriptor => {
                let digest = kind.sha1(frame.body)?.into();
                Document::Server { document: complete(frame)?, digest, bridge: false }
            }
            Type::BridgeServerDescriptor => {
                let document = complete::<ServerDescriptor<'a>>(frame)?;
                let digest = document.router_digest?.into();
                Document::Server { document, digest, bridge: true }
            }
            Type::ExtraInfo => Document::ExtraInfo { document: complete(frame)?, bridge: false },
            Type::BridgeExtraInfo => Document::ExtraInfo { document: complete(frame)?, bridge: true },
            kind => Document::Other { kind, frame, source },
        })
    }

    /// The type.
    pub fn kind(&self) -> Type {
        match self {
            Document::Consensus { .. } => Type::Consensus,
            Document::Vote { .. } => Type::Vote,
            Document::BridgeStatus { .. } => Type::BridgeNetworkStatus,
            Document::Server { bridge: false, .. } => Type::ServerDescriptor,
            Document::Server { bridge: true, .. } => Type::BridgeServerDescriptor,
            Document::ExtraInfo { bridge: false, .. } => Type::ExtraInfo,
            Document::ExtraInfo { bridge: true, .. } => Type::BridgeExtraInfo,
            Document::Other { kind, .. } => *kind,
        }
    }
}

/// The document, if every line that it must have could be read.
fn complete<'a, D: Table<'a>>(frame: Frame<'a>) -> Option<D> {
    let parsed = parse::<D>(frame);
    parsed.document().is_some().then_some(parsed.partial)
}

/// Time and authority in the name of a bridge status, `20201203-001842-FINGERPRINT`.
fn status_name(source: &str) -> Option<(Timestamp, Option<Hex<20>>)> {
    let name = source.rsplit(['/', '!']).next()?;
    let (date, time) = (name.get(..8)?, name.get(8..15)?.strip_prefix('-')?);
    if !name[..8].bytes().chain(time.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let text = format!(
        "{}-{}-{} {}:{}:{}",
        &date[..4],
        &date[4..6],
        &date[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    );
    let time = Timestamp::parse(text.as_bytes().try_into().ok()?)?;
    Some((time, name.get(16..56).and_then(|text| Hex::from_hex(text.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_status_is_told_by_its_name_if_it_does_not_tell() {
        let name = "x.tar!statuses/20/20201203-001842-BA44A889E64B93FAA2B114E02C2A279A8555C533";
        let (time, authority) = status_name(name).expect("a name");
        assert_eq!(time.to_string(), "2020-12-03 00:18:42");
        assert_eq!(authority.map(|it| it.to_string()).as_deref(), Some(&name[34..]));
        assert_eq!(status_name("20201203-001842").map(|(_, authority)| authority), Some(None));
        for name in ["", "README", "20201303-001842-X", "2020é1203-001842"] {
            assert_eq!(status_name(name), None, "{name}");
        }
        let frame =
            Frame { kind: Some(Type::BridgeNetworkStatus), annotations: b"", body: b"r x\n", offset: 0 };
        assert!(Document::read(frame, "statuses").is_none(), "no time anywhere");
    }
}
