//! metrics-lib's own test vectors: what it reads we read alike, what it refuses strict mode refuses, or a list says why
//! not.
//!
//! A vector file has a document as named parts in order; a case replaces some of them and tells what to expect, as a
//! path of Java accessors with a value, or that the document is refused.

#[path = "../common/mod.rs"]
mod common;
mod lists;

use std::collections::{BTreeMap, BTreeSet};

use descriptor_core::{
    document::{AnyParsed, Type},
    netdoc::{Frame, frames},
    value::Timestamp,
};
use serde_json::{Value as Json, json};

use lists::{COLUMNS, DIFFERENCES, EDITS, ELEMENTS, NOT_WRITTEN_DOWN};

/// Vector file, our type.
const FILES: &[(&str, Type)] = &[
    ("BandwidthFileImpl", Type::BandwidthFile),
    ("BridgeNetworkStatus", Type::BridgeNetworkStatus),
    ("BridgedbMetricsImpl", Type::BridgedbMetrics),
    ("ExitListImpl", Type::ExitList),
    ("ExtraInfoDescriptorImpl", Type::ExtraInfo),
    ("MicrodescriptorImpl", Type::Microdescriptor),
    ("RelayNetworkStatusConsensusImpl", Type::Consensus),
    ("RelayNetworkStatusVoteImpl", Type::Vote),
    ("ServerDescriptorImpl", Type::ServerDescriptor),
    ("SnowflakeStatsImpl", Type::SnowflakeStats),
    ("TorperfResultImpl", Type::Torperf),
];

struct Case<'j> {
    file: &'j str,
    kind: Type,
    name: &'j str,
    json: &'j Json,
    document: Vec<u8>,
}

