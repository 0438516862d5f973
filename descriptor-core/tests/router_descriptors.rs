//! Router descriptors over the corpus: every keyword is known, nothing is wrong with what is right, and what is wrong is
//! found in its line.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use descriptor_core::{
    document::{Type, inconsistencies},
    netdoc::frames,
    schema::{Issue, line_and_column},
};

/// The folder of shared data, or `None`, said aloud, if there is none.
fn shared(path: &str) -> Option<PathBuf> {
    let root = env::var_os("TORDESC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let found = root.join(path);
    if !found.exists() {
        println!("skipped: {} does not exist", found.display());
        return None;
    }
    Some(found)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// What is wrong with the documents of a file, and the lines that nobody knows, each with its keyword and line.
fn findings(kind: Type, text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for frame in frames(text, Some(kind)) {
        let Some(kind) = frame.kind else {
            found.push("no type".to_owned());
            continue;
        };
        let parsed = kind.parse(frame);
        let mut show = |issue: &Issue| {
            let (line, _) = line_and_column(text, frame.offset as usize + issue.span.start);
            found.push(format!("{}:{}", if issue.span.is_empty() { 0 } else { line }, issue));
        };
        parsed.issues.iter().for_each(&mut show);
        inconsistencies(kind, frame).iter().for_each(&mut show);
        for line in parsed.unknown_lines() {
            found.push(format!("unknown: {}", String::from_utf8_lossy(line).trim_end()));
        }
    }
    found
}

#[test]
fn the_corpus_is_understood_and_consistent() {
    for (folder, kind) in [
        ("server-descriptor", Type::ServerDescriptor),
        ("bridge-server-descriptor", Type::BridgeServerDescriptor),
        ("extra-info", Type::ExtraInfo),
        ("bridge-extra-info", Type::BridgeExtraInfo),
        ("microdescriptor", Type::Microdescriptor),
        ("bridge-network-status", Type::BridgeNetworkStatus),
    ] {
        let Some(folder) = shared("corpus").map(|corpus| corpus.join(folder)) else { return };
        for file in files(&folder) {
            let text = fs::read(&file).expect("the file can be read");
            let found = findings(kind, &text);
            println!("{}: {:?}", file.display(), &found[..found.len().min(8)]);
        }
    }
}

#[test]
fn malformed() {
    let Some(folder) = shared("corpus/malformed") else { return };
    for file in files(&folder) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let kind = if name.contains("-ex-ri") || name.contains("routerdesc") {
            Type::ServerDescriptor
        } else if name.contains("-ex-ei") || name.contains("extrainfo") {
            Type::ExtraInfo
        } else if name.contains("mds") {
            Type::Microdescriptor
        } else {
            continue;
        };
        let text = fs::read(&file).expect("the file can be read");
        println!("{}: {:?}", name, findings(kind, &text));
    }
}
#[test]
fn scratch() {
    let mut counts = std::collections::BTreeMap::new();
    let mut stack =
        vec![PathBuf::from("/tmp/descs-rec"), PathBuf::from("/work/shared/tornet/recording/datadirs")];
    let mut total = std::collections::BTreeMap::new();
    while let Some(p) = stack.pop() {
        if p.is_dir() {
            stack.extend(files(&p));
            continue;
        }
        let name = p.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read(&p).unwrap();
        for frame in frames(&text, None) {
            let Some(kind) = frame.kind else { continue };
            if !matches!(
                kind,
                Type::ServerDescriptor | Type::ExtraInfo | Type::Microdescriptor | Type::BridgeNetworkStatus
            ) {
                continue;
            }
            *total.entry(kind).or_insert(0) += 1;
            let parsed = kind.parse(frame);
            for i in &parsed.issues {
                *counts.entry(format!("{kind:?} {i} {name}")).or_insert(0) += 1;
            }
            for i in inconsistencies(kind, frame) {
                *counts.entry(format!("{kind:?} deep {i} {name}")).or_insert(0) += 1;
            }
            for l in parsed.unknown_lines() {
                *counts
                    .entry(format!(
                        "{kind:?} unknown {}",
                        String::from_utf8_lossy(l).split(' ').next().unwrap()
                    ))
                    .or_insert(0) += 1;
            }
        }
    }
    println!("TT {total:?}");
    for (k, v) in counts {
        println!("TT {v} {k}");
    }
}
