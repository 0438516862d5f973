//! Lines in, lines out.

use std::borrow::Cow;

use super::{Reason, Refusal, Sanitizer};
use crate::{
    netdoc::Item,
    schema::{Rule, RuleSet, Table},
};

/// A document whose lines end in LF only: CollecTor ends a line at CR, LF or both (collector §1.1).
pub(super) fn with_line_feeds(original: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\r', original).is_none() {
        return Cow::Borrowed(original);
    }
    let mut text = Vec::with_capacity(original.len());
    for line in original.split_inclusive(|&b| b == b'\n') {
        let end = if line.ends_with(b"\r\n") { line.len() - 2 } else { line.len() };
        text.extend(line[..end].iter().map(|&b| if b == b'\r' { b'\n' } else { b }));
        text.extend((end < line.len()).then_some(b'\n'));
    }
    Cow::Owned(text)
}

/// Writes one line. What is not ASCII is written as U+FFFD, each byte by itself, as CollecTor does: it reads ASCII.
pub(super) fn push(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        if part.is_ascii() {
            out.extend_from_slice(part);
            continue;
        }
        for &byte in *part {
            if byte.is_ascii() { out.push(byte) } else { out.extend_from_slice("\u{fffd}".as_bytes()) }
        }
    }
    out.push(b'\n');
}

/// What stands between single blanks. Blanks at the end count for nothing, others do: two of them have an empty field
/// between, so that nothing is taken for what it is not.
pub(super) fn fields(line: &[u8]) -> Vec<&[u8]> {
    let mut fields: Vec<_> = line.split(|&b| b == b' ').collect();
    while fields.last().is_some_and(|last| last.is_empty()) {
        fields.pop();
    }
    fields
}

/// What follows the keyword and its blank; `None` if nothing does, or a tab.
pub(super) fn value<'a>(item: &Item<'a>) -> Option<&'a [u8]> {
    let line = item.line();
    let line = if item.opt { line.strip_prefix(b"opt ")? } else { line };
    line.strip_prefix(item.keyword)?.strip_prefix(b" ")
}

/// The refusal of a line.
pub(super) fn refuse(text: &[u8], item: &Item<'_>, reason: Reason) -> Refusal {
    let keyword = &item.keyword[..item.keyword.len().min(64)];
    Refusal {
        keyword: String::from_utf8_lossy(keyword).into_owned(),
        line: 1 + memchr::memchr_iter(b'\n', &text[..item.offset.min(text.len())]).count(),
        reason,
    }
}

/// The refusal of a document for what is not there.
pub(super) fn missing(keyword: &str, reason: Reason) -> Refusal {
    Refusal { keyword: keyword.to_owned(), line: 0, reason }
}

/// Whether a value is one of some words, or several with commas between.
pub(super) fn are_words(value: &[u8], words: &[&str]) -> bool {
    value.split(|&b| b == b',').all(|value| words.iter().any(|word| word.as_bytes() == value))
}

impl Sanitizer<'_> {
    /// The rule of a row, as the table has it.
    pub(super) fn declared<'a, D: Table<'a>>(&self, row: usize) -> Rule {
        #[cfg(test)]
        if let Some((table, keyword, rule)) = self.replaced
            && table == D::table().name
            && keyword == D::FIELDS[row].keywords[0]
        {
            return rule;
        }
        D::FIELDS[row].rule
    }

    /// The rule for an item by its table, if the item has a form that the rule allows.
    pub(super) fn rule<'a, D: Table<'a>>(&self, item: &Item<'a>) -> Result<Rule, Reason> {
        let declared = self.declared::<D>(D::row(item.keyword).ok_or(Reason::NoRule)?);
        let rule = declared.of(self.rules);
        let is_old = self.rules < RuleSet::Current;
        let allowed = match rule {
            Rule::Refuse => return Err(Reason::NoRule),
            Rule::Keep => value(item).is_some(),
            Rule::KeepWords(words) => value(item).is_some_and(|value| are_words(value, words)),
            Rule::KeepBare => item.line().ends_with(item.keyword) && item.args.is_empty(),
            Rule::KeepVersion1 => value(item).is_some_and(|value| value.starts_with(b"1 ")),
            Rule::Drop => !is_old || value(item).is_some() || item.object.is_some(),
            Rule::End => item.line() == item.keyword && item.object.is_some(),
            _ => true,
        };
        let spelled = !item.opt || !is_old || declared.allows_opt();
        if allowed && spelled { Ok(rule) } else { Err(Reason::Form) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netdoc::items;

    #[test]
    fn lines_end_at_cr_and_lf() {
        assert_eq!(with_line_feeds(b"a\r\nb\rc\n\rd\r\r\n").as_ref(), b"a\nb\nc\n\nd\n\n");
        assert!(matches!(with_line_feeds(b"a\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn fields_are_between_single_blanks() {
        assert_eq!(fields(b"a  b "), [&b"a"[..], b"", b"b"]);
        assert_eq!(fields(b"  "), [&b""[..]; 0]);
    }

    #[test]
    fn values_follow_one_blank() {
        let of = |line: &'static [u8]| items(line).next().and_then(|item| value(&item));
        assert_eq!(of(b"uptime 5\n"), Some(&b"5"[..]));
        assert_eq!(of(b"opt uptime  5\n"), Some(&b" 5"[..]));
        assert_eq!(of(b"dirreq-v3-ips \n"), Some(&b""[..]));
        assert_eq!((of(b"uptime\n"), of(b"uptime\t5\n"), of(b"opt\tuptime 5\n")), (None, None, None));
    }

    #[test]
    fn other_bytes_become_replacement_characters() {
        let mut out = Vec::new();
        push(&mut out, &[b"contact ", b"J\xc3\xb6rg"]);
        assert_eq!(out, "contact J\u{fffd}\u{fffd}rg\n".as_bytes());
    }
}
