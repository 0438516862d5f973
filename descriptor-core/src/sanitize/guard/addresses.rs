//! Addresses and the ports beside them, in whatever notation.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::OnceLock,
};

use memchr::memchr;

use super::{
    Leak,
    notation::{
        Address, LONGEST_IPV6, PREFIX, decimal, embedded, is_network, number, octet, parse_address,
        parse_ipv6, unbracketed,
    },
    runs::{Class, Lines, Runs, class},
};
use crate::sanitize::Keyed;

const IPV4: &str = "IPv4 address";
const IPV6: &str = "IPv6 address";
const PORT: &str = "port";

/// Addresses and ports of a bridge.
#[derive(Debug, Clone, Default)]
pub(super) struct Addresses<'s> {
    ipv4: Vec<u32>,
    ipv6: Vec<u128>,
    ports: Vec<u16>,
    /// The addresses are those of many bridges: only notations count that no number of another meaning has.
    pub(super) many: bool,
    pub(super) keyed: Option<Keyed<'s>>,
    hashes: OnceLock<Hashes>,
}

/// What the sanitizer puts in the place of the addresses and ports; sorted.
#[derive(Debug, Clone, Default)]
struct Hashes {
    ipv4: Vec<u32>,
    ipv6: Vec<u128>,
    ports: Vec<u16>,
}

static DOTTED: Class = class(false, b".-_");
static NUMBER: Class = class(true, b"xX");
static COLONS: Class = class(true, b":.");

impl<'s> Addresses<'s> {
    /// Adds an address. Those of `0.0.0.0/8` and `::` point to nobody.
    pub(super) fn add_ipv4(&mut self, address: u32) {
        if address >> 24 != 0 {
            self.ipv4.push(address);
        }
    }

    /// Adds an address, and the IPv4 address that is in it.
    pub(super) fn add_ipv6(&mut self, address: u128) {
        if address != 0 {
            self.ipv6.push(address);
        }
        if let Some(inner) = embedded(address) {
            self.add_ipv4(inner);
        }
    }

    /// Adds a port.
    pub(super) fn add_port(&mut self, port: u16) {
        if port != 0 {
            self.ports.push(port);
        }
    }

    /// Adds a text if it is an address or an address with a port; else says that it is none.
    pub(super) fn add_text(&mut self, text: &[u8]) -> bool {
        let colon = memchr::memrchr(b':', text);
        let port = colon.and_then(|at| decimal(&text[at + 1..]).filter(|&port| port <= 0xffff));
        let (address, port) = match (parse_address(text), colon, port) {
            (Some(address), _, _) => (address, None),
            (None, Some(at), Some(port)) => match parse_address(&text[..at]) {
                Some(address) => (address, Some(port as u16)),
                None => return false,
            },
            _ => return false,
        };
        match address {
            Address::V4(address) => self.add_ipv4(address),
            Address::V6(address) => self.add_ipv6(address),
        }
        self.add_port(port.unwrap_or(0));
        true
    }

    /// Takes over what another holds, but its ports.
    pub(super) fn absorb(&mut self, other: &Addresses<'_>) {
        // Sanitized addresses are of these networks: among the addresses of all bridges some are equal by chance.
        let public = |address: &&u32| !matches!(address.to_be_bytes()[0], 10 | 127);
        self.ipv4.extend(other.ipv4.iter().filter(public));
        self.ipv6.extend(other.ipv6.iter().filter(|&&address| address >> 80 != PREFIX && address > 0xffff));
    }

    /// Must be called before the first search.
    pub(super) fn seal(&mut self) {
        sort(&mut self.ipv4);
        sort(&mut self.ipv6);
        sort(&mut self.ports);
    }

    fn hashes(&self) -> &Hashes {
        self.hashes.get_or_init(|| {
            let mut hashes = Hashes::default();
            if let Some(keyed) = self.keyed {
                hashes.ipv4 = self.ipv4.iter().map(|&it| keyed.ipv4(Ipv4Addr::from(it)).into()).collect();
                let ipv6 = self.ipv6.iter().map(|&it| keyed.ipv6(Ipv6Addr::from(it)));
                hashes.ipv6 = ipv6.filter_map(|text| parse_ipv6(unbracketed(text.as_bytes()))).collect();
                hashes.ports = self.ports.iter().map(|&it| keyed.port(it)).collect();
                sort(&mut hashes.ipv4);
                sort(&mut hashes.ipv6);
                sort(&mut hashes.ports);
            }
            hashes
        })
    }

