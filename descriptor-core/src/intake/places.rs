//! Where a run reads and writes.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Error, Problem, Quarantine, SecretsFile, Staging, document::Tree, error::At, staging::make_folders,
};

/// Where sanitized documents, secrets and state lie.
#[derive(Debug, Clone)]
pub struct Places {
    /// The folder that is published; documents go below its `bridge-descriptors/`.
    pub out: PathBuf,
    /// The file of secrets.
    pub secrets: PathBuf,
    /// The folder of what was done and refused; `None` for the folder of the secrets.
    pub state: Option<PathBuf>,
    /// Where the paths of new documents are noted, for [`recent::extend`](crate::archive::recent::extend).
    pub journal: Option<PathBuf>,
}

/// All of it open and locked, so that no other run works on it.
pub(super) struct Opened {
    /// The folder of sanitized bridge documents.
    pub(super) tree: Arc<Tree>,
    pub(super) secrets: Arc<SecretsFile>,
    pub(super) output: Staging,
    pub(super) quarantine: Quarantine,
}

impl Places {
    /// The folder of the state.
    pub fn state(&self) -> &Path {
        let folder = self.secrets.parent().filter(|folder| !folder.as_os_str().is_empty());
        self.state.as_deref().or(folder).unwrap_or(Path::new("."))
    }

    /// The folder of what was refused.
    pub fn quarantine(&self) -> PathBuf {
        self.state().join("quarantine")
    }

    pub(super) fn open(&self) -> Result<Opened, Error> {
        make_folders(&self.out, false).at(&self.out)?;
        let out = fs::canonicalize(&self.out).at(&self.out)?;
        if self.state.is_some() {
            make_folders(self.state(), true).at(self.state())?;
        }
        for private in [self.state(), &self.secrets] {
            // The file of secrets may not be there yet.
            let real = match fs::canonicalize(private) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    let folder = private.parent().filter(|folder| !folder.as_os_str().is_empty());
                    fs::canonicalize(folder.unwrap_or(Path::new("."))).at(private)?
                }
                real => real.at(private)?,
            };
            if real.starts_with(&out) {
                return Err(Error::new(private, Problem::Published(self.out.clone())));
            }
        }
        let tree = self.out.join("bridge-descriptors");
        let secrets = Arc::new(SecretsFile::open(&self.secrets, &tree)?);
        let output = Staging::open(&tree, "bridges")?.with_journal(self.journal.clone());
        let quarantine = Quarantine::open(&self.quarantine())?;
        Ok(Opened { tree: Arc::new(Tree::new(tree)), secrets, output, quarantine })
    }
}
