//! Deleting from the tree what a tarball holds.

use std::{fs, io, path::Path};

use sha2::{Digest as _, Sha256};

use super::{Ledger, Tarballs, failed, layout::Tarball, ledger::digest_of};
use crate::{
    archive::{Cause, Error},
    value::Timestamp,
};

/// What was deleted, and what was not.
#[derive(Debug, Default)]
pub struct Deleted {
    /// Files deleted.
    pub files: u64,
    /// Their length. Unit: bytes.
    pub bytes: u64,
    /// Files old enough that no tarball holds as they are; they stay.
    pub held: u64,
    /// What failed. What belongs to a tarball that cannot be read stays.
    pub failed: Vec<Error>,
}

impl Tarballs {
    /// Deletes documents published before `before`, if a tarball holds them. The tarball is read once more and must have
    /// the digest that it had when its members were read back, and the file must have the digest of its member.
    /// Documents without a time, as microdescriptors, count from their month's end; certificates stay. If the clock is
    /// ahead of the newest document of all, `before` is that much earlier: a clock that jumps ages nothing.
    ///
    /// DIFFERENCE: CollecTor goes by the files' times, and deletes whether or not a tarball was made (collector §17.1,
    /// nos. 12 and 29).
    pub fn delete(&self, before: Timestamp, now: Timestamp) -> Result<Deleted, Error> {
        let _lock = self.lock()?;
        let mut deleted = Deleted::default();
        let tarballs = self.tarballs()?;
        let newest =
            |tarball: &Tarball| tarball.month.and(Ledger::load_head(&self.ledger_path(tarball))?.facts.last);
        let newest = tarballs.iter().filter_map(newest).max().unwrap_or(now);
        let before = Timestamp(before.0 - (now.0 - newest.0).max(0));
        for tarball in tarballs {
            let path = self.archive.join(tarball.path());
            if let Err(error) = self.delete_one(&tarball, &path, before, now, &mut deleted) {
                deleted.failed.push(failed(&path, Cause::Read { offset: 0, error }));
            }
        }
        Ok(deleted)
    }

    fn delete_one(
        &self,
        tarball: &Tarball,
        path: &Path,
        before: Timestamp,
        now: Timestamp,
        deleted: &mut Deleted,
    ) -> io::Result<()> {
        let Some(end) = tarball.end() else { return Ok(()) };
        let ledger = self.ledger(tarball, path, now)?;
        let mut checked = false;
        for (name, file) in self.scan(tarball)? {
            let member = ledger.members.get(&name);
            let time = member.and_then(|member| member.time).unwrap_or(end);
            if time >= before {
                continue;
            }
            let Some(member) = member else {
                deleted.held += 1;
                continue;
            };
            if !checked && digest_of(path)? != ledger.digest {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the tarball is not the one that was read back",
                ));
            }
            checked = true;
            if Sha256::digest(fs::read(&file.path)?)[..] != member.digest {
                deleted.held += 1;
                continue;
            }
            fs::remove_file(&file.path)?;
            deleted.files += 1;
            deleted.bytes += member.size;
            // A folder that is not empty stays; so does one that somebody just puts something into.
            let folders = file.path.ancestors().skip(1).take_while(|folder| *folder != self.out);
            for folder in folders {
                if fs::remove_dir(folder).is_err() {
                    break;
                }
            }
        }
        Ok(())
    }
}
