//! The identities of the relay that a microdescriptor belongs to (dir-spec §3.3, `id`).

use super::{Base64, Fingerprint};
use crate::{
    netdoc::Item,
    schema::{Count, Kind, Part, Problem, Reader, Sink, Slot},
};

/// What the `id` lines tell, one line for each kind of identity. They keep microdescriptors of relays apart that have the
/// same onion key; which of them stand there depends on the consensus method.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Identities {
    /// The fingerprint, `id rsa1024`. In consensus methods 18 to 20.
    pub rsa1024: Option<Fingerprint>,
    /// The Ed25519 identity, `id ed25519`. Since consensus method 21; absent if the relay has none.
    pub ed25519: Option<Base64<32>>,
}

impl<'a> Slot<'a> for Identities {
    const COUNT: Count = Count::Many;
    const PARTS: &'static [Part] = &[Part::of("rsa1024", Kind::Hex), Part::of("ed25519", Kind::Base64)];

    /// Takes one line. A kind that nobody has heard of is noted.
    ///
    /// DIFFERENCE: dir-spec wants such lines ignored; metrics-lib and tor-netdoc refuse the document.
    #[inline]
    fn fill(&mut self, item: &Item<'a>, _again: bool, _reader: &mut Reader<'a>) -> Result<(), Problem> {
        // As they all stand today.
        if let Some(identity) = item.args.strip_prefix(b"ed25519 ").and_then(Base64::from_base64)
            && self.ed25519.is_none()
        {
            self.ed25519 = Some(identity);
            return Ok(());
        }
        let mut args = item.args();
        let again = match args.text("kind of identity")? {
            b"rsa1024" => {
                let identity = args.text("identity")?;
                let identity = Fingerprint::from_base64(identity).ok_or(Problem::BadArgument("identity"))?;
                let again = self.rsa1024.is_some();
                self.rsa1024.get_or_insert(identity);
                again
            }
            b"ed25519" => {
                let identity = args.value("identity")?;
                let again = self.ed25519.is_some();
                self.ed25519.get_or_insert(identity);
                again
            }
            _ => return Err(Problem::BadArgument("kind of identity")),
        };
        if again { Err(Problem::Duplicate) } else { Ok(()) }
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match (part, &self.rsa1024, &self.ed25519) {
            (0, Some(identity), _) => out.hex(&identity.0),
            (1, _, Some(identity)) => out.base64(&identity.0),
            _ => out.null(),
        }
    }
}
