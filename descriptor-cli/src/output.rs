//! Where results go: standard output, a device, or a file that appears when it is complete.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use descriptor_core::destination::{Destination, is_standard_output};

use crate::{
    compress::{Compression, Encoder, told_by},
    exit::Failure,
};

/// A place for results.
pub(crate) struct Output {
    out: Box<Encoder<BufWriter<Destination>>>,
    path: PathBuf,
}

/// Results are written in pieces of this size. Unit: bytes.
const BUFFER: usize = 256 << 10;

impl Output {
    /// Opens the place; nothing or `-` is standard output.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        Self::compressed(path, None)
    }

    /// The same, compressed as the name tells.
    pub(crate) fn by_name(path: Option<&Path>) -> Result<Self, Failure> {
        Self::compressed(path, path.and_then(|path| told_by(path).0))
    }

    fn compressed(path: Option<&Path>, compression: Option<Compression>) -> Result<Self, Failure> {
        let path = path.unwrap_or(Path::new("-"));
        let name = if is_standard_output(path) { Path::new("standard output") } else { path };
        let opened = Destination::open(path)
            .and_then(|out| Encoder::new(compression, BufWriter::with_capacity(BUFFER, out)));
        match opened {
            Ok(out) => Ok(Output { out: Box::new(out), path: name.to_owned() }),
            Err(error) => Err(Failure::at(name, &error)),
        }
    }

    /// Writes all of it.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.write_all(bytes).map_err(|error| Failure::at(&self.path, &error))
    }

    /// Writes what is buffered; a file is synced and gets its name.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Output { out, path } = self;
        let end = || (*out).finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.finish();
        end().map_err(|error| Failure::at(&path, &error))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
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
