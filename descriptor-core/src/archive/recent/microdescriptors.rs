//! Microdescriptors have no time of their own: they are as recent as the first consensus that lists them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use super::{Rebuilt, append, bodies, dashed, files, times::time_in};
use crate::{
    document::{Consensus, Type},
    netdoc::frames,
    schema::parse,
    value::Timestamp,
};

const CONSENSUSES: &str = "relay-descriptors/microdesc/Y/M/consensus-microdesc";
pub(super) const FOLDER: &str = "relay-descriptors/microdescs/micro";

/// How long before the first hour a consensus is looked for that tells what was not new in that hour. Unit: seconds.
const BEFORE: i64 = 86_400;

/// Adds the microdescriptors that a consensus of the last hours was the first one to list: into a file for its hour. If
/// the tree has no consensus of the day before, all that the first one lists are new.
pub(super) fn rebuild(out: &Path, recent: &Path, since: Timestamp, rebuilt: &mut Rebuilt) -> io::Result<()> {
    let name = |path: &PathBuf| time_in(path.file_name()?.to_str()?);
    let mut consensuses: Vec<(Timestamp, PathBuf)> = files(out, CONSENSUSES, Timestamp(since.0 - BEFORE))?
        .into_iter()
        .filter_map(|path| Some((name(&path)?, path)))
        .collect();
    consensuses.sort();
    let first = consensuses.partition_point(|(time, _)| *time < since);
    let folder = recent.join(FOLDER);
    let (mut listed, mut known) = (BTreeSet::new(), bodies(&folder)?);
    for (index, (time, path)) in consensuses.iter().enumerate().skip(first.saturating_sub(1)) {
        let bytes = fs::read(path)?;
        let news = digests(&bytes).filter(|digest| listed.insert(*digest)).collect::<Vec<_>>();
        if index < first {
            continue;
        }
        let stamp = dashed(*time);
        let (year, month) = (&stamp[..4], &stamp[5..7]);
        let place = out.join(format!("relay-descriptors/microdesc/{year}/{month}/micro"));
        let mut fresh = BTreeMap::new();
        for digest in news.into_iter().filter(|digest| known.insert(*digest)) {
            let hex = const_hex::encode(digest);
            match fs::read(place.join(&hex[..1]).join(&hex[1..2]).join(&hex)) {
                Ok(bytes) => _ = fresh.insert(digest, bytes),
                // It was never had.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        if !fresh.is_empty() {
            rebuilt.documents += fresh.len() as u64;
            let bytes = fresh.into_values().collect::<Vec<_>>().concat();
            append(&folder, &format!("{stamp}-micro-{year}-{month}"), &bytes, rebuilt)?;
        }
    }
    Ok(())
}

/// The digests of the microdescriptors that a consensus lists.
fn digests(bytes: &[u8]) -> impl Iterator<Item = [u8; 32]> {
    frames(bytes, Some(Type::MicrodescConsensus))
        .filter(|frame| frame.kind == Some(Type::MicrodescConsensus))
        .flat_map(|frame| parse::<Consensus<'_>>(frame).partial.entries)
        .filter_map(|entry| entry.microdescriptors.digest.map(|digest| digest.0))
}
