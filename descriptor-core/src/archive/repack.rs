//! From xz, which is slow to read, to zstd, which is not.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::Path,
    sync::Arc,
};

use sha2::{Digest, Sha256};

use super::{
    Cause, Error, Progress, Source,
    codec::{Codec, MAGIC},
};
use crate::destination::Destination;

/// What a file became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repacked {
    /// Length of what was read. Unit: bytes.
    pub before: u64,
    /// Length of what was written. Unit: bytes.
    pub after: u64,
    /// Length of what both decompress to. Unit: bytes.
    pub plain: u64,
}

/// How far back a repetition may lie: 2^26 bytes, as with `xz -9`; a reader needs as much memory.
const WINDOW: u32 = 26;

/// How many bytes are read and written at once.
const BUFFER: usize = 256 << 10;

/// Compresses a file, or standard input if its name is `-`, anew with zstd, whatever it was compressed with, and writes it
/// to a [`Destination`]. A new file is decompressed and compared before it gets its name, which it gets whole or not at
/// all; the old one stays. Levels are 1 to 22.
pub fn repack(
    input: &Path,
    output: &Path,
    level: i32,
    progress: Option<&Progress>,
) -> Result<Repacked, Error> {
    let fail = |path: &Path, cause| Error { source: Arc::new(Source::file(path)), cause };
    let written = |error| fail(output, Cause::Write(error));
    let reader: Box<dyn Read> = if input == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(input).map_err(|error| fail(input, Cause::Open(error)))?)
    };
    let mut reader = CountedReader { reader, read: 0, progress };
    let mut out = CountedWriter {
        out: BufWriter::with_capacity(BUFFER, Destination::open(output).map_err(written)?),
        written: 0,
    };
    let mut plain = Tally::default();
    compress(&mut reader, &mut out, level, &mut plain).map_err(|failure| match failure {
        Failure::Input(error) => fail(input, Cause::of(error, plain.length)),
        Failure::Output(error) => written(error),
    })?;
    let (length, digest) = plain.finish();
    let CountedWriter { out, written: after } = out;
    let end = || -> io::Result<()> {
        let out = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        if let Some(temporary) = out.temporary() {
            let mut again = Tally::default();
            again.read_all(&mut Codec::Zstd.open(File::open(temporary)?)?)?;
            if again.finish() != (length, digest) {
                let what = "what was written is not what was read";
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
        out.finish()
    };
    end().map_err(written)?;
    Ok(Repacked { before: reader.read, after, plain: length })
}

enum Failure {
    Input(io::Error),
    Output(io::Error),
}

fn compress(
    mut input: &mut dyn Read,
    out: &mut dyn Write,
    level: i32,
    plain: &mut Tally,
) -> Result<(), Failure> {
    let mut head = Vec::new();
    (&mut input).take(MAGIC as u64).read_to_end(&mut head).map_err(Failure::Input)?;
    let codec = Codec::detect(&head);
    let whole = io::Cursor::new(head).chain(input);
    let mut reader = match codec {
        Some(codec) => codec.open(whole).map_err(Failure::Input)?,
        None => Box::new(whole),
    };
    let mut encoder = zstd::stream::write::Encoder::new(out, level).map_err(Failure::Output)?;
    encoder.include_checksum(true).map_err(Failure::Output)?;
    encoder.long_distance_matching(true).map_err(Failure::Output)?;
    encoder.window_log(WINDOW).map_err(Failure::Output)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = plain.read(&mut reader, &mut buffer).map_err(Failure::Input)?;
        if count == 0 {
            break;
        }
        encoder.write_all(&buffer[..count]).map_err(Failure::Output)?;
    }
    encoder.finish().map_err(Failure::Output)?.flush().map_err(Failure::Output)
}

struct CountedReader<'p> {
    reader: Box<dyn Read>,
    read: u64,
    progress: Option<&'p Progress>,
}

impl Read for CountedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.read += count as u64;
        if let Some(progress) = self.progress {
            progress.add_bytes(count);
        }
        Ok(count)
    }
}

struct CountedWriter<W> {
    out: W,
    written: u64,
}

impl<W: Write> Write for CountedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Length and digest of what passes.
#[derive(Default)]
struct Tally {
    length: u64,
    digest: Sha256,
}

impl Tally {
    fn read(&mut self, reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
        let count = loop {
            match reader.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.length += count as u64;
        self.digest.update(&buffer[..count]);
        Ok(count)
    }

    fn read_all(&mut self, reader: &mut dyn Read) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER];
        while self.read(reader, &mut buffer)? > 0 {}
        Ok(())
    }

    fn finish(self) -> (u64, [u8; 32]) {
        (self.length, self.digest.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_same_bytes_come_out_and_a_broken_file_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (input, output) = (folder.path().join("a.xz"), folder.path().join("a.zst"));
        let text = b"router a 1.2.3.4 9001 0 0\n".repeat(5000);
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
        encoder.write_all(&text).expect("a vector takes all");
        let bytes = encoder.finish().expect("a vector takes all");
        fs::write(&input, &bytes).expect("it is writable");
        let result = repack(&input, &output, 3, None).expect("it is whole");
        let length = fs::metadata(&output).expect("it was written").len();
        assert_eq!(result, Repacked { before: bytes.len() as u64, after: length, plain: text.len() as u64 });
        assert_eq!(zstd::decode_all(File::open(&output).expect("it is there")).expect("it is whole"), text);

        fs::write(&input, &bytes[..bytes.len() - 9]).expect("it is writable");
        let error = repack(&input, &folder.path().join("b.zst"), 3, None).expect_err("the end is missing");
        assert!(matches!(error.cause, Cause::Truncated { .. }), "{error}");
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 2);
    }
}
