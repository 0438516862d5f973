//! Whatever goes into the sanitizer, what comes out is one document of its type and does not say where or who the bridge is.
#![no_main]

use std::{net::Ipv4Addr, sync::LazyLock};

use descriptor_core::{
    document::Type,
    netdoc::frames,
    sanitize::{Month, Origin, Sanitized, Sanitizer, Secrets, extra_info, network_status, server_descriptor},
    schema::RuleSet,
    value::{Fingerprint, Timestamp},
};

static SECRETS: LazyLock<Secrets> = LazyLock::new(|| {
    let mut secrets = Secrets::default();
    for (year, month) in (2004..2040).flat_map(|year| (1..=12).map(move |month| (year, month))) {
        let month = Month::parse(format!("{year}-{month:02}").as_bytes()).expect("a month");
        secrets.create(month, [7; 83]);
    }
    secrets
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let origin = Origin { authority: Fingerprint::default(), published: Timestamp(1_775_000_000) };
    for rules in [RuleSet::Current, RuleSet::Collector1_18_2, RuleSet::Collector1_0] {
        let sanitizer = Sanitizer::new(rules, Some(&SECRETS));
        let results = [
            server_descriptor(data, &sanitizer),
            extra_info(data, &sanitizer),
            network_status(data, &origin, &sanitizer),
        ];
        results.iter().flatten().for_each(|sanitized| judge(data, sanitized));
    }
});

/// A guard that is simpler than the library's: the plain forms only, by their text.
fn judge(original: &[u8], sanitized: &Sanitized) {
    let output = &sanitized.bytes;
    let kinds: Vec<_> = frames(output, None).map(|frame| frame.kind).collect();
    assert_eq!(kinds, [Some(sanitized.kind)]);
    assert!(sanitized.path().len() > 20);
    // The lines of a status are of many bridges, and what follows a signature is nobody's.
    if sanitized.kind == Type::BridgeNetworkStatus {
        return;
    }
    let lines = original.split(|&b| b == b'\n' || b == b'\r');
    for line in lines.take_while(|line| *line != b"router-signature") {
        let line = line.strip_prefix(b"opt ").unwrap_or(line);
        if let Some(hex) = line.strip_prefix(b"fingerprint ") {
            let hex: Vec<u8> = hex.iter().copied().filter(|&b| b != b' ').collect();
            if Fingerprint::from_hex(&hex).is_some_and(|it| it != Fingerprint::default()) {
                assert!(!says(output, &hex.to_ascii_uppercase()) && !says(output, &hex.to_ascii_lowercase()));
            }
        }
        if let Some(rest) = line.strip_prefix(b"router ") {
            let address = rest.split(|&b| b == b' ').nth(1).and_then(|it| std::str::from_utf8(it).ok());
            let address = address.and_then(|it| it.parse::<Ipv4Addr>().ok());
            if let Some(address) = address.filter(|it| it.octets()[0] != 0) {
                assert!(!says(output, address.to_string().as_bytes()), "{address}");
            }
        }
    }
}

/// Whether a text stands there with no digit, letter or dot beside it.
fn says(text: &[u8], part: &[u8]) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'.';
    text.windows(part.len()).enumerate().any(|(at, window)| {
        window == part && !text[..at].last().is_some_and(word) && !text.get(at + part.len()).is_some_and(word)
    })
}
