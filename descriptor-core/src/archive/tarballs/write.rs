//! Writing a tarball: a longer one from the old one's blocks, or a new one in order.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::{self, File},
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{
    super::{codec::Codec, facts::Facts, history::Stamp},
    blocks::{self, Block, BlockWriter, Effort, HEADER},
    layout::Tarball,
    ledger::{Digest, Ledger, Member, digest_of, read_members},
    members::{self, Members, invalid},
};
use crate::{destination, value::Timestamp};

/// A file of the tree.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
}

/// A tarball as it was written.
struct Written {
    digest: Digest,
    /// Where the blocks begin that were not there before, and these blocks; none in a tarball that is not compressed.
    from: u64,
    blocks: Vec<Block>,
    /// Those that were not there before, in the order of the file.
    members: Vec<(String, Member)>,
    facts: Facts,
}

/// So many small blocks at the end are made one: each of the hourly consensuses alone takes ten times what it takes
/// beside the one before.
const MANY: usize = 24;

/// What a small block decompresses to, at most. Unit: bytes.
const SMALL_BLOCK: u64 = 32 << 20;

/// Adds members in a block of their own, together with those of many small blocks at the end. The blocks before that are
/// copied as they are.
pub(super) fn extend(
    tarball: &Tarball,
    path: &Path,
    ledger: &mut Ledger,
    fresh: &BTreeMap<String, Found>,
    found: &BTreeMap<String, Found>,
) -> io::Result<()> {
    let mut spool = Spool::default();
    let (kept, merged) = spool.take_small_blocks(tarball, path, found)?;
    let names: BTreeSet<&String> = merged.iter().chain(fresh.keys()).collect();
    let plain = plain_length(names.iter().copied(), ledger, found);
    let fill = |out: &mut BufWriter<File>| {
        let mut out = Hashed { out, digest: Sha256::new() };
        let mut blocks = keep_blocks(path, kept, ledger, &mut out)?;
        let from = HEADER.len() as u64 + blocks.iter().map(|block| block.stored()).sum::<u64>();
        let before = blocks.iter().map(|block| block.plain).sum::<u64>();
        let mut packer = Packer::new(tarball, &mut out, Effort::QUICK, plain)?;
        packer.add_all(names, ledger, found, &mut spool)?;
        let (block, mut written) = packer.finish()?;
        blocks.extend(block);
        blocks.extend(zeros(&mut out, before + block.map_or(0, |block| block.plain))?);
        out.write_all(&blocks::tail(&blocks))?;
        written.digest = out.digest.finalize().into();
        (written.from, written.blocks) = (from, blocks.split_off(kept));
        Ok(written)
    };
    let written = destination::write(path, fill, |path, written| verify(tarball, path, written))?;
    enter(path, ledger, written)
}

/// About how much members take in an archive.
fn plain_length<'n>(
    names: impl Iterator<Item = &'n String>,
    ledger: &Ledger,
    found: &BTreeMap<String, Found>,
) -> u64 {
    let size = |name| match (found.get(name), ledger.members.get(name)) {
        (Some(found), _) => found.stamp.size,
        (None, member) => member.map_or(0, |member| member.size),
    };
    names.map(|name| members::length(name, size(name)) + 512).sum()
}

/// Writes all members in order and as one. Those that the tree has no more are taken from the old tarball.
pub(super) fn rebuild(
    tarball: &Tarball,
    path: &Path,
    ledger: &mut Ledger,
    found: &BTreeMap<String, Found>,
) -> io::Result<()> {
    let mut spool = Spool::default();
    if ledger.members.keys().any(|name| !found.contains_key(name)) {
        read_members(path, |name, contents| spool.put(tarball, path, name, contents, found).map(drop))?;
    }
    let names: BTreeSet<&String> = ledger.members.keys().chain(found.keys()).collect();
    let plain = plain_length(names.iter().copied(), ledger, found);
    let fill = |out: &mut BufWriter<File>| {
        let mut out = Hashed { out, digest: Sha256::new() };
        if tarball.compressed {
            out.write_all(&HEADER)?;
        }
        let mut packer = Packer::new(tarball, &mut out, Effort::BEST, plain)?;
        packer.add_all(names, ledger, found, &mut spool)?;
        let plain = packer.plain;
        let (block, mut written) = packer.finish()?;
        if tarball.compressed {
            written.blocks.extend(block);
            written.blocks.extend(zeros(&mut out, plain)?);
            out.write_all(&blocks::tail(&written.blocks))?;
        } else {
            out.write_all(&members::end(plain))?;
        }
        written.digest = out.digest.finalize().into();
        Ok(written)
    };
    let written = destination::write(path, fill, |path, written| verify(tarball, path, written))?;
    ledger.members.clear();
    ledger.facts = Facts::default();
    ledger.finished = true;
    enter(path, ledger, written)?;
    Ok(())
}

/// Enters what was written into the ledger.
fn enter(path: &Path, ledger: &mut Ledger, written: Written) -> io::Result<()> {
    ledger.stamp = Some(Stamp::of(&fs::metadata(path)?));
    ledger.digest = written.digest;
    ledger.facts.merge(written.facts);
    ledger.members.extend(written.members);
    Ok(())
}

