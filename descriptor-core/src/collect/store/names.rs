//! Where a document lies in CollecTor's trees, and what stands before it there (collector §0.2): one row a type.

use std::fmt::Write;

use crate::{
    document::Type,
    value::{Fingerprint, Timestamp},
};

/// What the trees call documents of a type.
#[derive(Debug)]
pub struct Place {
    /// The type.
    pub kind: Type,
    /// The type in the database; never to be given to another one.
    pub(super) code: u8,
    /// The path below `out/`, one file a document.
    out: &'static str,
    /// The path below `recent/`. With `{R}` in it, one file takes all documents of a run.
    recent: &'static str,
    /// The version in the line `@type NAME VERSION`; `None` for types that have no such line.
    version: Option<&'static str>,
}

// `{Y}` `{M}` `{D}` are parts of the document's time, `{T}` all of it, `{compact}` and `{clock}` the same without dashes;
// `{x}` `{y}` the first two digits of its digest, `{digest}` and `{DIGEST}` all in lower or upper case; `{ID}` the
// authority's fingerprint; `{source}` who made it; `{file}` the name that its source gave it; `{R}` the time of the run.
// DIFFERENCE: CollecTor has no row for detached signatures; it never asks for them.
const PLACES: &[Place] = &[
    Place {
        kind: Type::Consensus,
        code: 1,
        out: "relay-descriptors/consensus/{Y}/{M}/{D}/{T}-consensus",
        recent: "relay-descriptors/consensuses/{T}-consensus",
        version: Some("1.0"),
    },
    Place {
        kind: Type::MicrodescConsensus,
        code: 2,
        out: "relay-descriptors/microdesc/{Y}/{M}/consensus-microdesc/{D}/{T}-consensus-microdesc",
        recent: "relay-descriptors/microdescs/consensus-microdesc/{T}-consensus-microdesc",
        version: Some("1.0"),
    },
    Place {
        kind: Type::Vote,
        code: 3,
        out: "relay-descriptors/vote/{Y}/{M}/{D}/{T}-vote-{ID}-{DIGEST}",
        recent: "relay-descriptors/votes/{T}-vote-{ID}-{DIGEST}",
        version: Some("1.0"),
    },
    Place {
        kind: Type::KeyCertificate,
        code: 4,
        out: "relay-descriptors/certs/{ID}-{T}",
        recent: "relay-descriptors/certs/{ID}-{T}",
        version: Some("1.0"),
    },
    Place {
        kind: Type::ServerDescriptor,
        code: 5,
        out: "relay-descriptors/server-descriptor/{Y}/{M}/{x}/{y}/{digest}",
        recent: "relay-descriptors/server-descriptors/{R}-server-descriptors",
        version: Some("1.0"),
    },
    Place {
        kind: Type::ExtraInfo,
        code: 6,
        out: "relay-descriptors/extra-info/{Y}/{M}/{x}/{y}/{digest}",
        recent: "relay-descriptors/extra-infos/{R}-extra-infos",
        version: Some("1.0"),
    },
    Place {
        kind: Type::Microdescriptor,
        code: 7,
        out: "relay-descriptors/microdesc/{Y}/{M}/micro/{x}/{y}/{digest}",
        recent: "relay-descriptors/microdescs/micro/{R}-micro-{Y}-{M}",
        version: Some("1.0"),
    },
    Place {
        kind: Type::BandwidthFile,
        code: 8,
        out: "relay-descriptors/bandwidth/{Y}/{M}/{D}/{T}-bandwidth-{source-}{DIGEST}",
        recent: "relay-descriptors/bandwidths/{T}-bandwidth-{source-}{DIGEST}",
        version: Some("1.0"),
    },
    Place {
        kind: Type::DetachedSignatures,
        code: 9,
        out: "relay-descriptors/detached-signature/{Y}/{M}/{D}/{T}-detached-signature-{DIGEST}",
        recent: "relay-descriptors/detached-signatures/{T}-detached-signature-{DIGEST}",
        version: Some("1.0"),
    },
    Place {
        kind: Type::BridgeNetworkStatus,
        code: 10,
        out: "bridge-descriptors/{Y}/{M}/statuses/{D}/{compact}-{clock}-{ID}",
        recent: "bridge-descriptors/statuses/{compact}-{clock}-{ID}",
        version: Some("1.2"),
    },
    Place {
        kind: Type::BridgeServerDescriptor,
        code: 11,
        out: "bridge-descriptors/{Y}/{M}/server-descriptors/{x}/{y}/{digest}",
        recent: "bridge-descriptors/server-descriptors/{R}-server-descriptors",
        version: Some("1.2"),
    },
    Place {
        kind: Type::BridgeExtraInfo,
        code: 12,
        out: "bridge-descriptors/{Y}/{M}/extra-infos/{x}/{y}/{digest}",
        recent: "bridge-descriptors/extra-infos/{R}-extra-infos",
        version: Some("1.3"),
    },
    Place {
        kind: Type::BridgePoolAssignment,
        code: 13,
        out: "bridge-pool-assignments/{Y}/{M}/{D}/{T}",
        recent: "bridge-pool-assignments/{T}",
        version: Some("1.0"),
    },
    Place {
        kind: Type::ExitList,
        code: 14,
        out: "exit-lists/{Y}/{M}/{D}/{T}",
        recent: "exit-lists/{T}",
        version: Some("1.0"),
    },
    Place {
        kind: Type::Torperf,
        code: 15,
        out: "torperf/{Y}/{M}/{D}/{file}",
        recent: "torperf/{file}",
        version: Some("1.1"),
    },
    Place {
        kind: Type::OnionPerf,
        code: 16,
        out: "onionperf/{Y}/{M}/{D}/{file}",
        recent: "onionperf/{file}",
        version: None,
    },
    Place {
        kind: Type::WebServerLog,
        code: 17,
        out: "webstats/{source}/{Y}/{M}/{D}/{file}",
        recent: "webstats/{file}",
        version: None,
    },
    Place {
        kind: Type::SnowflakeStats,
        code: 18,
        out: "snowflakes/{Y}/{M}/{D}/{T}-snowflake-stats",
        recent: "snowflakes/{T}-snowflake-stats",
        version: Some("1.0"),
    },
    // Without an annotation: so CollecTor's files are, whatever stood in its input (collector §8.2).
    Place {
        kind: Type::BridgedbMetrics,
        code: 19,
        out: "bridgedb-metrics/{Y}/{M}/{D}/{T}-bridgedb-metrics",
        recent: "bridgedb-metrics/{T}-bridgedb-metrics",
        version: None,
    },
    Place {
        kind: Type::BridgestrapStats,
        code: 20,
        out: "bridgestrap/{Y}/{M}/{D}/{T}-bridgestrap-stats",
        recent: "bridgestrap/{T}-bridgestrap-stats",
        version: Some("1.0"),
    },
];

