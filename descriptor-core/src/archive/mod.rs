//! Reads files, folders and archives, compressed or not, in parallel and in bounded memory.
//!
//! ```no_run
//! use std::ops::ControlFlow;
//! use descriptor_core::archive::{Event, Input, Options, read};
//!
//! let inputs = [Input::Path("server-descriptors-2020-01.tar.xz".into())];
//! let count = |chunk: &descriptor_core::archive::Chunk| chunk.frames().count();
//! let mut total = 0;
//! read(&inputs, &Options::default(), count, |event| {
//!     match event {
//!         Event::Output(count) => total += count,
//!         Event::Failed(error) => eprintln!("{error}"),
//!     }
//!     ControlFlow::Continue(())
//! });
//! ```
//!
//! One thread a file reads and decompresses; it fills *chunks* with whole documents. Workers turn each chunk into an
//! output, and the caller gets the outputs in the order of the inputs, whatever the number of threads. Nothing is
//! unpacked to disk, and a member's name is never used as a path. What cannot be read is an event of its own: what came
//! before it is delivered, and its neighbours are too.

mod chunk;
pub(crate) mod codec;
mod facts;
mod feed;
mod fill;
mod gate;
pub(crate) mod history;
pub mod index;
mod onionperf;
mod pool;
mod progress;
mod read;
pub mod recent;
mod repack;
mod source;
mod stream;
mod tar;
pub mod tarballs;
mod text;
mod untar;
pub(crate) mod walk;

pub use chunk::Chunk;
#[cfg(feature = "collect")]
pub(crate) use codec::Codec;
pub use history::History;
pub use progress::Progress;
pub use read::{Event, Options, Summary, read};
pub use repack::{Repacked, repack};
pub use source::{Cause, Error, Source};
pub use stream::Stream;
pub use tar::is_packed;
pub use walk::{Input, files};
