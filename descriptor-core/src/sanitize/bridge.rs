//! Server descriptors and extra-infos of bridges (collector §3.5, §3.6).

use std::net::IpAddr;

use super::{
    Keyed, Month, Reason, Refusal, Sanitized, Sanitizer,
    address::{address_and_port, ipv4, port},
    guard::Facts,
    lines::{fields, missing, push, refuse, value, with_line_feeds},
    sha1, sha256,
};
use crate::{
    document::{Digests, ExtraInfo, ServerDescriptor, Type},
    netdoc::{Item, items},
    schema::{FromItem, Rewrite, Rule, RuleSet, Table},
    value::{AddressPattern, Base64, Ed25519Cert, Fingerprint, Hex, PolicyRule, Timestamp},
};

/// CollecTor kept each line of an extra-info that begins so, also those that it did not know. The tables know which lines
/// of the network's they are; `current` refuses others.
const KEPT_PREFIXES: &[(&[u8], RuleSet)] = &[
    (b"bridge-", RuleSet::Collector1_0),
    (b"dirreq-", RuleSet::Collector1_0),
    (b"cell-", RuleSet::Collector1_0),
    (b"entry-", RuleSet::Collector1_0),
    (b"exit-", RuleSet::Collector1_0),
    (b"hidserv-", RuleSet::Collector1_1_1),
];

/// Sanitizes a bridge's server descriptor, from its `router` line through its signature.
pub fn server_descriptor(original: &[u8], sanitizer: &Sanitizer<'_>) -> Result<Sanitized, Refusal> {
    server_descriptor_with(original, Type::ServerDescriptor.digests(original), sanitizer)
}

/// The same, for who knows the original's digests already.
pub fn server_descriptor_with(
    original: &[u8],
    digests: Digests,
    sanitizer: &Sanitizer<'_>,
) -> Result<Sanitized, Refusal> {
    let text = with_line_feeds(original);
    let (kind, head) = (Type::BridgeServerDescriptor, b"@type bridge-server-descriptor 1.2\n");
    descriptor::<ServerDescriptor<'_>>(kind, head, &text, digests, sanitizer)
}

/// Sanitizes a bridge's extra-info, from its `extra-info` line through its signature. It has no addresses that stay, so it
/// needs no secrets.
pub fn extra_info(original: &[u8], sanitizer: &Sanitizer<'_>) -> Result<Sanitized, Refusal> {
    extra_info_with(original, Type::ExtraInfo.digests(original), sanitizer)
}

/// The same, for who knows the original's digests already.
pub fn extra_info_with(
    original: &[u8],
    digests: Digests,
    sanitizer: &Sanitizer<'_>,
) -> Result<Sanitized, Refusal> {
    let text = with_line_feeds(original);
    let (kind, head) = (Type::BridgeExtraInfo, b"@type bridge-extra-info 1.3\n");
    descriptor::<ExtraInfo<'_>>(kind, head, &text, digests, sanitizer)
}

/// What a descriptor says about its bridge; gathered first, for lines stand in any order.
#[derive(Debug, Default)]
struct Bridge {
    fingerprint: Option<Fingerprint>,
    published: Option<Timestamp>,
    addresses: Vec<IpAddr>,
    /// The address in the `router` line as it is spelled.
    router_address: Vec<u8>,
    certificate_key: Option<[u8; 32]>,
    master_key: Option<Vec<u8>>,
}

