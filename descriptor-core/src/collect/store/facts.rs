//! What the store needs to know of a document: its name, what it is known by, what it refers to.

use crate::{
    columnar::Document,
    document::{
        BandwidthFile, BridgeNetworkStatus, Consensus, DetachedSignatures, ExitList, ExtraInfo,
        KeyCertificate, ServerDescriptor, Type, Vote, sha256, status_signed_part,
    },
    netdoc::{Frame, find_line},
    schema::parse,
    value::{Base64, Fingerprint, Hex, Timestamp},
    verify::{AuthorityCertificate, PublicKey},
};

use super::names::Name;

/// Why a document is refused.
pub(super) type Reason = String;

/// A document that another one names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Reference {
    ServerDescriptor(Hex<20>),
    ExtraInfo(Hex<20>),
    Microdescriptor(Base64<32>),
    Vote(Fingerprint, Hex<20>),
    Certificate(Fingerprint, Hex<20>),
    BandwidthFile(Base64<32>),
}

impl Reference {
    pub(super) fn kind(&self) -> Type {
        match self {
            Reference::ServerDescriptor(_) => Type::ServerDescriptor,
            Reference::ExtraInfo(_) => Type::ExtraInfo,
            Reference::Microdescriptor(_) => Type::Microdescriptor,
            Reference::Vote(..) => Type::Vote,
            Reference::Certificate(..) => Type::KeyCertificate,
            Reference::BandwidthFile(_) => Type::BandwidthFile,
        }
    }

    /// The bytes that it is known by in the database.
    pub(super) fn key(&self) -> Key {
        match self {
            Reference::ServerDescriptor(digest) | Reference::ExtraInfo(digest) => Key::of(&[&digest.0]),
            Reference::Microdescriptor(digest) | Reference::BandwidthFile(digest) => Key::of(&[&digest.0]),
            Reference::Vote(identity, digest) | Reference::Certificate(identity, digest) => {
                Key::of(&[&identity.0, &digest.0])
            }
        }
    }

    /// The reference of a row of the database.
    pub(super) fn from_key(kind: Type, key: &[u8]) -> Option<Self> {
        let hex = |from: usize| key.get(from..from + 20)?.try_into().ok().map(Hex);
        let base64 = || key.try_into().ok().map(Base64);
        Some(match kind {
            Type::ServerDescriptor => Reference::ServerDescriptor(hex(0)?),
            Type::ExtraInfo => Reference::ExtraInfo(hex(0)?),
            Type::Microdescriptor => Reference::Microdescriptor(base64()?),
            Type::BandwidthFile => Reference::BandwidthFile(base64()?),
            Type::Vote => Reference::Vote(hex(0)?, hex(20)?),
            Type::KeyCertificate => Reference::Certificate(hex(0)?, hex(20)?),
            _ => return None,
        })
    }
}

/// Up to 40 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key([u8; 40], u8);

impl Key {
    fn of(parts: &[&[u8]]) -> Self {
        let mut key = Key([0; 40], 0);
        for part in parts {
            let from = usize::from(key.1);
            if let Some(place) = key.0.get_mut(from..from + part.len()) {
                place.copy_from_slice(part);
                key.1 += part.len() as u8;
            }
        }
        key
    }
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.0[..usize::from(self.1)]
    }
}

/// What the store needs to know of a document.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) kind: Type,
    pub(super) name: Name,
    /// What it is known by among the documents of its type. What refers to it names the first bytes of this.
    pub(super) key: Vec<u8>,
    /// SHA-256 of what makes it this document: the signed part of a consensus, which several copies have with different
    /// signatures, or all of it.
    pub(super) content: Base64<32>,
    pub(super) references: Vec<Reference>,
    /// When a consensus or vote stops being the newest one.
    pub(super) fresh_until: Option<Timestamp>,
    /// Where the key certificate stands in a vote.
    pub(super) certificate: Option<std::ops::Range<usize>>,
    /// The relay that has made an extra-info descriptor.
    pub(super) relay: Option<Fingerprint>,
    /// The identity key of the relay that has made a server descriptor.
    pub(super) relay_key: Option<PublicKey>,
    /// The same in DER form.
    pub(super) relay_key_der: Vec<u8>,
    /// How many authorities a consensus says have voted.
    pub(super) voters: usize,
}

