//! Where documents come from.

use super::Wanted;
use crate::{document::Type, value::Timestamp};

/// Bytes that a source delivers: one document or several of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Of which type they should be; `None` if only their text or name tells.
    pub kind: Option<Type>,
    /// The bytes as they were served, decompressed; annotations may stand in them. OnionPerf's and web servers' files, which
    /// archives keep as `.xz`, stay compressed if they came so.
    pub bytes: Vec<u8>,
    /// Who served them, such as `http://127.0.0.1:7000/tor/status-vote/current/consensus`, or a path.
    pub from: String,
    /// When.
    pub received: Timestamp,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Go on.
    No,
    /// Go on; what was delivered is not what it should be, and somebody else may have it.
    Refused,
    /// Stop as soon as nothing is half done.
    Yes,
}

/// What went wrong with a source; the run goes on with the others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{from}: {what}")]
pub struct SourceError {
    /// Who.
    pub from: String,
    /// What, in a line.
    pub what: String,
}

impl SourceError {
    /// What became of a source's memory.
    pub(super) fn of_memory(name: &str, settled: std::io::Result<()>) -> Result<(), Self> {
        settled.map_err(|error| SourceError { from: name.to_owned(), what: format!("memory: {error}") })
    }
}

/// Somebody who may have what is wanted.
pub trait Source: Send + Sync {
    /// The name in configuration, logs and reports.
    fn name(&self) -> &str;

    /// Whether it may have such a document. Most sources are asked for whatever they have.
    fn serves(&self, wanted: &Wanted) -> bool {
        matches!(wanted, Wanted::Anything)
    }

    /// Asks for what is wanted and hands on what comes, in any order and from any thread. What does not come is simply not
    /// handed on; what goes wrong is returned. `deliver` says whether to stop.
    fn collect(&self, wanted: &[Wanted], deliver: &(dyn Fn(Delivery) -> Stop + Sync)) -> Vec<SourceError>;

    /// All that was handed on is on the disk. Only now may a source remember, beyond this process, what it need not deliver
    /// again: whoever is killed before that gets it once more.
    fn settle(&self) -> Result<(), SourceError> {
        Ok(())
    }
}
