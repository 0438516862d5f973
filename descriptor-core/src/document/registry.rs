//! The registry of descriptor types.

use super::{
    BandwidthFile, BridgeNetworkStatus, BridgePoolAssignment, BridgedbMetrics, BridgestrapStats, Consensus,
    ConsensusDiff, DetachedSignatures, Directory, ExitList, ExtraInfo, HiddenService, HiddenService3,
    KeyCertificate, Microdescriptor, NetworkStatus2, OnionPerfAnalysis, RouterStatus, ServerDescriptor,
    SnowflakeStats, TorperfResult, Vote, WebServerLog, digests,
};
use crate::{
    netdoc::{Frame, Start, find_line},
    schema::{Parsed, Record, Schema, Table, Wanted, parse_columns},
    value::Timestamp,
};

/// What is known about a type.
pub struct TypeInfo {
    /// The `@type` name without its version; for types that CollecTor never annotates, a name of ours.
    pub name: &'static str,
    /// Its name in Rust.
    title: &'static str,
    /// How its documents follow each other.
    pub start: Start,
    /// Its table.
    pub schema: fn() -> &'static Schema,
    /// Whether a document without an annotation is of this type, by its first bytes.
    detect: fn(&[u8]) -> bool,
    parse: for<'a> fn(Frame<'a>, Wanted) -> AnyParsed<'a>,
    pub(super) digests: digests::Rule,
}

/// A document of any type, read.
pub type AnyParsed<'a> = Parsed<'a, Box<dyn Record + Send + Sync + 'a>>;

fn parse_boxed<'a, D: Table<'a> + Send + Sync + 'a>(frame: Frame<'a>, wanted: Wanted) -> AnyParsed<'a> {
    parse_columns::<D>(frame, wanted).map(|document| Box::new(document) as Box<dyn Record + Send + Sync + 'a>)
}

/// The type is known by its annotation or by its source's name only.
fn annotated_only(_: &[u8]) -> bool {
    false
}

/// The first line is `network-status-version 3…`, and an early line is `vote-status STATUS`.
fn is_status_3(text: &[u8], microdesc: bool, status: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"network-status-version 3") else { return false };
    let head = &rest[..rest.len().min(256)];
    head.starts_with(b" microdesc\n") == microdesc
        && find_line(head, b"vote-status ").is_some_and(|at| head[at + 12..].starts_with(status))
}

