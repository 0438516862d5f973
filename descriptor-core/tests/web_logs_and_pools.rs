//! Web server logs and pool assignments against what CollecTor 1.18.2 made of the same originals: names and bytes; and
//! that neither order nor portions nor repetition of the originals matter.
#![cfg(feature = "archive")]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use descriptor_core::{
    intake::{PoolFiles, PoolsReport, WebLogs, WebLogsReport},
    sanitize::Unpublished,
    schema::RuleSet,
};
use liblzma::bufread::XzDecoder;
use tempfile::TempDir;

const OLD: RuleSet = RuleSet::Collector1_18_2;

/// Files by their path, decompressed.
type Tree = BTreeMap<String, Vec<u8>>;

/// A path below the folder of real data, if that is there.
fn shared(path: &str) -> Option<PathBuf> {
    common::shared().map(|shared| shared.join(path))
}

/// Unpacks a tarball of the real data.
fn unpack(path: &str, folder: &Path) -> Option<PathBuf> {
    for (name, bytes) in common::unpack(&shared(path)?, "") {
        let target = folder.join(name);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, bytes).unwrap();
    }
    Some(folder.to_owned())
}

fn tree(root: &Path) -> Tree {
    let mut files = common::tree(root);
    for (_, bytes) in files.iter_mut().filter(|(path, _)| path.ends_with(".xz")) {
        let packed = std::mem::take(bytes);
        XzDecoder::new(&packed[..]).read_to_end(bytes).unwrap();
    }
    files
}

/// The same files with the same bytes, told shortly where not.
fn assert_same(made: &Tree, expected: &Tree) {
    let differs =
        |a: &Tree, b: &Tree| a.iter().filter(|it| b.get(it.0) != Some(it.1)).map(|it| it.0.clone()).collect();
    let (ours, theirs): (Vec<_>, Vec<_>) = (differs(made, expected), differs(expected, made));
    assert!(ours.is_empty() && theirs.is_empty(), "only ours: {ours:#?}, only theirs: {theirs:#?}");
}

/// Temporary folders for a run.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn tree(&self) -> Tree {
        let tree = tree(&self.at("out"));
        assert!(tree.keys().all(|path| !path.contains("staging")), "{:?}", tree.keys());
        tree
    }

    fn web_logs(&self, inputs: &[PathBuf], rules: RuleSet, limits: bool) -> WebLogsReport {
        let run = WebLogs { rules, limits, ..WebLogs::new(self.at("out"), self.at("state")) };
        run.run(inputs).unwrap()
    }

    fn pools(&self, inputs: &[PathBuf], rules: RuleSet) -> PoolsReport {
        let (state, quarantine) = (Some(self.at("state")), Some(self.at("quarantine")));
        PoolFiles { out: self.at("out"), state, quarantine, journal: None, rules }.run(inputs).unwrap()
    }
}

/// The files of a folder, in the order of their paths.
fn files(folder: &Path) -> Vec<PathBuf> {
    tree(folder).into_keys().map(|path| folder.join(path)).collect()
}

