//! The types that are neither relay nor bridge descriptors, over real data and metrics-lib's own test cases.
//!
//! The data lie beside the project; without them these tests say so and end.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use descriptor_core::{
    document::{OnionPerfAnalysis, Type},
    netdoc::{Frame, frames},
    schema::{MAX_LISTED, Problem, Value, parse},
};
use serde_json::Value as Json;

#[path = "common/holds.rs"]
#[allow(dead_code, reason = "each test program uses a part of it")]
mod holds;

fn shared(part: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let path = std::env::var_os("TORDESC_SHARED").map_or(beside, PathBuf::from).join(part);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// A file's bytes; compressed ones by the programs of that name.
fn read(path: &Path) -> Option<Vec<u8>> {
    let program = match path.extension().and_then(|ending| ending.to_str()) {
        Some("xz") => "xz",
        Some("gz") => "gzip",
        Some("tar") => return None,
        _ => return Some(fs::read(path).expect("readable")),
    };
    match Command::new(program).arg("-dc").arg(path).output() {
        Ok(output) if output.status.success() => Some(output.stdout),
        _ => {
            eprintln!("skipped: {program} cannot read {}", path.display());
            None
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|it| it.expect("a file").path()).collect();
    all.sort();
    all
}

/// Reads all documents of a file. Complains about issues and unknown lines; gives the number of documents.
fn check(path: &Path, expected: Type, wrong: &mut Vec<String>) -> usize {
    let Some(text) = read(path) else { return 0 };
    holds::any_document(&text);
    let hint = Type::of_file_name(&path.to_string_lossy());
    let (mut count, mut end) = (0, 0);
    for frame in frames(&text, hint) {
        assert_eq!(&text[frame.span().start as usize..frame.span().end as usize], frame.body);
        end = frame.span().end as usize;
        count += 1;
        let Some(kind) = frame.kind else {
            wrong.push(format!("{}: unknown type", path.display()));
            continue;
        };
        assert_eq!(kind, expected, "{}", path.display());
        let parsed = kind.parse(frame);
        assert_eq!(parsed.partial.raw(), frame.body, "{}", path.display());
        wrong.extend(parsed.issues.iter().map(|issue| {
            let line = String::from_utf8_lossy(&frame.body[issue.span.clone()]).into_owned();
            format!("{}: {issue}: {line}", path.display())
        }));
        wrong.extend(
            parsed
                .unknown_lines()
                .map(|line| format!("{}: {}", path.display(), String::from_utf8_lossy(line))),
        );
    }
    assert!(text[end..].trim_ascii().is_empty(), "{}: only blank lines follow", path.display());
    count
}

#[test]
fn all_of_the_corpus_is_known() {
    let Some(corpus) = shared("corpus") else { return };
    for (folder, kind, least) in [
        ("bandwidth-file", Type::BandwidthFile, 3),
        ("bridge-pool-assignment", Type::BridgePoolAssignment, 1),
        ("bridgedb-metrics", Type::BridgedbMetrics, 1),
        ("bridgestrap-stats", Type::BridgestrapStats, 1),
        ("exit-list", Type::ExitList, 2),
        ("torperf", Type::Torperf, 316),
        ("snowflake-stats", Type::SnowflakeStats, 3),
    ] {
        let mut wrong = Vec::new();
        let count: usize = files(&corpus.join(folder)).iter().map(|path| check(path, kind, &mut wrong)).sum();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(count, least, "{folder}");
    }
}

#[test]
fn web_server_logs_are_known_by_their_names() {
    let Some(corpus) = shared("corpus/webstats") else { return };
    let mut wrong = Vec::new();
    let count: usize = files(&corpus).iter().map(|path| check(path, Type::WebServerLog, &mut wrong)).sum();
    assert!(count > 0);
    // A timeout before any request, and a blank line at the end; metrics-lib does not read these either.
    assert!(
        wrong.iter().all(|it| it.contains("\"-\" 408 ") || it.contains("blank line")),
        "{}",
        wrong.join("\n")
    );
}

#[test]
fn onion_service_descriptors_are_known() {
    let Some(corpus) = shared("corpus/hidden-service") else { return };
    let mut wrong = Vec::new();
    let outer = files(&corpus).into_iter().filter(|path| !path.to_string_lossy().contains("inner"));
    let count: usize = outer
        .map(|path| {
            let text = read(&path).expect("plain");
            let is_old = text.windows(10).any(|it| it == b"rendezvous");
            check(&path, if is_old { Type::HiddenService } else { Type::HiddenService3 }, &mut wrong)
        })
        .sum();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, 5);
}

#[test]
fn the_private_network_is_known() {
    let Some(recording) = shared("tornet/recording") else { return };
    let mut wrong = Vec::new();
    let lists: usize =
        files(&recording.join("exit-lists")).iter().map(|path| check(path, Type::ExitList, &mut wrong)).sum();
    let mut bandwidths = 0;
    for hour in files(&recording.join("http")) {
        for path in files(&hour).iter().filter(|path| path.to_string_lossy().ends_with("bandwidth")) {
            bandwidths += check(path, Type::BandwidthFile, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lists > 0 && bandwidths > 0, "{lists} exit lists, {bandwidths} bandwidth files");
}

#[test]
fn onionperf_gives_the_torperf_results_of_metrics_lib() {
    let Some(corpus) = shared("corpus/onionperf") else { return };
    let Some(text) = read(&corpus.join("onionperf.analysis.json.xz")) else { return };
    let frame = frames(&text, None).next().expect("one document");
    assert_eq!(frame.kind, Some(Type::OnionPerf));
    let parsed = parse::<OnionPerfAnalysis<'_>>(frame);
    let analysis = parsed.strict().expect("no issue");
    let results = analysis.to_torperf().expect("OnionPerf's form");
    let results = String::from_utf8(results).expect("text");
    let lines: Vec<_> = results.lines().filter(|line| !line.starts_with('@')).collect();
    let expected = fs::read_to_string(corpus.join("onionperf.analysis.json.expected.tpf")).expect("readable");
    assert_eq!(lines, expected.lines().collect::<Vec<_>>());

    let Some(day) = read(&corpus.join("2021-06-01.op-hk6a.onionperf.analysis.json.xz")) else { return };
    let parsed = parse::<OnionPerfAnalysis<'_>>(Frame::whole(Type::OnionPerf, &day));
    let results = parsed.strict().expect("no issue").to_torperf().expect("OnionPerf's form");
    let all: Vec<_> = frames(&results, None).collect();
    assert_eq!(all.len(), 6);
    for frame in all {
        let parsed = Type::Torperf.parse(frame);
        assert!(parsed.issues.is_empty() && parsed.unknown.is_empty(), "{:?}", parsed.issues);
    }
}

/// The document of a test case, if its input is told in full.
fn document(case: &Json) -> Option<String> {
    let input = case.get("input")?.get(0)?;
    if let Some(document) = input.get("document") {
        return document.as_str().map(str::to_owned);
    }
    let lines = input.get("lines")?.as_array()?;
    // A nested list is the template of a whole group of tests; what a test changed in it is not told.
    let lines = lines.first().and_then(Json::as_array).unwrap_or(lines);
    Some(lines.iter().filter_map(Json::as_str).map(|line| format!("{line}\n")).collect())
}

/// The column of a getter of metrics-lib.
fn column(getter: &str) -> String {
    let name = getter.trim_end_matches("()");
    let mut column = String::new();
    for letter in name.strip_prefix("get").unwrap_or(name).chars() {
        if letter.is_uppercase() && !column.is_empty() {
            column.push('_');
        }
        column.extend(letter.to_lowercase());
    }
    match column.as_str() {
        "downloaded_millis" => "downloaded".to_owned(),
        _ => column.replace("_interval_length", "_interval").replace("relay_lines", "relays"),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
        Value::Time(time) => time.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Millis(time) => time.0.to_string(),
        Value::Null => "0".to_owned(),
        Value::List(list) => list.len().to_string(),
        Value::Map(map) => map.len().to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn test_cases_of_metrics_lib_hold() {
    let Some(vectors) = shared("corpus/vectors-metrics-lib") else { return };
    for (name, kind, least) in [
        ("BandwidthFileImpl", Type::BandwidthFile, 90),
        ("ExitListImpl", Type::ExitList, 2),
        ("TorperfResultImpl", Type::Torperf, 7),
        ("SnowflakeStatsImpl", Type::SnowflakeStats, 12),
        ("BridgedbMetricsImpl", Type::BridgedbMetrics, 4),
    ] {
        let text = fs::read(vectors.join(format!("{name}.json"))).expect("readable");
        let file: Json = serde_json::from_slice(&text).expect("JSON");
        let cases = file["cases"].as_array().expect("cases");
        let mut compared = 0;
        for case in cases {
            let Some(document) = document(case) else { continue };
            let name = &case["test"];
            let frame = frames(document.as_bytes(), Some(kind)).next().expect("a document");
            assert_eq!(frame.kind, Some(kind));
            let parsed = kind.parse(frame);
            if case.get("throws").is_some() {
                let same =
                    |it: &&Json| it.get("throws").is_none() && self::document(it).as_ref() == Some(&document);
                let is_template =
                    case["input"][0]["lines"][0].is_array() || cases.iter().find(same).is_some();
                assert!(is_template || !parsed.issues.is_empty(), "{name}");
                continue;
            }
            assert!(parsed.issues.is_empty(), "{name}: {:?}", parsed.issues);
            let mut first = None;
            for field in 0..parsed.partial.schema().fields.len() {
                parsed.partial.each(field, &mut |record| {
                    if first.is_none() {
                        first = ["node_id", "bw", "master_key_ed25519"]
                            .map(|name| (name, record.get(name)))
                            .into();
                    }
                });
            }
            for expected in case["expect"].as_array().into_iter().flatten() {
                let path: Vec<_> =
                    expected["path"].as_array().expect("path").iter().filter_map(Json::as_str).collect();
                let Some((getter, rest)) = path.split_first() else { continue };
                let column = column(getter);
                let of_relay = || first.as_ref()?.iter().find(|(name, _)| *name == column)?.1.clone();
                let Some(value) = parsed.partial.get(&column).or_else(of_relay) else { continue };
                compared += 1;
                if rest.contains(&"isPresent()") {
                    assert_eq!(Json::Bool(value != Value::Null), expected["is"], "{name} {column}");
                    continue;
                }
                let got = match (&value, column.as_str()) {
                    (Value::Null, "version") => "1.0.0".to_owned(),
                    (Value::Null, "software") => "torflow".to_owned(),
                    (Value::Time(time), "downloaded") => (time.0 * 1000).to_string(),
                    (Value::Hex(_), "node_id") => continue,
                    (Value::Map(map), _) if rest.contains(&"isEmpty()") => {
                        assert_eq!(Json::Bool(map.is_empty()), expected["is"]);
                        continue;
                    }
                    (Value::List(_), _) if rest.iter().any(|step| step.starts_with("get(")) => continue,
                    _ => shown(&value),
                };
                let wanted = &expected["equals"];
                assert_eq!(
                    got,
                    wanted.as_str().map_or_else(|| wanted.to_string(), str::to_owned),
                    "{name} {column}"
                );
            }
        }
        assert!(compared >= least, "{name}: only {compared} values were compared");
    }
}

#[test]
fn hostile_input_leaves_bounded_lists() {
    let many = 1 << 16;
    for (kind, text) in [
        (Type::Torperf, "A=1 ".repeat(many)),
        (Type::Torperf, "PARTIAL1=1.0 ".repeat(many)),
        (Type::BandwidthFile, format!("1523911758\n{}", "x=y\n".repeat(many))),
        (Type::BandwidthFile, format!("1523911758\nbw=1 {}", "x=y ".repeat(many))),
        (Type::BandwidthFile, format!("1523911758\n{}", "bw=x\n".repeat(many))),
        (Type::BridgePoolAssignment, format!("bridge-pool-assignment x\n{}", "\n".repeat(many))),
        (
            Type::BridgedbMetrics,
            format!("bridgedb-metrics-end x\n{}", "bridgedb-metric-count a 1\n".repeat(many)),
        ),
        (Type::ExitList, "ExitNode \n".repeat(many)),
        (Type::OnionPerf, format!("{{{}", "\"data\":{},".repeat(many))),
        (Type::OnionPerf, format!("{{\"data\":{}", "[".repeat(many))),
        (Type::OnionPerf, "\"".repeat(many)),
        (Type::WebServerLog, "x\n".repeat(many)),
    ] {
        let parsed = kind.parse(Frame::whole(kind, text.as_bytes()));
        assert!(parsed.issues.len() <= MAX_LISTED && parsed.unknown.len() <= MAX_LISTED);
        assert!(parsed.issues.iter().all(|issue| issue.problem != Problem::Reported));
        assert_eq!(parsed.partial.raw(), text.as_bytes());
        let choice = Type::ALL.iter().position(|it| *it == kind).expect("a type") as u8;
        holds::any_document(&[&[choice], text.as_bytes()].concat());
    }
}