fn descriptor<'a, D: Table<'a>>(
    kind: Type,
    head: &[u8],
    text: &'a [u8],
    digests: Digests,
    sanitizer: &Sanitizer<'_>,
) -> Result<Sanitized, Refusal> {
    let cut_off = || missing("router-signature", Reason::CutOff);
    let mut bridge = Bridge::default();
    let lines = rules::<D>(text, sanitizer)?;
    for (item, rule) in &lines {
        if let Rule::With(rewrite) = rule {
            bridge.learn(*rewrite, item, sanitizer.rules).map_err(|reason| refuse(text, item, reason))?;
        }
    }
    let needed = |keyword| missing(keyword, Reason::MissingLine);
    // Found by fuzzing: what stands before that line would be a document of its own.
    let (first, keyword) = match kind {
        Type::BridgeServerDescriptor => (Rewrite::Router, "router"),
        _ => (Rewrite::Owner, "extra-info"),
    };
    if !lines.first().is_some_and(|(_, rule)| *rule == Rule::With(first)) {
        return Err(needed(keyword));
    }
    let fingerprint = bridge.fingerprint.ok_or_else(|| needed("fingerprint"))?;
    let published = bridge.published.ok_or_else(|| needed("published"))?;
    let is_server = kind == Type::BridgeServerDescriptor;
    if is_server && bridge.addresses.is_empty() {
        return Err(needed("router"));
    }
    let secret = match sanitizer.secrets {
        Some(secrets) if is_server => {
            let month = Month::of(published);
            let no_secret = || missing("published", Reason::NoSecret(month));
            Some(secrets.get(month).ok_or_else(no_secret)?)
        }
        _ => None,
    };
    let keyed = Keyed { fingerprint, secret };
    // Digests are of the bytes as they came; the guard must see the lines that the rules see.
    let mut facts = Facts::of_descriptor_with(text, digests);
    facts.allow(&keyed);
    if sanitizer.rules < RuleSet::Collector1_18_2 {
        facts.hide_contact();
    }
    let mut out = Vec::with_capacity(text.len());
    out.extend_from_slice(head);
    let writer = Writer { rules: sanitizer.rules, bridge: &bridge, keyed, facts: &facts };
    for (item, rule) in &lines {
        match rule {
            Rule::Drop | Rule::End => {}
            Rule::With(rewrite) => {
                writer.write(*rewrite, item, &mut out).map_err(|reason| refuse(text, item, reason))?;
            }
            _ => push(&mut out, &[item.line()]),
        }
    }
    let digest = digests.sha1.ok_or_else(cut_off)?;
    if bridge.certificate_key.is_some() {
        let digest = digests.sha256.ok_or_else(cut_off)?;
        push(&mut out, &[b"router-digest-sha256 ", Base64(sha256(&digest.0)).to_string().as_bytes()]);
    }
    let name = Hex(sha1(&digest.0));
    push(&mut out, &[b"router-digest ", name.to_string().as_bytes()]);
    if sanitizer.guarded
        && let Some(leak) = facts.said_in(&out)
    {
        return Err(Refusal::of_leak(leak, &out));
    }
    Ok(Sanitized { kind, published, name, bytes: out, refused: Vec::new(), entries: 0, newest_entry: None })
}

/// The lines of a descriptor through its signature with the rule for each.
fn rules<'a, D: Table<'a>>(
    text: &'a [u8],
    sanitizer: &Sanitizer<'_>,
) -> Result<Vec<(Item<'a>, Rule)>, Refusal> {
    let mut lines = Vec::with_capacity(64);
    let mut items = items(text).skip_while(|item| item.keyword.starts_with(b"@"));
    while let Some(item) = items.next() {
        match item.keyword {
            // Objects belong to their lines. One that stands alone goes; what is in it must not be taken for lines.
            b"-----BEGIN" => {
                items.find(|item| item.keyword == b"-----END");
                continue;
            }
            b"@purpose" => continue,
            _ => {}
        }
        let rule = match sanitizer.rule::<D>(&item) {
            Err(Reason::NoRule) if is_kept_prefix::<D>(&item, sanitizer.rules) => Ok(Rule::KeepAny),
            rule => rule,
        };
        let rule = rule.map_err(|reason| refuse(text, &item, reason))?;
        lines.push((item, rule));
        if rule == Rule::End {
            return Ok(lines);
        }
    }
    Err(missing("router-signature", Reason::CutOff))
}

fn is_kept_prefix<'a, D: Table<'a>>(item: &Item<'a>, rules: RuleSet) -> bool {
    let kept = |(prefix, since): &(&[u8], RuleSet)| item.keyword.starts_with(prefix) && rules >= *since;
    D::table().name == Type::ExtraInfo.name()
        && rules < RuleSet::Current
        && D::row(item.keyword).is_none()
        && !item.opt
        && KEPT_PREFIXES.iter().any(kept)
}

