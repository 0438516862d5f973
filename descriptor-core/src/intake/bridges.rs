//! Tarballs of bridge authorities in, CollecTor's tree of sanitized documents out.

use std::{
    collections::HashMap,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest, Sha256};

use super::{
    Authorities, Count, Error, Kind, Places, Record, Report,
    document::{Document, Tree, sanitize},
    parsed::{Known, Parsed, Stamp, digest},
    places::Opened,
    seen::{Key, Seen},
    tarball::{Found, Tarball, find},
};
use crate::{
    archive::{self, Cause, Chunk, Event, Input, Source},
    sanitize::{Refusal, Sanitized},
    schema::RuleSet,
    value::Timestamp,
};

/// How to sanitize the tarballs of bridge authorities.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which rules hold.
    pub rules: RuleSet,
    /// Whose tarballs are taken.
    pub authorities: Authorities,
    /// How many threads; 0 for as many as there are processors.
    pub threads: usize,
    /// The time, for a warning if nothing is new; there is no other use of it.
    pub now: Option<Timestamp>,
    /// Who is told how far the run has come.
    pub progress: Option<Arc<archive::Progress>>,
}

/// After how many new files, and after how many tarballs, they are put on the disk. What a killed run does again is a few
/// seconds' work; their names take 16 MiB of memory.
const BATCH: usize = 1 << 17;
const TARBALLS: usize = 64;

/// About how large a chunk is, and the largest document. Unit: bytes.
const CHUNK: usize = 512 << 10;
const LARGEST: usize = 16 << 20;

/// How long before its status the newest entry may have been made. Unit: seconds.
const ENTRY_AGE: i64 = 3600;

/// Sanitizes tarballs, and those in folders, in the order of their names. A tarball is marked as done when all that was
/// made of it is on the disk. Whatever a tarball holds, the run goes on; an error is the disk, the secrets, or another run.
pub fn bridges(inputs: &[PathBuf], places: &Places, options: &Options) -> Result<Report, Error> {
    let mut opened = places.open()?;
    let mut parsed = Parsed::open(&places.state().join("parsed-bridge-directories"))?;
    let mut report = Report::default();
    let mut tarballs = Vec::new();
    find(inputs, &options.authorities, &mut |found| {
        match found {
            Found::Other => {}
            Found::Bad(path, why) => report.fail(&path, &why),
            Found::Tarball(tarball) => match parsed.known(&tarball.name, &tarball.path, tarball.stamp)? {
                Known::Done => report.tarballs_done += 1,
                known => {
                    if known == Known::Changed {
                        let path = tarball.path.display();
                        report
                            .warnings
                            .push(format!("{path}: another file of this name was done before; read again"));
                    }
                    tarballs.push(tarball);
                }
            },
        }
        Ok(())
    })?;
    let result = {
        let mut run = Run {
            options,
            tarballs: &tarballs,
            opened: &mut opened,
            parsed: &mut parsed,
            report: &mut report,
            seen: &Seen::default(),
            current: 0,
            failed: false,
            waiting: Vec::new(),
            held: None,
        };
        run.all()
    };
    result?;
    report.lost_secrets = opened.secrets.lost();
    if let Some(now) = options.now {
        report.warn_if_stale(now);
    }
    Ok(report)
}

impl Report {
    fn fail(&mut self, path: &Path, why: &str) {
        self.tarballs_failed += 1;
        self.failures.push(format!("{}: {why}", path.display()));
    }
}

/// A document after the workers have had it.
struct Item {
    /// Which tarball, and where in it.
    tarball: usize,
    source: Arc<Source>,
    kind: Kind,
    what: What,
}

enum What {
    /// The file is no archive.
    NoArchive,
    /// Done before.
    Done,
    /// Sanitized; the original if something was left out.
    Sanitized(Key, Sanitized, Option<Vec<u8>>),
    Refused(Key, Refusal, Vec<u8>),
}

struct Run<'r> {
    options: &'r Options,
    tarballs: &'r [Tarball],
    opened: &'r mut Opened,
    parsed: &'r mut Parsed,
    report: &'r mut Report,
    seen: &'r Seen,
    /// The tarball that is being read, and whether something in it could not be.
    current: usize,
    failed: bool,
    /// Tarballs that were read and whose files wait for the next commit.
    waiting: Vec<usize>,
    /// The last document: if reading fails next, it is cut off.
    held: Option<Item>,
}

