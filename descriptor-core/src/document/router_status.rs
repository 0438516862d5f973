//! Status entry: what the authorities, or one of them, say about one relay or bridge.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// What a consensus, a vote, a bridge status or a version 2 status says about one relay or bridge.
    pub struct RouterStatus<'a> = "network-status-entry-3" in "dir-spec §3.4.1";

    /// Nickname, identity, descriptor digest, address and ports.
    "r" => r: RouterLine<'a>, With(Entry);
    /// Further addresses at which the relay listens, usually one for IPv6. Since consensus method 14.
    "a" => or_addresses: Vec<OrAddress>, With(EntryAddress);
    /// The relay's flags. Only version 2 statuses may lack the line.
    "s" => flags: Option<Flags<'a>>, KeepAny;
    /// The software and its version, such as `Tor 0.4.8.12`. Absent if the descriptor was not tor's, and before 2006.
    "v" => version: Option<Line<'a>>;
    /// The subprotocols that the relay speaks. Since consensus method 25.
    "pr" => protocols: Option<Protocols<'a>>;
    /// Weight for path selection, and what was measured. Since consensus method 5.
    "w" => weight: Option<Weight<'a>>, KeepAny;
    /// The exit policy in short. Since consensus method 5; not in microdesc consensuses.
    "p" => exit_policy: Option<PortPolicy<'a>>, KeepAny;
    /// The SHA-256 of the relay's microdescriptor: in microdesc consensuses, and with consensus methods in votes.
    "m" => microdescriptors: MicrodescHashes<'a>;
    /// The Ed25519 identity. Only in votes, since tor 0.2.8.
    "id" => identifier: Option<Identifier<'a>>;
    /// How long and how reliably the relay has been seen. Only in votes, since tor 0.4.1.
    "stats" => stats: Option<EntryStats<'a>>;
}

impl<'a> RouterStatus<'a> {
    /// Whether the entry has a flag; case matters.
    pub fn has_flag(&self, flag: &str) -> bool {
        self.flags.is_some_and(|flags| flags.contains(flag))
    }

    /// The version of tor that the relay runs; `None` if it says none or runs something else.
    pub fn tor_version(&self) -> Option<TorVersion<'a>> {
        self.version.and_then(|line| TorVersion::of_platform(line.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::Type,
        netdoc::Frame,
        schema::{Parsed, Problem, Record, Value, parse},
    };

    fn read(text: &[u8]) -> Parsed<'_, RouterStatus<'_>> {
        parse(Frame::whole(Type::RouterStatus, text))
    }

    #[test]
    fn both_forms_of_r_are_read() {
        let ns = read(b"r seele AAoQ1DAR6kkoo19hBAX5K0QztNw Gb2DCuQZtMbqEEc3DQpaxEbxdI0 2017-12-04 04:42:01 67.161.31.147 9001 0\n\
            s Running Valid\nv Tor 0.3.0.10\nw Bandwidth=28 Measured=7 Unmeasured=1 X=2\np reject 1-65535\n");
        assert_eq!(ns.issues, []);
        assert_eq!(ns.partial.get("fingerprint"), ns.partial.r.fingerprint.0.to_vec().into_hex());
        assert_eq!(ns.partial.r.fingerprint.to_string(), "000A10D43011EA4928A35F610405F92B4433B4DC");
        assert!(ns.partial.r.descriptor_digest.is_some() && ns.partial.has_flag(Flags::RUNNING));
        let weight = ns.partial.weight.unwrap_or_default();
        assert_eq!((weight.bandwidth, weight.measured, weight.unmeasured), (Some(28), Some(7), true));
        assert_eq!(weight.unrecognized().collect::<Vec<_>>(), [(&b"X"[..], &b"2"[..])]);
        assert_eq!(ns.partial.tor_version(), TorVersion::parse(b"0.3.0.10"));

        let micro = read(
            b"r seele AAoQ1DAR6kkoo19hBAX5K0QztNw 2038-01-01 00:00:00 104.53.221.159 9001 0\n\
            m V+2ZMEddXPQbmzgBXoJm16pvTyq5eOybp9a/Nb4QJ/I\n",
        );
        assert_eq!((micro.issues, micro.partial.r.descriptor_digest), (vec![], None));
        assert_eq!(micro.partial.r.published.to_string(), "2038-01-01 00:00:00");
        assert!(micro.partial.microdescriptors.digest.is_some());
    }

    trait IntoHex {
        fn into_hex(self) -> Option<Value>;
    }

    impl IntoHex for Vec<u8> {
        fn into_hex(self) -> Option<Value> {
            Some(Value::Hex(self))
        }
    }

    #[test]
    fn votes_have_several_m_lines() {
        let text = b"r a AAoQ1DAR6kkoo19hBAX5K0QztNw Gb2DCuQZtMbqEEc3DQpaxEbxdI0 2017-12-04 04:42:01 1.2.3.4 9001 0\n\
            id ed25519 none\nm 8,9 sha256=V+2ZMEddXPQbmzgBXoJm16pvTyq5eOybp9a/Nb4QJ/I\n\
            m 10 sha256=JtJq1Tt6Zcjfu7cwEIJcvhBQAymyAgFec7dsf3XGBvs\nstats wfu=0.998000 tk=12 mtbf=34\n";
        let vote = read(text);
        assert_eq!(vote.issues, []);
        let hashes = &vote.partial.microdescriptors.by_method;
        assert_eq!(hashes.iter().map(|hash| hash.methods.iter().count()).collect::<Vec<_>>(), [2, 1]);
        let stats = vote.partial.stats.unwrap_or_default();
        assert_eq!((stats.wfu(), stats.tk(), stats.mtbf()), (Some(0.998), Some(12), Some(34)));
        assert_eq!(vote.partial.get("identifier"), Some(Value::Text(b"none".to_vec())));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let r = "AAoQ1DAR6kkoo19hBAX5K0QztNw Gb2DCuQZtMbqEEc3DQpaxEbxdI0 2017-12-04 04:42:01";
        for (line, what) in [
            (format!("r no() {r} 1.2.3.4 1 0\n"), "nickname"),
            (format!("r a {r} ::1 1 0\n"), "address"),
            (format!("r a {r} 1.2.3.4 66666 0\n"), "ORPort"),
            (format!("r a {r} 1.2.3.4 1 -1\n"), "DirPort"),
            (format!("r a {r} 1.2.3.4 1 0\nw Bandwidth=x\n"), "Bandwidth"),
            (format!("r a {r} 1.2.3.4 1 0\np project 80\n"), "accept or reject"),
            (format!("r a {r} 1.2.3.4 1 0\npr Link=2-1\n"), "protocol entry"),
            (format!("r a {r} 1.2.3.4 1 0\nid ed25519 AAAA\n"), "key"),
        ] {
            let issues = read(line.as_bytes()).issues;
            assert_eq!(issues.first().map(|issue| issue.problem.clone()), Some(Problem::BadArgument(what)));
        }
    }
}
