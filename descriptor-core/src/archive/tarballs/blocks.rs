//! An xz file that grows: one stream of independent blocks, whose index at the end is written anew.
//!
//! DIFFERENCE: CollecTor's tarballs are one stream with one block. Several streams one after the other would be simpler
//! to extend, but metrics-lib reads the first stream only; several blocks in one stream are read by everybody.

use std::io::{self, Read, Write};

use flate2::Crc;
use liblzma::{
    stream::{Check, Filters, LzmaOptions, Stream},
    write::XzEncoder,
};

/// What a file begins with: the magic and the kind of checksum, which is CRC64 as `xz` has it.
pub(in crate::archive) const HEADER: [u8; 12] =
    [0xfd, b'7', b'z', b'X', b'Z', 0, 0, 4, 0xe6, 0xd6, 0xb4, 0x46];

/// Length of what a file ends with. Unit: bytes.
const FOOTER: usize = 12;

/// The longest index of one block, and a footer. Unit: bytes.
const TAIL: usize = 40;

/// A block, as the index has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::archive) struct Block {
    /// Length without the padding. Unit: bytes.
    pub(in crate::archive) unpadded: u64,
    /// Length of what it decompresses to. Unit: bytes.
    pub(in crate::archive) plain: u64,
}

impl Block {
    /// Length in the file. Unit: bytes.
    pub(in crate::archive) fn stored(self) -> u64 {
        self.unpadded.next_multiple_of(4)
    }
}

/// How hard to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::archive) struct Effort {
    /// As `xz -0` to `xz -9`; `EXTREME` may be added.
    preset: u32,
    /// How far back a repetition may lie at most. The encoder takes eleven times as much memory. Unit: bytes.
    window: u32,
}

/// liblzma's flag for `--extreme`.
const EXTREME: u32 = 1 << 31;

impl Effort {
    /// `xz -9e`, for what stays.
    pub(in crate::archive) const BEST: Effort = Effort { preset: 9 | EXTREME, window: 64 << 20 };
    /// `xz -6`, for what is written often and stays a while.
    pub(in crate::archive) const FAIR: Effort = Effort { preset: 6, window: 8 << 20 };
    /// For what is compressed again when its month is over: fast, and below 100 MiB of memory. An hour's votes, of which
    /// each repeats the one before, take a quarter of `xz -5`'s time and a tenth more room.
    pub(in crate::archive) const QUICK: Effort = Effort { preset: 3, window: 8 << 20 };
}

/// Writes one block. `plain` is how much there will be at most, if that is known: less needs less memory.
pub(in crate::archive) struct BlockWriter<W: Write> {
    encoder: XzEncoder<Cut<W>>,
}

impl<W: Write> BlockWriter<W> {
    pub(in crate::archive) fn new(out: W, effort: Effort, plain: u64) -> io::Result<Self> {
        let mut options = LzmaOptions::new_preset(effort.preset)?;
        // A window that holds all of the block finds as much as a larger one.
        let enough = u32::try_from(plain.max(64 << 10)).unwrap_or(u32::MAX).checked_next_power_of_two();
        options.dict_size(enough.unwrap_or(u32::MAX).min(effort.window));
        let stream = Stream::new_stream_encoder(Filters::new().lzma2(&options), Check::Crc64)?;
        Ok(BlockWriter {
            encoder: XzEncoder::new_stream(Cut { out, skip: HEADER.len(), held: Vec::new() }, stream),
        })
    }

    /// Ends the block. An empty one is no block.
    pub(in crate::archive) fn finish(self) -> io::Result<Option<Block>> {
        let cut = self.encoder.finish()?;
        let tail = cut.held;
        let mut out = cut.out;
        let index = index_length(&tail).filter(|length| length + FOOTER <= tail.len()).ok_or_else(broken)?;
        let (rest, index) = tail[..tail.len() - FOOTER].split_at(tail.len() - FOOTER - index);
        out.write_all(rest)?;
        match blocks_of(index).ok_or_else(broken)?[..] {
            [] => Ok(None),
            [block] => Ok(Some(block)),
            _ => Err(broken()),
        }
    }
}

impl<W: Write> Write for BlockWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.encoder.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes the header off a stream and holds its last bytes back.
struct Cut<W> {
    out: W,
    skip: usize,
    held: Vec<u8>,
}

