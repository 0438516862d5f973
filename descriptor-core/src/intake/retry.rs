//! What was refused, once more: after a change of the rules, or when a secret was found again.

use std::{fs, io, path::Path};

use sha2::{Digest, Sha256};

use super::{
    Error, Kind, Places, Report,
    bridges::Partial,
    document::{Document, sanitize},
    error::At,
    places::Opened,
};
use crate::{
    sanitize::{Origin, Sanitized},
    schema::RuleSet,
    value::{Fingerprint, Timestamp},
};

/// After how many documents they are put on the disk.
const BATCH: usize = 256;

/// Sanitizes what lies in the quarantine. What passes now is written and leaves the quarantine when it is on the disk; a
/// status that was written in part is replaced if fewer of its entries are refused now.
pub fn retry(places: &Places, rules: RuleSet) -> Result<Report, Error> {
    let mut opened = places.open()?;
    let mut report = Report::default();
    let mut passed = Vec::new();
    for name in opened.quarantine.list()? {
        let read = opened.quarantine.get(&name).and_then(|(original, record)| {
            let bad =
                || Error::new(&places.quarantine().join(&name), io::Error::from(io::ErrorKind::InvalidData));
            let same = const_hex::encode(Sha256::digest(&original)) == name;
            let published = record.published.as_bytes().try_into().ok().and_then(Timestamp::parse);
            let authority = Fingerprint::from_hex(record.authority.as_bytes());
            let (true, Some(published), Some(authority)) = (same, published, authority) else {
                return Err(bad());
            };
            Ok((original, record, Origin { authority, published }))
        });
        let (original, mut record, origin) = match read {
            Ok(read) => read,
            Err(error) => {
                report.failures.push(error.to_string());
                continue;
            }
        };
        let kind = Kind::of(&original);
        let document = Document::new(kind, &original);
        if opened.tree.has(&document) {
            report.count(kind).done += 1;
            passed.push(name);
        } else {
            match sanitize(&document, &origin, rules, &opened.secrets)? {
                Err(refusal) => {
                    report.count(kind).refused += 1;
                    report.refuse(kind, &refusal);
                    // A status that was written in part stays what it is.
                    if record.partial == 0 {
                        let before = record.clone();
                        record.refuse(&refusal, None, rules);
                        if record != before {
                            opened.quarantine.update(&name, &record)?;
                        }
                    }
                }
                Ok(sanitized) => {
                    let (path, partial) = (sanitized.path(), Partial::of(&sanitized));
                    let present = digest_of(&opened.tree.root.join(&path))?;
                    let better = record.partial > sanitized.refused.len() && present == record.written;
                    if present.is_none() || better {
                        opened.output.replace(&path, &sanitized.bytes)?;
                    }
                    count(&mut report, kind, &sanitized, present.is_none() || better);
                    let ours = present.is_none() || better || present.as_deref() == Some(partial.written());
                    match sanitized.refused.first() {
                        None => passed.push(name),
                        // Killed before this, the next run finds in the tree what it would write.
                        Some((_, first)) if ours => {
                            record.refuse(first, Some(partial), rules);
                            opened.quarantine.update(&name, &record)?;
                        }
                        // Another status of the same second is there and stays.
                        Some(_) => {}
                    }
                }
            }
        }
        if opened.output.len() + opened.quarantine.waiting() + passed.len() >= BATCH {
            commit(&mut opened, &mut passed)?;
        }
    }
    commit(&mut opened, &mut passed)?;
    report.lost_secrets = opened.secrets.lost();
    Ok(report)
}

fn count(report: &mut Report, kind: Kind, sanitized: &Sanitized, is_new: bool) {
    let count = report.count(kind);
    *if is_new { &mut count.written } else { &mut count.done } += 1;
    if is_new {
        report.entries += sanitized.entries as u64;
    }
    report.entries_refused += sanitized.refused.len() as u64;
    sanitized.refused.iter().for_each(|(_, refusal)| report.refuse(kind, refusal));
}

/// The SHA-256 of a file in hex, if it is there.
fn digest_of(path: &Path) -> Result<Option<String>, Error> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => Ok(Some(const_hex::encode(Sha256::digest(bytes.at(path)?)))),
    }
}

/// The tree first, then what the quarantine says, then what leaves it.
fn commit(opened: &mut Opened, passed: &mut Vec<String>) -> Result<(), Error> {
    opened.output.commit()?;
    opened.tree.changed();
    opened.quarantine.commit()?;
    passed.drain(..).try_for_each(|name| opened.quarantine.release(&name))
}
