//! What differs, what is missing, and which accessor is which column.

/// Cases whose document is not in the vectors and cannot be told from the name, with what is missing.
pub(crate) const NOT_WRITTEN_DOWN: &[(&str, &str)] = &[
    ("ExtraInfoDescriptorImpl.testEd25519IdentityMissing", "the certificates"),
    ("ExtraInfoDescriptorImpl.testEd25519IdentityInvalidCrypto", "the certificates"),
    ("ExtraInfoDescriptorImpl.testEd25519MasterKeyDuplicate", "the certificates"),
    ("ExtraInfoDescriptorImpl.testExtraInfoDigestSha256Bridge", "the digest lines"),
    ("RelayNetworkStatusImpl.testValidHeader", "the status"),
    (
        "RelayNetworkStatusVoteImpl.testDirectorySignaturesLinesTwoAlgorithms",
        "the signatures: they read `00`",
    ),
    ("RelayNetworkStatusVoteImpl.testIdEd25519None", "the entry"),
    ("ServerDescriptorImpl.testEd25519IdentityMissing", "the certificates"),
    ("ServerDescriptorImpl.testEd25519IdentityInvalidCrypto", "the certificates"),
    ("ServerDescriptorImpl.testEd25519MasterKeyDuplicate", "the certificates"),
    ("ServerDescriptorImpl.testExtraInfoDigestAdditionalDigest", "the line: another digest is expected"),
    ("ServerDescriptorImpl.testBridgeDescriptorDigestsRouterDigestLines", "the digest lines"),
    ("TorperfResultImpl.testPartiallyAnnotatedInput", "the results"),
    ("TorperfResultImpl.testTrailingNewlinesRetained", "the results"),
];

/// Cases whose change is not in the vectors but in their name: what is replaced, in the whole document.
pub(crate) const EDITS: &[(&str, &str, &str)] = &[
    ("BandwidthFileImpl.testEmptyLine", "1523911758\n", "1523911758\n\n"),
    ("BandwidthFileImpl.testHeaderLineAtEnd", "=/filepath\n", "=/filepath\nversion=1.1.0\n"),
    (
        "BandwidthFileImpl.testRelayLineWithoutRelayId",
        "node_id=$68A483E05A2ABDCA6DA5A3EF8DB5177638A27F80 ",
        "",
    ),
    ("BandwidthFileImpl.testRelayLineWithoutBw", "bw=760 ", ""),
    ("BandwidthFileImpl.testTerminatorLineTooShort", "\n====\n", "\n===\n"),
    ("BandwidthFileImpl.testDateTimeContainingSpace", "file_created=2018-04-16T", "file_created=2018-04-16 "),
    (
        "BandwidthFileImpl.testNumberEligibleRelaysNotAnInt",
        "\nnumber_eligible_relays=",
        "\nnumber_eligible_relays=x",
    ),
    ("BandwidthFileImpl.testScannerCountryLowerCase", "scanner_country=SN", "scanner_country=sn"),
    ("BridgedbMetricsImpl.testEmptyLine", "bridgedb-metrics-version 1\n", "bridgedb-metrics-version 1\n\n"),
    ("RelayNetworkStatusConsensusImpl.testClientServerVersionsNoLine", "\nclient-versions ", "\nx-versions "),
    ("RelayNetworkStatusConsensusImpl.testClientServerVersionsNoLine", "\nserver-versions ", "\nx-versions "),
    ("RelayNetworkStatusConsensusImpl.testDirectoryFooterMissing", "\nbandwidth-weights ", "\nx-weights "),
    (
        "RelayNetworkStatusConsensusImpl.testNonAsciiByte20",
        "network-status-version 3",
        " network-status-version 3",
    ),
    ("RelayNetworkStatusConsensusImpl.testTwoPLines", "\nr Magellan ", "\np reject 1-65535\nr Magellan "),
    (
        "RelayNetworkStatusVoteImpl.testFlagThresholdDuplicate",
        "\nparams ",
        "\nflag-thresholds fast-speed=1\nparams ",
    ),
    ("SnowflakeStatsImpl.testEmptyLine", "snowflake-ips-total ", "\nsnowflake-ips-total "),
];

