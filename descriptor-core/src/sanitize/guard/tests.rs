//! One test a notation, with what is near it and no leak.

use std::net::Ipv4Addr;

use super::*;
use crate::{
    sanitize::Secret,
    value::{BASE64, Fingerprint, Hex},
};
use base64::Engine;

const SERVER: &str = "\
@purpose bridge
router Bridge 1.2.3.4 443 0 9030
identity-ed25519
-----BEGIN ED25519 CERT-----
AQQAB4icATQXpKvf9ja7yHjjUSuk1ncCrIrUsaGGvhPm8Bmkjk/dAQAgBABp1enc
Z/nr32Ul/UHZQ3kI20solPsSqYQjHJb4VEQUY5Wu5yt22AQFfWR2Ph0RZ7PF43y+
Y8eDcKdL2ez3+fgrzjBNwnr07eyf1XTIQ1JmEYyAJ1gpVHcCDvyL3ZWLbgU=
-----END ED25519 CERT-----
or-address [2001:db8::a:1234]:8443
platform Tor 0.4.8.12 on Linux
opt fingerprint 0277 52EF 8842 BA9E 515D 26F5 1E81 C22E 0B7A 1608
extra-info-digest 9656485B7A47526218A073E837E0598A75CFF57A tqf2tWLg8p9Jyl8jkq/K9oySQPHDkznmPWLtNCnUgU8
onion-key
-----BEGIN RSA PUBLIC KEY-----
MIGJAoGBALi8oF5ssnih0JKjbx563yyMPWqoo2x9kIJ0xwIFoemRz5jZd/2AIlrL
-----END RSA PUBLIC KEY-----
family $D36EF09D52946FBF64F47A07F5576C12694BF153 Friend
contact Ada <ada AT example dot org>
ntor-onion-key 8g9CNUTbYIkS428BXbX3I8Eizhjq2WLfI33YOrAl1g4
router-sig-ed25519 +wCKZURTWMLHHfzyIOQr59dVNHK8FxPAcSb/ly1u9CoSyAp1A+nRjOXEmlQ7XwrVAJqQmQgPrPmzMYaK6v8pAg
router-signature
-----BEGIN SIGNATURE-----
lCdoe1VcJ9+LFlKEBahtyJcxuQJEAWTNCqYHqXvMGxwMTBg/ZyA6JfB+e7XqyHLs
-----END SIGNATURE-----
";

const EXTRA: &str = "\
extra-info Bridge 027752EF8842BA9E515D26F51E81C22E0B7A1608
transport obfs4 5.6.7.8:29036 cert=3lH2QxMRCzH51iyHb36UyKfxNMpyN/WGiOiPlYR5RpbJylMM6zRYwNp1uELNTBbWVzEMLQ,iat-mode=0
transport webtunnel [2001:db8::b]:443 url=https://hidden.example.org/Secret1,ver=0.0.1,mode=obfs4xyz,kind=webtunnel,n=1048576
transport-info version=1 front=cdn.example.net
";

pub(super) fn said(facts: &Facts<'_>, text: &str) -> Option<&'static str> {
    facts.said_in(text.as_bytes()).map(|leak| leak.what)
}

#[track_caller]
fn all(facts: &Facts<'_>, what: &'static str, texts: &[&str]) {
    for text in texts {
        for text in
            [format!("contact {text}\n"), text.to_string(), format!("a\nplatform Tor ({text}) x\nw\n")]
        {
            assert_eq!(said(facts, &text), Some(what), "{text}");
        }
    }
}

#[track_caller]
fn none(facts: &Facts<'_>, texts: &[&str]) {
    for text in texts {
        for text in [format!("contact {text}\n"), text.to_string()] {
            assert_eq!(said(facts, &text), None, "{text}");
        }
    }
}

fn server() -> Facts<'static> {
    Facts::of_descriptor(SERVER.as_bytes())
}