/// What a document's path is made of. What its type does not need is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name {
    /// The time that it is filed under; of a microdescriptor, that of a consensus that lists it.
    pub time: Timestamp,
    /// Its digest.
    pub digest: Vec<u8>,
    /// The authority.
    pub identity: Option<Fingerprint>,
    /// Who made it: of a bandwidth file the authority's nickname if known, of a web server's log the site.
    pub source: Option<String>,
    /// The name of the file that it came in, for types whose names come from elsewhere.
    pub file: Option<String>,
}

impl Place {
    /// Where documents of a type lie; `None` for types that are not kept.
    pub fn of(kind: Type) -> Option<&'static Place> {
        PLACES.iter().find(|place| place.kind == kind)
    }

    pub(super) fn by_code(code: u8) -> Option<&'static Place> {
        PLACES.iter().find(|place| place.code == code)
    }

    pub(super) fn all() -> &'static [Place] {
        PLACES
    }

    /// The folder below `out/` that all documents of the type lie in, be it with others.
    pub fn folder(&self) -> &'static str {
        let fixed = self.out.split('{').next().unwrap_or_default();
        fixed.rsplit_once('/').map_or(fixed, |(folder, _)| folder)
    }

    /// Whether a path below `out/` may be that of a document of the type.
    pub(super) fn fits(&self, path: &str) -> bool {
        let depth = |path: &str| path.matches('/').count();
        let mut parts = self.out.split('/').zip(path.split('/'));
        depth(self.out) == depth(path) && parts.all(|(mine, its)| mine.contains('{') || mine == its)
    }

    /// The path below `out/`.
    pub fn out(&self, name: &Name) -> String {
        expand(self.out, name, Timestamp(0))
    }

    /// The path below `recent/` of a document that is stored by a run.
    pub fn recent(&self, name: &Name, run: Timestamp) -> String {
        expand(self.recent, name, run)
    }

    /// Whether one file of `recent/` takes all documents of a run.
    pub fn is_appended(&self) -> bool {
        self.recent.contains("{R}")
    }

    /// The line before each document.
    pub fn annotation(&self) -> Option<String> {
        self.version.map(|version| format!("@type {} {version}\n", self.kind.name()))
    }
}

