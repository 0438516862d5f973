//! `tordesc collect` where everything goes wrong: killed, on a full disk, twice at once, over a damaged state. In the end
//! the trees, tarballs and index are those of an undisturbed run.

#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
mod full;
mod killed;
#[allow(dead_code, reason = "the tests of the sources use more of it")]
#[path = "../../../descriptor-core/tests/common/server.rs"]
mod server;
mod state;
mod world;
