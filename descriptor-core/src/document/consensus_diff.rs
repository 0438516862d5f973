//! Consensus diff: how to make a newer consensus out of an older one.

use super::digests::{sha3_256, status_signed_part};
use crate::{
    netdoc::{Item, Lexer, Object},
    schema::{BAD, FromItem, Kind, Part, Problem, Sink, descriptor},
    value::{Hex, Version, digits},
};

descriptor! {
    /// What changed from one consensus to a later one, as commands of the editor `ed`.
    pub struct ConsensusDiff<'a> = "network-status-diff-3" in "dir-spec §4.5.1", grammar = commands;

    /// Version of the format, 1.
    "network-status-diff-version" => network_status_diff_version: Version<1>;
    /// The digests of both consensuses.
    "hash" => hash: DiffHash;
    /// Which lines change, from the end of the old consensus to its beginning.
    "d" | "c" | "a" => edits: Vec<Edit<'a>>;
}

/// The `hash` line, `FROM TO`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiffHash {
    /// The SHA3-256 of the old consensus from its beginning through the first `directory-signature `.
    pub from: Hex<32>,
    /// The SHA3-256 of the new consensus, all of it.
    pub to: Hex<32>,
}

impl<'a> FromItem<'a> for DiffHash {
    const PARTS: &'static [Part] = &[Part::of("from", Kind::Hex), Part::of("to", Kind::Hex)];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        Ok(DiffHash {
            from: args.value("digest of the old consensus")?,
            to: args.value("digest of the new one")?,
        })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        out.hex(if part == 0 { &self.from.0 } else { &self.to.0 });
    }
}

/// One command: lines of the old consensus, counted from 1, and what stands in their place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Edit<'a> {
    /// The first line that goes; for `a`, the line after the one to which text is appended.
    pub first: usize,
    /// The last line that goes; `usize::MAX` for the last line of all. Before [`first`](Edit::first) if none goes.
    pub last: usize,
    /// The lines that come instead, with their line ends. Empty for `d`.
    pub text: &'a [u8],
    /// The command without its text, such as `72,73c`.
    pub command: &'a [u8],
}

impl<'a> Edit<'a> {
    fn parse(item: &Item<'a>) -> Option<Self> {
        let command = item.line();
        let (kind, range) = command.split_last()?;
        let line = |text| digits(text).and_then(|line| usize::try_from(line).ok());
        let (first, last) = match (kind, memchr::memchr(b',', range)) {
            (b'a', _) => (line(range)?.checked_add(1)?, line(range)?),
            (_, None) => (line(range)?, line(range)?),
            (_, Some(at)) => match &range[at + 1..] {
                b"$" if *kind == b'd' => (line(&range[..at])?, usize::MAX),
                last => (line(&range[..at])?, line(last)?),
            },
        };
        let text = item.object.map_or(&b""[..], |object| object.body());
        let text_fits = (*kind == b'd') == item.object.is_none();
        let range_fits = first > 0 && (*kind == b'a' || first <= last);
        (text_fits && range_fits).then_some(Edit { first, last, text, command })
    }
}

impl<'a> FromItem<'a> for Edit<'a> {
    const PARTS: &'static [Part] = &[Part::plain("command", Kind::Text), Part::plain("text", Kind::Text)];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Edit::parse(item).ok_or(BAD.named("command"))
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        out.text(if part == 0 { self.command } else { self.text });
    }
}

/// Two keyword lines, then commands. A command's keyword is its last letter, and its text is its object.
fn commands<'a>(lexer: &mut Lexer<'a>) -> Option<Item<'a>> {
    const HEADER: u8 = 0;
    const COMMANDS: u8 = 1;
    if lexer.state == HEADER {
        let item = lexer.item()?;
        lexer.state = if item.keyword == b"hash" { COMMANDS } else { HEADER };
        return Some(item);
    }
    let (offset, line, raw) = lexer.raw_line()?;
    let Some((at, b'c' | b'a')) = line.len().checked_sub(1).map(|at| (at, line[at])) else {
        let keyword = if line.last() == Some(&b'd') { &line[line.len() - 1..] } else { line };
        return Some(Item { keyword, args: line, object: None, raw, offset, opt: false });
    };
    let text = offset + raw.len();
    let end = loop {
        match lexer.raw_line() {
            Some((at, b".", _)) => break Some(at),
            Some(_) => {}
            None => break None,
        }
    };
    let object = end.map(|end| {
        let body = lexer.slice(text, end);
        Object { raw: body }
    });
    let raw = lexer.slice(offset, lexer.position());
    Some(Item { keyword: &line[at..], args: &line[..at], object, raw, offset, opt: false })
}

