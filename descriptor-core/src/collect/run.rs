//! One run: all sources are asked for what is wanted, until nothing more comes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use serde::Serialize;

use super::{
    Clock, Delivery, Source, Stop, Wanted,
    store::{Store, StoreError, Taken},
};

/// How often a run asks again for what the last answers have made wanted: consensuses name votes and server descriptors,
/// those name extra-infos. More rounds find what came late.
const ROUNDS: usize = 5;

/// What a run has brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// By source.
    pub sources: BTreeMap<String, OfSource>,
    /// What is missing and can be had later.
    pub wanted: usize,
    /// What was missing in the last 72 hours and can no longer be had.
    pub given_up: usize,
    /// Whether somebody stopped the run before its end.
    pub stopped: bool,
}

/// What a source has brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OfSource {
    /// Documents that were new.
    pub new: usize,
    /// Documents that were held already.
    pub known: usize,
    /// Documents that differ from what is held under their name.
    pub conflicts: usize,
    /// Documents that were refused and are kept apart.
    pub refused: usize,
    /// Documents that cannot be judged yet.
    pub waiting: usize,
    /// Bytes, decompressed.
    pub bytes: u64,
    /// What went wrong, at most 20.
    pub problems: Vec<String>,
}

const MOST_PROBLEMS: usize = 20;

/// What happens in a run, told to whoever watches it.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A source is about to be asked.
    Asking {
        /// Its name.
        source: &'a str,
        /// For how many documents; 0 if it is asked for whatever is new.
        wanted: usize,
    },
    /// It delivered something, which is in the store or kept apart now. Told from any thread.
    Took {
        /// Its name.
        source: &'a str,
        /// What it delivered.
        delivery: &'a Delivery,
        /// What became of that.
        taken: &'a Taken,
    },
    /// It has answered, and what it delivered is on the disk.
    Asked {
        /// Its name.
        source: &'a str,
        /// What it has brought this time.
        brought: &'a OfSource,
    },
}

/// Who watches a run.
pub type Watch<'w> = dyn Fn(Step<'_>) + Send + Sync + 'w;

/// Asks each source for what it may have of what is wanted and puts what comes into the store. Answers make more wanted, so
/// this goes on in rounds until nothing is asked for that was not asked for before. An error is the store's: a full disk,
/// a damaged database. What sources do is in the report, and `watch` is told while it happens.
pub fn collect(
    store: &Store,
    sources: &[Box<dyn Source>],
    clock: &Clock,
    stop: &AtomicBool,
    watch: &Watch<'_>,
) -> Result<Collected, StoreError> {
    let mut collected = Collected::default();
    let mut asked: BTreeSet<(usize, Wanted)> = BTreeSet::new();
    for _ in 0..ROUNDS {
        let mut wanted = store.wanted(clock())?;
        wanted.push(Wanted::Anything);
        let mut anything = false;
        for (index, source) in sources.iter().enumerate() {
            let news: Vec<_> = wanted
                .iter()
                .filter(|it| source.serves(it) && asked.insert((index, **it)))
                .copied()
                .collect();
            if news.is_empty() || stop.load(Relaxed) {
                continue;
            }
            anything = true;
            let documents = news.iter().filter(|it| **it != Wanted::Anything).count();
            watch(Step::Asking { source: source.name(), wanted: documents });
            let of_source = collected.sources.entry(source.name().to_owned()).or_default();
            let mut this = ask(store, source.as_ref(), &news, stop, watch)?;
            store.commit()?;
            this.problems.extend(source.settle().err().map(|error| error.to_string()));
            // That a source lacks what was asked for is no fault of it, but for what it says itself.
            store.asked(source.name(), clock(), this.problems.first().map(String::as_str))?;
            watch(Step::Asked { source: source.name(), brought: &this });
            if this.refused > 0 {
                // It may have been the consensus, which the source has from somebody else too.
                asked.retain(|(at, wanted)| *at != index || !matches!(wanted, Wanted::Consensus(..)));
            }
            of_source.problems.append(&mut this.problems);
            of_source.problems.truncate(MOST_PROBLEMS);
            of_source.add(&this);
        }
        if !anything {
            break;
        }
    }
    store.commit()?;
    collected.stopped = stop.load(Relaxed);
    collected.wanted = store.missing(clock())?.len();
    collected.given_up = store.given_up(clock())?.len();
    Ok(collected)
}

/// Asks one source.
fn ask(
    store: &Store,
    source: &dyn Source,
    wanted: &[Wanted],
    stop: &AtomicBool,
    watch: &Watch<'_>,
) -> Result<OfSource, StoreError> {
    let state = Mutex::new((OfSource::default(), None));
    let errors = source.collect(wanted, &|delivery: Delivery| {
        let result = store.take(&delivery);
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match result {
            Ok(taken) => {
                state.0.take(&taken, delivery.bytes.len());
                watch(Step::Took { source: source.name(), delivery: &delivery, taken: &taken });
                if taken.refused > 0 { Stop::Refused } else { Stop::No }
            }
            Err(error) => {
                state.1.get_or_insert(error);
                Stop::Yes
            }
        };
        if stop.load(Relaxed) { Stop::Yes } else { answer }
    });
    let (mut of_source, failure) = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = failure {
        return Err(error);
    }
    of_source.problems.extend(errors.iter().map(ToString::to_string));
    Ok(of_source)
}

impl OfSource {
    fn take(&mut self, taken: &Taken, bytes: usize) {
        self.new += taken.new;
        self.known += taken.known;
        self.conflicts += taken.conflicts;
        self.refused += taken.refused;
        self.waiting += taken.waiting;
        self.bytes += bytes as u64;
        let room = MOST_PROBLEMS.saturating_sub(self.problems.len());
        self.problems.extend(taken.problems.iter().take(room).cloned());
    }

    fn add(&mut self, other: &OfSource) {
        self.new += other.new;
        self.known += other.known;
        self.conflicts += other.conflicts;
        self.refused += other.refused;
        self.waiting += other.waiting;
        self.bytes += other.bytes;
    }
}

impl Collected {
    /// Whether no source had a problem and nothing was refused.
    pub fn is_clean(&self) -> bool {
        !self.stopped
            && self.sources.values().all(|it| it.problems.is_empty() && it.refused == 0 && it.conflicts == 0)
    }
}

impl fmt::Display for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, it) in &self.sources {
            write!(f, "{name}: {} new, {} known", it.new, it.known)?;
            for (count, what) in
                [(it.waiting, "not judged yet"), (it.refused, "refused"), (it.conflicts, "in conflict")]
            {
                if count > 0 {
                    write!(f, ", {count} {what}")?;
                }
            }
            writeln!(f)?;
            for problem in &it.problems {
                writeln!(f, "  {problem}")?;
            }
        }
        writeln!(f, "still wanted: {}; lost in the last 72 hours: {}", self.wanted, self.given_up)?;
        if self.stopped {
            writeln!(f, "stopped before the end")?;
        }
        Ok(())
    }
}
