//! The members of an archive, read one after the other and written the same way everywhere.

use std::io::{self, Read, Write};

use ::tar::{EntryType, Header};

use super::super::tar::{self, Attributes, BLOCK, Kind};
use crate::value::Timestamp;

/// Writes a member: mode 0644, of root, with the time of its document. The same member is the same bytes everywhere.
/// The format is GNU's, as in CollecTor's tarballs: names of votes are too long for any other but pax.
pub(super) fn write(out: &mut impl Write, name: &str, time: Timestamp, bytes: &[u8]) -> io::Result<()> {
    let name = name.as_bytes();
    if name.len() > NAME {
        let mut contents = name.to_vec();
        contents.push(0);
        out.write_all(&header(b"././@LongLink", EntryType::GNULongName, 0, contents.len() as u64)?)?;
        write_padded(out, &contents)?;
    }
    let time = u64::try_from(time.0).unwrap_or(0);
    out.write_all(&header(name, EntryType::Regular, time, bytes.len() as u64)?)?;
    write_padded(out, bytes)
}

/// The longest name that fits into a header; the rest of a longer one is cut off there.
const NAME: usize = 100;

fn header(name: &[u8], kind: EntryType, time: u64, size: u64) -> io::Result<[u8; BLOCK]> {
    let mut header = Header::new_gnu();
    let short = &name[..name.len().min(NAME)];
    header.as_old_mut().name[..short.len()].copy_from_slice(short);
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_username("root")?;
    header.set_groupname("root")?;
    header.set_mtime(time);
    header.set_size(size);
    header.set_cksum();
    Ok(*header.as_bytes())
}

fn write_padded(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)?;
    let padding = tar::padded(bytes.len() as u64) as usize - bytes.len();
    out.write_all(&[0; BLOCK][..padding])
}

/// How many bytes of an archive a member takes.
pub(super) fn length(name: &str, size: u64) -> u64 {
    let long = if name.len() > NAME { BLOCK as u64 + tar::padded(name.len() as u64 + 1) } else { 0 };
    long + BLOCK as u64 + tar::padded(size)
}

/// The zeros after the last member: two blocks, and what fills up a record of 20, as GNU tar does it.
pub(super) fn end(length: u64) -> Vec<u8> {
    const RECORD: u64 = 20 * BLOCK as u64;
    let whole = (length + 2 * BLOCK as u64).next_multiple_of(RECORD);
    vec![0; (whole - length) as usize]
}

/// Reads members. What is neither a file nor about one is passed over.
pub(super) struct Members<R> {
    reader: R,
    /// What is left of the last member, and its padding.
    left: u64,
    padding: u64,
}

impl<R: Read> Members<R> {
    pub(super) fn new(reader: R) -> Self {
        Members { reader, left: 0, padding: 0 }
    }

    /// Name and size of the next file. Its contents are read from `self` afterwards.
    pub(super) fn next(&mut self) -> io::Result<Option<(String, u64)>> {
        let mut attributes = Attributes::default();
        loop {
            self.skip(self.left + self.padding)?;
            (self.left, self.padding) = (0, 0);
            let mut block = [0; BLOCK];
            if !fill(&mut self.reader, &mut block)? {
                return Ok(None);
            }
            if tar::is_padding(&block) {
                // Whatever follows is read to its end, so that a checksum there is checked.
                io::copy(&mut self.reader, &mut io::sink())?;
                return Ok(None);
            }
            let entry = tar::entry(&block, &mut attributes).ok_or_else(|| invalid("not a tar header"))?;
            let padding = tar::padded(entry.size) - entry.size;
            match entry.kind {
                Kind::File => {
                    (self.left, self.padding) = (entry.size, padding);
                    let name =
                        String::from_utf8(entry.name).map_err(|_| invalid("a name that is no text"))?;
                    return Ok(Some((name, entry.size)));
                }
                Kind::LongName | Kind::Attributes if entry.size <= tar::MAX_ATTRIBUTES => {
                    let mut contents = vec![0; entry.size as usize];
                    self.reader.read_exact(&mut contents)?;
                    if entry.kind == Kind::LongName {
                        attributes.name = Some(tar::trim(&contents).to_vec());
                    } else {
                        attributes.read(&contents);
                    }
                    self.padding = padding;
                }
                _ => (self.left, self.padding) = (entry.size, padding),
            }
        }
    }

    fn skip(&mut self, count: u64) -> io::Result<()> {
        match io::copy(&mut (&mut self.reader).take(count), &mut io::sink())? {
            skipped if skipped == count => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&mut self.reader).take(self.left).read(buffer)?;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}

/// Fills a buffer; `false` if there is nothing at all.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    let mut have = 0;
    while have < buffer.len() {
        match reader.read(&mut buffer[have..]) {
            Ok(0) if have == 0 => return Ok(false),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => have += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

pub(super) fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_out_as_they_went_in() {
        let long = format!("votes-2020-01/01/{}", "x".repeat(120));
        let mut archive = Vec::new();
        for (name, bytes) in [("a/b", &b"one"[..]), (&long, &[7; 1000]), ("a/c", b"")] {
            let before = archive.len() as u64;
            write(&mut archive, name, Timestamp(1_577_836_800), bytes).expect("memory takes all");
            assert_eq!(archive.len() as u64 - before, length(name, bytes.len() as u64));
        }
        archive.extend(end(archive.len() as u64));
        assert_eq!(archive.len() % 10240, 0);
        let mut members = Members::new(&archive[..]);
        let mut found = Vec::new();
        while let Some((name, size)) = members.next().expect("it is whole") {
            found.push((name, size));
        }
        assert_eq!(found, [("a/b".to_owned(), 3), (long, 1000), ("a/c".to_owned(), 0)]);
        let mut cut = Members::new(&archive[..700]);
        assert!(cut.next().is_ok() && cut.next().is_err());
    }
}