macro_rules! types {
    ($($(#[doc = $doc:literal])* $type:ident = $name:literal, $table:ident, $start:expr, $detect:expr, $digests:expr;)*) => {
        /// A descriptor type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Type { $($(#[doc = $doc])* $type,)* }

        impl Type {
            /// All types.
            pub const ALL: &'static [Type] = &[$(Type::$type),*];

            /// What is known about the type.
            pub fn info(self) -> &'static TypeInfo {
                match self {
                    $(Type::$type => &const { TypeInfo {
                        name: $name,
                        title: stringify!($type),
                        start: $start,
                        schema: || <$table<'static> as Table<'static>>::table(),
                        detect: $detect,
                        parse: |frame, wanted| parse_boxed::<$table<'_>>(frame, wanted),
                        digests: $digests,
                    } },)*
                }
            }
        }
    };
}

// A new type is one line here and one file. The first type whose test holds wins.
types! {
    /// Consensus of the directory authorities, flavour `ns`.
    Consensus = "network-status-consensus-3", Consensus, Start::Keyword(b"network-status-version "),
        |text| is_status_3(text, false, b"consensus\n"), digests::STATUS_3;
    /// Consensus of the directory authorities, flavour `microdesc`.
    MicrodescConsensus = "network-status-microdesc-consensus-3", Consensus, Start::Keyword(b"network-status-version "),
        |text| is_status_3(text, true, b"consensus\n"), digests::STATUS_3;
    /// Vote of a directory authority.
    Vote = "network-status-vote-3", Vote, Start::Keyword(b"network-status-version "),
        |text| is_status_3(text, false, b"vote\n"), digests::STATUS_3;
    /// Status entry that stands alone.
    RouterStatus = "network-status-entry-3", RouterStatus, Start::Keyword(b"r "), annotated_only, digests::NONE;
    /// Signatures of one authority on both consensuses, without them.
    DetachedSignatures = "detached-signature-3", DetachedSignatures, Start::Keyword(b"consensus-digest "),
        |text| text.starts_with(b"consensus-digest "), digests::NONE;
    /// Certificate of an authority's signing key.
    KeyCertificate = "dir-key-certificate-3", KeyCertificate, Start::Keyword(b"dir-key-certificate-version "),
        |text| text.starts_with(b"dir-key-certificate-version "), digests::CERTIFICATE;
    /// Server descriptor of a relay, or the unsanitized one of a bridge.
    ServerDescriptor = "server-descriptor", ServerDescriptor, Start::Keyword(b"router "),
        |text| text.starts_with(b"router "), digests::SERVER_DESCRIPTOR;
    /// Sanitized server descriptor of a bridge.
    BridgeServerDescriptor = "bridge-server-descriptor", ServerDescriptor, Start::Keyword(b"router "),
        annotated_only, digests::SANITIZED;
    /// Extra-info descriptor of a relay, or the unsanitized one of a bridge.
    ExtraInfo = "extra-info", ExtraInfo, Start::Keyword(b"extra-info "),
        |text| text.starts_with(b"extra-info "), digests::EXTRA_INFO;
    /// Sanitized extra-info descriptor of a bridge.
    BridgeExtraInfo = "bridge-extra-info", ExtraInfo, Start::Keyword(b"extra-info "),
        annotated_only, digests::SANITIZED;
    /// Microdescriptor.
    Microdescriptor = "microdescriptor", Microdescriptor, Start::Keyword(b"onion-key\n"),
        |text| text.starts_with(b"onion-key\n"), digests::WHOLE;
    /// Network status of one authority, version 2, until 2012.
    NetworkStatus2 = "network-status-2", NetworkStatus2, Start::Keyword(b"network-status-version "),
        |text| text.starts_with(b"network-status-version 2\n"), digests::STATUS_2;
    /// Directory, version 1, until 2007.
    Directory = "directory", Directory, Start::Keyword(b"signed-directory\n"),
        |text| text.starts_with(b"signed-directory\n"), digests::STATUS_2;
    /// Bandwidth file of a bandwidth authority.
    BandwidthFile = "bandwidth-file", BandwidthFile, Start::Annotation,
        super::bandwidth_file::detect, digests::WHOLE;
    /// What changed from one consensus to a later one.
    ConsensusDiff = "network-status-diff-3", ConsensusDiff, Start::Keyword(b"network-status-diff-version "),
        |text| text.starts_with(b"network-status-diff-version "), digests::NONE;
    /// Network status of a bridge authority, sanitized or not.
    BridgeNetworkStatus = "bridge-network-status", BridgeNetworkStatus, Start::Annotation,
        |text| [&b"published "[..], b"flag-thresholds ", b"r "].iter().any(|start| text.starts_with(start)), digests::NONE;
    /// Which bridges BridgeDB or rdsys gives out how.
    BridgePoolAssignment = "bridge-pool-assignment", BridgePoolAssignment, Start::Keyword(b"bridge-pool-assignment "),
        |text| text.starts_with(b"bridge-pool-assignment "), digests::NONE;
    /// How many bridges BridgeDB gave out.
    BridgedbMetrics = "bridgedb-metrics", BridgedbMetrics, Start::Keyword(b"bridgedb-metrics-end "),
        |text| text.starts_with(b"bridgedb-metrics-end "), digests::NONE;
    /// Which bridges bridgestrap could reach.
    BridgestrapStats = "bridgestrap-stats", BridgestrapStats, Start::Keyword(b"bridgestrap-stats-end "),
        |text| text.starts_with(b"bridgestrap-stats-end "), digests::NONE;
    /// Addresses that exits really use.
    ExitList = "tordnsel", ExitList, Start::Annotation,
        |text| text.starts_with(b"ExitNode ") || text.starts_with(b"Downloaded "), digests::NONE;
    /// One download over Tor.
    Torperf = "torperf", TorperfResult, Start::Line,
        super::torperf::detect, digests::NONE;
    /// Measurements of OnionPerf, JSON.
    OnionPerf = "onionperf", OnionPerfAnalysis, Start::File,
        super::onionperf::detect, digests::NONE;
    /// Statistics of the Snowflake broker.
    SnowflakeStats = "snowflake-stats", SnowflakeStats, Start::Keyword(b"snowflake-stats-end "),
        |text| text.starts_with(b"snowflake-stats-end "), digests::NONE;
    /// Sanitized access log of a web server.
    WebServerLog = "web-server-access-log", WebServerLog, Start::File,
        annotated_only, digests::NONE;
    /// Onion service descriptor, version 2.
    HiddenService = "hidden-service-descriptor", HiddenService, Start::Keyword(b"rendezvous-service-descriptor "),
        |text| text.starts_with(b"rendezvous-service-descriptor "), digests::NONE;
    /// Onion service descriptor, version 3, outer layer.
    HiddenService3 = "hidden-service-descriptor-3", HiddenService3, Start::Keyword(b"hs-descriptor "),
        |text| text.starts_with(b"hs-descriptor "), digests::NONE;
}

/// What names of files and folders contain. The first that fits wins, so the longer name stands first.
const NAMES: &[(&str, Type)] = &[
    ("access.log", Type::WebServerLog),
    (".onionperf.analysis.json", Type::OnionPerf),
    (".tpf", Type::Torperf),
    ("cached-microdesc-consensus", Type::MicrodescConsensus),
    ("cached-consensus", Type::Consensus),
    ("cached-microdescs", Type::Microdescriptor),
    ("cached-descriptors", Type::ServerDescriptor),
    ("cached-extrainfo", Type::ExtraInfo),
    ("cached-certs", Type::KeyCertificate),
    ("v3-status-votes", Type::Vote),
    ("networkstatus-bridges", Type::BridgeNetworkStatus),
    ("bridge-pool-assignment", Type::BridgePoolAssignment),
    ("bridge-server-descriptor", Type::BridgeServerDescriptor),
    ("bridge-descriptors/server-descriptors", Type::BridgeServerDescriptor),
    ("bridge-extra-info", Type::BridgeExtraInfo),
    ("bridge-descriptors/extra-infos", Type::BridgeExtraInfo),
    ("bridge-descriptors/statuses", Type::BridgeNetworkStatus),
    ("bridge-statuses-", Type::BridgeNetworkStatus),
    ("bridgedb-metrics", Type::BridgedbMetrics),
    ("bridgestrap", Type::BridgestrapStats),
    ("snowflake", Type::SnowflakeStats),
    ("exit-list", Type::ExitList),
    ("-consensus-microdesc", Type::MicrodescConsensus),
    ("-consensus", Type::Consensus),
    ("-vote-", Type::Vote),
    ("-bandwidth-", Type::BandwidthFile),
    ("v3bw", Type::BandwidthFile),
    ("server-descriptor", Type::ServerDescriptor),
    ("extra-info", Type::ExtraInfo),
    ("-micro", Type::Microdescriptor),
    ("microdesc", Type::Microdescriptor),
    ("certs", Type::KeyCertificate),
];

impl Type {
    /// The `@type` name without its version.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The name of its class in Python: that of its table, unless an earlier type has it.
    pub fn title(self) -> &'static str {
        let schema = (self.info().schema)();
        let first = Self::ALL.iter().find(|it| std::ptr::eq((it.info().schema)(), schema));
        if first == Some(&self) { schema.title } else { self.info().title }
    }

    /// The type of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.name() == name)
    }

    /// The type that an annotation `@type NAME VERSION` tells. A higher major version than 1 must not be read.
    pub(crate) fn of_annotation(name: &[u8], version: &[u8]) -> Option<Self> {
        let major = version.split(|&b| b == b'.').next().unwrap_or_default();
        if !matches!(major, b"0" | b"1") {
            return None;
        }
        Self::of_name(std::str::from_utf8(name).ok()?)
    }

    /// The type of an annotated document. For some months of 2016 CollecTor wrote `@type torperf 1.0` above exit lists.
    pub(crate) fn confirm(self, text: &[u8]) -> Self {
        match self {
            Type::Torperf if (Type::ExitList.info().detect)(text) => Type::ExitList,
            kind => kind,
        }
    }

    /// Whether a text that tells no type may be of this one: JSON and web pages are no other type's than JSON's.
    pub(crate) fn may_be(self, text: &[u8]) -> bool {
        let foreign = matches!(text.trim_ascii_start(), [b'{' | b'[' | b'<', ..]);
        !foreign || self == Type::OnionPerf
    }

    /// The type that a file's name or path tells: a web server's log, a cache of tor, a name that CollecTor gives.
    /// Good for a file that tells it neither by annotation nor by its first lines.
    pub fn of_file_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(part, _)| name.contains(part)).map(|(_, kind)| *kind)
    }

    /// The day, at 00:00:00, that a file's name tells of its documents, where these do not: `…_access.log_YYYYMMDD.xz`,
    /// `YYYY-MM-DD.SOURCE.onionperf.analysis.json.xz`. `None` for other types and names.
    pub(crate) fn day_of_file_name(self, name: &str) -> Option<Timestamp> {
        let name = name.rsplit(['/', '!']).next()?;
        match self {
            Type::WebServerLog => {
                let (_, rest) = name.split_once("access.log")?;
                Timestamp::of_day(rest.strip_prefix(['_', '-'])?.as_bytes().get(..8)?)
            }
            Type::OnionPerf => Timestamp::of_day(name.get(..10)?.replace('-', "").as_bytes()),
            _ => None,
        }
    }

    /// The type that a document's beginning tells.
    pub(crate) fn of_text(text: &[u8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| (it.info().detect)(text))
    }

    /// Whether a document begins at a line, of a type of which many stand in a file. Asked of each line of what is unknown, so
    /// that types are left out that look further than a line.
    pub(crate) fn begins_at(line: &[u8]) -> bool {
        let all = Self::ALL.iter().map(|it| it.info());
        all.filter(|it| matches!(it.start, Start::Keyword(_))).any(|it| (it.detect)(line))
    }

    /// Reads a document of this type.
    pub fn parse(self, frame: Frame<'_>) -> AnyParsed<'_> {
        (self.info().parse)(frame, Wanted::ALL)
    }

    /// Reads some rows of a document of this type; see [`schema::parse_columns`](crate::schema::parse_columns).
    pub fn parse_columns(self, frame: Frame<'_>, wanted: Wanted) -> AnyParsed<'_> {
        (self.info().parse)(frame, wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for &kind in Type::ALL {
            assert_eq!(Type::of_name(kind.name()), Some(kind));
            assert!(!(kind.info().schema)().fields.is_empty());
        }
    }

    #[test]
    fn file_names_tell_types() {
        for (name, kind) in [
            ("www.torproject.org_nova.torproject.org_access.log_20150211.xz", Type::WebServerLog),
            ("op-nl-1048576-2017-04-11.tpf", Type::Torperf),
            ("2021-06-01.op-hk6a.onionperf.analysis.json.xz", Type::OnionPerf),
            ("cached-microdesc-consensus", Type::MicrodescConsensus),
            ("cached-descriptors.new", Type::ServerDescriptor),
            ("2016-10-02-17-00-00-consensus-microdesc", Type::MicrodescConsensus),
            ("2016-09-20-13-00-00-consensus", Type::Consensus),
            ("recent/exit-lists/2017-07-17-17-02-00", Type::ExitList),
            (
                "recent/bridge-descriptors/server-descriptors/2017-07-17-17-09-00",
                Type::BridgeServerDescriptor,
            ),
            ("microdescs-2019-05/micro/0/0/00a1c073", Type::Microdescriptor),
        ] {
            assert_eq!(Type::of_file_name(name), Some(kind), "{name}");
        }
        assert_eq!(Type::of_file_name("README"), None);
    }

    #[test]
    fn file_names_tell_days() {
        let day = Timestamp::parse(b"2021-06-01 00:00:00");
        for (kind, name, told) in [
            (Type::WebServerLog, "a/www.torproject.org_nova_access.log_20210601.xz", day),
            (Type::WebServerLog, "web1/a-access.log-20210601.gz", day),
            (Type::WebServerLog, "month.tar!b/a_b_access.log_20210601", day),
            (Type::WebServerLog, "a_b_access.log_20210631", None),
            (Type::WebServerLog, "a_b_access.log_2021060", None),
            (Type::WebServerLog, "access.log", None),
            (Type::OnionPerf, "x/2021-06-01.op-hk6a.onionperf.analysis.json.xz", day),
            (Type::OnionPerf, "-", None),
            (Type::ServerDescriptor, "a_b_access.log_20210601", None),
        ] {
            assert_eq!(kind.day_of_file_name(name), told, "{name}");
        }
    }

    #[test]
    fn exit_lists_are_told_from_torperf_results() {
        let exits = b"@type torperf 1.0\nDownloaded 2016-11-01 00:02:02\nExitNode A\nExitAddress 1.2.3.4 x\n";
        let kinds: Vec<_> = crate::netdoc::frames(exits, None).map(|frame| frame.kind).collect();
        assert_eq!(kinds, [Some(Type::ExitList)]);
    }

    #[test]
    fn versions_are_judged_by_their_major_part() {
        assert_eq!(Type::of_annotation(b"torperf", b"1.1"), Some(Type::Torperf));
        assert_eq!(Type::of_annotation(b"torperf", b"2.0"), None);
        assert_eq!(Type::of_annotation(b"unheard-of", b"1.0"), None);
    }
}