/// Whether blocks can be added to a tarball: it is of this program's making, so that its last block is but zeros.
pub(super) fn is_extendable(path: &Path) -> io::Result<bool> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        file => file?,
    };
    let Some(blocks) = blocks::read_blocks(&mut file)? else { return Ok(false) };
    let Some((last, others)) = blocks.split_last() else { return Ok(false) };
    let plain: u64 = others.iter().map(|block| block.plain).sum();
    if last.plain != members::end(plain).len() as u64 {
        return Ok(false);
    }
    let from = HEADER.len() as u64 + others.iter().map(|block| block.stored()).sum::<u64>();
    let mut zeros = Vec::new();
    open_blocks(&mut file, from, &[*last])?.read_to_end(&mut zeros)?;
    Ok(zeros.iter().all(|&byte| byte == 0))
}

/// Copies the header and so many blocks. The old file must be the one that was read
/// back, byte for byte.
fn keep_blocks(path: &Path, kept: usize, ledger: &Ledger, out: &mut impl Write) -> io::Result<Vec<Block>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            out.write_all(&HEADER)?;
            return Ok(Vec::new());
        }
        file => file?,
    };
    let mut blocks = blocks::read_blocks(&mut file)?.ok_or_else(|| invalid("not one stream of blocks"))?;
    blocks.truncate(kept);
    let kept = HEADER.len() as u64 + blocks.iter().map(|block| block.stored()).sum::<u64>();
    file.seek(SeekFrom::Start(0))?;
    let mut old = Hashed { out: io::sink(), digest: Sha256::new() };
    let mut left = kept;
    let mut buffer = vec![0; 256 << 10];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        old.write_all(&buffer[..count])?;
        let here = left.min(count as u64) as usize;
        out.write_all(&buffer[..here])?;
        left -= here as u64;
    }
    if <Digest>::from(old.digest.finalize()) != ledger.digest {
        return Err(invalid("the tarball is not the one that was read back"));
    }
    Ok(blocks)
}

/// The block that ends an archive.
fn zeros(out: &mut impl Write, plain: u64) -> io::Result<Option<Block>> {
    let zeros = members::end(plain);
    let mut writer = BlockWriter::new(out, Effort::QUICK, zeros.len() as u64)?;
    writer.write_all(&zeros)?;
    writer.finish()
}

/// A reader of what some blocks decompress to.
fn open_blocks<'f>(file: &'f mut File, from: u64, blocks: &[Block]) -> io::Result<Box<dyn Read + 'f>> {
    file.seek(SeekFrom::Start(from))?;
    let stored = blocks.iter().map(|block| block.stored()).sum();
    Codec::Xz.open((&HEADER[..]).chain(file.take(stored)).chain(io::Cursor::new(blocks::tail(blocks))))
}

/// Reads a file back from the disk: all of it by its digest, and what is new member by member.
fn verify(tarball: &Tarball, path: &Path, written: &Written) -> io::Result<()> {
    if digest_of(path)? != written.digest {
        return Err(invalid("what was written is not what is read"));
    }
    let mut file = File::open(path)?;
    let reader: Box<dyn Read + '_> = if tarball.compressed {
        open_blocks(&mut file, written.from.max(HEADER.len() as u64), &written.blocks)?
    } else {
        Box::new(io::BufReader::new(file))
    };
    let mut members = Members::new(reader);
    let mut expected = written.members.iter();
    while let Some((name, size)) = members.next()? {
        let mut digest = Hashed { out: io::sink(), digest: Sha256::new() };
        io::copy(&mut members, &mut digest)?;
        let digest: Digest = digest.digest.finalize().into();
        let right = expected.next().is_some_and(|(below, member)| {
            name.strip_prefix(&*tarball.name).and_then(|name| name.strip_prefix('/')) == Some(below)
                && (member.size, member.digest) == (size, digest)
        });
        if !right {
            return Err(invalid("a member is not what was written"));
        }
    }
    match expected.next() {
        None => Ok(()),
        Some(_) => Err(invalid("a member that was written is not there")),
    }
}

/// Packs members and notes what they are.
struct Packer<'t, 'o, W: Write> {
    tarball: &'t Tarball,
    out: Out<'o, W>,
    plain: u64,
    written: Written,
}

