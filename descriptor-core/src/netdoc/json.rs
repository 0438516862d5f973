//! JSON as items: the members of the outermost object. Their values are not decoded here.

use super::{Item, Lexer};

/// Each member of the object is an item: its name is the keyword, its value, as JSON, the argument. What is no member
/// is one item without a keyword, through the end.
pub(crate) fn members<'a>(lexer: &mut Lexer<'a>) -> Option<Item<'a>> {
    const INSIDE: u8 = 1;
    const OUTSIDE: u8 = 2;
    let text = lexer.rest();
    if text.is_empty() {
        return None;
    }
    let found = match lexer.state {
        INSIDE => member(text, text),
        OUTSIDE => None,
        _ => skip(text, b"{").and_then(|inner| member(text, inner)),
    };
    let Some(Member { name, value, length, last }) = found else {
        let (offset, raw) = lexer.take(text.len());
        return Some(Item { args: raw.trim_ascii(), raw, offset, ..Item::default() });
    };
    lexer.state = if last { OUTSIDE } else { INSIDE };
    let (offset, raw) = lexer.take(length);
    Some(Item { keyword: name, args: value, raw, offset, ..Item::default() })
}

struct Member<'a> {
    name: &'a [u8],
    value: &'a [u8],
    /// How many bytes of the text it takes, with what separates it from the next one.
    length: usize,
    /// Whether the object ends here.
    last: bool,
}

fn member<'a>(text: &'a [u8], rest: &'a [u8]) -> Option<Member<'a>> {
    let name = &rest[..string(rest)?];
    let value = skip(&rest[name.len()..], b":")?;
    let value = &value[..extent(value)?];
    let end = &rest[value.as_ptr() as usize - rest.as_ptr() as usize + value.len()..];
    let comma = skip(end, b",");
    let after = comma.or_else(|| skip(end, b"}"))?;
    let name = &name[1..name.len() - 1];
    Some(Member { name, value, length: text.len() - after.len(), last: comma.is_none() })
}

/// Skips one sign and the white space around it.
fn skip<'a>(text: &'a [u8], sign: &[u8]) -> Option<&'a [u8]> {
    Some(text.trim_ascii_start().strip_prefix(sign)?.trim_ascii_start())
}

/// The length of the string that a text begins with, quotes included.
fn string(text: &[u8]) -> Option<usize> {
    let mut at = text.first().filter(|&&quote| quote == b'"').map(|_| 1)?;
    loop {
        at += memchr::memchr2(b'"', b'\\', &text[at..])?;
        match text[at] {
            b'"' => return Some(at + 1),
            _ if at + 2 > text.len() => return None,
            _ => at += 2,
        }
    }
}

/// The length of the value that a text begins with: brackets are counted, strings are skipped. However deep the value
/// is nested, this neither recurses nor allocates.
fn extent(text: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0usize);
    loop {
        match *text.get(at)? {
            b'"' => at += string(&text[at..])?,
            b'{' | b'[' => (at, depth) = (at + 1, depth + 1),
            b'}' | b']' => (at, depth) = (at + 1, depth.checked_sub(1)?),
            _ if depth == 0 => {
                let plain = |b: &u8| b.is_ascii_alphanumeric() || b"+-.".contains(b);
                let length = text.iter().position(|b| !plain(b)).unwrap_or(text.len());
                return (length > 0).then_some(length);
            }
            _ => at += 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &[u8]) -> Vec<(&[u8], &[u8])> {
        let mut lexer = Lexer::new(text);
        let items: Vec<_> = std::iter::from_fn(|| members(&mut lexer)).collect();
        assert_eq!(items.iter().flat_map(|item| item.raw).copied().collect::<Vec<u8>>(), text);
        items.iter().map(|item| (item.keyword, item.args)).collect()
    }

    #[test]
    fn members_of_the_outermost_object_are_items() {
        assert_eq!(
            items(b"\n{ \"a\" : {\"b\": [1, \"}\\\"\"]},\n\"c\":\"x\\\\\", \"d\":-1.5e3}\n"),
            [(&b"a"[..], &b"{\"b\": [1, \"}\\\"\"]}"[..]), (b"c", b"\"x\\\\\""), (b"d", b"-1.5e3")]
        );
    }

    #[test]
    fn what_is_no_member_is_one_item_without_a_keyword() {
        for text in [&b"[1]"[..], b"{", b"{\"a\"", b"{\"a\":}", b"{\"a\":1", b"{\"a\":\"\\", b"{}"] {
            let all = items(text);
            assert_eq!((all.len(), all[0].0), (1, &b""[..]));
        }
        assert_eq!(items(b"{\"a\":1} x").last(), Some(&(&b""[..], &b"x"[..])));
        let deep = [&b"{\"a\":"[..], &vec![b'['; 1 << 20]].concat();
        assert_eq!(items(&deep).len(), 1);
    }
}
