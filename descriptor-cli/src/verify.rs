//! `tordesc check --verify`: what a document's name and signatures claim.

use descriptor_core::{
    document::{AnyParsed, Type},
    netdoc::Frame,
    schema::{Issue, Problem, Value},
    value::Hex,
    verify::{Against, Outcome, verify},
};

use crate::{
    cli::{Check, Global, Inputs},
    exit::Failure,
    reading,
    tally::column,
};

/// What came of the claims of some documents.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Verified {
    /// Claims that are true.
    pub(crate) valid: u64,
    /// Claims that could not be tried, for want of a key.
    pub(crate) unchecked: u64,
}

/// Reads the keys to check against: those in `--against`, or those among what is checked.
pub(crate) fn keys(args: &Check, global: Global) -> Result<Against, Failure> {
    let given = !args.against.is_empty();
    let paths = if given { args.against.clone() } else { args.inputs.paths.clone() };
    let mut against = Against::default();
    // Standard input can be read only once.
    if !given && paths.iter().any(|path| path.as_os_str() == "-") {
        return Ok(against);
    }
    let inputs = Inputs { paths, types: vec![Type::KeyCertificate, Type::ServerDescriptor] };
    let quiet = Global { quiet: if given { global.quiet } else { 2 }, ..global };
    let collect = |documents: &mut reading::Documents<'_>| {
        documents.filter_map(|(_, frame)| Some((frame.kind?, frame.body.to_vec()))).collect::<Vec<_>>()
    };
    let totals = reading::read(&inputs, quiet, reading::How::default(), collect, |all| {
        all.iter().for_each(|(kind, body)| against.add(*kind, body));
        Ok(())
    })?;
    match totals.failed {
        0 => Ok(against),
        _ if !given => Ok(against),
        _ => Err(Failure::Other("--against: not all of it could be read".to_owned())),
    }
}

/// Checks what a document's file name and signatures claim; gives what is false.
pub(crate) fn claims(
    kind: Type,
    source: &str,
    frame: &Frame<'_>,
    parsed: &AnyParsed<'_>,
    against: &Against,
    verified: &mut Verified,
) -> Vec<Issue> {
    let mut issues = Vec::new();
    match named(kind, source, frame, parsed) {
        Some(true) => verified.valid += 1,
        Some(false) => issues.push(Issue {
            problem: Problem::Unverified("the file's name has another digest than the document"),
            keyword: "".into(),
            span: 0..0,
        }),
        None => {}
    }
    for check in verify(kind, frame.body, against) {
        match check.outcome {
            Outcome::Valid => verified.valid += 1,
            Outcome::Unchecked(_) => verified.unchecked += 1,
            Outcome::Invalid(_) => issues.extend(check.issue()),
        }
    }
    issues
}

/// Whether a document is what its file's name says, as CollecTor names files; `None` if the name says nothing.
fn named(kind: Type, source: &str, frame: &Frame<'_>, parsed: &AnyParsed<'_>) -> Option<bool> {
    let name = source.rsplit(['/', '!', '\\']).next()?;
    let last = name.rsplit('-').next()?.as_bytes();
    match kind {
        Type::ServerDescriptor
        | Type::ExtraInfo
        | Type::BridgeServerDescriptor
        | Type::BridgeExtraInfo
        | Type::Vote => {
            let claimed = Hex::<20>::from_hex(last)?;
            Some(kind.digests(frame.body).sha1? == claimed)
        }
        Type::Microdescriptor | Type::BandwidthFile => {
            let claimed = Hex::<32>::from_hex(last)?;
            Some(kind.digests(frame.body).sha256?.0 == claimed.0)
        }
        Type::KeyCertificate => {
            let claimed = Hex::<20>::from_hex(name.split('-').next()?.as_bytes())?;
            match column(parsed, "fingerprint")? {
                Value::Hex(fingerprint) => Some(fingerprint == claimed.0),
                _ => None,
            }
        }
        _ => None,
    }
}
