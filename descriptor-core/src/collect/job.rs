//! What to ask a directory authority for (dir-spec §4, §5; collector §2.3).

use std::{collections::BTreeSet, fmt::Write, time::Duration};

use super::{DirectoryAuthority, Flavor, Wanted};
use crate::value::Timestamp;

/// The most digests that tor takes in an address without complaint, and what CollecTor sends.
const DESCRIPTORS: usize = 96;
/// The same for microdescriptors, whose digests are longer.
const MICRODESCRIPTORS: usize = 92;
/// More certificates than these are asked for all together.
const CERTIFICATES: usize = 8;

/// Paths that are longer are told by their first digest.
const BRIEF: usize = 160;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Consensus(Flavor),
    Vote,
    DetachedSignatures,
    Certificates,
    ServerDescriptors,
    ExtraInfos,
    Microdescriptors,
    BandwidthFile,
}

/// Documents that one request asks for, until all of them came or everybody was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) ask: Ask,
    /// What did not come yet.
    pub(super) open: BTreeSet<Wanted>,
    /// The only authority that has it.
    pub(super) only: Option<usize>,
    /// The authority that surely has it.
    pub(super) home: Option<usize>,
}

impl Job {
    fn new(ask: Ask, open: impl IntoIterator<Item = Wanted>) -> Self {
        Job { ask, open: open.into_iter().collect(), only: None, home: None }
    }

    /// The resource to ask for now. Votes move from `next` to `current` at the hour.
    pub(super) fn path(&self, now: Timestamp) -> String {
        let mut digests = String::new();
        let separator = if self.ask == Ask::Microdescriptors { '-' } else { '+' };
        for wanted in &self.open {
            if !digests.is_empty() {
                digests.push(separator);
            }
            // To write into a string does not fail.
            let _ = match wanted {
                Wanted::Certificate(identity, key) => write!(digests, "{identity}-{key}"),
                Wanted::ServerDescriptor(digest) | Wanted::ExtraInfo(digest) => write!(digests, "{digest}"),
                Wanted::Microdescriptor(digest) => write!(digests, "{digest}"),
                Wanted::Vote(_, _, Some(digest)) => write!(digests, "d/{digest}"),
                Wanted::Vote(_, identity, None) => write!(digests, "{identity}"),
                _ => Ok(()),
            };
        }
        match self.ask {
            Ask::Consensus(Flavor::Ns) => "/tor/status-vote/current/consensus".into(),
            Ask::Consensus(Flavor::Microdesc) => "/tor/status-vote/current/consensus-microdesc".into(),
            Ask::Vote => {
                // What a consensus names is no vote of the next one, whatever the clock says.
                let future = |wanted: &Wanted| matches!(wanted, Wanted::Vote(time, _, None) if *time > now);
                let period = if self.open.iter().any(future) { "next" } else { "current" };
                format!("/tor/status-vote/{period}/{digests}")
            }
            Ask::DetachedSignatures => "/tor/status-vote/next/consensus-signatures".into(),
            Ask::Certificates if self.open.len() > CERTIFICATES => "/tor/keys/all".into(),
            Ask::Certificates => format!("/tor/keys/fp-sk/{digests}"),
            Ask::ServerDescriptors => format!("/tor/server/d/{digests}"),
            Ask::ExtraInfos => format!("/tor/extra/d/{digests}"),
            Ask::Microdescriptors => format!("/tor/micro/d/{digests}"),
            Ask::BandwidthFile => "/tor/status-vote/next/bandwidth".into(),
        }
    }
}

/// What was asked for, short enough to be read by people.
pub(super) fn brief(job: &Job, now: Timestamp) -> String {
    let path = job.path(now);
    if path.len() <= BRIEF {
        return path;
    }
    let first = Job { open: job.open.iter().take(1).copied().collect(), ..job.clone() };
    format!("{} and {} more", first.path(now), job.open.len() - 1)
}

