//! The compressed forms of an index, of which only those pieces are compressed that have changed.
//!
//! All three formats can be put together from pieces and still be one stream, which is all that some readers read: gzip
//! from deflate data that was flushed, xz from blocks, bzip2 from blocks that begin at any bit.

use std::{
    fs,
    hash::{DefaultHasher, Hasher},
    io::{self, Write},
    path::Path,
};

use flate2::{Compress, Compression, Crc, FlushCompress};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::{
    super::{
        history::Stamp,
        tarballs::blocks::{self, Block, BlockWriter, Effort, HEADER},
    },
    bits::Bits,
    render,
};

/// A format, in the order of the arrays here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Gzip,
    Bzip2,
    Xz,
}

/// All formats with their endings.
pub(super) const FORMATS: [(Format, &str); 3] =
    [(Format::Gzip, "gz"), (Format::Bzip2, "bz2"), (Format::Xz, "xz")];

/// A piece, as it is known from run to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Piece {
    hash: u64,
    plain: u64,
    /// How many bits it takes in each format.
    bits: [u64; 3],
    /// Checksum of its block in bzip2.
    crc: u32,
    /// Length of its block in xz, without padding.
    unpadded: u64,
}

/// What was written last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Table {
    /// Of the JSON and the compressed files.
    pub(super) stamps: Vec<Stamp>,
    pub(super) pieces: Vec<Piece>,
}

const FIRST_LINE: &str = "tordesc index pieces 1";

impl Table {
    /// Loads a table; an empty one if there is none that can be read.
    pub(super) fn load(path: &Path) -> Self {
        fs::read_to_string(path).ok().and_then(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix("end\n")?.lines();
        if lines.next() != Some(FIRST_LINE) {
            return None;
        }
        let mut table = Table::default();
        for _ in 0..=FORMATS.len() {
            let (size, modified) = lines.next()?.split_once(' ')?;
            table.stamps.push(Stamp { size: size.parse().ok()?, modified: modified.parse().ok()? });
        }
        for line in lines {
            let numbers: Vec<u64> =
                line.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
            let [hash, plain, gz, bz2, xz, crc, unpadded] = numbers[..] else { return None };
            let crc = u32::try_from(crc).ok()?;
            table.pieces.push(Piece { hash, plain, bits: [gz, bz2, xz], crc, unpadded });
        }
        Some(table)
    }

    /// Its text.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{FIRST_LINE}\n");
        for stamp in &self.stamps {
            text.push_str(&format!("{} {}\n", stamp.size, stamp.modified));
        }
        for Piece { hash, plain, bits: [gz, bz2, xz], crc, unpadded } in &self.pieces {
            text.push_str(&format!("{hash} {plain} {gz} {bz2} {xz} {crc} {unpadded}\n"));
        }
        text.push_str("end\n");
        text
    }

    /// Whether an index of these pieces would be the same but for the time in its first one.
    pub(super) fn is_of(&self, hashes: &[u64]) -> bool {
        self.pieces.len() == hashes.len()
            && self.pieces.iter().zip(hashes).skip(1).all(|(known, hash)| known.hash == *hash)
    }
}

/// What the pieces are known by. Another version of the standard library may give other numbers; then all pieces are
/// compressed anew.
pub(super) fn hashes(pieces: &[render::Piece<'_>]) -> Vec<u64> {
    let hash = |piece: &render::Piece<'_>| {
        let mut hasher = DefaultHasher::new();
        piece.iter().for_each(|part| hasher.write(part.as_bytes()));
        hasher.finish()
    };
    pieces.par_iter().map(hash).collect()
}

/// A piece in all formats: where it begins in the old files, counted in bits, or as it was made.
enum Squeezed {
    Old([u64; 3]),
    New([Bits; 3]),
}