#[test]
fn fingerprints_in_all_notations() {
    let texts = [
        "027752EF8842BA9E515D26F51E81C22E0B7A1608",
        "$027752ef8842ba9e515d26f51e81c22e0b7a1608~Bridge",
        "0277 52EF 8842 BA9E 515D 26F5 1E81 C22E 0B7A 1608",
        "02:77:52:EF:88:42:BA:9E:51:5D:26:F5:1E:81:C2:2E:0B:7A:16:08",
        "0277-52EF-8842-BA9E-515D-26F5-1E81-C22E-0B7A-1608",
        "xAndS74hCup5RXSb1HoHCLgt6Fgg",
        "AndS74hCup5RXSb1HoHCLgt6Fgg=",
        "AJ3VF34IIK5J4UK5E32R5AOCFYFXUFQI",
        "aj3vf34iik5j4uk5e32r5aocfyfxufqi",
        "09rl5rs88at9skat4rqht0e25o5nk5g8",
    ];
    let entry = b"r Bridge AndS74hCup5RXSb1HoHCLgt6Fgg wie6r35lDqCCav9JP4GXhbtcybk 2026-04-01 08:24:34 1.2.3.4 443 0\n";
    for facts in [server(), Facts::of_entry(entry), Facts::of_descriptor(EXTRA.as_bytes())] {
        all(&facts, "fingerprint", &texts);
        none(
            &facts,
            &[
                "127752EF8842BA9E515D26F51E81C22E0B7A1608",
                "027752EF8842BA9E515D26F51E81",
                "0277 52EF 8842 BA9E x 515D 26F5 1E81 C22E 0B7A 1608",
                "AndS74hCup5RXSb2HoHCLgt6Fgg",
                "ands74hCup5RXSb1HoHCLgt6Fgg",
                "bj3vf34iik5j4uk5e32r5aocfyfxufqi",
            ],
        );
    }
}

#[test]
fn base64_of_both_alphabets() {
    let facts = Facts::of_entry(
        b"r B /8zJFNvGTGK73grvnWzrgm/6LzM wie6r35lDqCCav9JP4GXhbtcybk 2026-04-01 08:24:34 1.2.3.4 443 0\n",
    );
    all(&facts, "fingerprint", &["/8zJFNvGTGK73grvnWzrgm/6LzM", "_8zJFNvGTGK73grvnWzrgm_6LzM"]);
    all(&facts, "digest", &["wie6r35lDqCCav9JP4GXhbtcybk", "c227baaf7e650ea0826aff493f819785bb5cc9b9"]);
}

#[test]
fn keys_digests_and_objects() {
    let facts = server();
    all(
        &facts,
        "ed25519 key",
        &[
            "adXp3Gf5699lJf1B2UN5CNtLKJT7EqmEIxyW+FREFGM",
            "69D5E9DC67F9EBDF6525FD41D9437908DB4B2894FB12A984231C96F854441463",
        ],
    );
    let digest = crate::document::Type::ServerDescriptor.digests(SERVER.as_bytes());
    let (sha1, sha256) = (digest.sha1.expect("a digest").0, digest.sha256.expect("a digest").0);
    all(
        &facts,
        "digest",
        &[
            "9656485B7A47526218A073E837E0598A75CFF57A",
            "tqf2tWLg8p9Jyl8jkq/K9oySQPHDkznmPWLtNCnUgU8",
            &const_hex::encode(sha1),
            &BASE64.encode(sha1),
            &const_hex::encode_upper(sha256),
            &BASE64.encode(sha256),
        ],
    );
    all(
        &facts,
        "family",
        &["$D36EF09D52946FBF64F47A07F5576C12694BF153", "d36ef09d52946fbf64f47a07f5576c12694bf153"],
    );
    all(&facts, "certificate", &["Z/nr32Ul/UHZQ3kI20solPsSqYQjHJb4VEQUY5Wu5yt22AQFfWR2Ph0RZ7PF43y+"]);
    all(
        &facts,
        "key",
        &["MIGJAoGBALi8oF5ssnih0JKjbx563yyM", "GBALi8oF5ssnih0JKjbx563yyMPWqoo2x9kIJ0xwIFoemRz5jZd/2AIlrL"],
    );
    all(
        &facts,
        "signature",
        &[
            "+wCKZURTWMLHHfzyIOQr59dVNHK8FxPAcSb/ly1u9CoSyAp1A",
            "lCdoe1VcJ9+LFlKEBahtyJcxuQJEAWTNCqYHqXvMGxwMTBg",
        ],
    );
    // The ntor key is published, and short pieces of keys are not looked for.
    none(&facts, &["8g9CNUTbYIkS428BXbX3I8Eizhjq2WLfI33YOrAl1g4", "MIGJAoGBALi8oF5ssnih0"]);
    // Without the certificate the line tells the key.
    let facts = Facts::of_descriptor(
        b"extra-info a b\nmaster-key-ed25519 adXp3Gf5699lJf1B2UN5CNtLKJT7EqmEIxyW+FREFGM\n",
    );
    all(&facts, "ed25519 key", &["adXp3Gf5699lJf1B2UN5CNtLKJT7EqmEIxyW-FREFGM"]);
    let facts =
        Facts::of_descriptor(b"router a\nfamily-ids ed25519:3HC9xnykNIfNdFDuJWwxaJSM5GCaIJKUtAYgMixbsOM\n");
    all(&facts, "family", &["3HC9xnykNIfNdFDuJWwxaJSM5GCaIJKUtAYgMixbsOM"]);
}

