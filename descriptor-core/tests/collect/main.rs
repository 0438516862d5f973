//! Sources that speak HTTP, against servers that answer well and badly.
#![cfg(feature = "collect")]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod client;
#[path = "../common/mod.rs"]
mod common;
mod directory;
mod replay;
#[path = "../common/server.rs"]
mod server;
mod sources;

use std::{sync::Mutex, time::Duration};

use descriptor_core::collect::{
    Budget, Client, Delivery, DirectorySettings, Limits, Patience, Source, SourceError, Stop, Wanted,
};

/// A client that waits for milliseconds.
fn client() -> Client {
    let mut limits = Limits::default();
    limits.connect = Duration::from_millis(500);
    limits.read = Duration::from_millis(300);
    limits.whole = Duration::from_millis(1500);
    (limits.sent, limits.unpacked) = (4 << 20, 4 << 20);
    Client::new(limits)
}

fn patience() -> Patience {
    Patience {
        tries: 4,
        first: Duration::from_millis(5),
        longest: Duration::from_secs(2),
        total: Duration::from_secs(20),
    }
}

fn settings() -> DirectorySettings {
    let mut settings = DirectorySettings::default();
    settings.patience = patience();
    settings.hedge = Duration::from_millis(100);
    settings.budget = Budget { time: Duration::from_secs(20), ..Budget::default() };
    settings
}

/// All that a source delivers, and what it complains of.
fn collect(source: &dyn Source, wanted: &[Wanted]) -> (Vec<Delivery>, Vec<SourceError>) {
    let all = Mutex::new(Vec::new());
    let errors = source.collect(wanted, &|delivery| {
        all.lock().unwrap().push(delivery);
        Stop::No
    });
    (all.into_inner().unwrap(), errors)
}
