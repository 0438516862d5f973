//! From a delivery to documents that are held, refused or wait.

use std::{borrow::Cow, fs};

use rusqlite::{OptionalExtension, params};

use super::{
    Delivery, StoreError,
    apart::Apart,
    batch::{Batch, code, month},
    below, bridges,
    facts::{Facts, facts},
    judge::{Judgement, need},
    names::Place,
};
use crate::{
    document::{Type, sha256},
    netdoc::{Frame, Start, find_line, frames},
    value::Timestamp,
    verify::Identities,
};

/// What came of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// Documents that were not held before. A microdescriptor counts once a month.
    pub new: usize,
    /// Documents that are held already.
    pub known: usize,
    /// Documents that differ from what is held under their name; they are kept apart.
    pub conflicts: usize,
    /// Documents that are not what they say they are; they are kept apart.
    pub refused: usize,
    /// Documents that cannot be judged yet.
    pub waiting: usize,
    /// What was wrong, a line each.
    pub problems: Vec<String>,
}

/// Where a document comes from.
struct Origin<'a> {
    from: &'a str,
    received: Timestamp,
}

impl Batch {
    /// Takes all documents of a delivery.
    pub(super) fn take(&mut self, delivery: &Delivery) -> Result<Taken, StoreError> {
        let mut taken = Taken::default();
        self.begin(delivery.received)?;
        let origin = Origin { from: &delivery.from, received: delivery.received };
        self.take_all(&delivery.bytes, delivery.kind, &origin, &mut taken)?;
        // What has come may be what others waited for, which may be what still others waited for.
        while let Some((_, bytes, why)) = self.freed() {
            let origin = Origin { from: &why.from, received: why.received() };
            self.take_all(&bytes, Type::of_name(&why.kind), &origin, &mut taken)?;
        }
        self.commit_much()?;
        Ok(taken)
    }

    fn take_all(
        &mut self,
        bytes: &[u8],
        hint: Option<Type>,
        origin: &Origin<'_>,
        taken: &mut Taken,
    ) -> Result<(), StoreError> {
        match hint {
            // The file is what is kept, not its lines.
            Some(kind) if matches!(kind.info().start, Start::File | Start::Line) => {
                self.take_one(Frame::whole(kind, bytes), origin, taken)
            }
            _ => {
                for frame in frames(bytes, hint) {
                    self.take_one(frame, origin, taken)?;
                }
                Ok(())
            }
        }
    }

    fn take_one(
        &mut self,
        frame: Frame<'_>,
        origin: &Origin<'_>,
        taken: &mut Taken,
    ) -> Result<(), StoreError> {
        if bridges::says_so(&frame) {
            refuse_bridge(origin, taken);
            return Ok(());
        }
        let place = frame.kind.and_then(Place::of);
        let (Some(place), Some(kind)) = (place, frame.kind) else {
            let reason = "no document that is collected";
            return self.refuse(frame, origin, reason, taken);
        };
        let mut facts = match facts(kind, frame, origin.from, origin.received) {
            Ok(facts) => facts,
            Err(reason) => return self.refuse(frame, origin, &reason, taken),
        };
        if kind == Type::Microdescriptor {
            return self.take_microdescriptor(place, frame, facts, origin, taken);
        }
        if changes(kind) {
            // Compared is what lies in the tree.
            let bytes = stored(place, &frame, &mut facts);
            facts.content = sha256(Frame::whole(kind, &bytes).body);
        }
        match self.find(kind, &facts.key, 0)? {
            Some(Some(content)) if content[..] != facts.content.0 => {
                // DIFFERENCE: CollecTor keeps the last one.
                taken.conflicts += 1;
                return self.keep_apart(frame, origin, "another document of this name is held", taken);
            }
            Some(_) => {
                taken.known += 1;
                return Ok(());
            }
            None => {}
        }
        let referenced = self.is_referenced(kind, facts.reference_key())?;
        if bridges::looks_so(&frame) && !self.is_of_listed_relay(&facts, referenced)? {
            refuse_bridge(origin, taken);
            return Ok(());
        }
        let identities = self.identities(&facts)?;
        let verified = match self.trust.judge(&frame, &facts, referenced, &identities) {
            Judgement::Good { verified } => verified,
            Judgement::Bad(reason) => return self.refuse(frame, origin, &reason, taken),
            Judgement::Waits(reason, needs) => return self.let_wait(frame, origin, reason, needs, taken),
        };
        let bytes = stored(place, &frame, &mut facts);
        if !self.agrees(place, &facts, &bytes, origin)? {
            taken.conflicts += 1;
            return self.keep_apart(frame, origin, "another document of this name is in the tree", taken);
        }
        self.stage(place, &facts, &bytes, verified)?;
        taken.new += 1;
        self.learn(&frame, &facts)?;
        self.refer(&facts)?;
        if let Some(range) = facts.certificate
            && let Some(certificate) = frame.body.get(range)
        {
            let frame =
                Frame { kind: Some(Type::KeyCertificate), annotations: b"", body: certificate, offset: 0 };
            let mut within = Taken::default();
            self.take_one(frame, origin, &mut within)?;
            taken.new += within.new;
        }
        Ok(())
    }