/// Reads what is needed; the reason if that is not in it.
pub(super) fn facts(kind: Type, frame: Frame<'_>, from: &str, received: Timestamp) -> Result<Facts, Reason> {
    let body = frame.body;
    let mut facts = Facts {
        kind,
        name: Name::default(),
        key: Vec::new(),
        content: match (kind, status_signed_part(body)) {
            (Type::Consensus | Type::MicrodescConsensus, Some(signed)) => sha256(signed),
            _ => sha256(body),
        },
        references: Vec::new(),
        fresh_until: None,
        certificate: None,
        relay: None,
        relay_key: None,
        relay_key_der: Vec::new(),
        voters: 0,
    };
    match kind {
        Type::Consensus | Type::MicrodescConsensus => consensus(frame, &mut facts)?,
        Type::Vote => vote(frame, &mut facts)?,
        Type::KeyCertificate => certificate(frame, &mut facts)?,
        Type::ServerDescriptor => {
            let read = parse::<ServerDescriptor<'_>>(frame).partial;
            let digest = kind.sha1(body).ok_or("it is cut off")?;
            facts.relay_key_der = read.signing_key.and_then(|it| it.decode()).unwrap_or_default();
            facts.relay_key = PublicKey::from_der(&facts.relay_key_der);
            facts.references.extend(read.extra_info_digest.map(|it| Reference::ExtraInfo(it.sha1)));
            facts.set(read.published, &digest.0, &digest.0)?;
        }
        Type::ExtraInfo => {
            let read = parse::<ExtraInfo<'_>>(frame).partial;
            let digest = kind.sha1(body).ok_or("it is cut off")?;
            facts.relay = Some(read.owner.fingerprint);
            facts.set(read.published, &digest.0, &digest.0)?;
        }
        // Its time is that of whatever lists it.
        Type::Microdescriptor => {
            facts.name.digest = sha256(body).0.to_vec();
            facts.key = facts.name.digest.clone();
        }
        Type::BandwidthFile => bandwidth_file(frame, from, &mut facts)?,
        Type::DetachedSignatures => {
            let read = parse::<DetachedSignatures<'_>>(frame).partial;
            facts.set(read.valid_after, &read.consensus_digest.0, &read.consensus_digest.0)?;
        }
        Type::BridgeNetworkStatus => {
            let read = parse::<BridgeNetworkStatus<'_>>(frame).partial;
            let identity = read.fingerprint.ok_or("it does not name its authority")?;
            let published = read.published.ok_or("it has no time")?;
            facts.name.identity = Some(identity);
            facts.set(published, &identity.0, &[&identity.0[..], &published.0.to_be_bytes()].concat())?;
        }
        Type::BridgeServerDescriptor | Type::BridgeExtraInfo => {
            let digest = kind.sha1(body).ok_or("it has no digest")?;
            facts.set(other(kind, frame)?, &digest.0, &digest.0)?;
        }
        Type::ExitList => {
            let read = parse::<ExitList<'_>>(frame).partial;
            if read.entries.is_empty() {
                return Err("it lists no exit".into());
            }
            let time = read.downloaded.or_else(|| time_in_name(from)).unwrap_or(received);
            facts.set(time, &[], &time.0.to_be_bytes())?;
        }
        Type::Torperf | Type::OnionPerf | Type::WebServerLog => named(from, &mut facts)?,
        _ => {
            let time = other(kind, frame)?;
            facts.set(time, &[], &time.0.to_be_bytes())?;
        }
    }
    Ok(facts)
}

/// The time in the name of a file of an archive, `YYYY-MM-DD-hh-mm-ss`.
fn time_in_name(from: &str) -> Option<Timestamp> {
    let name = from.rsplit(['/', '!']).next()?.as_bytes();
    let mut text: [u8; 19] = name.get(..19)?.try_into().ok()?;
    if name.len() > 19 || [text[10], text[13], text[16]] != [b'-'; 3] {
        return None;
    }
    (text[10], text[13], text[16]) = (b' ', b':', b':');
    Timestamp::parse(&text)
}

