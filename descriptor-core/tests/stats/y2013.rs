//! The files of 2013.

use std::{collections::BTreeSet, fs};

use descriptor_core::stats::{Name, Options, Profile};

use crate::{GENERATED, same};

#[test]
fn servers_of_2013() {
    let (Some(folder), Some(partials)) = (GENERATED.folder(), GENERATED.partials(&[Name::Servers2013]))
    else {
        return;
    };
    let options = Options { profile: Profile::Y2013, ..GENERATED.options() };
    let (tables, _) = partials.tables(&options);
    same(&folder.join("2013/servers.csv"), &tables.get("servers").expect("a table").to_csv());
}

#[test]
fn bandwidth_and_connections_of_2013() {
    let names = [Name::Bandwidth2013, Name::Connections2013];
    let (Some(folder), Some(partials)) = (GENERATED.folder(), GENERATED.partials(&names)) else { return };
    let options = Options { profile: Profile::Y2013, ..GENERATED.options() };
    let (tables, _) = partials.tables(&options);
    for module in ["bandwidth", "connbidirect"] {
        same(&folder.join(format!("2013/{module}.csv")), &tables.get(module).expect("a table").to_csv());
    }
}

/// Rows whose keys are equal, for names of sources were cut, came in any order.
#[test]
fn torperf_of_2013() {
    let (Some(folder), Some(partials)) = (GENERATED.folder(), GENERATED.partials(&[Name::Performance]))
    else {
        return;
    };
    let options = Options { profile: Profile::Y2013, ..GENERATED.options() };
    let (tables, _) = partials.tables(&options);
    let theirs = fs::read_to_string(folder.join("2013/torperf.csv")).expect("it is readable");
    let key = |line: &str| line.splitn(4, ',').take(3).map(str::to_owned).collect::<Vec<_>>();
    let ours = tables.get("torperf").expect("a table").to_csv();
    assert_eq!(ours.lines().map(key).collect::<Vec<_>>(), theirs.lines().map(key).collect::<Vec<_>>());
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(sorted(&ours), sorted(&theirs));
}

/// The state of 2013: users, and between what bounds the detector expected them.
#[test]
fn users_of_2013() {
    let (Some(folder), Some(partials)) = (GENERATED.folder(), GENERATED.partials(&[Name::Users])) else {
        return;
    };
    let options = Options { profile: Profile::Y2013, ..GENERATED.options() };
    let (tables, _) = partials.tables(&options);
    let table = |name: &str| tables.get(name).expect("a table").to_csv();
    for name in ["userstats-detector", "userstats-ranges"] {
        same(&folder.join(format!("2013/{name}.csv")), &table(name));
    }
    for name in ["userstats", "clients"] {
        let path = folder.join(format!("2013/{name}.csv"));
        let theirs = fs::read_to_string(path).expect("it is readable").replace("\"\"", "");
        let ours = table(name);
        // R's factors decide the originals' order.
        let set = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        let (ours, theirs) = (set(&ours), set(&theirs));
        let differing: Vec<_> = ours.symmetric_difference(&theirs).take(10).collect();
        assert!(differing.is_empty(), "{differing:#?}");
    }
}
