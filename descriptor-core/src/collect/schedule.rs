//! Who is asked for what, and when. No clock and no network in here: both are told.

use std::time::{Duration, Instant};

use super::{
    Patience, Wanted,
    job::{Ask, Job},
};

/// What an authority may be burdened with in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Requests.
    pub requests: u32,
    /// Bytes on the wire.
    pub bytes: u64,
    /// Time for all of the run. Where patience with a server ends sooner, that holds.
    pub time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { requests: 2000, bytes: 1 << 30, time: Duration::from_secs(20 * 60) }
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Ask a peer for what is open of a job.
    Ask { peer: usize, job: usize },
    /// There may be something to do at a time, or when somebody who was asked answers.
    Wait(Instant),
    /// Nothing will ever be to do.
    Done,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// An answer came, in so many bytes, with some of what is wanted or none.
    Answered { bytes: u64, met: Vec<Wanted> },
    /// None came, or only a part, but more may come later; not before so long a time.
    Failed { again: Option<Duration>, met: Vec<Wanted> },
    /// The peer cannot answer this.
    Refused,
}

/// An authority, as far as the schedule knows it.
#[derive(Debug, Clone)]
struct Peer {
    working: bool,
    rests_until: Instant,
    failures: u32,
    requests: u32,
    bytes: u64,
    /// Whether it is left alone for the rest of the run.
    gone: bool,
}

/// A job, and who was asked.
#[derive(Debug, Clone)]
struct Task {
    job: Job,
    /// Which peers have answered, so that they need not be asked again.
    asked: Vec<bool>,
    /// How many are being asked now, and since when the last of them.
    running: usize,
    since: Instant,
}

/// Jobs and peers of one run.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    peers: Vec<Peer>,
    tasks: Vec<Task>,
    budget: Budget,
    patience: Patience,
    hedge: Duration,
    end: Instant,
}

impl Schedule {
    /// `hedge` is how long one peer is waited for before another one is asked the same.
    pub(super) fn new(
        peers: usize,
        jobs: Vec<Job>,
        budget: Budget,
        patience: Patience,
        hedge: Duration,
        now: Instant,
    ) -> Self {
        let peer = Peer { working: false, rests_until: now, failures: 0, requests: 0, bytes: 0, gone: false };
        let task = |job| Task { job, asked: vec![false; peers], running: 0, since: now };
        Schedule {
            peers: vec![peer; peers],
            tasks: jobs.into_iter().map(task).collect(),
            end: now + budget.time.min(patience.total),
            budget,
            patience,
            hedge,
        }
    }

    /// When the run ends.
    pub(super) fn end(&self) -> Instant {
        self.end
    }

    /// What is open of a job.
    pub(super) fn job(&self, job: usize) -> &Job {
        &self.tasks[job].job
    }

    /// What was not had.
    #[cfg(test)]
    fn open(&self) -> impl Iterator<Item = &Job> {
        self.tasks.iter().map(|task| &task.job).filter(|job| !job.open.is_empty())
    }

    /// Nothing is asked any more.
    pub(super) fn stop(&mut self) {
        self.tasks.iter_mut().for_each(|task| task.job.open.clear());
    }

    /// What to do next. Takes time in proportion to peers and jobs.
    pub(super) fn next(&mut self, now: Instant) -> Turn {
        if now >= self.end || self.tasks.iter().all(|task| task.job.open.is_empty()) {
            return Turn::Done;
        }
        let mut wake: Option<Instant> = None;
        let mut order: Vec<usize> =
            (0..self.peers.len()).filter(|&at| self.may_work(at) && !self.peers[at].working).collect();
        // The one who has done least is asked first; among equals, chance decides.
        fastrand::shuffle(&mut order);
        order.sort_by_key(|&at| self.peers[at].requests);
        for peer in order {
            let Some((job, ready)) = self.best(peer) else { continue };
            let rest = self.peers[peer].rests_until;
            let ready = ready.map_or(rest, |at| at.max(rest));
            if ready <= now {
                let task = &mut self.tasks[job];
                (task.running, task.since) = (task.running + 1, now);
                self.peers[peer].working = true;
                self.peers[peer].requests += 1;
                return Turn::Ask { peer, job };
            }
            wake = Some(wake.map_or(ready, |at| at.min(ready)));
        }
        let somebody_works = self.peers.iter().any(|peer| peer.working);
        match wake {
            Some(at) if at < self.end => Turn::Wait(at),
            _ if somebody_works => Turn::Wait(self.end),
            _ => Turn::Done,
        }
    }

