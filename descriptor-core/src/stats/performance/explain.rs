//! How times, failures and throughput of a day came about.

use std::collections::BTreeSet;

use super::{
    Key, Measurement, Performance,
    tables::{self, sorted, whiskers},
    torperf_2013,
};
use crate::{
    stats::{
        Cell, Options, Profile,
        explain::{Explanation, Keyed, List, Question, Unexplained},
        number::percentile_cont,
        registry,
    },
    value::Timestamp,
};

const TABLES: [Keyed; 5] = [
    ("onionperf-including-partials", &["filesize", "source", "server"]),
    ("buildtimes", &["source", "position"]),
    ("onionperf-failures", &["source", "server"]),
    ("latencies", &["source", "server"]),
    ("onionperf-throughput", &["source", "server"]),
];

const MILLIS: &str = "milliseconds";
const RATE: &str = "kbit/s";

pub(super) fn explain(
    performance: &Performance,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    if options.profile == Profile::Y2013 {
        return torperf_2013::explain(performance, question, options);
    }
    let (table, keys) = question.choose(&TABLES)?;
    let server = match question.value("server") {
        "" | "public" => "public",
        "onion" => "onion",
        other => return Err(Unexplained::Value("server", other.to_owned(), "public and onion")),
    };
    let source = question.value("source");
    let of_day = performance.measurements.iter().filter(|(key, _)| key.day() == question.day);
    let of_day: Vec<_> = of_day.collect();
    let is_asked = |key: &Key, it: &Measurement| match table {
        "buildtimes" => source.is_empty() || *key.0 == *source,
        _ => *key.0 == *source && it.server() == server,
    };
    let rows: Vec<Row<'_>> = of_day.iter().copied().filter(|(key, it)| is_asked(key, it)).collect();
    let mut it = Explanation::new(String::new(), table, question);
    it.key = keys.iter().map(|key| (*key, question.value(key).to_owned())).collect();
    if keys.contains(&"server") {
        it.key.insert("server", server.to_owned());
    }
    let of = match (table, source) {
        ("buildtimes", "") => "of all sources".to_owned(),
        ("buildtimes", _) => format!("of {source}"),
        _ => format!("of {source} from {server} servers"),
    };
    let about = format!("downloads {of}, of any size, that began on that day");
    it.given("N", rows.len() as i64, "downloads", about);
    let what = match table {
        "onionperf-including-partials" => times(&mut it, &rows, question, options)?,
        "buildtimes" => build_times(&mut it, &rows, question)?,
        "onionperf-failures" => failures(&mut it, &rows),
        "latencies" => latencies(&mut it, &rows),
        _ => throughput(&mut it, &rows),
    };
    it.title = format!("{what} {of} on {}", question.day);
    let tables = registry::close::<Performance>(tables::all(performance, options.choices), options);
    if it.row(&tables) {
        return Ok(it);
    }
    if rows.is_empty() {
        it.lists.push(measured(&of_day));
    }
    let is_late = tables::OF_WHOLE_DAYS.contains(&table) && question.day >= options.today().plus(-1);
    Ok(it.without_row(match is_late {
        true => "the day is not over for long enough",
        false => "nothing of the kind was measured on that day",
    }))
}

type Row<'p> = (&'p Key, &'p Measurement);

