//! Originals of bridges are never stored: how they are told from descriptors of relays.

use rusqlite::params;

use super::{
    batch::{Batch, code},
    facts::Facts,
};
use crate::{
    document::Type,
    netdoc::{Frame, find_line},
};

/// Whether a bridge's original says what it is, in its annotations or for lack of them.
pub(super) fn says_so(frame: &Frame<'_>) -> bool {
    frame.annotations().any(|it| it.name == b"purpose" && it.value == b"bridge")
        || match frame.kind {
            // Sanitized documents are told from original ones by their annotation only.
            Some(Type::BridgeNetworkStatus | Type::BridgeServerDescriptor | Type::BridgeExtraInfo) => {
                frame.type_annotation().is_none()
            }
            _ => false,
        }
}

/// Whether a document has a line that bridges write, and that a relay writes for a day if it was a bridge before.
pub(super) fn looks_so(frame: &Frame<'_>) -> bool {
    let has = |line: &[u8]| find_line(frame.body, line).is_some();
    match frame.kind {
        Some(Type::ServerDescriptor) => has(b"bridge-distribution-request "),
        Some(Type::ExtraInfo) => has(b"bridge-stats-end ") || has(b"bridge-ips "),
        _ => false,
    }
}

impl Batch {
    /// Whether a verified consensus or vote lists the relay whose descriptor this is, or whose server descriptor names this
    /// extra-info.
    pub(super) fn is_of_listed_relay(&self, facts: &Facts, referenced: bool) -> rusqlite::Result<bool> {
        if !referenced || facts.kind != Type::ExtraInfo {
            return Ok(referenced);
        }
        let by = "SELECT by FROM missing WHERE kind = ?1 AND key = ?2 AND by IS NOT NULL";
        let by: Vec<Vec<u8>> = self
            .database
            .prepare_cached(by)?
            .query_map(params![code(facts.kind), facts.reference_key()], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut lists = self.database.prepare_cached("SELECT servers FROM listed ORDER BY time DESC")?;
        let mut lists = lists.query([])?;
        while let Some(row) = lists.next()? {
            let servers: Option<Vec<u8>> = row.get(0)?;
            let mut servers = servers.as_deref().unwrap_or_default().chunks(20);
            if servers.any(|listed| by.iter().any(|digest| digest == listed)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::{
        Delivery,
        store::{Layout, Store},
    };

    /// Somebody ran a bridge and made it a relay: for a day its extra-infos have the statistics of a bridge.
    #[test]
    fn what_a_listed_relay_still_says_about_its_time_as_a_bridge_is_kept() {
        let text = b"extra-info a 0101010101010101010101010101010101010101\npublished 2026-04-01 00:00:00\n\
            bridge-stats-end 2026-04-01 00:00:00 (86400 s)\nbridge-ips de=8\nrouter-signature\n\
            -----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n";
        let digest = Type::ExtraInfo.sha1(text).expect("it is whole");
        let (server, other) = ([7_u8; 20], [8_u8; 20]);
        for (listed, new) in [([other, server], 1), ([other, other], 0)] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let layout =
                Layout { out: folder.path().join("out"), recent: None, state: folder.path().join("state") };
            let store = Store::open(&layout, Default::default()).expect("it is free");
            let of = |kind| code(kind);
            let batch = store.batch();
            batch
                .database
                .execute(
                    "INSERT INTO missing VALUES (?1, ?2, ?3, 0, ?4)",
                    params![of(Type::ExtraInfo), digest.0, of(Type::ServerDescriptor), server],
                )
                .expect("a row");
            batch
                .database
                .execute(
                    "INSERT INTO listed VALUES (?1, 0, 2, 1, ?2)",
                    params![of(Type::Consensus), listed.concat()],
                )
                .expect("a row");
            drop(batch);
            let taken = store.take(&Delivery {
                kind: Some(Type::ExtraInfo),
                bytes: text.to_vec(),
                from: "authority".into(),
                received: crate::value::Timestamp(1_775_000_000),
            });
            let taken = taken.expect("it is writable");
            assert_eq!((taken.new, taken.refused), (new, 1 - new), "{:?}", taken.problems);
        }
    }
}