/// Compresses an index into all formats. `old` are the files that the table is of, or nothing where they are not known.
pub(super) fn squeeze(
    pieces: &[render::Piece<'_>],
    hashes: &[u64],
    table: &Table,
    old: &[Option<Vec<u8>>],
) -> io::Result<(Vec<Piece>, Vec<Vec<u8>>)> {
    let known = if old.iter().all(Option::is_some) { &table.pieces[..] } else { &[] };
    let old: Vec<&[u8]> = old.iter().map(|bytes| bytes.as_deref().unwrap_or_default()).collect();
    // Where each known piece lies in the old files.
    let mut places = std::collections::HashMap::new();
    let mut at = FORMATS.map(|(format, _)| header(format).len() as u64 * 8);
    for piece in known {
        let end = [at[0] + piece.bits[0], at[1] + piece.bits[1], at[2] + piece.bits[2]];
        if (0..3).all(|format| end[format] <= old.get(format).map_or(0, |bytes| bytes.len() as u64 * 8)) {
            places.insert((piece.hash, piece.plain), (*piece, at));
        }
        at = end;
    }
    let one = |(piece, hash): (&render::Piece<'_>, &u64)| {
        let key = (*hash, piece.iter().map(|part| part.len() as u64).sum());
        match places.get(&key) {
            Some(&(known, at)) => Ok((known, Squeezed::Old(at))),
            None => {
                compress(piece.concat().as_bytes(), key.0).map(|(piece, bits)| (piece, Squeezed::New(bits)))
            }
        }
    };
    let parts: Vec<_> = pieces.par_iter().zip(hashes).map(one).collect::<io::Result<_>>()?;
    let crc_of = |piece: &render::Piece<'_>| {
        let mut crc = Crc::new();
        piece.iter().for_each(|part| crc.update(part.as_bytes()));
        crc
    };
    let mut crc = Crc::new();
    pieces.par_iter().map(crc_of).collect::<Vec<_>>().iter().for_each(|piece| crc.combine(piece));
    let join = |number: usize| {
        let (format, _) = FORMATS[number];
        let mut whole = Bits::of(header(format).to_vec());
        whole.bytes.reserve(old[number].len() + parts.len());
        for (piece, squeezed) in &parts {
            match squeezed {
                Squeezed::Old(at) => whole.append(&Bits::cut(old[number], at[number], piece.bits[number])),
                Squeezed::New(bits) => whole.append(&bits[number]),
            }
        }
        match format {
            Format::Gzip => {
                // An empty block says that it was the last one.
                whole.append(&Bits::of(vec![3, 0]));
                whole.append(&Bits::of(crc.sum().to_le_bytes().to_vec()));
                whole.append(&Bits::of(crc.amount().to_le_bytes().to_vec()));
            }
            Format::Bzip2 => {
                let sum = parts.iter().fold(0u32, |sum, (piece, _)| sum.rotate_left(1) ^ piece.crc);
                whole.append(&Bits::of(BZIP2_END.to_vec()));
                whole.append(&Bits::of(sum.to_be_bytes().to_vec()));
            }
            Format::Xz => {
                let blocks: Vec<_> = parts
                    .iter()
                    .map(|(piece, _)| Block { unpadded: piece.unpadded, plain: piece.plain })
                    .collect();
                whole.append(&Bits::of(blocks::tail(&blocks)));
            }
        }
        whole.bytes
    };
    let files = (0..FORMATS.len()).into_par_iter().map(join).collect();
    Ok((parts.into_iter().map(|(piece, _)| piece).collect(), files))
}

fn header(format: Format) -> &'static [u8] {
    match format {
        // Deflate, no name, no time, made by the slowest method, on Unix.
        Format::Gzip => &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3],
        Format::Bzip2 => b"BZh9",
        Format::Xz => &HEADER,
    }
}

const BZIP2_END: [u8; 6] = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90];

fn compress(piece: &[u8], hash: u64) -> io::Result<(Piece, [Bits; 3])> {
    let ((gzip, (bzip2, crc)), xz) = {
        let (first, xz) = rayon::join(|| rayon::join(|| deflate(piece), || bzip2(piece)), || xz(piece));
        ((first.0?, first.1?), xz)
    };
    let (xz, unpadded) = xz?;
    let bits = [gzip.length, bzip2.length, xz.length];
    Ok((Piece { hash, plain: piece.len() as u64, bits, crc, unpadded }, [gzip, bzip2, xz]))
}

