//! `recent/`: what was published in the last days, as a view of the tree that can be made anew.
//!
//! Files that hold one document are in both trees under names of their own; many small documents are in `recent/` one
//! after the other, in a file for each run of the collector, whose start is its name. Everything goes by the times of
//! documents and runs.
//!
//! DIFFERENCE: CollecTor goes by the times of the files, so that a copied archive is kept too long (collector §17.1, no.
//! 29).

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};

mod microdescriptors;
mod times;

use self::times::{is_old, time_in};
use super::{Cause, Error, Source, facts::Facts};
use crate::{destination, document::Type, netdoc::frames, value::Timestamp};

/// Three days, as CollecTor has it. Unit: hours.
pub const HOURS: i64 = 72;

/// What was changed in `recent/`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Files that are there now and were not.
    pub added: u64,
    /// Documents that were put into files of several.
    pub documents: u64,
    /// Files that are too old now.
    pub removed: u64,
}

/// What lies where: a folder of the tree, with `Y` and `M` for year and month; the folder in `recent/`; and what the
/// names of files with several documents end in, if that is what they are.
struct Row(&'static str, &'static str, Option<&'static str>);

impl Row {
    /// Whether a file of the tree, by its path below it, belongs to the row.
    fn holds(&self, path: &Path) -> bool {
        let mut parts = path.iter();
        self.0.split('/').all(|wanted| {
            parts.next().is_some_and(|part| matches!(wanted, "Y" | "M" | "*") || part == wanted)
        })
    }
}

const CERTIFICATES: &str = "relay-descriptors/certs";

// A new type is one line here; microdescriptors, which have no times, are in a file of their own.
const ROWS: &[Row] = &[
    Row("relay-descriptors/consensus/Y/M", "relay-descriptors/consensuses", None),
    Row(
        "relay-descriptors/microdesc/Y/M/consensus-microdesc",
        "relay-descriptors/microdescs/consensus-microdesc",
        None,
    ),
    Row("relay-descriptors/vote/Y/M", "relay-descriptors/votes", None),
    Row("relay-descriptors/bandwidth/Y/M", "relay-descriptors/bandwidths", None),
    Row("relay-descriptors/detached-signature/Y/M", "relay-descriptors/detached-signatures", None),
    Row("relay-descriptors/certs", CERTIFICATES, None),
    Row("bridge-descriptors/Y/M/statuses", "bridge-descriptors/statuses", None),
    Row("bridge-pool-assignments/Y/M", "bridge-pool-assignments", None),
    Row("exit-lists/Y/M", "exit-lists", None),
    Row("torperf/Y/M", "torperf", None),
    Row("onionperf/Y/M", "onionperf", None),
    Row("webstats/*/Y/M", "webstats", None),
    Row("snowflakes/Y/M", "snowflakes", None),
    Row("bridgedb-metrics/Y/M", "bridgedb-metrics", None),
    Row("bridgestrap/Y/M", "bridgestrap", None),
    Row(
        "relay-descriptors/server-descriptor/Y/M",
        "relay-descriptors/server-descriptors",
        Some("server-descriptors"),
    ),
    Row("relay-descriptors/extra-info/Y/M", "relay-descriptors/extra-infos", Some("extra-infos")),
    Row(
        "bridge-descriptors/Y/M/server-descriptors",
        "bridge-descriptors/server-descriptors",
        Some("server-descriptors"),
    ),
    Row("bridge-descriptors/Y/M/extra-infos", "bridge-descriptors/extra-infos", Some("extra-infos")),
];

/// All folders of `recent/`.
pub(crate) fn folders() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.1).chain([microdescriptors::FOLDER])
}

