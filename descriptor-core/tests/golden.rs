//! Small documents with all that must be read out of them: `golden/TYPE/CASE.txt` and `.json`.
//!
//! A new case is a `.txt` file; `UPDATE_GOLDEN=1 cargo test --test golden` writes what is read out of it, to be judged
//! by eye. Where both differ, what was read stands beside in `.got`.

mod common;

use std::{fs, path::Path};

use descriptor_core::{
    document::{AnyParsed, Type},
    netdoc::frames,
    schema::{Value, ValueSink, Wanted},
};
use serde_json::Value as Json;

#[test]
fn documents_give_their_golden_values() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let (mut cases, mut wrong) = (0, Vec::new());
    for path in common::files(&golden) {
        if path.extension().is_none_or(|it| it != "txt") {
            continue;
        }
        cases += 1;
        let folder =
            path.parent().and_then(Path::file_name).map(|it| it.to_string_lossy()).unwrap_or_default();
        let kind = Type::of_name(&folder);
        assert!(kind.is_some(), "no type is called {folder}");
        let text = fs::read(&path).expect("the case can be read");
        let got: Json = frames(&text, kind).map(common::describe).collect();
        let shown = serde_json::to_string_pretty(&got).expect("JSON can be written") + "\n";
        let (expected, beside) = (path.with_extension("json"), path.with_extension("got"));
        if update {
            fs::write(&expected, &shown).expect("the expected values can be written");
        }
        match fs::read_to_string(&expected) {
            Ok(text) if text == shown => drop(fs::remove_file(beside)),
            _ => {
                fs::write(&beside, &shown).expect("what was read can be written");
                wrong.push(beside.display().to_string());
            }
        }
    }
    assert!(cases > 0, "no golden case was found");
    assert!(wrong.is_empty(), "compare with the .json beside:\n{}", wrong.join("\n"));
}

/// The values of a row.
fn values(parsed: &AnyParsed<'_>, row: usize) -> (Vec<Value>, Option<String>) {
    let record = &*parsed.partial;
    let parts = 0..record.schema().fields[row].parts.len();
    let values = parts.map(|part| {
        let mut sink = ValueSink::default();
        parsed.emit(record, row, part, &mut sink);
        sink.finish()
    });
    (values.collect(), record.policy(row).map(|policy| policy.to_string()))
}

#[test]
fn a_row_read_alone_has_the_values_of_the_whole_document() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut rows = 0;
    for path in
        common::files(&golden).into_iter().filter(|path| path.extension().is_some_and(|it| it == "txt"))
    {
        let folder =
            path.parent().and_then(Path::file_name).map(|it| it.to_string_lossy()).unwrap_or_default();
        let text = fs::read(&path).expect("the case can be read");
        // Lines that stand twice, and are not as they should be the second time.
        let twice = [&text[..], b"published x\n", b"uptime x\n"].concat();
        for frame in frames(&text, Type::of_name(&folder)).chain(frames(&twice, Type::of_name(&folder))) {
            let Some(kind) = frame.kind.filter(|kind| (kind.info().schema)().is_flat()) else { continue };
            let whole = kind.parse(frame);
            for row in 0..whole.partial.schema().fields.len() {
                for more in [0, 1 << (row / 2), u128::MAX] {
                    let wanted = Wanted { document: 1 << row | more, only: true, ..Wanted::ALL };
                    let part = kind.parse_columns(frame, wanted);
                    assert_eq!(values(&part, row), values(&whole, row), "{} row {row}", path.display());
                }
                rows += 1;
            }
        }
    }
    assert!(rows > 500, "{rows}");
}
