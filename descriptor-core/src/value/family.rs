//! Relay families (dir-spec §2.1.1, `family`).

use super::{Fingerprint, Hex, nickname::is_nickname};
use crate::{
    netdoc::{Args, Item},
    schema::{FromItem, Kind, Part, Problem, Reader, Sink},
};

/// The relays that a relay says are of its family: fingerprints with `$`, or nicknames. May be empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Family<'a>(pub &'a [u8]);

/// One member of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyMember<'a> {
    /// The fingerprint. Absent if the operator wrote only a nickname, as until 2015 or so.
    pub fingerprint: Option<Fingerprint>,
    /// The nickname. Absent if only the fingerprint is written.
    pub nickname: Option<&'a [u8]>,
}

impl<'a> FamilyMember<'a> {
    /// Reads `$FINGERPRINT`, `$FINGERPRINT=NICKNAME`, `$FINGERPRINT~NICKNAME` or `NICKNAME`.
    #[inline]
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let Some(rest) = text.strip_prefix(b"$") else {
            return is_nickname(text).then_some(FamilyMember { fingerprint: None, nickname: Some(text) });
        };
        let (digits, rest) = rest.split_at_checked(40)?;
        let nickname = match rest {
            [] => None,
            [b'=' | b'~', nickname @ ..] if is_nickname(nickname) => Some(nickname),
            _ => return None,
        };
        Some(FamilyMember { fingerprint: Some(Hex::from_hex(digits)?), nickname })
    }
}

impl<'a> Family<'a> {
    /// The members as they are written.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        Args::new(self.0)
    }

    /// The members that can be read.
    pub fn members(&self) -> impl Iterator<Item = FamilyMember<'a>> + use<'a> {
        self.iter().filter_map(FamilyMember::parse)
    }

    /// Whether a relay is named, by its fingerprint.
    pub fn contains(&self, fingerprint: &Fingerprint) -> bool {
        self.members().any(|member| member.fingerprint.as_ref() == Some(fingerprint))
    }
}

impl<'a> FromItem<'a> for Family<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::List(&Kind::Text))];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Ok(Family(item.args))
    }

    /// A family with a member that cannot be read is kept but noted.
    #[inline]
    fn read(item: &Item<'a>, reader: &mut Reader<'a>) -> Result<Self, Problem> {
        let family = Family(item.args);
        let is_sound = |_| family.iter().all(|member| FamilyMember::parse(member).is_some());
        if !reader.memo.is_item_sound(item, is_sound) {
            reader.complain(item, Problem::BadArgument("family member"));
        }
        Ok(family)
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.list();
        self.iter().for_each(|member| out.text(member));
        out.end_list();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_fingerprints_or_nicknames() {
        let text =
            b"$D8733048FC8EC9102466AD8F3098622BF1BF71FD=a $d8733048fc8ec9102466ad8f3098622bf1bf71fd~b c";
        let family = Family(text);
        assert_eq!(family.members().count(), 3);
        assert_eq!(
            family.members().filter_map(|member| member.nickname).collect::<Vec<_>>(),
            [b"a", b"b", b"c"]
        );
        let wanted = Hex::from_hex(b"D8733048FC8EC9102466AD8F3098622BF1BF71FD").expect("hex");
        assert!(family.contains(&wanted));
        for text in [&b"aaaa,bbbb"[..], b"$D873", b"D8733048FC8EC9102466AD8F3098622BF1BF71FD", b"$"] {
            assert_eq!(FamilyMember::parse(text), None);
        }
    }
}