    fn may_work(&self, peer: usize) -> bool {
        let Peer { gone, requests, bytes, .. } = self.peers[peer];
        !gone && requests < self.budget.requests && bytes < self.budget.bytes
    }

    /// The job that an idle peer should do next, and when it may begin: at once, or when whoever is asked now was waited
    /// for long enough.
    fn best(&self, peer: usize) -> Option<(usize, Option<Instant>)> {
        let may = |task: &Task| {
            !task.job.open.is_empty()
                && !task.asked[peer]
                && task.job.only.is_none_or(|only| only == peer)
                && !self.is_left_to_its_home(task, peer)
        };
        let candidates = self.tasks.iter().enumerate().filter(|(_, task)| may(task));
        let (at, task) = candidates
            .min_by_key(|(at, task)| (task.running > 0, task.job.home != Some(peer), task.since, *at))?;
        Some((at, (task.running > 0).then(|| task.since + self.hedge)))
    }

    /// A vote is left to who made it, unless that one is at work, failed or was asked.
    fn is_left_to_its_home(&self, task: &Task, peer: usize) -> bool {
        task.job.home.is_some_and(|home| {
            home != peer
                && task.running == 0
                && !task.asked[home]
                && self.may_work(home)
                && !self.peers[home].working
                && self.peers[home].failures == 0
        })
    }

    /// Tells what became of a request.
    pub(super) fn report(&mut self, peer: usize, job: usize, outcome: &Outcome, now: Instant) {
        self.tasks[job].running -= 1;
        if let Outcome::Answered { met, .. } | Outcome::Failed { met, .. } = outcome {
            self.close(job, met);
        }
        let it = &mut self.peers[peer];
        it.working = false;
        match outcome {
            Outcome::Answered { bytes, .. } => {
                (it.failures, it.bytes) = (0, it.bytes + bytes);
                self.tasks[job].asked[peer] = true;
            }
            Outcome::Failed { again, .. } => {
                it.failures += 1;
                match self.patience.wait(it.failures, *again) {
                    Some(wait) => it.rests_until = now + wait,
                    None => it.gone = true,
                }
            }
            Outcome::Refused => {
                it.failures += 1;
                it.gone |= it.failures >= self.patience.tries;
                self.tasks[job].asked[peer] = true;
            }
        }
    }

