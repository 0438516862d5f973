//! How far reading has come: a bar on a terminal; in a pipe, if asked for, a line a minute.

use std::{
    io::IsTerminal,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use descriptor_core::archive::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    cli::Global,
    figures::{bytes, span, things},
};

/// The bar that is on the screen, for whoever wants to print beside it.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// How often the bar moves, and how often a line is written without a terminal.
const TICK: Duration = Duration::from_millis(100);
const LINE: Duration = Duration::from_secs(60);

/// Shows progress until it is dropped.
pub(crate) struct Meter {
    end: Arc<End>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct End {
    reached: Mutex<bool>,
    changed: Condvar,
}

impl Meter {
    /// Starts to show, if there is anybody to show it to. `streams` says that results appear on standard output meanwhile.
    pub(crate) fn start(global: Global, streams: bool, counters: Arc<Progress>) -> Self {
        let end = Arc::new(End::default());
        let terminal = std::io::stderr().is_terminal();
        // Rows that run over the screen are progress enough.
        let hidden = global.no_progress || global.quiet > 0 || streams && std::io::stdout().is_terminal();
        let thread = match (hidden, terminal) {
            (false, true) => {
                let (end, bar) = (Arc::clone(&end), bar());
                *lock(&BAR) = Some(bar.clone());
                Some(std::thread::spawn(move || move_on(&bar, &counters, &end)))
            }
            (false, false) if global.verbose => {
                let end = Arc::clone(&end);
                Some(std::thread::spawn(move || write_lines(&counters, &end)))
            }
            _ => None,
        };
        Meter { end, thread }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        *lock(&self.end.reached) = true;
        self.end.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A thread that only shows cannot fail in a way that matters.
            let _ = thread.join();
        }
        if let Some(bar) = lock(&BAR).take() {
            bar.finish_and_clear();
        }
    }
}

/// Prints something with the bar out of its way.
pub(crate) fn aside<T>(print: impl FnOnce() -> T) -> T {
    match &*lock(&BAR) {
        Some(bar) => bar.suspend(print),
        None => print(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl End {
    /// Waits, but not beyond the end; whether it is reached.
    fn wait(&self, time: Duration) -> bool {
        let reached = lock(&self.reached);
        let waited = self.changed.wait_timeout_while(reached, time, |reached| !*reached);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// A bar on the screen until it is dropped.
pub(crate) struct Shown(pub(crate) ProgressBar);

/// Puts a bar on the screen that moves by itself.
pub(crate) fn show(bar: ProgressBar) -> Shown {
    *lock(&BAR) = Some(bar.clone());
    bar.enable_steady_tick(TICK);
    Shown(bar)
}

impl Drop for Shown {
    fn drop(&mut self) {
        lock(&BAR).take();
        self.0.finish_and_clear();
    }
}

pub(crate) fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template("{bar:24.green/dim} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("█▉▊▋▌▍▎▏ "));
    bar
}

/// Moves the bar. Nothing is drawn before the first tick, so that short runs do not flicker.
fn move_on(bar: &ProgressBar, counters: &Progress, end: &End) {
    let start = Instant::now();
    while !end.wait(TICK) {
        if let Some(total) = counters.total() {
            bar.set_length(total.max(1));
        }
        bar.set_position(counters.bytes());
        bar.set_message(message(counters, start.elapsed()));
        bar.tick();
    }
}

fn write_lines(counters: &Progress, end: &End) {
    let start = Instant::now();
    while !end.wait(LINE) {
        anstream::eprintln!("tordesc: {}", message(counters, start.elapsed()));
    }
}

/// Bytes, documents, rate, and how long it will still take.
fn message(counters: &Progress, elapsed: Duration) -> String {
    let (done, seconds) = (counters.bytes(), elapsed.as_secs_f64().max(1e-3));
    let rate = done as f64 / seconds;
    let of = counters.total().map_or_else(String::new, |total| format!(" of {}", bytes(total)));
    let left = match counters.total() {
        Some(total) if rate > 0.0 => {
            let seconds = total.saturating_sub(done) as f64 / rate;
            format!(", {} left", span(seconds.ceil() as i64))
        }
        _ => String::new(),
    };
    let documents = match counters.documents() {
        0 => String::new(),
        documents => format!(", {}", things(documents, "document")),
    };
    format!("{}{of}{documents}, {}/s{left}", bytes(done), bytes(rate as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_does_not_wait_for_a_tick() {
        let end = Arc::new(End::default());
        let thread = {
            let end = Arc::clone(&end);
            std::thread::spawn(move || write_lines(&Progress::default(), &end))
        };
        let start = Instant::now();
        drop(Meter { end, thread: Some(thread) });
        assert!(start.elapsed() < LINE / 2);
        assert_eq!(aside(|| 7), 7);
    }
}