/// Makes `recent/` what it should be at a time: adds what the tree has of the last hours, and removes what is older.
/// Documents that are in a file of a run already stay where they are; others are put into a file for the hour of their
/// publication. Nothing is written twice, so that it can be run at any time.
pub fn rebuild(out: &Path, recent: &Path, now: Timestamp, hours: i64) -> Result<Rebuilt, Error> {
    let since = Timestamp(now.0 - hours * 3600);
    let mut rebuilt = clean(recent, now, hours)?;
    for row in ROWS {
        let at = |error| failed(&out.join(row.0), error);
        let files = files(out, row.0, since).map_err(at)?;
        match row.2 {
            None => single(&files, &recent.join(row.1), since, &mut rebuilt).map_err(at)?,
            Some(ending) => {
                several(&files, &recent.join(row.1), ending, since, None, &mut rebuilt).map_err(at)?
            }
        }
    }
    microdescriptors::rebuild(out, recent, since, &mut rebuilt).map_err(|error| failed(out, error))?;
    Ok(rebuilt)
}

/// Adds to `recent/` the documents whose paths stand in a journal ([`Staging`](crate::intake::Staging) writes it), then
/// removes the journal. Small documents go into a file named by the time of the run. What is old, what is not there and
/// what is in `recent/` already is passed over, so a journal may be read twice.
pub fn extend(
    out: &Path,
    recent: &Path,
    journal: &Path,
    now: Timestamp,
    hours: i64,
) -> Result<Rebuilt, Error> {
    let mut rebuilt = Rebuilt::default();
    let noted = match fs::read_to_string(journal) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(rebuilt),
        noted => noted.map_err(|error| failed(journal, error))?,
    };
    let since = Timestamp(now.0 - hours * 3600);
    let mut by_row: BTreeMap<usize, BTreeSet<PathBuf>> = BTreeMap::new();
    for path in noted.lines().map(Path::new).filter(|path| path.is_file()) {
        let row = path.strip_prefix(out).ok().and_then(|path| ROWS.iter().position(|row| row.holds(path)));
        if let Some(row) = row {
            by_row.entry(row).or_default().insert(path.to_owned());
        }
    }
    for (row, files) in by_row {
        let Row(from, to, ending) = &ROWS[row];
        let files: Vec<_> = files.into_iter().collect();
        let at = |error| failed(&out.join(from), error);
        match ending {
            None => single(&files, &recent.join(to), since, &mut rebuilt).map_err(at)?,
            Some(ending) => {
                several(&files, &recent.join(to), ending, since, Some(now), &mut rebuilt).map_err(at)?;
            }
        }
    }
    fs::remove_file(journal).map_err(|error| failed(journal, error))?;
    Ok(rebuilt)
}

/// Removes from `recent/` what is older than so many hours: by the time in a file's name, which is that of its document
/// or of the run that wrote it. A certificate stays as long as it is valid. What has no time in its name stays, but for
/// what a killed process left half written.
///
/// The hours are those before the newest document, if the clock is ahead of it: one that jumps does not empty the tree.
pub fn clean(recent: &Path, now: Timestamp, hours: i64) -> Result<Rebuilt, Error> {
    let newest = newest(recent).map_err(|error| failed(recent, error))?;
    let since = Timestamp(newest.map_or(now, |newest| newest.min(now)).0 - hours * 3600);
    let mut rebuilt = Rebuilt::default();
    for folder in folders() {
        let folder = recent.join(folder);
        destination::sweep(&folder, "");
        let mut remove = || -> io::Result<()> {
            for entry in list(&folder)? {
                if entry.file_type()?.is_file() && is_old(&entry.path(), since)? {
                    fs::remove_file(entry.path())?;
                    rebuilt.removed += 1;
                }
            }
            Ok(())
        };
        remove().map_err(|error| failed(&folder, error))?;
    }
    Ok(rebuilt)
}

/// Adds files of one document: as links, or as copies where that is not possible. A file that has another content by now,
/// as an assignment of bridges that has grown, is replaced.
fn single(files: &[PathBuf], folder: &Path, since: Timestamp, rebuilt: &mut Rebuilt) -> io::Result<()> {
    for file in files {
        let Some(name) = file.file_name() else { continue };
        let target = folder.join(name);
        if is_old(file, since)? || is_same(file, &target)? {
            continue;
        }
        fs::create_dir_all(folder)?;
        rebuilt.added += u64::from(!target.exists());
        if fs::hard_link(file, &target).is_err() {
            let bytes = fs::read(file)?;
            destination::write(&target, |out| io::Write::write_all(out, &bytes), |_, ()| Ok(()))?;
        }
    }
    Ok(())
}