impl Facts {
    fn set(&mut self, time: Timestamp, digest: &[u8], key: &[u8]) -> Result<(), Reason> {
        // Before there was Tor there was no document; the time is that of a line which is missing or malformed.
        if time.0 < FIRST {
            return Err("it has no time".into());
        }
        (self.name.time, self.name.digest, self.key) = (time, digest.to_vec(), key.to_vec());
        Ok(())
    }

    /// The part of the key that references name.
    pub(super) fn reference_key(&self) -> &[u8] {
        reference_key(self.kind, &self.key)
    }
}

/// The part of a key that references name.
pub(super) fn reference_key(kind: Type, key: &[u8]) -> &[u8] {
    let length = match kind {
        Type::BandwidthFile => 32,
        Type::KeyCertificate => 40,
        _ => key.len(),
    };
    key.get(..length).unwrap_or(key)
}

/// 2002-01-01.
const FIRST: i64 = 1_009_843_200;

fn consensus(frame: Frame<'_>, facts: &mut Facts) -> Result<(), Reason> {
    let read = parse::<Consensus<'_>>(frame).partial;
    let digest = facts.kind.sha1(frame.body).ok_or("it is cut off")?;
    let voted = |it: &&crate::document::Authority<'_>| !it.dir_source.is_legacy();
    facts.voters = read.authorities.iter().filter(voted).count();
    for authority in read.authorities.iter().filter(voted) {
        if let (Some(digest), Type::Consensus) = (authority.vote_digest, facts.kind) {
            facts.references.push(Reference::Vote(authority.dir_source.identity, digest));
        }
    }
    facts
        .references
        .extend(read.signatures.iter().map(|it| Reference::Certificate(it.identity, it.signing_key_digest)));
    for entry in &read.entries {
        match facts.kind {
            Type::Consensus => {
                facts.references.extend(entry.r.descriptor_digest.map(Reference::ServerDescriptor))
            }
            _ => facts.references.extend(entry.microdescriptors.digest.map(Reference::Microdescriptor)),
        }
    }
    facts.fresh_until = Some(read.fresh_until);
    facts.set(read.valid_after, &digest.0, &read.valid_after.0.to_be_bytes())
}

fn vote(frame: Frame<'_>, facts: &mut Facts) -> Result<(), Reason> {
    let read = parse::<Vote<'_>>(frame).partial;
    let digest = facts.kind.sha1(frame.body).ok_or("it is cut off")?;
    let identity = read.authority.dir_source.identity;
    for entry in &read.entries {
        facts.references.extend(entry.r.descriptor_digest.map(Reference::ServerDescriptor));
        let hashes = entry.microdescriptors.by_method.iter();
        facts.references.extend(hashes.filter_map(|it| it.sha256).map(Reference::Microdescriptor));
    }
    facts
        .references
        .extend(read.signatures.iter().map(|it| Reference::Certificate(it.identity, it.signing_key_digest)));
    let file = read.bandwidth_file_digest.and_then(|it| it.sha256);
    facts.references.extend(file.map(Reference::BandwidthFile));
    facts.certificate = (|| {
        let from = find_line(frame.body, b"dir-key-certificate-version ")?;
        let rest = &frame.body[from..];
        let signature = find_line(rest, b"dir-key-certification\n")?;
        const END: &[u8] = b"-----END SIGNATURE-----\n";
        Some(from..from + signature + memchr::memmem::find(&rest[signature..], END)? + END.len())
    })();
    facts.name.identity = Some(identity);
    facts.fresh_until = Some(read.fresh_until);
    facts.set(read.valid_after, &digest.0, &[identity.0, digest.0].concat())
}

