//! Collects what the Tor network publishes: asks those who have it for what is missing, and keeps it (collector §2, §4-14).
//!
//! A [`Source`] delivers documents; the store says what is [`Wanted`], takes what is delivered, notes what that refers to,
//! and so what is wanted next. Sources know nothing of each other nor of files; the store knows nothing of the network.

mod source;
mod wanted;

pub use source::{Delivery, Source, SourceError, Stop};
pub use wanted::{Flavor, Wanted};
