//! Writing a file so that it is there whole or not at all.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// Writes a file under a temporary name beside its place; synced and renamed at the end. What fails leaves nothing, and
/// what a killed process left of the same file goes.
pub(crate) fn write<T>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>,
    check: impl FnOnce(&Path, &T) -> io::Result<()>,
) -> io::Result<T> {
    let (file, temporary) = create(path)?;
    let written = (|| {
        let mut file = BufWriter::with_capacity(256 << 10, file);
        let result = fill(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        check(&temporary, &result)?;
        fs::rename(&temporary, path)?;
        Ok(result)
    })();
    match written {
        Ok(_) => {
            sync_folder(path);
            if let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(OsStr::to_str)) {
                sweep(folder, &format!("{name}."));
            }
        }
        // The error that is told is the first one.
        Err(_) => drop(fs::remove_file(&temporary)),
    }
    written
}

/// Creates `.NAME.PID.tmp` beside a file: hidden and temporary, so that no walk takes it for data, and locked, so that
/// [`sweep`] sees that somebody is writing it. Can be read, too.
pub(super) fn create(path: &Path) -> io::Result<(File, PathBuf)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(temporary);
    loop {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&temporary)?;
        // Where a file system has no locks, nothing is swept either.
        drop(file.lock());
        // Between the two, somebody may have swept it.
        if temporary.exists() {
            return Ok((file, temporary));
        }
    }
}

/// Removes from a folder what processes that were killed left of files whose names begin so; what is being written stays.
/// That something cannot be removed hinders nobody.
pub(super) fn sweep(folder: &Path, begin: &str) {
    let Ok(entries) = fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
    else {
        return;
    };
    let is_ours = |name: &str| {
        let inner = name.strip_prefix('.')?.strip_prefix(begin)?.strip_suffix(".tmp")?;
        let process = inner.rsplit('.').next()?;
        (!process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit())).then_some(())
    };
    for entry in entries.flatten() {
        if entry.file_name().to_str().and_then(is_ours).is_some()
            && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok())
        {
            drop(fs::remove_file(entry.path()));
        }
    }
}

/// The name itself lies in the folder. Where a folder cannot be synced, the system has its own way to keep it.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        drop(folder.sync_all());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_goes_and_what_is_written_stays() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        let (file, being_written) = create(&at("name")).expect("it is writable");
        let others = ["name.1.tmp", ".name.x.tmp", ".name..tmp", ".name.1.tmp.gz", "name"].map(at);
        let left = [".name.1.tmp", ".name.2.tmp", ".name-2.1.tmp"].map(at);
        others.iter().chain(&left).for_each(|path| fs::write(path, "half").expect("it is writable"));
        let there = |paths: &[PathBuf]| paths.iter().map(|path| path.exists()).collect::<Vec<_>>();
        sweep(folder.path(), "name.");
        assert_eq!(there(&left), [false, false, true]);
        sweep(folder.path(), "");
        assert_eq!((there(&left)[2], being_written.exists()), (false, true));
        assert_eq!(there(&others), [true; 5]);
        drop(file);
        write(&at("name"), |out| out.write_all(b"whole"), |_, ()| Ok(())).expect("it is writable");
        assert_eq!((fs::read(at("name")).ok(), being_written.exists()), (Some(b"whole".to_vec()), false));
    }
}
