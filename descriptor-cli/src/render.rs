//! How `tordesc check` shows a problem: the offending line with its place, as compilers do.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use descriptor_core::schema::{Issue, Problem, Schema};

use crate::figures::printable;

/// How much of a long line is shown. Unit: bytes.
const WINDOW: usize = 160;

/// The line of a document that is shown, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The line, or the part of it around the problem.
    pub(crate) text: String,
    /// What of the text is marked.
    pub(crate) marked: Range<usize>,
    /// How many lines of the document stand before it.
    pub(crate) line: usize,
    /// Counted in bytes from 1.
    pub(crate) column: usize,
}

impl Excerpt {
    /// Cuts out the line at the beginning of a span.
    pub(crate) fn of(body: &[u8], span: &Range<usize>) -> Self {
        let at = span.start.min(body.len());
        let start = memchr::memrchr(b'\n', &body[..at]).map_or(0, |at| at + 1);
        let end = memchr::memchr(b'\n', &body[at..]).map_or(body.len(), |length| at + length);
        // Of a long line only the surroundings of the problem are shown.
        let from = start.max(at.saturating_sub(WINDOW / 4));
        let to = end.min(from + WINDOW);
        let stop = span.end.clamp(at, to);
        let [before, inside, after] =
            [from..at, at..stop, stop..to].map(|part| String::from_utf8_lossy(&body[part]).into_owned());
        let (head, tail) = (if from > start { "…" } else { "" }, if to < end { "…" } else { "" });
        let text = format!("{head}{before}{inside}{after}{tail}");
        let marked = head.len() + before.len()..head.len() + before.len() + inside.len();
        // A span of nothing marks the whole line.
        let marked = if marked.is_empty() { 0..text.len() } else { marked };
        let line = memchr::memchr_iter(b'\n', &body[..start]).count();
        Excerpt { text, marked, line, column: at - start + 1 }
    }
}

/// Draws one problem. The line is that of the source, counted from 1.
pub(crate) fn draw(
    source: &str,
    line: usize,
    excerpt: &Excerpt,
    issue: &Issue,
    schema: Option<&Schema>,
) -> String {
    let keyword = printable(issue.keyword.as_bytes());
    // The title has said what is wrong with a line that is there; for one that is not, the place needs a word.
    let mut mark = AnnotationKind::Primary.span(excerpt.marked.clone());
    if issue.problem == Problem::MissingLine {
        mark = mark.label(format!("this has no line `{keyword}`"));
    }
    let snippet =
        Snippet::source(&*excerpt.text).line_start(line).path(printable(source.as_bytes())).annotation(mark);
    let title = printable(issue.to_string().as_bytes());
    let mut group = Level::ERROR.primary_title(title).element(snippet);
    if let Some(help) = schema.and_then(|schema| help(schema, &keyword)) {
        group = group.element(Level::HELP.message(help));
    }
    Renderer::styled().render(&[group])
}

/// What the tables say about a keyword: the first sentence of the row's documentation, and where it is specified.
fn help(schema: &Schema, keyword: &str) -> Option<String> {
    let (schema, field) = row(schema, keyword, 4)?;
    let text = field.doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = text.split(". ").next().unwrap_or_default().trim_end_matches('.');
    Some(format!("`{keyword}` is specified in {}: {first}", schema.spec))
}

/// The row of a keyword, in a table or in the tables of its parts.
fn row<'s>(
    schema: &'s Schema,
    keyword: &str,
    depth: usize,
) -> Option<(&'s Schema, &'s descriptor_core::schema::Field)> {
    use descriptor_core::schema::Kind;
    if let Some(field) = schema.fields.iter().find(|field| field.keywords.contains(&keyword)) {
        return Some((schema, field));
    }
    let parts = schema.fields.iter().flat_map(|field| field.parts);
    let tables = parts.filter_map(|part| match part.kind {
        Kind::Table(table) => Some(table()),
        Kind::List(Kind::Table(table)) => Some(table()),
        _ => None,
    });
    tables.filter(|_| depth > 0).find_map(|table| row(table, keyword, depth - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(body: &[u8], span: Range<usize>) -> String {
        let excerpt = Excerpt::of(body, &span);
        let issue = Issue { problem: Problem::BadArgument("time"), keyword: "published".into(), span };
        let schema = (descriptor_core::document::Type::ServerDescriptor.info().schema)();
        let text = draw("a/b", 11 + excerpt.line, &excerpt, &issue, Some(schema));
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn the_line_stands_there_with_its_place_and_mark() {
        let text = drawn(b"router x\npublished 99\nend\n", 9..21);
        assert!(text.contains("error: published: time cannot be read"), "{text}");
        assert!(text.contains("--> a/b:12:1"), "{text}");
        assert!(text.contains("12 | published 99"), "{text}");
        assert!(text.contains("| ^^^^^^^^^^^^\n"), "{text}");
        assert!(text.contains("help: `published` is specified in dir-spec"), "{text}");
    }

    #[test]
    fn long_lines_and_odd_bytes_are_shown_in_part() {
        let body = [b"x".repeat(100_000), b"\xff\x1b[2J".to_vec(), b"y".repeat(100_000)].concat();
        let text = drawn(&body, 100_000..100_005);
        assert!(text.len() < 2000 && !text.contains('\x1b'), "{text}");
        assert!(drawn(b"", 0..0).contains("published"));
        assert!(drawn(b"ab", 7..9).contains("published"));
    }
}