impl Bridge {
    /// Takes in what a line says about the bridge. CollecTor lets a later time count.
    fn learn(&mut self, rewrite: Rewrite, item: &Item<'_>, rules: RuleSet) -> Result<(), Reason> {
        let is_new = match rewrite {
            Rewrite::Router => {
                let fields = fields(item.line());
                let &[_, _, address, ..] = &fields[..] else {
                    return Err(Reason::BadArgument("router line"));
                };
                let is_new = self.router_address.is_empty();
                self.router_address = address.to_vec();
                self.addresses.push(ipv4(address, rules)?.into());
                is_new
            }
            Rewrite::OrAddress => {
                let value = value(item).ok_or(Reason::Form)?;
                self.addresses.push(address_and_port(value, rules)?.0);
                true
            }
            Rewrite::Published => {
                let time = value(item).and_then(|value| Timestamp::parse(value.try_into().ok()?));
                self.published.replace(time.ok_or(Reason::BadArgument("time"))?).is_none()
            }
            Rewrite::Fingerprint => {
                let hex: Vec<u8> =
                    value(item).ok_or(Reason::Form)?.iter().filter(|&&b| b != b' ').copied().collect();
                self.identify(&hex)?
            }
            Rewrite::Owner => self.identify(fields(item.line()).get(2).copied().unwrap_or_default())?,
            Rewrite::IdentityEd25519 => {
                let key = certified_key(item).ok_or(Reason::BadCertificate)?;
                self.certificate_key.replace(key).is_none()
            }
            Rewrite::MasterKeyEd25519 => {
                let key = value(item).ok_or(Reason::Form)?;
                self.master_key.replace(key.to_vec()).is_none()
            }
            _ => true,
        };
        // Found by fuzzing: a second `router` line would begin a second document.
        let may_repeat = rules < RuleSet::Current && rewrite == Rewrite::Published;
        if is_new || may_repeat { Ok(()) } else { Err(Reason::Twice) }
    }

    fn identify(&mut self, hex: &[u8]) -> Result<bool, Reason> {
        let fingerprint = Fingerprint::from_hex(hex).ok_or(Reason::BadArgument("fingerprint"))?;
        Ok(self.fingerprint.replace(fingerprint).is_none())
    }
}

/// The Ed25519 key of a certificate's signer: the first extension of type 4 that is as long as a key.
fn certified_key(item: &Item<'_>) -> Option<[u8; 32]> {
    let certificate = Ed25519Cert::from_item(item).ok()?.certificate()?;
    if certificate.purpose != 4 || certificate.key_type != 1 {
        return None;
    }
    let mut keys = certificate.extensions.iter().filter(|it| it.kind == 4);
    keys.find_map(|it| it.data.as_slice().try_into().ok())
}

/// Writes lines anew.
struct Writer<'w> {
    rules: RuleSet,
    bridge: &'w Bridge,
    keyed: Keyed<'w>,
    facts: &'w Facts<'w>,
}

