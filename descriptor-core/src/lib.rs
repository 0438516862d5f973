//! Reads, checks and writes every document of the Tor network.

pub mod columnar;
#[cfg(feature = "archive")]
pub mod archive;
#[cfg(feature = "columnar")]
pub mod columnar;
pub mod document;
pub mod netdoc;
pub mod schema;
pub mod value;
