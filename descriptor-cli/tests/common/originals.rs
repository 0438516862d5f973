//! Made-up originals: snapshots of a bridge authority, bridge pool assignments, logs of a web server.

use std::{
    fs,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

use super::write;

/// An address that nobody may read.
pub(crate) const ADDRESS: &str = "192.0.2.77";

/// The bridge authority that makes the snapshots.
pub(crate) const AUTHORITY: &str = "BA44A889E64B93FAA2B114E02C2A279A8555C533";

/// A made-up server descriptor of the bridge of this number, and its extra-info.
fn descriptor(number: u32, published: &str) -> (String, String) {
    let fingerprint = format!("{:040X}", u128::from(number) << 64 | 0xABCD);
    let groups: Vec<_> = (0..10).map(|at| &fingerprint[4 * at..4 * at + 4]).collect();
    let signature = "router-signature\n-----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n";
    let server = format!(
        "router bridge{number} 192.0.2.{} 9001 0 0\nplatform Tor 0.4.8.12 on Linux\npublished {published}\n\
         fingerprint {}\nuptime 7\nbandwidth 1 2 3\nreject *:*\n{signature}",
        number % 250 + 1,
        groups.join(" ")
    );
    (server, format!("extra-info bridge{number} {fingerprint}\npublished {published}\n{signature}"))
}

/// The snapshot of an hour of March 2026: some bridges of before, some new ones.
pub(crate) fn snapshot(hour: u32, extra: &str) -> Vec<(&'static str, String)> {
    let (mut servers, mut extra_infos) = (String::new(), String::new());
    let mut status = format!("published 2026-{}:10:00\nflag-thresholds stable-uptime=0\n", time(hour));
    status += &format!("fingerprint {AUTHORITY}\n");
    for number in hour * 4..hour * 4 + 12 {
        // Bridge 4 is of the last minutes of February, so that two months need a secret.
        let published = if number == 4 {
            "2026-02-28 23:59:00".to_owned()
        } else {
            format!("2026-{}:00:00", time(number / 4))
        };
        let (server, extra_info) = descriptor(number, &published);
        servers += &format!("@purpose bridge\n{server}");
        extra_infos += &extra_info;
        let identity = base64(number as u8);
        status += &format!(
            "r bridge{number} {identity} {identity} {published} 192.0.2.{} 9001 0\ns Running\n{extra}",
            number % 250 + 1
        );
    }
    vec![
        ("networkstatus-bridges", status),
        ("bridge-descriptors", servers),
        ("cached-extrainfo", extra_infos),
    ]
}

fn time(hour: u32) -> String {
    format!("03-{:02} {:02}", 1 + hour / 24, hour % 24)
}

/// Twenty bytes of a number in base64.
fn base64(number: u8) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = "AQ".to_owned();
    text.push(letters[usize::from(number) / 52] as char);
    text.push(letters[usize::from(number) % 52] as char);
    text + &"A".repeat(23)
}

/// The tarball of an hour, as the authority sends it.
pub(crate) fn tarball(folder: &Path, hour: u32, members: &[(&str, String)]) -> PathBuf {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, name, text.as_bytes()).expect("a vector takes all");
    }
    let bytes = archive.into_inner().and_then(GzEncoder::finish).expect("a vector takes all");
    let path = folder.join(format!("from-serge-2026-{}1500Z.tar.gz", time(hour).replace(' ', "T")));
    fs::write(&path, bytes).expect("it is writable");
    path
}

/// Which of so many bridges are given out how.
pub(crate) fn pools(folder: &Path, bridges: u32) {
    let mut text = "bridge-pool-assignment 2026-03-01 01:02:03\n".to_owned();
    for number in 0..bridges {
        text += &format!("{number:040x} email ip=4 flag=stable\n");
    }
    write(folder, "in/pools/assignments.log", text.as_bytes());
}

/// Six days of a web server.
pub(crate) fn logs(folder: &Path) {
    for day in 1..=6 {
        let line = format!(
            "{ADDRESS} - - [{day:02}/Mar/2026:01:02:03 +0000] \"GET /{day} HTTP/1.1\" 200 5 \"-\" \"curl\"\n"
        );
        write(folder, &format!("in/logs/web1/a.example-access.log-202603{day:02}"), line.as_bytes());
    }
}