impl Writer<'_> {
    fn write(&self, rewrite: Rewrite, item: &Item<'_>, out: &mut Vec<u8>) -> Result<(), Reason> {
        match rewrite {
            Rewrite::Router => self.router(item, out)?,
            Rewrite::OrAddress => {
                let address = self.keyed.address_and_port(value(item).ok_or(Reason::Form)?, self.rules)?;
                push(out, &[b"or-address ", address.as_bytes()]);
            }
            Rewrite::Published => push(out, &[item.line()]),
            Rewrite::Fingerprint => {
                let hex = Hex(sha1(&self.keyed.fingerprint.0)).to_string();
                let groups: Vec<_> = hex.as_bytes().chunks(4).collect();
                push(out, &[opt(item), b"fingerprint ", &groups.join(&b' ')]);
            }
            Rewrite::Owner => {
                let fields = fields(item.line());
                let nickname = self.nickname(fields.get(1).copied().unwrap_or_default())?;
                let hex = Hex(sha1(&self.keyed.fingerprint.0)).to_string();
                push(out, &[b"extra-info ", nickname, b" ", hex.as_bytes()]);
            }
            Rewrite::ExtraInfoDigest => extra_info_digest(item, out)?,
            Rewrite::IdentityEd25519 => {
                let key = self.bridge.certificate_key.ok_or(Reason::BadCertificate)?;
                push(out, &[b"master-key-ed25519 ", Base64(sha256(&key)).to_string().as_bytes()]);
            }
            Rewrite::MasterKeyEd25519 => {
                let said = self.bridge.master_key.as_deref().and_then(Base64::<32>::from_base64);
                let same = match self.bridge.certificate_key {
                    Some(key) => said == Some(Base64(key)),
                    None => self.rules < RuleSet::Current,
                };
                if !same {
                    return Err(Reason::KeyMismatch);
                }
            }
            Rewrite::Family => self.family(item, out)?,
            Rewrite::Contact => self.contact(item, out)?,
            Rewrite::Policy => self.policy(item, out)?,
            Rewrite::Transport => self.transport(item, out)?,
            // Rules of statuses; their tables have no rule of descriptors, and the other way round.
            Rewrite::StatusPublished | Rewrite::Authority | Rewrite::Entry | Rewrite::EntryAddress => {
                return Err(Reason::NoRule);
            }
        }
        Ok(())
    }

    fn router(&self, item: &Item<'_>, out: &mut Vec<u8>) -> Result<(), Reason> {
        let fields = fields(item.line());
        let &[_, nickname, address, or_port, socks_port, dir_port] = &fields[..] else {
            return Err(Reason::BadArgument("number of arguments"));
        };
        let address = self.keyed.ipv4(ipv4(address, self.rules)?).to_string();
        let mut line = [b"router ", self.nickname(nickname)?, b" ", address.as_bytes()].concat();
        for text in [or_port, socks_port, dir_port] {
            line.extend_from_slice(format!(" {}", self.keyed.port(port(text, self.rules)?)).as_bytes());
        }
        push(out, &[&line]);
        Ok(())
    }

    /// The nickname, or `Unnamed` in the place of one that says the bridge's address or identity.
    fn nickname<'n>(&self, nickname: &'n [u8]) -> Result<&'n [u8], Reason> {
        if self.rules < RuleSet::Current {
            return Ok(nickname);
        }
        sound_nickname(nickname, self.facts)
    }

    fn contact(&self, item: &Item<'_>, out: &mut Vec<u8>) -> Result<(), Reason> {
        let stays = match self.rules {
            RuleSet::Collector1_18_2 => true,
            RuleSet::Current => self.facts.said_in(item.line()).is_none(),
            _ => false,
        };
        // CollecTor knows no `contact` without a blank.
        match value(item) {
            None if self.rules < RuleSet::Current => return Err(Reason::Form),
            _ if stays => push(out, &[item.line()]),
            _ => push(out, &[b"contact somebody"]),
        }
        Ok(())
    }

    fn policy(&self, item: &Item<'_>, out: &mut Vec<u8>) -> Result<(), Reason> {
        let (Some(value), b"accept" | b"reject") = (value(item), item.keyword) else {
            return Err(Reason::NoRule);
        };
        if self.rules < RuleSet::Current {
            // CollecTor looks at `reject` only, and only at the spelling: `reject 1.2.3.45:*` of a bridge at 1.2.3.4 is hit.
            let rest =
                value.strip_prefix(&self.bridge.router_address[..]).filter(|_| item.keyword == b"reject");
            match (rest, self.bridge.addresses.iter().rfind(|it| it.is_ipv4())) {
                (Some(rest), Some(&own)) => {
                    push(out, &[b"reject ", self.keyed.address(own).as_bytes(), rest])
                }
                _ => push(out, &[item.line()]),
            }
            return Ok(());
        }
        let rule = PolicyRule::from_item(item).map_err(|_| Reason::BadArgument("policy"))?;
        let own = self.bridge.addresses.iter().find(|&&own| points_to(rule.address, own));
        match own {
            None => push(out, &[item.line()]),
            Some(&own) => {
                let pattern = value.split(|&b| b == b' ').next().unwrap_or_default();
                let after_address = if own.is_ipv6() {
                    pattern.iter().rposition(|&b| b == b']').map(|at| at + 1)
                } else {
                    pattern.iter().position(|&b| b == b'/' || b == b':')
                };
                let rest = &pattern[after_address.ok_or(Reason::BadArgument("policy"))?..];
                push(out, &[item.keyword, b" ", self.keyed.address(own).as_bytes(), rest]);
            }
        }
        Ok(())
    }

    fn family(&self, item: &Item<'_>, out: &mut Vec<u8>) -> Result<(), Reason> {
        let mut line = b"family".to_vec();
        for member in value(item).ok_or(Reason::Form)?.split(|&b| b == b' ') {
            line.push(b' ');
            match (member, self.rules < RuleSet::Current) {
                ([b'$', hex @ ..], true) => {
                    let hashed = Fingerprint::from_hex(hex).ok_or(Reason::BadArgument("fingerprint"))?;
                    line.extend_from_slice(format!("${}", Hex(sha1(&hashed.0))).as_bytes());
                }
                (name, true) => line.extend_from_slice(name),
                (member, false) => line.extend_from_slice(&family_member(member, self.facts)?),
            }
        }
        push(out, &[&line]);
        Ok(())
    }

    fn transport(&self, item: &Item<'_>, out: &mut Vec<u8>) -> Result<(), Reason> {
        let fields = fields(item.line());
        let &[_, name, _, ..] = &fields[..] else { return Err(Reason::BadArgument("number of arguments")) };
        let is_name = name.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if self.rules >= RuleSet::Current && (!is_name || name.is_empty()) {
            return Err(Reason::BadArgument("transport name"));
        }
        push(out, &[b"transport ", name]);
        Ok(())
    }
}