    /// Takes a microdescriptor for each month of which a consensus or vote lists it.
    fn take_microdescriptor(
        &mut self,
        place: &'static Place,
        frame: Frame<'_>,
        mut facts: Facts,
        origin: &Origin<'_>,
        taken: &mut Taken,
    ) -> Result<(), StoreError> {
        let times: Vec<i64> = self
            .database
            .prepare_cached("SELECT at FROM missing WHERE kind = ?1 AND key = ?2 ORDER BY at")?
            .query_map(params![place.code, facts.key], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut new = 0;
        for &time in &times {
            facts.name.time = Timestamp(time);
            if self.find(facts.kind, &facts.key, month(facts.kind, facts.name.time))?.is_none() {
                let bytes = stored(place, &frame, &mut facts);
                if self.agrees(place, &facts, &bytes, origin)? {
                    self.stage(place, &facts, &bytes, true)?;
                    self.microdescriptors.insert(facts.key.clone(), bytes.into_owned());
                    new += 1;
                }
            }
        }
        taken.new += new;
        if new > 0 {
            return Ok(());
        }
        let held = "SELECT 1 FROM document WHERE kind = ?1 AND key = ?2";
        let held = self.database.prepare_cached(held)?.exists(params![place.code, facts.key])?;
        if held || !times.is_empty() {
            taken.known += 1;
            return Ok(());
        }
        match self.trust.judge(&frame, &facts, false, &Identities::default()) {
            Judgement::Waits(reason, needs) => self.let_wait(frame, origin, reason, needs, taken),
            _ => Ok(()),
        }
    }

    /// Whether the tree may take a document: it has no file of that name, or this one, or one that is not what it should
    /// be, which then goes to what is kept apart.
    fn agrees(
        &mut self,
        place: &Place,
        facts: &Facts,
        bytes: &[u8],
        origin: &Origin<'_>,
    ) -> Result<bool, StoreError> {
        let path = place.out(&facts.name);
        let file = below(&self.layout.out, &path);
        let there = match fs::read(&file) {
            Ok(there) => there,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(StoreError::io(&file, error)),
        };
        if there == bytes {
            return Ok(true);
        }
        if super::open::read(place, &path, &there).is_some_and(|it| it.key == facts.key) {
            return Ok(false);
        }
        let why = Apart {
            kind: facts.kind.name().into(),
            reason: format!(
                "it was {path} and is not what the name says; {} has served it anew",
                origin.from
            ),
            from: file.display().to_string(),
            received: origin.received.0,
            needs: Vec::new(),
        };
        self.reject(&there, why)?;
        self.out.replace(&path, bytes)?;
        Ok(true)
    }

    /// What a document tells about keys, and who has waited for it.
    fn learn(&mut self, frame: &Frame<'_>, facts: &Facts) -> Result<(), StoreError> {
        match facts.kind {
            Type::KeyCertificate => {
                self.trust.add(frame.body);
                self.came(facts.reference_key())?;
            }
            Type::ServerDescriptor => {
                if let Some(key) = &facts.relay_key {
                    self.database
                        .prepare_cached("INSERT OR IGNORE INTO relay VALUES (?1, ?2)")?
                        .execute(params![key.fingerprint.0, facts.relay_key_der])?;
                    self.came(&need(&[&key.fingerprint.0]))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The identity key of the relay that has made an extra-info descriptor.
    fn identities(&self, facts: &Facts) -> Result<Identities, StoreError> {
        let mut identities = Identities::default();
        if let (Type::ExtraInfo, Some(relay)) = (facts.kind, facts.relay) {
            let found: Option<Vec<u8>> = self
                .database
                .prepare_cached("SELECT key FROM relay WHERE fingerprint = ?1")?
                .query_row([relay.0], |row| row.get(0))
                .optional()?;
            let key = found.and_then(|der| crate::verify::PublicKey::from_der(&der));
            key.into_iter().for_each(|key| identities.insert(key));
        }
        Ok(identities)
    }

    fn is_referenced(&self, kind: Type, key: &[u8]) -> rusqlite::Result<bool> {
        self.database
            .prepare_cached("SELECT 1 FROM missing WHERE kind = ?1 AND key = ?2 LIMIT 1")?
            .exists(params![code(kind), key])
    }

    fn refuse(
        &mut self,
        frame: Frame<'_>,
        origin: &Origin<'_>,
        reason: &str,
        taken: &mut Taken,
    ) -> Result<(), StoreError> {
        taken.refused += 1;
        self.keep_apart(frame, origin, reason, taken)
    }

    fn keep_apart(
        &mut self,
        frame: Frame<'_>,
        origin: &Origin<'_>,
        reason: &str,
        taken: &mut Taken,
    ) -> Result<(), StoreError> {
        let why = apart(&frame, origin, reason, &[]);
        taken.problems.push(format!("{}: {}: {reason}", origin.from, or_unknown(&why.kind)));
        self.reject(&whole(&frame), why)
    }

    fn let_wait(
        &mut self,
        frame: Frame<'_>,
        origin: &Origin<'_>,
        reason: String,
        needs: Vec<Vec<u8>>,
        taken: &mut Taken,
    ) -> Result<(), StoreError> {
        taken.waiting += 1;
        self.wait(whole(&frame), apart(&frame, origin, &reason, &needs), needs)
    }
}

fn or_unknown(kind: &str) -> &str {
    if kind.is_empty() { "unknown" } else { kind }
}

fn apart(frame: &Frame<'_>, origin: &Origin<'_>, reason: &str, needs: &[Vec<u8>]) -> Apart {
    Apart {
        kind: frame.kind.map_or("", Type::name).into(),
        reason: reason.into(),
        from: origin.from.into(),
        received: origin.received.0,
        needs: needs.iter().map(const_hex::encode).collect(),
    }
}

/// Not even kept apart: this is nothing that others may ever read.
fn refuse_bridge(origin: &Origin<'_>, taken: &mut Taken) {
    taken.refused += 1;
    taken.problems.push(format!("{}: a bridge's descriptor that is not sanitized", origin.from));
}

/// A document as it came.
fn whole(frame: &Frame<'_>) -> Vec<u8> {
    [frame.annotations, frame.body].concat()
}

/// Whether a document of a type may be stored with other bytes than it came with, annotations aside.
fn changes(kind: Type) -> bool {
    matches!(kind, Type::ExitList | Type::Torperf | Type::OnionPerf | Type::WebServerLog)
}

/// A document as it is stored: with the annotation of its type, unless it has one.
fn stored<'a>(place: &Place, frame: &Frame<'a>, facts: &mut Facts) -> Cow<'a, [u8]> {
    if matches!(place.kind, Type::OnionPerf | Type::WebServerLog) {
        return compressed(frame.body);
    }
    let Some(mut annotation) = place.annotation() else { return Cow::Borrowed(frame.body) };
    if find_line(frame.annotations, b"@type ").is_some() {
        return Cow::Owned(whole(frame));
    }
    match place.kind {
        Type::Torperf => {
            let lines = frame.body.split_inclusive(|&b| b == b'\n');
            return Cow::Owned(
                lines.flat_map(|line| [annotation.as_bytes(), line]).collect::<Vec<_>>().concat(),
            );
        }
        Type::BandwidthFile => {
            if let Some(source) = &facts.name.source {
                annotation += &format!("@source {source}\n");
            }
        }
        Type::ExitList if !frame.body.starts_with(b"Downloaded ") => {
            annotation += &format!("Downloaded {}\n", facts.name.time);
        }
        _ => {}
    }
    Cow::Owned([annotation.as_bytes(), frame.body].concat())
}

/// A file as `.xz`, if it is none yet.
fn compressed(bytes: &[u8]) -> Cow<'_, [u8]> {
    const MAGIC: &[u8] = b"\xfd7zXZ\0";
    if bytes.starts_with(MAGIC) {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::new();
    let mut encoder = liblzma::read::XzEncoder::new(bytes, 6);
    // Reading from memory and writing to it cannot fail.
    drop(std::io::Read::read_to_end(&mut encoder, &mut out));
    Cow::Owned(out)
}