impl Run<'_> {
    fn all(&mut self) -> Result<(), Error> {
        let inputs: Vec<_> = self.tarballs.iter().map(|tarball| Input::Path(tarball.path.clone())).collect();
        let by_path: HashMap<&Path, usize> =
            self.tarballs.iter().enumerate().map(|(index, tarball)| (&*tarball.path, index)).collect();
        let reading = archive::Options {
            threads: self.options.threads,
            chunk_bytes: CHUNK,
            max_document: LARGEST,
            progress: self.options.progress.clone(),
            ..archive::Options::default()
        };
        let worker = Worker {
            tarballs: self.tarballs,
            by_path: &by_path,
            tree: Arc::clone(&self.opened.tree),
            secrets: Arc::clone(&self.opened.secrets),
            rules: self.options.rules,
            seen: self.seen,
        };
        let mut failure = None;
        archive::read(
            &inputs,
            &reading,
            |chunk| worker.chunk(chunk),
            |event| {
                let result = match event {
                    Event::Output(items) => {
                        items.and_then(|items| items.into_iter().try_for_each(|item| self.item(item)))
                    }
                    Event::Failed(error) => {
                        by_path.get(&*error.source.path).map_or(Ok(()), |&at| self.fail(at, &error))
                    }
                };
                match result {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => {
                        failure = Some(error);
                        ControlFlow::Break(())
                    }
                }
            },
        );
        if let Some(error) = failure {
            return Err(error);
        }
        self.release()?;
        self.advance(self.tarballs.len())?;
        self.commit()
    }

    /// Takes a document after the one before it.
    fn item(&mut self, item: Item) -> Result<(), Error> {
        self.release()?;
        self.advance(item.tarball)?;
        self.held = Some(item);
        Ok(())
    }

    /// Notes what could not be read. The document before it is cut off or damaged, unless it is in another tarball; it is
    /// read again with its tarball.
    fn fail(&mut self, tarball: usize, error: &archive::Error) -> Result<(), Error> {
        let cut = matches!(error.cause, Cause::Read { .. } | Cause::Truncated { .. });
        if cut && self.held.as_ref().is_some_and(|held| held.tarball == tarball) {
            self.held = None;
        }
        self.release()?;
        self.advance(tarball)?;
        self.note(&error.to_string());
        Ok(())
    }

    fn note(&mut self, what: &str) {
        // A file of a thousand holes is said once.
        if !self.failed {
            self.report.tarballs_failed += 1;
            self.report.failures.push(what.to_owned());
        }
        self.failed = true;
    }

    /// Goes on to a tarball: those before it were read to their end.
    fn advance(&mut self, to: usize) -> Result<(), Error> {
        while self.current < to {
            if !self.failed {
                self.report.tarballs += 1;
                self.waiting.push(self.current);
            }
            (self.current, self.failed) = (self.current + 1, false);
            if self.waiting.len() >= TARBALLS {
                self.commit()?;
            }
        }
        Ok(())
    }

    /// Writes the document that was held back.
    fn release(&mut self) -> Result<(), Error> {
        let Some(Item { tarball, source, kind, what }) = self.held.take() else { return Ok(()) };
        let tarball = &self.tarballs[tarball];
        match what {
            What::NoArchive => self.note(&format!("{}: not a tar archive", tarball.path.display())),
            What::Done => self.report.count(kind).done += 1,
            // Two workers had it at once; the first in the order of the tarballs counts.
            What::Sanitized(key, ..) | What::Refused(key, ..)
                if kind != Kind::Status && self.seen.has(&key) =>
            {
                self.report.count(kind).done += 1;
            }
            What::Sanitized(key, sanitized, original) => {
                self.seen.add(key);
                self.write(kind, &sanitized)?;
                if let (Some(original), Some((_, first))) = (original, sanitized.refused.first()) {
                    let partial = Partial::of(&sanitized);
                    sanitized.refused.iter().for_each(|(_, refusal)| self.report.refuse(kind, refusal));
                    self.report.entries_refused += sanitized.refused.len() as u64;
                    self.keep(tarball, &source, kind, first, Some(partial), &original)?;
                }
            }
            What::Refused(key, refusal, original) => {
                self.seen.add(key);
                self.report.count(kind).refused += 1;
                self.report.refuse(kind, &refusal);
                self.keep(tarball, &source, kind, &refusal, None, &original)?;
            }
        }
        if self.opened.output.len() + self.opened.quarantine.waiting() >= BATCH {
            self.commit()?;
        }
        Ok(())
    }

    fn write(&mut self, kind: Kind, sanitized: &Sanitized) -> Result<(), Error> {
        let path = sanitized.path();
        // The workers have looked for descriptors, and only this run writes to the tree.
        let new = match kind {
            Kind::Status => self.opened.output.add(&path, &sanitized.bytes)?,
            _ => self.opened.output.add_absent(&path, &sanitized.bytes)?,
        };
        let Count { written, done, .. } = self.report.count(kind);
        *if new { written } else { done } += 1;
        self.report.seen(kind, sanitized.published);
        if kind == Kind::Status {
            self.report.entries += if new { sanitized.entries as u64 } else { 0 };
            let warning = match sanitized.newest_entry {
                None if sanitized.entries == 0 => "has no entries",
                None => "has no entry that is older than itself",
                Some(newest) if newest.0 < sanitized.published.0 - ENTRY_AGE => {
                    "has no entry of the hour before it"
                }
                Some(_) => return Ok(()),
            };
            self.report.warnings.push(format!("the status of {} {warning}", sanitized.published));
        }
        Ok(())
    }

    fn keep(
        &mut self,
        tarball: &Tarball,
        source: &Source,
        kind: Kind,
        refusal: &Refusal,
        partial: Option<Partial>,
        original: &[u8],
    ) -> Result<(), Error> {
        let published = tarball.origin.published.to_string();
        let mut record = Record {
            kind,
            keyword: String::new(),
            line: 0,
            reason: String::new(),
            message: String::new(),
            partial: 0,
            written: None,
            rules: String::new(),
            tarball: tarball.name.clone(),
            member: source.member.clone().unwrap_or_default(),
            authority: tarball.origin.authority.to_string(),
            published: published.clone(),
            first_seen: published,
        };
        record.refuse(refusal, partial, self.options.rules);
        self.opened.quarantine.add(&const_hex::encode(Sha256::digest(original)), original, &record)?;
        Ok(())
    }

    /// Puts all that waits on the disk; then, and only then, the tarballs that it came from are done.
    fn commit(&mut self) -> Result<(), Error> {
        self.opened.quarantine.commit()?;
        self.opened.output.commit()?;
        self.opened.tree.changed();
        for index in self.waiting.drain(..) {
            let tarball = &self.tarballs[index];
            // One that has changed meanwhile is read again.
            if fs::metadata(&tarball.path).is_ok_and(|metadata| Stamp::of(&metadata) == tarball.stamp)
                && let Ok(digest) = digest(&tarball.path)
            {
                self.parsed.add(&tarball.name, digest, tarball.stamp);
            }
        }
        self.parsed.commit()
    }
}

