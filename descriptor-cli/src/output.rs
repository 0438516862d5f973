//! Where results go: standard output, or a file that appears when it is complete.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::exit::Failure;

/// A place for results.
pub(crate) struct Output {
    sink: Sink,
    path: PathBuf,
}

enum Sink {
    Stdout(BufWriter<io::Stdout>),
    /// A device or a pipe, which cannot be replaced by a rename.
    Device(BufWriter<File>),
    File(BufWriter<NamedTempFile>),
}

/// Results are written in pieces of this size. Unit: bytes.
const BUFFER: usize = 256 << 10;

impl Output {
    /// Opens the place; nothing or `-` is standard output.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            let sink = Sink::Stdout(BufWriter::with_capacity(BUFFER, io::stdout()));
            return Ok(Output { sink, path: PathBuf::from("standard output") });
        };
        let opened = match path.metadata() {
            Ok(existing) if !existing.is_file() => {
                File::options().write(true).open(path).map(|file| Sink::Device(BufWriter::new(file)))
            }
            _ => temporary(path).map(|file| Sink::File(BufWriter::with_capacity(BUFFER, file))),
        };
        match opened {
            Ok(sink) => Ok(Output { sink, path: path.to_owned() }),
            Err(error) => Err(Failure::at(path, &error)),
        }
    }

    /// Writes all of it.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.write_all(bytes).map_err(|error| Failure::at(&self.path, &error))
    }

    /// Writes what is buffered; a file is synced and gets its name.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let failed = |error: &io::Error| Failure::at(&self.path, error);
        self.sink.writer().flush().map_err(|error| failed(&error))?;
        if let Sink::File(file) = self.sink {
            let file = file.into_inner().map_err(|error| failed(error.error()))?;
            file.as_file().sync_all().map_err(|error| failed(&error))?;
            file.persist(&self.path).map_err(|error| failed(&error.error))?;
        }
        Ok(())
    }
}

impl Sink {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Sink::Stdout(writer) => writer,
            Sink::Device(writer) => writer,
            Sink::File(writer) => writer,
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.writer().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.writer().flush()
    }
}

/// A file beside the one that it will become, with the permissions of a file that a program makes.
fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tordesc-").suffix(".part");
    #[cfg(unix)]
    {
        use std::{fs::Permissions, os::unix::fs::PermissionsExt};
        builder.permissions(Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Writes a whole file at once, by way of a temporary name.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut output = Output::open(Some(path))?;
    output.put(bytes)?;
    output.finish()
}

/// Writes a file as [`write_file`] does, unless it says that already: what has not changed keeps its time.
pub(crate) fn renew_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if std::fs::read(path).is_ok_and(|known| known == bytes) { Ok(()) } else { write_file(path, bytes) }
}

/// Prints text with colours, if there shall be any, on standard output.
pub(crate) fn print(text: &str) -> Result<crate::exit::Outcome, Failure> {
    crate::progress::aside(|| {
        let mut stdout = anstream::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    })?;
    Ok(crate::exit::Outcome::Done)
}