impl<W: Write> Write for Cut<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        self.held.extend_from_slice(&bytes[skipped..]);
        let ready = self.held.len().saturating_sub(TAIL);
        if ready > 0 {
            self.out.write_all(&self.held[..ready])?;
            self.held.drain(..ready);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The index and the footer of a file of these blocks.
pub(in crate::archive) fn tail(blocks: &[Block]) -> Vec<u8> {
    let mut tail = vec![0];
    number(&mut tail, blocks.len() as u64);
    for block in blocks {
        number(&mut tail, block.unpadded);
        number(&mut tail, block.plain);
    }
    tail.resize(tail.len().next_multiple_of(4), 0);
    tail.extend(crc(&tail));
    let length = (tail.len() / 4 - 1) as u32;
    let mut footer = length.to_le_bytes().to_vec();
    footer.extend([0, 4]);
    tail.extend(crc(&footer));
    tail.extend(footer);
    tail.extend(b"YZ");
    tail
}

/// The blocks of a file; `None` if it is not one stream of the kind that is written here, from its first to its last byte.
pub(in crate::archive) fn read_blocks(file: &mut (impl Read + io::Seek)) -> io::Result<Option<Vec<Block>>> {
    let length = file.seek(io::SeekFrom::End(0))?;
    let least = (HEADER.len() + FOOTER) as u64;
    if length < least {
        return Ok(None);
    }
    let mut footer = [0; FOOTER];
    file.seek(io::SeekFrom::End(-(FOOTER as i64)))?;
    file.read_exact(&mut footer)?;
    let Some(index_length) = index_length(&footer).filter(|index| *index as u64 + least <= length) else {
        return Ok(None);
    };
    let mut index = vec![0; index_length];
    file.seek(io::SeekFrom::Start(length - (index_length + FOOTER) as u64))?;
    file.read_exact(&mut index)?;
    let mut header = HEADER;
    file.seek(io::SeekFrom::Start(0))?;
    file.read_exact(&mut header)?;
    let blocks = blocks_of(&index).filter(|blocks| {
        let stored =
            blocks.iter().try_fold(least + index_length as u64, |sum, block| sum.checked_add(block.stored()));
        header == HEADER && stored == Some(length)
    });
    Ok(blocks)
}

/// The index's length that a footer tells.
fn index_length(bytes: &[u8]) -> Option<usize> {
    let footer = bytes.last_chunk::<FOOTER>()?;
    let length = u32::from_le_bytes([footer[4], footer[5], footer[6], footer[7]]) as usize;
    (footer[..4] == crc(&footer[4..10]) && footer[8..] == *b"\0\x04YZ").then_some((length + 1) * 4)
}

/// The blocks that an index lists.
fn blocks_of(index: &[u8]) -> Option<Vec<Block>> {
    let (list, sum) = index.split_last_chunk::<4>()?;
    let mut rest = list.strip_prefix(&[0])?;
    if *sum != crc(list) {
        return None;
    }
    let count = take_number(&mut rest)?;
    let mut blocks = Vec::new();
    for _ in 0..count {
        let (unpadded, plain) = (take_number(&mut rest)?, take_number(&mut rest)?);
        blocks.push(Block { unpadded: (unpadded < 1 << 60).then_some(unpadded)?, plain });
    }
    Some(blocks)
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..9 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn crc(bytes: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum().to_le_bytes()
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the compressor made something else than one block")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::archive::codec::Codec;

    #[test]
    fn blocks_that_are_put_together_are_one_stream() {
        let (mut file, mut blocks, mut whole) = (HEADER.to_vec(), Vec::new(), Vec::new());
        assert_eq!(
            BlockWriter::new(Vec::new(), Effort::QUICK, 0).and_then(|it| it.finish()).expect("empty"),
            None
        );
        for (effort, text) in
            [(Effort::QUICK, "a first one, "), (Effort::BEST, "a second one, "), (Effort::QUICK, "a third")]
        {
            let text = text.repeat(2000);
            let before = file.len();
            let mut writer = BlockWriter::new(&mut file, effort, text.len() as u64).expect("good options");
            writer.write_all(text.as_bytes()).expect("memory takes all");
            let block = writer.finish().expect("memory takes all").expect("it is not empty");
            assert_eq!((block.plain, block.stored()), (text.len() as u64, (file.len() - before) as u64));
            blocks.push(block);
            whole.extend(text.bytes());
        }
        file.extend(tail(&blocks));
        let mut plain = Vec::new();
        Codec::Xz.open(&file[..]).and_then(|mut it| it.read_to_end(&mut plain)).expect("it is whole");
        assert!(plain == whole);
        assert_eq!(read_blocks(&mut Cursor::new(&file)).expect("memory is readable"), Some(blocks));
        for cut in [1, 13, file.len() - 5] {
            let found = read_blocks(&mut Cursor::new(&file[..file.len() - cut])).expect("memory is readable");
            assert_eq!(found, None);
        }
        file.extend(file.clone());
        assert_eq!(read_blocks(&mut Cursor::new(&file)).expect("memory is readable"), None);
    }
}
