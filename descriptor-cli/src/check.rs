//! `tordesc check`: everything that is wrong, with its line.

use std::sync::Arc;

use descriptor_core::{
    document::{Type, inconsistencies},
    netdoc::Frame,
    schema::{Issue, MAX_LISTED, Problem},
};
use serde_json::json;

use crate::{
    cli::{Check, Global, ReportFormat},
    exit::{Failure, Outcome},
    figures::{count, things},
    lines::{Lines, Segments},
    output,
    reading::{self, Documents, How},
    render::{Excerpt, draw},
    style::{BAD, DIM, GOOD, paint},
    verify::{self, Keys, Verified},
};

/// How many problems are shown to people, of one document and in all, unless they say how many.
const FOR_PEOPLE: Limits = Limits { of_one: 10, all: 100 };

/// How many problems are shown.
#[derive(Debug, Clone, Copy)]
struct Limits {
    of_one: usize,
    all: usize,
}

impl Limits {
    fn of(args: &Check) -> Self {
        match (args.max, args.format) {
            (Some(max), _) => {
                let max = usize::try_from(max).unwrap_or(usize::MAX);
                Limits { of_one: max, all: max }
            }
            (None, ReportFormat::Text) => FOR_PEOPLE,
            (None, ReportFormat::Json) => Limits { of_one: usize::MAX, all: usize::MAX },
        }
    }
}

/// Something wrong, with the line that shows it.
#[derive(Debug)]
struct Finding {
    source: Arc<str>,
    /// Which segment of the source, and how many of its lines stand before the document.
    segment: usize,
    before: usize,
    kind: Option<Type>,
    /// Where the document begins in its source.
    offset: u64,
    issue: Issue,
    excerpt: Excerpt,
    /// How many further problems of the same document are not shown.
    further: u64,
}

/// What was found in some documents.
#[derive(Debug, Default)]
struct Checked {
    documents: u64,
    wrong: u64,
    problems: u64,
    /// How many of these the parser has counted only.
    unlisted: u64,
    findings: Vec<Finding>,
    segments: Segments,
    verified: Verified,
}

/// Checks everything and reports.
pub(crate) fn run(args: &Check, global: Global) -> Result<Outcome, Failure> {
    let verify = args.verify || !args.against.is_empty();
    let keys = if verify { Some(verify::keys(args, global)?) } else { None };
    let mut total = Checked::default();
    let mut lines = Lines::default();
    let mut shown = 0;
    let limits = Limits::of(args);
    // Lines can be counted only if no document is passed over unseen, so the types are chosen here.
    let all = crate::cli::Inputs { paths: args.inputs.paths.clone(), types: Vec::new() };
    let totals = reading::read(
        &all,
        global,
        How::default(),
        |documents| look(args, limits, keys.as_ref(), documents),
        |mut part| {
            let first_lines = lines.place(&part.segments);
            for finding in part.findings.drain(..) {
                if shown < limits.all {
                    let line = first_lines.get(finding.segment).copied().unwrap_or(1) + finding.before;
                    output::print(&report(args.format, &finding, line + finding.excerpt.line))?;
                    shown += 1;
                }
            }
            total.documents += part.documents;
            total.wrong += part.wrong;
            total.problems += part.problems;
            total.unlisted += part.unlisted;
            total.verified.valid += part.verified.valid;
            total.verified.unchecked += part.verified.unchecked;
            Ok(())
        },
    )?;
    if args.format == ReportFormat::Text && global.quiet == 0 {
        output::print(&last_line(&total, shown as u64, verify, totals.failed))?;
    }
    if args.format == ReportFormat::Json && total.unlisted > 0 && global.quiet == 0 {
        let unlisted = things(total.unlisted, "problem");
        let what = format!(
            "{unlisted} more in documents that have over {}; these are counted only",
            count(MAX_LISTED as u64)
        );
        reading::complain(global, &what);
    }
    Ok(if total.wrong > 0 || totals.failed > 0 { Outcome::Failed } else { Outcome::Done })
}

