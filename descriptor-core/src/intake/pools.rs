//! Bridge pool assignments: from BridgeDB's and rdsys's logs to one file an assignment (collector §5).

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::{self, Read},
    path::{Path, PathBuf, absolute},
};

use serde::{Serialize, Serializer};

use super::{
    Error, Problem, Staging,
    error::At,
    metrics::{MOST, Metrics, OTHERS, labels, signed},
    originals,
    report::{paths, texts},
};
use crate::{
    archive::{self, Cause, History},
    sanitize::{Pool, Reason, Refusal, RefusedPool, Sanitizer, guard::Facts, pool_assignments, sha256},
    schema::RuleSet,
};

/// How to sanitize bridge pool assignments.
#[derive(Debug)]
pub struct PoolFiles {
    /// The folder that `bridge-pool-assignments/…` is written into.
    pub out: PathBuf,
    /// The folder with the list of files that were read, `parsed-bridge-pool-assignments`, if one is kept.
    pub state: Option<PathBuf>,
    /// The folder that what is refused goes to, if it is kept.
    pub quarantine: Option<PathBuf>,
    /// Where the paths of new and grown assignments are noted, for
    /// [`recent::extend`](crate::archive::recent::extend).
    pub journal: Option<PathBuf>,
    /// Which rules hold.
    pub rules: RuleSet,
}

/// What was done.
#[derive(Debug, Default, Serialize)]
pub struct PoolsReport {
    /// Files that were read.
    pub read: u64,
    /// Files that were read in an earlier run and have not changed.
    pub unchanged: u64,
    /// Files in folders whose names are not those of assignments.
    #[serde(serialize_with = "paths")]
    pub ignored: Vec<PathBuf>,
    /// What could not be read.
    #[serde(serialize_with = "texts", rename = "failures")]
    pub failed: Vec<archive::Error>,
    /// Assignments that were written.
    pub written: u64,
    /// Assignments that were there and got further bridges.
    pub grown: u64,
    /// Assignments that were there as they are.
    pub present: u64,
    /// Lines and blocks of which there was another one about the same.
    pub replaced: u64,
    /// What was refused, in which file.
    #[serde(skip)]
    pub refused: Vec<(PathBuf, RefusedPool)>,
    /// The same, counted by keyword and reason.
    #[serde(serialize_with = "counts", rename = "refused")]
    pub counts: BTreeMap<(String, String), u64>,
}

impl PoolsReport {
    /// Whether all was read and nothing was refused.
    pub fn is_clean(&self) -> bool {
        self.failed.is_empty() && self.refused.is_empty()
    }

    fn refuse(&mut self, path: &Path, refused: RefusedPool) {
        let mut why = (refused.refusal.keyword.clone(), refused.refusal.reason.word().to_owned());
        if self.counts.len() >= MOST && !self.counts.contains_key(&why) {
            why.0 = OTHERS.to_owned();
        }
        *self.counts.entry(why).or_default() += 1;
        self.refused.push((path.to_owned(), refused));
    }

    /// The figures in Prometheus's text format.
    pub fn metrics(&self) -> String {
        let mut metrics = Metrics::default();
        let (ignored, failed) = (self.ignored.len() as u64, self.failed.len() as u64);
        let files =
            [("read", self.read), ("unchanged", self.unchanged), ("ignored", ignored), ("failed", failed)];
        metrics.by("pools_files", "Files of assignments of the last run by result.", "result", files);
        let pools = [("written", self.written), ("grown", self.grown), ("present", self.present)];
        metrics.by("pools_assignments", "Pool assignments of the last run by result.", "result", pools);
        metrics.one("pools_replaced", "Lines and blocks of which there was another one.", self.replaced);
        let refused = self.counts.iter().map(|((keyword, reason), count)| {
            (labels(&[("keyword", keyword), ("reason", reason)]), signed(*count))
        });
        metrics.family("pools_refused", "What the last run refused by keyword and reason.", refused);
        metrics.text()
    }
}