    fn has_ipv4(&self, address: u32) -> bool {
        has(&self.ipv4, &address) && !has(&self.hashes().ipv4, &address)
    }

    fn has_ipv6(&self, address: u128) -> Option<&'static str> {
        if has(&self.ipv6, &address) && !has(&self.hashes().ipv6, &address) {
            return Some(IPV6);
        }
        embedded(address).filter(|&address| self.has_ipv4(address)).map(|_| IPV4)
    }

    /// The 32 hex digits that [`hex_ipv6`](Addresses::hex_ipv6) finds, but those of `2002::/16`, whose last 80 bits may be any;
    /// of their names backwards, which end with what is known, all are zero here.
    pub(super) fn in_hex(&self) -> Vec<u128> {
        const OF_IPV4: [u128; 3] = [0, 0xffff << 32, 0x0064_ff9b << 96];
        let ipv4 = self.ipv4.iter().map(|&address| u128::from(address));
        let mapped = ipv4.clone().flat_map(|address| OF_IPV4.map(|network| network | address));
        let of_6to4 = ipv4.map(|address| 0x2002 << 112 | address << 80);
        let forwards: Vec<_> = self.ipv6.iter().copied().chain(mapped).collect();
        let backwards: Vec<_> = forwards.iter().copied().chain(of_6to4).map(backwards).collect();
        [forwards, backwards].concat()
    }

    /// An address as 32 hex digits, or as the digits of its name in `ip6.arpa`.
    pub(super) fn hex_ipv6(&self, digits: u128) -> Option<&'static str> {
        // Few digits that are not zero may be many things.
        let find = |address: u128| if address >> 24 == 0 { None } else { self.has_ipv6(address) };
        find(digits).or_else(|| find(backwards(digits)))
    }

    /// Whether a port is the bridge's. A hash may by chance be one of its ports; without the hashes, ports that may be
    /// hashes are not judged.
    fn has_port(&self, port: u16) -> bool {
        has(&self.ports, &port)
            && if self.keyed.is_some() { !has(&self.hashes().ports, &port) } else { port < 0xc000 }
    }

    /// Whether an address is what the sanitizer put in the place of the bridge's, as far as is known.
    fn is_hash(&self, address: Address) -> bool {
        match (address, self.keyed) {
            (Address::V4(it), Some(_)) => has(&self.hashes().ipv4, &it),
            (Address::V6(it), Some(_)) => has(&self.hashes().ipv6, &it),
            (Address::V4(it), None) => it >> 24 == 10,
            (Address::V6(it), None) => it >> 80 == PREFIX,
        }
    }

    /// The first address, or port beside an address, that is said.
    pub(super) fn said_in(&self, text: &[u8]) -> Option<Leak> {
        if self.ipv4.is_empty() && self.ipv6.is_empty() && self.ports.is_empty() {
            return None;
        }
        let ipv4 = || self.dotted(text).or_else(|| self.numbers(text));
        ipv4().or_else(|| self.colons(text)).or_else(|| self.lines(text))
    }

    /// Four numbers with `.`, `-` or `_` between, from either end, decimal or octal.
    fn dotted(&self, text: &[u8]) -> Option<Leak> {
        for run in Runs::new(text, &DOTTED, 7) {
            let (mut plain, mut octal, mut length, mut starts) = (0u32, 0u32, 0, [0; 4]);
            let mut at = run.start;
            while at < run.end {
                let digits = text[at..run.end].iter().take_while(|byte| byte.is_ascii_digit()).count();
                let group = &text[at..at + digits];
                match octet(group) {
                    Some((decimal, eight)) => {
                        (plain, octal) = (plain << 8 | u32::from(decimal), octal << 8 | u32::from(eight));
                        length += 1;
                        starts = [starts[1], starts[2], starts[3], at];
                    }
                    None => length = 0,
                }
                at += digits;
                if length >= 4
                    && let Some(what) = self.four(text, plain, octal, at)
                {
                    return Some(Leak { what, at: starts[0] });
                }
                at += 1;
            }
        }
        None
    }

    fn four(&self, text: &[u8], plain: u32, octal: u32, end: usize) -> Option<&'static str> {
        // A version such as 0.4.8.12 is no address backwards.
        let backwards = (plain >> 24 != 0 && !self.many).then_some(plain.swap_bytes());
        let found = [Some(plain), Some(octal), backwards].into_iter().flatten().find(|&it| self.has_ipv4(it));
        if found.is_some_and(|address| !is_network(text, address, end)) {
            return Some(IPV4);
        }
        let port = text.get(end) == Some(&b':') && self.starts_with_port(&text[end + 1..]);
        (port && self.is_hash(Address::V4(plain))).then_some(PORT)
    }

    fn starts_with_port(&self, text: &[u8]) -> bool {
        let digits = text.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
        decimal(&text[..digits]).is_some_and(|port| port <= 0xffff && self.has_port(port as u16))
    }

    /// An IPv4 address as one number, as a word of its own.
    fn numbers(&self, text: &[u8]) -> Option<Leak> {
        if self.ipv4.is_empty() || self.many {
            return None;
        }
        let mut lines = Lines::new(text);
        let in_word = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
        for run in Runs::new(text, &NUMBER, 8) {
            if in_word(run.end) || run.start.checked_sub(1).is_some_and(in_word) {
                continue;
            }
            let (at, word) = (run.start, &text[run]);
            if self.is_number(word) && !(word.iter().all(u8::is_ascii_digit) && lines.seek(at).counts()) {
                return Some(Leak { what: IPV4, at });
            }
        }
        None
    }

    fn is_number(&self, word: &[u8]) -> bool {
        let has = |number: Option<u32>| number.is_some_and(|number| self.has_ipv4(number));
        match word {
            [b'0', b'x' | b'X', digits @ ..] => has(number(digits, 16)),
            _ => {
                has(decimal(word))
                    || word.len() == 8 && has(number(word, 16))
                    || word[0] == b'0' && has(number(word, 8))
            }
        }
    }

    /// IPv6 addresses, with a port or without.
    fn colons(&self, text: &[u8]) -> Option<Leak> {
        let mut from = 0;
        while let Some(colon) = memchr(b':', &text[from..]) {
            let colon = from + colon;
            let member = |byte: &&u8| COLONS[usize::from(**byte)];
            let start = colon - text[from..colon].iter().rev().take_while(member).count();
            let end = colon + text[colon..].iter().take_while(member).count();
            if end - start > 2 && memchr(b':', &text[colon + 1..end]).is_some() {
                // The first group may be the end of a word.
                let word = start.checked_sub(1).is_some_and(|before| text[before].is_ascii_alphanumeric());
                let start = if word && start < colon { colon + 1 } else { start };
                if let Some(what) = self.run_of_colons(&text[start..end], &text[end..]) {
                    return Some(Leak { what, at: start });
                }
            }
            from = end;
        }
        None
    }

    fn run_of_colons(&self, run: &[u8], rest: &[u8]) -> Option<&'static str> {
        let run = run.strip_suffix(b".").unwrap_or(run);
        let run = match run {
            [b':', first, ..] if *first != b':' => &run[1..],
            run => run,
        };
        let run = match run {
            [.., last, b':'] if *last != b':' => &run[..run.len() - 1],
            run => run,
        };
        if run.len() <= LONGEST_IPV6 {
            if let Some(address) = parse_ipv6(run) {
                if let Some(what) = self.has_ipv6(address) {
                    return Some(what);
                }
                let port = rest.strip_prefix(b"]:").is_some_and(|port| self.starts_with_port(port));
                if port && self.is_hash(Address::V6(address)) {
                    return Some(PORT);
                }
            }
            // A port without brackets before it, or something else before the address.
            let last = memchr::memrchr(b':', run)?;
            if let Some(address) = parse_ipv6(&run[..last]) {
                let port = || self.starts_with_port(&run[last + 1..]) && self.is_hash(Address::V6(address));
                let found = self.has_ipv6(address).or_else(|| port().then_some(PORT));
                if found.is_some() {
                    return found;
                }
            }
            let after = &run[memchr(b':', run)? + 1..];
            if !after.starts_with(b":")
                && let Some(what) = parse_ipv6(after).and_then(|address| self.has_ipv6(address))
            {
                return Some(what);
            }
        }
        let (mut address, mut length) = (0u128, 0);
        for group in run.split(|&byte| byte == b':') {
            match number(group, 16).filter(|&group| group <= 0xffff) {
                Some(group) => (address, length) = (address << 16 | u128::from(group), length + 1),
                None => length = 0,
            }
            if length >= 8
                && let Some(what) = self.has_ipv6(address)
            {
                return Some(what);
            }
        }
        None
    }

    /// Ports in the lines where addresses are, and addresses as numbers within nicknames.
    fn lines(&self, text: &[u8]) -> Option<Leak> {
        let place = |word: &[u8]| word.as_ptr() as usize - text.as_ptr() as usize;
        let mut from = 0;
        while from < text.len() {
            let end = memchr(b'\n', &text[from..]).map_or(text.len(), |end| from + end);
            let line = &text[from..end];
            from = end + 1;
            if !matches!(line.first(), Some(b'r' | b'o' | b'a' | b'e')) {
                continue;
            }
            let line = line.strip_prefix(b"opt ").unwrap_or(line);
            let mut words = words(line);
            let keyword = words.next().unwrap_or_default();
            match keyword {
                b"router" | b"r" | b"extra-info" => {
                    let nickname = words.next().unwrap_or_default();
                    if self.in_nickname(nickname) {
                        return Some(Leak { what: IPV4, at: place(nickname) });
                    }
                    let port = |word: &&[u8]| {
                        decimal(word).is_some_and(|it| it <= 0xffff && self.has_port(it as u16))
                    };
                    if keyword != b"extra-info"
                        && let Some(word) = words.skip(1).find(port)
                    {
                        return Some(Leak { what: PORT, at: place(word) });
                    }
                }
                b"or-address" | b"a" => {
                    let word = words.next().unwrap_or_default();
                    if let Some(colon) = memchr::memrchr(b':', word)
                        && self.starts_with_port(&word[colon + 1..])
                    {
                        return Some(Leak { what: PORT, at: place(word) + colon + 1 });
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// A nickname has no separators: eight hex digits, or all the decimal digits in a row, may be anywhere in it.
    fn in_nickname(&self, nickname: &[u8]) -> bool {
        if self.ipv4.is_empty() || self.many || nickname.len() < 8 {
            return false;
        }
        let (mut hex, mut length) = (0u32, 0);
        for &byte in nickname {
            match (byte as char).to_digit(16) {
                Some(digit) => (hex, length) = (hex << 4 | digit, length + 1),
                None => length = 0,
            }
            if length >= 8 && self.has_ipv4(hex) {
                return true;
            }
        }
        let padded = |digits: &[u8]| match digits {
            [_, _, _, _, _, _, _, _, _, _, _, _] => {
                let four =
                    digits.chunks(3).try_fold(0, |four, group| Some(four << 8 | u32::from(octet(group)?.0)));
                four.is_some_and(|four| self.has_ipv4(four))
            }
            _ => false,
        };
        let mut numbers = nickname.split(|byte| !byte.is_ascii_digit());
        numbers.any(|digits| padded(digits) || decimal(digits).is_some_and(|number| self.has_ipv4(number)))
    }
}

/// Hex digits from their end to their beginning.
fn backwards(digits: u128) -> u128 {
    const LOW: u128 = u128::MAX / 0x11;
    let swapped = digits.swap_bytes();
    (swapped & LOW) << 4 | swapped >> 4 & LOW
}

pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r')).filter(|word| !word.is_empty())
}

fn has<T: Ord>(list: &[T], value: &T) -> bool {
    match list {
        [] => false,
        [one] => one == value,
        list => list.binary_search(value).is_ok(),
    }
}

fn sort<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}
