//! Bridges that try to say who they are wherever a line stays: the rules alone, without the guard, let nothing through.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{guard::Facts, *};
use crate::value::Fingerprint;

/// Random numbers that are the same in each run (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

/// Who a made-up bridge is.
struct Bridge {
    ipv4: Ipv4Addr,
    ipv6: Ipv6Addr,
    port: u16,
    fingerprint: Fingerprint,
}

impl Bridge {
    fn new(random: &mut Random) -> Self {
        let mut fingerprint = [0; 20];
        fingerprint.fill_with(|| random.next() as u8);
        // No address of which tor's own default policy speaks.
        let first = random.pick(&[5u8, 23, 88, 131, 203]);
        Bridge {
            ipv4: Ipv4Addr::from((u32::from(first) << 24) | (random.next() as u32 >> 8)),
            ipv6: Ipv6Addr::from((0x2001_0db8 << 96) | (u128::from(random.next()) << 8) | 7),
            port: 1024 + random.below(40_000) as u16,
            fingerprint: Hex(fingerprint),
        }
    }

    /// A way to say the address or the identity in text.
    fn told(&self, random: &mut Random) -> String {
        let [a, b, c, d] = self.ipv4.octets();
        let (v4, v6, hex) = (self.ipv4, self.ipv6, self.fingerprint.to_string());
        let groups: Vec<_> = hex.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
        let words: Vec<_> = v6.segments().iter().map(|word| format!("{word:04X}")).collect();
        random.pick(&[
            v4.to_string(),
            format!("{a:03}.{b:03}.{c:03}.{d:03}"),
            format!("{a}-{b}-{c}-{d}.pool.example.net"),
            format!("{d}.{c}.{b}.{a}.in-addr.arpa"),
            format!("0x{:08x}", u32::from(v4)),
            u32::from(v4).to_string(),
            format!("::ffff:{v4}"),
            format!("[::ffff:{:x}:{:x}]", u32::from(v4) >> 16, u32::from(v4) & 0xffff),
            format!("{v4}:{}", self.port),
            v6.to_string(),
            words.join(":"),
            format!("[{}]:{}", v6.to_string().to_uppercase(), self.port),
            hex.clone(),
            hex.to_lowercase(),
            groups.join(" "),
            format!("${hex}"),
            format!("{}=", self.fingerprint.to_base64()),
        ])
    }

    fn nickname(&self, random: &mut Random) -> String {
        random.pick(&[
            "Unnamed".to_owned(),
            "nice".to_owned(),
            format!("ip{:08X}", u32::from(self.ipv4)),
            format!("x{}", u32::from(self.ipv4)),
        ])
    }

    fn descriptor(&self, random: &mut Random) -> Vec<u8> {
        let Bridge { ipv4, ipv6, port, fingerprint } = self;
        let hex = fingerprint.to_string();
        let groups: Vec<_> = hex.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
        let mut text =
            format!("router {} {ipv4} {port} 0 0\nor-address [{ipv6}]:{port}\n", self.nickname(random));
        text += "platform Tor 0.4.9.11 on Linux\npublished 2026-04-01 03:52:48\n";
        text += &format!("fingerprint {}\nbandwidth 1 2 3\n", groups.join(" "));
        for _ in 0..random.below(6) {
            let told = self.told(random);
            let bits = 9 + random.below(24);
            text += &random.pick(&[
                format!("contact mail to x@{told}\n"),
                format!("contact {told}\u{e9}{told}\n"),
                format!("contact \0{told}\0\n"),
                format!("contact {}\n", hex.to_lowercase()),
                format!("family ${hex} {hex} friend\n"),
                format!("family {} $FFCCC914DBC64C62BBDE0AEF9D6CEB826FFA2F33\n", hex.to_lowercase()),
                format!("family ${hex}~nice ${hex}=nice\n"),
                format!("family {}\n", told.replace(' ', "")),
                format!("reject {ipv4}/{bits}:*\n"),
                format!("accept {ipv4}:80\n"),
                format!("reject {ipv4}/255.255.255.0:1-65535\n"),
                format!("reject {}:*\n", Ipv4Addr::from(u32::from(*ipv4) ^ 1)),
                format!("accept {}5:*\n", ipv4),
                format!("reject [{ipv6}]:*\n"),
                format!("reject [{}]/64:443\n", ipv6.to_string().to_uppercase()),
                format!("opt contact {told}\n"),
                format!("platform {told}\n"),
                "uptime 5\rcontact x\n".to_owned(),
                format!("some-line {told}\n"),
            ]);
        }
        text += "reject *:*\nrouter-signature\n-----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n";
        text.into_bytes()
    }