/// What there is on a day.
fn measured(rows: &[Row<'_>]) -> List {
    let groups: BTreeSet<_> = rows.iter().map(|(key, it)| (&key.0, it.server(), key.1)).collect();
    let lines = groups.into_iter().map(|(source, server, size)| {
        let count =
            rows.iter().filter(|(key, it)| (&key.0, it.server(), key.1) == (source, server, size)).count();
        vec![String::from(&**source).into(), server.into(), size.into(), Cell::Int(count as i64)]
    });
    let columns = ["source", "server", "filesize", "downloads"];
    List::greatest("what was measured on that day".to_owned(), &columns, 3, lines.collect())
}

fn start(key: &Key) -> Cell {
    Timestamp(key.2.div_euclid(1000)).to_string().into()
}

fn times(
    it: &mut Explanation,
    rows: &[Row<'_>],
    question: &Question,
    options: &Options,
) -> Result<String, Unexplained> {
    let text = question.value("filesize");
    let refused = |_| Unexplained::Value("filesize", text.to_owned(), "sizes in bytes, such as 51200");
    let size: u64 = text.parse().map_err(refused)?;
    let mut found: BTreeSet<(i64, i64, u64)> = BTreeSet::new();
    let mut missing = 0i64;
    for (key, measurement) in rows {
        for (_, time) in measurement.downloads(key.1, options.choices).filter(|(of, _)| *of == size) {
            found.extend(time.map(|time| (key.2, time, key.1)));
            missing += i64::from(time.is_none());
        }
    }
    let whole = found.iter().filter(|(.., of)| *of == size).count();
    it.given("whole", whole as i64, "downloads", "completed downloads of files of that size");
    let about =
        "downloads of larger files, by when so much of them was read; only for 51200 and 1048576 bytes";
    it.given("parts", (found.len() - whole) as i64, "downloads", about);
    it.given(
        "missing",
        missing,
        "downloads",
        "downloads of files of that size that were not completed; they have no time",
    );
    let distinct: BTreeSet<_> = found.iter().map(|(start, time, _)| (*start, *time)).collect();
    let about = "times; of those that are equal from the start on, one";
    match distinct.len() == found.len() {
        true => it.reckoned("n", distinct.len() as i64, "times", about, "{whole} + {parts}"),
        false => it.given("n", distinct.len() as i64, "times", about),
    }
    quartiles(it, &sorted(distinct.into_iter().map(|(_, time)| time)), MILLIS);
    let lines = found.into_iter().map(|(start, time, of)| {
        vec![Timestamp(start.div_euclid(1000)).to_string().into(), time.into(), of.into()]
    });
    let columns = ["start", MILLIS, "of a file of"];
    it.lists.push(List::greatest("slowest downloads".to_owned(), &columns, 1, lines.collect()));
    Ok(format!("Times of downloads of {size} bytes"))
}

fn build_times(it: &mut Explanation, rows: &[Row<'_>], question: &Question) -> Result<String, Unexplained> {
    let text = question.value("position");
    let hop = ["1", "2", "3"].iter().position(|it| *it == text);
    let hop = hop.ok_or_else(|| Unexplained::Value("position", text.to_owned(), "1, 2 and 3"))?;
    let hops = rows.iter().filter_map(|(key, it)| Some((*key, *it.hops.get(hop)?)));
    let hops: Vec<(&Key, i64)> = hops.collect();
    let about = "circuits of these downloads that were extended so far; a time is that from the hop before, or from the start";
    it.given("n", hops.len() as i64, "times", about);
    quartiles(it, &sorted(hops.iter().map(|(_, time)| *time)), MILLIS);
    let lines = hops.iter().map(|(key, time)| vec![start(key), String::from(&*key.0).into(), (*time).into()]);
    let columns = ["start", "source", MILLIS];
    it.lists.push(List::greatest("slowest hops".to_owned(), &columns, 2, lines.collect()));
    Ok(format!("Build times of hop {text} of circuits"))
}

fn failures(it: &mut Explanation, rows: &[Row<'_>]) -> String {
    let count = |what: &dyn Fn(&Row<'_>) -> bool| rows.iter().filter(|row| what(row)).count() as i64;
    let said = count(&|(_, it)| it.timed_out == Some(true));
    let all = count(&|(_, it)| it.is_timeout());
    it.given("said", said, "downloads", "those that are marked as timed out");
    let about = "others that are said to be complete before a millisecond was over";
    it.given("instant", all - said, "downloads", about);
    it.reckoned("timeouts", all, "downloads", "timed out", "{said} + {instant}");
    let about = "those that are marked as not timed out, were completed, and read less than the file";
    it.given("failures", count(&|(key, it)| it.is_failure(key.1)), "downloads", about);
    let undecided = count(&|(_, it)| it.timed_out != Some(true) && it.complete.is_none());
    let about = "those that are not marked as timed out and were not completed: they count as neither";
    it.given("neither", undecided, "downloads", about);
    let bad = rows.iter().filter(|(key, it)| {
        it.is_timeout() || it.is_failure(key.1) || it.timed_out != Some(true) && it.complete.is_none()
    });
    let lines = bad.map(|(key, it)| {
        let kind = match () {
            () if it.is_timeout() => "timeout",
            () if it.is_failure(key.1) => "failure",
            () => "neither",
        };
        vec![start(key), key.1.into(), it.read.into(), it.complete.into(), kind.into()]
    });
    let columns = ["start", "filesize", "bytes read", "complete after", "counts as"];
    it.lists.push(List::greatest(
        "downloads that did not go well, the largest first".to_owned(),
        &columns,
        1,
        lines.collect(),
    ));
    "Timeouts and failures of downloads".to_owned()
}

fn latencies(it: &mut Explanation, rows: &[Row<'_>]) -> String {
    let found = rows.iter().filter_map(|(key, it)| Some((*key, it.request?, it.response?, it.latency()?)));
    let found: Vec<_> = found.collect();
    let about = "those with a request and a response; a latency is the time between them";
    it.given("n", found.len() as i64, "latencies", about);
    spread(it, &sorted(found.iter().map(|(.., latency)| *latency)), MILLIS);
    let lines = found.iter().map(|(key, request, response, it)| {
        vec![start(key), (*it).into(), (*request).into(), (*response).into()]
    });
    let columns = ["start", MILLIS, "request after", "response after"];
    it.lists.push(List::greatest("longest latencies".to_owned(), &columns, 1, lines.collect()));
    "Latencies of requests".to_owned()
}

fn throughput(it: &mut Explanation, rows: &[Row<'_>]) -> String {
    let found = rows.iter().filter_map(|(key, it)| Some((*key, it.half(key.1)?, it.throughput(key.1)?)));
    let found: Vec<_> = found.collect();
    let about = "those that read half a MiB in a measured time: of 1 MiB the second half, of 5 MiB the second tenth. A rate is \
                 floor(4194304 / (end − begin)), in bits and milliseconds";
    it.given("n", found.len() as i64, "rates", about);
    let values = sorted(found.iter().map(|(.., rate)| *rate));
    match values.is_empty() {
        true => {
            it.given("none", 0i64, RATE, "without any rate the table says 0 everywhere, as the originals did")
        }
        false => spread(it, &values, RATE),
    }
    let lines = found.iter().map(|(key, (begin, end), rate)| {
        vec![start(key), (*rate).into(), key.1.into(), (*begin).into(), (*end).into()]
    });
    let columns = ["start", RATE, "filesize", "begin", "end"];
    it.lists.push(List::greatest("highest rates".to_owned(), &columns, 1, lines.collect()));
    "Throughput of downloads".to_owned()
}

/// Quartiles, in the table cut to whole numbers.
fn quartiles(it: &mut Explanation, values: &[f64], unit: &'static str) {
    for (symbol, name, p) in
        [("q1", "lower quartile", 0.25), ("md", "median", 0.5), ("q3", "upper quartile", 0.75)]
    {
        let Some(value) = percentile_cont(values, p) else { return };
        it.quantile(symbol, &format!("{name}, in the table cut to a whole number"), values, p, value, unit);
    }
}

/// Quartiles, and the least and greatest values that are no outliers.
fn spread(it: &mut Explanation, values: &[f64], unit: &'static str) {
    quartiles(it, values, unit);
    let [low, q1, _, q3, high] = whiskers(values);
    let (Some(q1), Some(q3)) = (q1, q3) else { return };
    let far = 1.5 * (q3 - q1);
    it.reckoned("least", q1 - far, unit, "smaller values are outliers", "{q1} − 1.5 · ({q3} − {q1})");
    it.reckoned("greatest", q3 + far, unit, "greater values are outliers", "{q3} + 1.5 · ({q3} − {q1})");
    it.given("low", low, unit, "the smallest value that is no outlier");
    it.given("high", high, unit, "the greatest value that is none");
}
