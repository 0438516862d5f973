//! The database of what is held and what is referenced. It can be lost: the trees tell it anew.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::StoreError;

/// The layout of the tables; the database says which one it has.
const LAYOUT: i64 = 1;

// `held` is 0 while the file may not be under its name yet: the rows are on the disk first, then the files, then this.
// `missing` has what was referenced and not held; `at` is the time of what refers to it, `by` its digest if that matters.
const TABLES: &str = "
CREATE TABLE document (
    kind INTEGER NOT NULL, key BLOB NOT NULL, month INTEGER NOT NULL, time INTEGER NOT NULL,
    path TEXT, content BLOB, held INTEGER NOT NULL, verified INTEGER NOT NULL,
    PRIMARY KEY (kind, key, month)
) WITHOUT ROWID;
CREATE INDEX staged ON document (held) WHERE held = 0;
CREATE INDEX whole ON document (kind, time) WHERE path IS NOT NULL;
CREATE TABLE missing (
    kind INTEGER NOT NULL, key BLOB NOT NULL, from_kind INTEGER NOT NULL, at INTEGER NOT NULL, by BLOB,
    PRIMARY KEY (kind, key, from_kind, at)
) WITHOUT ROWID;
CREATE TABLE listed (
    kind INTEGER NOT NULL, time INTEGER NOT NULL, entries INTEGER NOT NULL, voters INTEGER NOT NULL, servers BLOB,
    PRIMARY KEY (kind, time)
) WITHOUT ROWID;
CREATE TABLE newest (kind INTEGER PRIMARY KEY, time INTEGER NOT NULL);
CREATE TABLE relay (fingerprint BLOB PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE waiting (need BLOB NOT NULL, file TEXT NOT NULL, PRIMARY KEY (need, file)) WITHOUT ROWID;
CREATE TABLE source (name TEXT PRIMARY KEY, ran INTEGER NOT NULL, succeeded INTEGER, problem TEXT) WITHOUT ROWID;
CREATE TABLE run (one INTEGER PRIMARY KEY CHECK (one = 1), open INTEGER NOT NULL, stamp INTEGER NOT NULL);
INSERT INTO run VALUES (1, 0, 0);
";

/// What opening has found.
pub(super) enum Opened {
    /// It is as it was left.
    Sound(Connection),
    /// It is new and empty; why, if there was one before.
    New(Connection, Option<String>),
}

/// Opens the database for writing, in place of a damaged one a new one.
pub(super) fn open(path: &Path) -> Result<Opened, StoreError> {
    let there = path.exists();
    if !there {
        // What a deleted database has left would be taken for the new one's.
        remove_logs(path)?;
    }
    match connect(path) {
        Ok(connection) if there => Ok(Opened::Sound(connection)),
        Ok(connection) => Ok(Opened::New(connection, None)),
        Err(StoreError::Database(error)) if there && is_damage(&error) => {
            let aside = set_aside(path)?;
            let why = format!("{}: {error}; it is now {}", path.display(), aside.display());
            Ok(Opened::New(connect(path)?, Some(why)))
        }
        Err(error) => Err(error),
    }
}

/// Opens the database to look at it, beside a run.
pub(super) fn look(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(WAIT)?;
    layout(&connection, path)?;
    Ok(connection)
}

/// How long one waits for the other; a run's longest transaction is far shorter.
const WAIT: std::time::Duration = std::time::Duration::from_secs(20);

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(WAIT)?;
    // FULL: the rows of a batch are the journal of its files, and are to be on the disk before any of them.
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000;")?;
    connection.set_prepared_statement_cache_capacity(64);
    match layout(&connection, path)? {
        0 => connection
            .execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {LAYOUT}; COMMIT;"))?,
        _ => {
            // Only after a run that was killed: it reads all of the file.
            let open: bool = connection.query_row("SELECT open FROM run", [], |row| row.get(0))?;
            let sound = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
            if open && connection.query_row("PRAGMA quick_check(1)", [], sound)? != "ok" {
                let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
                return Err(rusqlite::Error::SqliteFailure(code, None).into());
            }
        }
    }
    connection.execute("UPDATE run SET open = 1", [])?;
    Ok(connection)
}

fn layout(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > LAYOUT {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: LAYOUT });
    }
    Ok(found)
}

/// Whether an error says that the file is no database or is no longer a sound one.
fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    // A table or column that is not there: half of another database.
    let strange = matches!(error, rusqlite::Error::SqliteFailure(it, _) if it.extended_code == 1)
        || matches!(error, rusqlite::Error::QueryReturnedNoRows | rusqlite::Error::InvalidColumnType(..));
    strange || matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Moves a damaged database out of the way, to look at it later. An older one makes room.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let aside = beside(path, ".damaged");
    fs::rename(path, &aside).map_err(|error| StoreError::io(path, error))?;
    remove_logs(path)?;
    Ok(aside)
}

fn remove_logs(path: &Path) -> Result<(), StoreError> {
    for ending in ["-wal", "-shm"] {
        let path = beside(path, ending);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::io(&path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
