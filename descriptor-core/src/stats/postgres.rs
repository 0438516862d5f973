//! Files of modules in a PostgreSQL database, for those who join them with their own.
//!
//! One table a file, in the schema `tordesc`, named as the file with `_` for `-`; [`SCHEMA`] has them all. Days that a file
//! has and whose rows differ from those of the database are replaced, each file in one transaction; to load a file twice
//! changes nothing, and days that a file does not have stay.

mod tls;

use std::io::Write;

use ::postgres::Client;

use super::columns::{self, Kind};

/// The statements that make the tables, one each, if they are not there. To be read, and to be run by hand.
pub const SCHEMA: &str = include_str!("schema.sql");

/// Why loading fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The database cannot be reached, or refuses what it is asked.
    #[error("{}", describe(.0))]
    Database(#[from] ::postgres::Error),
    /// The address does not say how to encrypt the connection, or certificates cannot be read.
    #[error("{0}")]
    Tls(String),
    /// The rows could not be sent.
    #[error("the rows could not be sent: {0}")]
    Sent(#[from] std::io::Error),
    /// The schema has no table for a file.
    #[error("no table for a file of the name {0}")]
    Unknown(String),
    /// A file has other columns than its table.
    #[error("the columns are {found}, and not {expected}")]
    Columns {
        /// The first line of the file.
        found: String,
        /// The columns of the table.
        expected: String,
    },
}

/// What the server says, with its hints, or why it cannot be reached.
fn describe(error: &::postgres::Error) -> String {
    let Some(said) = error.as_db_error() else {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
        return format!("{error}{}", cause.unwrap_or_default());
    };
    let more = [said.detail(), said.hint(), said.where_()].into_iter().flatten();
    more.fold(said.message().to_owned(), |text, more| format!("{text}; {}", more.replace('\n', ", ")))
}

/// What loading a file has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Days whose rows were replaced or are new.
    pub days: u64,
    /// Their rows.
    pub rows: u64,
}

/// A database.
pub struct Database {
    client: Client,
}

impl Database {
    /// Connects, and makes the tables that are not there. The address is a `postgres://` URL or a list of `key=value`.
    ///
    /// The URL's `sslmode` says how the connection is encrypted, as for PostgreSQL's own programs: `disable`; `prefer`, if the
    /// server can; `require`; `verify-ca`, and the server has a certificate; `verify-full`, and it is one for its name.
    /// Certificates are those that are trusted by the file `sslrootcert`, or by browsers.
    pub fn connect(address: &str) -> Result<Self, LoadError> {
        let mut client = tls::connect(address)?;
        // Two that make the tables at once would trip over each other. The number is ours alone.
        let mut transaction = client.transaction()?;
        transaction.execute("SELECT pg_advisory_xact_lock(7409182650)", &[])?;
        transaction.batch_execute("SET LOCAL client_min_messages = warning")?;
        transaction.batch_execute(SCHEMA)?;
        transaction.commit()?;
        Ok(Database { client })
    }

    /// Loads the file of a module, as `tordesc stats` writes it.
    pub fn load(&mut self, name: &str, csv: &str) -> Result<Loaded, LoadError> {
        let known = columns::modules().find(|(known, _)| *known == name);
        let (_, columns) = known.ok_or_else(|| LoadError::Unknown(name.to_owned()))?;
        let expected = columns.iter().map(|(column, _)| *column).collect::<Vec<_>>().join(",");
        let found = csv.lines().next().unwrap_or_default();
        if found != expected {
            return Err(LoadError::Columns { found: found.to_owned(), expected });
        }
        let table = table_name(name);
        // Dates and times are the first column.
        let day = columns.first().map(|(column, _)| format!("\"{column}\"::date")).unwrap_or_default();
        let mut transaction = self.client.transaction()?;
        transaction.batch_execute(&format!(
            "SET LOCAL datestyle = ISO;
             LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE;
             CREATE TEMPORARY TABLE fresh (LIKE {table}) ON COMMIT DROP"
        ))?;
        let mut copy = transaction.copy_in("COPY fresh FROM STDIN (FORMAT csv, HEADER true)")?;
        copy.write_all(csv.as_bytes())?;
        copy.finish()?;
        let old = format!("SELECT * FROM {table} WHERE {day} IN (SELECT {day} FROM fresh)");
        transaction.batch_execute(&format!(
            "CREATE TEMPORARY TABLE changed ON COMMIT DROP AS SELECT DISTINCT {day} AS day FROM (
                 (SELECT * FROM fresh EXCEPT ALL {old}) UNION ALL ({old} EXCEPT ALL SELECT * FROM fresh)
             ) AS differing"
        ))?;
        let days: i64 = transaction.query_one("SELECT count(*) FROM changed", &[])?.try_get(0)?;
        transaction.execute(&format!("DELETE FROM {table} WHERE {day} IN (SELECT day FROM changed)"), &[])?;
        let sql = format!("INSERT INTO {table} SELECT * FROM fresh WHERE {day} IN (SELECT day FROM changed)");
        let rows = transaction.execute(&sql, &[])?;
        transaction.commit()?;
        Ok(Loaded { days: days.cast_unsigned(), rows })
    }
}

fn table_name(name: &str) -> String {
    format!("tordesc.\"{}\"", name.replace('-', "_"))
}

/// The text of [`SCHEMA`], from what is known of the columns.
pub fn schema() -> String {
    let mut text = String::from(
        "-- The tables of `tordesc stats load`, one a file of a module. Made from the columns of tables; do not edit.\n\
         -- Times are UTC. What is missing in a file is null.\n\nCREATE SCHEMA IF NOT EXISTS tordesc;\n",
    );
    for (name, columns) in columns::modules() {
        let table = table_name(name);
        let lines: Vec<_> =
            columns.iter().map(|(name, kind)| format!("    \"{name}\" {}", sql(*kind))).collect();
        text += &format!("\nCREATE TABLE IF NOT EXISTS {table} (\n{}\n);\n", lines.join(",\n"));
        if let Some((column, _)) = columns.first() {
            let index = format!("{}_day", name.replace('-', "_"));
            text += &format!("CREATE INDEX IF NOT EXISTS \"{index}\" ON {table} ((\"{column}\"::date));\n");
        }
    }
    text
}

fn sql(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "boolean",
        Kind::Int => "bigint",
        Kind::Float => "double precision",
        Kind::Day => "date",
        Kind::Time => "timestamp",
        Kind::Text => "text",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schema_is_that_of_the_columns() {
        assert!(super::SCHEMA == super::schema(), "schema.sql should be:\n{}", super::schema());
    }
}
