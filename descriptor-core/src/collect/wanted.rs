//! What is missing and may still be had.

use crate::value::{Base64, Fingerprint, Hex, Timestamp};

/// The flavour of a consensus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flavor {
    /// With the digests of server descriptors.
    Ns,
    /// With the digests of microdescriptors.
    Microdesc,
}

/// A document that is missing and may still be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wanted {
    /// The consensus of a time; authorities serve the current one only.
    Consensus(Flavor, Timestamp),
    /// The vote of an authority for a consensus, and its digest if a consensus tells it.
    Vote(Timestamp, Fingerprint, Option<Hex<20>>),
    /// The signatures of the authorities on the consensuses of a time.
    DetachedSignatures(Timestamp),
    /// The certificate of an authority's identity for a signing key.
    Certificate(Fingerprint, Fingerprint),
    /// The server descriptor of a digest.
    ServerDescriptor(Hex<20>),
    /// The extra-info descriptor of a digest.
    ExtraInfo(Hex<20>),
    /// The microdescriptor of a digest.
    Microdescriptor(Base64<32>),
    /// The bandwidth file that goes into the next vote of each authority.
    BandwidthFiles,
    /// Whatever the source has that is new: exit lists, statistics, measurements, other archives.
    Anything,
}
