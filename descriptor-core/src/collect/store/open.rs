//! Opening: what a killed run has left, and a database anew from the trees.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::Path,
};

use rusqlite::params;

use super::{
    Delivery, Layout, Options, StoreError,
    apart::Folders,
    batch::{self, Batch, by_digest, is_there, name_of},
    below,
    database::{self, Opened},
    facts::{Facts, facts},
    judge::Trust,
    names::{Name, Place},
    recent::Recent,
};
use crate::{
    document::Type,
    intake::Staging,
    netdoc::{Frame, Start, frames},
    value::Timestamp,
};

pub(super) fn open(layout: &Layout, options: Options) -> Result<(Batch, Vec<String>), StoreError> {
    // The locks come first: nothing is looked at that another run is changing.
    let out = Staging::open(&layout.out, "store")?;
    let apart = Folders::open(&layout.state)?;
    let mut notes = Vec::new();
    let (database, anew) = match database::open(&layout.database())? {
        Opened::Sound(database) => (database, false),
        Opened::New(database, why) => {
            if let Some(why) = why {
                notes.push(format!("the database was damaged and is made anew from the trees: {why}"));
            }
            (database, true)
        }
    };
    let stamp: i64 = database.query_row("SELECT stamp FROM run", [], |row| row.get(0))?;
    let recent = layout.recent.as_deref().map(|root| Recent::open(root, Timestamp(stamp))).transpose()?;
    let authorities = options.authorities.iter().map(|it| (it.identity, it.name.clone())).collect();
    let mut batch = Batch {
        layout: layout.clone(),
        options,
        database,
        out,
        recent,
        apart,
        trust: Trust { authorities, ..Trust::default() },
        open: false,
        bytes: 0,
        examined: HashSet::new(),
        microdescriptors: HashMap::new(),
        waiting: BTreeMap::new(),
        needs: HashMap::new(),
        freed: Vec::new(),
        released: Vec::new(),
        newest: BTreeMap::new(),
    };
    if anew {
        let found = batch.rebuild(&mut notes)?;
        if found > 0 {
            notes.push(format!("the database was made anew from {found} documents of the tree"));
        }
    } else {
        batch.repair()?;
    }
    batch.load()?;
    Ok((batch, notes))
}

/// Type, key, month, time and path of a document.
type Row = (u8, Vec<u8>, i64, i64, Option<String>);

impl Batch {
    /// Completes or undoes what a killed run has begun.
    fn repair(&mut self) -> Result<(), StoreError> {
        let rows: Vec<Row> = self
            .database
            .prepare("SELECT kind, key, month, time, path FROM document WHERE held = 0")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?
            .collect::<Result<_, _>>()?;
        if rows.is_empty() {
            return Ok(());
        }
        let stamp = self.recent.as_ref().map(Recent::stamp);
        self.begin(stamp.unwrap_or_default())?;
        for (code, key, month, time, path) in rows {
            let Some(place) = Place::by_code(code) else { continue };
            let name = name_of(&key, time);
            let path = path.unwrap_or_else(|| place.out(&name));
            if !is_there(&self.layout, &path) {
                self.database
                    .prepare_cached("DELETE FROM document WHERE kind = ?1 AND key = ?2 AND month = ?3")?
                    .execute(params![code, key, month])?;
                self.database
                    .prepare_cached("DELETE FROM listed WHERE kind = ?1 AND time = ?2")?
                    .execute(params![code, time])?;
                continue;
            }
            let (Some(recent), Some(stamp)) = (&mut self.recent, stamp) else { continue };
            let old = time < stamp.0 - self.options.recent && place.kind != Type::KeyCertificate;
            if old || (place.is_appended() && recent.has(place, &name, stamp)) {
                continue;
            }
            let file = below(&self.layout.out, &path);
            let bytes = fs::read(&file).map_err(|error| StoreError::io(&file, error))?;
            let name =
                if place.is_appended() { name } else { file_name(place, &path, &bytes).unwrap_or(name) };
            recent.add(place, &name, path, &bytes);
        }
        self.commit()
    }