/// Cases where we differ, with the reason.
pub(crate) const DIFFERENCES: &[(&str, &str)] = &[
    // dir-spec §1.2: what a line has beyond its arguments is ignored, so that arguments can be added.
    ("RelayNetworkStatusConsensusImpl.testVotingDelayTriple", "further arguments are ignored"),
    ("RelayNetworkStatusConsensusImpl.testSharedRandPreviousExtraArg", "further arguments are ignored"),
    ("RelayNetworkStatusVoteImpl.testVotingDelayTriple", "further arguments are ignored"),
    ("ServerDescriptorImpl.testUptimeFourEight", "further arguments are ignored"),
    // No specification limits years, and microdesc consensuses have 2038 in every entry since method 33.
    ("RelayNetworkStatusVoteImpl.testDirKeyPublished3011", "a time far off is a time"),
    ("ServerDescriptorImpl.testPublished2039", "a time far off is a time"),
    ("ServerDescriptorImpl.testPublished1912", "a time far off is a time"),
    (
        "RelayNetworkStatusConsensusImpl.testConsensusMethodNoLine",
        "consensuses of method 1 do not have the line",
    ),
    ("ServerDescriptorImpl.testFingerprintNoSpaces", "tor takes a fingerprint with or without blanks"),
    ("RelayNetworkStatusVoteImpl.testUnrecognizedDirSourceLineIgnore", "unknown lines are kept"),
    ("ExtraInfoDescriptorImpl.testDirreqV3TunneledDlTooLarge", "counts have 64 bits"),
    (
        "BandwidthFileImpl.testSpecExample100",
        "metrics-lib makes up a version and a software for files that name none",
    ),
    ("BridgeNetworkStatus.testPublishedNoLine", "metrics-lib takes the time out of the file's name"),
    // tor takes 40 digits and no others.
    ("RelayNetworkStatusConsensusImpl.testDirectorySignatureIdentityTooLong", "an identity is a SHA-1"),
    ("RelayNetworkStatusConsensusImpl.testDirectorySignatureSigningKeyTooLong", "a key digest is a SHA-1"),
    // metrics-lib is told to drop such lines there; we always keep them.
    ("RelayNetworkStatusConsensusImpl.testUnrecognizedDirSourceLineIgnore", "unknown lines are kept"),
    ("RelayNetworkStatusConsensusImpl.testUnrecognizedStatusEntryLineIgnore", "unknown lines are kept"),
    (
        "RelayNetworkStatusConsensusImpl.testUnrecognizedDirectorySignatureLineIgnore",
        "unknown lines are kept",
    ),
    ("RelayNetworkStatusVoteImpl.testUnrecognizedHeaderLineIgnore", "unknown lines are kept"),
    ("RelayNetworkStatusVoteImpl.testUnrecognizedFooterLineIgnore", "unknown lines are kept"),
    ("ServerDescriptorImpl.testUnrecognizedLineIgnore", "unknown lines are kept"),
    ("ExtraInfoDescriptorImpl.testUnrecognizedLineIgnore", "unknown lines are kept"),
];

