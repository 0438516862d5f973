//! How the program ends.

use std::{fmt, io, path::Path, process::ExitCode};

/// How a verb ended that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All was read, and nothing that was asked for is wrong.
    Done,
    /// A check found something wrong, or a search found nothing.
    Failed,
    /// Some of the input could not be read; the rest was.
    Partly,
    /// Something is being lost that cannot be had later.
    Critical,
}

impl Outcome {
    /// The outcome of reading: `lost` sources or documents could not be read, and `read` documents could.
    pub(crate) fn of_reading(read: u64, lost: u64) -> Self {
        match (read, lost) {
            (_, 0) => Outcome::Done,
            (0, _) => Outcome::Failed,
            _ => Outcome::Partly,
        }
    }
}

/// Why a verb ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments ask for something that does not exist or makes no sense.
    Usage(String),
    /// Something outside the program failed.
    Other(String),
    /// Whoever reads the output has had enough; not an error.
    Closed,
}

impl Failure {
    /// A failure to read or write a file.
    pub(crate) fn at(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::Other(format!("{}: {}", path.display(), reason(error))),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::at(Path::new("standard output"), &error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(what) | Failure::Other(what) => f.write_str(what),
            Failure::Closed => f.write_str("the output was closed"),
        }
    }
}

/// What went wrong in the house's manner: lower case, no number of the operating system.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if !letters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// The exit code: 0 all well, 1 failure or failed check, 2 usage (or what monitoring calls critical), 3 partly read.
pub(crate) fn code(result: &Result<Outcome, Failure>) -> ExitCode {
    ExitCode::from(match result {
        Ok(Outcome::Done) | Err(Failure::Closed) => 0,
        Ok(Outcome::Failed) | Err(Failure::Other(_)) => 1,
        Ok(Outcome::Critical) | Err(Failure::Usage(_)) => 2,
        Ok(Outcome::Partly) => 3,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_lower_case_and_without_numbers() {
        assert_eq!(reason(&io::Error::from_raw_os_error(2)), "no such file or directory");
        assert_eq!(reason(&io::Error::other("XZ is broken")), "XZ is broken");
    }

    #[test]
    fn nothing_read_is_a_failure_and_something_lost_is_not() {
        assert_eq!(Outcome::of_reading(0, 0), Outcome::Done);
        assert_eq!(Outcome::of_reading(0, 1), Outcome::Failed);
        assert_eq!(Outcome::of_reading(9, 1), Outcome::Partly);
    }
}