/// Whether authorities may have it now: they serve only the current consensus and its votes, which may be late, and only
/// votes and signatures for the next one. `named` is the time of the newest consensus that names votes that are wanted.
fn may_be_had(wanted: &Wanted, now: Timestamp, named: Timestamp, interval: Duration) -> bool {
    let interval = i64::try_from(interval.as_secs()).unwrap_or(i64::MAX).max(1);
    let age = |time: &Timestamp| now.0.saturating_sub(time.0);
    match wanted {
        Wanted::Consensus(_, time) => (-interval..interval.saturating_mul(3)).contains(&age(time)),
        Wanted::Vote(time, _, None) => (-interval..interval).contains(&age(time)),
        Wanted::Vote(time, _, Some(_)) => named.0.saturating_sub(time.0) < interval.saturating_mul(2),
        Wanted::DetachedSignatures(time) => (-interval..0).contains(&age(time)),
        Wanted::Anything => false,
        _ => true,
    }
}

/// The requests that ask for all that may be had. What is needed to know more comes first.
pub(super) fn plan(
    wanted: &[Wanted],
    now: Timestamp,
    interval: Duration,
    authorities: &[DirectoryAuthority],
) -> Vec<Job> {
    let votes = wanted.iter().filter_map(|wanted| match wanted {
        Wanted::Vote(time, _, Some(_)) => Some(*time),
        _ => None,
    });
    let named = votes.max().unwrap_or(now);
    let wanted: BTreeSet<_> =
        wanted.iter().copied().filter(|wanted| may_be_had(wanted, now, named, interval)).collect();
    let mut jobs = Vec::new();
    let mut batches = |ask, size, of: &dyn Fn(&Wanted) -> bool| {
        let chosen: Vec<_> = wanted.iter().copied().filter(of).collect();
        jobs.extend(chosen.chunks(size).map(|batch| Job::new(ask, batch.iter().copied())));
    };
    for flavor in [Flavor::Ns, Flavor::Microdesc] {
        batches(
            Ask::Consensus(flavor),
            usize::MAX,
            &|it| matches!(it, Wanted::Consensus(its, _) if *its == flavor),
        );
    }
    batches(Ask::DetachedSignatures, usize::MAX, &|it| matches!(it, Wanted::DetachedSignatures(_)));
    batches(Ask::Vote, 1, &|it| matches!(it, Wanted::Vote(..)));
    batches(Ask::BandwidthFile, 1, &|it| matches!(it, Wanted::BandwidthFiles));
    batches(Ask::Certificates, usize::MAX, &|it| matches!(it, Wanted::Certificate(..)));
    batches(Ask::ServerDescriptors, DESCRIPTORS, &|it| matches!(it, Wanted::ServerDescriptor(_)));
    batches(Ask::Microdescriptors, MICRODESCRIPTORS, &|it| matches!(it, Wanted::Microdescriptor(_)));
    batches(Ask::ExtraInfos, DESCRIPTORS, &|it| matches!(it, Wanted::ExtraInfo(_)));
    let homes = |job: Job| -> Vec<Job> {
        let identity = match job.open.first() {
            Some(Wanted::Vote(_, identity, _)) => Some(*identity),
            _ => None,
        };
        let home = authorities.iter().position(|it| Some(it.identity) == identity);
        match job.ask {
            Ask::BandwidthFile => {
                (0..authorities.len()).map(|at| Job { only: Some(at), ..job.clone() }).collect()
            }
            _ => vec![Job { home, ..job }],
        }
    };
    jobs.into_iter().flat_map(homes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Base64, Hex};

    const HOUR: Duration = Duration::from_secs(3600);
    const NOW: Timestamp = Timestamp(1_000_000 * 3600 + 300);
    const THIS: Timestamp = Timestamp(1_000_000 * 3600);
    const NEXT: Timestamp = Timestamp(1_000_001 * 3600);

    fn paths(wanted: &[Wanted]) -> Vec<String> {
        let authorities = DirectoryAuthority::public();
        plan(wanted, NOW, HOUR, &authorities).iter().map(|job| job.path(NOW)).collect()
    }

    #[test]
    fn requests_are_those_of_the_specification() {
        let (id, digest) = (Hex([1; 20]), Hex([2; 20]));
        let (id_text, digest_text) = ("01".repeat(20), "02".repeat(20));
        assert_eq!(
            paths(&[
                Wanted::Consensus(Flavor::Microdesc, THIS),
                Wanted::Vote(THIS, id, None),
                Wanted::Vote(THIS, id, Some(digest)),
                Wanted::Vote(NEXT, id, None),
                Wanted::DetachedSignatures(NEXT),
                Wanted::Certificate(id, digest),
                Wanted::Certificate(digest, id),
            ]),
            [
                "/tor/status-vote/current/consensus-microdesc".to_owned(),
                "/tor/status-vote/next/consensus-signatures".into(),
                format!("/tor/status-vote/current/{id_text}"),
                format!("/tor/status-vote/current/d/{digest_text}"),
                format!("/tor/status-vote/next/{id_text}"),
                format!("/tor/keys/fp-sk/{id_text}-{digest_text}+{digest_text}-{id_text}"),
            ]
        );
        let micro = [Wanted::Microdescriptor(Base64([0; 32])), Wanted::Microdescriptor(Base64([1; 32]))];
        let path = paths(&micro).concat();
        assert_eq!(path, format!("/tor/micro/d/{}-{}", "A".repeat(43), Base64([1; 32])));
    }

    #[test]
    fn batches_are_no_larger_than_tor_takes() {
        let micro: Vec<_> = (0..200).map(|at| Wanted::Microdescriptor(Base64([at; 32]))).collect();
        let server: Vec<_> = (0..200).map(|at| Wanted::ServerDescriptor(Hex([at; 20]))).collect();
        let sizes = |wanted: &[Wanted]| -> Vec<usize> {
            plan(wanted, NOW, HOUR, &[]).iter().map(|job| job.open.len()).collect()
        };
        assert_eq!(sizes(&micro), [92, 92, 16]);
        assert_eq!(sizes(&server), [96, 96, 8]);
        let keys: Vec<_> = (0..9).map(|at| Wanted::Certificate(Hex([at; 20]), Hex([at; 20]))).collect();
        assert_eq!(paths(&keys), ["/tor/keys/all"]);
    }

    #[test]
    fn what_authorities_no_longer_have_is_not_asked_for() {
        let old = Timestamp(THIS.0 - 3 * 3600);
        assert_eq!(
            paths(&[
                Wanted::Consensus(Flavor::Ns, old),
                Wanted::Vote(old, Hex([1; 20]), None),
                Wanted::DetachedSignatures(THIS),
                Wanted::Anything,
            ]),
            [""; 0]
        );
        let late =
            [Wanted::Consensus(Flavor::Ns, Timestamp(THIS.0 - 3600)), Wanted::Consensus(Flavor::Ns, THIS)];
        assert_eq!(paths(&late), ["/tor/status-vote/current/consensus"]);
        // The clock may be late.
        assert_eq!(paths(&[Wanted::Consensus(Flavor::Ns, NEXT)]), ["/tor/status-vote/current/consensus"]);
    }

    #[test]
    fn votes_of_the_newest_consensus_are_asked_for_whatever_the_clock_says() {
        let vote =
            |time: i64, digest: u8| Wanted::Vote(Timestamp(time), Hex([1; 20]), Some(Hex([digest; 20])));
        for jump in [-5, -1, 0, 1, 24, 24 * 365] {
            let newest = THIS.0 + jump * 3600;
            let wanted = [vote(newest, 2), vote(newest - 3600, 3), vote(newest - 2 * 3600, 4)];
            let expected = [3, 2].map(|digest| format!("/tor/status-vote/current/d/{}", Hex([digest; 20])));
            assert_eq!(paths(&wanted), expected, "{jump}");
        }
    }

    #[test]
    fn each_authority_is_asked_for_its_bandwidth_file_and_first_for_its_vote() {
        let authorities = DirectoryAuthority::public();
        let wanted = [Wanted::BandwidthFiles, Wanted::Vote(THIS, authorities[4].identity, None)];
        let jobs = plan(&wanted, NOW, HOUR, &authorities);
        assert_eq!(jobs[0].home, Some(4));
        let only: Vec<_> = jobs.iter().filter_map(|job| job.only).collect();
        assert_eq!(only, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn people_read_the_first_digest_only() {
        let job = |count| {
            Job::new(Ask::ServerDescriptors, (0..count).map(|at| Wanted::ServerDescriptor(Hex([at; 20]))))
        };
        assert_eq!(brief(&job(1), NOW), job(1).path(NOW));
        assert_eq!(brief(&job(96), NOW), format!("/tor/server/d/{} and 95 more", "00".repeat(20)));
    }
}
