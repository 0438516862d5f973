//! Tables of one kind that follow each other in a large document, read by several threads.
//!
//! Each thread begins at a line that looks like the first one of a table. Whether it is one is known when the thread
//! before it has come there; if that comes to something else, it goes on alone. So the result is that of one thread,
//! whatever the bytes are.

use std::thread::{self, Builder, Scope, ScopedJoinHandle};

use memchr::memmem;

use super::{
    Memo, Reader, Table,
    nested::{Run, push_until},
};
use crate::netdoc::{Item, Lexer};

/// From this size on what is left of a document is shared out: to start a thread takes as long as to read some 50 kB.
/// Fuzzing, everything is large.
const LARGE: usize = if cfg!(fuzzing) { 256 } else { 256 << 10 };
/// Within so many bytes a table is expected to begin.
const WITHIN: usize = 16 << 10;

/// What one thread has read.
struct Share<'a, D> {
    /// Where it has begun, and the lexer behind that.
    first: Item<'a>,
    behind: Lexer<'a>,
    list: Vec<D>,
    reader: Reader<'a>,
    run: Run<'a>,
}

/// Reads tables from an item on, by as many threads as the reader may have; `None` if that is one.
pub(super) fn push_shared<'a, D: Table<'a>>(
    list: &mut Vec<D>,
    first: &Item<'a>,
    reader: &mut Reader<'a>,
) -> Option<Run<'a>> {
    let starts = starts::<D>(first.offset, reader);
    let &end = starts.first()?;
    Some(thread::scope(|scope| {
        let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
        let others: Vec<_> =
            starts.iter().zip(ends).map(|(&start, end)| begin(scope, reader.fork(start), end)).collect();
        let mut run = push_share(list, first, end, reader);
        for other in others {
            // A thread that could not be started, or has met a bug, has read nothing.
            let share: Option<Share<'a, D>> = other.and_then(|it| it.join().ok().flatten());
            let Some(mut share) = share.filter(|it| it.follows(&run, &reader.lexer)) else { break };
            list.append(&mut share.list);
            reader.absorb(&mut share.reader);
            reader.lexer = share.reader.lexer;
            run = (run.0.and(share.run.0), share.run.1);
        }
        run
    }))
}

/// What one thread reads.
#[inline(never)]
fn push_share<'a, D: Table<'a>>(
    list: &mut Vec<D>,
    first: &Item<'a>,
    end: usize,
    reader: &mut Reader<'a>,
) -> Run<'a> {
    push_until(list, first, end, reader)
}

/// Where other threads begin, in order.
fn starts<'a, D: Table<'a>>(from: usize, reader: &Reader<'a>) -> Vec<usize> {
    let document = reader.lexer.document();
    let left = document.len().saturating_sub(from);
    // Tables within tables are small.
    if reader.wanted.threads < 2 || left < LARGE || !reader.outer.is_empty() {
        return Vec::new();
    }
    let line = format!("\n{} ", D::FIELDS.first().map_or("", |field| field.keywords[0]));
    let find = memmem::Finder::new(&line);
    let near = |place: usize| find.find(document.get(place..(place + WITHIN).min(document.len()))?);
    let places = (1..reader.wanted.threads).map(|at| from + left / reader.wanted.threads * at);
    let found = places.filter_map(|place| near(place).map(|at| place + at + 1));
    let mut starts: Vec<_> = found.collect();
    starts.dedup();
    starts
}

/// Starts a thread that reads tables from one place to another.
fn begin<'scope, 'a: 'scope, D: Table<'a>>(
    scope: &'scope Scope<'scope, '_>,
    mut reader: Reader<'a>,
    end: usize,
) -> Option<ScopedJoinHandle<'scope, Option<Share<'a, D>>>> {
    let read = move || {
        let first = (D::OPTIONS.grammar)(&mut reader.lexer)?;
        let (behind, mut list) = (reader.lexer.clone(), Vec::new());
        let run = push_share(&mut list, &first, end, &mut reader);
        Some(Share { first, behind, list, reader, run })
    };
    Builder::new().spawn_scoped(scope, read).ok()
}