/// Deflate data that ends at a byte and refers to nothing before it.
fn deflate(piece: &[u8]) -> io::Result<Bits> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut out = Vec::with_capacity(piece.len() + 1024);
    loop {
        let taken = compress.total_in() as usize;
        compress.compress_vec(&piece[taken..], &mut out, FlushCompress::Full)?;
        if compress.total_in() as usize == piece.len() && out.len() < out.capacity() {
            return Ok(Bits::of(out));
        }
        out.reserve(out.capacity());
    }
}

/// The blocks of bzip2 data without what is around them; pieces are so small that it is one. And its checksum.
fn bzip2(piece: &[u8]) -> io::Result<(Bits, u32)> {
    let broken =
        || io::Error::new(io::ErrorKind::InvalidData, "the compressor made something else than one block");
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(piece)?;
    let bytes = encoder.finish()?;
    let crc =
        bytes.get(10..14).and_then(|crc| crc.try_into().ok()).map(u32::from_be_bytes).ok_or_else(broken)?;
    // At the end: the mark, the checksum of the only block, and up to seven bits to fill up the byte.
    let all = bytes.len() as u64 * 8;
    let mut wanted = BZIP2_END.to_vec();
    wanted.extend(crc.to_be_bytes());
    for padding in 0..8 {
        let Some(end) = all.checked_sub(80 + padding).filter(|end| *end >= 32 + 80) else { break };
        if Bits::cut(&bytes, end, 80).bytes == wanted {
            return Ok((Bits::cut(&bytes, 32, end - 32), crc));
        }
    }
    Err(broken())
}

fn xz(piece: &[u8]) -> io::Result<(Bits, u64)> {
    let mut out = Vec::new();
    let mut writer = BlockWriter::new(&mut out, Effort::FAIR, piece.len() as u64)?;
    writer.write_all(piece)?;
    let block = writer.finish()?;
    Ok((Bits::of(out), block.map_or(0, |block| block.unpadded)))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::archive::codec::Codec;

    fn plain(codec: Codec, bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        codec.open(bytes).and_then(|mut it| it.read_to_end(&mut plain)).expect("it is whole");
        plain
    }

    #[test]
    fn pieces_old_and_new_are_one_stream_in_each_format() {
        let text = |number: usize| {
            format!("{{\"path\":\"{number}\",\"size\":{}}},", number * 7919).repeat(100 + number)
        };
        let [first, other, third]: [String; 3] = [text(1), text(2), text(3)];
        let (table, none) = (Table::default(), vec![None, None, None]);
        let [first, third] = [first, third].map(|text| [text.into()]);
        // In several parts.
        let other: Vec<std::borrow::Cow<'_, str>> = other.split_inclusive('}').map(Into::into).collect();
        let all: [render::Piece<'_>; 3] = [&first, &other, &third];
        let bytes = |pieces: &[render::Piece<'_>]| pieces.concat().concat().into_bytes();
        let (pieces, files) = squeeze(&all, &hashes(&all), &table, &none).expect("memory takes all");
        let codecs = [Codec::Gzip, Codec::Bzip2, Codec::Xz];
        for (codec, file) in codecs.iter().zip(&files) {
            assert!(plain(*codec, file) == bytes(&all), "{codec:?}");
        }
        let stamp = Stamp { size: 1, modified: 2 };
        let table = Table { stamps: vec![stamp; 4], pieces };
        assert_eq!(Table::parse(&table.text()).as_ref(), Some(&table));
        assert!(table.is_of(&hashes(&all)) && !table.is_of(&hashes(&all[1..])));
        let (changed, end) = ([text(4).into()], ["}".into()]);
        let all: [render::Piece<'_>; 4] = [&first, &changed, &third, &end];
        let old: Vec<_> = files.into_iter().map(Some).collect();
        let (again, files) = squeeze(&all, &hashes(&all), &table, &old).expect("memory takes all");
        assert_eq!((again[0], again[2]), (table.pieces[0], table.pieces[2]));
        for (codec, file) in codecs.iter().zip(&files) {
            assert!(plain(*codec, file) == bytes(&all), "{codec:?}");
        }
        let (_, anew) = squeeze(&all, &hashes(&all), &Table::default(), &none).expect("memory takes all");
        assert!(anew == files);
    }
}
