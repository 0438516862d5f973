//! Speed, one number a hot path, and the peers beside it in the same run.

use std::{hint::black_box, net::IpAddr, time::Duration};

use cpu_time::ThreadTime;
use descriptor_core::{
    document::{Type, digests_of},
    netdoc::frames,
    sanitize::{Reason, Refusal, Sanitizer, Secret, Secrets, server_descriptor},
    schema::{Documents, RuleSet, Sink, Table, Wanted},
    value::Timestamp,
};

#[cfg(feature = "peers")]
pub mod peers;

/// A sink that looks at every value and keeps none.
#[derive(Debug, Default)]
pub struct Touch(u64);

impl Sink for Touch {
    fn null(&mut self) {}
    fn bool(&mut self, value: bool) {
        self.0 += u64::from(value);
    }
    fn int(&mut self, value: i64) {
        self.0 ^= value.cast_unsigned();
    }
    fn float(&mut self, value: f64) {
        self.0 ^= value.to_bits();
    }
    fn text(&mut self, value: &[u8]) {
        self.0 += value.len() as u64;
    }
    fn hex(&mut self, value: &[u8]) {
        self.0 += u64::from(value[0]);
    }
    fn base64(&mut self, value: &[u8]) {
        self.0 += u64::from(value[0]);
    }
    fn time(&mut self, value: Timestamp) {
        self.0 ^= value.0.cast_unsigned();
    }
    fn address(&mut self, value: IpAddr) {
        self.0 += u64::from(value.is_ipv4());
    }
    fn list(&mut self) {}
    fn end_list(&mut self) {}
    fn map(&mut self) {}
    fn key(&mut self, key: &[u8]) {
        self.0 += key.len() as u64;
    }
    fn end_map(&mut self) {}
}

/// Which digest belongs to the work that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// None.
    None,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// Reads every document of a file, every column of it, and one digest; the number of documents, or of records in the
/// field `entries` if the type has one. A macro and not a function, for `D` has the file's lifetime.
#[macro_export]
macro_rules! read_all {
    ($document:ty, $digest:expr) => {
        |data: &[u8]| $crate::read_all::<$document>(data, $digest)
    };
}

/// Reads every document of a file as `D`, every column, and one digest.
pub fn read_all<'a, D: Table<'a>>(data: &'a [u8], digest: Digest) -> usize {
    let entries = D::table().fields.iter().position(|field| field.name == "entries");
    let (mut touch, mut documents) = (Touch::default(), Documents::<D>::new(data, Wanted::ALL));
    let mut count = 0;
    let read = std::iter::from_fn(|| {
        loop {
            let parsed = documents.next()?;
            let (Some(kind), Some(document)) = (parsed.frame.kind, parsed.document()) else { continue };
            document.tell(&mut touch);
            match entries {
                None => count += 1,
                Some(field) => document.each(field, &mut |_| count += 1),
            }
            return Some((kind, parsed.frame.body));
        }
    });
    black_box(digests_of(read, digest == Digest::Sha1, digest == Digest::Sha256));
    black_box(touch);
    count
}

/// Sanitizes every server descriptor of bridges in a file, guard and all, with secrets of the months that occur; the number of
/// those that may be published.
pub fn sanitize_all(data: &[u8]) -> usize {
    let mut secrets = Secrets::default();
    let mut count = 0;
    for frame in frames(data, Some(Type::ServerDescriptor)) {
        let result = loop {
            match server_descriptor(frame.body, &Sanitizer::new(RuleSet::Current, Some(&secrets))) {
                Err(Refusal { reason: Reason::NoSecret(month), .. }) => {
                    secrets.create(month, [7; Secret::LENGTH]);
                }
                result => break result,
            }
        };
        count += usize::from(black_box(result).is_ok());
    }
    count
}

/// What a pair of timings gave.
#[derive(Debug, Clone, Copy)]
pub struct Paired {
    /// The median of ours.
    pub ours: Duration,
    /// The median of theirs.
    pub theirs: Duration,
    /// The median of their time divided by ours, round by round.
    pub ratio: f64,
}

/// Runs two pieces of work in turn and compares their thread CPU time round by round, so that a machine whose speed
/// drifts does not favour one of them.
pub fn paired(rounds: usize, mut ours: impl FnMut(), mut theirs: impl FnMut()) -> Paired {
    ours();
    theirs();
    let mut times: Vec<(Duration, Duration)> =
        (0..rounds).map(|_| (timed(&mut ours), timed(&mut theirs))).collect();
    let mut ratios: Vec<f64> = times.iter().map(|(a, b)| b.as_secs_f64() / a.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    times.sort_by_key(|pair| pair.0);
    let ours = times[rounds / 2].0;
    times.sort_by_key(|pair| pair.1);
    Paired { ours, theirs: times[rounds / 2].1, ratio: ratios[rounds / 2] }
}

fn timed(work: &mut impl FnMut()) -> Duration {
    let start = ThreadTime::now();
    work();
    start.elapsed()
}
