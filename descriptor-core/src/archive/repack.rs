//! From xz, which is slow to read, to zstd, which is not.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
    sync::Arc,
};

use sha2::{Digest, Sha256};

use super::{
    Cause, Error, Source, atomic,
    codec::{Codec, MAGIC},
};

/// What a file became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repacked {
    /// Length of the file as it was. Unit: bytes.
    pub before: u64,
    /// Length of the new file. Unit: bytes.
    pub after: u64,
    /// Length of what both decompress to. Unit: bytes.
    pub plain: u64,
}

/// How far back a repetition may lie: 2^26 bytes, as with `xz -9`; a reader needs as much memory.
const WINDOW: u32 = 26;

/// Compresses a file anew with zstd, whatever it was compressed with. The new file is decompressed and compared before
/// it gets its name, which it gets whole or not at all; the old one stays. Levels are 1 to 22.
pub fn repack(input: &Path, output: &Path, level: i32) -> Result<Repacked, Error> {
    let fail = |path: &Path, cause| Error { source: Arc::new(Source::file(path)), cause };
    let file = File::open(input).map_err(|error| fail(input, Cause::Open(error)))?;
    let before = file.metadata().map_err(|error| fail(input, Cause::Open(error)))?.len();
    let mut broken = None;
    let written = atomic::write(
        output,
        |out| {
            let (mut plain, mut place) = (Tally::default(), 0);
            let result = compress(file, out, level, &mut plain, &mut place);
            // An error of the input is told as one; all others are of the output.
            result.map_err(|error| match error {
                Failure::Input(error) => {
                    broken = Some(Cause::of(error, plain.length));
                    io::ErrorKind::InvalidData.into()
                }
                Failure::Output(error) => error,
            })?;
            Ok((plain.finish(), place))
        },
        |path, ((length, digest), _)| {
            let mut again = Tally::default();
            let mut reader = Codec::Zstd.open(File::open(path)?)?;
            again.read_all(&mut reader)?;
            if again.finish() == (*length, *digest) {
                Ok(())
            } else {
                Err(io::Error::new(io::ErrorKind::InvalidData, "what was written is not what was read"))
            }
        },
    );
    match (written, broken) {
        (Ok(((plain, _), after)), _) => Ok(Repacked { before, after, plain }),
        (Err(_), Some(cause)) => Err(fail(input, cause)),
        (Err(error), None) => Err(fail(output, Cause::Write(error))),
    }
}

enum Failure {
    Input(io::Error),
    Output(io::Error),
}

fn compress(
    mut file: File,
    out: impl Write,
    level: i32,
    plain: &mut Tally,
    written: &mut u64,
) -> Result<(), Failure> {
    let mut head = Vec::new();
    (&mut file).take(MAGIC as u64).read_to_end(&mut head).map_err(Failure::Input)?;
    let codec = Codec::detect(&head);
    let whole = io::Cursor::new(head).chain(file);
    let mut reader = match codec {
        Some(codec) => codec.open(whole).map_err(Failure::Input)?,
        None => Box::new(whole),
    };
    let mut counted = CountedWriter { out, written };
    let mut encoder = zstd::stream::write::Encoder::new(&mut counted, level).map_err(Failure::Output)?;
    encoder.include_checksum(true).map_err(Failure::Output)?;
    encoder.long_distance_matching(true).map_err(Failure::Output)?;
    encoder.window_log(WINDOW).map_err(Failure::Output)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        let count = plain.read(&mut reader, &mut buffer).map_err(Failure::Input)?;
        if count == 0 {
            break;
        }
        encoder.write_all(&buffer[..count]).map_err(Failure::Output)?;
    }
    encoder.finish().map_err(Failure::Output)?;
    Ok(())
}

struct CountedWriter<'w, W> {
    out: W,
    written: &'w mut u64,
}

impl<W: Write> Write for CountedWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        *self.written += count as u64;
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
        let mut buffer = vec![0; 256 << 10];
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
        let result = repack(&input, &output, 3).expect("it is whole");
        let length = fs::metadata(&output).expect("it was written").len();
        assert_eq!(result, Repacked { before: bytes.len() as u64, after: length, plain: text.len() as u64 });
        assert_eq!(zstd::decode_all(File::open(&output).expect("it is there")).expect("it is whole"), text);

        fs::write(&input, &bytes[..bytes.len() - 9]).expect("it is writable");
        let error = repack(&input, &folder.path().join("b.zst"), 3).expect_err("the end is missing");
        assert!(matches!(error.cause, Cause::Truncated { .. }), "{error}");
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 2);
    }
}
