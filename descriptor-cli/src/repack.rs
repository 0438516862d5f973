//! `tordesc repack`: any compression to zstd.

use std::path::{Path, PathBuf};

use descriptor_core::archive::{Repacked, repack};

use crate::{
    cli::{Global, Repack},
    exit::{Failure, Outcome},
    figures::{bytes, percent},
    reading::{complain, describe},
};

/// Repacks each file; those that fail do not keep the others.
pub(crate) fn run(args: &Repack, global: Global) -> Result<Outcome, Failure> {
    let pairs = pairs(args)?;
    if let Some(folder) = &args.output {
        std::fs::create_dir_all(folder).map_err(|error| Failure::at(folder, &error))?;
    }
    let (mut done, mut failed) = (0, 0);
    for (from, to) in &pairs {
        if to.exists() && !args.force {
            complain(global, &format!("{}: exists already; --force replaces it", to.display()));
            failed += 1;
            continue;
        }
        match repack(from, to, args.level) {
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
    Ok(Outcome::of_reading(done, failed))
}

fn line(to: &Path, Repacked { before, after, plain }: Repacked) -> String {
    let share = percent(after as f64, before as f64);
    format!("{}: {} to {} ({share}), of {}", to.display(), bytes(before), bytes(after), bytes(plain))
}

/// What is read and what is written.
fn pairs(args: &Repack) -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
    if let Some(folder) = &args.output {
        let name = |from: &PathBuf| {
            let name = from
                .file_name()
                .ok_or_else(|| Failure::Usage(format!("{}: no file name", from.display())))?;
            Ok((from.clone(), folder.join(renamed(Path::new(name)))))
        };
        return args.files.iter().map(name).collect();
    }
    match &args.files[..] {
        [from, to] => Ok(vec![(from.clone(), to.clone())]),
        _ => Err(Failure::Usage("repack: give IN and OUT, or files and -o DIR".to_owned())),
    }
}

/// A name with the ending of its compression replaced by `.zst`.
fn renamed(name: &Path) -> PathBuf {
    const ENDINGS: [&str; 6] = ["xz", "gz", "bz2", "lzma", "zst", "z"];
    let compressed = name.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known));
    let mut stem = if compressed { name.with_extension("") } else { name.to_owned() }.into_os_string();
    stem.push(".zst");
    stem.into()
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
    }
}