    fn status(&self, random: &mut Random) -> Vec<u8> {
        let Bridge { ipv4, ipv6, port, fingerprint } = self;
        let nickname = self.nickname(random);
        let mut text = format!(
            "published 2026-04-01 22:11:09\nr {nickname} {} /Ck+96mePEZuaWWKuWP0KUkWNh8 2026-04-01 20:27:33 {ipv4} {port} 0\n",
            fingerprint.to_base64()
        );
        text += &random.pick(&[
            format!("a [{ipv6}]:{port}\n"),
            format!("a [{ipv6}]\n"),
            format!("a {ipv4}:{port}\na [{ipv6}]:{port}\n"),
        ]);
        let told = self.told(random);
        text += &random.pick(&["s Running Valid\n".to_owned(), format!("s Running {told}\n")]);
        text += "w Bandwidth=5\np reject 1-65535\n";
        text.into_bytes()
    }
}

#[test]
fn hostile_bridges_say_nothing() {
    let mut secrets = Secrets::default();
    let month = Month::parse(b"2026-04").expect("month");
    secrets.create(month, [7; Secret::LENGTH]);
    // What stays as it is, such as a platform line, may say anything: there the guard is what refuses.
    let by_rules = Sanitizer { guarded: false, ..Sanitizer::new(RuleSet::Current, Some(&secrets)) };
    let guarded = Sanitizer::new(RuleSet::Current, Some(&secrets));
    let origin = Origin { authority: Fingerprint::default(), published: Timestamp::default() };
    let mut random = Random(1);
    let (mut published, mut refused, mut leaks) = (0, 0, 0);
    for _ in 0..4000 {
        let bridge = Bridge::new(&mut random);
        let keyed = Keyed { fingerprint: bridge.fingerprint, secret: secrets.get(month) };
        let original = bridge.descriptor(&mut random);
        let mut facts = Facts::of_descriptor(&original);
        facts.allow(&keyed);
        let open = [&b"\nplatform "[..], b"\nproto "]
            .iter()
            .any(|line| memchr::memmem::find_iter(&original, line).count() > 1);
        match (server_descriptor(&original, &by_rules), server_descriptor(&original, &guarded)) {
            (Ok(sanitized), result) => {
                let leak = facts.said_in(&sanitized.bytes);
                assert_eq!(leak.is_some(), result.is_err(), "{result:?}");
                let texts = [&original[..], &sanitized.bytes].map(String::from_utf8_lossy);
                assert!(leak.is_none() || open, "{leak:?}\n{}\n{}", texts[0], texts[1]);
                says_no_address(&sanitized.bytes, &bridge, leak.is_some());
                published += usize::from(leak.is_none());
                leaks += usize::from(leak.is_some());
            }
            (Err(_), Err(_)) => refused += 1,
            (Err(by_rules), Ok(_)) => panic!("the guard lets through what the rules refuse: {by_rules}"),
        }
        let original = bridge.status(&mut random);
        let status = network_status(&original, &origin, &guarded).expect("the head is good");
        published += status.entries;
        leaks += status.refused.len();
        says_no_address(&status.bytes, &bridge, false);
    }
    assert!(published > 3000 && refused > 300 && leaks > 300, "{published} {refused} {leaks}");
}

/// The simplest of all guards, beside the other: the plain forms, by their text.
fn says_no_address(text: &[u8], bridge: &Bridge, refused: bool) {
    let text = String::from_utf8_lossy(text).to_lowercase();
    let hex = bridge.fingerprint.to_string().to_lowercase();
    for plain in [IpAddr::from(bridge.ipv6).to_string(), hex, bridge.fingerprint.to_base64().to_lowercase()] {
        assert!(refused || !text.contains(&plain), "{plain}\n{text}");
    }
}
