//! CollecTor's monthly tarballs: made, extended, finished and read back; and what may be deleted because of them.
//!
//! A month that goes on is *extended*: what is new since the last time is added in an xz block of its own, and nothing
//! that is there is compressed again. When the month has been over for a while, the tarball is *finished*: all members in
//! order, compressed as one, as small as `xz -9e` makes it; its bytes depend on its members alone. What arrives later
//! extends it again, and after another while it is finished again. Tarballs of a few megabytes are always finished.
//!
//! DIFFERENCE: CollecTor's tarballs have members for folders, times and owners of the files, and no order (collector
//! §10). These have no folders, the times of the documents, and root as owner.

pub(super) mod blocks;
mod layout;
mod ledger;
mod members;
mod retention;
#[cfg(test)]
mod tests;
mod write;

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use sha2::{Digest as _, Sha256};

pub use self::retention::Deleted;
use self::{layout::Tarball, write::Found};
use super::{Cause, Error, Source, history::Stamp};
use crate::{destination, value::Timestamp};
pub(super) use ledger::{Ledger, digest_of};

/// Where documents, tarballs and what is known about them lie.
#[derive(Debug, Clone)]
pub struct Tarballs {
    /// The tree of documents: CollecTor's `out`.
    pub out: PathBuf,
    /// Where the tarballs go: CollecTor's `indexed/archive`.
    pub archive: PathBuf,
    /// Where the ledgers go: what each tarball holds, and that it was read back. If they are lost, they are made anew from
    /// the tarballs.
    pub state: PathBuf,
    /// How long a month must be over, and nothing added, before its tarball is finished. Unit: seconds.
    pub settle: i64,
    /// Tarballs whose members are not more than this are written anew and in order each time, which takes a moment and makes
    /// their bytes depend on their members alone. Unit: bytes.
    pub small: u64,
    /// How many tarballs are written at once; each one that is finished takes up to 700 MiB of memory.
    pub threads: usize,
}

/// Two days: what is published at the end of a month is collected on the next day.
pub const SETTLE: i64 = 2 * 86400;

/// Four megabytes: three seconds of `xz -9e`.
pub const SMALL: u64 = 4 << 20;

/// What became of a tarball.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Path of the tarball below the archive's root.
    pub path: String,
    /// How it was written.
    pub how: How,
    /// How many members were added or replaced.
    pub added: usize,
    /// How many members it has now.
    pub members: usize,
    /// Length of the file. Unit: bytes.
    pub size: u64,
}

/// How a tarball was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// New members stand in a block of their own at the end.
    Extended,
    /// All members stand in order and are compressed as one.
    Finished,
}

/// What was done, and what failed. A tarball that fails does not keep the others.
#[derive(Debug, Default)]
pub struct Report {
    /// Tarballs that were written.
    pub made: Vec<Made>,
    /// Those that could not be, and why.
    pub failed: Vec<Error>,
}

impl Tarballs {
    /// Writes all tarballs for which the tree has something new, or whose month has been over long enough at `now`.
    /// Fails as a whole only if nothing can be done at all, as when another process is at it.
    pub fn update(&self, now: Timestamp) -> Result<Report, Error> {
        let _lock = self.lock()?;
        let tarballs = self.tarballs()?;
        let one = |tarball: &Tarball| {
            let path = self.archive.join(tarball.path());
            self.update_one(tarball, &path, now).map_err(|error| failed(&path, Cause::Write(error)))
        };
        let work = || tarballs.par_iter().map(one).collect::<Vec<_>>();
        let results = match rayon::ThreadPoolBuilder::new().num_threads(self.threads.max(1)).build() {
            Ok(pool) => pool.install(work),
            Err(_) => tarballs.iter().map(one).collect(),
        };
        let mut report = Report::default();
        for result in results {
            match result {
                Ok(made) => report.made.extend(made),
                Err(error) => report.failed.push(error),
            }
        }
        Ok(report)
    }

    fn update_one(&self, tarball: &Tarball, path: &Path, now: Timestamp) -> io::Result<Option<Made>> {
        let mut ledger = self.ledger(tarball, path, now)?;
        let mut found = self.scan(tarball)?;
        let known = ledger.clone();
        let (fresh, replaced) = compare(&mut ledger, &mut found)?;
        let over = |since: Timestamp| now.0 >= since.0.saturating_add(self.settle);
        // Extended at a time that is yet to come: by a clock that was ahead, which is to hold nothing up.
        let late = ledger.stamp.is_some() && ledger.extended <= now && !over(ledger.extended);
        let due = tarball.end().is_some_and(over) && !late;
        if fresh.is_empty() && (ledger.finished || ledger.members.is_empty() || !due) {
            if ledger != known {
                ledger.save(&self.ledger_path(tarball))?;
            }
            return Ok(None);
        }
        let sizes =
            ledger.members.values().map(|member| member.size).chain(fresh.values().map(|it| it.stamp.size));
        let whole = replaced
            || !tarball.compressed
            || sizes.sum::<u64>() <= self.small
            || (due && (fresh.is_empty() || ledger.stamp.is_none()))
            || !write::is_extendable(path)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        if !fresh.is_empty() {
            ledger.extended = now;
        }
        if whole {
            write::rebuild(tarball, path, &mut ledger, &found)?;
        } else {
            ledger.finished = false;
            write::extend(tarball, path, &mut ledger, &fresh, &found)?;
        }
        ledger.save(&self.ledger_path(tarball))?;
        let how = if whole { How::Finished } else { How::Extended };
        let size = ledger.stamp.map_or(0, |stamp| stamp.size);
        Ok(Some(Made { path: tarball.path(), how, added: fresh.len(), members: ledger.members.len(), size }))
    }

