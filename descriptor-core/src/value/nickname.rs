//! Nicknames.

use crate::{netdoc::Args, schema::Problem};

/// Whether a byte may be part of a nickname.
static ALPHANUMERIC: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

/// Whether a text is a nickname: 1 to 19 letters and digits.
#[inline]
pub(crate) fn is_nickname(text: &[u8]) -> bool {
    (1..=19).contains(&text.len()) && text.iter().all(|&byte| ALPHANUMERIC[byte as usize])
}

/// Takes a nickname off a line.
#[inline]
pub(crate) fn take_nickname<'a>(args: &mut Args<'a>) -> Result<&'a [u8], Problem> {
    let nickname = args.text("nickname")?;
    if is_nickname(nickname) { Ok(nickname) } else { Err(Problem::BadArgument("nickname")) }
}
