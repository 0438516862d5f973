//! Which tarballs there are: their names, what of the tree is in them, and where they lie (collector §10).

use std::{fs, io, path::Path};

use crate::value::Timestamp;

/// A kind of tarball.
#[derive(Debug)]
pub(super) struct Row {
    /// What its name begins with.
    name: &'static str,
    /// The folder in the tree; `Y` and `M` stand for year and month, `*` for any folder, whose name is kept.
    from: &'static str,
    /// The folder in the archive.
    place: &'static str,
}

const fn row(name: &'static str, from: &'static str, place: &'static str) -> Row {
    Row { name, from, place }
}

// A new kind is one line here. What has a `*` is compressed already, and its tarball is not.
const ROWS: &[Row] = &[
    row("consensuses", "relay-descriptors/consensus/Y/M", "relay-descriptors/consensuses"),
    row("votes", "relay-descriptors/vote/Y/M", "relay-descriptors/votes"),
    row("microdescs", "relay-descriptors/microdesc/Y/M", "relay-descriptors/microdescs"),
    row(
        "server-descriptors",
        "relay-descriptors/server-descriptor/Y/M",
        "relay-descriptors/server-descriptors",
    ),
    row("extra-infos", "relay-descriptors/extra-info/Y/M", "relay-descriptors/extra-infos"),
    row("bandwidths", "relay-descriptors/bandwidth/Y/M", "relay-descriptors/bandwidths"),
    row("certs", "relay-descriptors/certs", "relay-descriptors"),
    row("bridge-statuses", "bridge-descriptors/Y/M/statuses", "bridge-descriptors/statuses"),
    row(
        "bridge-server-descriptors",
        "bridge-descriptors/Y/M/server-descriptors",
        "bridge-descriptors/server-descriptors",
    ),
    row("bridge-extra-infos", "bridge-descriptors/Y/M/extra-infos", "bridge-descriptors/extra-infos"),
    row("bridge-pool-assignments", "bridge-pool-assignments/Y/M", "bridge-pool-assignments"),
    row("exit-list", "exit-lists/Y/M", "exit-lists"),
    row("torperf", "torperf/Y/M", "torperf"),
    row("onionperf", "onionperf/Y/M", "onionperf"),
    row("snowflakes", "snowflakes/Y/M", "snowflakes"),
    row("bridgedb-metrics", "bridgedb-metrics/Y/M", "bridgedb-metrics"),
    row("bridgestrap", "bridgestrap/Y/M", "bridgestrap"),
    row("webstats", "webstats/*/Y/M", "webstats"),
];

/// A tarball that a tree has something for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tarball {
    /// Its name without an ending, which is also the top folder within.
    pub(super) name: String,
    /// The folder in the archive.
    pub(super) place: &'static str,
    /// Year and month; `None` for one that never ends.
    pub(super) month: Option<(i64, u32)>,
    /// Whether it is compressed.
    pub(super) compressed: bool,
    /// Folders of the tree, and where what is in them lies below the top folder: empty, or with `/` at its end.
    pub(super) folders: Vec<(String, String)>,
}

impl Tarball {
    /// Path of the tarball below the archive's root.
    pub(super) fn path(&self) -> String {
        format!("{}/{}.tar{}", self.place, self.name, if self.compressed { ".xz" } else { "" })
    }

    /// The first second of its month.
    pub(super) fn begin(&self) -> Option<Timestamp> {
        self.month.and_then(|(year, month)| first_second(year, month))
    }

    /// The first second after its month.
    pub(super) fn end(&self) -> Option<Timestamp> {
        let (year, month) = self.month?;
        if month == 12 { first_second(year + 1, 1) } else { first_second(year, month + 1) }
    }
}

fn first_second(year: i64, month: u32) -> Option<Timestamp> {
    let text = format!("{year:04}-{month:02}-01 00:00:00");
    Timestamp::parse(text.as_bytes().try_into().ok()?)
}

/// The tarball of a name, of a tree that has nothing for it.
pub(super) fn of_name(name: &str) -> Option<Tarball> {
    let (kind, month) = match name.rsplitn(3, '-').collect::<Vec<_>>()[..] {
        [month, year, kind] if month.len() == 2 && year.len() == 4 => {
            (kind, Some((year.parse().ok()?, month.parse().ok().filter(|month| (1..=12).contains(month))?)))
        }
        _ => (name, None),
    };
    let row = ROWS.iter().find(|row| row.name == kind && row.from.contains('Y') == month.is_some())?;
    let (name, compressed) = (name.to_owned(), !row.from.contains('*'));
    Some(Tarball { name, place: row.place, month, compressed, folders: Vec::new() })
}