enum Out<'o, W: Write> {
    Plain(&'o mut W),
    Block(BlockWriter<&'o mut W>),
}

impl<'t, 'o, W: Write> Packer<'t, 'o, W> {
    fn new(tarball: &'t Tarball, out: &'o mut W, effort: Effort, plain: u64) -> io::Result<Self> {
        let out = if tarball.compressed {
            Out::Block(BlockWriter::new(out, effort, plain)?)
        } else {
            Out::Plain(out)
        };
        let written = Written {
            digest: [0; 32],
            from: 0,
            blocks: Vec::new(),
            members: Vec::new(),
            facts: Facts::default(),
        };
        Ok(Packer { tarball, out, plain: 0, written })
    }

    /// Adds members in the order of their names, from the tree or, if they are there no more, from the old tarball.
    fn add_all(
        &mut self,
        names: BTreeSet<&String>,
        ledger: &Ledger,
        found: &BTreeMap<String, Found>,
        spool: &mut Spool,
    ) -> io::Result<()> {
        for name in names {
            match (found.get(name), ledger.members.get(name)) {
                (Some(found), _) => self.add_file(name, found)?,
                (None, Some(member)) => self.add(name, &spool.take(name, member)?, None)?,
                (None, None) => return Err(invalid("a member that the ledger does not know")),
            }
        }
        Ok(())
    }

    /// Adds a file. If it is gone meanwhile, that is an error, and the next run sees the tree as it is then.
    fn add_file(&mut self, name: &str, found: &Found) -> io::Result<()> {
        let bytes = fs::read(&found.path)?;
        self.add(name, &bytes, Some(found.stamp.modified))
    }

    fn add(&mut self, name: &str, bytes: &[u8], modified: Option<i128>) -> io::Result<()> {
        let facts = Facts::of(name, bytes);
        let member = Member {
            digest: Sha256::digest(bytes).into(),
            size: bytes.len() as u64,
            modified,
            time: facts.last,
        };
        // What has no time of its own, as a microdescriptor, has that of its month's begin.
        let time = facts.first.or(self.tarball.begin()).unwrap_or(Timestamp(0));
        let full = format!("{}/{name}", self.tarball.name);
        match &mut self.out {
            Out::Plain(out) => members::write(out, &full, time, bytes)?,
            Out::Block(out) => members::write(out, &full, time, bytes)?,
        }
        self.plain += members::length(&full, member.size);
        self.written.members.push((name.to_owned(), member));
        self.written.facts.merge(facts);
        Ok(())
    }

    fn finish(self) -> io::Result<(Option<Block>, Written)> {
        let block = match self.out {
            Out::Plain(_) => None,
            Out::Block(writer) => writer.finish()?,
        };
        Ok((block, self.written))
    }
}

/// Members that only the old tarball has, decompressed into a file that is removed afterwards.
#[derive(Default)]
struct Spool {
    file: Option<(File, PathBuf)>,
    /// Where each one lies, and where the last one ends.
    places: HashMap<String, u64>,
    end: u64,
}

impl Spool {
    /// Takes a member in, if the tree does not have it. Gives its path below the top folder.
    fn put(
        &mut self,
        tarball: &Tarball,
        path: &Path,
        name: &str,
        contents: &mut impl Read,
        found: &BTreeMap<String, Found>,
    ) -> io::Result<String> {
        let name = name.strip_prefix(&*tarball.name).and_then(|name| name.strip_prefix('/')).unwrap_or(name);
        if found.contains_key(name) {
            return Ok(name.to_owned());
        }
        if self.file.is_none() {
            self.file = Some(destination::create(&path.with_extension("spool"))?);
        }
        if let Some((file, _)) = &mut self.file {
            self.places.insert(name.to_owned(), self.end);
            self.end += io::copy(contents, file)?;
        }
        Ok(name.to_owned())
    }

    /// If there are many small blocks at the end of a tarball, takes their members in. Gives how many blocks stay as they
    /// are, and the paths of the members of the others.
    fn take_small_blocks(
        &mut self,
        tarball: &Tarball,
        path: &Path,
        found: &BTreeMap<String, Found>,
    ) -> io::Result<(usize, Vec<String>)> {
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, Vec::new())),
            file => file?,
        };
        let mut blocks =
            blocks::read_blocks(&mut file)?.ok_or_else(|| invalid("not one stream of blocks"))?;
        blocks.pop();
        let small = blocks.iter().rev().take_while(|block| block.plain <= SMALL_BLOCK).count();
        if small < MANY {
            return Ok((blocks.len(), Vec::new()));
        }
        let kept = blocks.len() - small;
        let from = HEADER.len() as u64 + blocks[..kept].iter().map(|block| block.stored()).sum::<u64>();
        let mut members = Members::new(open_blocks(&mut file, from, &blocks[kept..])?);
        let mut names = Vec::new();
        while let Some((name, _)) = members.next()? {
            names.push(self.put(tarball, path, &name, &mut members, found)?);
        }
        Ok((kept, names))
    }

    /// The bytes of a member, which must be those that the ledger knows.
    fn take(&mut self, name: &str, member: &Member) -> io::Result<Vec<u8>> {
        let missing = || invalid("a member is missing in the old tarball");
        let place = *self.places.get(name).ok_or_else(missing)?;
        let (file, _) = self.file.as_mut().ok_or_else(missing)?;
        file.seek(SeekFrom::Start(place))?;
        let mut bytes = Vec::new();
        file.take(member.size).read_to_end(&mut bytes)?;
        if Sha256::digest(&bytes)[..] == member.digest {
            Ok(bytes)
        } else {
            Err(invalid("a member of the old tarball has changed"))
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Some((_, path)) = &self.file {
            // What cannot be removed now is removed at the next start.
            drop(fs::remove_file(path));
        }
    }
}

/// Counts into a digest what passes.
struct Hashed<W> {
    out: W,
    digest: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.digest.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
