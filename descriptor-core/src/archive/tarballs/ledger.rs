//! What a tarball holds, kept beside it: a ledger that is written when the tarball was read back and found right.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};

use sha2::{Digest as _, Sha256};

use super::{
    super::{
        codec::{Codec, MAGIC},
        facts::Facts,
        history::Stamp,
    },
    blocks,
    members::{Members, invalid},
};
use crate::{destination, value::Timestamp};

/// A SHA-256.
pub(in crate::archive) type Digest = [u8; 32];

/// What is known about a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) digest: Digest,
    pub(super) size: u64,
    /// When the file in the tree was changed last; `None` if the member was only seen in the tarball. Nanoseconds.
    pub(super) modified: Option<i128>,
    /// When its last document was published.
    pub(super) time: Option<Timestamp>,
}

/// What is known about a tarball.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Ledger {
    /// Size and time of the file that was read back; `None` if there is none.
    pub(crate) stamp: Option<Stamp>,
    /// Of the file.
    pub(crate) digest: Digest,
    /// Whether all members stand in order and are compressed as one.
    pub(super) finished: bool,
    /// When members were added last.
    pub(super) extended: Timestamp,
    /// Of all documents.
    pub(crate) facts: Facts,
    /// By their paths below the top folder.
    pub(super) members: BTreeMap<String, Member>,
}

const FIRST_LINE: &str = "tordesc tarball 1";

impl Ledger {
    /// Loads a ledger. One that is missing, damaged or of another version is `None`: the tarball tells all that is in it.
    pub(super) fn load(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let (head, members) = text.split_once("\n\n")?;
        let mut ledger = Self::head(head)?;
        for line in members.strip_suffix('\n')?.lines().filter(|line| *line != "end") {
            let mut parts = line.splitn(5, ' ');
            let digest = hex(parts.next()?)?;
            let size = parts.next()?.parse().ok()?;
            let modified = optional(parts.next()?)?;
            let time = optional(parts.next()?)?.map(Timestamp);
            ledger.members.insert(parts.next()?.to_owned(), Member { digest, size, modified, time });
        }
        text.ends_with("\nend\n").then_some(ledger)
    }

    /// Loads all but the members: a few lines.
    pub(crate) fn load_head(path: &Path) -> Option<Self> {
        let mut head = Vec::new();
        File::open(path).ok()?.take(4096).read_to_end(&mut head).ok()?;
        Self::head(String::from_utf8_lossy(&head).split_once("\n\n")?.0)
    }

    fn head(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next() != Some(FIRST_LINE) {
            return None;
        }
        let mut parts = lines.next()?.split(' ');
        let mut part = || parts.next();
        let (size, modified) = (part()?.parse().ok()?, part()?.parse().ok()?);
        let (digest, finished) = (hex(part()?)?, part()? == "finished");
        let extended = Timestamp(part()?.parse().ok()?);
        let (first, last) = (optional(part()?)?.map(Timestamp), optional(part()?)?.map(Timestamp));
        let facts = Facts { types: lines.map(str::to_owned).collect(), first, last };
        let stamp = Some(Stamp { size, modified });
        Some(Ledger { stamp, digest, finished, extended, facts, members: BTreeMap::new() })
    }