/// Adds documents that are in no file yet, to the file of a run, or to those of the hours after their publication.
fn several(
    files: &[PathBuf],
    folder: &Path,
    ending: &str,
    since: Timestamp,
    run: Option<Timestamp>,
    rebuilt: &mut Rebuilt,
) -> io::Result<()> {
    let mut known = bodies(folder)?;
    let mut by_time: BTreeMap<Timestamp, Vec<u8>> = BTreeMap::new();
    for file in files {
        let bytes = fs::read(file)?;
        let hint = file.to_str().and_then(Type::of_file_name);
        let Some(frame) = frames(&bytes, hint).next() else { continue };
        let path = file.to_string_lossy();
        let Some(time) = Facts::of(&path, &bytes).first.filter(|time| *time >= since) else { continue };
        if known.insert(Sha256::digest(frame.body).into()) {
            // Whoever collects a document does so after it was published.
            let time = run.unwrap_or(Timestamp((time.0.div_euclid(3600) + 1) * 3600));
            by_time.entry(time).or_default().extend(&bytes);
            rebuilt.documents += 1;
        }
    }
    for (time, fresh) in by_time {
        append(folder, &format!("{}-{ending}", dashed(time)), &fresh, rebuilt)?;
    }
    Ok(())
}

/// The digests of all documents in the files of a folder, without their annotations.
fn bodies(folder: &Path) -> io::Result<HashSet<[u8; 32]>> {
    let mut known = HashSet::new();
    for entry in list(folder)? {
        let bytes = fs::read(entry.path())?;
        known.extend(frames(&bytes, None).map(|frame| <[u8; 32]>::from(Sha256::digest(frame.body))));
    }
    Ok(known)
}

/// Adds documents to a file of several, which need not be there.
fn append(folder: &Path, name: &str, fresh: &[u8], rebuilt: &mut Rebuilt) -> io::Result<()> {
    let target = folder.join(name);
    fs::create_dir_all(folder)?;
    let mut bytes = match fs::read(&target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        bytes => bytes?,
    };
    rebuilt.added += u64::from(bytes.is_empty());
    bytes.extend(fresh);
    destination::write(&target, |out| io::Write::write_all(out, &bytes), |_, ()| Ok(()))
}

/// `Y-M-D-h-m-s`.
fn dashed(time: Timestamp) -> String {
    time.format(b'-').map(|byte| if byte == b':' { '-' } else { char::from(byte) }).iter().collect()
}

