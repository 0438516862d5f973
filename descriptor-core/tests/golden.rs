//! Small documents with all that must be read out of them: `golden/TYPE/CASE.txt` and `.json`.
//!
//! A new case is a `.txt` file; `UPDATE_GOLDEN=1 cargo test --test golden` writes what is read out of it, to be judged
//! by eye. Where both differ, what was read stands beside in `.got`.

mod common;

use std::{fs, path::Path};

use descriptor_core::{document::Type, netdoc::frames};
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
