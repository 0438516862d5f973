//! Bridge network statuses (collector §3.4).

use std::collections::BTreeMap;

use super::{
    Keyed, Month, Reason, Refusal, Sanitized, Sanitizer,
    address::{ipv4, port},
    bridge::sound_nickname,
    guard::Facts,
    lines::{fields, push, refuse, value, with_line_feeds},
    sha1,
};
use crate::{
    document::{BridgeNetworkStatus, RouterStatus, Type},
    netdoc::{Item, items},
    schema::{Rewrite, Rule, RuleSet, Table},
    value::{Fingerprint, Hex, Timestamp},
};

/// Where a status comes from, by the name of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The bridge authority.
    pub authority: Fingerprint,
    /// When its file was made; counts if the status says no time.
    pub published: Timestamp,
}

/// Sanitizes a bridge authority's status. An entry that cannot be published is left out and named in
/// [`Sanitized::refused`]; CollecTor's rule sets refuse the whole status instead. What stands before the entries must have
/// a rule in every rule set.
pub fn network_status(
    original: &[u8],
    origin: &Origin,
    sanitizer: &Sanitizer<'_>,
) -> Result<Sanitized, Refusal> {
    let text = with_line_feeds(original);
    let mut status = Status { published: origin.published, ..Status::default() };
    let mut entry: Option<Entry<'_>> = None;
    for item in items(&text).skip_while(|item| item.keyword.starts_with(b"@")) {
        let head =
            item.keyword != b"r" && <BridgeNetworkStatus<'_> as Table<'_>>::row(item.keyword).is_some();
        if head {
            let rule = sanitizer.rule::<BridgeNetworkStatus<'_>>(&item);
            let done = rule.and_then(|rule| status.head(rule, &item, origin));
            done.map_err(|reason| refuse(&text, &item, reason))?;
        } else if item.keyword == b"r" {
            if let Some(entry) = entry.replace(Entry::new(&item)) {
                status.add(entry, &text, sanitizer)?;
            }
        } else if let Some(entry) = &mut entry {
            entry.lines.push(item);
        } else {
            return Err(refuse(&text, &item, Reason::NoRule));
        }
    }
    if let Some(entry) = entry {
        status.add(entry, &text, sanitizer)?;
    }
    Ok(status.finish(origin))
}

/// The lines of one entry.
struct Entry<'a> {
    lines: Vec<Item<'a>>,
}

impl<'a> Entry<'a> {
    fn new(first: &Item<'a>) -> Self {
        Entry { lines: vec![*first] }
    }
}

/// What comes out of a status so far.
#[derive(Default)]
struct Status {
    published: Timestamp,
    head: Vec<u8>,
    has_fingerprint: bool,
    /// By hashed identity; the last of two counts.
    entries: BTreeMap<[u8; 20], Vec<u8>>,
    /// When the descriptors of the entries were made.
    times: Vec<Timestamp>,
    refused: Vec<(std::ops::Range<usize>, Refusal)>,
}

impl Status {
    fn head(&mut self, rule: Rule, item: &Item<'_>, origin: &Origin) -> Result<(), Reason> {
        match rule {
            Rule::With(Rewrite::StatusPublished) => {
                let time = value(item).and_then(|value| Timestamp::parse(value.try_into().ok()?));
                self.published = time.ok_or(Reason::BadArgument("time"))?;
            }
            Rule::With(Rewrite::Authority) => {
                if value(item) != Some(origin.authority.to_string().as_bytes()) {
                    return Err(Reason::OtherAuthority);
                }
                self.has_fingerprint = true;
                push(&mut self.head, &[item.line()]);
            }
            Rule::With(_) => return Err(Reason::NoRule),
            Rule::Drop | Rule::End => {}
            _ => push(&mut self.head, &[item.line()]),
        }
        Ok(())
    }

