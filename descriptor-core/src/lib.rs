//! Reads, checks and writes every document of the Tor network.

#[cfg(feature = "archive")]
pub mod archive;
#[cfg(feature = "collect")]
pub mod collect;
pub mod columnar;
#[cfg(any(feature = "archive", feature = "columnar"))]
pub mod destination;
pub mod document;
pub mod geoip;
#[cfg(feature = "archive")]
pub mod intake;
pub mod netdoc;
#[cfg(feature = "plot")]
pub mod plot;
pub mod sanitize;
pub mod schema;
#[cfg(feature = "stats")]
pub mod stats;
pub mod suggest;
#[cfg(any(feature = "archive", feature = "columnar", feature = "state"))]
pub mod threads;
pub mod value;
#[cfg(feature = "verify")]
pub mod verify;

/// Runs the README's program with the other examples in the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
