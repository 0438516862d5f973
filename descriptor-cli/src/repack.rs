//! `tordesc repack`: any compression to zstd.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use descriptor_core::archive::{Input, Progress, Repacked, files, repack};

use crate::{
    cli::{Global, Repack},
    exit::{Failure, Outcome},
    figures::{bytes, percent},
    progress::Meter,
    reading::{complain, describe},
};

/// What is read, and what is written.
type Pair = (PathBuf, PathBuf);

/// Repacks each file; those that fail do not keep the others.
pub(crate) fn run(args: &Repack, global: Global) -> Result<Outcome, Failure> {
    let (pairs, mut failed) = pairs(args, global)?;
    let progress = Arc::new(Progress::default());
    let sizes = pairs.iter().map(|(from, _)| fs::metadata(from).map(|known| known.len()).ok());
    progress.set_total(sizes.sum());
    let meter = Meter::start(global, false, Arc::clone(&progress));
    let (mut done, mut written) = (0, HashSet::new());
    for (from, to) in &pairs {
        let is_file = fs::metadata(to).is_ok_and(|known| known.is_file());
        let again = args.output.is_some() && !written.insert(to);
        if again || is_file && !args.force {
            let why =
                if again { "another file has this name" } else { "exists already; --force replaces it" };
            complain(global, &format!("{}: {why}", to.display()));
            failed += 1;
            continue;
        }
        if let Some(folder) = args.output.as_ref().and(to.parent()) {
            fs::create_dir_all(folder).map_err(|error| Failure::at(folder, &error))?;
        }
        match repack(from, to, args.level, Some(&progress)) {
            Ok(repacked) => {
                done += 1;
                if global.quiet == 0 {
                    complain(global, &line(to, repacked));
                }
            }
            Err(error) => {
                complain(global, &describe(&error));
                failed += 1;
            }
        }
    }
    drop(meter);
    Ok(Outcome::of_reading(done, failed))
}

fn line(to: &Path, Repacked { before, after, plain }: Repacked) -> String {
    let share = percent(after as f64, before as f64);
    format!("{}: {} to {} ({share}), of {}", to.display(), bytes(before), bytes(after), bytes(plain))
}

/// The files, and how many could not be found.
fn pairs(args: &Repack, global: Global) -> Result<(Vec<Pair>, u64), Failure> {
    let (mut pairs, mut failed) = (Vec::new(), 0);
    let Some(folder) = &args.output else {
        return match &args.files[..] {
            [from, to] => Ok((vec![(from.clone(), to.clone())], 0)),
            _ => Err(Failure::Usage("repack: give IN and OUT, or files and -o DIR".to_owned())),
        };
    };
    for place in &args.files {
        if place == Path::new("-") {
            return Err(Failure::Usage("repack: - has no name; give IN and OUT".to_owned()));
        }
        let within = within(place);
        for file in files(&Input::Path(place.clone())) {
            match file {
                Ok(from) => {
                    let name = from.strip_prefix(&within).unwrap_or(&from);
                    pairs.push((from.clone(), folder.join(renamed(name))));
                }
                Err(error) => {
                    complain(global, &describe(&error));
                    failed += 1;
                }
            }
        }
    }
    Ok((pairs, failed))
}

/// The folder whose files keep their places below it: one that is named, that of a file, or what of a pattern has no
/// wildcard.
fn within(place: &Path) -> PathBuf {
    if place.is_dir() {
        return place.to_owned();
    }
    let folder = place.parent().unwrap_or(Path::new(""));
    if place.exists() {
        return folder.to_owned();
    }
    let wild = |part: &std::path::Component<'_>| part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    folder.components().take_while(|part| !wild(part)).collect()
}

/// A name with the ending of its compression replaced by `.zst`.
fn renamed(name: &Path) -> PathBuf {
    const ENDINGS: [(&str, &str); 12] = [
        ("xz", ".zst"),
        ("gz", ".zst"),
        ("bz2", ".zst"),
        ("lzma", ".zst"),
        ("zst", ".zst"),
        ("z", ".zst"),
        ("tgz", ".tar.zst"),
        ("txz", ".tar.zst"),
        ("tbz", ".tar.zst"),
        ("tbz2", ".tar.zst"),
        ("tlz", ".tar.zst"),
        ("tzst", ".tar.zst"),
    ];
    let ending = name.extension().and_then(|ending| ENDINGS.iter().find(|(known, _)| ending == *known));
    let (stem, new) = match ending {
        Some((_, new)) => (name.with_extension(""), *new),
        None => (name.to_owned(), ".zst"),
    };
    let mut renamed = stem.into_os_string();
    renamed.push(new);
    renamed.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ending_of_the_compression_is_replaced() {
        let renamed = |name: &str| renamed(Path::new(name)).display().to_string();
        assert_eq!(renamed("a-2024-01.tar.xz"), "a-2024-01.tar.zst");
        assert_eq!(renamed("2024-01-01-consensus"), "2024-01-01-consensus.zst");
        assert_eq!(renamed("x.y"), "x.y.zst");
        assert_eq!(renamed("a/b.tgz"), "a/b.tar.zst");
    }
}
