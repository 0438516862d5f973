//! Writing a file so that it is there whole or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// Writes a file under a temporary name beside its place; synced and renamed at the end. What fails leaves nothing.
pub(crate) fn write<T>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>,
    check: impl FnOnce(&Path, &T) -> io::Result<()>,
) -> io::Result<T> {
    let temporary = temporary(path)?;
    let written = (|| {
        let mut file = BufWriter::with_capacity(256 << 10, File::create(&temporary)?);
        let result = fill(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        check(&temporary, &result)?;
        fs::rename(&temporary, path)?;
        Ok(result)
    })();
    match written {
        Ok(_) => sync_folder(path),
        // The error that is told is the first one.
        Err(_) => drop(fs::remove_file(&temporary)),
    }
    written
}

/// `.NAME.PID.tmp`: hidden and temporary, so that no walk takes it for data.
pub(super) fn temporary(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(temporary))
}

/// The name itself lies in the folder. Where a folder cannot be synced, the system has its own way to keep it.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        drop(folder.sync_all());
    }
}
