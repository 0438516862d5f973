//! The directory authorities as one source: each is asked for a part, and for what others did not deliver.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use super::{
    Answer, Budget, Client, Delivery, DirectoryAuthority, Flavor, HttpError, Patience, Request, Source,
    SourceError, Stop, Wanted, Whole,
    answer::{contents, valid_after},
    job::{Ask, Job, brief, plan},
    schedule::{Outcome, Schedule, Turn},
};
use crate::{
    document::{ConsensusDiff, Type, sha3_256, status_signed_part},
    netdoc::Frame,
    schema::parse,
    value::Timestamp,
};

/// How directory authorities are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DirectorySettings {
    /// What each authority may be burdened with in one run.
    pub budget: Budget,
    /// How often and how long an authority that fails is tried again.
    pub patience: Patience,
    /// How long one authority is waited for before another one is asked the same.
    pub hedge: Duration,
    /// How many authorities are asked at once; each of them is asked one thing at a time.
    pub threads: usize,
    /// How often there is a consensus.
    pub interval: Duration,
    /// Whether `.z` is appended to what is asked for, which old directories know as zlib. Extra-info descriptors are
    /// asked for without: CollecTor could not unpack some of them.
    pub suffix: bool,
}

impl Default for DirectorySettings {
    fn default() -> Self {
        DirectorySettings {
            budget: Budget::default(),
            patience: Patience::default(),
            hedge: Duration::from_secs(8),
            threads: 16,
            interval: Duration::from_secs(3600),
            suffix: false,
        }
    }
}

/// Gives a consensus that the caller has, the newest of a flavour, so that only what changed is sent.
pub type Base = dyn Fn(Flavor) -> Option<Vec<u8>> + Send + Sync;

/// The time of day; tests and replays have their own.
pub type Clock = dyn Fn() -> Timestamp + Send + Sync;

/// The directory authorities of a network.
pub struct Directory {
    authorities: Vec<DirectoryAuthority>,
    client: Client,
    settings: DirectorySettings,
    base: Option<Box<Base>>,
    clock: Box<Clock>,
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").field("authorities", &self.authorities).finish_non_exhaustive()
    }
}

/// The time of the computer.
pub(super) fn system_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

impl Directory {
    /// Some authorities, asked for whole consensuses.
    pub fn new(authorities: Vec<DirectoryAuthority>, client: Client, settings: DirectorySettings) -> Self {
        Directory { authorities, client, settings, base: None, clock: Box::new(system_clock) }
    }

    /// Asks for what changed since a consensus that the caller has.
    #[must_use]
    pub fn with_base(mut self, base: Box<Base>) -> Self {
        self.base = Some(base);
        self
    }

    /// Lives by another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Box<Clock>) -> Self {
        self.clock = clock;
        self
    }
}

impl Source for Directory {
    fn name(&self) -> &str {
        "directory authorities"
    }

    fn serves(&self, wanted: &Wanted) -> bool {
        !matches!(wanted, Wanted::Anything)
    }

    fn collect(&self, wanted: &[Wanted], deliver: &(dyn Fn(Delivery) -> Stop + Sync)) -> Vec<SourceError> {
        let jobs = plan(wanted, (self.clock)(), self.settings.interval, &self.authorities);
        let DirectorySettings { budget, patience, hedge, threads, .. } = &self.settings;
        let schedule = Schedule::new(
            self.authorities.len(),
            jobs,
            budget.clone(),
            patience.clone(),
            *hedge,
            Instant::now(),
        );
        let run = Run {
            directory: self,
            deliver,
            end: schedule.end(),
            schedule: Mutex::new(schedule),
            changed: Condvar::new(),
            errors: Mutex::default(),
        };
        thread::scope(|scope| {
            for _ in 1..self.authorities.len().min(*threads) {
                scope.spawn(|| run.work());
            }
            run.work();
        });
        run.errors()
    }
}

/// One run over all authorities.
struct Run<'r> {
    directory: &'r Directory,
    deliver: &'r (dyn Fn(Delivery) -> Stop + Sync),
    end: Instant,
    schedule: Mutex<Schedule>,
    /// Somebody answered, so that there may be something to do.
    changed: Condvar,
    /// What went wrong, by authority, and how often.
    errors: Mutex<BTreeMap<(usize, String), u32>>,
}