impl ConsensusDiff<'_> {
    /// Makes the new consensus out of the old one. Both are checked against the digests of the diff.
    ///
    /// Takes time and memory in proportion to the old consensus and the diff. Fails if the old consensus is not the one
    /// that the diff was made for, if commands are not sorted from the end to the beginning or go beyond the end, and
    /// if the result is not what was promised.
    pub fn apply(&self, base: &[u8]) -> Result<Vec<u8>, Problem> {
        let signed =
            status_signed_part(base).ok_or(Problem::Unverified("the base is no signed consensus"))?;
        if sha3_256(signed) != self.hash.from {
            return Err(Problem::Unverified("the diff was made for another base"));
        }
        let mut bound = usize::MAX;
        for edit in &self.edits {
            if edit.last > bound {
                return Err(Problem::Misplaced("commands are not in order from the end"));
            }
            bound = edit.first - 1;
        }
        let added: usize = self.edits.iter().map(|edit| edit.text.len()).sum();
        let mut result = Vec::with_capacity(base.len() + added);
        let mut old = Lines { rest: base, taken: 0 };
        for edit in self.edits.iter().rev() {
            result.extend_from_slice(old.through(edit.first - 1)?);
            if edit.last >= edit.first {
                old.through(edit.last)?;
            }
            result.extend_from_slice(edit.text);
        }
        result.extend_from_slice(old.rest);
        if sha3_256(&result) == self.hash.to {
            Ok(result)
        } else {
            Err(Problem::Unverified("the result is not the consensus that the diff promises"))
        }
    }
}

/// The lines of the old consensus that are not yet taken.
struct Lines<'a> {
    rest: &'a [u8],
    taken: usize,
}

impl<'a> Lines<'a> {
    /// Takes all lines up to and with one; `usize::MAX` means the last one.
    fn through(&mut self, line: usize) -> Result<&'a [u8], Problem> {
        let beyond = Problem::Mismatch("a command is about a line that the base does not have");
        let length = match line.checked_sub(self.taken) {
            Some(0) => 0,
            _ if line == usize::MAX && !self.rest.is_empty() => self.rest.len(),
            Some(wanted) => memchr::memchr_iter(b'\n', self.rest).nth(wanted - 1).ok_or(beyond)? + 1,
            None => return Err(beyond),
        };
        let (taken, rest) = self.rest.split_at(length);
        (self.rest, self.taken) = (rest, line);
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::Type,
        netdoc::Frame,
        schema::{Parsed, parse},
    };

    const BASE: &[u8] = b"network-status-version 3\none\ntwo\nthree\nfour\ndirectory-signature x\nlast\n";

    fn diff(commands: &str, target: &[u8]) -> String {
        let from = status_signed_part(BASE).map(sha3_256).unwrap_or_default();
        format!("network-status-diff-version 1\nhash {from} {}\n{commands}", sha3_256(target))
    }

    fn read(text: &str) -> Parsed<'_, ConsensusDiff<'_>> {
        parse(Frame::whole(Type::ConsensusDiff, text.as_bytes()))
    }

    #[test]
    fn commands_delete_change_and_append() {
        let target = b"zero\nnetwork-status-version 3\n2\nII\nfour\n.5\n";
        let text = diff("6,$d\n5a\n.5\n.\n4d\n2,3c\n2\nII\n.\n0a\nzero\n.\n", target);
        let parsed = read(&text);
        assert_eq!(parsed.issues, []);
        assert_eq!(parsed.partial.edits.len(), 5);
        assert_eq!(parsed.partial.apply(BASE).as_deref(), Ok(&target[..]));
        assert_eq!(parsed.partial.raw, text.as_bytes());
    }

    #[test]
    fn hostile_commands_are_refused() {
        for (commands, problem) in [
            ("2d\n4d\n", "commands are not in order from the end"),
            ("3,4d\n3d\n", "commands are not in order from the end"),
            ("8d\n", "a command is about a line that the base does not have"),
            ("9,$d\n", "a command is about a line that the base does not have"),
            ("18446744073709551614a\nx\n.\n", "a command is about a line that the base does not have"),
            ("1d\n", "the result is not the consensus that the diff promises"),
        ] {
            let text = diff(commands, BASE);
            let parsed = read(&text);
            assert_eq!(parsed.issues, []);
            let error = parsed.partial.apply(BASE).map_err(|problem| problem.to_string());
            assert_eq!(error, Err(problem.to_owned()), "{commands}");
        }
        let text = diff("", BASE);
        assert!(read(&text).partial.apply(&BASE[..30]).is_err());
        assert!(read(&text).partial.apply(&[BASE, b"x"].concat()).is_err());
    }

    #[test]
    fn what_is_no_command_is_an_issue() {
        for commands in ["1,2x\n", "2c\nunfinished\n", "0d\n", "3,2d\n", "1,$c\nx\n.\n", "d\n", "\n", "-1d\n"]
        {
            let text = diff(commands, BASE);
            assert_eq!(read(&text).issues.len(), 1, "{commands}");
        }
    }
}
