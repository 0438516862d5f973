//! What an hour of the public network costs. The documents are large and are made elsewhere: `TORDESC_HOUR` names a folder
//! with `authorities.json` (name and identity), and `first/` and `second/` of answers named NUMBER-TYPE.

use std::{
    fs,
    path::{Path, PathBuf},
};

use descriptor_core::{
    collect::{
        Delivery,
        store::{KnownAuthority, Options, Store, Taken},
    },
    document::Type,
    value::{Hex, Timestamp},
};

use crate::world::{layout, take, time};

/// CPU seconds and the most memory in MiB of this process so far.
fn spent() -> (f64, u64) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|it| it.parse::<f64>().ok()).sum();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find(|line| line.starts_with("VmHWM")).and_then(|line| line.split_whitespace().nth(1));
    (ticks / 100.0, peak.and_then(|it| it.parse::<u64>().ok()).unwrap_or(0) / 1024)
}

fn run(folder: &Path, answers: &Path, options: &Options, now: Timestamp) {
    let (before, _) = spent();
    let started = std::time::Instant::now();
    let store = Store::open(&layout(folder), options.clone()).expect("it is free");
    let mut all = Taken::default();
    let mut files: Vec<PathBuf> =
        fs::read_dir(answers).expect("a folder").map(|it| it.expect("an entry").path()).collect();
    files.sort();
    for file in files {
        let name = file.file_name().and_then(|it| it.to_str()).expect("a name");
        let kind = name.split_once('-').and_then(|(_, kind)| Type::of_name(kind));
        let bytes = fs::read(&file).expect("a file");
        take(&store, &Delivery { kind, bytes, from: format!("http://{name}"), received: now }, &mut all);
    }
    store.commit().expect("it is writable");
    all.problems.truncate(5);
    let (after, peak) = spent();
    println!(
        "{}: {all:?}\n{:.2} CPU s, {:.1?}, {peak} MiB",
        answers.display(),
        after - before,
        started.elapsed()
    );
    let wanted = store.wanted(now).expect("it can be read");
    let status = store.status(now).expect("it can be read");
    let (end, peak) = spent();
    println!("wanted {}, both and the status: {:.2} CPU s, {peak} MiB\n{status}", wanted.len(), end - after);
    assert_eq!((all.refused, all.conflicts), (0, 0));
    assert!(status.hours[0].servers.is_some_and(|it| it.held == it.all));
}

#[test]
fn an_hour_of_the_public_network() {
    let Some(hour) = std::env::var_os("TORDESC_HOUR").map(PathBuf::from) else {
        println!("skipped: no TORDESC_HOUR");
        return;
    };
    let text = fs::read(hour.join("authorities.json")).expect("it is there");
    let names: Vec<(String, String)> = serde_json::from_slice(&text).expect("JSON");
    let authorities = names.into_iter().map(|(name, identity)| KnownAuthority {
        name,
        identity: Hex::from_hex(identity.as_bytes()).expect("a digest"),
    });
    let options = Options { authorities: authorities.collect(), ..Options::default() };
    let folder = tempfile::tempdir().expect("a temporary folder");
    run(folder.path(), &hour.join("first"), &options, time("2020-01-15 12:05:00"));
    run(folder.path(), &hour.join("second"), &options, time("2020-01-15 13:05:00"));
}