/// A nickname that may be said: one that says the bridge's address or identity becomes `Unnamed`, tor's own default.
pub(super) fn sound_nickname<'n>(nickname: &'n [u8], facts: &Facts<'_>) -> Result<&'n [u8], Reason> {
    if !crate::value::is_nickname(nickname) {
        return Err(Reason::BadArgument("nickname"));
    }
    // As a line, for the guard reads a nickname letter by letter.
    let line = [b"router ", nickname].concat();
    Ok(if facts.said_in(&line).is_some() { b"Unnamed" } else { nickname })
}

/// A member of a family as `current` writes it: a fingerprint becomes its SHA-1, with or without `$`, and a name stays.
fn family_member(member: &[u8], facts: &Facts<'_>) -> Result<Vec<u8>, Reason> {
    let (dollar, rest) = match member {
        [b'$', rest @ ..] => (&b"$"[..], rest),
        _ => (&b""[..], member),
    };
    let (hex, name) = rest.split_at(rest.iter().position(|&b| b == b'~' || b == b'=').unwrap_or(rest.len()));
    if let Some(fingerprint) = Fingerprint::from_hex(hex) {
        if let [_, name @ ..] = name {
            sound_nickname(name, facts)?;
        }
        // The name of a member that is told by its fingerprint adds nothing.
        return Ok([dollar, Hex(sha1(&fingerprint.0)).to_string().as_bytes()].concat());
    }
    match member {
        [] => Ok(Vec::new()),
        _ => sound_nickname(member, facts).map(<[u8]>::to_vec),
    }
}

/// Whether a policy's pattern tells where a bridge is: it has the bridge's address among few others, and is not one of the
/// private networks that tor rejects by itself.
fn points_to(pattern: AddressPattern, own: IpAddr) -> bool {
    let private = matches!(
        pattern,
        AddressPattern::Net(IpAddr::V4(net), bits)
            if matches!(
                (net.octets(), bits),
                ([0 | 10 | 127, 0, 0, 0], 8) | ([169, 254, 0, 0] | [192, 168, 0, 0], 16) | ([172, 16, 0, 0], 12)
            )
    );
    let narrow = match pattern {
        AddressPattern::Net(IpAddr::V4(_), bits) => bits > 8,
        AddressPattern::Net(IpAddr::V6(_), bits) => bits > 16,
        AddressPattern::Mask(_, mask) => mask.count_ones() > 8,
        _ => false,
    };
    narrow && !private && pattern.matches(own)
}

/// `opt ` if the line is spelled so.
fn opt(item: &Item<'_>) -> &'static [u8] {
    if item.opt { b"opt " } else { b"" }
}

fn extra_info_digest(item: &Item<'_>, out: &mut Vec<u8>) -> Result<(), Reason> {
    let fields = fields(value(item).ok_or(Reason::Form)?);
    let (digest, second) = match fields[..] {
        [digest] => (digest, None),
        [digest, second] => (digest, Some(second)),
        _ => return Err(Reason::BadArgument("number of arguments")),
    };
    let digest = Hex::<20>::from_hex(digest).ok_or(Reason::BadArgument("SHA-1 digest"))?;
    let mut line = format!("extra-info-digest {}", Hex(sha1(&digest.0)));
    if let Some(second) = second {
        let digest = Base64::<32>::from_base64(second).ok_or(Reason::BadArgument("SHA-256 digest"))?;
        line += &format!(" {}", Base64(sha256(&digest.0)));
    }
    push(out, &[opt(item), line.as_bytes()]);
    Ok(())
}
