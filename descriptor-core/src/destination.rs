//! The one way to write a file that somebody has named: it is there whole or not at all, and what is no file is written to
//! as it is.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, Metadata},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Where something is written.
///
/// `-` and `/dev/stdout` are standard output. A device, a pipe or a socket is written to as it is. Anything else is a file,
/// which has a temporary name beside its place until [`finish`](Destination::finish); dropped before that, it leaves nothing.
/// A symbolic link is followed: the file that it leads to is the one that is replaced. What killed processes left of the
/// same file goes when it is written again.
#[derive(Debug)]
pub struct Destination {
    file: File,
    /// `None` for what is no file.
    place: Option<Place>,
}

/// Where a file lies until it is complete, and where then.
#[derive(Debug)]
struct Place {
    temporary: PathBuf,
    path: PathBuf,
}

impl Destination {
    /// Opens it. To open a pipe waits for its reader.
    pub fn open(path: &Path) -> io::Result<Self> {
        if is_standard_output(path) {
            return Ok(Destination { file: standard_output()?, place: None });
        }
        match fs::metadata(path) {
            Ok(known) if !known.is_file() => {
                return Ok(Destination { file: device(path, &known)?, place: None });
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let path = followed(path);
        if let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(OsStr::to_str)) {
            sweep(folder, &format!("{name}."));
        }
        let (file, temporary) = create(&path)?;
        Ok(Destination { file, place: Some(Place { temporary, path }) })
    }

    /// Where what was written can be read before it is complete; `None` for what is no file.
    pub fn temporary(&self) -> Option<&Path> {
        self.place.as_ref().map(|place| place.temporary.as_path())
    }

    /// Gives a file its name, once its bytes are on the disk.
    pub fn finish(mut self) -> io::Result<()> {
        let Some(place) = &self.place else { return Ok(()) };
        self.file.sync_all()?;
        fs::rename(&place.temporary, &place.path)?;
        sync_folder(&place.path);
        self.place = None;
        Ok(())
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next run.
        if let Some(place) = &self.place {
            drop(fs::remove_file(&place.temporary));
        }
    }
}

/// Whether a name is that of standard output.
pub fn is_standard_output(path: &Path) -> bool {
    [Path::new("-"), Path::new("/dev/stdout")].contains(&path)
}

#[cfg(unix)]
fn standard_output() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn standard_output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}

/// Opens what is there and no file.
fn device(path: &Path, known: &Metadata) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::{
            fd::OwnedFd,
            unix::{fs::FileTypeExt, net::UnixStream},
        };
        if known.file_type().is_socket() {
            return Ok(File::from(OwnedFd::from(UnixStream::connect(path)?)));
        }
    }
    // Elsewhere there is nothing to be told apart.
    let _ = known;
    File::options().write(true).open(path)
}

/// The file that a symbolic link leads to, which need not be there.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // Links that lead in a circle have failed before.
    while let Ok(to) = fs::read_link(&path) {
        path = path.parent().unwrap_or(Path::new("")).join(to);
    }
    path
}

/// Writes a whole file to a [`Destination`]. What was written can be checked before it gets its name, if it is a file.
#[cfg(feature = "archive")]
pub(crate) fn write<T>(
    path: &Path,
    fill: impl FnOnce(&mut io::BufWriter<File>) -> io::Result<T>,
    check: impl FnOnce(&Path, &T) -> io::Result<()>,
) -> io::Result<T> {
    let destination = Destination::open(path)?;
    let mut file = io::BufWriter::with_capacity(256 << 10, destination.file.try_clone()?);
    let result = fill(&mut file)?;
    file.flush()?;
    if let Some(temporary) = destination.temporary() {
        check(temporary, &result)?;
    }
    destination.finish()?;
    Ok(result)
}

/// Creates `.NAME.PID.tmp` beside a file: hidden and temporary, so that no walk takes it for data, and locked, so that
/// [`sweep`] sees that somebody is writing it. Can be read, too.
pub(crate) fn create(path: &Path) -> io::Result<(File, PathBuf)> {
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
pub(crate) fn sweep(folder: &Path, begin: &str) {
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

#[cfg(all(test, feature = "archive"))]
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