impl Case<'_> {
    /// What is wrong with our reading; nothing if all is as expected.
    fn judge(&self) -> Result<(), String> {
        let frames: Vec<_> = frames(&self.document, Some(self.kind)).collect();
        let kind = if self.name.starts_with("testBridgeDescriptorDigests") {
            Type::BridgeServerDescriptor
        } else {
            self.kind
        };
        let frames: Vec<_> = frames
            .into_iter()
            .map(|it| Frame { kind: it.kind.filter(|it| *it == self.kind).map(|_| kind), ..it })
            .collect();
        let parsed: Vec<_> = frames.iter().map(|frame| kind.parse(*frame)).collect();
        let right = frames.iter().all(|frame| frame.kind == Some(kind));
        let refused = parsed.is_empty() || !right || parsed.iter().any(|it| it.strict().is_err());
        if self.json.get("throws").is_some() {
            return if refused {
                Ok(())
            } else {
                Err(format!("accepted, not refused: {}", self.json["message"]))
            };
        }
        if refused {
            let issues: Vec<_> = parsed.iter().flat_map(common::issues).collect();
            return Err(format!("refused: {issues:?}"));
        }
        for expectation in self.json["expect"].as_array().into_iter().flatten() {
            self.expect(expectation, &parsed)?;
        }
        Ok(())
    }

    fn expect(&self, expectation: &Json, parsed: &[AnyParsed<'_>]) -> Result<(), String> {
        let path: Vec<_> =
            expectation["path"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let whole = path.join(".");
        let got = self.follow(&path, parsed).ok_or_else(|| format!("{whole} is in no column"))?;
        let fits = match (expectation.get("equals"), expectation.get("is")) {
            (Some(wanted), _) => equal(&got, wanted),
            (None, Some(Json::Bool(wanted))) => got == json!(wanted) || got.is_null() && !wanted,
            (None, Some(Json::Null)) => got.is_null(),
            (None, Some(_)) => !got.is_null(),
            (None, None) => false,
        };
        let negated = expectation["negated"] == json!(true);
        if fits != negated { Ok(()) } else { Err(format!("{whole} is {got}, expected {expectation}")) }
    }

    /// Walks a path of accessors; `None` if it cannot be told in our terms.
    fn follow(&self, path: &[&str], parsed: &[AnyParsed<'_>]) -> Option<Json> {
        match path {
            ["size()"] => return Some(json!(parsed.len())),
            // The vectors take all values out of a history before they ask.
            ["isEmpty()"] => {
                let expectations = self.json["expect"].as_array()?.iter();
                let taken = expectations
                    .filter(|it| it["path"][0].as_str().is_some_and(|it| it.starts_with("remove(")));
                return Some(json!(history(parsed.first()?, "")?.as_object()?.len() == taken.count()));
            }
            [step] if step.starts_with("remove(") => return take(history(parsed.first()?, "")?, step),
            _ => {}
        }
        let mut which = 0;
        let mut path = path;
        if let [first, rest @ ..] = path
            && let Some(index) = first.strip_prefix("get(").and_then(|it| it.strip_suffix(')')?.parse().ok())
        {
            (which, path) = (index, rest);
        }
        let document = parsed.get(which)?;
        let mut depth = path.len();
        let (mut value, mut rest) = loop {
            let accessor = path[..depth].join(".");
            if let Some(value) = built_in(&accessor, document) {
                break (value, &path[depth..]);
            }
            if let Some(value) = told(&accessor, document) {
                break (value, &path[depth..]);
            }
            depth = depth.checked_sub(1)?;
        };
        while let [step, after @ ..] = rest {
            value = take(value, step)?;
            rest = after;
        }
        Some(value)
    }
}

/// What a column says: one of the list, or one whose name is the accessor's in our spelling.
fn told(accessor: &str, document: &AnyParsed<'_>) -> Option<Json> {
    if let Some((_, path)) = COLUMNS.iter().find(|(java, _)| *java == accessor) {
        let mut steps = path.split('.');
        let value = common::column(document, steps.next()?)?;
        return steps.try_fold(value, take);
    }
    let name = snake(
        accessor.strip_suffix("()")?.replace("().get", "").trim_start_matches("get").trim_start_matches("is"),
    );
    let ours = name.replace("_stats_end_millis", "_end").replace("_stats_interval_length", "_interval");
    let shorter = ours.replace("_history_history", "_history").replace("_end_millis", "_end");
    let names = [
        name.clone(),
        name.replace("_millis", "").replace("_interval_length", "_interval"),
        ours,
        shorter.replace("_interval_length", "_interval"),
        format!("{name}_end"),
    ];
    names.iter().find_map(|name| common::column(document, name))
}

/// Values of a history by the millisecond at which their interval ends, as Java writes the number.
fn history(document: &AnyParsed<'_>, name: &str) -> Option<Json> {
    // Without a name, the one that is there.
    let name = if name.is_empty() {
        told("getWriteHistory()", document)
            .filter(|it| !it.is_null())
            .map_or("read_history", |_| "write_history")
    } else {
        name
    };
    let column = |part: &str| common::column(document, &format!("{name}_{part}"));
    let end = Timestamp::parse(column("end")?.as_str()?.as_bytes().first_chunk()?)?;
    let interval = column("interval")?.as_i64()?;
    let values = column("values")?;
    let values = values.as_array()?;
    let millis = |index: usize| (end.0 - interval * (values.len() - 1 - index) as i64) * 1000;
    Some(
        values
            .iter()
            .enumerate()
            .map(|(index, value)| (format!("{}L", millis(index)), value.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    )
}

/// What no column holds.
fn built_in(accessor: &str, document: &AnyParsed<'_>) -> Option<Json> {
    let digests = document.frame.kind?.digests(document.frame.body);
    Some(match accessor {
        "getAnnotations()" => document.frame.annotations().map(|it| common::text(it.name)).collect(),
        "getUnrecognizedLines()" => document
            .unknown_lines()
            .map(|line| common::text(line.strip_suffix(b"\n").unwrap_or(line)))
            .collect(),
        "getDigestSha1Hex()" => json!(digests.sha1.map(|it| const_hex::encode(it.0))),
        "getDigestSha256Base64()" => json!(digests.sha256.map(|it| common::base64(&it.0))),
        "getDigestSha256Hex()" => json!(digests.sha256.map(|it| const_hex::encode(it.0))),
        "getHistoryEndMillis()" => json!(
            history(document, "")?
                .as_object()?
                .keys()
                .next_back()?
                .trim_end_matches('L')
                .parse::<i64>()
                .ok()?
        ),
        "getIntervalLength()" => {
            let column = |name| common::column(document, name).filter(|it| !it.is_null());
            column("write_history_interval").or_else(|| column("read_history_interval"))?
        }
        "getLine()" => {
            let mut lines = document.frame.body.split(|byte| *byte == b'\n');
            common::text(
                lines.find(|line| line.starts_with(b"write-history") || line.starts_with(b"read-history"))?,
            )
        }
        // Nothing but that there is such a thing.
        "" => json!(true),
        "getUnrecognizedKeys()" if document.unknown.is_empty() => Json::Null,
        "getUnrecognizedKeys()" => {
            let pairs =
                document.unknown_lines().filter_map(|line| std::str::from_utf8(line).ok()?.split_once('='));
            pairs
                .map(|(key, value)| (key.to_owned(), json!(value.trim_end())))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        "getWriteHistory().getBandwidthValues()" => history(document, "write_history")?,
        "getIpv6ReadHistory().getBandwidthValues()" => history(document, "ipv6_read_history")?,
        "getRawDescriptorBytes().endsWith(\"\\n\")" => json!(document.frame.body.ends_with(b"\n")),
        _ => return None,
    })
}

/// One step into a value.
fn take(value: Json, step: &str) -> Option<Json> {
    let length = match &value {
        Json::Array(it) => it.len(),
        Json::Object(it) => it.len(),
        _ => 0,
    };
    let Some(argument) = step.split_once('(').map(|(_, it)| it.trim_end_matches(')').trim_matches('"'))
    else {
        return Some(value.get(step).cloned().unwrap_or(Json::Null));
    };
    Some(match step.split('(').next()? {
        "isPresent" => json!(!value.is_null()),
        "isEmpty" => json!(length == 0),
        "size" => json!(length),
        "containsKey" => json!(value.get(argument).is_some()),
        "firstKey" => json!(value.as_object()?.keys().next()?),
        "get" | "remove" if argument.is_empty() => value,
        "get" | "remove" => match &value {
            Json::Array(list) => match argument.parse::<usize>() {
                Ok(index) => list.get(index)?.clone(),
                // A list of records that Java keeps as a map by identity.
                Err(_) => list
                    .iter()
                    .find(|it| names(it, argument))
                    .map(|it| it.get("count").unwrap_or(it).clone())?,
            },
            other => other.get(argument).cloned().unwrap_or(Json::Null),
        },
        "intValue" | "longValue" => value,
        "word" => json!(value.as_str()?.split(' ').nth(argument.parse().ok()?)?),
        accessor => {
            let name = snake(accessor.trim_start_matches("get"));
            value.as_object()?.get(&name).cloned().unwrap_or(Json::Null)
        }
    })
}

fn names(record: &Json, identity: &str) -> bool {
    ["fingerprint", "identity", "key"]
        .iter()
        .any(|key| record.get(key).and_then(Json::as_str) == Some(identity))
}

/// `contactLine` or `Bandwidth` as our columns are spelled.
fn snake(java: &str) -> String {
    let java = java.strip_suffix("Line").unwrap_or(java);
    let mut out = String::new();
    for letter in java.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// Equal but for spelling: Java counts milliseconds, writes times with a blank, hex in lower case, and has -1 for what
/// is absent.
fn equal(got: &Json, wanted: &Json) -> bool {
    match (got, wanted) {
        (Json::Null, wanted) => wanted.as_i64() == Some(-1),
        (Json::String(got), Json::Number(millis)) => {
            let time = got.as_bytes().first_chunk::<19>().and_then(Timestamp::parse);
            time.map(|it| it.0 * 1000) == millis.as_i64()
        }
        (Json::Number(got), Json::Number(wanted)) => got.as_f64() == wanted.as_f64(),
        (Json::Bool(got), Json::Number(wanted)) => wanted.as_i64() == Some(i64::from(*got)),
        (Json::String(got), Json::String(wanted)) => {
            let plain = |text: &str| {
                text.replace('T', " ").trim_end_matches(['Z', '=']).trim_start_matches('$').to_owned()
            };
            got == wanted || plain(got).eq_ignore_ascii_case(&plain(wanted))
        }
        // Versions of a subprotocol, `1,3-4`, that Java expands.
        (Json::String(got), Json::Array(wanted)) => {
            let ranges = got.split(',').map(|range| range.split_once('-').unwrap_or((range, range)));
            let ends = ranges.filter_map(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
            let versions: BTreeSet<i64> = ends.flat_map(|(from, to)| from..=to).collect();
            versions.into_iter().map(Json::from).collect::<Vec<_>>() == *wanted
        }
        (Json::Number(got), Json::String(wanted)) => got.to_string() == *wanted,
        (Json::Array(got), Json::Array(wanted)) => {
            got.len() == wanted.len() && got.iter().zip(wanted).all(|(got, wanted)| equal(got, wanted))
        }
        _ => got == wanted,
    }
}

/// The bytes of a part: text, lines, a byte list, or parts of parts.
fn bytes(part: &Json) -> Option<Vec<u8>> {
    match part {
        Json::String(text) => Some(text.clone().into_bytes()),
        Json::Array(list) if !list.is_empty() && list.iter().all(Json::is_number) => {
            Some(list.iter().filter_map(Json::as_i64).map(|byte| byte as u8).collect())
        }
        Json::Array(list) => Some(list.iter().filter_map(bytes).collect::<Vec<_>>().join(&b"\n"[..])),
        _ => None,
    }
}

/// Makes the document of a case; `None` if the vectors do not have it.
fn build(file: &Json, case: &Json, name: &str) -> Option<Vec<u8>> {
    let mut text = assemble(file, case)?;
    for (_, from, to) in EDITS.iter().filter(|(case, _, _)| *case == name) {
        let found = std::str::from_utf8(&text).ok().filter(|text| text.contains(from));
        assert!(found.is_some(), "{name}: {from:?} is not there");
        text = found?.replacen(from, to, 1).into_bytes();
    }
    Some(text)
}

fn assemble(file: &Json, case: &Json) -> Option<Vec<u8>> {
    let mut parts: BTreeMap<String, Json> =
        file["base"].as_object()?.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    parts.remove("fileName");
    for input in case.get("input").and_then(Json::as_array).into_iter().flatten() {
        if let Some(whole) = input.get("document").or(input.get("lines")) {
            return bytes(whole).map(|text| [text, b"\n".to_vec()].concat());
        }
        let (name, value) = (input["override"].as_str()?, &input["value"]);
        if name == "createWithDirSource" {
            let legacy = "dir-source gabelmoo-legacy 81349FC1F2DBA2C2C11B45CB9706637D480AB913 212.112.245.170 212.112.245.170 80 443";
            parts.get_mut("dirSources")?.as_array_mut()?.push(json!(legacy));
            continue;
        }
        if value.get("unparsed").is_some() {
            return None;
        }
        if let Some(part) = name.strip_prefix("createWith").filter(|it| *it != "DefaultLines") {
            override_field(&mut parts, case["test"].as_str()?, part, value)?;
        } else if let Some(name) = name.strip_prefix('+') {
            let before = parts.get(name).and_then(bytes).unwrap_or_default();
            parts.insert(name.into(), json!([String::from_utf8(before).ok()?, value]));
        } else if name != "createWithDefaultLines" {
            parts.insert(name.into(), value.clone());
        }
    }
    let mut order: Vec<_> = file["order"].as_array()?.iter().filter_map(Json::as_str).collect();
    // The parts of the statistics stand behind the signature in the list, which must be the last line.
    order.sort_by_key(|name| name.starts_with("routerSig"));
    let parts = order.iter().filter_map(|name| bytes(parts.get(*name)?));
    let lines: Vec<_> = parts.filter(|it| !it.is_empty()).collect();
    (!lines.is_empty()).then(|| [lines.join(&b"\n"[..]), b"\n".to_vec()].concat())
}

/// Changes one field of one element of a consensus, as metrics-lib's builders of elements do.
fn override_field(parts: &mut BTreeMap<String, Json>, test: &str, field: &str, value: &Json) -> Option<()> {
    let which = ["testDirSource", "testDirectorySignature"].iter().position(|start| test.starts_with(start));
    let (part, element) = ELEMENTS[[0, 2].get(which.unwrap_or(9)).copied().unwrap_or(1)];
    let mut lines: Vec<_> = element.lines().map(str::to_owned).collect();
    let word = match (part, field) {
        ("dirSources", "Identity") | ("statusEntries", "FingerprintBase64") => 2,
        ("directorySignatures", "Identity") | (_, "Nickname") => 1,
        ("directorySignatures", "SigningKey") => 2,
        ("statusEntries", "DescriptorBase64") => 3,
        ("dirSources", "Address") => 4,
        ("dirSources", "DirPort") => 5,
        ("statusEntries", "Address") => 6,
        ("statusEntries", "OrPort") => 7,
        ("statusEntries", "DirPort") => 8,
        _ => 0,
    };
    if word > 0 {
        let mut words: Vec<_> = lines[0].split(' ').map(str::to_owned).collect();
        *words.get_mut(word)? = value.as_str()?.to_owned();
        lines[0] = words.join(" ");
    } else {
        let keyword = match field {
            "ContactLine" => "contact",
            "VoteDigestLine" => "vote-digest",
            "PLine" => "p",
            _ => return None,
        };
        let at = lines.iter().position(|line| line.split(' ').next() == Some(keyword))?;
        match value.as_str() {
            Some(text) => lines[at] = text.to_owned(),
            None => drop(lines.remove(at)),
        }
    }
    parts.get_mut(part)?.as_array_mut()?.push(json!(lines.join("\n")));
    Some(())
}

#[test]
fn metrics_lib_and_we_agree() {
    let Some(shared) = common::shared() else { return };
    let (mut agreed, mut wrong, mut listed) = (0, Vec::new(), Vec::new());
    for &(file, kind) in FILES {
        let path = shared.join(format!("corpus/vectors-metrics-lib/{file}.json"));
        let text = std::fs::read(&path).expect("the vectors can be read");
        let vectors: Json = serde_json::from_slice(&text).expect("the vectors are JSON");
        for json in vectors["cases"].as_array().expect("the vectors have cases") {
            let name = json["test"].as_str().unwrap_or_default();
            let full = format!("{file}.{name}");
            if NOT_WRITTEN_DOWN.iter().any(|(case, _)| *case == full) {
                continue;
            }
            let Some(document) = build(&vectors, json, &full) else {
                wrong.push(format!("{full}: its document is not in the vectors"));
                continue;
            };
            let case = Case { file, kind, name, json, document };
            let difference = DIFFERENCES.iter().any(|(case, _)| *case == full);
            match case.judge() {
                Ok(()) if difference => wrong.push(format!("{full}: listed as a difference, but is none")),
                Ok(()) => agreed += 1,
                Err(_) if difference => listed.push(full),
                Err(error) => wrong.push(format!("{}.{}: {error}", case.file, case.name)),
            }
        }
    }
    println!("{agreed} cases agree, {} differ for a reason", listed.len());
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), agreed + wrong.len(), wrong.join("\n"));
    assert!(agreed > 250, "only {agreed} cases were compared");
}
