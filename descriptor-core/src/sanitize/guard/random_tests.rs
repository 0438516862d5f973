//! Random notations, random bytes and hostile texts.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::{tests::said, *};
use crate::{sanitize::Secret, value::Hex};

/// A notation of an IPv4 address.
fn ipv4_notation(address: Ipv4Addr, which: usize) -> String {
    let [a, b, c, d] = address.octets();
    let number = u32::from(address);
    let (high, low) = (number >> 16, number & 0xffff);
    match which % 12 {
        0 => format!("{a}.{b}.{c}.{d}"),
        1 => format!("{a:03}-{b:03}-{c:03}-{d:03}"),
        2 => format!("{d}.{c}.{b}.{a}.in-addr.arpa"),
        3 => format!("{number}"),
        4 => format!("{number:08X}"),
        5 => format!("{number:#x}"),
        6 => format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        7 => format!("::ffff:{a}.{b}.{c}.{d}"),
        8 => format!("[::FFFF:{high:X}:{low:04X}]:1"),
        9 => format!("2002:{high:x}:{low:x}::5"),
        10 => format!("64:ff9b::{high:x}:{low:x}"),
        _ => format!("vps_{a}_{b}_{c}_{d}"),
    }
}

/// A notation of an IPv6 address.
fn ipv6_notation(address: Ipv6Addr, which: usize) -> String {
    let groups = address.segments();
    let number = u128::from(address);
    let full = |groups: [u16; 8]| groups.map(|group| format!("{group:x}")).join(":");
    let digits = format!("{number:032x}");
    match which % 7 {
        0 => address.to_string(),
        1 => format!("[{}]:9001", full(groups)),
        2 => full(groups).to_uppercase(),
        3 => groups.map(|group| format!("{group:04x}")).join(":"),
        4 => digits,
        5 => digits.chars().rev().flat_map(|digit| [digit, '.']).collect::<String>() + "ip6.arpa",
        _ => {
            let low = Ipv4Addr::from(number as u32);
            full(groups).rsplitn(3, ':').last().map(|head| format!("{head}:{low}")).unwrap_or_default()
        }
    }
}

/// A notation of an identity.
fn identity_notation(identity: [u8; 20], which: usize) -> String {
    let hex = const_hex::encode_upper(identity);
    let group = |length: usize, mark: &str| {
        let groups: Vec<_> = hex.as_bytes().chunks(length).map(String::from_utf8_lossy).collect();
        groups.join(mark)
    };
    match which % 7 {
        0 => format!("${}", hex.to_lowercase()),
        1 => group(4, " "),
        2 => group(2, ":"),
        3 => group(8, "-"),
        4 => Hex(identity).to_base64(),
        5 => Hex(identity).to_base64().replace('+', "-").replace('/', "_"),
        _ => {
            let bits = identity
                .iter()
                .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
                .collect::<Vec<_>>();
            let digit = |bits: &[u8]| {
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
                    [bits.iter().fold(0, |it, &bit| it << 1 | usize::from(bit))]
            };
            bits.chunks(5).map(|bits| char::from(digit(bits))).collect()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said_is_found(
        // No host's address ends in 0; backwards it would look like a version of tor.
        ipv4 in (0x0100_0000u32..0xe000_0000).prop_map(|it| it | 1),
        ipv6 in (1u128 << 120..u128::MAX).prop_map(|it| it & !(0xffff_ffff << 48)),
        identity in any::<[u8; 20]>(),
        which in any::<usize>(),
        line in prop::sample::select(vec!["contact mail ", "platform Tor on ", "reject ", "family ", "opt contact ", "bridge-distribution-request "]),
    ) {
        let (ipv4, ipv6) = (Ipv4Addr::from(ipv4), Ipv6Addr::from(ipv6));
        let original = format!(
            "router B {ipv4} 443 0 0\nor-address [{ipv6}]:443\nfingerprint {}\n",
            const_hex::encode_upper(identity),
        );
        let facts = Facts::of_descriptor(original.as_bytes());
        for (what, notation) in [
            ("IPv4 address", ipv4_notation(ipv4, which)),
            ("IPv6 address", ipv6_notation(ipv6, which)),
            ("fingerprint", identity_notation(identity, which)),
        ] {
            let text = format!("router B 10.0.0.1 50000 0 0\n{line}{notation} and more\nw 1\n");
            prop_assert_eq!(said(&facts, &text), Some(what), "{}", text);
        }
        // What stands for them is not found.
        let secret = Secret::new([7; Secret::LENGTH]);
        let keyed = Keyed { fingerprint: Hex(identity), secret: Some(&secret) };
        let mut allowed = facts.clone();
        allowed.allow(&keyed);
        let hashed = format!(
            "router B {} {} 0 0\nor-address {}:{}\nfingerprint {}\n",
            keyed.ipv4(ipv4), keyed.port(443), keyed.ipv6(ipv6), keyed.port(443),
            Hex(crate::sanitize::sha1(&identity)),
        );
        prop_assert_eq!(said(&allowed, &hashed), None, "{}", hashed);
    }

    #[test]
    fn any_bytes_can_be_searched(original in bytes(), text in bytes()) {
        let mut facts = Facts::of_descriptor(&original);
        facts.hide_contact();
        if let Some(leak) = facts.said_in(&text) {
            prop_assert!(leak.at < text.len());
        }
        facts.said_in(&original);
    }
}

/// Bytes of the kinds that the searches take apart.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "router ",
        "r ",
        "or-address ",
        "transport x ",
        "contact ",
        "-----BEGIN X CERT-----\n",
        "-----END X-----\n",
        "identity-ed25519\n",
        "\n",
        " ",
        ":",
        "::",
        ".",
        "-",
        "1",
        "255",
        "0",
        "ff",
        "ffff:",
        "[",
        "]:",
        "1.2.3.4",
        "2001:db8::1",
        "=",
        ",",
        "0x",
        "/",
        "%",
        "AQQAB4icATQXpKvf9ja7yHjjUSuk1ncCrIrUsaGGvhPm8Bmkjk",
        "0123456789abcdef0123456789abcdef",
        "\u{e9}",
        "a.example",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

/// Hostile texts, searched for hostile facts. Each search goes over the text once; were one of them quadratic, this test
/// would not end in a day.
#[test]
fn hostile_texts_are_searched_once() {
    let size = 1 << 18;
    let fill = |piece: &str| piece.repeat(size / piece.len());
    let texts = [
        "f",
        "1.",
        "1234567890",
        ":",
        "a:",
        "::1",
        "1.2.3.4:",
        "16909060 ",
        "A",
        "0",
        "-",
        "a.b,",
        "10.1.1.1:443 ",
        "obfs4x ",
    ]
    .map(fill);
    for (at, text) in texts.iter().enumerate() {
        let other = &texts[(at + 1) % texts.len()];
        let lines: String = (0..20_000)
            .map(|it| {
                format!(
                    "or-address 10.{}.{}.9:{it}\ntransport x{it} 1.1.1.1:1 obfs4x{it}\n",
                    it / 256,
                    it % 256
                )
            })
            .collect();
        let original = format!(
            "router B 1.2.3.4 443 0 0\n{lines}transport o 9.9.9.9:1 {text}\nor-address {other}\ncontact {text}\nfamily ${text}\n-----BEGIN X\n{text}\n"
        );
        let mut facts = Facts::of_descriptor(original.as_bytes());
        facts.hide_contact();
        facts.said_in(format!("uptime {text}").as_bytes());
        facts.said_in(format!("contact {other}\n{text}").as_bytes());
    }
}
