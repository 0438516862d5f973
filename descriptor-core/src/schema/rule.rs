//! What the sanitizer does with a row's lines: a column of the tables, as data.

use std::{fmt, str::FromStr};

/// What the sanitizer does with the lines of a row. The sanitizer looks nowhere else: what no row knows, and what a row
/// gives no rule for, refuses the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rule {
    /// Nobody has decided what the line may say. What a row without a rule has.
    #[default]
    Refuse,
    /// The line stays as it is. It must have a value, which may be empty.
    Keep,
    /// The line stays as it is, with or without a value.
    KeepAny,
    /// The line stays if it is the keyword alone.
    KeepBare,
    /// The line stays if its first argument, the version of what follows, is `1`.
    KeepVersion1,
    /// The line stays if its value is one of these words, or several with commas between.
    KeepWords(&'static [&'static str]),
    /// The line goes, with its object. Rule sets of CollecTor want it to have a value or an object.
    Drop,
    /// The document ends here; the line goes, with its object and all that follows.
    End,
    /// The line is written anew.
    With(Rewrite),
    /// The line may be spelled `opt KEYWORD` in every rule set, not in the newest only.
    Opt(&'static Rule),
    /// Older rule sets refuse the line. The text says why this one does not.
    Since(RuleSet, &'static Rule, &'static str),
}

/// How a line is written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewrite {
    /// `router`: the address and the ports become keyed hashes.
    Router,
    /// `or-address`: address and port become keyed hashes.
    OrAddress,
    /// `published`: stays; its month says which secret is used.
    Published,
    /// `fingerprint`: becomes its SHA-1.
    Fingerprint,
    /// `extra-info`: the fingerprint becomes its SHA-1, what follows goes.
    Owner,
    /// `extra-info-digest`: each digest becomes its own digest.
    ExtraInfoDigest,
    /// `identity-ed25519`: becomes `master-key-ed25519` with the SHA-256 of the key in the certificate.
    IdentityEd25519,
    /// `master-key-ed25519`: goes; it must be the key in the certificate.
    MasterKeyEd25519,
    /// `family`: fingerprints become their SHA-1.
    Family,
    /// `contact`: stays, or becomes `contact somebody`.
    Contact,
    /// `accept` and `reject`: the bridge's own address becomes its keyed hash.
    Policy,
    /// `transport`: only the name stays.
    Transport,
    /// `published` of a status: goes into the first line.
    StatusPublished,
    /// `fingerprint` of a status: stays; it must be the authority that the file came from.
    Authority,
    /// `r`: identity and digest become their SHA-1, address and ports keyed hashes, further arguments go.
    Entry,
    /// `a`: address and port become keyed hashes; a line without any goes.
    EntryAddress,
}

/// Which rules hold, oldest first. What a version of CollecTor wrote can be written again with its rule set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum RuleSet {
    /// CollecTor before 1.1.1, since it hashes ports.
    Collector1_0,
    /// CollecTor 1.1.1 of 2016: lines `hidserv-*`.
    Collector1_1_1,
    /// CollecTor 1.2.0 of 2017: `padding-counts`.
    Collector1_2,
    /// CollecTor 1.16.0 of 2020: histories and connections over IPv6.
    Collector1_16,
    /// CollecTor 1.18.0 of 2021: `overload-*`.
    Collector1_18,
    /// CollecTor 1.18.2 of 2022: `contact` stays.
    Collector1_18_2,
    /// What CollecTor never knew, decided here: nothing stays that identifies a bridge, points to it or can be joined with
    /// it; a bad line costs as little as is safe.
    #[default]
    Current,
}

impl RuleSet {
    /// All rule sets, oldest first, with their names.
    pub const ALL: &'static [(RuleSet, &'static str)] = &[
        (RuleSet::Collector1_0, "collector-1.0.0"),
        (RuleSet::Collector1_1_1, "collector-1.1.1"),
        (RuleSet::Collector1_2, "collector-1.2.0"),
        (RuleSet::Collector1_16, "collector-1.16.0"),
        (RuleSet::Collector1_18, "collector-1.18.0"),
        (RuleSet::Collector1_18_2, "collector-1.18.2"),
        (RuleSet::Current, "current"),
    ];

    /// The name, as `--rules` takes it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(set, _)| *set == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no rule set of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no rule set {0}; there are collector-1.0.0, 1.1.1, 1.2.0, 1.16.0, 1.18.0, 1.18.2 and current")]
pub struct UnknownRuleSet(pub String);

impl FromStr for RuleSet {
    type Err = UnknownRuleSet;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(set, _)| *set).ok_or_else(|| UnknownRuleSet(name.to_owned()))
    }
}

impl Rule {
    /// The rule as a set has it: what is younger than the set refuses.
    pub fn of(self, set: RuleSet) -> Rule {
        match self {
            Rule::Since(first, _, _) if set < first => Rule::Refuse,
            Rule::Since(_, rule, _) => rule.of(set),
            Rule::Opt(rule) => rule.of(set),
            rule => rule,
        }
    }

    /// Whether the line may be spelled `opt KEYWORD` in every rule set.
    pub fn allows_opt(self) -> bool {
        match self {
            Rule::Opt(_) => true,
            Rule::Since(_, rule, _) => rule.allows_opt(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_younger_rule_refuses_in_older_sets() {
        const RULE: Rule = Rule::Since(RuleSet::Collector1_18, &Rule::Opt(&Rule::Keep), "why");
        assert_eq!(RULE.of(RuleSet::Collector1_16), Rule::Refuse);
        assert_eq!(RULE.of(RuleSet::Collector1_18), Rule::Keep);
        assert_eq!(RULE.of(RuleSet::Current), Rule::Keep);
        assert!(RULE.allows_opt() && !Rule::Drop.allows_opt());
        assert_eq!("collector-1.18.2".parse(), Ok(RuleSet::Collector1_18_2));
        assert!("collector-2".parse::<RuleSet>().is_err());
    }
}
