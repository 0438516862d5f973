//! The tables, put to the test: each row's rule matters, and a weaker one is noticed.

use super::*;
use crate::{
    document::{BridgeNetworkStatus, ExtraInfo, RouterStatus, ServerDescriptor},
    schema::{Field, Rewrite, Rule, Table},
    value::Fingerprint,
};

/// Originals that have a line for each row with a rule, and what comes out of them by the rules of now.
const SERVER: [&[u8]; 2] = [
    include_bytes!("../../tests/sanitize/server-descriptor"),
    include_bytes!("../../tests/sanitize/server-descriptor.sanitized"),
];
const EXTRA: [&[u8]; 2] = [
    include_bytes!("../../tests/sanitize/extra-info"),
    include_bytes!("../../tests/sanitize/extra-info.sanitized"),
];
const STATUS: [&[u8]; 2] = [
    include_bytes!("../../tests/sanitize/network-status"),
    include_bytes!("../../tests/sanitize/network-status.sanitized"),
];

type Replaced = Option<(&'static str, &'static str, Rule)>;

fn secrets() -> Secrets {
    let mut secrets = Secrets::default();
    secrets.create(Month::parse(b"2026-04").expect("month"), [7; Secret::LENGTH]);
    secrets
}

fn origin() -> Origin {
    let authority = Fingerprint::from_hex(b"1E80B3B72AD7A7D31F6C087D915049C78A2E17C9").expect("hex");
    Origin { authority, published: Timestamp::parse(b"2026-04-01 22:35:24").expect("time") }
}

/// What comes out of the three originals with a rule replaced.
fn run(kind: Type, replaced: Replaced) -> Result<Sanitized, Refusal> {
    let secrets = secrets();
    let sanitizer = Sanitizer { replaced, ..Sanitizer::new(RuleSet::Current, Some(&secrets)) };
    match kind {
        Type::BridgeServerDescriptor => server_descriptor(SERVER[0], &sanitizer),
        Type::BridgeExtraInfo => extra_info(EXTRA[0], &sanitizer),
        _ => network_status(STATUS[0], &origin(), &sanitizer),
    }
}

/// All rows of the tables that are sanitized, with the type whose original has them.
fn rows() -> Vec<(Type, &'static str, &'static Field)> {
    let tables = [
        (Type::BridgeServerDescriptor, ServerDescriptor::table()),
        (Type::BridgeExtraInfo, ExtraInfo::table()),
        (Type::BridgeNetworkStatus, BridgeNetworkStatus::table()),
        (Type::BridgeNetworkStatus, RouterStatus::table()),
    ];
    let rows =
        tables.iter().flat_map(|(kind, table)| table.fields.iter().map(|row| (*kind, table.name, row)));
    rows.filter(|(_, _, row)| row.rule != Rule::Refuse).collect()
}

#[test]
fn originals_become_what_is_written_down() {
    for (kind, [_, expected]) in [
        (Type::BridgeServerDescriptor, SERVER),
        (Type::BridgeExtraInfo, EXTRA),
        (Type::BridgeNetworkStatus, STATUS),
    ] {
        let sanitized = run(kind, None).expect("sanitized");
        assert_eq!(sanitized.refused, []);
        let (found, expected) =
            (String::from_utf8_lossy(&sanitized.bytes), String::from_utf8_lossy(expected));
        assert_eq!(found, expected, "\n{found}");
    }
}

#[test]
fn a_row_that_is_taken_away_is_missed() {
    let rows = rows();
    assert!(rows.len() > 80);
    for (kind, table, row) in rows {
        let result = run(kind, Some((table, row.keywords[0], Rule::Refuse)));
        let noticed = match &result {
            Err(_) => true,
            Ok(sanitized) => !sanitized.refused.is_empty(),
        };
        assert!(noticed, "{table}: no original has {}", row.keywords[0]);
    }
}

#[test]
fn a_rule_that_becomes_keep_is_noticed() {
    let mut guarded = 0;
    for (kind, table, row) in rows() {
        let rule = row.rule.of(RuleSet::Current);
        if !matches!(rule, Rule::With(_) | Rule::Drop | Rule::End) {
            continue;
        }
        let expected = run(kind, None).expect("sanitized");
        let result = run(kind, Some((table, row.keywords[0], Rule::KeepAny)));
        let leaks = |refusal: &Refusal| matches!(refusal.reason, Reason::Leak(_) | Reason::MissingLine);
        let caught = match &result {
            Err(refusal) => leaks(refusal),
            Ok(sanitized) => {
                !sanitized.refused.is_empty() && sanitized.refused.iter().all(|(_, it)| leaks(it))
            }
        };
        guarded += usize::from(caught);
        assert_ne!(
            result.as_ref(),
            Ok(&expected),
            "{table}: {} may be kept and nobody notices",
            row.keywords[0]
        );
        // These say nothing by themselves: a time, an authority, a keyword whose object never stays.
        let harmless = matches!(
            rule,
            Rule::End
                | Rule::With(
                    Rewrite::Published
                        | Rewrite::StatusPublished
                        | Rewrite::Authority
                        | Rewrite::IdentityEd25519
                )
        ) || matches!(
            row.keywords[0],
            "onion-key"
                | "signing-key"
                | "onion-key-crosscert"
                | "ntor-onion-key-crosscert"
                | "family-cert"
                | "transport-info"
        );
        assert!(caught || harmless, "{table}: the guard does not see {}: {result:?}", row.keywords[0]);
    }
    assert!(guarded >= 14, "{guarded}");
}
