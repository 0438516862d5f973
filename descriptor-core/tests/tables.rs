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
    // The keys that the program's JSON has besides the columns.
    let taken = ["type", "source", "offset", "digest", "issues"];
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

#[test]
fn every_keyword_stands_in_a_golden_file() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut words = BTreeSet::new();
    for path in common::files(&golden) {
        if path.extension().is_some_and(|it| it == "txt") {
            let text = fs::read(&path).expect("the case can be read");
            let separators = |byte: &u8| b" \t\r\n=,\"{}[]:".contains(byte);
            words.extend(text.split(separators).map(<[u8]>::to_vec));
            words.extend(text.split(|byte| b" \t\r\n=".contains(byte)).map(<[u8]>::to_vec));
        }
    }
    let mut missing = Vec::new();
    for (name, schema) in schemas() {
        for keyword in schema.fields.iter().flat_map(|field| field.keywords) {
            if !words.contains(keyword.as_bytes()) {
                missing.push(format!("{name}: {keyword}"));
            }
        }
    }
    assert!(missing.is_empty(), "these stand in no golden file:\n{}", missing.join("\n"));
}
