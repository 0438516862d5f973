//! What holds for every table.

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use descriptor_core::{
    document::Type,
    schema::{Kind, Schema},
};

/// Every table, those of parts included.
fn schemas() -> BTreeMap<&'static str, &'static Schema> {
    fn walk(kind: Kind, all: &mut BTreeMap<&'static str, &'static Schema>) {
        match kind {
            Kind::Table(schema) => add(schema(), all),
            Kind::List(inner) | Kind::Map(inner) => walk(*inner, all),
            Kind::Record(parts) => parts.iter().for_each(|part| walk(part.kind, all)),
            _ => {}
        }
    }
    fn add(schema: &'static Schema, all: &mut BTreeMap<&'static str, &'static Schema>) {
        if all.insert(schema.name, schema).is_none() {
            schema.columns().iter().for_each(|column| walk(column.kind, all));
        }
    }
    let mut all = BTreeMap::new();
    Type::ALL.iter().for_each(|kind| add((kind.info().schema)(), &mut all));
    all
}

#[test]
fn keywords_stand_once_in_a_table() {
    for (name, schema) in schemas() {
        let mut seen = BTreeSet::new();
        for keyword in schema.fields.iter().flat_map(|field| field.keywords) {
            assert!(seen.insert(keyword), "{name}: {keyword} stands twice");
        }
    }
}

#[test]
fn columns_have_names_of_their_own() {
    // The keys that the program's JSON has besides the columns, and what all classes of Python have.
    let taken = [
        "type",
        "source",
        "offset",
        "digest",
        "issues",
        "raw",
        "document",
        "annotations",
        "unknown",
        "to_dict",
    ];
    for (name, schema) in schemas() {
        let mut seen = BTreeSet::new();
        for column in schema.columns() {
            assert!(seen.insert(&column.name), "{name}: two columns are called {}", column.name);
            assert!(
                !taken.contains(&column.name.as_str()),
                "{name}: {} is the name of another key",
                column.name
            );
            let snake =
                column.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            assert!(snake, "{name}: {} is not in snake case", column.name);
        }
    }
}

#[test]
fn every_table_and_row_says_what_it_is() {
    let mut silent = Vec::new();
    for (name, schema) in schemas() {
        if !schema.doc.trim_end().ends_with('.') || schema.spec.is_empty() {
            silent.push(format!("{name}: the table"));
        }
        for field in schema.fields {
            let doc = field.doc.trim();
            if !doc.ends_with('.') || doc.len() < 10 || doc == "Not there yet." {
                silent.push(format!("{name}: {}", field.name));
            }
        }
    }
    assert!(silent.is_empty(), "these say nothing, or no whole sentence:\n{}", silent.join("\n"));
}

/// Keywords that no document has: a grammar makes them up for lines that begin otherwise.
const MADE_UP: &[(&str, &str)] = &[
    ("bandwidth-file", "relay"),              // a line of `key=value` pairs
    ("bridge-pool-assignment-entry", "pool"), // the word after the fingerprint
    ("web-server-access-log", "line"),        // a request
];

#[test]
fn every_keyword_stands_in_a_golden_file() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut words = BTreeSet::new();
    for path in common::files(&golden) {
        if path.extension().is_some_and(|it| it == "txt") {
            let text = fs::read_to_string(&path).map_err(|_| fs::read(&path));
            let text =
                text.unwrap_or_else(|bytes| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned());
            for word in text.split_ascii_whitespace() {
                words.insert(word.to_owned());
                words.extend(word.split(['=', ',', '"', '{']).map(str::to_owned));
                // Some keywords have a number before or behind them: `12,34d`, `DATAPERC10`.
                words.insert(
                    word.trim_start_matches(|it: char| it.is_ascii_digit() || ",$".contains(it)).to_owned(),
                );
                words.extend(
                    word.split('=').map(|it| it.trim_end_matches(|it: char| it.is_ascii_digit()).to_owned()),
                );
            }
        }
    }
    let mut missing = Vec::new();
    for (name, schema) in schemas() {
        for keyword in schema.fields.iter().flat_map(|field| field.keywords) {
            if !words.contains(*keyword) && !MADE_UP.contains(&(name, keyword)) {
                missing.push(format!("{name}: {keyword}"));
            }
        }
    }
    assert!(missing.is_empty(), "these stand in no golden file:\n{}", missing.join("\n"));
}