/// What was written of a status with refused entries.
pub(super) struct Partial {
    refused: usize,
    written: String,
}

impl Partial {
    pub(super) fn of(sanitized: &Sanitized) -> Self {
        let written = const_hex::encode(Sha256::digest(&sanitized.bytes));
        Partial { refused: sanitized.refused.len(), written }
    }

    /// The SHA-256 of what was written, in hex.
    pub(super) fn written(&self) -> &str {
        &self.written
    }
}

impl Record {
    /// Fills in why.
    pub(super) fn refuse(&mut self, refusal: &Refusal, partial: Option<Partial>, rules: RuleSet) {
        self.keyword.clone_from(&refusal.keyword);
        self.line = refusal.line;
        self.reason = refusal.reason.word().to_owned();
        self.message = refusal.to_string();
        self.partial = partial.as_ref().map_or(0, |partial| partial.refused);
        self.written = partial.map(|partial| partial.written);
        self.rules = rules.name().to_owned();
    }
}

/// What the threads need that sanitize.
struct Worker<'w> {
    tarballs: &'w [Tarball],
    by_path: &'w HashMap<&'w Path, usize>,
    tree: Arc<Tree>,
    secrets: Arc<super::SecretsFile>,
    rules: RuleSet,
    seen: &'w Seen,
}

impl Worker<'_> {
    fn chunk(&self, chunk: &Chunk) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        let mut here = std::collections::HashSet::new();
        let mut last: Option<(&Arc<Source>, usize)> = None;
        for (source, frame) in chunk.frames() {
            let tarball = match last {
                Some((known, tarball)) if Arc::ptr_eq(known, source) => tarball,
                _ => match self.by_path.get(&*source.path) {
                    Some(&tarball) => tarball,
                    None => continue,
                },
            };
            last = Some((source, tarball));
            let kind = Kind::of(frame.body);
            let what = if source.member.is_none() {
                What::NoArchive
            } else {
                self.document(kind, frame.body, &self.tarballs[tarball], &mut here)?
            };
            items.push(Item { tarball, source: Arc::clone(source), kind, what });
        }
        Ok(items)
    }

    /// What is made of a document. Statuses are always done: the same text may come from two authorities.
    fn document(
        &self,
        kind: Kind,
        body: &[u8],
        tarball: &Tarball,
        here: &mut std::collections::HashSet<Key>,
    ) -> Result<What, Error> {
        let document = Document::new(kind, body);
        let mut key = Key::default();
        if kind != Kind::Status {
            key.copy_from_slice(&document.sha256()[..size_of::<Key>()]);
            if here.contains(&key) || self.seen.has(&key) || self.tree.has(&document) {
                return Ok(What::Done);
            }
            here.insert(key);
        }
        Ok(match sanitize(&document, &tarball.origin, self.rules, &self.secrets)? {
            Ok(sanitized) => {
                let original = (!sanitized.refused.is_empty()).then(|| body.to_vec());
                What::Sanitized(key, sanitized, original)
            }
            Err(refusal) => What::Refused(key, refusal, body.to_vec()),
        })
    }
}