#[test]
fn ipv4_addresses_in_all_notations() {
    let facts = server();
    all(
        &facts,
        "IPv4 address",
        &[
            "1.2.3.4",
            "1.2.3.4:80",
            "1.2.3.4/32:*",
            "001.002.003.004",
            "1-2-3-4",
            "ec2-1-2-3-4.compute.example.com",
            "host_1_2_3_4",
            "4.3.2.1.in-addr.arpa",
            "16909060",
            "0x01020304",
            "0X1020304",
            "01020304",
            "0100401404",
            "01.02.03.04",
            "0001.0002.0003.0004",
            "::ffff:1.2.3.4",
            "::FFFF:102:304",
            "[::ffff:0102:0304]:80",
            "::1.2.3.4",
            "::102:304",
            "2002:102:304::1",
            "2002:0102:0304:0:0:0:0:9",
            "64:ff9b::1.2.3.4",
            "64:ff9b::102:304",
            "0:0:0:0:0:ffff:102:304",
            "00000000000000000000ffff01020304",
        ],
    );
    none(
        &facts,
        &[
            "1.2.3.45",
            "11.2.3.4",
            "1.2.3",
            "1..2.3.4",
            "1.2.3x.4",
            "2.3.4.1",
            "169090600",
            "16909061",
            "0x01020305",
            "a01020304",
            "010203044",
            "::ffff:1.2.3.5",
            "::ffff:102:305",
            "2002:102:305::",
            "0.4.8.12",
        ],
    );
    let facts =
        Facts::of_entry(b"r B AndS74hCup5RXSb1HoHCLgt6Fgg x 2026-04-01 08:24:34 83.166.240.9 443 0\n");
    all(&facts, "IPv4 address", &["0123.0246.0360.011", "83.0246.0360.9", "53A6F009"]);
}

#[test]
fn networks_and_versions_are_no_addresses() {
    let facts = |address: &str| Facts::of_descriptor(format!("router B {address} 443 0 0\n").as_bytes());
    let policy = "reject 0.0.0.0/8:*\nreject 127.0.0.0/8:*\nreject 10.0.0.0/8:*\nplatform Tor 0.4.8.12\n";
    for address in ["127.0.0.0", "10.0.0.0", "0.4.8.12", "0.0.0.0", "12.8.4.0", "127.0.0.1"] {
        assert_eq!(said(&facts(address), policy), None, "{address}");
    }
    for text in ["reject 127.0.0.0:*", "reject 127.0.0.0/32:*", "accept 127.0.0.0/33"] {
        assert_eq!(said(&facts("127.0.0.0"), text), Some("IPv4 address"), "{text}");
    }
    assert_eq!(said(&facts("127.0.0.1"), "reject 127.0.0.1/8:*"), Some("IPv4 address"));
}

#[test]
fn counters_are_no_addresses_and_nicknames_may_hold_them() {
    let facts = server();
    for line in [
        "uptime 16909060",
        "write-history 2026-03-31 20:05:10 (86400 s) 1,16909060",
        "opt bandwidth 1 01020304 2",
    ] {
        assert_eq!(said(&facts, line), None, "{line}");
    }
    for nickname in ["b01020304", "x01020304a", "b16909060x", "b001002003004", "01020304"] {
        for line in [
            format!("router {nickname} 10.9.9.9 50000 0 0"),
            format!("r {nickname} x"),
            format!("extra-info {nickname} X"),
        ] {
            assert_eq!(said(&facts, &line), Some("IPv4 address"), "{line}");
        }
    }
    assert_eq!(said(&facts, "router b169090601 10.9.9.9 50000 0 0"), None);
}