    /// What a tarball holds, by its ledger or, if that is lost or of another file, by reading it.
    fn ledger(&self, tarball: &Tarball, path: &Path, now: Timestamp) -> io::Result<Ledger> {
        let stamp = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ledger::default()),
            metadata => Stamp::of(&metadata?),
        };
        let kept = self.ledger_path(tarball);
        let mut ledger = match Ledger::load(&kept) {
            Some(ledger) if ledger.stamp == Some(stamp) => return Ok(ledger),
            // It may only have been copied or touched.
            Some(ledger) if ledger::digest_of(path)? == ledger.digest => ledger,
            _ => Ledger::of_tarball(path, &tarball.name, now)?,
        };
        ledger.stamp = Some(stamp);
        ledger.save(&kept)?;
        Ok(ledger)
    }

    fn ledger_path(&self, tarball: &Tarball) -> PathBuf {
        self.state.join(format!("{}.members", tarball.name))
    }

    /// The files of the tree that belong into a tarball, by their paths below its top folder. Hidden ones and those whose
    /// names end in `.tmp` are still being written.
    fn scan(&self, tarball: &Tarball) -> io::Result<BTreeMap<String, Found>> {
        let mut found = BTreeMap::new();
        let mut folders: Vec<_> =
            tarball.folders.iter().map(|(from, below)| (self.out.join(from), below.clone())).collect();
        while let Some((folder, below)) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                if !ledger::fits(&name) || name.ends_with(".tmp") {
                    continue;
                }
                let path = entry.path();
                // Links are followed, as `tar ch` does.
                let metadata = match fs::metadata(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    metadata => metadata?,
                };
                if metadata.is_dir() {
                    folders.push((path, format!("{below}{name}/")));
                } else if metadata.is_file() {
                    found.insert(format!("{below}{name}"), Found { path, stamp: Stamp::of(&metadata) });
                }
            }
        }
        Ok(found)
    }

    fn tarballs(&self) -> Result<Vec<Tarball>, Error> {
        let mut tarballs =
            layout::tarballs(&self.out).map_err(|error| failed(&self.out, Cause::Open(error)))?;
        // Those that are to be finished though the tree has nothing more of them.
        for entry in fs::read_dir(&self.state).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            if path.extension().is_some_and(|extension| extension == "members")
                && tarballs.iter().all(|tarball| tarball.name != name)
                && Ledger::load_head(&path).is_some_and(|ledger| !ledger.finished)
            {
                tarballs.extend(layout::of_name(name));
            }
        }
        Ok(tarballs)
    }

    /// Keeps other processes out, and removes what a killed one has left.
    fn lock(&self) -> Result<File, Error> {
        let path = self.state.join(".lock");
        let open = || {
            fs::create_dir_all(&self.state)?;
            File::create(&path)
        };
        let lock = open().map_err(|error| failed(&path, Cause::Open(error)))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let error = io::Error::new(io::ErrorKind::ResourceBusy, "another process is at it");
                return Err(failed(&path, Cause::Open(error)));
            }
            Err(TryLockError::Error(error)) => return Err(failed(&path, Cause::Open(error))),
        }
        for tarball in self.tarballs()? {
            for path in [self.archive.join(tarball.path()), self.ledger_path(&tarball)] {
                if let (Some(folder), Some(stem)) =
                    (path.parent(), path.file_stem().and_then(|it| it.to_str()))
                {
                    destination::sweep(folder, &format!("{stem}."));
                }
            }
        }
        Ok(lock)
    }
}

/// Finds what is new or changed, and notes files that were only touched. Tells whether a member has other bytes now.
fn compare(
    ledger: &mut Ledger,
    found: &mut BTreeMap<String, Found>,
) -> io::Result<(BTreeMap<String, Found>, bool)> {
    let (mut fresh, mut replaced) = (BTreeMap::new(), false);
    for (name, file) in found.iter() {
        match ledger.members.get_mut(name) {
            Some(member)
                if (member.size, member.modified) == (file.stamp.size, Some(file.stamp.modified)) => {}
            Some(member) if Sha256::digest(fs::read(&file.path)?)[..] == member.digest => {
                member.modified = Some(file.stamp.modified);
            }
            known => {
                replaced |= known.is_some();
                fresh.insert(name.clone(), file.clone());
            }
        }
    }
    Ok((fresh, replaced))
}

fn failed(path: &Path, cause: Cause) -> Error {
    Error { source: Arc::new(Source::file(path)), cause }
}
