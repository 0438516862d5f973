//! `index.json`: what lies in an archive, for mirrors and for pages that list it.
//!
//! [`Indexer`] writes CollecTor's format; [`Index`] reads it. What a file says about itself is found out once and kept, so
//! that an index of many files of which few have changed takes little more than to ask for their sizes and times.

mod bits;
mod cache;
mod folders;
mod model;
mod render;
mod squeeze;
mod walk;

use std::{
    borrow::Cow,
    collections::HashMap,
    fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use rayon::{
    iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator},
    slice::ParallelSliceMut,
};

pub use self::model::{Index, IndexError, IndexFile};
use self::{
    cache::Cache,
    folders::{Believed, Folders},
    squeeze::{FORMATS, Table},
};
use super::{
    Cause, Chunk, Error, Event, Input, Options, Source,
    facts::Facts,
    history::Stamp,
    read,
    tarballs::{Ledger, digest_of},
};
use crate::{destination, value::Timestamp};

/// What is indexed, and where the index goes.
#[derive(Debug, Clone)]
pub struct Indexer {
    /// The folder whose files are listed: CollecTor's `indexed`.
    pub root: PathBuf,
    /// The folder for `index.json`, `.gz`, `.bz2` and `.xz`. If it lies in the root it is not listed itself.
    pub output: PathBuf,
    /// The URL that the root is served under.
    pub base: String,
    /// The revision of the program, if it shall be told.
    pub revision: Option<String>,
    /// Where to keep what is known about files that have not changed. If that is lost, they are read again.
    pub state: PathBuf,
    /// Where the ledgers of tarballs are, if they are made here: those tarballs need not be read.
    pub ledgers: Option<PathBuf>,
    /// Whether folders that have not changed are believed to hold what they held, but for once a day. Creating, renaming and
    /// removing a file changes its folder, writing into it does not: right where all files come by renaming, as ours do.
    pub believes_folders: bool,
    /// How many threads; 0 for as many as there are processors.
    pub threads: usize,
}

/// What was indexed.
#[derive(Debug, Default)]
pub struct Indexed {
    /// Files listed.
    pub files: usize,
    /// Files that were read, because they are new or have changed.
    pub read: usize,
    /// Whether a new index was written; not, if it would be the same.
    pub written: bool,
    /// Files with names that cannot be listed.
    pub skipped: Vec<PathBuf>,
    /// What could not be read. A file that could be read in part is listed with what it says so far.
    pub failed: Vec<Error>,
}

const NAME: &str = "index.json";

/// The path of a file, and what it is now.
type File<'c> = (Cow<'c, str>, Stamp);

/// A file's digest, if it is known already, and what it says.
type Told = (Option<[u8; 32]>, Facts);

impl Indexer {
    /// Writes a new index, if anything has changed.
    pub fn update(&self, now: Timestamp) -> Result<Indexed, Error> {
        match rayon::ThreadPoolBuilder::new().num_threads(self.threads).build() {
            Ok(pool) => pool.install(|| self.update_here(now)),
            Err(_) => self.update_here(now),
        }
    }

    fn update_here(&self, now: Timestamp) -> Result<Indexed, Error> {
        let journal = self.state.join("index.cache");
        let fail = |path: &Path, cause| Error { source: Arc::new(Source::file(path)), cause };
        let text = match read_parted(&journal) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            text => text.map_err(|error| fail(&journal, Cause::Open(error))),
        }?;
        let place = self.state.join("index.folders");
        let before = if self.believes_folders { Folders::load(&place) } else { Folders::default() };
        let (cache, walked, looked) = if before.known.is_empty() {
            let (cache, walked) = rayon::join(|| Cache::of(&text), || self.walk(&Believed::default(), now));
            (cache, walked, Some(now))
        } else {
            let cache = Cache::of(&text);
            let believed = before.believe(&cache, now);
            let walked = self.walk(&believed, now);
            let looked = if believed.is_empty() { Some(now) } else { before.looked };
            (cache, walked, looked)
        };
        let walk::Walked { files, skipped, mut folders } =
            walked.map_err(|error| fail(&self.root, Cause::Open(error)))?;
        let mut indexed = Indexed { skipped, ..Indexed::default() };