/// Elements of a consensus that metrics-lib's builders add, by the part that they go to; its messages show their first
/// lines, the rest is made here.
pub(crate) const ELEMENTS: &[(&str, &str)] = &[
    (
        "dirSources",
        "dir-source gabelmoo ED03BB616EB2F60BEC80151114BB25CEF515B226 212.112.245.170 212.112.245.170 80 443\n\
         contact 4096R/C5AA446D Sebastian Hahn <tor@sebastianhahn.net>\n\
         vote-digest 0333880AA67ED7E07C11108656D0C4BBBB5C9FD5",
    ),
    (
        "statusEntries",
        "r right2privassy3 ADQ6gCT3DiFHKPDFr3rODBUI8HM Yiti+nayuT2Efe2X1+M4nslwVuU 2011-11-29 21:34:27 50.63.8.215 9023 0\n\
         s Exit Fast Named Running Stable Valid\nv Tor 0.2.1.29 (r318f470bc5f2ad43)\nw Bandwidth=1\np accept 80,443",
    ),
    (
        "directorySignatures",
        "directory-signature ED03BB616EB2F60BEC80151114BB25CEF515B226 845CF1D0B370CA443A8579D18E7987E7E532F639\n\
         -----BEGIN SIGNATURE-----\nQUJD\n-----END SIGNATURE-----",
    ),
];

/// metrics-lib's accessors, with the column and, behind a dot, the step into it; the longest that fits a path is taken.
pub(crate) const COLUMNS: &[(&str, &str)] = &[
    ("relayLines()", "relays"),
    ("nodeId()", "relays.get(0).node_id"),
    ("masterKeyEd25519()", "relays.get(0).master_key_ed25519"),
    ("bw()", "relays.get(0).bw"),
    ("getPublishedMillis()", "published"),
    ("getDownloadedMillis()", "downloaded"),
    ("getEntries()", "entries"),
    ("getStatusEntries()", "entries"),
    ("getFastBandwidth()", "fast_speed"),
    ("getGuardBandwidthIncludingExits()", "guard_bw_inc_exits"),
    ("getGuardBandwidthExcludingExits()", "guard_bw_exc_exits"),
    ("getEnoughMtbfInfo()", "enough_mtbf"),
    ("bridgedbMetricsIntervalLength()", "bridgedb_metrics_interval"),
    ("snowflakeStatsIntervalLength()", "snowflake_stats_interval"),
    ("getRecommendedClientVersions()", "client_versions"),
    ("getRecommendedServerVersions()", "server_versions"),
    ("getConsensusParams()", "params"),
    ("getDirSourceEntries()", "authorities"),
    ("getSharedRandCurrentNumReveals()", "authority.shared_rand_current_num_reveals"),
    ("getSharedRandCurrentValue()", "authority.shared_rand_current_value"),
    ("getBandwidthRate()", "average_bandwidth"),
    ("getBandwidthBurst()", "burst_bandwidth"),
    ("getBandwidthObserved()", "observed_bandwidth"),
    ("getExtraInfoDigestSha1Hex()", "extra_info_digest_sha1"),
    ("getExitPolicyLines()", "exit_policy"),
    ("getFamilyEntries()", "family"),
    ("getUsesEnhancedDnsLogic()", "eventdns"),
    ("getProtocols()", "proto"),
    ("getLinkProtocolVersions()", "link_protocols"),
    ("getCircuitProtocolVersions()", "circuit_protocols"),
    ("getIpv6DefaultPolicy()", "ipv6_policy.word(0)"),
    ("getIpv6PortList()", "ipv6_policy.word(1)"),
    ("getGeoipDbDigestSha1Hex()", "geoip_db_digest"),
    ("getGeoip6DbDigestSha1Hex()", "geoip6_db_digest"),
    ("get(\"ir\")", "bridge_ips.get(\"ir\")"),
    ("get(\"sy\")", "bridge_ips.get(\"sy\")"),
    ("containsKey(\"no\")", "bridge_ips.containsKey(\"no\")"),
    ("get(\"v4\")", "bridge_ip_versions.get(\"v4\")"),
    ("get(\"v6\")", "bridge_ip_versions.get(\"v6\")"),
    ("containsKey(\"v8\")", "bridge_ip_versions.containsKey(\"v8\")"),
    ("get(\"<OR>\")", "bridge_ip_transports.get(\"<OR>\")"),
    ("get(\"obfs2\")", "bridge_ip_transports.get(\"obfs2\")"),
    ("get(\"obfs3\")", "bridge_ip_transports.get(\"obfs3\")"),
];