#[test]
fn web_logs_are_collectors_byte_for_byte() {
    let input = Place::new();
    let Some(root) = unpack("vectors/collector/inputs/stats-modules.tar.xz", &input.at("in")) else { return };
    let logs = root.join("in/webstats");
    for (set, limits, count) in [("stats-modules", true, 22), ("webstats-nolimits", false, 34)] {
        let answer = Place::new();
        let tarball = format!("vectors/collector/outputs/{set}.tar.xz");
        let answer = unpack(&tarball, &answer.at("answer")).unwrap();
        let mut expected = tree(&answer.join("out"));
        expected.retain(|path, _| path.starts_with("webstats/"));
        assert_eq!(expected.len(), count);

        let place = Place::new();
        let report = place.web_logs(std::slice::from_ref(&logs), OLD, limits);
        assert_same(&place.tree(), &expected);
        assert_eq!((report.written.len(), report.late, report.failed.len()), (count, 0, 0));
        // Without an ending, with a date that does not exist, without a host, and an error log.
        assert_eq!(report.ignored.len(), 4, "{:?}", report.ignored);
        // Again: nothing is read, nothing written. Without the state: all is read, nothing written.
        let again = place.web_logs(std::slice::from_ref(&logs), OLD, limits);
        assert_eq!((again.read, again.written.len(), again.unchanged), (0, 0, report.read));
        fs::remove_dir_all(place.at("state")).unwrap();
        assert_eq!(place.web_logs(std::slice::from_ref(&logs), OLD, limits).written, Vec::<String>::new());
        assert_same(&place.tree(), &expected);

        // Every file by itself, in another order and twice; with so little memory that lines go to files.
        let mut parts = files(&logs);
        parts.reverse();
        parts.extend_from_within(..);
        let place = Place::new();
        let run =
            WebLogs { rules: OLD, limits, memory: 1000, ..WebLogs::new(place.at("out"), place.at("state")) };
        let report = run.run(&parts).unwrap();
        assert!(report.spilled > 100);
        assert_same(&place.tree(), &expected);
    }
}

/// What the newest rules do otherwise, for each line of CollecTor's answer.
#[test]
fn the_newest_rules_differ_where_they_should() {
    let place = Place::new();
    let Some(root) = unpack("vectors/collector/inputs/stats-modules.tar.xz", &place.at("in")) else { return };
    let answer = unpack("vectors/collector/outputs/webstats-nolimits.tar.xz", &place.at("answer")).unwrap();
    let expected = tree(&answer.join("out"));
    let report = place.web_logs(&[root.join("in/webstats")], RuleSet::Current, false);
    let made = place.tree();
    // 31 February is no day.
    let missing: Vec<_> = expected.keys().filter(|path| !made.contains_key(*path)).collect();
    assert_eq!(missing.len(), 4);
    assert!(missing.iter().all(|path| path.ends_with("20260228.xz") || path.ends_with("20260301.xz")));
    for (path, ours) in &made {
        // A day may have lines by the newest rules alone.
        let theirs = expected.get(path).map_or(&[][..], Vec::as_slice);
        let lines = |text: &[u8]| {
            let mut counts: BTreeMap<String, i64> = BTreeMap::new();
            for line in String::from_utf8(text.to_vec()).unwrap().lines() {
                *counts.entry(line.to_owned()).or_default() += 1;
            }
            counts
        };
        let (ours, theirs) = (lines(ours), lines(theirs));
        for (line, count) in &theirs {
            // A query without a path, and a fragment, are not published.
            let is_cut = line.contains(" ?") || line.contains('#');
            assert_eq!(is_cut, ours.get(line) < Some(count), "{path}: {line}");
        }
        for (line, count) in &ours {
            let size: u64 = line.rsplit(' ').next().unwrap().parse().unwrap_or(0);
            let is_counted = size > 0x7fff_ffff
                || line.contains(" HTTP/2.0\"")
                || line.starts_with("0.0.0.0 ")
                || line.contains("GET /rs.html HTTP")
                || line.contains("HEAD /rs.html HTTP")
                // The log without an ending is read.
                || path.ends_with("www.example.org_web1.example.org_access.log_20260325.xz")
                || path.ends_with("www.example.org_web1.example.org_access.log_20260326.xz");
            assert!(theirs.get(line) >= Some(count) || is_counted, "{path}: {line}");
        }
    }
    assert_eq!(
        report.unpublished.values().sum::<u64>() + made.values().map(|text| lines_of(text)).sum::<u64>(),
        report.lines
    );
    assert!(Unpublished::ALL.iter().filter(|reason| report.unpublished.contains_key(reason)).count() >= 6);
}

fn lines_of(text: &[u8]) -> u64 {
    text.iter().filter(|b| **b == b'\n').count() as u64
}

