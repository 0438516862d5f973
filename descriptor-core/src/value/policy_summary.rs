//! The short form of an exit policy (dir-spec §3.8.2).

use std::{fmt::Write, net::IpAddr, ops::RangeInclusive};

use super::exit_policy::{AddressPattern, PolicyRule, ipv4_net};

/// A port counts as rejected once more addresses than this are rejected for it: two /8 networks.
const CUTOFF: u64 = 1 << 25;

/// The longest summary that authorities write.
const LONGEST: usize = 1000;

/// What is known of a range of ports while rules are taken in.
#[derive(Debug, Clone)]
struct Range {
    ports: RangeInclusive<u16>,
    rejected: u64,
    accepted: bool,
}

/// The summary of an IPv4 policy, `accept PORTS` or `reject PORTS`.
pub(super) fn summarize<'a>(rules: impl Iterator<Item = PolicyRule<'a>>) -> String {
    let mut ranges = vec![Range { ports: 1..=u16::MAX, rejected: 0, accepted: false }];
    for rule in rules {
        let Some((_, bits)) = ipv4_net(rule.address) else { continue };
        // An accept rule counts only if it is about all addresses, a reject rule unless it is about a private network.
        if if rule.accept { bits > 0 } else { is_private(rule.address) } {
            continue;
        }
        for range in split(&mut ranges, &rule.ports) {
            if !rule.accept {
                range.rejected += 1 << (32 - bits);
            } else if range.rejected <= CUTOFF {
                range.accepted = true;
            }
        }
    }
    ranges.dedup_by(|next, range| {
        let same = next.accepted == range.accepted;
        if same {
            range.ports = *range.ports.start()..=*next.ports.end();
        }
        same
    });
    match &ranges[..] {
        [all] => format!("{} 1-65535", if all.accepted { "accept" } else { "reject" }),
        _ => {
            let (accepts, rejects) = (list(&ranges, true), list(&ranges, false));
            if rejects.len() < accepts.len() {
                format!("reject {}", cut(&rejects))
            } else {
                format!("accept {}", cut(&accepts))
            }
        }
    }
}

/// Splits ranges so that a rule's ports begin and end with one; those that it is about.
fn split<'r>(ranges: &'r mut Vec<Range>, ports: &RangeInclusive<u16>) -> &'r mut [Range] {
    let (first, last) = ((*ports.start()).max(1), *ports.end());
    if last < first {
        return &mut [];
    }
    let begin = boundary(ranges, first);
    let end = last.checked_add(1).map_or(ranges.len(), |after| boundary(ranges, after));
    &mut ranges[begin..end]
}

/// The index of the range that begins with a port, which is made by a cut if there is none.
fn boundary(ranges: &mut Vec<Range>, port: u16) -> usize {
    let at = ranges.partition_point(|range| *range.ports.end() < port);
    let Some(range) = ranges.get(at).filter(|range| *range.ports.start() < port).cloned() else { return at };
    ranges[at].ports = *range.ports.start()..=port - 1;
    ranges.insert(at + 1, Range { ports: port..=*range.ports.end(), ..range });
    at + 1
}

fn list(ranges: &[Range], accepted: bool) -> String {
    let mut list = String::new();
    for range in ranges.iter().filter(|range| range.accepted == accepted) {
        let comma = if list.is_empty() { "" } else { "," };
        let (first, last) = (range.ports.start(), range.ports.end());
        // Writing to a string cannot fail.
        let _ = if first == last {
            write!(list, "{comma}{first}")
        } else {
            write!(list, "{comma}{first}-{last}")
        };
    }
    list
}

/// Cuts a list that is too long at its last comma, as tor does: the ports left out are not allowed.
fn cut(list: &str) -> &str {
    let room = LONGEST - "accept ".len();
    match list.get(..room) {
        Some(head) => head.rfind(',').map_or(head, |comma| &head[..comma]),
        None => list,
    }
}

fn is_private(address: AddressPattern) -> bool {
    let AddressPattern::Net(IpAddr::V4(net), bits) = address else { return false };
    matches!(
        (net.octets(), bits),
        ([0 | 10 | 127, 0, 0, 0], 8) | ([169, 254, 0, 0] | [192, 168, 0, 0], 16) | ([172, 16, 0, 0], 12)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{netdoc::items, schema::FromItem};

    fn summary(lines: &str) -> String {
        summarize(items(lines.as_bytes()).filter_map(|item| PolicyRule::from_item(&item).ok()))
    }

    /// Cases of tor's own tests for its summaries, in other words.
    #[test]
    fn summaries_are_tors() {
        for (lines, expected) in [
            ("reject *:*\n", "reject 1-65535"),
            ("accept *:*\n", "accept 1-65535"),
            ("accept *:80\nreject *:*\n", "accept 80"),
            ("reject *:25\naccept *:*\n", "reject 25"),
            ("accept 11.0.0.0/9:80\nreject *:*\n", "reject 1-65535"),
            ("reject 11.0.0.0/9:80\naccept *:*\n", "accept 1-65535"),
            ("reject 6.0.0.0/8:80\nreject 7.0.0.0/8:80\nreject 8.0.0.0/8:80\naccept *:*\n", "reject 80"),
            ("reject 10.0.0.0/8:*\nreject 192.168.0.0/16:*\naccept *:1-3\nreject *:*\n", "accept 1-3"),
            ("accept *:1\naccept *:3\nreject *:*\n", "accept 1,3"),
            ("accept *:1-1\naccept *:2-2\nreject *:*\n", "accept 1-2"),
            ("reject *:1-1023\naccept *:*\n", "reject 1-1023"),
            ("", "reject 1-65535"),
        ] {
            assert_eq!(summary(lines), expected, "{lines}");
        }
    }

    #[test]
    fn a_summary_is_never_longer_than_tors() {
        let lines: String = (0..2000).map(|port| format!("accept *:{}\n", port * 2 + 1)).collect();
        let summary = summary(&(lines + "reject *:*\n"));
        assert!(summary.len() <= LONGEST && summary.starts_with("accept 1,3,"), "{summary}");
    }
}