    /// Makes the rows of all files of the tree. Files that are not what their names say are passed over: they are wanted
    /// again, and replaced when they come.
    fn rebuild(&mut self, notes: &mut Vec<String>) -> Result<usize, StoreError> {
        let mut found = 0;
        self.database.execute_batch("BEGIN IMMEDIATE")?;
        self.open = true;
        // What refers to others comes after them.
        let rank = |place: &&Place| match place.kind {
            Type::ServerDescriptor => 1,
            Type::Vote => 2,
            Type::Consensus | Type::MicrodescConsensus => 3,
            _ => 0,
        };
        let mut places: Vec<_> = Place::all().iter().collect();
        places.sort_by_key(rank);
        for place in places {
            let mut paths = Vec::new();
            walk(&self.layout.out, place.folder(), &mut paths)?;
            paths.sort_unstable();
            for path in paths.into_iter().filter(|path| place.fits(path)) {
                let file = below(&self.layout.out, &path);
                let bytes = fs::read(&file).map_err(|error| StoreError::io(&file, error))?;
                let Some(facts) = read(place, &path, &bytes) else {
                    notes.push(format!("{}: not what its name says", file.display()));
                    continue;
                };
                self.insert(place, &facts, &path, true, true)?;
                if let Some(key) = &facts.relay_key {
                    self.database
                        .prepare_cached("INSERT OR IGNORE INTO relay VALUES (?1, ?2)")?
                        .execute(params![key.fingerprint.0, facts.relay_key_der])?;
                }
                if place.kind == Type::KeyCertificate {
                    frames(&bytes, Some(place.kind)).for_each(|frame| self.trust.add(frame.body));
                }
                self.refer(&facts)?;
                found += 1;
            }
        }
        self.commit()?;
        Ok(found)
    }

    /// Loads certificates and who waits for what; judges anew what waits without a row.
    fn load(&mut self) -> Result<(), StoreError> {
        let paths: Vec<String> = self
            .database
            .prepare("SELECT path FROM document WHERE kind = ?1 AND path IS NOT NULL")?
            .query_map([batch::code(Type::KeyCertificate)], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for path in paths {
            let file = below(&self.layout.out, &path);
            match fs::read(&file) {
                Ok(bytes) => {
                    frames(&bytes, Some(Type::KeyCertificate)).for_each(|frame| self.trust.add(frame.body))
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(StoreError::io(&file, error)),
            }
        }
        let rows: Vec<(Vec<u8>, String)> = self
            .database
            .prepare("SELECT need, file FROM waiting")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let there: HashSet<String> = self.apart.waiting()?.into_iter().collect();
        let mut known = HashSet::new();
        for (need, file) in rows {
            if there.contains(&file) {
                known.insert(file.clone());
                self.needs.entry(need).or_default().push(file);
            } else {
                self.database.execute("DELETE FROM waiting WHERE file = ?1", [&file])?;
            }
        }
        for file in there.into_iter().filter(|file| !known.contains(file)) {
            let Some((bytes, why)) = self.apart.get(&file) else { continue };
            let (kind, received) = (Type::of_name(&why.kind), why.received());
            let taken = self.take(&Delivery { kind, bytes, from: why.from, received })?;
            if taken.waiting == 0 {
                self.released.push(file);
            }
        }
        self.commit()
    }
}

/// What a file of `out/` holds; `None` if that is not what its path says.
pub(super) fn read(place: &Place, path: &str, bytes: &[u8]) -> Option<Facts> {
    let whole = matches!(place.kind.info().start, Start::File | Start::Line);
    let frame =
        if whole { Frame::whole(place.kind, bytes) } else { frames(bytes, Some(place.kind)).next()? };
    let mut facts = facts(place.kind, frame, path, Timestamp(0)).ok()?;
    if place.kind == Type::Microdescriptor {
        // The month is told by the path alone: `…/microdesc/YYYY/MM/micro/…`.
        let mut parts = path.split('/').skip(2);
        let text = format!("{}-{}-01 00:00:00", parts.next()?, parts.next()?);
        facts.name.time = Timestamp::parse(text.as_bytes().try_into().ok()?)?;
    }
    (place.out(&facts.name) == path).then_some(facts)
}

fn file_name(place: &Place, path: &str, bytes: &[u8]) -> Option<Name> {
    (!by_digest(place.kind)).then(|| read(place, path, bytes)).flatten().map(|facts| facts.name)
}

/// The paths of all files below a folder, from the root on. Hidden ones are nobody's.
fn walk(root: &Path, folder: &str, paths: &mut Vec<String>) -> Result<(), StoreError> {
    let full = below(root, folder);
    let entries = match fs::read_dir(&full) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| StoreError::io(&full, error))?,
    };
    for entry in entries {
        let entry = entry.map_err(|error| StoreError::io(&full, error))?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        let path = format!("{folder}/{name}");
        let kind = entry.file_type().map_err(|error| StoreError::io(&full, error))?;
        if kind.is_dir() {
            walk(root, &path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}
