//! Tarballs of small trees.

use std::{fs, io::Read};

use super::{ledger::read_members, *};

const NOW: Timestamp = Timestamp(1_584_000_000); // 2020-03-12
const LATER: Timestamp = Timestamp(1_586_500_000); // 2020-04-10

fn text(number: u32, kib: usize) -> Vec<u8> {
    // Random enough that a few of them are not small, and that nothing is found twice.
    let mut seed = u64::from(number) + 1;
    let mut bytes = format!(
        "@type server-descriptor 1.0\nrouter a 1.2.3.4 1 0 0\npublished 2020-03-{:02} 10:00:00\n",
        number % 28 + 1
    )
    .into_bytes();
    for _ in 0..kib * 16 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        bytes.extend(format!("opt {:060x}\n", seed >> 7).bytes());
    }
    bytes
}

struct Place {
    folder: tempfile::TempDir,
    tarballs: Tarballs,
}

const NAME: &str = "relay-descriptors/server-descriptors/server-descriptors-2020-03.tar.xz";

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [out, archive, state] = ["out", "archive", "state"].map(|name| folder.path().join(name));
        fs::create_dir(&out).expect("it is writable");
        Place {
            folder,
            tarballs: Tarballs { out, archive, state, settle: SETTLE, small: 64 << 10, threads: 2 },
        }
    }

    fn file(&self, number: u32) -> PathBuf {
        let digest = const_hex::encode(Sha256::digest(number.to_le_bytes()));
        let folder =
            format!("relay-descriptors/server-descriptor/2020/03/{}/{}", &digest[..1], &digest[1..2]);
        self.tarballs.out.join(folder).join(&digest[..40])
    }

    fn put(&self, numbers: impl IntoIterator<Item = u32>, kib: usize) {
        for number in numbers {
            let path = self.file(number);
            fs::create_dir_all(path.parent().expect("it has one")).expect("it is writable");
            fs::write(&path, text(number, kib)).expect("it is writable");
        }
    }

    fn update(&self, now: Timestamp) -> Vec<Made> {
        let report = self.tarballs.update(now).expect("nobody else is at it");
        assert!(report.failed.is_empty(), "{:?}", report.failed);
        report.made
    }

    fn members(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        read_members(&self.tarballs.archive.join(NAME), |name, contents| {
            let mut bytes = Vec::new();
            contents.read_to_end(&mut bytes)?;
            found.push((name.to_owned(), bytes));
            Ok(())
        })
        .expect("it is whole");
        found
    }

    fn tarball(&self) -> Vec<u8> {
        fs::read(self.tarballs.archive.join(NAME)).expect("it is there")
    }
}

#[test]
fn a_month_is_extended_finished_and_extended_again() {
    let place = Place::new();
    place.put(0..40, 4);
    let made = place.update(NOW);
    assert_eq!((made.len(), made[0].how, made[0].members), (1, How::Extended, 40));
    let first = place.tarball();
    assert!(place.update(NOW).is_empty());
    place.put(40..43, 1);
    assert_eq!(place.update(NOW)[0].how, How::Extended);
    // All but the end is as it was.
    assert!(place.tarball().starts_with(&first[..first.len() - 200]));
    let mut members = place.members();
    assert!(!members.is_sorted());
    assert_eq!(place.update(LATER)[0].how, How::Finished);
    members.sort();
    assert!(place.members() == members);
    assert!(place.update(LATER).is_empty());
    place.put([50], 1);
    assert_eq!(place.update(LATER)[0].how, How::Extended);
    assert!(place.update(LATER).is_empty());
    // It is finished also if the tree has nothing more of it.
    let deleted = place.tarballs.delete(LATER, NOW).expect("nobody else is at it");
    assert_eq!((deleted.files, deleted.held), (44, 0));
    assert_eq!(place.update(Timestamp(LATER.0 + SETTLE))[0].how, How::Finished);
    let other = Place::new();
    other.put([50], 1);
    other.put((0..40).rev(), 4);
    other.put(40..43, 1);
    assert_eq!(other.update(LATER)[0].how, How::Finished);
    assert!(other.tarball() == place.tarball());
    drop(place.folder);
}