/// The files of the tree that belong to a row, in order, without those of months that were over before a time.
fn files(out: &Path, from: &str, since: Timestamp) -> io::Result<Vec<PathBuf>> {
    let month = String::from_utf8_lossy(&since.format(b' ')[..7]).into_owned();
    let mut folders = vec![(out.to_owned(), String::new())];
    for part in from.split('/') {
        let mut next = Vec::new();
        for (folder, date) in folders {
            if !matches!(part, "Y" | "M" | "*") {
                next.push((folder.join(part), date));
                continue;
            }
            for entry in list(&folder)? {
                let Ok(name) = entry.file_name().into_string() else { continue };
                let date = match part {
                    "Y" => name,
                    "M" => format!("{date}-{name}"),
                    _ => date.clone(),
                };
                // `2024` and `2024-12` are both before `2025-01`, and `2025` is not after it.
                if date.is_empty() || *date >= month[..date.len().min(month.len())] {
                    next.push((entry.path(), date));
                }
            }
        }
        folders = next;
    }
    let mut found = BTreeSet::new();
    let mut folders: Vec<PathBuf> = folders.into_iter().map(|(folder, _)| folder).collect();
    while let Some(folder) = folders.pop() {
        for entry in list(&folder)? {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                found.insert(entry.path());
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// What is in a folder, without what is hidden or still being written. A folder that is not there is empty.
fn list(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut listed = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if !name.starts_with(b".") && !name.ends_with(b".tmp") {
            listed.push(entry);
        }
    }
    Ok(listed)
}

/// Whether a file is there with the same content.
fn is_same(file: &Path, target: &Path) -> io::Result<bool> {
    let there = match fs::metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        there => there?,
    };
    let here = fs::metadata(file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if (here.dev(), here.ino()) == (there.dev(), there.ino()) {
            return Ok(true);
        }
    }
    Ok(here.len() == there.len() && fs::read(file)? == fs::read(target)?)
}

/// The time of the newest document, by the names of the files that hold a single one. Certificates are rare.
fn newest(recent: &Path) -> io::Result<Option<Timestamp>> {
    let mut newest = None;
    for row in ROWS.iter().filter(|row| row.2.is_none() && row.1 != CERTIFICATES) {
        for entry in list(&recent.join(row.1))? {
            newest = newest.max(entry.file_name().to_str().and_then(time_in));
        }
    }
    Ok(newest)
}

fn failed(path: &Path, error: io::Error) -> Error {
    Error { source: Arc::new(Source::file(path)), cause: Cause::Write(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_days_are_there_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [out, recent] = ["out", "recent"].map(|name| folder.path().join(name));
        let put = |path: PathBuf, text: &str| {
            fs::create_dir_all(path.parent().expect("it has one")).expect("it is writable");
            fs::write(path, text).expect("it is writable");
        };
        for day in ["26", "31"] {
            let name = format!("relay-descriptors/consensus/2024/12/{day}/2024-12-{day}-10-00-00-consensus");
            put(out.join(name), "x");
        }
        put(out.join("relay-descriptors/consensus/2025/01/01/2025-01-01-00-00-00-consensus"), "x");
        let descriptor = |number: u32, day: u32| {
            let text = format!(
                "@type server-descriptor 1.0\nrouter a{number} 1.2.3.4 1 0 0\npublished 2024-12-{day} 10:20:30\n"
            );
            put(out.join(format!("relay-descriptors/server-descriptor/2024/12/a/b/{number}")), &text);
            text
        };
        let texts = [descriptor(1, 31), descriptor(2, 31), descriptor(3, 20), descriptor(4, 30)];
        let place = recent.join("relay-descriptors");
        put(place.join("server-descriptors/2024-12-30-11-05-00-server-descriptors"), &texts[3]);
        put(place.join("server-descriptors/2024-12-20-11-05-00-server-descriptors"), &texts[2]);
        let now = Timestamp::parse(b"2025-01-01 00:30:00").expect("a time");
        let rebuilt = rebuild(&out, &recent, now, HOURS).expect("it is writable");
        assert_eq!(rebuilt, Rebuilt { added: 3, documents: 2, removed: 1 });
        let made =
            fs::read_to_string(place.join("server-descriptors/2024-12-31-11-00-00-server-descriptors"));
        assert_eq!(made.expect("it was made"), texts[..2].concat());
        assert_eq!(rebuild(&out, &recent, now, HOURS).expect("it is writable"), Rebuilt::default());
        // A year later, says the clock, but nothing new has come.
        let later = Timestamp(now.0 + 366 * 86400);
        let left = place.join("extra-infos/.2024-12-31-11-00-00-extra-infos.1.tmp");
        put(left.clone(), "half");
        assert_eq!(clean(&recent, later, HOURS).expect("it is writable").removed, 0);
        assert!(!left.exists(), "of a killed process");
        put(place.join("consensuses/2025-01-04-10-00-00-consensus"), "x");
        assert_eq!(clean(&recent, later, HOURS).expect("it is writable").removed, 4);
    }

    #[test]
    fn a_journal_brings_what_is_new_and_what_has_grown() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [out, recent, journal] = ["out", "recent", "journal"].map(|name| folder.path().join(name));
        let put = |path: &str, text: &str| {
            let path = out.join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("it is writable");
            // As staging does it: under another name first.
            fs::write(out.join("new"), text)
                .and_then(|()| fs::rename(out.join("new"), &path))
                .expect("it is writable");
            path.display().to_string()
        };
        let now = Timestamp::parse(b"2025-01-01 00:30:00").expect("a time");
        let extend = |paths: &[String]| {
            fs::write(&journal, paths.join("\n")).expect("it is writable");
            let rebuilt = extend(&out, &recent, &journal, now, HOURS).expect("it is writable");
            assert!(!journal.exists());
            rebuilt
        };
        let assignment = put("bridge-pool-assignments/2025/01/01/2025-01-01-00-10-00", "one");
        let old = put("bridge-pool-assignments/2024/01/01/2024-01-01-00-10-00", "old");
        let text =
            "@type bridge-server-descriptor 1.2\nrouter a 10.0.0.1 1 0 0\npublished 2024-12-31 20:00:00\n";
        let descriptor = put("bridge-descriptors/2024/12/server-descriptors/a/b/ab", text);
        let all = [assignment, old, descriptor, out.join("nothing").display().to_string()];
        assert_eq!(extend(&all), Rebuilt { added: 2, documents: 1, removed: 0 });
        let name =
            recent.join("bridge-descriptors/server-descriptors/2025-01-01-00-30-00-server-descriptors");
        assert_eq!(fs::read_to_string(name).expect("it was made"), text);
        assert_eq!(extend(&all), Rebuilt::default(), "a journal may be read twice");
        put("bridge-pool-assignments/2025/01/01/2025-01-01-00-10-00", "one and two");
        assert_eq!(extend(&all), Rebuilt::default());
        let grown = fs::read_to_string(recent.join("bridge-pool-assignments/2025-01-01-00-10-00"));
        assert_eq!(grown.expect("it is there"), "one and two");
    }

    #[test]
    fn microdescriptors_are_as_recent_as_the_consensus_that_was_first_to_list_them() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [out, recent] = ["out", "recent"].map(|name| folder.path().join(name));
        let put = |path: String, text: &str| {
            let path = out.join("relay-descriptors/microdesc").join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("it is writable");
            fs::write(path, text).expect("it is writable");
        };
        let texts = ["a", "b", "c"].map(|id| format!("onion-key\nid ed25519 {id}\n"));
        let digests = texts.each_ref().map(|text| <[u8; 32]>::from(Sha256::digest(text)));
        for (text, digest) in texts.iter().zip(digests) {
            let hex = const_hex::encode(digest);
            let text = format!("@type microdescriptor 1.0\n{text}");
            put(format!("2024/12/micro/{}/{}/{hex}", &hex[..1], &hex[1..2]), &text);
        }
        for (hour, listed) in [("28 00", 0..1), ("31 10", 0..2), ("31 11", 1..3)] {
            let mut text = "network-status-version 3 microdesc\n".to_owned();
            for (index, digest) in listed.clone().zip(&digests[listed]) {
                let digest =
                    base64::Engine::encode(&base64::engine::general_purpose::STANDARD_NO_PAD, digest);
                let identity = format!("{}A", "ABC"[index..=index].repeat(26));
                text += &format!("r n {identity} 2024-12-31 00:00:00 10.0.0.1 1 0\nm {digest}\ns Running\n");
            }
            let (day, hour) = hour.split_at(2);
            let name = format!("2024-12-{day}-{}-00-00-consensus-microdesc", hour.trim());
            put(format!("2024/12/consensus-microdesc/{day}/{name}"), &text);
        }
        let now = Timestamp::parse(b"2024-12-31 12:00:00").expect("a time");
        let rebuilt = rebuild(&out, &recent, now, HOURS).expect("it is writable");
        // Two consensuses, two files; the first descriptor was listed before.
        assert_eq!(rebuilt, Rebuilt { added: 4, documents: 2, removed: 0 });
        for (hour, text) in [(10, &texts[1]), (11, &texts[2])] {
            let name = format!("2024-12-31-{hour}-00-00-micro-2024-12");
            let made = fs::read_to_string(recent.join(microdescriptors::FOLDER).join(name));
            assert_eq!(made.expect("it was made"), format!("@type microdescriptor 1.0\n{text}"));
        }
        assert_eq!(rebuild(&out, &recent, now, HOURS).expect("it is writable"), Rebuilt::default());
    }
}
