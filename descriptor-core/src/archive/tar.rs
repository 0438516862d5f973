//! Headers of tar archives. The walk over them is in `fill`, where the bytes are.

use tar::{EntryType, Header, PaxExtensions};

use super::codec::Codec;

/// Headers and contents are padded to this size.
pub(super) const BLOCK: usize = 512;

/// The longest name or list of attributes that is read.
pub(super) const MAX_ATTRIBUTES: u64 = 1 << 20;

/// What follows a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file.
    File,
    /// The name of the member that comes next, too long for its header.
    LongName,
    /// Attributes of the member that comes next.
    Attributes,
    /// Something without contents: a folder, a link, a device.
    Empty,
    /// A file with holes.
    Sparse,
    /// Something else with contents to be skipped.
    Other,
}

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) name: Vec<u8>,
    /// Length of the contents, without the padding.
    pub(super) size: u64,
}

/// What blocks before a member's own header say about it.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub(super) name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Attributes {
    /// Reads a list of pax attributes. What cannot be read is as if it were not there.
    pub(super) fn read(&mut self, list: &[u8]) {
        for attribute in PaxExtensions::new(list).flatten() {
            match attribute.key_bytes() {
                b"path" => self.name = Some(attribute.value_bytes().to_vec()),
                b"size" => self.size = attribute.value().ok().and_then(|size| size.parse().ok()),
                _ => {}
            }
        }
    }
}

/// Whether a block of an archive is filled up with zeros, as two are after the last member.
pub(super) fn is_padding(block: &[u8]) -> bool {
    block.iter().all(|&byte| byte == 0)
}

/// Whether a file that begins so is an archive.
/// Whether a source that begins so is compressed or an archive.
pub fn is_packed(head: &[u8]) -> bool {
    Codec::detect(head).is_some() || is_archive(head)
}

pub(super) fn is_archive(head: &[u8]) -> bool {
    head.first_chunk::<BLOCK>().is_some_and(|block| is_header(block) || is_padding(block))
}

/// Whether the checksum fits. Archives before 1988 have no other mark, and later ones need none.
fn is_header(block: &[u8; BLOCK]) -> bool {
    if block[0] == 0 && block[257..262] != *b"ustar" {
        return false;
    }
    let Ok(told) = Header::from_byte_slice(block).cksum() else { return false };
    // The checksum counts its own field as blanks.
    let sum = |part: &[u8]| part.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let blanks = 8 * u32::from(b' ');
    let unsigned = sum(&block[..148]) + sum(&block[156..]) + blanks;
    // Some old programs added up signed bytes.
    let high = || block[..148].iter().chain(&block[156..]).filter(|byte| **byte >= 0x80).count() as u32;
    told == unsigned || i64::from(told) == i64::from(unsigned) - 256 * i64::from(high())
}

/// Reads a header; `None` if the block is none.
pub(super) fn entry(block: &[u8; BLOCK], attributes: &mut Attributes) -> Option<Entry> {
    if !is_header(block) {
        return None;
    }
    let header = Header::from_byte_slice(block);
    let kind = match header.entry_type() {
        EntryType::Regular | EntryType::Continuous => Kind::File,
        EntryType::GNULongName => Kind::LongName,
        EntryType::XHeader => Kind::Attributes,
        EntryType::GNUSparse => Kind::Sparse,
        EntryType::Link
        | EntryType::Symlink
        | EntryType::Char
        | EntryType::Block
        | EntryType::Directory
        | EntryType::Fifo => Kind::Empty,
        _ => Kind::Other,
    };
    let mut size = header.entry_size().ok()?;
    let mut name = Vec::new();
    if !matches!(kind, Kind::LongName | Kind::Attributes | Kind::Other) {
        let known = std::mem::take(attributes);
        size = known.size.unwrap_or(size);
        name = known.name.unwrap_or_else(|| header.path_bytes().into_owned());
    }
    if kind == Kind::Empty {
        size = 0;
    }
    // Larger than any file; the padded size and offsets stay within their type.
    (size < 1 << 60).then_some(Entry { kind, name, size })
}

/// The length of contents with their padding.
pub(super) fn padded(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64)
}

/// A name without the zeros at its end.
pub(super) fn trim(name: &[u8]) -> &[u8] {
    &name[..name.iter().position(|&byte| byte == 0).unwrap_or(name.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, size: u64) -> [u8; BLOCK] {
        let mut header = Header::new_gnu();
        header.set_path(name).expect("the name is short");
        header.set_size(size);
        header.set_cksum();
        *header.as_bytes()
    }

    #[test]
    fn a_header_is_told_by_its_checksum() {
        let mut block = header("a/b", 7);
        let entry = entry(&block, &mut Attributes::default()).expect("the checksum fits");
        assert_eq!(entry, Entry { kind: Kind::File, name: b"a/b".to_vec(), size: 7 });
        assert!(is_archive(&block));
        block[0] = b'x';
        assert!(!is_archive(&block));
        assert!(!is_archive(&[b' '; BLOCK]));
        assert!(is_archive(&[0; BLOCK]));
    }

    #[test]
    fn attributes_are_of_the_next_member_only() {
        let mut attributes = Attributes::default();
        attributes.read(b"13 path=long\n11 size=99\n");
        let block = header("short", 1);
        let first = entry(&block, &mut attributes).expect("the checksum fits");
        let second = entry(&block, &mut attributes).expect("the checksum fits");
        assert_eq!((first.name.as_slice(), first.size), (&b"long"[..], 99));
        assert_eq!((second.name.as_slice(), second.size), (&b"short"[..], 1));
    }
}
