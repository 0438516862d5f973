//! Compression, told by the first bytes and never by the name.

use std::io::{self, BufRead, BufReader, Read};

use flate2::{Decompress, FlushDecompress, Status, bufread::MultiGzDecoder};
use liblzma::{bufread::XzDecoder, stream::Stream};

/// How much of a file is needed to tell its compression.
pub(crate) const MAGIC: usize = 13;

/// The most that an xz or lzma decoder may take. `xz -9`, the most that CollecTor uses, takes 65 MiB; a header can ask
/// for 4 GiB.
const MEMORY: u64 = 256 << 20;

/// How many compressed bytes are read at once.
const INPUT: usize = 64 << 10;

/// A compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Gzip,
    Bzip2,
    Xz,
    Lzma,
    Zstd,
    Zlib,
}

impl Codec {
    /// The compression that a file's first bytes tell; `None` for a file that is not compressed.
    pub(crate) fn detect(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Codec::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
                if rest.starts_with(b"1AY&SY") || rest.starts_with(b"\x17rE8P\x90") =>
            {
                Some(Codec::Bzip2)
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Codec::Xz),
            // A frame may be preceded by one that is to be skipped.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Codec::Zstd),
            [cmf, flags, ..] if is_zlib(*cmf, *flags) => Some(Codec::Zlib),
            _ => is_lzma(head).then_some(Codec::Lzma),
        }
    }

    /// A reader of the decompressed bytes. Streams that follow each other are read as one, where the format has that.
    pub(crate) fn open<'r>(self, reader: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
        let reader = BufReader::with_capacity(INPUT, reader);
        Ok(match self {
            Codec::Gzip => Box::new(MultiGzDecoder::new(reader)),
            Codec::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(reader)),
            Codec::Xz => {
                let stream = Stream::new_stream_decoder(MEMORY, liblzma::stream::CONCATENATED)?;
                Box::new(XzDecoder::new_stream(reader, stream))
            }
            Codec::Lzma => Box::new(XzDecoder::new_stream(reader, Stream::new_lzma_decoder(MEMORY)?)),
            Codec::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(reader)?),
            Codec::Zlib => Box::new(Zlib { reader, state: Decompress::new(true), done: false }),
        })
    }
}

/// The two bytes of a zlib header: deflate, a window of 512 bytes to 32 KiB, no preset dictionary, and a checksum. tor
/// chooses small windows for small answers and when memory is short, so that the first byte may look like a digit or a
/// letter; the second byte is then none that a text has.
fn is_zlib(cmf: u8, flags: u8) -> bool {
    cmf & 0x0f == 8
        && cmf >> 4 <= 7
        && flags & 0x20 == 0
        && (u16::from(cmf) << 8 | u16::from(flags)).is_multiple_of(31)
        && !(flags.is_ascii_graphic() || flags.is_ascii_whitespace())
}

/// An `.lzma` file has no magic. Its header is a byte of properties, the dictionary's size (a power of two, or one and
/// a half of one) and the length, which may be unknown. No text passes as that: its length would be above 2^60.
fn is_lzma(head: &[u8]) -> bool {
    let Some((&[properties, d0, d1, d2, d3, ref length @ ..], _)) = head.split_first_chunk::<MAGIC>() else {
        return false;
    };
    let dictionary = u32::from_le_bytes([d0, d1, d2, d3]);
    let length = u64::from_le_bytes(*length);
    properties < 9 * 5 * 5
        && dictionary >= 4096
        && (dictionary.is_power_of_two() || (dictionary % 3 == 0 && (dictionary / 3).is_power_of_two()))
        && (length == u64::MAX || length < 1 << 38)
}

/// Decompresses zlib. Unlike the library's own reader, it notices that the end is missing.
struct Zlib<R> {
    reader: R,
    state: Decompress,
    done: bool,
}

impl<R: BufRead> Read for Zlib<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.done && !buffer.is_empty() {
            let input = self.reader.fill_buf()?;
            let (eof, before) = (input.is_empty(), (self.state.total_in(), self.state.total_out()));
            let status = self.state.decompress(input, buffer, FlushDecompress::None)?;
            self.reader.consume((self.state.total_in() - before.0) as usize);
            let written = (self.state.total_out() - before.1) as usize;
            self.done = status == Status::StreamEnd;
            if written > 0 {
                return Ok(written);
            }
            if eof && !self.done {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::ZlibEncoder};

    use super::*;

    #[test]
    fn text_is_not_taken_for_compressed() {
        for text in
            ["router a 1.2.3.4 1 0 0\n", "]\0\0", "x^2 and more of it", "BZh9 is no bzip2", "@type x 1.0\n"]
        {
            assert_eq!(Codec::detect(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Codec::detect(b"]\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff"), Some(Codec::Lzma));
        assert_eq!(Codec::detect(b"]\0\0\x80\0router a"), None);
        assert_eq!(Codec::detect(b"hs-descriptor 3\n"), None);
        for header in [[0x78, 0x9c], [0x78, 0xda], [0x78, 0x01], [0x38, 0xcb], [0x48, 0xc7], [0x68, 0xde]] {
            assert_eq!(Codec::detect(&header), Some(Codec::Zlib), "{header:x?}");
        }
    }

    #[test]
    fn zlib_ends_where_its_checksum_is() {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&[b'a'; 1000]).expect("a vector takes all");
        let bytes = encoder.finish().expect("a vector takes all");
        assert_eq!(Codec::detect(&bytes), Some(Codec::Zlib));
        let read = |bytes: &[u8]| {
            let mut text = Vec::new();
            Codec::Zlib.open(bytes)?.read_to_end(&mut text).map(|_| text.len())
        };
        assert_eq!(read(&bytes).expect("it is whole"), 1000);
        let error = read(&bytes[..bytes.len() - 1]).expect_err("the last byte is missing");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
