//! `tordesc summary`: what is in there, on one screen.

use std::{fmt::Write as _, time::Instant};

use descriptor_core::{document::Type, value::Timestamp};

use crate::{
    cli::{Global, ReportFormat, Summary},
    exit::{Failure, Outcome},
    figures::{bar, bits, bytes, count, percent, printable, span, sparkline, things, took},
    output,
    reading::{self, How, Totals},
    status::Status,
    style::{BAD, DIM, GOOD, HEAD, NAME, WARN, paint},
    tally::{Tally, ranked},
};

/// Tallies are small.
const HOW: How<'static> = How { history: None, small: true, streams: false };

/// How many lines each ranking has.
const RANKS: usize = 10;

/// Counts everything and shows it.
pub(crate) fn run(args: &Summary, global: Global) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let mut tally = Tally::default();
    let totals = reading::read(&args.inputs, global, HOW, Tally::of, |part| {
        tally.merge(part);
        Ok(())
    })?;
    let text = match args.format {
        ReportFormat::Json => crate::summary_json::render(&tally, &totals),
        ReportFormat::Text => render(&tally, &totals, start.elapsed()),
    };
    output::print(&text)?;
    let unknown = tally.types.get(&None).map_or(0, |count| count.documents);
    let read = tally.total().documents - unknown;
    Ok(Outcome::of_reading(read, unknown + totals.failed))
}

fn render(tally: &Tally, totals: &Totals, elapsed: std::time::Duration) -> String {
    let mut text = String::new();
    head(&mut text, tally, totals, elapsed);
    types(&mut text, tally);
    network(&mut text, tally);
    countries(&mut text, tally);
    problems(&mut text, tally);
    text
}

/// One line that says it all.
fn head(text: &mut String, tally: &Tally, totals: &Totals, elapsed: std::time::Duration) {
    let total = tally.total();
    let mut facts = vec![things(total.documents, "document"), bytes(total.bytes)];
    if let (Some(first), Some(last)) = (total.first, total.last) {
        facts.push(match last.0.saturating_sub(first.0) {
            0 => minute(first),
            length => format!("over {}", span(length)),
        });
    }
    let rate = total.bytes as f64 / elapsed.as_secs_f64().max(1e-3);
    let note = format!("read in {}, {}/s", took(elapsed), bytes(rate as u64));
    let _ = writeln!(text, "{}  {}", paint(HEAD, facts.join(" · ")), paint(DIM, note));
    if totals.failed > 0 {
        let what = format!("{} could not be read", things(totals.failed, "source"));
        let _ = writeln!(text, "{}", paint(BAD, what));
    }
}

/// The table of types.
fn types(text: &mut String, tally: &Tally) {
    if tally.types.is_empty() {
        return;
    }
    let name = |kind: &Option<Type>| kind.map_or("unknown", |kind| kind.name());
    let wide = tally.types.keys().map(|kind| name(kind).len()).max().unwrap_or(0);
    let heading = format!(
        "{:wide$}  {:>10}  {:>10}  {:16}  {:16}  {:>9}",
        "type", "documents", "size", "from", "to", "problems"
    );
    let _ = writeln!(text, "\n{}", paint(HEAD, heading));
    for (kind, of) in &tally.types {
        let time = |time: Option<Timestamp>| time.map_or_else(|| "-".to_owned(), minute);
        let wrong = match of.wrong {
            0 => format!("{:>9}", "-"),
            wrong => paint(WARN, format!("{:>9}", count(wrong))),
        };
        let _ = writeln!(
            text,
            "{}  {:>10}  {:>10}  {:16}  {:16}  {wrong}",
            paint(NAME, format!("{:wide$}", name(kind))),
            count(of.documents),
            bytes(of.bytes),
            time(of.first),
            time(of.last),
        );
    }
}

/// The newest consensus, or what comes nearest to one.
fn network(text: &mut String, tally: &Tally) {
    let order = [
        Type::Consensus,
        Type::MicrodescConsensus,
        Type::Vote,
        Type::BridgeNetworkStatus,
        Type::NetworkStatus2,
    ];
    let newest = order.iter().find_map(|kind| tally.newest.get(kind).map(|status| (*kind, status)));
    if let Some((kind, status)) = newest {
        vitals(text, tally, kind, status);
        let flags = ranked(status.flags.iter().map(|(name, number)| (name.clone(), *number)));
        let versions = ranked(status.versions.iter().map(|(name, number)| (name.clone(), *number)));
        beside(text, &chart("flags", &flags, status.relays), &chart("versions", &versions, status.relays));
    } else if !tally.platforms.is_empty() {
        let versions = ranked(tally.platforms.iter().map(|(name, number)| (name.clone(), *number)));
        let all = versions.iter().map(|(_, number)| number).sum();
        let _ = writeln!(text);
        chart("versions, by server descriptors", &versions, all)
            .iter()
            .for_each(|(line, _)| _ = writeln!(text, "{line}"));
    }
}