/// SanitizeWeblogsTest: a single run, runs in order and in reverse order, a sliding window.
#[test]
fn four_days_give_two_however_they_come() {
    let Some(case) = shared("corpus/vectors-webstats-sanitizer/four-days") else { return };
    let expected: Tree = tree(&case.join("expected"));
    assert_eq!(expected.len(), 2);
    let logs = files(&case.join("in"));
    assert_eq!(logs.len(), 4);
    let runs: [&[&[usize]]; 4] = [
        &[&[0, 1, 2, 3]],
        &[&[0], &[0, 1], &[0, 1, 2], &[0, 1, 2, 3]],
        &[&[3], &[3, 2], &[1, 2, 3], &[0, 1, 2, 3]],
        &[&[0, 1, 2], &[1, 2, 3]],
    ];
    for rules in [OLD, RuleSet::Current] {
        for portions in runs {
            let place = Place::new();
            for portion in portions {
                // In the original test, the logs are compressed.
                let inputs: Vec<_> = portion
                    .iter()
                    .map(|&number| {
                        let name = logs[number].file_name().unwrap().to_str().unwrap();
                        let path = place.at(&format!("in/meronense.torproject.org/{name}.gz"));
                        if !path.exists() {
                            fs::create_dir_all(path.parent().unwrap()).unwrap();
                            let mut file = flate2::write::GzEncoder::new(
                                File::create(&path).unwrap(),
                                Default::default(),
                            );
                            file.write_all(&fs::read(&logs[number]).unwrap()).unwrap();
                            file.finish().unwrap();
                        }
                        path
                    })
                    .collect();
                place.web_logs(&inputs, rules, true);
            }
            let name = |path: &str| path.rsplit('/').next().unwrap().trim_end_matches(".xz").to_owned();
            let made = place.tree().into_iter().map(|(path, text)| (name(&path), text)).collect();
            assert_same(&made, &expected);
        }
    }
}