/// Looks through documents; runs in parallel.
fn look(args: &Check, limits: Limits, keys: Option<&Keys>, documents: &mut Documents<'_>) -> Checked {
    let mut checked = Checked::default();
    for (source, frame) in documents {
        let place = checked.segments.add(&source, &frame);
        if !reading::wanted(&args.inputs, frame.kind) {
            continue;
        }
        checked.documents += 1;
        let (issues, suppressed) = issues(&source, &frame, keys, &mut checked.verified);
        if issues.is_empty() {
            continue;
        }
        checked.wrong += 1;
        checked.problems += issues.len() as u64 + suppressed;
        checked.unlisted += suppressed;
        let kept = issues.len().min(limits.of_one);
        let hidden = (issues.len() - kept) as u64 + suppressed;
        for (at, issue) in issues.into_iter().take(kept).enumerate() {
            if checked.findings.len() >= limits.all {
                break;
            }
            checked.findings.push(Finding {
                source: checked.segments.name(place.segment),
                segment: place.segment,
                before: place.before,
                kind: frame.kind,
                offset: frame.offset,
                excerpt: Excerpt::of(frame.body, &issue.span),
                issue,
                further: if at + 1 == kept { hidden } else { 0 },
            });
        }
    }
    checked
}

/// All that is wrong with one document, and how much of it is not listed.
fn issues(
    source: &str,
    frame: &Frame<'_>,
    keys: Option<&Keys>,
    verified: &mut Verified,
) -> (Vec<Issue>, u64) {
    let Some(kind) = frame.kind else {
        return (vec![Issue { problem: Problem::UnknownType, keyword: "".into(), span: 0..0 }], 0);
    };
    let parsed = kind.parse(*frame);
    let mut issues = parsed.issues.clone();
    issues.extend(inconsistencies(kind, *frame));
    if let Some(keys) = keys {
        issues.extend(verify::claims(kind, source, frame, &parsed, keys, verified));
    }
    // Unknown lines beyond the limit are counted among the suppressed ones; alone they are nothing wrong.
    let suppressed = if issues.is_empty() { 0 } else { parsed.suppressed as u64 };
    (issues, suppressed)
}

fn report(format: ReportFormat, finding: &Finding, line: usize) -> String {
    let issue = &finding.issue;
    if format == ReportFormat::Json {
        let row = json!({
            "type": finding.kind.map(|kind| kind.name()),
            "source": &*finding.source,
            "offset": finding.offset + issue.span.start as u64,
            "length": issue.span.len(),
            "line": line,
            "column": finding.excerpt.column,
            "keyword": issue.keyword,
            "problem": issue.problem.to_string(),
        });
        return format!("{row}\n");
    }
    let schema = finding.kind.map(|kind| (kind.info().schema)());
    let mut text = draw(&finding.source, line, &finding.excerpt, issue, schema);
    text.push('\n');
    if finding.further > 0 {
        let more = format!("{} more in this document", count(finding.further));
        text.push_str(&format!("{}\n", paint(DIM, more)));
    }
    text.push('\n');
    text
}

/// One line that says it all.
fn last_line(total: &Checked, shown: u64, verify: bool, failed: u64) -> String {
    let mut facts = vec![things(total.documents, "document")];
    match total.wrong {
        // Where nothing could be read, nothing was found right.
        0 if total.documents == 0 && failed > 0 => {}
        0 => facts.push(paint(GOOD, "nothing wrong")),
        wrong => {
            facts.push(paint(BAD, format!("{} with {}", count(wrong), things(total.problems, "problem"))));
        }
    }
    if total.problems > shown {
        let left = count(total.problems - shown);
        facts.push(format!(
            "{} shown and {left} left out (--max N or --format json shows more)",
            count(shown)
        ));
    }
    if verify {
        facts.push(format!("{} verified", things(total.verified.valid, "claim")));
    }
    if total.verified.unchecked > 0 {
        facts.push(format!("{} unverified for want of a key", things(total.verified.unchecked, "document")));
    }
    if failed > 0 {
        facts.push(paint(BAD, format!("{} could not be read", things(failed, "source"))));
    }
    format!("{}\n", facts.join(", "))
}
