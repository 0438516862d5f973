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
    /// Documents of which a claim could not be tried, for want of a key.
    pub(crate) unchecked: u64,
}

/// What signatures are checked against.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    against: Against,
    /// Whether somebody has said what to check against: then what cannot be tried is as bad as what is false.
    given: bool,
}

/// Reads the keys to check against: those in `--against`, or those among what is checked.
pub(crate) fn keys(args: &Check, global: Global) -> Result<Keys, Failure> {
    let given = !args.against.is_empty();
    let paths = if given { args.against.clone() } else { args.inputs.paths.clone() };
    let mut keys = Keys { given, ..Keys::default() };
    // Standard input can be read only once.
    if !given && paths.iter().any(|path| path.as_os_str() == "-") {
        return Ok(keys);
    }
    let mut found = 0;
    let inputs = Inputs { paths, types: vec![Type::KeyCertificate, Type::ServerDescriptor] };
    let quiet = Global { quiet: if given { global.quiet } else { 2 }, ..global };
    let collect = |documents: &mut reading::Documents<'_>| {
        documents.filter_map(|(_, frame)| Some((frame.kind?, frame.body.to_vec()))).collect::<Vec<_>>()
    };
    let totals = reading::read(&inputs, quiet, reading::How::default(), collect, |all| {
        found += all.len();
        all.iter().for_each(|(kind, body)| keys.against.add(*kind, body));
        Ok(())
    })?;
    if given && totals.failed > 0 {
        return Err(Failure::Other("--against: not all of it could be read".to_owned()));
    }
    if given && found == 0 {
        let what = "--against: no key certificate and no server descriptor is in there";
        return Err(Failure::Other(what.to_owned()));
    }
    Ok(keys)
}

/// Checks what a document's file name and signatures claim; gives what is false.
pub(crate) fn claims(
    kind: Type,
    source: &str,
    frame: &Frame<'_>,
    parsed: &AnyParsed<'_>,
    keys: &Keys,
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
    let mut untried = false;
    for check in verify(kind, frame.body, &keys.against) {
        match check.outcome {
            Outcome::Valid => verified.valid += 1,
            Outcome::Unchecked(_) if !keys.given => untried = true,
            Outcome::Unchecked(_) | Outcome::Invalid(_) => issues.extend(check.doubt()),
        }
    }
    verified.unchecked += u64::from(untried);
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
