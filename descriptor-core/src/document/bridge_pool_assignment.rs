//! Bridge pool assignment: which bridges are given out how.

use crate::{netdoc::pairs, schema::descriptor, value::*};

descriptor! {
    /// Which bridges BridgeDB (since 2011) or its successor rdsys (since 2022) gives out, and how.
    pub struct BridgePoolAssignment<'a> = "bridge-pool-assignment"
        in "https://metrics.torproject.org/collector.html#type-bridge-pool-assignment",
        grammar = pairs::pool_assignments;

    /// When the bridges were assigned.
    "bridge-pool-assignment" => published: Timestamp;
    /// The bridges; such a line begins with the fingerprint.
    "bridge" => entries: Vec<PoolAssignment<'a>>;
    /// Transports on a line of their own. Some assignments of 2013 have broken transport lines (Tor ticket #9264).
    "transport" => stray_transports: Vec<Line<'a>>;
}

descriptor! {
    /// One bridge: its fingerprint, the pool that it is in, and `key=value` pairs. A value that the sanitizer keeps must
    /// be short words or numbers, so that no address, fingerprint or key can be in it; a line with anything else is
    /// refused, and the others of its block are not.
    pub struct PoolAssignment<'a> = "bridge-pool-assignment-entry"
        in "https://metrics.torproject.org/collector.html#type-bridge-pool-assignment",
        grammar = pairs::pool_assignment, inline = true;

    /// The bridge's fingerprint; in sanitized documents its SHA-1.
    "fingerprint" => fingerprint: Fingerprint, With(Fingerprint);
    /// The pool: `https`, `email`, `moat`, `unallocated` and others. The sanitizer keeps those that are known: what is new
    /// could as well be a name of the bridge.
    "pool" => pool: Option<&'a [u8]>, KeepWords(POOLS);
    /// The part of the pool `https`.
    "ring" => ring: Option<&'a [u8]>, Keep;
    /// The subring of bridges with such a port. BridgeDB has one for 443 only; any other would tell the bridge's port,
    /// which is hashed in its descriptors.
    "port" => port: Option<Commas<'a>>, KeepWords(&["443"]);
    /// The subring of bridges with such a flag: `stable`.
    "flag" => flag: Option<Commas<'a>>, KeepWords(&["stable"]);
    /// IP versions: 4, 6. Since 2012.
    "ip" => ip: Option<Commas<'a>>, KeepWords(&["4", "6"]);
    /// The transports that the bridge offers. Since 2012. Their names are in its extra-info too.
    "transport" => transport: Option<Commas<'a>>, Keep;
    /// The file bucket that an unallocated bridge was put in.
    "bucket" => bucket: Option<&'a [u8]>, Keep;
    /// The countries in which the bridge is not given out. Since 2022, as all that follow.
    "blocklist" => blocklist: Option<Commas<'a>>, Keep;
    /// Whether the bridge is given out.
    "distributed" => distributed: Option<Truth>, KeepWords(&["true", "false"]);
    /// What bridgestrap found: `functional`, `dysfunctional`, `untested`.
    "state" => state: Option<&'a [u8]>, KeepWords(&["functional", "dysfunctional", "untested"]);
    /// The bandwidth that was measured through the bridge.
    "bandwidth" => bandwidth: Option<f64>, Keep;
    /// That bandwidth divided by the median of all bridges.
    "ratio" => ratio: Option<f64>, Keep;
}

/// The pools that BridgeDB and rdsys have had. A new one is added here.
const POOLS: &[&str] = &[
    "any",
    "email",
    "https",
    "lox",
    "moat",
    "none",
    "reserved",
    "settings",
    "telegram",
    "unallocated",
    "whatsapp",
];

impl<'a> PoolAssignment<'a> {
    /// All that follows the fingerprint, as it stands.
    pub fn details(&self) -> &'a [u8] {
        let line = self.raw.trim_ascii();
        line.iter().position(|&b| b == b' ' || b == b'\t').map_or(&[], |at| &line[at + 1..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::Type, netdoc::Frame, schema::parse};

    #[test]
    fn all_forms_are_read() {
        let text = b"bridge-pool-assignment 2022-04-09 00:29:37\n\
            00e923e7a8d87d28954fee7503e480f3a03ce4ee email port=443 flag=stable\n\
            002941170ea29f6bebf345319686cb8b0de74e97 https ip=4 ring=2 transport=obfs3,obfs2,scramblesuit\n\
            00b834117566035736fc6bd4ece950eace8e057a unallocated\n\
            005fd4d7decbb250055b861579e6fdc79ad17bee email transport=obfs4 blocklist=ru distributed=true state=functional ratio=1.902 new=1\n\
            transport=obfs3,obfs2\n\
            \tflag\n";
        let parsed = parse::<BridgePoolAssignment<'_>>(Frame::whole(Type::BridgePoolAssignment, text));
        // The line that begins with a tab has no keyword.
        assert_eq!(parsed.issues.len(), 1, "{:?}", parsed.issues);
        let entries = &parsed.partial.entries;
        assert_eq!(entries.len(), 4);
        assert_eq!(entries[0].details(), b"email port=443 flag=stable");
        assert_eq!(entries[1].transport.map(|transports| transports.iter().count()), Some(3));
        assert_eq!(entries[2].pool, Some(&b"unallocated"[..]));
        assert_eq!((entries[3].distributed, entries[3].ratio), (Some(Truth(true)), Some(1.902)));
        assert_eq!(parsed.unknown_lines().collect::<Vec<_>>(), [b"new=1"]);
        assert_eq!(parsed.partial.stray_transports, [Line(b"obfs3,obfs2")]);
    }
}
