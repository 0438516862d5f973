//! What `tordesc collect` shows while it runs: a bar on a terminal, events in the log.

use std::{
    io::IsTerminal,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use descriptor_core::collect::{OfSource, Step};
use indicatif::ProgressStyle;
use tracing::{debug, info, warn};

use crate::{
    cli::Global,
    figures::{bytes, things},
    log,
    progress::{self, Shown},
};

/// Watches one run.
pub(super) struct Watcher {
    bar: Option<Shown>,
    /// What the source that is being asked has brought until now.
    new: AtomicU64,
    bytes: AtomicU64,
}

impl Watcher {
    pub(super) fn start(global: Global) -> Self {
        let hidden =
            log::is_on() || global.no_progress || global.quiet > 0 || !std::io::stderr().is_terminal();
        let bar = (!hidden).then(|| progress::show(progress::bar()));
        let watcher = Watcher { bar, new: AtomicU64::new(0), bytes: AtomicU64::new(0) };
        watcher.begin("opening the store".to_owned(), 0);
        watcher
    }

    /// Does a part of a run, and shows and logs that it is being done.
    pub(super) fn part<T>(&self, name: &'static str, work: impl FnOnce() -> T) -> T {
        self.begin(name.to_owned(), 0);
        debug!(part = name, "begins");
        let began = Instant::now();
        let result = work();
        info!(part = name, seconds = rounded(began.elapsed()), "done");
        result
    }

    /// Is told what happens between the program and its sources.
    pub(super) fn see(&self, step: Step<'_>) {
        match step {
            Step::Asking { source, wanted } => {
                info!(source, wanted, "asking");
                self.begin(source.to_owned(), wanted as u64);
            }
            Step::Took { source, delivery, taken } => {
                let (from, size) = (delivery.from.as_str(), delivery.bytes.len());
                debug!(source, from, bytes = size, new = taken.new, known = taken.known, "took");
                let all = taken.new + taken.known + taken.conflicts + taken.refused + taken.waiting;
                let new = self.new.fetch_add(taken.new as u64, Relaxed) + taken.new as u64;
                let size = self.bytes.fetch_add(size as u64, Relaxed) + size as u64;
                if let Some(Shown(bar)) = &self.bar {
                    bar.inc(all as u64);
                    bar.set_message(format!("{source}: {} new, {}", things(new, "document"), bytes(size)));
                }
            }
            Step::Asked { source, brought } => {
                let OfSource { new, known, conflicts, refused, waiting, bytes, problems } = brought;
                problems.iter().for_each(|problem| warn!(source, "{problem}"));
                info!(source, new, known, conflicts, refused, waiting, bytes, "asked");
            }
        }
    }

    fn begin(&self, name: String, length: u64) {
        self.new.store(0, Relaxed);
        self.bytes.store(0, Relaxed);
        let Some(Shown(bar)) = &self.bar else { return };
        // Who is asked for whatever is new may bring any number.
        let style = match length {
            0 => ProgressStyle::with_template("{spinner:.green} {msg}  {elapsed:.dim}"),
            _ => ProgressStyle::with_template("{bar:24.green/dim} {pos} of {len}  {msg}"),
        };
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("█▉▊▋▌▍▎▏ "));
        bar.set_length(length);
        bar.set_position(0);
        bar.reset_elapsed();
        bar.set_message(name);
    }
}

/// Seconds to the thousandth, as a log wants them.
pub(super) fn rounded(time: Duration) -> f64 {
    time.as_millis() as f64 / 1000.0
}