fn expand(template: &str, name: &Name, run: Timestamp) -> String {
    let mut path = String::with_capacity(160);
    let mut pieces = template.split('{');
    path.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (key, rest) = piece.split_once('}').unwrap_or((piece, ""));
        push(&mut path, key, name, run);
        path.push_str(rest);
    }
    path
}

fn push(path: &mut String, key: &str, name: &Name, run: Timestamp) {
    let time = dashed(name.time);
    let hex = |at: usize| {
        let byte = name.digest.first().copied().unwrap_or_default();
        char::from_digit(u32::from(if at == 0 { byte >> 4 } else { byte & 15 }), 16).unwrap_or('0')
    };
    match key {
        "Y" => path.push_str(&time[..4]),
        "M" => path.push_str(&time[5..7]),
        "D" => path.push_str(&time[8..10]),
        "T" => path.push_str(&time),
        "R" => path.push_str(&dashed(run)),
        "compact" => path.extend(time[..10].chars().filter(|&c| c != '-')),
        "clock" => path.extend(time[11..].chars().filter(|&c| c != '-')),
        "x" => path.push(hex(0)),
        "y" => path.push(hex(1)),
        "digest" => path.push_str(&const_hex::encode(&name.digest)),
        "DIGEST" => path.push_str(&const_hex::encode_upper(&name.digest)),
        // A `String` takes everything that is written to it.
        "ID" => _ = write!(path, "{}", name.identity.unwrap_or_default()),
        "source" => path.push_str(name.source.as_deref().unwrap_or_default()),
        "source-" => path.extend(name.source.iter().flat_map(|source| [source.as_str(), "-"])),
        "file" => path.push_str(name.file.as_deref().unwrap_or_default()),
        _ => {}
    }
}

/// `YYYY-MM-DD-HH-MM-SS`.
pub(super) fn dashed(time: Timestamp) -> String {
    time.format(b'-')
        .map(|b| if matches!(b, b':' | b' ') { '-' } else { char::from(b) })
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Hex;

    fn name() -> Name {
        Name {
            time: Timestamp(1_774_814_399),
            digest: vec![0xa1; 20],
            identity: Some(Hex([0xfe; 20])),
            source: Some("moria1".into()),
            file: Some("name".into()),
        }
    }

    #[test]
    fn paths_are_collectors() {
        let (id, digest) = ("FE".repeat(20), "a1".repeat(20));
        for (kind, out, recent) in [
            (
                Type::Vote,
                format!(
                    "relay-descriptors/vote/2026/03/29/2026-03-29-19-59-59-vote-{id}-{}",
                    "A1".repeat(20)
                ),
                format!("relay-descriptors/votes/2026-03-29-19-59-59-vote-{id}-{}", "A1".repeat(20)),
            ),
            (
                Type::Microdescriptor,
                format!("relay-descriptors/microdesc/2026/03/micro/a/1/{digest}"),
                "relay-descriptors/microdescs/micro/1970-01-01-00-00-07-micro-2026-03".into(),
            ),
            (
                Type::BridgeNetworkStatus,
                format!("bridge-descriptors/2026/03/statuses/29/20260329-195959-{id}"),
                format!("bridge-descriptors/statuses/20260329-195959-{id}"),
            ),
            (Type::WebServerLog, "webstats/moria1/2026/03/29/name".into(), "webstats/name".into()),
        ] {
            let place = Place::of(kind).expect("it is kept");
            assert_eq!(place.out(&name()), out);
            assert_eq!(place.recent(&name(), Timestamp(7)), recent);
        }
        let bandwidth = Place::of(Type::BandwidthFile).expect("it is kept");
        assert!(bandwidth.out(&name()).contains("-bandwidth-moria1-A1A1"));
        assert!(bandwidth.out(&Name { source: None, ..name() }).contains("-bandwidth-A1A1"));
    }

    #[test]
    fn rows_are_told_apart_by_path_and_code() {
        for place in PLACES {
            let path = place.out(&name());
            let fitting: Vec<_> = PLACES.iter().filter(|it| it.fits(&path)).map(|it| it.kind).collect();
            assert_eq!(fitting, [place.kind], "{path}");
            assert_eq!(PLACES.iter().filter(|it| it.code == place.code).count(), 1);
            assert!(path.starts_with(place.folder()) && !path.contains(['{', '}']), "{path}");
        }
    }

    #[test]
    fn recent_knows_all_folders() {
        for place in PLACES {
            let path = place.recent(&name(), Timestamp(7));
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            assert!(crate::archive::recent::folders().any(|it| it == folder), "{folder} is never cleaned");
        }
    }
}
