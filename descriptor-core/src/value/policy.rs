//! Policies of either form, for who does not know which a field has.

use std::{fmt, net::IpAddr, ops::RangeInclusive};

use super::{AddressPattern, ExitPolicy, PortPolicy};

/// Where a relay lets connections go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy<'a> {
    /// All `accept` and `reject` lines of a descriptor. They are about IPv4 alone, whatever `*` seems to say.
    Rules(ExitPolicy<'a>),
    /// The summary that statuses and microdescriptors have: ports to which most addresses are allowed, or are not.
    Ports(PortPolicy<'a>),
}

impl Policy<'_> {
    /// Whether a connection is allowed. Without an address: to some address for rules, by the first rule that is about
    /// all addresses or allows the port; to most addresses for a summary, which looks at the port alone.
    pub fn allows(&self, address: Option<IpAddr>, port: u16) -> bool {
        match (self, address) {
            (Policy::Rules(rules), Some(address)) => rules.allows(address, port),
            (Policy::Rules(rules), None) => rules
                .rules()
                .filter(|rule| rule.ports.contains(&port))
                .find(|rule| rule.accept || rule.address.is_all())
                .is_none_or(|rule| rule.accept),
            (Policy::Ports(ports), _) => ports.allows(port),
        }
    }

    /// Visits the rules in order: whether it accepts, which addresses and which ports. Of a summary, the last rule is the
    /// one about all that it does not name.
    pub fn each(&self, visit: &mut dyn FnMut(bool, AddressPattern, RangeInclusive<u16>)) {
        match self {
            Policy::Rules(rules) => rules.rules().for_each(|it| visit(it.accept, it.address, it.ports)),
            Policy::Ports(ports) => {
                let ranges = ports.ranges();
                ranges.for_each(|(first, last)| visit(ports.accept, AddressPattern::Any, first..=last));
                visit(!ports.accept, AddressPattern::Any, 0..=u16::MAX);
            }
        }
    }

    /// The summary, `accept 80,443` or `reject 1-65535`.
    pub fn summary(&self) -> String {
        match self {
            Policy::Rules(rules) => rules.summary(),
            Policy::Ports(ports) => ports.to_string(),
        }
    }

    /// Whether the relay is of use as an exit: both web ports are allowed, for rules to some large network.
    pub fn is_exit(&self) -> bool {
        match self {
            Policy::Rules(rules) => rules.is_exit(),
            Policy::Ports(ports) => ports.allows(80) && ports.allows(443),
        }
    }

    /// Whether no connection at all is allowed.
    pub fn rejects_all(&self) -> bool {
        match self {
            Policy::Rules(rules) => rules.rejects_all(),
            Policy::Ports(ports) if ports.accept => ports.ranges().next().is_none(),
            Policy::Ports(ports) => ports.ranges().any(|(first, last)| first <= 1 && last == u16::MAX),
        }
    }
}

/// The lines of a policy, or its summary.
impl fmt::Display for Policy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Policy::Ports(ports) => write!(f, "{ports}"),
            Policy::Rules(rules) => {
                for (index, rule) in rules.rules().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{}", String::from_utf8_lossy(rule.line))?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::Type, netdoc::Frame};

    /// Asks the policy of a descriptor that has the lines.
    fn with<T>(lines: &str, field: &str, ask: impl FnOnce(Policy<'_>) -> T) -> T {
        let text = format!("router a 1.2.3.4 1 0 0\n{lines}");
        let parsed = Type::ServerDescriptor.parse(Frame::whole(Type::ServerDescriptor, text.as_bytes()));
        let column = parsed.partial.schema().column(field).expect("a column");
        ask(parsed.partial.policy(column.field).expect("a policy"))
    }

    #[test]
    fn both_forms_answer_alike() {
        let lines = "ipv6-policy accept 80,443\nreject 10.0.0.0/8:*\naccept *:80\nreject *:*\n";
        with(lines, "exit_policy", |policy| {
            assert!(policy.allows(Some([11, 0, 0, 1].into()), 80) && policy.allows(None, 80));
            assert!(!policy.allows(Some([10, 0, 0, 1].into()), 80) && !policy.allows(None, 443));
            assert_eq!((policy.summary(), policy.is_exit()), ("accept 80".to_owned(), false));
            assert_eq!(policy.to_string(), "reject 10.0.0.0/8:*, accept *:80, reject *:*");
        });
        with(lines, "ipv6_policy", |policy| {
            assert!(policy.allows(None, 443) && !policy.allows(None, 25) && policy.is_exit());
            assert!(!policy.rejects_all());
            assert_eq!(policy.to_string(), "accept 80,443");
            let mut rules = Vec::new();
            policy.each(&mut |accept, address, ports| rules.push(format!("{accept} {address} {ports:?}")));
            assert_eq!(rules, ["true * 80..=80", "true * 443..=443", "false * 0..=65535"]);
        });
        assert!(with("ipv6-policy reject 1-65535\nreject *:*\n", "ipv6_policy", |it| it.rejects_all()));
        assert!(with("reject *:*\n", "exit_policy", |it| it.rejects_all() && !it.allows(None, 80)));
    }
}
