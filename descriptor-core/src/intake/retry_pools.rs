//! Pool assignments that were refused, once more.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
};

use super::{
    Error, PoolFiles, PoolsReport, Staging,
    error::At,
    pools::{FOLDER, REFUSED, commit, reason_of},
};
use crate::schema::RuleSet;

impl PoolFiles {
    /// Sanitizes what lies in the quarantine. What passes now is written, and leaves the quarantine when it is on the disk; the
    /// rest stays, with its new reason. Without a quarantine there is nothing to do.
    pub fn retry(&self) -> Result<PoolsReport, Error> {
        let mut report = PoolsReport::default();
        let Some(root) = self.quarantine.as_ref().filter(|root| root.join(FOLDER).is_dir()) else {
            return Ok(report);
        };
        let mut staging = Staging::open(&self.out, "pools")?.with_journal(self.journal.clone());
        let mut quarantine = Some(self.open_quarantine(root)?);
        let (folder, mut waiting, mut passed) = (root.join(FOLDER), HashMap::new(), Vec::new());
        for name in refused(&folder)? {
            let path = folder.join(&name);
            let (text, present) = (fs::read(&path).at(&path)?, report.present);
            let still = self.file(&path, &text, &mut waiting, &mut staging, &mut quarantine, &mut report)?;
            report.read += 1;
            // By the rules of CollecTor, an assignment that is there does not grow: what it has not would be lost.
            let is_in = self.rules == RuleSet::Current || report.present == present;
            if is_in && !still.contains(&name) {
                passed.push(name);
            }
        }
        commit(&mut waiting, &mut staging, &mut quarantine)?;
        for name in passed {
            // Its reason goes first: without one, it is tried again.
            for name in [reason_of(&name), name] {
                let path = folder.join(name);
                fs::remove_file(&path).at(&path)?;
            }
        }
        Ok(report)
    }
}

/// The names of what was refused.
fn refused(folder: &Path) -> Result<BTreeSet<String>, Error> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).at(folder)? {
        let name = entry.at(folder)?.file_name().to_string_lossy().into_owned();
        if name.starts_with(REFUSED) {
            names.insert(name);
        }
    }
    Ok(names)
}