fn certificate(frame: Frame<'_>, facts: &mut Facts) -> Result<(), Reason> {
    let read = parse::<KeyCertificate<'_>>(frame).partial;
    // A certificate that does not hold is refused by the judge, with the better reason.
    let key = AuthorityCertificate::read(frame.body).0.map_or([0; 20], |it| it.signing_key.fingerprint.0);
    let published = read.dir_key_published;
    facts.name.identity = Some(read.fingerprint);
    let whole = [&read.fingerprint.0[..], &key, &published.0.to_be_bytes()].concat();
    facts.set(published, &[], &whole)
}

fn bandwidth_file(frame: Frame<'_>, from: &str, facts: &mut Facts) -> Result<(), Reason> {
    let read = parse::<BandwidthFile<'_>>(frame).partial;
    let time = read.file_created.map_or(read.timestamp.0, |it| it.0);
    let annotated = frame.annotations().find(|it| it.name == b"source").map(|it| it.value);
    // A file of a folder has the folder's name, unless it comes out of an archive; a download has none.
    let folder = || {
        let local = frame.annotations.is_empty() && !from.contains("://");
        from.rsplit('/').nth(1).filter(|_| local).map(str::as_bytes)
    };
    let plain = |text: &&[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_alphanumeric);
    facts.name.source =
        annotated.or_else(folder).filter(plain).map(|text| String::from_utf8_lossy(text).into_owned());
    let digest = sha256(frame.body).0;
    let source = facts.name.source.clone().unwrap_or_default();
    facts.set(time, &digest, &[&digest[..], source.as_bytes()].concat())
}

/// The time of a document of which only that matters.
fn other(kind: Type, frame: Frame<'_>) -> Result<Timestamp, Reason> {
    let parsed = kind.parse(frame);
    let document = Document { kind, source: "", parsed: &parsed, digests: Default::default() };
    document.time().ok_or_else(|| "it has no time".into())
}

/// Files that carry their names from where they were made, with a date in them.
fn named(from: &str, facts: &mut Facts) -> Result<(), Reason> {
    let file = from.rsplit('/').next().unwrap_or_default();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if file.starts_with('.') || !file.chars().all(allowed) {
        return Err("its file's name is not one that such files have".into());
    }
    let day = |text: Option<&str>| {
        let text = text?;
        let (year, month, day) = match text.len() {
            10 => (text.get(..4)?, text.get(5..7)?, text.get(8..)?),
            8 => (text.get(..4)?, text.get(4..6)?, text.get(6..)?),
            _ => return None,
        };
        Timestamp::parse(format!("{year}-{month}-{day} 00:00:00").as_bytes().try_into().ok()?)
    };
    let bare = file.strip_suffix(".xz").unwrap_or(file);
    let (time, source, name) = match facts.kind {
        Type::Torperf => {
            let stem = file.strip_suffix(".tpf").ok_or("its file's name does not end in .tpf")?;
            (day(stem.get(stem.len().saturating_sub(10)..)), None, file.to_owned())
        }
        Type::OnionPerf => {
            (day(bare.get(..10)), None, format!("{}.xz", bare.strip_suffix(".gz").unwrap_or(bare)))
        }
        _ => {
            let (hosts, date) =
                bare.split_once("_access.log_").ok_or("its file's name is not that of a log")?;
            let (site, _) = hosts.split_once('_').ok_or("its file's name has no two hosts")?;
            (day(Some(date)), Some(site.to_owned()), format!("{bare}.xz"))
        }
    };
    let time = time.ok_or("its file's name has no date")?;
    (facts.name.source, facts.name.file) = (source, Some(name.clone()));
    facts.set(time, &[], name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_tell_times() {
        let time = Timestamp::parse(b"2026-03-30 03:04:50");
        for name in ["a.tar.xz!exit-list-2026-03/30/2026-03-30-03-04-50", "out/2026-03-30-03-04-50"] {
            assert_eq!(time_in_name(name), time, "{name}");
        }
        for name in ["http://a/exit-addresses", "2026-03-30-03-04-50-consensus", "2026-03-30 03:04:50", ""] {
            assert_eq!(time_in_name(name), None, "{name}");
        }
    }
}
