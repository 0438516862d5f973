//! Detached signatures: an authority's signatures on the consensuses, before it has those of the others.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// The signatures that an authority knows on the next consensus, without the consensus.
    pub struct DetachedSignatures<'a> = "detached-signature-3" in "dir-spec §3.10";

    /// The SHA-1 of the signed part of the consensus of flavour `ns`.
    "consensus-digest" => consensus_digest: Hex<20>;
    /// From when on the consensus may be used.
    "valid-after" => valid_after: Timestamp;
    /// Until when the consensus is the newest.
    "fresh-until" => fresh_until: Timestamp;
    /// Until when the consensus may be used.
    "valid-until" => valid_until: Timestamp;
    /// The digests of the consensuses of other flavours. Since tor 0.2.3.
    "additional-digest" => additional_digests: Vec<AdditionalDigest<'a>>;
    /// The signatures on the consensuses of other flavours. Since tor 0.2.3.
    "additional-signature" => additional_signatures: Vec<AdditionalSignature<'a>>;
    /// The signatures on the consensus of flavour `ns`.
    "directory-signature" => signatures: Vec<DirectorySignature<'a>>;
}
