//! Nicknames.

/// Whether a text is a nickname: 1 to 19 letters and digits.
#[inline]
pub(crate) fn is_nickname(text: &[u8]) -> bool {
    (1..=19).contains(&text.len()) && text.iter().all(u8::is_ascii_alphanumeric)
}