impl<'a, D> Share<'a, D> {
    /// Whether the thread before has come to where this one has begun, and would have gone on as this one did.
    fn follows(&self, before: &Run<'a>, lexer: &Lexer<'a>) -> bool {
        before.1 == Some(self.first)
            && (lexer.position(), lexer.state) == (self.behind.position(), self.behind.state)
    }
}

impl<'a> Reader<'a> {
    /// A reader of the same tables that begins elsewhere.
    fn fork(&self, start: usize) -> Self {
        Reader {
            lexer: self.lexer.at(start),
            base: self.base,
            issues: Vec::new(),
            unknown: Vec::new(),
            suppressed: 0,
            inner: self.inner,
            outer: self.outer.clone(),
            again: false,
            blank_lines: self.blank_lines,
            wanted: self.wanted,
            part: self.part,
            memo: Memo::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        document::Consensus,
        netdoc::frames,
        schema::{Parsed, Wanted, parse_columns},
    };

    const ENTRY: &str = "r name AAAAAAAAAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAAAAAAAA 2020-12-10 01:02:03 1.2.3.4 1 2\n\
        s Fast Running\nv Tor 0.4.4.6\nw Bandwidth=7\np reject 1-65535\n";

    /// A consensus of some hundred kB, with what `odd` says behind each of its entries, by their number.
    fn consensus(odd: impl Fn(usize) -> &'static str) -> String {
        let mut text =
            "network-status-version 3\nvote-status consensus\nknown-flags Fast Running\n".to_owned();
        for at in 0..3000 {
            text += ENTRY;
            text += odd(at);
        }
        text + "directory-footer\nbandwidth-weights Wmx=1\n"
    }

    fn read(text: &[u8], threads: usize) -> Parsed<'_, Consensus<'_>> {
        let frame = frames(text, None).next().expect("a document");
        parse_columns(frame, Wanted { threads, ..Wanted::ALL })
    }

    /// Several threads read what one reads; returns how many entries there are.
    fn same(text: &str) -> usize {
        let one = read(text.as_bytes(), 1);
        for threads in [2, 3, 8] {
            let many = read(text.as_bytes(), threads);
            assert!(many.partial == one.partial, "{threads} threads");
            assert_eq!(many.issues, one.issues, "{threads} threads");
            assert_eq!((&many.unknown, many.suppressed), (&one.unknown, one.suppressed), "{threads} threads");
        }
        one.partial.entries.len()
    }

    #[test]
    fn several_threads_read_what_one_reads() {
        assert_eq!(same(&consensus(|_| "")), 3000);
    }

    #[test]
    fn what_is_wrong_is_told_once_and_in_order() {
        let text = consensus(|at| match at % 7 {
            0 => "\n",
            1 => "unheard-of line\n",
            2 => "v again\n",
            3 => "r cut\n",
            _ => "",
        });
        let parsed = read(text.as_bytes(), 4);
        assert!(parsed.issues.len() == crate::schema::MAX_LISTED && parsed.suppressed > 0);
        assert_eq!(same(&text), 3000);
    }

    #[test]
    fn a_line_that_only_looks_like_an_entry_is_none() {
        // The lines of the middle stand in an object.
        let lines = "r a b\n".repeat(50_000);
        let object = Box::leak(format!("x\n-----BEGIN A-----\n{lines}-----END A-----\n").into_boxed_str());
        assert_eq!(same(&consensus(|at| if at == 1500 { object } else { "" })), 3000);
        // The entries end early, and go on after other lines of the document.
        assert_eq!(same(&consensus(|at| if at == 700 { "directory-footer\n" } else { "" })), 3000);
        // Nothing begins near where the threads would.
        let long = Box::leak("unheard-of line\n".repeat(100_000).into_boxed_str());
        assert_eq!(same(&consensus(|at| if at == 1500 { long } else { "" })), 3000);
    }
}