#[test]
fn ipv6_addresses_in_all_notations() {
    let facts = server();
    all(
        &facts,
        "IPv6 address",
        &[
            "2001:db8::a:1234",
            "[2001:db8::a:1234]:443",
            "2001:DB8:0:0:0:0:A:1234",
            "2001:0db8:0000:0000:0000:0000:000a:1234",
            "2001:db8:0::0:a:1234",
            "2001:db8::0.10.18.52",
            "2001:db8::a:1234%eth0",
            "node:2001:db8::a:1234",
            "2001:db8::a:1234:8443",
            "2001:db8:0:0:0:0:a:1234:8443",
            "2001:db8::a:1234.",
            "20010DB80000000000000000000a1234",
            "4.3.2.1.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
        ],
    );
    none(
        &facts,
        &[
            "2001:db8::a:1235",
            "2001:db8::a:12345",
            "2001:db8::1:a:1234",
            "2001:db8:a:1234",
            "::a:1234",
            "20010DB80000000000000000000a1235",
            "12:34:56",
            ":::",
            "fd9f:2e19:3bcf::a:1234",
        ],
    );
}

#[test]
fn ipv4_addresses_within_the_hex_digits_of_ipv6() {
    let address: u32 = 0x5301_0203;
    let facts = Facts::of_descriptor(b"router B 83.1.2.3 443 0 0\n");
    let (low, of_6to4) = (u128::from(address), 0x2002 << 112 | u128::from(address) << 80);
    let networks = [low, 0xffff << 32 | low, 0x0064_ff9b << 96 | low, of_6to4, of_6to4 | u128::MAX >> 48];
    for network in networks {
        let digits = format!("{network:032x}");
        let backwards: String = digits.chars().rev().collect();
        for digits in [digits, backwards] {
            all(&facts, "IPv4 address", &[&digits, &digits.to_uppercase(), &format!("7{digits}")]);
        }
    }
    let other = address + 1;
    for digits in [format!("{other:032x}"), format!("2002{other:08x}{:020x}", 7)] {
        none(&facts, &[&digits, &digits.chars().rev().collect::<String>()]);
    }
}

#[test]
fn each_of_many_values_is_found() {
    let value = |number: u32| crate::sanitize::sha1(&number.to_be_bytes());
    let family = |number| format!(" ${}", Hex(value(number)));
    let families: String = (0..3000).map(family).collect();
    let facts = Facts::of_descriptor(format!("family{families}\n").as_bytes());
    for number in 0..3000 {
        let (value, other) = (Hex(value(number)), Hex(value(number + 3000)));
        all(&facts, "family", &[&value.to_string(), &value.to_base64()]);
        none(&facts, &[&other.to_string(), &other.to_base64()]);
    }
}

#[test]
fn ports_beside_addresses() {
    let facts = server();
    for text in [
        "router B 10.1.1.1 443 0 0",
        "router B 10.1.1.1 50000 0 9030",
        "router B 10.1.1.1 50000 8443 0",
        "r B x y 2026-04-01 08:24:34 10.1.1.1 443 0",
        "or-address 10.1.1.1:443",
        "a [fd9f:2e19:3bcf::1:1]:8443",
        "contact [fd9f:2e19:3bcf::1:1]:8443",
        "contact fd9f:2e19:3bcf::1:1:8443",
        "contact 10.1.1.1:443",
    ] {
        assert_eq!(said(&facts, text), Some("port"), "{text}");
    }
    for text in [
        "router B 10.1.1.1 50000 0 0",
        "p accept 443",
        "contact 9.1.1.1:443",
        "reject *:443",
        "a 10.1.1.1:4430",
    ] {
        assert_eq!(said(&facts, text), None, "{text}");
    }
}

