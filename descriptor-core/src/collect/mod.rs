//! Collects what the Tor network publishes: asks those who have it for what is missing, and keeps it (collector §2, §4-14).
//!
//! A [`Source`] delivers documents; the store says what is [`Wanted`], takes what is delivered, notes what that refers to,
//! and so what is wanted next. Sources know nothing of each other nor of files; the store knows nothing of the network.

mod answer;
mod authorities;
mod directory;
mod encoding;
mod feed;
mod http;
mod job;
mod listing;
mod local;
mod memory;
mod mirror;
mod patience;
mod run;
mod schedule;
mod source;
pub mod store;
mod wanted;

pub use authorities::{BadAuthority, DirectoryAuthority};
pub use directory::{Base, Clock, Directory, DirectorySettings};
pub use feed::Feed;
pub use http::{Answer, Client, HttpError, Limits, Request, Whole};
pub use listing::OnionPerf;
pub use local::Local;
pub use memory::{FileMemory, Memory};
pub use mirror::Mirror;
pub use patience::Patience;
pub use run::{Collected, OfSource, Step, Watch, collect};
pub use schedule::Budget;
pub use source::{Delivery, Source, SourceError, Stop};
pub use wanted::{Flavor, Wanted};
