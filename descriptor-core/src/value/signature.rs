//! Signatures of directory authorities.

use super::Hex;
use crate::{
    netdoc::{Args, Item, Object},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// The `directory-signature` line of version 3 documents: `[ALGORITHM] IDENTITY SIGNING-KEY-DIGEST` and an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DirectorySignature<'a> {
    /// The digest algorithm that the document was hashed with; `sha1` if the line names none.
    pub algorithm: &'a [u8],
    /// The authority's version 3 identity.
    pub identity: Hex<20>,
    /// SHA-1 of the signing key.
    pub signing_key_digest: Hex<20>,
    /// The signature.
    pub signature: Object<'a>,
}

impl<'a> DirectorySignature<'a> {
    fn read_from(mut args: Args<'a>, item: &Item<'a>) -> Result<Self, Problem> {
        // An algorithm is no identity: none has 40 letters.
        let algorithm = match args.clone().next() {
            Some(word) if word.len() < 20 && args.clone().nth(2).is_some() => args.text("algorithm")?,
            _ => b"sha1",
        };
        Ok(DirectorySignature {
            algorithm,
            identity: args.value("identity")?,
            signing_key_digest: args.value("signing key digest")?,
            signature: Object::from_item(item)?,
        })
    }

    fn emit_part(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.text(self.algorithm),
            1 => out.hex(&self.identity.0),
            2 => out.hex(&self.signing_key_digest.0),
            _ => out.text(self.signature.raw),
        }
    }
}

impl<'a> FromItem<'a> for DirectorySignature<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("algorithm", Kind::Text),
        Part::plain("identity", Kind::Hex),
        Part::plain("signing_key_digest", Kind::Hex),
        Part::plain("signature", Kind::Text),
    ];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Self::read_from(item.args(), item)
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        self.emit_part(part, out);
    }
}

/// A signature on a consensus of another flavour, `FLAVOR ALGORITHM IDENTITY SIGNING-KEY-DIGEST` and an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AdditionalSignature<'a> {
    /// The flavour, such as `microdesc`.
    pub flavor: &'a [u8],
    /// The signature.
    pub signature: DirectorySignature<'a>,
}

impl<'a> FromItem<'a> for AdditionalSignature<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("flavor", Kind::Text),
        Part::plain("algorithm", Kind::Text),
        Part::plain("identity", Kind::Hex),
        Part::plain("signing_key_digest", Kind::Hex),
        Part::plain("signature", Kind::Text),
    ];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let flavor = args.text("flavor")?;
        Ok(AdditionalSignature { flavor, signature: DirectorySignature::read_from(args, item)? })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.text(self.flavor),
            _ => self.signature.emit_part(part - 1, out),
        }
    }
}

/// The digest of a consensus of another flavour, `FLAVOR ALGORITHM DIGEST`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AdditionalDigest<'a> {
    /// The flavour, such as `microdesc`.
    pub flavor: &'a [u8],
    /// The digest algorithm, such as `sha256`.
    pub algorithm: &'a [u8],
    /// The digest in hex; how long it is depends on the algorithm.
    pub digest: &'a [u8],
}

impl<'a> FromItem<'a> for AdditionalDigest<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("flavor", Kind::Text),
        Part::plain("algorithm", Kind::Text),
        Part::plain("digest", Kind::Text),
    ];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let (flavor, algorithm) = (args.text("flavor")?, args.text("algorithm")?);
        let digest = args.text("digest")?;
        let expected = match algorithm {
            b"sha1" => 40,
            b"sha256" => 64,
            _ => digest.len(),
        };
        if digest.len() != expected || !digest.iter().all(u8::is_ascii_hexdigit) {
            return Err(Problem::BadArgument("digest"));
        }
        Ok(AdditionalDigest { flavor, algorithm, digest })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        out.text(match part {
            0 => self.flavor,
            1 => self.algorithm,
            _ => self.digest,
        });
    }
}

/// The `directory-signature` line of versions 1 and 2: the authority's nickname and an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NamedSignature<'a> {
    /// The authority's nickname.
    pub nickname: &'a [u8],
    /// The signature.
    pub signature: Object<'a>,
}

impl<'a> FromItem<'a> for NamedSignature<'a> {
    const PARTS: &'static [Part] = &[Part::plain("nickname", Kind::Text), Part::whole(Kind::Text)];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Ok(NamedSignature { nickname: item.args().text("nickname")?, signature: Object::from_item(item)? })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.text(self.nickname),
            _ => out.text(self.signature.raw),
        }
    }
}