/// With these 83 bytes the hash of 55000 is 49400, for a bridge that has both ports.
#[test]
fn a_hash_that_is_a_port_by_chance_is_no_leak() {
    let fingerprint = Fingerprint::default();
    let (mut secret, mut hash) = (Secret::new([0; Secret::LENGTH]), 0);
    for seed in 0..=255 {
        secret = Secret::new([seed; Secret::LENGTH]);
        hash = Keyed { fingerprint, secret: Some(&secret) }.port(443);
        if hash < 60000 {
            break;
        }
    }
    let keyed = Keyed { fingerprint, secret: Some(&secret) };
    let router = format!("router B 1.2.3.4 443 0 {hash}\n");
    let mut facts = Facts::of_descriptor(router.as_bytes());
    let output = |port: u16| format!("router B {} {port} 0 0\n", keyed.ipv4(Ipv4Addr::new(1, 2, 3, 4)));
    assert_eq!(said(&facts, &output(hash)), None);
    facts.allow(&keyed);
    assert_eq!(said(&facts, &output(hash)), None);
    assert_eq!(said(&facts, &output(443)), Some("port"));
    assert_eq!(said(&facts, &format!("contact {}:443", keyed.ipv4(Ipv4Addr::new(1, 2, 3, 4)))), Some("port"));
    assert_eq!(said(&facts, "contact 10.1.1.1:443"), None);
    // A port that may be a hash and is none is judged once the hashes are known.
    let mut facts = Facts::of_descriptor(b"router B 1.2.3.4 60001 0 0\n");
    assert_eq!(said(&facts, "router B 10.1.1.1 60001 0 0"), None);
    facts.allow(&keyed);
    assert_eq!(said(&facts, "router B 10.1.1.1 60001 0 0"), Some("port"));
    // An address that is its own hash, as without a secret.
    let mut facts = Facts::of_descriptor(b"router B 127.0.0.1 1 0 0\n");
    facts.allow(&Keyed { fingerprint, secret: None });
    assert_eq!(said(&facts, "router B 127.0.0.1 1 0 0"), None);
}

#[test]
fn arguments_and_hosts_of_transports() {
    let facts = Facts::of_descriptor(EXTRA.as_bytes());
    let argument = "transport argument";
    all(
        &facts,
        argument,
        &[
            "cert=3lH2QxMRCzH51iyHb36UyKfxNMpyN/WGiOiPlYR5RpbJylMM6zRYwNp1uELNTBbWVzEMLQ",
            "3lH2QxMRCzH51iyHb36UyKfxNMpyN_WGiOiPlYR5RpbJylMM6zRYwNp1uELNTBbWVzEMLQ",
            "https://hidden.example.org/Secret1",
        ],
    );
    all(&facts, "host name", &["hidden.example.org", "HIDDEN.example.org/x", "cdn.example.net"]);
    all(&facts, "IPv4 address", &["5.6.7.8"]);
    all(&facts, "IPv6 address", &["2001:db8::b"]);
    none(
        &facts,
        &[
            "example.org",
            "obfs4",
            "webtunnel",
            "iat-mode=0",
            "obfs4xyzz",
            "1048576",
            "0.0.1",
            "https://example.com",
        ],
    );
    assert_eq!(said(&facts, "contact (obfs4xyz)"), Some(argument));
    // A short argument may be a keyword or the name of a counter.
    assert_eq!(
        said(&facts, "transport obfs4\ntransport webtunnel\nobfs4xyz 1\ndirreq-v3-reqs obfs4xyz=8"),
        None
    );
}

#[test]
fn a_hidden_contact() {
    let mut facts = server();
    let (text, shout) = ("contact Ada <ada AT example dot org>", "platform x ADA <ada AT example dot org>");
    assert_eq!((said(&facts, text), said(&facts, shout)), (None, None));
    facts.hide_contact();
    assert_eq!((said(&facts, text), said(&facts, shout)), (Some("contact"), Some("contact")));
    assert_eq!(said(&facts, "contact somebody"), None);
    for (contact, leaks) in
        [("Bridge", true), ("somebody", false), ("x", false), ("none", true), ("a", false)]
    {
        let mut facts =
            Facts::of_descriptor(format!("router B 1.2.3.4 1 0 0\ncontact {contact}\n").as_bytes());
        facts.hide_contact();
        assert_eq!(said(&facts, "router Bridge 10.1.1.1 50000 0 0\nfamily none\ncontact somebody\n"), None);
        assert_eq!(said(&facts, &format!("w\ncontact {contact}\n")), leaks.then_some("contact"));
    }
}

/// The place is that of the text, so that a message can show it.
#[test]
fn a_leak_has_a_place() {
    let facts = server();
    let place = |text: &str| facts.said_in(text.as_bytes()).map(|leak| leak.at);
    assert_eq!(place("w\naccept 1.2.3.4:80\n"), Some(9));
    assert_eq!(place("w\ncontact 2001:db8::a:1234"), Some(10));
    assert_eq!(place("contact $027752EF8842BA9E515D26F51E81C22E0B7A1608"), Some(9));
    assert_eq!(place("contact 0277 52EF 8842 BA9E 515D 26F5 1E81 C22E 0B7A 1608"), Some(8));
    assert_eq!(place("router B 10.1.1.1 443 0 0"), Some(18));
    assert_eq!(place("contact 16909060"), Some(8));
}