    /// Takes in an entry, or what is wrong with it.
    fn add(&mut self, entry: Entry<'_>, text: &[u8], sanitizer: &Sanitizer<'_>) -> Result<(), Refusal> {
        let (first, last) = (entry.lines[0], entry.lines[entry.lines.len() - 1]);
        let span = first.offset..last.offset + last.raw.len();
        match self.entry(&entry, &text[span.clone()], text, sanitizer) {
            Err(refusal) if sanitizer.rules < RuleSet::Current => Err(refusal),
            Err(refusal) => {
                self.refused.push((span, refusal));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn entry(
        &mut self,
        entry: &Entry<'_>,
        raw: &[u8],
        text: &[u8],
        sanitizer: &Sanitizer<'_>,
    ) -> Result<(), Refusal> {
        let mut facts = Facts::of_entry(raw);
        let mut keyed = Keyed { fingerprint: Fingerprint::default(), secret: None };
        let mut out = Vec::with_capacity(raw.len() + 64);
        for item in &entry.lines {
            let rule =
                sanitizer.rule::<RouterStatus<'_>>(item).map_err(|reason| refuse(text, item, reason))?;
            match rule {
                Rule::With(Rewrite::Entry) => {
                    let line = StatusLine::read(item).map_err(|reason| refuse(text, item, reason))?;
                    keyed.fingerprint = line.identity;
                    if let Some(secrets) = sanitizer.secrets {
                        let month = Month::of(line.published);
                        let secret =
                            secrets.get(month).ok_or_else(|| refuse(text, item, Reason::NoSecret(month)))?;
                        keyed.secret = Some(secret);
                    }
                    facts.allow(&keyed);
                    line.write(&keyed, &facts, sanitizer.rules, &mut out)
                        .map_err(|reason| refuse(text, item, reason))?;
                    self.times.push(line.published);
                }
                Rule::With(Rewrite::EntryAddress) => {
                    let address = value(item).map(|value| keyed.address_and_port(value, sanitizer.rules));
                    // An address that cannot be read cannot be replaced; the entry is whole without it.
                    if let Some(Ok(address)) = address {
                        push(&mut out, &[b"a ", address.as_bytes()]);
                    }
                }
                Rule::With(_) => return Err(refuse(text, item, Reason::NoRule)),
                Rule::Drop | Rule::End => {}
                _ => push(&mut out, &[item.line()]),
            }
        }
        if sanitizer.guarded
            && let Some(leak) = facts.said_in(&out)
        {
            return Err(Refusal {
                line: refuse(text, &entry.lines[0], Reason::NoRule).line,
                ..Refusal::of_leak(leak, &out)
            });
        }
        self.entries.insert(sha1(&keyed.fingerprint.0), out);
        Ok(())
    }

    fn finish(self, origin: &Origin) -> Sanitized {
        let mut bytes = b"@type bridge-network-status 1.2\n".to_vec();
        push(&mut bytes, &[b"published ", self.published.to_string().as_bytes()]);
        bytes.extend_from_slice(&self.head);
        if !self.has_fingerprint {
            push(&mut bytes, &[b"fingerprint ", origin.authority.to_string().as_bytes()]);
        }
        self.entries.values().for_each(|entry| bytes.extend_from_slice(entry));
        Sanitized {
            kind: Type::BridgeNetworkStatus,
            published: self.published,
            name: origin.authority,
            bytes,
            refused: self.refused,
            entries: self.entries.len(),
            newest_entry: self.times.into_iter().filter(|&time| time <= self.published).max(),
        }
    }
}

/// The parts of an `r` line.
struct StatusLine<'a> {
    nickname: &'a [u8],
    identity: Fingerprint,
    digest: Hex<20>,
    published: Timestamp,
    address: &'a [u8],
    ports: [&'a [u8]; 2],
}

impl<'a> StatusLine<'a> {
    fn read(item: &Item<'a>) -> Result<Self, Reason> {
        let fields = fields(item.line());
        let &[_, nickname, identity, digest, date, time, address, or_port, dir_port, ..] = &fields[..] else {
            return Err(Reason::BadArgument("number of arguments"));
        };
        let time = <[u8; 19]>::try_from([date, b" ", time].concat()).ok();
        Ok(StatusLine {
            nickname,
            identity: Hex::from_base64(identity).ok_or(Reason::BadArgument("identity"))?,
            digest: Hex::from_base64(digest).ok_or(Reason::BadArgument("descriptor digest"))?,
            published: time.and_then(|time| Timestamp::parse(&time)).ok_or(Reason::BadArgument("time"))?,
            address,
            ports: [or_port, dir_port],
        })
    }

    fn write(
        &self,
        keyed: &Keyed<'_>,
        facts: &Facts<'_>,
        rules: RuleSet,
        out: &mut Vec<u8>,
    ) -> Result<(), Reason> {
        let nickname =
            if rules < RuleSet::Current { self.nickname } else { sound_nickname(self.nickname, facts)? };
        let [or_port, dir_port] = self.ports;
        let line = format!(
            " {} {} {} {} {} {}",
            Hex(sha1(&self.identity.0)).to_base64(),
            Hex(sha1(&self.digest.0)).to_base64(),
            self.published,
            keyed.ipv4(ipv4(self.address, rules)?),
            keyed.port(port(or_port, rules)?),
            keyed.port(port(dir_port, rules)?),
        );
        push(out, &[b"r ", nickname, line.as_bytes()]);
        Ok(())
    }
}
