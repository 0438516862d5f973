//! Digests of other files, `sha256=DIGEST`.

use super::{Base64, pairs::split};
use crate::{
    netdoc::Item,
    schema::{FromItem, Kind, Part, Problem, Sink, Slot},
};

/// The digests of a file, by algorithm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileDigest<'a> {
    /// All digests as they stand.
    pub text: &'a [u8],
    /// The SHA-256.
    pub sha256: Option<Base64<32>>,
}

impl<'a> FromItem<'a> for FileDigest<'a> {
    const PARTS: &'static [Part] = &[Part::of("sha256", Kind::Base64)];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut file = FileDigest { text: item.args, sha256: None };
        for pair in item.args() {
            let (algorithm, digest) = split(pair).ok_or(Problem::BadArgument("digest"))?;
            if algorithm == b"sha256" {
                file.sha256 = Some(Base64::from_base64(digest).ok_or(Problem::BadArgument("digest"))?);
            }
        }
        Ok(file)
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        Slot::emit(&self.sha256, 0, out);
    }
}