/// All tarballs for which a tree has folders, in the order of their names.
pub(super) fn tarballs(out: &Path) -> io::Result<Vec<Tarball>> {
    let mut found: Vec<Tarball> = Vec::new();
    for row in ROWS {
        let parts: Vec<&str> = row.from.split('/').collect();
        let mut matches = Vec::new();
        descend(out, &parts, &mut Match::default(), &mut matches)?;
        for Match { path, kept, year, month } in matches {
            let month = year.zip(month);
            let name = match month {
                Some((year, month)) => format!("{}-{year:04}-{month:02}", row.name),
                None => row.name.to_owned(),
            };
            // Below a kept folder the year and month are kept too, as in CollecTor's tarballs of web logs.
            let below = kept.map_or(String::new(), |kept| match month {
                Some((year, month)) => format!("{kept}/{year:04}/{month:02}/"),
                None => format!("{kept}/"),
            });
            match found.iter_mut().find(|tarball| tarball.name == name) {
                Some(tarball) => tarball.folders.push((path, below)),
                None => found.push(Tarball {
                    name,
                    place: row.place,
                    month,
                    compressed: !row.from.contains('*'),
                    folders: vec![(path, below)],
                }),
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

#[derive(Debug, Clone, Default)]
struct Match {
    path: String,
    kept: Option<String>,
    year: Option<i64>,
    month: Option<u32>,
}

fn descend(out: &Path, parts: &[&str], so_far: &mut Match, matches: &mut Vec<Match>) -> io::Result<()> {
    let Some((part, rest)) = parts.split_first() else {
        matches.push(so_far.clone());
        return Ok(());
    };
    let names = match *part {
        "Y" | "M" | "*" => folders(&out.join(&so_far.path))?,
        name if out.join(&so_far.path).join(name).is_dir() => vec![name.to_owned()],
        _ => return Ok(()),
    };
    for name in names {
        let mut next = so_far.clone();
        match *part {
            "Y" => match name.parse() {
                Ok(year) if name.len() == 4 => next.year = Some(year),
                _ => continue,
            },
            "M" => match name.parse() {
                Ok(month @ 1..=12) if name.len() == 2 => next.month = Some(month),
                _ => continue,
            },
            "*" => next.kept = Some(name.clone()),
            _ => {}
        }
        if !next.path.is_empty() {
            next.path.push('/');
        }
        next.path.push_str(&name);
        descend(out, rest, &mut next, matches)?;
    }
    Ok(())
}

/// The folders in a folder, in order. Those that are hidden or no text are passed over.
fn folders(path: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string()
            && !name.starts_with('.')
            && entry.path().is_dir()
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_found_and_named_as_collector_names_them() {
        let out = tempfile::tempdir().expect("a temporary folder");
        for folder in [
            "relay-descriptors/consensus/2024/12/31",
            "relay-descriptors/consensus/2024/13",
            "relay-descriptors/consensus/.staging-x/12",
            "relay-descriptors/certs",
            "bridge-descriptors/2024/02/statuses/01",
            "exit-lists/2025/01",
            "webstats/www/2024/12/01",
            "webstats/blog/2024/12/01",
        ] {
            fs::create_dir_all(out.path().join(folder)).expect("it is writable");
        }
        let found = tarballs(out.path()).expect("it is readable");
        let paths: Vec<_> = found.iter().map(Tarball::path).collect();
        assert_eq!(
            paths,
            [
                "bridge-descriptors/statuses/bridge-statuses-2024-02.tar.xz",
                "relay-descriptors/certs.tar.xz",
                "relay-descriptors/consensuses/consensuses-2024-12.tar.xz",
                "exit-lists/exit-list-2025-01.tar.xz",
                "webstats/webstats-2024-12.tar",
            ]
        );
        let folders = [("webstats/blog/2024/12", "blog/2024/12/"), ("webstats/www/2024/12", "www/2024/12/")];
        assert_eq!(found[4].folders, folders.map(|(from, to)| (from.to_owned(), to.to_owned())));
        for tarball in &found {
            let empty = Tarball { folders: Vec::new(), ..tarball.clone() };
            assert_eq!(of_name(&tarball.name), Some(empty));
        }
        assert_eq!(
            [of_name("certs-2024-12"), of_name("votes"), of_name("votes-2024-13")],
            [None, None, None]
        );
        assert_eq!(found[2].end(), Timestamp::parse(b"2025-01-01 00:00:00"));
    }
}