fn counts<S: Serializer>(counts: &BTreeMap<(String, String), u64>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Row<'r> {
        keyword: &'r str,
        reason: &'r str,
        count: u64,
    }
    let rows = counts.iter().map(|((keyword, reason), &count)| Row { keyword, reason, count });
    serializer.collect_seq(rows)
}

/// A file may be so large, decompressed. Unit: bytes.
const LARGEST: u64 = 1 << 30;

/// Where what was refused lies in the quarantine, and how its names begin.
pub(super) const FOLDER: &str = "bridge-pool-assignments";
pub(super) const REFUSED: &str = "assignments.log-";

/// The name of the file that says why another lies in the quarantine.
pub(super) fn reason_of(name: &str) -> String {
    format!("reason-{}", name.trim_start_matches(REFUSED))
}

/// So many assignments wait before they are put on the disk.
const PORTION: usize = 500;

impl PoolFiles {
    /// Sanitizes files, and what is in folders under names that begin with `assignments.log`. A file that has grown is read
    /// again.
    ///
    /// With the rules of CollecTor, an assignment that is there stays as it is. With the newest, it gets the bridges that it
    /// does not have, so that neither the order nor the portions of the files matter.
    pub fn run(&self, inputs: &[PathBuf]) -> Result<PoolsReport, Error> {
        let mut report = PoolsReport::default();
        let mut staging = Staging::open(&self.out, "pools")?.with_journal(self.journal.clone());
        let mut quarantine = match &self.quarantine {
            Some(folder) => Some(self.open_quarantine(folder)?),
            None => None,
        };
        let state = match &self.state {
            Some(folder) => {
                fs::create_dir_all(folder).at(folder)?;
                Some(folder.join("parsed-bridge-pool-assignments"))
            }
            None => None,
        };
        let history = match &state {
            Some(path) => match History::load(path) {
                // CollecTor's list has paths alone: nothing can be learned from it. To read again changes nothing.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => History::default(),
                history => history.at(path)?,
            },
            None => History::default(),
        };
        let named: Vec<_> = inputs.iter().filter(|path| path.is_file()).flat_map(absolute).collect();
        let mut waiting = HashMap::new();
        let mut read = Vec::new();
        for (path, stamp) in originals::find(inputs, &mut report.failed) {
            let name = path.file_name().map(|name| name.as_encoded_bytes()).unwrap_or_default();
            if !name.starts_with(b"assignments.log") && !named.contains(&path) {
                report.ignored.push(path);
                continue;
            }
            if history.has(&path, stamp) {
                report.unchanged += 1;
                continue;
            }
            match contents(&path) {
                Ok(text) => {
                    self.file(&path, &text, &mut waiting, &mut staging, &mut quarantine, &mut report)?;
                }
                Err(cause) => {
                    report.failed.push(originals::failure(&path, cause));
                    continue;
                }
            }
            report.read += 1;
            read.push((path, stamp));
            if waiting.len() >= PORTION {
                commit(&mut waiting, &mut staging, &mut quarantine)?;
                read.drain(..).for_each(|(path, stamp)| history.add(&path, stamp));
                state.as_ref().map_or(Ok(()), |path| history.save(path).at(path))?;
            }
        }
        commit(&mut waiting, &mut staging, &mut quarantine)?;
        // Outputs are on the disk; only now it may be known that the files need not be read again.
        read.drain(..).for_each(|(path, stamp)| history.add(&path, stamp));
        state.as_ref().map_or(Ok(()), |path| history.save(path).at(path))?;
        Ok(report)
    }

    /// Opens the quarantine, which must not be in the folder that is published.
    pub(super) fn open_quarantine(&self, folder: &Path) -> Result<Staging, Error> {
        let (inner, outer) = (absolute(folder).at(folder)?, absolute(&self.out).at(&self.out)?);
        if inner.starts_with(outer) {
            return Err(Error::new(folder, Problem::Published(self.out.clone())));
        }
        Staging::private(folder, "pools")
    }