        let known = cache.join(files.iter().map(|(path, _)| &**path));
        let is_same =
            |(file, known): &(&File<'_>, &Option<cache::Known<'_>>)| known.is_some_and(|it| it.0 == file.1);
        let changed: Vec<_> =
            files.iter().zip(&known).filter(|pair| !is_same(pair)).map(|(file, _)| file).collect();
        indexed.read = changed.len();
        let fresh = self.examine(&changed, &mut indexed.failed);
        let mut entries = Vec::with_capacity(files.len());
        for (file, known) in files.iter().zip(&known) {
            let fresh = if is_same(&(file, known)) { None } else { fresh.get(&*file.0) };
            // What changes while it is read keeps the entry that it had.
            let entry = fresh.map(|entry| (file.1, &**entry)).or(*known);
            entries.extend(entry.map(|(stamp, entry)| (&*file.0, stamp, entry)));
        }
        indexed.files = entries.len();
        let lines: Vec<_> = changed
            .iter()
            .filter_map(|(path, stamp)| Some(cache::line(path, *stamp, fresh.get(&**path)?)))
            .collect();
        cache
            .save(&journal, &lines, entries.iter().copied())
            .map_err(|error| fail(&journal, Cause::Write(error)))?;
        if self.believes_folders {
            // Where a file changed while it was read, all are looked at again.
            let unsettled = changed.iter().filter(|(path, _)| !fresh.contains_key(&**path));
            for (path, _) in unsettled {
                folders.remove(path.rfind('/').map_or("", |at| &path[..=at]));
            }
            let folders = Folders { looked, known: folders };
            if folders != before {
                folders.save(&place).map_err(|error| fail(&place, Cause::Write(error)))?;
            }
        }

        let listed = entries.iter().map(|(path, _, entry)| (*path, *entry));
        let rendered = render::index(now, self.revision.as_deref(), &self.base, listed);
        let write = || self.write(&rendered);
        indexed.written = write().map_err(|error| fail(&self.output.join(NAME), Cause::Write(error)))?;
        Ok(indexed)
    }

    fn walk<'c>(&self, believed: &Believed<'c>, now: Timestamp) -> io::Result<walk::Walked<'c>> {
        walk::walk(&self.root, &self.output, believed, now)
    }

    /// Finds out what files say. Those that change meanwhile, or are gone, are left out.
    fn examine<'f>(&self, files: &[&'f File<'f>], failed: &mut Vec<Error>) -> HashMap<&'f str, String> {
        let ledger = |(path, stamp): &File<'_>| {
            let name = path
                .rsplit('/')
                .next()?
                .strip_suffix(".tar.xz")
                .or_else(|| path.rsplit('/').next()?.strip_suffix(".tar"))?;
            let ledger = Ledger::load_head(&self.ledgers.as_ref()?.join(format!("{name}.members")))?;
            (ledger.stamp == Some(*stamp)).then_some((ledger.digest, ledger.facts))
        };
        let ledgers: Vec<_> = files.iter().map(|file| ledger(file)).collect();
        let unknown = files.iter().zip(&ledgers).filter(|(_, ledger)| ledger.is_none());
        let inputs: Vec<_> = unknown.map(|((path, _), _)| Input::Path(self.root.join(&**path))).collect();
        let mut facts = self.read(&inputs, failed);
        let facts: Vec<_> = files
            .iter()
            .zip(ledgers)
            .map(|((path, _), ledger)| match ledger {
                Some((digest, facts)) => (Some(digest), facts),
                None => (None, facts.remove(&self.root.join(&**path)).unwrap_or_default()),
            })
            .collect();
        let entry = |((path, stamp), (digest, facts)): (&&'f File<'f>, &Told)| {
            let place = self.root.join(&**path);
            let digest = match digest {
                Some(digest) => *digest,
                None => digest_of(&place).ok()?,
            };
            let same = Stamp::of(&fs::metadata(&place).ok()?) == *stamp;
            let name = path.rsplit('/').next().unwrap_or(path);
            same.then(|| (&**path, render::entry(name, *stamp, facts, &digest)))
        };
        files.par_iter().zip(&facts).filter_map(entry).collect()
    }

    fn read(&self, inputs: &[Input], failed: &mut Vec<Error>) -> HashMap<PathBuf, Facts> {
        let map = |chunk: &Chunk| {
            let mut facts: Vec<(Arc<Path>, Facts)> = Vec::new();
            for (source, frame) in chunk.frames() {
                if facts.last().is_none_or(|(path, _)| !Arc::ptr_eq(path, &source.path)) {
                    facts.push((Arc::clone(&source.path), Facts::default()));
                }
                if let Some((path, facts)) = facts.last_mut() {
                    facts.add(source.member.as_deref().or_else(|| path.to_str()).unwrap_or_default(), frame);
                }
            }
            facts
        };
        let mut all: HashMap<PathBuf, Facts> = HashMap::new();
        let options = Options { threads: self.threads, ..Options::default() };
        read(inputs, &options, map, |event| {
            match event {
                Event::Output(facts) => {
                    for (path, facts) in facts {
                        all.entry(path.to_path_buf()).or_default().merge(facts);
                    }
                }
                Event::Failed(error) => failed.push(error),
            }
            ControlFlow::Continue(())
        });
        all
    }

    /// Writes the four files, unless those that are there say the same.
    fn write(&self, rendered: &render::Rendered<'_>) -> io::Result<bool> {
        let pieces: Vec<_> = rendered.pieces().collect();
        let place = self.state.join("index.pieces");
        let table = Table::load(&place);
        let paths: Vec<_> = std::iter::once(NAME.to_owned())
            .chain(FORMATS.map(|(_, ending)| format!("{NAME}.{ending}")))
            .map(|name| self.output.join(name))
            .collect();
        let stamps = || {
            paths.iter().map(|path| Some(Stamp::of(&fs::metadata(path).ok()?))).collect::<Option<Vec<_>>>()
        };
        let intact = stamps().is_some_and(|stamps| stamps == table.stamps);
        let hashes = squeeze::hashes(&pieces);
        if intact && table.is_of(&hashes) {
            return Ok(false);
        }
        fs::create_dir_all(&self.output)?;
        let compress = || {
            let old: Vec<_> =
                paths[1..].par_iter().map(|path| fs::read(path).ok().filter(|_| intact)).collect();
            let (pieces, compressed) = squeeze::squeeze(&pieces, &hashes, &table, &old)?;
            paths[1..]
                .par_iter()
                .zip(&compressed)
                .try_for_each(|(path, bytes)| write_whole(path, [&**bytes]))?;
            io::Result::Ok(pieces)
        };
        let parts = pieces.iter().copied().flatten().map(|part| part.as_bytes());
        let (plain, pieces) = rayon::join(|| write_whole(&paths[0], parts), compress);
        let pieces = plain.and(pieces)?;
        let table = Table { stamps: stamps().unwrap_or_default(), pieces };
        write_whole(&place, [table.text().as_bytes()])?;
        Ok(true)
    }
}