    /// Notes what came. An answer may hold more than was asked for. But each bandwidth file is another one, so that only
    /// the job that it was asked for is done.
    fn close(&mut self, job: usize, met: &[Wanted]) {
        let file = self.tasks[job].job.ask == Ask::BandwidthFile;
        for (at, task) in self.tasks.iter_mut().enumerate() {
            if at == job || !(file || task.job.ask == Ask::BandwidthFile) {
                for met in met {
                    task.job.open.remove(met);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        collect::DirectoryAuthority,
        collect::job::plan,
        value::{Hex, Timestamp},
    };

    const SECOND: Duration = Duration::from_secs(1);
    const NOW: Timestamp = Timestamp(3600);

    fn schedule(wanted: &[Wanted], peers: usize, now: Instant) -> Schedule {
        let authorities = &DirectoryAuthority::public()[..peers];
        let jobs = plan(wanted, NOW, 3600 * SECOND, authorities);
        let patience = Patience { tries: 3, first: SECOND, longest: 8 * SECOND, total: 100 * SECOND };
        Schedule::new(peers, jobs, Budget::default(), patience, 5 * SECOND, now)
    }

    fn descriptor(at: u8) -> Wanted {
        Wanted::ServerDescriptor(Hex([at; 20]))
    }

    fn answered(met: &[Wanted]) -> Outcome {
        Outcome::Answered { bytes: 1, met: met.to_vec() }
    }

    fn asked(turn: Turn) -> usize {
        match turn {
            Turn::Ask { peer, job: 0 } => peer,
            turn => panic!("{turn:?}"),
        }
    }

    #[test]
    fn what_one_does_not_have_is_asked_of_the_others_and_then_given_up() {
        let now = Instant::now();
        let mut all = schedule(&[descriptor(1), descriptor(2)], 2, now);
        let first = asked(all.next(now));
        assert_eq!(all.next(now), Turn::Wait(now + 5 * SECOND), "one request at a time is enough");
        all.report(first, 0, &answered(&[descriptor(1)]), now);
        assert_eq!(all.job(0).open.iter().copied().collect::<Vec<_>>(), [descriptor(2)]);
        let second = asked(all.next(now));
        assert_ne!(first, second);
        all.report(second, 0, &answered(&[]), now);
        assert_eq!(all.next(now), Turn::Done);
        assert_eq!(all.open().count(), 1);
    }

    #[test]
    fn who_hangs_is_not_waited_for() {
        let now = Instant::now();
        let mut all = schedule(&[descriptor(1)], 2, now);
        let first = asked(all.next(now));
        let later = now + 5 * SECOND;
        let second = asked(all.next(later));
        assert_ne!(first, second);
        assert_eq!(all.next(later), Turn::Wait(all.end()), "both are being asked");
        all.report(second, 0, &answered(&[descriptor(1)]), later);
        assert_eq!(all.next(later), Turn::Done);
        all.report(first, 0, &Outcome::Failed { again: None, met: Vec::new() }, later);
    }

    #[test]
    fn who_fails_rests_and_is_left_alone_in_the_end() {
        let mut now = Instant::now();
        let mut all = schedule(&[descriptor(1)], 1, now);
        for failures in 1..=3 {
            assert_eq!(asked(all.next(now)), 0);
            all.report(0, 0, &Outcome::Failed { again: None, met: Vec::new() }, now);
            match all.next(now) {
                Turn::Wait(at) => now = at,
                turn => assert_eq!((turn, failures), (Turn::Done, 3)),
            }
        }
        let mut all = schedule(&[descriptor(1)], 1, now);
        assert_eq!(asked(all.next(now)), 0);
        all.report(0, 0, &Outcome::Failed { again: Some(7 * SECOND), met: Vec::new() }, now);
        assert_eq!(all.next(now), Turn::Wait(now + 7 * SECOND), "it told when to come again");
    }

    #[test]
    fn an_authority_is_first_asked_for_its_own_vote() {
        let now = Instant::now();
        let home = DirectoryAuthority::public()[2].identity;
        for _ in 0..20 {
            let mut all = schedule(&[Wanted::Vote(NOW, home, None)], 3, now);
            assert_eq!(asked(all.next(now)), 2);
            all.report(2, 0, &Outcome::Failed { again: None, met: Vec::new() }, now);
            assert_ne!(asked(all.next(now)), 2);
        }
    }

    #[test]
    fn budgets_hold() {
        let now = Instant::now();
        let mut all = schedule(&[descriptor(1)], 2, now);
        all.budget = Budget { requests: 0, ..Budget::default() };
        assert_eq!(all.next(now), Turn::Done);
        all.budget = Budget::default();
        assert_eq!(all.next(now + 100 * SECOND), Turn::Done, "the time is over");
        asked(all.next(now));
        all.stop();
        assert_eq!(all.next(now), Turn::Done);
    }
}