    /// Takes a file; the names of what was put into the quarantine.
    pub(super) fn file(
        &self,
        path: &Path,
        text: &[u8],
        waiting: &mut HashMap<String, Pool>,
        staging: &mut Staging,
        quarantine: &mut Option<Staging>,
        report: &mut PoolsReport,
    ) -> Result<Vec<String>, Error> {
        let mut apart = Vec::new();
        let pools = pool_assignments(text, &Sanitizer::new(self.rules, None));
        report.replaced += pools.replaced as u64;
        let (facts, mut refused) = (Facts::of_pool_assignments(text), pools.refused);
        for pool in pools.pools {
            let bytes = pool.bytes();
            match facts.said_in(&bytes) {
                None => self.pool(pool, waiting, staging, report)?,
                // Which of its lines it was in the original is not known here: all stay.
                Some(leak) => {
                    let refusal = Refusal::of_leak(leak, &bytes);
                    refused.push(RefusedPool { header: None, span: 0..text.len(), refusal });
                }
            }
        }
        for refused in refused {
            if let Some(quarantine) = quarantine {
                apart.push(set_apart(text, &refused, quarantine)?);
            }
            report.refuse(path, refused);
        }
        Ok(apart)
    }

    fn pool(
        &self,
        mut pool: Pool,
        waiting: &mut HashMap<String, Pool>,
        staging: &mut Staging,
        report: &mut PoolsReport,
    ) -> Result<(), Error> {
        let path = pool.path();
        if !staging.has(&path)? {
            report.written += 1;
            staging.add(&path, &pool.bytes())?;
            waiting.insert(path, pool);
            return Ok(());
        }
        let known = match waiting.remove(&path) {
            Some(known) => Some(known),
            None => {
                let path = self.out.join(&path);
                Pool::read(&fs::read(&path).at(&path)?)
            }
        };
        match known {
            Some(known) if self.rules == RuleSet::Current => {
                report.replaced += pool.merge(known.clone()) as u64;
                if pool == known {
                    report.present += 1;
                } else {
                    report.grown += 1;
                    staging.replace(&path, &pool.bytes())?;
                    waiting.insert(path, pool);
                }
            }
            known => {
                report.present += 1;
                if let Some(known) = known.filter(|_| staging.is_staged(&path)) {
                    waiting.insert(path, known);
                }
            }
        }
        Ok(())
    }
}

/// Puts what was refused into the quarantine, with its header, as a file that can be read again; and beside it, why. Its name.
fn set_apart(text: &[u8], refused: &RefusedPool, quarantine: &mut Staging) -> Result<String, Error> {
    let mut original = Vec::new();
    if let Some(header) = refused.header.clone() {
        original.extend_from_slice(&text[header]);
        original.push(b'\n');
    }
    original.extend_from_slice(&text[refused.span.clone()]);
    // A line that was cut off must not look whole.
    let may_be_cut = matches!(refused.refusal.reason, Reason::CutOff | Reason::Leak(_));
    if !original.ends_with(b"\n") && !may_be_cut {
        original.push(b'\n');
    }
    let name = format!("{REFUSED}{}", const_hex::encode(sha256(&original)));
    quarantine.add(&format!("{FOLDER}/{name}"), &original)?;
    let reason = format!("{}\n", refused.refusal);
    quarantine.replace(&format!("{FOLDER}/{}", reason_of(&name)), reason.as_bytes())?;
    Ok(name)
}

/// Puts what waits on the disk, the originals of what was refused first.
pub(super) fn commit(
    waiting: &mut HashMap<String, Pool>,
    staging: &mut Staging,
    quarantine: &mut Option<Staging>,
) -> Result<(), Error> {
    quarantine.as_mut().map_or(Ok(()), Staging::commit)?;
    staging.commit()?;
    waiting.clear();
    Ok(())
}

fn contents(path: &Path) -> Result<Vec<u8>, Cause> {
    let reader = originals::open(path).map_err(Cause::Open)?;
    let mut text = Vec::new();
    match reader.take(LARGEST + 1).read_to_end(&mut text) {
        Err(error) => Err(Cause::of(error, text.len() as u64)),
        Ok(_) if text.len() as u64 > LARGEST => Err(Cause::TooLarge { offset: 0, limit: LARGEST as usize }),
        Ok(_) => Ok(text),
    }
}