impl Run<'_> {
    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes turns until there are none.
    fn work(&self) {
        let mut schedule = self.schedule();
        loop {
            let now = Instant::now();
            match schedule.next(now) {
                Turn::Ask { peer, job: number } => {
                    let job = schedule.job(number).clone();
                    drop(schedule);
                    let outcome = self.ask(peer, number, &job);
                    schedule = self.schedule();
                    schedule.report(peer, number, &outcome, Instant::now());
                    self.changed.notify_all();
                }
                Turn::Wait(until) => {
                    let wait = until.saturating_duration_since(now);
                    let waited = self.changed.wait_timeout(schedule, wait);
                    schedule = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                Turn::Done => return,
            }
        }
    }

    /// Asks one authority for one thing, and hands on what comes.
    fn ask(&self, peer: usize, number: usize, job: &Job) -> Outcome {
        let Directory { authorities, client, settings, clock, .. } = self.directory;
        let now = clock();
        let mut path = job.path(now);
        if settings.suffix && job.ask != Ask::ExtraInfos {
            path.push_str(".z");
        }
        let url = format!("http://{}{path}", authorities[peer].address);
        let base = self.base(job.ask);
        let headers: Vec<_> = base.iter().map(|base| (DIFF_FROM, base.digest.clone())).collect();
        let version = base.as_ref().map(|base| &*base.date);
        let deadline = Some(self.end);
        let mut request = Request { url: &url, headers: &headers, version, deadline, ..Request::default() };
        let mut answer = client.get(&request);
        if let Err(error @ HttpError::Garbled { .. }) = &answer {
            self.complain(peer, error);
            request.plain = true;
            answer = client.get(&request);
        }
        if let (Ok(Answer::Whole(whole)), Some(base)) = (&mut answer, &base)
            && whole.bytes.starts_with(b"network-status-diff-version ")
        {
            match apply(&whole.bytes, &base.bytes) {
                Ok(bytes) => whole.bytes = bytes,
                Err(problem) => {
                    self.complain(peer, &format_args!("consensus diff: {problem}"));
                    (request.headers, request.version) = (&[], None);
                    answer = client.get(&request);
                }
            }
        }
        match answer {
            Ok(Answer::Whole(whole)) => self.take(peer, number, job, whole),
            Ok(Answer::NotModified) => {
                Outcome::Answered { bytes: 0, met: next_consensus(job, now).collect() }
            }
            Ok(Answer::Absent) => Outcome::Answered { bytes: 0, met: Vec::new() },
            Err(error) => {
                self.complain(peer, &error);
                match error.is_transient() {
                    true => Outcome::Failed { again: error.again(), met: Vec::new() },
                    false => Outcome::Refused,
                }
            }
        }
    }

    /// The consensus that the caller has.
    fn base(&self, ask: Ask) -> Option<BaseOf> {
        let Ask::Consensus(flavor) = ask else { return None };
        let bytes = (self.directory.base.as_ref()?)(flavor)?;
        // A second later: tor sends what is not older.
        let since = u64::try_from(valid_after(&bytes)?.0 + 1).ok()?;
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(since));
        Some(BaseOf { digest: sha3_256(status_signed_part(&bytes)?).to_string(), date, bytes })
    }

    /// Hands on the documents of an answer.
    fn take(&self, peer: usize, number: usize, job: &Job, whole: Whole) -> Outcome {
        let contents = contents(&whole.bytes, whole.ended);
        // Whoever was quicker has delivered it.
        let wanted_still = !self.schedule().job(number).open.is_empty();
        let received = (self.directory.clock)();
        let from = format!("http://{}{}", self.directory.authorities[peer].address, brief(job, received));
        let (mut met, mut refused) = (Vec::new(), false);
        for group in contents.groups.iter().filter(|_| wanted_still) {
            let (bytes, from) = (group.bytes.to_vec(), from.clone());
            match (self.deliver)(Delivery { kind: group.kind, bytes, from, received }) {
                Stop::No => met.extend(&group.met),
                // Another authority may have what this one only pretends to have.
                Stop::Refused => refused = true,
                Stop::Yes => {
                    self.schedule().stop();
                    break;
                }
            }
        }
        if contents.cut_off {
            self.complain(peer, &HttpError::CutOff(whole.sent));
            return Outcome::Failed { again: None, met };
        }
        // A directory has the statuses of one time only; that it is another one than was asked for is no fault of it.
        let status = |kind| matches!(kind, Some(Type::Consensus | Type::MicrodescConsensus | Type::Vote));
        if !refused
            && wanted_still
            && job.open.is_disjoint(&met.iter().copied().collect())
            && !contents.groups.iter().any(|group| status(group.kind))
        {
            self.complain(peer, &format_args!("another answer than was asked for: {}", brief(job, received)));
        }
        if met.iter().any(|it| matches!(it, Wanted::Consensus(..))) {
            met.extend(next_consensus(job, received));
        }
        Outcome::Answered { bytes: whole.sent, met }
    }

    fn complain(&self, peer: usize, what: &dyn fmt::Display) {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        *errors.entry((peer, what.to_string())).or_default() += 1;
    }

    fn errors(self) -> Vec<SourceError> {
        let errors = self.errors.into_inner().unwrap_or_else(PoisonError::into_inner);
        let error = |((peer, what), times): ((usize, String), u32)| SourceError {
            from: self.directory.authorities[peer].name.clone(),
            what: if times > 1 { format!("{what} ({times} times)") } else { what },
        };
        errors.into_iter().map(error).collect()
    }
}

/// A consensus that the caller has.
struct BaseOf {
    /// As diffs name it.
    digest: String,
    /// When it became valid, so that no older one is sent.
    date: String,
    bytes: Vec<u8>,
}

/// The consensus that is yet to come, by the clock: that it is not out needs one witness only.
fn next_consensus(job: &Job, now: Timestamp) -> impl Iterator<Item = Wanted> {
    job.open.iter().copied().filter(move |it| matches!(it, Wanted::Consensus(_, time) if *time > now))
}

/// The header field that names the consensus that the client has.
const DIFF_FROM: &str = "X-Or-Diff-From-Consensus";

/// The consensus that a diff makes of an older one.
fn apply(diff: &[u8], base: &[u8]) -> Result<Vec<u8>, String> {
    let parsed = parse::<ConsensusDiff<'_>>(Frame::whole(Type::ConsensusDiff, diff));
    let diff = parsed.strict().map_err(|issue| issue.problem.to_string())?;
    diff.apply(base).map_err(|problem| problem.to_string())
}