#[test]
fn many_small_blocks_become_one() {
    let place = Place::new();
    place.put(0..40, 4);
    place.update(NOW);
    let path = place.tarballs.archive.join(NAME);
    let blocks = || {
        let mut file = File::open(&path).expect("it is there");
        blocks::read_blocks(&mut file).expect("it is readable").expect("it is one stream").len()
    };
    let mut most = 0;
    for number in 40..70 {
        place.put([number], 1);
        assert_eq!(place.update(NOW)[0].how, How::Extended);
        most = most.max(blocks());
        if number == 50 {
            // Some members are in the tarball only.
            let deleted = place.tarballs.delete(LATER, NOW).expect("nobody else is at it");
            assert_eq!((deleted.files, deleted.held), (51, 0));
        }
    }
    assert_eq!((most, blocks()), (25, 8));
    let mut members = place.members();
    members.sort();
    assert!(members.len() == 70 && members.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert!((0..70).all(|number| {
        let wanted = text(number, if number < 40 { 4 } else { 1 });
        members.iter().any(|(_, bytes)| *bytes == wanted)
    }));
}

#[test]
fn only_what_a_tarball_holds_is_deleted() {
    let place = Place::new();
    place.put(0..20, 1);
    place.update(NOW);
    place.put(20..22, 1);
    fs::write(place.file(3), "other bytes").expect("it is writable");
    let gone = |number| !place.file(number).exists();
    // Numbers 0 to 9 are of the first ten days; 3 has other bytes, and what no tarball holds has no known time.
    let before = Timestamp(1_583_884_800); // 2020-03-11
    let deleted = place.tarballs.delete(before, NOW).expect("nobody else is at it");
    assert_eq!((deleted.files, deleted.held, deleted.failed.len()), (9, 1, 0));
    assert!((0..10).all(|number| gone(number) == (number != 3)) && !gone(10) && !gone(21));
    let deleted = place.tarballs.delete(LATER, NOW).expect("nobody else is at it");
    assert_eq!((deleted.files, deleted.held), (10, 3));
    // What is gone from the tree stays in the tarball.
    let made = place.update(NOW);
    assert_eq!((made[0].added, made[0].members), (3, 22));
    let members = place.members();
    assert!(members.len() == 22 && members.is_sorted());
    assert_eq!(place.tarballs.delete(LATER, NOW).expect("nobody else is at it").files, 3);
    assert!(!place.tarballs.out.join("relay-descriptors").exists());
}

#[test]
fn a_clock_that_jumps_a_year_ahead_ages_nothing() {
    let place = Place::new();
    let year = Timestamp(NOW.0 + 366 * 86400);
    let delete = |days: i64| {
        let deleted = place.tarballs.delete(Timestamp(year.0 - days * 86400), year);
        deleted.expect("nobody else is at it").files
    };
    place.put(0..20, 4);
    place.update(NOW);
    // Two that no tarball holds, among those that one does.
    place.put(20..22, 4);
    // The newest one is of the 20th, and what is older than 49 or 5 days is older than that by so many.
    assert_eq!((delete(49), delete(5)), (0, 14));
    assert!((0..22).all(|number| place.file(number).exists() == (number >= 14)));
    assert_eq!((delete(0), delete(-400)), (5, 1));
    assert!((0..22).all(|number| place.file(number).exists() == (number >= 20)), "none holds these");
    // Nor does it keep a month from being finished when it is put right.
    assert_eq!(place.update(year)[0].how, How::Extended);
    assert_eq!(place.update(LATER)[0].how, How::Finished);
    assert_eq!(place.members().len(), 22);
}

#[test]
fn a_damaged_tarball_deletes_nothing_and_a_lost_ledger_is_made_anew() {
    let place = Place::new();
    place.put(0..5, 1);
    place.update(NOW);
    let path = place.tarballs.archive.join(NAME);
    let kept = place.tarballs.state.join("server-descriptors-2020-03.members");
    let ledger = Ledger::load(&kept).expect("it was saved");
    fs::remove_file(&kept).expect("it is there");
    assert!(place.update(NOW).is_empty());
    let again = Ledger::load(&kept).expect("it was made anew");
    assert_eq!((again.digest, &again.facts, again.finished), (ledger.digest, &ledger.facts, true));
    let mut bytes = place.tarball();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).expect("it is writable");
    let deleted = place.tarballs.delete(LATER, NOW).expect("nobody else is at it");
    assert_eq!((deleted.files, deleted.failed.len()), (0, 1));
    assert!((0..5).all(|number| place.file(number).exists()));
}

#[test]
fn one_process_at_a_time_and_leftovers_go() {
    let place = Place::new();
    place.put(0..3, 1);
    let lock = place.tarballs.lock().expect("nobody else is at it");
    assert!(place.tarballs.update(NOW).is_err());
    drop(lock);
    let path = place.tarballs.archive.join(NAME);
    let left = path.with_file_name(".server-descriptors-2020-03.tar.xz.99.tmp");
    fs::create_dir_all(path.parent().expect("it has one")).expect("it is writable");
    fs::write(&left, "half").expect("it is writable");
    place.update(NOW);
    assert!(!left.exists() && path.exists());
}