    /// Saves it, if there is a tarball.
    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        let Some(stamp) = self.stamp else { return Ok(()) };
        let fill = |out: &mut io::BufWriter<File>| {
            let state = if self.finished { "finished" } else { "open" };
            let time = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| time.0.to_string());
            let (digest, extended) = (const_hex::encode(self.digest), self.extended.0);
            let (first, last) = (time(self.facts.first), time(self.facts.last));
            writeln!(
                out,
                "{FIRST_LINE}\n{} {} {digest} {state} {extended} {first} {last}",
                stamp.size, stamp.modified
            )?;
            for name in &self.facts.types {
                writeln!(out, "{name}")?;
            }
            writeln!(out)?;
            for (name, member) in &self.members {
                let modified = member.modified.map_or("-".to_owned(), |modified| modified.to_string());
                let digest = const_hex::encode(member.digest);
                writeln!(out, "{digest} {} {modified} {} {name}", member.size, time(member.time))?;
            }
            writeln!(out, "end")
        };
        destination::write(path, fill, |_, ()| Ok(()))
    }

    /// Reads a tarball that has no ledger of its own, as one of CollecTor's or one whose ledger was lost. Every member is
    /// read to its end, so that every checksum is checked.
    pub(super) fn of_tarball(path: &Path, top: &str, now: Timestamp) -> io::Result<Self> {
        let mut ledger = Ledger { extended: now, ..Ledger::default() };
        let mut file = File::open(path)?;
        let blocks = blocks::read_blocks(&mut file)?;
        let stamp = Stamp::of(&file.metadata()?);
        let (mut sorted, mut last) = (true, String::new());
        read_members(path, |name, contents| {
            let name = name.strip_prefix(top).and_then(|name| name.strip_prefix('/'));
            let name =
                name.filter(|name| fits(name)).ok_or_else(|| invalid("a member with a strange name"))?;
            let mut bytes = Vec::new();
            contents.read_to_end(&mut bytes)?;
            let facts = Facts::of(name, &bytes);
            let (digest, size, time) = (Sha256::digest(&bytes).into(), bytes.len() as u64, facts.last);
            ledger.facts.merge(facts);
            sorted &= *last < *name;
            name.clone_into(&mut last);
            ledger.members.insert(last.clone(), Member { digest, size, modified: None, time });
            Ok(())
        })?;
        ledger.finished = sorted && blocks.is_none_or(|blocks| blocks.len() == 2);
        ledger.digest = digest_of(path)?;
        ledger.stamp = Some(stamp);
        Ok(ledger)
    }
}

/// Visits all members of a tarball, compressed or not.
pub(super) fn read_members(
    path: &Path,
    mut visit: impl FnMut(&str, &mut Members<Box<dyn Read + '_>>) -> io::Result<()>,
) -> io::Result<()> {
    let mut head = Vec::new();
    File::open(path)?.take(MAGIC as u64).read_to_end(&mut head)?;
    let file = File::open(path)?;
    let reader: Box<dyn Read> = match Codec::detect(&head) {
        Some(codec) => codec.open(file)?,
        None => Box::new(io::BufReader::new(file)),
    };
    let mut members = Members::new(reader);
    while let Some((name, _)) = members.next()? {
        visit(&name, &mut members)?;
    }
    Ok(())
}

/// Whether a path stays below the top folder and is one line.
pub(super) fn fits(path: &str) -> bool {
    let part = |part: &str| !part.is_empty() && !part.starts_with('.');
    path.split('/').all(part) && !path.contains(['\n', '\r', '\0'])
}

/// The digest of a whole file.
pub(in crate::archive) fn digest_of(path: &Path) -> io::Result<Digest> {
    let mut digest = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(digest.finalize().into()),
            Ok(count) => digest.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hex(text: &str) -> Option<Digest> {
    const_hex::decode_to_array(text).ok()
}

/// A number, or `-`.
fn optional<T: std::str::FromStr>(text: &str) -> Option<Option<T>> {
    if text == "-" { Some(None) } else { text.parse().ok().map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_survives_saving_and_a_torn_one_is_none() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.members");
        let member = Member { digest: [7; 32], size: 9, modified: Some(-5), time: None };
        let mut ledger = Ledger {
            stamp: Some(Stamp { size: 1, modified: 2 }),
            digest: [1; 32],
            finished: true,
            extended: Timestamp(99),
            facts: Facts { types: ["vote 1.0".to_owned()].into(), first: Some(Timestamp(3)), last: None },
            members: [("a/b c".to_owned(), member)].into(),
        };
        ledger.save(&path).expect("it is writable");
        assert_eq!(Ledger::load(&path).as_ref(), Some(&ledger));
        ledger.members.clear();
        assert_eq!(Ledger::load_head(&path), Some(ledger));
        let text = fs::read(&path).expect("it was saved");
        fs::write(&path, &text[..text.len() - 3]).expect("it is writable");
        assert_eq!(Ledger::load(&path), None);
    }
}
