//! Why a document is not published.

use std::fmt;

use super::{Month, guard::Leak};

/// Why a document is not published: the line and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The keyword of the line, as it stands in the document, cut after 64 bytes; of a missing line, what is missing.
    pub keyword: String,
    /// The line's number in the document, counted from 1; 0 if it is about no line.
    pub line: usize,
    /// What is wrong.
    pub reason: Reason,
}

impl Refusal {
    /// The refusal of an output that says what it must not, with the keyword of the line that says it.
    pub(crate) fn of_leak(leak: Leak, output: &[u8]) -> Self {
        let start =
            output[..leak.at.min(output.len())].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let keyword = output[start..].split(|b| b.is_ascii_whitespace()).next().unwrap_or_default();
        let keyword = String::from_utf8_lossy(&keyword[..keyword.len().min(64)]).into_owned();
        Refusal { keyword, line: 0, reason: Reason::Leak(leak.what) }
    }
}

/// What is wrong with a document that is not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// No row of the table, or no rule in this rule set, says what may become of the line.
    #[error("no rule for this line")]
    NoRule,
    /// The line has a rule, but not in this form: without a value, with one, or spelled `opt`.
    #[error("no rule for this form of the line")]
    Form,
    /// An argument cannot be read, so it cannot be replaced.
    #[error("bad {0}")]
    BadArgument(&'static str),
    /// A line that the rest needs is not there.
    #[error("line is missing")]
    MissingLine,
    /// There are two of a line that says who the bridge is.
    #[error("line occurs twice")]
    Twice,
    /// The document breaks off before its signature.
    #[error("document is cut off")]
    CutOff,
    /// `master-key-ed25519` is not the key in the certificate.
    #[error("key is not the one in the certificate")]
    KeyMismatch,
    /// The certificate holds no key that can be read.
    #[error("no key in the certificate")]
    BadCertificate,
    /// The status is another authority's than the file's name says.
    #[error("not the authority that the file comes from")]
    OtherAuthority,
    /// The month has no secret.
    #[error("no secret for {0}")]
    NoSecret(Month),
    /// The guard found something in the output that must not be said.
    #[error("output still says the bridge's {0}")]
    Leak(&'static str),
    /// The sanitizer itself failed; whoever runs it has caught that.
    #[error("a bug of this program")]
    Bug,
}

impl Reason {
    /// A word for counters and folders, such as `no-rule`.
    pub fn word(&self) -> &'static str {
        match self {
            Reason::NoRule => "no-rule",
            Reason::Form => "form",
            Reason::BadArgument(_) => "bad-argument",
            Reason::MissingLine => "missing-line",
            Reason::Twice => "twice",
            Reason::CutOff => "cut-off",
            Reason::KeyMismatch => "key-mismatch",
            Reason::BadCertificate => "bad-certificate",
            Reason::OtherAuthority => "other-authority",
            Reason::NoSecret(_) => "no-secret",
            Reason::Leak(_) => "leak",
            Reason::Bug => "bug",
        }
    }
}

/// `line 12: some-new-line: no rule for this line`.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        write!(f, "{}: {}", self.keyword.escape_default(), self.reason)
    }
}

impl std::error::Error for Refusal {}