#[test]
fn a_log_that_cannot_be_read_holds_its_days_back_and_a_grown_one_is_read_again() {
    let place = Place::new();
    let folder = place.at("in/web1");
    fs::create_dir_all(&folder).unwrap();
    let line = |day: u32| {
        format!("1.2.3.4 - - [{day:02}/Mar/2026:01:02:03 +0000] \"GET /{day} HTTP/1.1\" 200 5 \"-\" \"-\"\n")
    };
    let path = |day: u32| folder.join(format!("a.example-access.log-202603{day:02}.log"));
    for day in 2..=9 {
        fs::write(path(day), line(day - 1) + &line(day)).unwrap();
    }
    // Half a gzip file.
    let whole = fs::read(path(5)).unwrap();
    fs::write(path(5), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]).unwrap();
    let report = place.web_logs(&[place.at("in")], RuleSet::Current, true);
    let days = |report: &WebLogsReport| {
        report.written.iter().map(|path| path[path.len() - 5..][..2].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((days(&report), report.failed.len()), (vec!["02".to_owned(), "03".into(), "07".into()], 1));
    fs::write(path(5), &whole).unwrap();
    let report = place.web_logs(&[place.at("in")], RuleSet::Current, true);
    assert_eq!(days(&report), ["04", "05", "06"]);
    // 4 and 6 are in logs that were read before; what is in them of days that are written is not counted again.
    assert_eq!((report.failed.len(), report.late), (0, 0));
    for (path, text) in place.tree() {
        assert_eq!(lines_of(&text), 2, "{path}");
    }
    // A log that has grown is read, and its lines of a written day are reported.
    fs::write(path(3), line(2) + &line(3) + &line(3)).unwrap();
    let report = place.web_logs(&[place.at("in")], RuleSet::Current, true);
    assert_eq!((report.read, report.late, report.written.len()), (1, 3, 0));
}

#[test]
fn pool_assignments_are_collectors_byte_for_byte() {
    let input = Place::new();
    let Some(root) = unpack("vectors/collector/inputs/stats-modules.tar.xz", &input.at("in")) else { return };
    let answer = unpack("vectors/collector/outputs/stats-modules.tar.xz", &input.at("answer")).unwrap();
    let mut expected = tree(&answer.join("out"));
    expected.retain(|path, _| path.starts_with("bridge-pool-assignments/"));
    assert_eq!(expected.len(), 12);
    let folder = root.join("in/bridge-pool-assignments");

    let place = Place::new();
    let report = place.pools(std::slice::from_ref(&folder), OLD);
    assert_same(&place.tree(), &expected);
    assert_eq!((report.written, report.read, report.ignored.len()), (12, 10, 1));
    let again = place.pools(std::slice::from_ref(&folder), OLD);
    assert_eq!((again.read, again.unchanged, again.written), (0, 10, 0));
    let mut parts: Vec<_> = files(&folder);
    parts.retain(|path| !path.ends_with("other.log"));
    parts.reverse();
    parts.extend_from_within(..);
    let place = Place::new();
    place.pools(&parts, OLD);
    assert_same(&place.tree(), &expected);

    // What CollecTor has let through is refused line by line; what the newest rules publish of its lines is the same.
    let place = Place::new();
    let report = place.pools(std::slice::from_ref(&folder), RuleSet::Current);
    let made = place.tree();
    assert!(expected.keys().all(|path| made.contains_key(path)));
    for (path, theirs) in &expected {
        let theirs: Vec<_> = theirs.split(|&b| b == b'\n').collect();
        let ours = made[path].split(|&b| b == b'\n').collect::<Vec<_>>();
        // After a line that CollecTor stops at, and of a first block that it replaces, there is more.
        let stops = ["23-00-00", "23-10-00", "20-00-00"].iter().any(|time| path.ends_with(time));
        for line in &ours {
            assert!(stops || theirs.contains(line), "{path}: {}", String::from_utf8_lossy(line));
        }
        for line in &theirs {
            let text = String::from_utf8_lossy(line);
            let refused = ["café", "\t", " never", " second", " third", " long fingerprint"]
                .iter()
                .any(|it| text.contains(it));
            assert_eq!(refused, !ours.contains(line), "{path}: {text}");
        }
    }
    // Originals of what was refused are kept and can be read again; the same comes out.
    assert!(report.refused.len() > 10 && report.counts.values().sum::<u64>() == report.refused.len() as u64);
    let kept = place.at("quarantine/bridge-pool-assignments");
    assert!(files(&kept).len() > 10);
    let retried = place.pools(&[kept], RuleSet::Current);
    assert_eq!((retried.written, retried.grown), (0, 0));
    assert_same(&place.tree(), &made);
}

#[test]
fn what_was_refused_of_assignments_comes_back_when_the_rules_know_it() {
    let place = Place::new();
    let lines = |bad: &str| {
        let (good, other) = ("1".repeat(40), "2".repeat(40));
        format!("bridge-pool-assignment 2026-03-01 00:00:00\n{good} email\n{bad}{other} https\n")
    };
    let path = place.at("assignments.log");
    fs::write(&path, lines(&format!("{} email\n", "Z".repeat(40)))).unwrap();
    // CollecTor's rules refuse the block for one fingerprint.
    let report = place.pools(std::slice::from_ref(&path), OLD);
    assert_eq!((report.written, report.refused.len(), report.is_clean()), (0, 1, false));
    let kept = || tree(&place.at("quarantine"));
    let retry = |rules| {
        let quarantine = Some(place.at("quarantine"));
        PoolFiles { out: place.at("out"), state: None, quarantine, journal: None, rules }.retry().unwrap()
    };
    let before = kept();
    assert_eq!((before.len(), retry(OLD).read), (2, 1));
    assert_eq!(kept(), before);
    // The newest refuse the line alone, which stays.
    let report = retry(RuleSet::Current);
    assert_eq!((report.written, report.refused.len()), (1, 1));
    let after = kept();
    assert_eq!(after.len(), 2);
    assert!(after.keys().all(|name| !before.contains_key(name)), "{:?}", after.keys());
    assert_eq!(lines_of(place.tree().values().next().unwrap()), 4);
    assert_eq!(retry(RuleSet::Current).written, 0);
    assert_eq!(kept().into_keys().collect::<Vec<_>>(), after.into_keys().collect::<Vec<_>>());
}

#[test]
fn what_does_not_get_into_an_assignment_stays_in_the_quarantine() {
    let place = Place::new();
    let path = place.at("assignments.log");
    let (good, bad) = ("1".repeat(40), "3".repeat(40));
    let text = format!("bridge-pool-assignment 2026-03-01 00:00:00\n{good} email\n{bad} never-heard-of=1\n");
    fs::write(&path, text).unwrap();
    assert_eq!(place.pools(std::slice::from_ref(&path), RuleSet::Current).refused.len(), 1);
    let (kept, whole) = (tree(&place.at("quarantine")), place.tree());
    // CollecTor's rules take the line, but an assignment that is there does not grow by them.
    let retry = || {
        let quarantine = Some(place.at("quarantine"));
        PoolFiles { out: place.at("out"), state: None, quarantine, journal: None, rules: OLD }
            .retry()
            .unwrap()
    };
    assert_eq!(retry().present, 1);
    assert_eq!((tree(&place.at("quarantine")), place.tree()), (kept, whole));
    fs::remove_dir_all(place.at("out")).unwrap();
    assert_eq!((retry().written, tree(&place.at("quarantine")).len()), (1, 0));
}

#[test]
fn a_file_of_assignments_without_a_beginning_ends_nothing() {
    let place = Place::new();
    let Some(root) = unpack("vectors/collector/inputs/pool-nostart.tar.xz", &place.at("in")) else { return };
    let report = place.pools(std::slice::from_ref(&root), OLD);
    assert_eq!((report.read, report.written, report.refused.len()), (1, 0, 1));
    fs::remove_dir_all(place.at("state")).unwrap();
    // The newest rules go on at the header.
    let report = place.pools(&[root], RuleSet::Current);
    assert_eq!((report.read, report.written), (1, 1));
}

#[test]
fn assignments_may_come_in_any_portions() {
    let Some(original) = shared("corpus/bridge-pool-assignment/2014-12-01-00-08-38-first60pct") else {
        return;
    };
    let text = fs::read_to_string(original).unwrap();
    let text = text.split_once('\n').unwrap().1;
    let lines: Vec<_> = text.split_inclusive('\n').filter(|line| line.ends_with('\n')).collect();
    let (header, lines) = lines.split_first().unwrap();
    let whole = Place::new();
    let write = |place: &Place, name: &str, lines: &[&str]| {
        let path = place.at(name);
        fs::write(&path, (*header).to_owned() + &lines.concat()).unwrap();
        path
    };
    let path = write(&whole, "assignments.log", lines);
    assert_eq!(whole.pools(&[path], RuleSet::Current).refused, []);
    let expected = whole.tree();
    assert_eq!(
        lines_of(&expected["bridge-pool-assignments/2014/12/01/2014-12-01-00-08-38"]),
        2 + lines.len() as u64
    );

    // Overlapping portions, backwards, in two runs.
    let parts = Place::new();
    let (a, b, c) = (lines.len() / 3, lines.len() / 2, lines.len() * 3 / 4);
    let paths =
        [write(&parts, "b", &lines[b..]), write(&parts, "c", &lines[a..c]), write(&parts, "a", &lines[..b])];
    parts.pools(&paths[..1], RuleSet::Current);
    let report = parts.pools(&paths[1..], RuleSet::Current);
    assert!(report.grown > 0);
    assert_same(&parts.tree(), &expected);

    // A file that grows, cut off within a line.
    let grows = Place::new();
    let path = write(&grows, "assignments.log", lines);
    let all = fs::read(&path).unwrap();
    for part in [1, 2, 3, 4].map(|quarter| all.len() * quarter / 4) {
        fs::write(&path, &all[..part]).unwrap();
        assert_eq!(grows.pools(std::slice::from_ref(&path), RuleSet::Current).read, 1);
    }
    assert_same(&grows.tree(), &expected);
}
