//! What can go wrong with state.

/// Why state cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// It is of another form, which this program does not read: what it was made of must be read again.
    #[error("state of form {found}, and {known} is known; remove it and read everything again")]
    Form {
        /// Its form.
        found: i64,
        /// The form that is known.
        known: i64,
    },
    /// It is of other statistics. Documents that were read are not read again for another one.
    #[error("it is of other statistics: {}", .0.join(", "))]
    Others(Vec<String>),
    /// The database fails.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// What is kept cannot be packed or unpacked.
    #[error("a partial result cannot be read or written: {0}")]
    Partial(#[from] postcard::Error),
    /// What is kept cannot be decompressed.
    #[error("a partial result is damaged: {0}")]
    Damaged(#[from] std::io::Error),
}
