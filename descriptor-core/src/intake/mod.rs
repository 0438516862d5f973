//! The operation around the sanitizer: originals come in, sanitized trees go out.
//!
//! What the sanitizer decides stands in [`sanitize`](crate::sanitize), which knows no file. Here stands what must hold on
//! a disk, whenever the process is killed: no document is seen half, none is lost, no secret is made twice, and what was
//! refused is kept with its reason.

mod error;
mod staging;

pub use error::{Error, Problem};
pub use staging::Staging;
