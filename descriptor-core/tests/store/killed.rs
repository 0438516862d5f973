//! kill -9 at many instants: the next run repairs what the killed one has left.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use descriptor_core::collect::store::{Layout, Store};

use crate::{
    common::tree,
    world::{Answer, answers, documents, layout, options, shared},
};

/// Names the folder in which a run is to be killed.
const FOLDER: &str = "TORDESC_TEST_KILLED";

/// Takes the answers of a day, committing after every few.
fn run(layout: &Layout, recording: &Path, answers: &[Answer]) {
    let store = Store::open(layout, options(recording)).expect("it is free");
    for some in answers.chunks(7) {
        for answer in some {
            store.take(&answer.delivery()).expect("it is writable");
        }
        store.commit().expect("it is writable");
    }
}

fn some(recording: &Path) -> Vec<Answer> {
    let mut answers = answers(recording);
    answers.truncate(150);
    answers
}

/// No test of its own: the run that is killed.
#[test]
fn a_run_to_be_killed() {
    let (Some(folder), Some(recording)) = (std::env::var_os(FOLDER), shared("tornet/recording")) else {
        return;
    };
    run(&layout(Path::new(&folder)), &recording, &some(&recording));
}

#[test]
fn a_killed_run_leaves_nothing_that_the_next_one_does_not_repair() {
    let Some(recording) = shared("tornet/recording") else { return };
    let answers = some(&recording);
    let undisturbed = tempfile::tempdir().expect("a temporary folder");
    let started = std::time::Instant::now();
    run(&layout(undisturbed.path()), &recording, &answers);
    let whole = started.elapsed();
    let expected = tree(&undisturbed.path().join("out"));
    let expected_recent = tree(&undisturbed.path().join("recent"));
    let kills: u32 = std::env::var("TORDESC_KILLS").ok().and_then(|it| it.parse().ok()).unwrap_or(12);
    let mut killed = 0;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut seed = 12345_u64;
    for kill in 0..kills {
        // Now and then from the beginning, else on top of what the last one has left.
        let folder = folder.path().join((kill / 4).to_string());
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "killed::a_run_to_be_killed", "--nocapture"])
            .env(FOLDER, &folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it can be run");
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        std::thread::sleep(
            whole.mul_f64((seed >> 40) as f64 / f64::from(1 << 24)).max(Duration::from_millis(5)),
        );
        child.kill().expect("it is ours");
        killed += usize::from(!child.wait().expect("it is ours").success());
        if kill % 4 != 3 && kill + 1 != kills {
            continue;
        }
        let layout = layout(&folder);
        let store = Store::open(&layout, options(&recording)).expect("it is free");
        drop(store);
        // After the repair there is a file for each row.
        let rows = rusqlite::Connection::open(layout.database()).expect("a database");
        let mut paths =
            rows.prepare("SELECT path, held FROM document WHERE path IS NOT NULL").expect("the table");
        let mut paths = paths.query([]).expect("rows");
        while let Some(row) = paths.next().expect("rows") {
            let (path, held): (String, bool) = (row.get(0).expect("text"), row.get(1).expect("a number"));
            assert!(held && layout.out.join(&path).is_file(), "{path}");
        }
        run(&layout, &recording, &answers);
        let got = tree(&layout.out);
        assert!(got.keys().eq(expected.keys()), "{kill}");
        assert!(got == expected, "{kill}");
        let recent = tree(&folder.join("recent"));
        for below in [
            "consensuses",
            "consensus-microdesc",
            "votes",
            "certs",
            "bandwidths",
            "server-",
            "extra-",
            "micro/",
        ] {
            let (mine, its) = (documents(&recent, below), documents(&expected_recent, below));
            assert!(mine == its, "{kill}: {below}: {} and {}", mine.len(), its.len());
        }
        assert!(tree(&layout.state.join("unverified")) == tree(&undisturbed.path().join("state/unverified")));
    }
    println!("{killed} of {kills} runs killed, each in up to {whole:?}");
    assert!(killed > 0 || kills == 0);
}
