//! A run that is killed between any two writes, and started again.

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use super::{add::add_facts, database::Part, *};
use crate::{
    netdoc::frames,
    stats::{Day, Id, onion_services::OnionServicesV3},
    value::Timestamp,
};

/// The examples' documents with their names, in some halves.
fn halves() -> [Vec<(String, Vec<u8>)>; 2] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data");
    let mut halves: [Vec<_>; 2] = Default::default();
    let mut paths = Vec::new();
    walk(&folder, &mut paths);
    paths.sort();
    for path in paths {
        let bytes = fs::read(&path).expect("it is readable");
        for (at, frame) in frames(&bytes, None).enumerate() {
            let document = [frame.annotations, frame.body].concat();
            halves[at % 2].push((path.display().to_string(), document));
        }
    }
    halves
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => walk(&path, files),
            false => files.push(path),
        }
    }
}

fn partials(documents: &[(String, Vec<u8>)]) -> Partials {
    let mut partials = Partials::new(Name::ALL);
    for (source, bytes) in documents {
        for frame in frames(bytes, None) {
            partials.add_frame(frame, source);
        }
    }
    partials
}

fn options() -> Options<'static> {
    Options::at(Timestamp(1_893_456_000))
}

/// What a kill would leave: the files as they are.
fn copy(path: &Path, to: &Path) {
    for ending in ["", "-wal"] {
        let name = |path: &Path| PathBuf::from(format!("{}{ending}", path.display()));
        if name(path).exists() {
            fs::copy(name(path), name(to)).expect("it can be copied");
        }
    }
}

#[test]
fn a_run_that_was_killed_is_done_again() {
    let [first, second] = halves();
    let all: Vec<_> = first.iter().chain(&second).cloned().collect();
    assert!(all.len() > 8, "{} examples", all.len());
    let expected = partials(&all).finish(&options());
    assert!(expected.0.iter().any(|table| !table.is_empty()));

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let mut state = State::open(&path, Name::ALL).expect("a new one");
    state.add(partials(&first)).expect("it is added");
    state.tables(&options()).expect("tables");
    // SQLite calls this every so many steps, also between two writes of one transaction.
    let copies = Arc::new(Mutex::new(RefCell::new(0u32)));
    let (from, to, made) = (path.clone(), folder.path().to_owned(), Arc::clone(&copies));
    let handler = move || {
        if let Ok(made) = made.lock() {
            let number = *made.borrow();
            if number < 400 {
                copy(&from, &to.join(format!("copy-{number}")));
            }
            *made.borrow_mut() += 1;
        }
        false
    };
    state.connection.progress_handler(200, Some(handler)).expect("a handler");
    state.add(partials(&second)).expect("it is added");
    assert_eq!(state.tables(&options()).expect("tables"), expected);
    drop(state);

    let made = copies.lock().expect("nobody panicked").take().min(400);
    assert!(made > 10, "{made} copies");
    for number in (0..made).step_by((made as usize / 40).max(1)) {
        let mut state =
            State::open(&folder.path().join(format!("copy-{number}")), Name::ALL).expect("it is sound");
        state.add(partials(&second)).expect("it is added");
        assert_eq!(state.tables(&options()).expect("tables"), expected, "killed at {number}");
    }
}

/// A day is not over for long enough, then it is, then the clock goes back.
#[test]
fn days_are_finished_when_they_are_shown() {
    let all = halves().concat();
    let folder = tempfile::tempdir().expect("a folder");
    let mut state = State::open(&folder.path().join("state"), Name::ALL).expect("a new one");
    state.add(partials(&all)).expect("it is added");
    let unfinished = |state: &mut State| {
        let transaction = state.connection.transaction().expect("a transaction");
        let kept = Numbers::of(&transaction).and_then(|it| it.kept(Name::Users)).expect("it is there");
        (kept.days().expect("days"), kept.unfinished().expect("days"))
    };
    let (days, _) = unfinished(&mut state);
    let last = *days.last().expect("some days");
    let early = Options::at(Timestamp(last.start() + 86400));
    for (options, left) in [(&early, 1), (&options(), 0), (&early, 0)] {
        assert_eq!(state.tables(options).expect("tables"), partials(&all).finish(options));
        assert_eq!(unfinished(&mut state).1.len(), left);
    }
}

#[test]
fn state_of_others_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    drop(State::open(&path, &[Name::Web]).expect("a new one"));
    assert!(matches!(State::open(&path, Name::ALL), Err(StateError::Others(names)) if names == ["web"]));
    assert!(State::open(&path, &[Name::Web]).is_ok());
    let connection = Connection::open(&path).expect("a database");
    connection.execute_batch("PRAGMA user_version = 99").expect("it can be changed");
    assert!(matches!(State::open(&path, &[Name::Web]), Err(StateError::Form { found: 99, .. })));
}

/// A fact hardly ever changes. If it does, rows of any day may have been made with the one before.
#[test]
fn rows_are_forgotten_when_a_fact_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut state = State::open(&folder.path().join("state"), &[Name::OnionServicesV3]).expect("a new one");
    let transaction = state.connection.transaction().expect("a transaction");
    let kept = Numbers::of(&transaction).and_then(|it| it.kept(Name::OnionServicesV3)).expect("it is there");
    kept.set_part(Day(1), &Part { reach: (Day(1), Day(1)), body: Vec::new() }).expect("it is kept");
    let unfinished = |identity: u8| {
        let fact = (Id([7; 20]), vec![identity; 32]);
        add_facts::<OnionServicesV3>(&kept, vec![fact]).expect("it is kept");
        let days = kept.unfinished().expect("days");
        kept.set_rows(Day(1), &[]).expect("it is kept");
        days.len()
    };
    // The first one, the same, a smaller one that does not count, a greater one.
    assert_eq!([5, 5, 4, 6, 6].map(unfinished), [1, 0, 0, 1, 0]);
    assert_eq!(kept.fact(&Id([7; 20])).expect("it can be read"), Some(vec![6; 32]));
}
