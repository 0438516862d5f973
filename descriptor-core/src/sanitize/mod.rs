//! Makes bridge data and web server logs fit to be published (collector §3, §5, §7).
//!
//! Pure functions: a document, the secrets and a rule set go in, bytes or a [`Refusal`] come out. There is no file and no
//! clock here; `intake` reads and writes.
//!
//! What happens to a line stands in the table of its document, see [`Rule`](crate::schema::Rule). There is no other list:
//! a keyword without a rule refuses the document. After that the [`guard`], which knows no table, searches what comes out
//! for what must not be said. [`rules`] lists what happens to each keyword, [`threat_model`] says what all this hides and what
//! not.

mod address;
mod breaks;
mod bridge;
pub mod guard;
mod hashing;
#[cfg(test)]
mod hostile;
mod lines;
mod network_status;
mod page;
mod pool_assignment;
mod refusal;
mod secrets;
#[cfg(test)]
mod tests;
mod web_server_log;

pub use bridge::{extra_info, extra_info_with, server_descriptor, server_descriptor_with};
pub use hashing::{Keyed, Secret, sha1, sha256};
pub use network_status::{Origin, network_status};
pub use page::rules_page;
pub use pool_assignment::{Pool, Pools, RefusedPool, pool_assignments};
pub use refusal::{Reason, Refusal};
pub use secrets::{BadSecrets, Month, Secrets, State};
pub use web_server_log::{
    ServerLogName, Unpublished, web_server_log_days, web_server_log_line, web_server_log_lines,
    web_server_log_path,
};

use crate::{
    document::Type,
    schema::RuleSet,
    value::{Hex, Timestamp},
};

/// What all documents of a run are sanitized with.
#[derive(Debug, Clone, Copy)]
pub struct Sanitizer<'s> {
    /// Which rules hold.
    pub rules: RuleSet,
    /// The secrets of all months that occur; `None` puts fixed values in the place of hashes.
    pub secrets: Option<&'s Secrets>,
    /// Whether the guard looks at what comes out. Always, but to compare with what CollecTor lets through.
    pub guarded: bool,
    /// For tests of the tables: one row's rule, by table and keyword, replaced by another.
    #[cfg(test)]
    pub(crate) replaced: Option<(&'static str, &'static str, crate::schema::Rule)>,
}

impl<'s> Sanitizer<'s> {
    /// A sanitizer with the guard on.
    pub fn new(rules: RuleSet, secrets: Option<&'s Secrets>) -> Self {
        Sanitizer {
            rules,
            secrets,
            guarded: true,
            #[cfg(test)]
            replaced: None,
        }
    }
}

/// A document that may be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sanitized {
    /// What it is now.
    pub kind: Type,
    /// When the original was made; of a status, when the status was made.
    pub published: Timestamp,
    /// What it is known by: of a descriptor, the SHA-1 of the SHA-1 of its original; of a status, the authority.
    pub name: Hex<20>,
    /// Its text, with its `@type` line.
    pub bytes: Vec<u8>,
    /// What was left out of a status: entries that were refused, each with its place in the original.
    pub refused: Vec<(std::ops::Range<usize>, Refusal)>,
    /// Of a status, how many entries it has.
    pub entries: usize,
    /// Of a status, when the newest descriptor that it lists was made, of those not newer than itself.
    pub newest_entry: Option<Timestamp>,
}

impl Sanitized {
    /// Where CollecTor keeps it below `bridge-descriptors/` (collector §0.2).
    pub fn path(&self) -> String {
        let time = String::from_utf8_lossy(&self.published.format(b' ')).into_owned();
        let (year, month, day) = (&time[..4], &time[5..7], &time[8..10]);
        let digest = const_hex::encode(self.name.0);
        let descriptor =
            |folder| format!("{year}/{month}/{folder}/{}/{}/{digest}", &digest[..1], &digest[1..2]);
        match self.kind {
            Type::BridgeNetworkStatus => {
                let clock: String = time[11..].split(':').collect();
                format!("{year}/{month}/statuses/{day}/{year}{month}{day}-{clock}-{}", self.name)
            }
            Type::BridgeExtraInfo => descriptor("extra-infos"),
            _ => descriptor("server-descriptors"),
        }
    }
}

#[doc = include_str!("RULES.md")]
pub mod rules {}

#[doc = include_str!("THREAT_MODEL.md")]
pub mod threat_model {}
