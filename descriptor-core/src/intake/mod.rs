//! The operation around the sanitizer: originals come in, sanitized trees go out.
//!
//! What the sanitizer decides stands in [`sanitize`](crate::sanitize), which knows no file. Here stands what must hold on
//! a disk, whenever the process is killed: no document is seen half, none is lost, no secret is made twice, and what was
//! refused is kept with its reason.
//!
//! [`bridges`] reads the tarballs of bridge authorities. In this order, and each only when the one before is on the disk:
//! a new secret, then what is hashed with it; the quarantine and the tree; the mark that the tarball is done. Whoever is
//! killed in between does the tarball once more and finds what is there already.

mod bridges;
mod document;
mod error;
mod line_counts;
mod metrics;
mod originals;
mod parsed;
mod places;
mod pools;
mod processed_logs;
mod quarantine;
mod report;
mod retry;
mod retry_pools;
mod secrets_file;
mod seen;
mod staging;
mod tarball;
mod verify;
mod web_logs;

pub use bridges::{Options, bridges};
pub use document::Kind;
pub use error::{Error, Problem};
pub use metrics::write_metrics;
pub use places::Places;
pub use pools::{PoolFiles, PoolsReport};
pub use quarantine::{Quarantine, Record};
pub use report::{Count, Refused, Report};
pub use retry::retry;
pub use secrets_file::SecretsFile;
pub use staging::Staging;
pub use tarball::{Authorities, BadAuthority};
pub use verify::{Found, Verified, verify};
pub use web_logs::{WebLogs, WebLogsReport};