fn vitals(text: &mut String, tally: &Tally, kind: Type, status: &Status) {
    let whose = match kind {
        Type::BridgeNetworkStatus => "bridges",
        _ => "relays",
    };
    let title = format!("{} of {}", kind.name(), minute(status.time));
    let mut facts = vec![format!("{} {whose}", count(status.relays))];
    if let Some(method) = status.method {
        facts.push(format!("method {method}"));
    }
    if let Some(signatures) = status.signatures {
        facts.push(things(signatures, "signature"));
    }
    if status.ipv6 > 0 {
        facts.push(format!("{} with IPv6", percent(status.ipv6 as f64, status.relays as f64)));
    }
    let _ = writeln!(text, "\n{}  {}", paint(HEAD, title), facts.join(" · "));
    let [all, exit, guard] = status.bandwidth.map(|kilobytes| kilobytes as f64 * 1000.0);
    if all > 0.0 {
        let share = |part: f64| format!("{} ({})", bits(part), percent(part, all));
        let _ = writeln!(text, "bandwidth {} · exits {} · guards {}", bits(all), share(exit), share(guard));
    }
    let sizes: Vec<f64> = tally
        .sizes
        .get(&kind)
        .into_iter()
        .flat_map(|sizes| sizes.values())
        .map(|&size| size as f64)
        .collect();
    if sizes.len() > 2 {
        let (least, most) =
            sizes.iter().fold((f64::MAX, 0f64), |(least, most), &size| (least.min(size), most.max(size)));
        let line = paint(GOOD, sparkline(&sizes, 60));
        let _ = writeln!(text, "{whose} over time {line} {} to {}", count(least as u64), count(most as u64));
    }
}

/// How wide the cells of bars are.
const BAR: usize = 16;

/// A ranking with bars; each line with its width on the screen.
fn chart(title: &str, ranked: &[(String, u64)], whole: u64) -> Vec<(String, usize)> {
    if ranked.is_empty() {
        return Vec::new();
    }
    let shown = &ranked[..ranked.len().min(RANKS)];
    let wide = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(8);
    let mut lines = vec![(paint(HEAD, title), title.chars().count())];
    for (name, number) in shown {
        let bar = bar(*number as f64, whole as f64, BAR);
        let padded = format!("{bar}{}", " ".repeat(BAR - bar.chars().count().min(BAR)));
        let share = format!("{:>7}", percent(*number as f64, whole as f64));
        let line = format!(
            "{} {:>9} {} {}",
            paint(NAME, format!("{name:wide$}")),
            count(*number),
            paint(GOOD, padded),
            paint(DIM, share)
        );
        lines.push((line, wide + 1 + 9 + 1 + BAR + 1 + 7));
    }
    if ranked.len() > RANKS {
        let rest = ranked.len() - RANKS;
        let line = format!("and {rest} more");
        lines.push((paint(DIM, &line), line.len()));
    }
    lines
}

/// Two charts side by side.
fn beside(text: &mut String, left: &[(String, usize)], right: &[(String, usize)]) {
    let wide = left.iter().map(|(_, width)| *width).max().unwrap_or(0);
    let _ = writeln!(text);
    for at in 0..left.len().max(right.len()) {
        let empty = (String::new(), 0);
        let (line, width) = left.get(at).unwrap_or(&empty);
        let other = right.get(at).map_or("", |(line, _)| line);
        let gap = if other.is_empty() { String::new() } else { " ".repeat(wide - width + 3) };
        let gap = if left.is_empty() { String::new() } else { gap };
        let _ = writeln!(text, "{line}{gap}{other}");
    }
}

/// Clients by country, for each type that counts them.
fn countries(text: &mut String, tally: &Tally) {
    let charts: Vec<_> = [
        (Type::ExtraInfo, "directory requests by country"),
        (Type::BridgeExtraInfo, "bridge clients by country"),
        (Type::SnowflakeStats, "Snowflake proxies by country"),
    ]
    .into_iter()
    .filter_map(|(kind, title)| {
        let of = tally.countries.iter().filter(|((of, _), _)| *of == kind);
        let mut ranked = ranked(of.map(|((_, country), number)| (printable(country.as_bytes()), *number)));
        let all = ranked.iter().map(|(_, number)| number).sum();
        ranked.truncate(6);
        (!ranked.is_empty()).then(|| chart(title, &ranked, all))
    })
    .collect();
    for pair in charts.chunks(2) {
        beside(text, &pair[0], pair.get(1).map_or(&[], |right| right));
    }
}

/// What is wrong, and what no table knows.
fn problems(text: &mut String, tally: &Tally) {
    let all: Vec<((Option<Type>, String), u64)> = ranked(tally.problems.clone());
    if !all.is_empty() {
        let _ = writeln!(
            text,
            "\n{}  {}",
            paint(HEAD, "problems"),
            paint(DIM, "shown with their lines by `tordesc check`")
        );
    }
    for ((kind, problem), number) in all.iter().take(8) {
        let kind = kind.map_or("unknown", |kind| kind.name());
        let number = paint(WARN, format!("{:>7}", count(*number)));
        let _ = writeln!(text, "{number}  {}  {}", printable(problem.as_bytes()), paint(DIM, kind));
    }
    if all.len() > 8 {
        let _ = writeln!(text, "{}", paint(DIM, format!("         and {} more", all.len() - 8)));
    }
    let unknown = ranked(tally.unknown.clone());
    if !unknown.is_empty() {
        let words: Vec<_> = unknown
            .iter()
            .take(8)
            .map(|((_, keyword), number)| format!("{} ({})", printable(keyword.as_bytes()), count(*number)))
            .collect();
        let more =
            if unknown.len() > 8 { format!(", and {} more", unknown.len() - 8) } else { String::new() };
        let _ = writeln!(text, "\n{}  {}{more}", paint(HEAD, "unknown keywords"), words.join(", "));
    }
}

/// A time to the minute.
pub(crate) fn minute(time: Timestamp) -> String {
    time.to_string().get(..16).unwrap_or_default().to_owned()
}
