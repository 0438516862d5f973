//! `key=value` text: the one lexer for it, and the grammars of the types whose lines are not keyword lines.
//!
//! A grammar gives each line or word a keyword, so that a table can know it: a line that has no keyword of its own gets
//! one from here. Every byte of a document belongs to exactly one item, as with keyword lines.

use memchr::{memchr, memmem};

use super::{Item, Lexer, item::split_keyword};

/// Words `key=value`, separated by blanks or tabs; the line end may be anything. The key is the keyword, the value the
/// only argument. A word without a key has no keyword either.
#[inline]
pub(crate) fn words<'a>(lexer: &mut Lexer<'a>) -> Option<Item<'a>> {
    let (word, length) = word(lexer.rest())?;
    let (offset, raw) = lexer.take(length);
    let (keyword, args) = split(word);
    Some(Item { keyword, args, raw, offset, ..Item::default() })
}

/// Torperf results: [`words`], where `DATAPERC10=TIME` is the keyword `DATAPERC` with the argument `10=TIME`, and
/// `PARTIAL51200=TIME` likewise, because a row cannot be a pattern.
#[inline]
pub(crate) fn torperf<'a>(lexer: &mut Lexer<'a>) -> Option<Item<'a>> {
    let mut item = words(lexer)?;
    for family in [&b"DATAPERC"[..], b"PARTIAL"] {
        let number = item.keyword.strip_prefix(family).unwrap_or_default();
        if !number.is_empty() && number.iter().all(u8::is_ascii_digit) {
            (item.keyword, item.args) = item.raw.trim_ascii().split_at(family.len());
        }
    }
    Some(item)
}

/// Bandwidth files: the first line is `timestamp`, header lines are `key=value`, the terminator is its own keyword, and
/// each line below is `relay` with its words. Torflow's files have no header: the first line that can only be about a
/// relay ends it.
pub(crate) fn bandwidth_file<'a>(lexer: &mut Lexer<'a>) -> Option<Item<'a>> {
    const HEADER: u8 = 1;
    const RELAYS: u8 = 2;
    let (offset, line, raw) = lexer.raw_line()?;
    let (keyword, args) = match (lexer.state, line) {
        (HEADER | RELAYS, b"") => (line, line),
        (RELAYS, _) => (&b"relay"[..], line),
        (HEADER, b"====" | b"=====") => {
            lexer.state = RELAYS;
            (line, &line[..0])
        }
        (HEADER, _) if is_about_a_relay(line) => {
            lexer.state = RELAYS;
            (&b"relay"[..], line)
        }
        (HEADER, _) => split(line),
        _ => {
            lexer.state = HEADER;
            (&b"timestamp"[..], line)
        }
    };
    Some(Item { keyword, args, raw, offset, ..Item::default() })
}

/// Whether a line has a key, as its first or a later one, that the header must not have.
fn is_about_a_relay(line: &[u8]) -> bool {
    let begins_a_word = |at: usize| at == 0 || matches!(line[at - 1], b' ' | b'\t');
    let keys = [&b"bw="[..], b"node_id=", b"master_key_ed25519="];
    keys.iter().any(|key| memmem::find_iter(line, key).any(begins_a_word))
}

/// Bridge pool assignments: a line that begins with a fingerprint is `bridge` with the whole line as its argument.
pub(crate) fn pool_assignments<'a>(lexer: &mut Lexer<'a>) -> Option<Item<'a>> {
    let (offset, line, raw) = lexer.raw_line()?;
    let (mut keyword, mut args) = split_keyword(line);
    if keyword.len() == 40 && keyword.iter().all(u8::is_ascii_hexdigit) {
        (keyword, args) = (b"bridge", line);
    } else if keyword.contains(&b'=') {
        (keyword, args) = split(line);
    }
    Some(Item { keyword, args, raw, offset, ..Item::default() })
}

/// One pool assignment: the first word without `=` is `fingerprint`, the second is `pool`, all else is [`words`].
pub(crate) fn pool_assignment<'a>(lexer: &mut Lexer<'a>) -> Option<Item<'a>> {
    let mut item = words(lexer)?;
    if item.keyword.is_empty() {
        item.keyword = [&b"fingerprint"[..], b"pool"].get(lexer.state as usize).copied().unwrap_or(item.args);
        lexer.state = lexer.state.saturating_add(1);
    }
    Some(item)
}

/// Logs: each line is `line` with the whole of it as its argument.
#[inline]
pub(crate) fn log_lines<'a>(lexer: &mut Lexer<'a>) -> Option<Item<'a>> {
    let (offset, line, raw) = lexer.raw_line()?;
    let keyword = if line.is_empty() { line } else { b"line" };
    Some(Item { keyword, args: line, raw, offset, ..Item::default() })
}

/// The first word, and how many bytes it takes with the blanks around it.
#[inline]
fn word(text: &[u8]) -> Option<(&[u8], usize)> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let start = text.iter().position(|byte| !is_blank(byte))?;
    let rest = &text[start..];
    let length = rest.iter().position(is_blank).unwrap_or(rest.len());
    let gap = &rest[length..];
    let gap = gap.iter().position(|byte| !is_blank(byte)).unwrap_or(gap.len());
    Some((&rest[..length], start + length + gap))
}

/// Splits at the first `=`. Text without a key is all value.
#[inline]
fn split(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr(b'=', text) {
        Some(equals) if equals > 0 => (&text[..equals], &text[equals + 1..]),
        _ => (&[], text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netdoc::Grammar;

    fn keywords<'a>(grammar: Grammar<'a>, text: &'a [u8]) -> Vec<(&'a [u8], &'a [u8])> {
        let mut lexer = Lexer::new(text);
        let items: Vec<_> = std::iter::from_fn(|| grammar(&mut lexer)).collect();
        assert_eq!(items.iter().flat_map(|item| item.raw).copied().collect::<Vec<u8>>(), text);
        items.iter().map(|item| (item.keyword, item.args)).collect()
    }

    #[test]
    fn words_have_keys_and_values() {
        assert_eq!(
            keywords(words, b" a=1\tb=  c=x=y d =e\r\n"),
            [(&b"a"[..], &b"1"[..]), (b"b", b""), (b"c", b"x=y"), (b"", b"d"), (b"", b"=e")]
        );
    }

    #[test]
    fn numbered_keys_become_arguments() {
        assert_eq!(
            keywords(torperf, b"DATAPERC10=1.5 DATAPERMILLE=2.0 PARTIAL=3 PARTIAL51200=4.0"),
            [
                (&b"DATAPERC"[..], &b"10=1.5"[..]),
                (b"DATAPERMILLE", b"2.0"),
                (b"PARTIAL", b"3"),
                (b"PARTIAL", b"51200=4.0")
            ]
        );
    }

    #[test]
    fn bandwidth_files_have_a_header_or_none() {
        assert_eq!(
            keywords(bandwidth_file, b"15\nversion=1.4.0\n=====\nbw=1 nick=a\n\nversion=2\n"),
            [
                (&b"timestamp"[..], &b"15"[..]),
                (b"version", b"1.4.0"),
                (b"=====", b""),
                (b"relay", b"bw=1 nick=a"),
                (b"", b""),
                (b"relay", b"version=2")
            ]
        );
        assert_eq!(
            keywords(bandwidth_file, b"15\nnick=a\tbw=1\nx=y"),
            [(&b"timestamp"[..], &b"15"[..]), (b"relay", b"nick=a\tbw=1"), (b"relay", b"x=y")]
        );
    }
}