/// Writes a file of some parts, whole or not at all.
fn write_whole<'p>(path: &Path, parts: impl IntoIterator<Item = &'p [u8]>) -> io::Result<()> {
    let fill =
        |out: &mut io::BufWriter<_>| parts.into_iter().try_for_each(|part| io::Write::write_all(out, part));
    destination::write(path, fill, |_, ()| Ok(()))
}

/// A file in memory, of which each thread reads a part.
fn read_parted(path: &Path) -> io::Result<Vec<u8>> {
    let length = usize::try_from(fs::metadata(path)?.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut bytes = vec![0; length];
    let size = length.div_ceil(rayon::current_num_threads()).max(1);
    bytes.par_chunks_mut(size).enumerate().try_for_each(|(number, part)| {
        let mut file = fs::File::open(path)?;
        io::Seek::seek(&mut file, io::SeekFrom::Start((number * size) as u64))?;
        io::Read::read_exact(&mut file, part)
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_474_376_760); // 2016-09-20 13:06

    struct Place {
        folder: tempfile::TempDir,
        indexer: Indexer,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let [root, output, state] =
                ["indexed", "indexed/index", "stats"].map(|name| folder.path().join(name));
            let (base, ledgers) = ("https://collector.example.org".to_owned(), None);
            let believes_folders = false;
            let indexer =
                Indexer { root, output, base, revision: None, state, ledgers, believes_folders, threads: 2 };
            let place = Place { folder, indexer };
            place
                .put("recent/exit-lists/2016-09-20-13-02-00", "Downloaded 2016-09-20 13:02:05\nExitNode A\n");
            place
        }

        fn put(&self, path: &str, text: &str) {
            let path = self.indexer.root.join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("it is writable");
            fs::write(path, format!("@type tordnsel 1.0\n{text}")).expect("it is writable");
        }

        fn update(&self) -> (usize, usize, bool) {
            let indexed = self.indexer.update(NOW).expect("it is readable");
            assert!(indexed.failed.is_empty() && indexed.skipped.is_empty(), "{indexed:?}");
            (indexed.files, indexed.read, indexed.written)
        }

        fn index(&self) -> Index {
            let json = fs::read(self.indexer.output.join(NAME)).expect("it was written");
            Index::read(&json).expect("it is one")
        }
    }

    #[test]
    fn only_what_has_changed_is_read_and_nothing_is_written_without_need() {
        let place = Place::new();
        place.put("recent/exit-lists/.hidden", "");
        place.put("recent/exit-lists/half.tmp", "");
        assert_eq!(place.update(), (1, 1, true));
        assert_eq!(place.update(), (1, 0, false));
        let index = place.index();
        let file = &index.files[0];
        assert_eq!(
            (index.created, &*index.base),
            (Some(Timestamp(1_474_376_760)), "https://collector.example.org")
        );
        assert_eq!(
            (&*file.path, &*file.types),
            ("recent/exit-lists/2016-09-20-13-02-00", &["tordnsel 1.0".to_owned()][..])
        );
        assert_eq!(file.first_published, Timestamp::parse(b"2016-09-20 13:02:00"));
        assert_eq!(file.sha256, digest_of(&place.indexer.root.join(&file.path)).ok());
        // Two changes within a minute are two changes.
        place.put("recent/exit-lists/2016-09-20-13-02-00", "Downloaded 2016-09-20 14:02:05\nExitNode A\n");
        place.put("archive/x", "");
        assert_eq!(place.update(), (2, 2, true));
        fs::remove_file(place.indexer.root.join("archive/x")).expect("it is there");
        assert_eq!(place.update(), (1, 0, true));
        // A lost or torn output or state is made anew.
        fs::write(place.indexer.output.join("index.json.xz"), "torn").expect("it is writable");
        assert_eq!(place.update(), (1, 0, true));
        fs::remove_dir_all(&place.indexer.state).expect("it is there");
        assert_eq!(place.update(), (1, 1, true));
        assert_eq!(fs::read_dir(&place.indexer.output).expect("it is there").count(), 4);
    }

    /// The time of a folder and all above it, and then a run at a time.
    fn update_at(place: &Place, folder: &str, modified: i64, now: i64) -> (usize, usize, bool) {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(modified.unsigned_abs());
        for folder in Path::new(folder).ancestors() {
            let folder = fs::File::open(place.indexer.root.join(folder)).expect("it is there");
            folder.set_modified(time).expect("it is ours");
        }
        let indexed = place.indexer.update(Timestamp(now)).expect("it is readable");
        assert!(indexed.failed.is_empty(), "{indexed:?}");
        (indexed.files, indexed.read, indexed.written)
    }

    #[test]
    fn folders_are_believed_until_they_change_or_a_day_has_passed() {
        let mut place = Place::new();
        place.indexer.believes_folders = true;
        let (folder, file, now) = ("recent/exit-lists", "recent/exit-lists/2016-09-20-13-02-00", NOW.0);
        assert_eq!(update_at(&place, folder, now - 10, now), (1, 1, true));
        assert_eq!(update_at(&place, folder, now - 10, now), (1, 0, false));
        // Somebody writes into a file.
        place.put(file, "Downloaded 2016-09-20 14:02:05\nExitNode A\n");
        assert_eq!(update_at(&place, folder, now - 10, now + 5), (1, 0, false), "the folder has not changed");
        assert_eq!(update_at(&place, folder, now + 6, now + 7), (1, 1, true), "it has");
        // It was listed a second after it had changed, and may have changed once more.
        place.put(file, "Downloaded 2016-09-20 15:02:05\nExitNode A\n");
        assert_eq!(update_at(&place, folder, now + 6, now + 60), (1, 1, true));
        place.put(file, "Downloaded 2016-09-20 16:02:05\nExitNode AB\n");
        assert_eq!(update_at(&place, folder, now + 6, now + 86000), (1, 0, false));
        assert_eq!(update_at(&place, folder, now + 6, now + 60 + 86400), (1, 1, true), "a day has passed");
        // What comes, and what the cache no longer has.
        place.put("recent/exit-lists/2016-09-20-14-02-00", "Downloaded 2016-09-20 14:02:05\nExitNode A\n");
        assert_eq!(update_at(&place, folder, now + 86480, now + 86500), (2, 1, true));
        assert_eq!(update_at(&place, folder, now + 86480, now + 86600), (2, 0, false));
        fs::write(place.indexer.state.join("index.cache"), "").expect("it is writable");
        assert_eq!(update_at(&place, folder, now + 86480, now + 86700).1, 2);
        fs::remove_dir_all(place.indexer.root.join(folder)).expect("it is there");
        assert_eq!(update_at(&place, "recent", now + 86800, now + 86900), (0, 0, true));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_but_not_in_a_circle() {
        let place = Place::new();
        let data = place.folder.path().join("data");
        fs::create_dir(&data).expect("it is writable");
        fs::write(data.join("certs.tar.xz"), "x").expect("it is writable");
        fs::create_dir(place.indexer.root.join("archive")).expect("it is writable");
        let link = |to: &Path, name: &str| {
            std::os::unix::fs::symlink(to, place.indexer.root.join(name)).expect("it is writable");
        };
        link(&data.join("certs.tar.xz"), "archive/certs.tar.xz");
        link(&place.indexer.root, "archive/circle");
        link(&data.join("nowhere"), "archive/nowhere");
        assert_eq!(place.update().0, 2);
        assert_eq!(place.index().files[0].size, 1);
    }
}
