//! Bridge pool assignments (collector §5): fingerprints become their SHA-1, all else stays if it may.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ops::Range,
};

use super::{Reason, Refusal, Sanitizer, breaks::Breaks, lines::are_words, sha1};
use crate::{
    document::bridge_pool_assignment::PoolAssignment,
    netdoc::{Item, Lexer, pairs},
    schema::{Rewrite, Rule, RuleSet, Table},
    value::{Hex, Timestamp},
};

/// The header of a block, which a time follows.
const HEADER: &[u8] = b"bridge-pool-assignment ";

/// One sanitized assignment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pool {
    /// When the bridges were assigned.
    pub published: Timestamp,
    /// What follows the fingerprint, by the SHA-1 of the fingerprint.
    pub entries: BTreeMap<[u8; 20], Vec<u8>>,
}

/// What became of a file of assignments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pools {
    /// What may be published, in the order of time.
    pub pools: Vec<Pool>,
    /// What may not.
    pub refused: Vec<RefusedPool>,
    /// How many lines and blocks were replaced by later ones about the same.
    pub replaced: usize,
}

/// Something that is not published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPool {
    /// The block's first line, if it is not in `span`.
    pub header: Option<Range<usize>>,
    /// The line, the block or the rest of the file.
    pub span: Range<usize>,
    /// Why. The keyword is `bridge` for the line of a bridge, or the key of what is not known; it holds nothing of the line.
    pub refusal: Refusal,
}

impl Pool {
    /// The document, with its `@type` line, in the order of the hashed fingerprints.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = b"@type bridge-pool-assignment 1.0\n".to_vec();
        out.extend_from_slice(HEADER);
        out.extend_from_slice(&self.published.format(b' '));
        out.push(b'\n');
        for (fingerprint, details) in &self.entries {
            out.extend_from_slice(const_hex::encode(fingerprint).as_bytes());
            out.push(b' ');
            out.extend_from_slice(details);
            out.push(b'\n');
        }
        out
    }

    /// Reads what [`bytes`](Pool::bytes) has written; `None` if it is anything else.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = bytes.strip_prefix(b"@type bridge-pool-assignment 1.0\n")?;
        let mut lines = Breaks::new(text).map(|(_, line)| line);
        let published = Timestamp::parse(lines.next()?.strip_prefix(HEADER)?.try_into().ok()?)?;
        let mut entries = BTreeMap::new();
        for line in lines {
            let (fingerprint, details) = split(line)?;
            let Hex(fingerprint) = Hex::from_hex(fingerprint)?;
            entries.insert(fingerprint, details.to_vec());
        }
        let pool = Pool { published, entries };
        (pool.bytes() == bytes).then_some(pool)
    }

    /// Takes in another assignment of the same time. Where both know a bridge, the details that are greater byte by byte
    /// stay, so that it does not matter which came first. Tells how often that decided.
    pub fn merge(&mut self, other: Pool) -> usize {
        let mut decided = 0;
        for (fingerprint, details) in other.entries {
            match self.entries.entry(fingerprint) {
                Entry::Vacant(place) => drop(place.insert(details)),
                Entry::Occupied(mut place) if *place.get() != details => {
                    decided += 1;
                    if *place.get() < details {
                        place.insert(details);
                    }
                }
                Entry::Occupied(_) => {}
            }
        }
        decided
    }

    /// Where CollecTor keeps it (collector §0.2).
    pub fn path(&self) -> String {
        let time = String::from_utf8_lossy(&self.published.format(b'-')).replace(':', "-");
        format!("bridge-pool-assignments/{}/{}/{}/{time}", &time[..4], &time[5..7], &time[8..10])
    }
}

/// Sanitizes a file of assignments. Lines end at LF, CR or both.
///
/// With the rules of CollecTor, a line that is none ends the file, but for what came before it; a fingerprint that is not
/// hex costs its block; what follows a fingerprint is not looked at, and a fingerprint may have more digits than 40. A
/// later block of the same time replaces the earlier one.
///
/// With [`Current`](RuleSet::Current), a bad line costs that line and a bad header the lines up to the next one. What
/// follows a fingerprint is kept as the table of [`PoolAssignment`] says. A last line without an end is refused. Blocks of the same time are
/// [merged](Pool::merge).
pub fn pool_assignments(text: &[u8], sanitizer: &Sanitizer<'_>) -> Pools {
    let mut reader = Reader::new(text, sanitizer);
    for (number, (at, line)) in Breaks::new(text).enumerate() {
        if !reader.line(number + 1, at, line) {
            break;
        }
    }
    reader.close();
    let Reader { pools, mut refused, replaced, .. } = reader;
    refused.sort_by_key(|refused| refused.span.start);
    Pools { pools: pools.into_values().collect(), refused, replaced }
}

/// Reads line after line.
struct Reader<'t> {
    text: &'t [u8],
    sanitizer: &'t Sanitizer<'t>,
    is_old: bool,
    pools: BTreeMap<Timestamp, Pool>,
    refused: Vec<RefusedPool>,
    replaced: usize,
    /// The block that is being read.
    block: Option<Block>,
    /// What is passed over, up to the next header.
    passed: Option<(usize, Refusal)>,
}

struct Block {
    pool: Pool,
    start: usize,
    header: Range<usize>,
    /// Why the whole block is refused.
    bad: Option<Refusal>,
}

fn refusal(keyword: &str, line: usize, reason: Reason) -> Refusal {
    Refusal { keyword: keyword.to_owned(), line, reason }
}

impl<'t> Reader<'t> {
    fn new(text: &'t [u8], sanitizer: &'t Sanitizer<'t>) -> Self {
        let (is_old, pools, refused) = (sanitizer.rules < RuleSet::Current, BTreeMap::new(), Vec::new());
        Reader { text, sanitizer, is_old, pools, refused, replaced: 0, block: None, passed: None }
    }

    /// Takes a line; whether to go on.
    fn line(&mut self, number: usize, at: usize, line: &[u8]) -> bool {
        if let Some(time) = line.strip_prefix(HEADER) {
            self.end_of_block(at);
            let header = at..at + line.len();
            let published = time.try_into().ok().and_then(Timestamp::parse);
            let Some(published) = published.filter(|_| !time.ends_with(b":60")) else {
                return self.pass(at, refusal("bridge-pool-assignment", number, Reason::BadArgument("time")));
            };
            let pool = Pool { published, entries: BTreeMap::new() };
            self.block = Some(Block { pool, start: at, header, bad: None });
            return true;
        }
        let Some(block) = &mut self.block else {
            return self.passed.is_some()
                || self.pass(at, refusal("bridge-pool-assignment", number, Reason::MissingLine));
        };
        let entry = match entry(line, self.sanitizer, self.is_old) {
            // A file that still grows may end within a line that could be read as it is, but says less.
            Ok(_) if !self.is_old && at + line.len() == self.text.len() => {
                let refusal = refusal("bridge", number, Reason::CutOff);
                let span = at..self.text.len();
                self.refused.push(RefusedPool { header: Some(block.header.clone()), span, refusal });
                return true;
            }
            Ok(entry) => entry,
            Err((keyword, reason)) => {
                let refusal = refusal(&keyword, number, reason);
                if !self.is_old {
                    let span = at..at + line.len();
                    self.refused.push(RefusedPool { header: Some(block.header.clone()), span, refusal });
                    return true;
                }
                if refusal.reason == Reason::BadArgument("fingerprint") {
                    block.bad.get_or_insert(refusal);
                    return true;
                }
                let header = Some(block.header.clone());
                self.end_of_block(at);
                self.refused.push(RefusedPool { header, span: at..self.text.len(), refusal });
                return false;
            }
        };
        self.replaced += usize::from(block.pool.entries.insert(entry.0, entry.1).is_some());
        true
    }

    /// Passes over what follows, up to the next header; with CollecTor's rules, to the end.
    fn pass(&mut self, at: usize, refusal: Refusal) -> bool {
        self.passed = Some((at, refusal));
        !self.is_old
    }

    fn close(&mut self) {
        self.end_of_block(self.text.len());
    }

    fn end_of_block(&mut self, end: usize) {
        if let Some((start, refusal)) = self.passed.take() {
            self.refused.push(RefusedPool { header: None, span: start..end, refusal });
        }
        let Some(Block { pool, start, bad, .. }) = self.block.take() else { return };
        if let Some(refusal) = bad {
            self.refused.push(RefusedPool { header: None, span: start..end, refusal });
            return;
        }
        match self.pools.entry(pool.published) {
            Entry::Vacant(place) => drop(place.insert(pool)),
            Entry::Occupied(mut place) => {
                self.replaced += if self.is_old { 1 } else { place.get_mut().merge(pool.clone()) };
                if self.is_old {
                    place.insert(pool);
                }
            }
        }
    }
}

/// The line at its first blank.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = line.iter().position(|&b| b == b' ')?;
    Some((&line[..blank], &line[blank + 1..]))
}

type Refused = (String, Reason);

/// The hash of a line's fingerprint, and its details.
fn entry(line: &[u8], sanitizer: &Sanitizer<'_>, is_old: bool) -> Result<([u8; 20], Vec<u8>), Refused> {
    let bad = |reason| ("bridge".to_owned(), reason);
    let (fingerprint, details) = split(line).filter(|(it, _)| it.len() >= 40).ok_or(bad(Reason::Form))?;
    let bytes = const_hex::decode(fingerprint).ok().filter(|bytes| is_old || bytes.len() == 20);
    // A prefix `0x` is hex for the library only.
    let bytes = bytes.filter(|_| fingerprint.iter().all(u8::is_ascii_hexdigit));
    let bytes = bytes.ok_or(bad(Reason::BadArgument("fingerprint")))?;
    if is_old {
        return Ok((sha1(&bytes), String::from_utf8_lossy(details).into_owned().into_bytes()));
    }
    check(line, sanitizer)?;
    Ok((sha1(&bytes), details.to_vec()))
}

/// Whether each word of a line may stay, by the table.
fn check(line: &[u8], sanitizer: &Sanitizer<'_>) -> Result<(), Refused> {
    let mut lexer = Lexer::new(line);
    let mut is_first = true;
    while let Some(item) = pairs::pool_assignment(&mut lexer) {
        // The name of a key may be shown, but not a word without a key, nor what is none by its looks.
        let key = item.keyword;
        let is_key = key != item.args && key.iter().all(|b| b.is_ascii_lowercase() || *b == b'-');
        let keyword = match is_key && (1..32).contains(&key.len()) {
            true => String::from_utf8_lossy(key).into_owned(),
            false => "bridge".to_owned(),
        };
        rule(&item, sanitizer, is_first).map_err(|reason| (keyword, reason))?;
        is_first = false;
    }
    Ok(())
}

fn rule(item: &Item<'_>, sanitizer: &Sanitizer<'_>, is_first: bool) -> Result<(), Reason> {
    let row = PoolAssignment::row(item.keyword).ok_or(Reason::NoRule)?;
    match sanitizer.declared::<PoolAssignment<'_>>(row).of(sanitizer.rules) {
        // It is hashed, but only at the beginning of the line.
        Rule::With(Rewrite::Fingerprint) if is_first => Ok(()),
        _ if is_first => Err(Reason::NoRule),
        Rule::Keep if item.args.split(|&b| b == b',').all(is_harmless) => Ok(()),
        Rule::KeepWords(words) if are_words(item.args, words) => Ok(()),
        Rule::Keep | Rule::KeepWords(_) => Err(Reason::BadArgument(PoolAssignment::FIELDS[row].name)),
        _ => Err(Reason::NoRule),
    }
}

/// Whether a value holds no address, fingerprint, key or host: it is one short word of letters and digits, or a number.
fn is_harmless(value: &[u8]) -> bool {
    let all_digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let number = match value.iter().position(|&b| b == b'.') {
        Some(dot) => all_digits(&value[..dot]) && all_digits(&value[dot + 1..]),
        None => false,
    };
    let is_letter = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    value.len() <= 24 && (number || value.iter().all(is_letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINGERPRINT: &str = "46D4A71197B8FA515A826C6B017C522FE264655B";
    const HASHED: &str = "88f745840f47ce0c6a4fe61d827950b06f9e4534";

    fn read(text: &str, rules: RuleSet) -> Pools {
        pool_assignments(text.as_bytes(), &Sanitizer::new(rules, None))
    }

    fn block(details: &str) -> String {
        format!("bridge-pool-assignment 2011-03-13 14:38:03\n{FINGERPRINT} {details}\n")
    }

    #[test]
    fn fingerprints_are_hashed_and_sorted_and_the_later_wins() {
        let other = "0".repeat(40);
        let text = format!("{}{other} https\n{FINGERPRINT} unallocated\n", block("email"));
        for rules in [RuleSet::Collector1_0, RuleSet::Current] {
            let pools = read(&text, rules);
            assert_eq!((pools.pools.len(), pools.refused.len(), pools.replaced), (1, 0, 1));
            let bytes = pools.pools[0].bytes();
            let expected = format!(
                "@type bridge-pool-assignment 1.0\nbridge-pool-assignment 2011-03-13 14:38:03\n\
                 6768033e216468247bd031a0a2d9876d79818f8f https\n{HASHED} unallocated\n"
            );
            assert_eq!(String::from_utf8_lossy(&bytes), expected);
            assert_eq!(pools.pools[0].path(), "bridge-pool-assignments/2011/03/13/2011-03-13-14-38-03");
            assert_eq!(Pool::read(&bytes).as_ref(), pools.pools.first());
        }
    }

    #[test]
    fn what_the_table_does_not_know_costs_the_line() {
        let kept = "https ip=4,6 flag=stable ring=2 port=443 transport=obfs3,obfs4 blocklist=cn,ru distributed=true \
                    state=functional bandwidth=accepted ratio=1.902 bucket=3  ";
        assert_eq!(read(&block(kept), RuleSet::Current).refused, []);
        for (details, keyword, reason) in [
            ("email or-port=443", "or-port", Reason::NoRule),
            ("email address=1.2.3.4", "address", Reason::NoRule),
            ("email extra", "bridge", Reason::NoRule),
            ("1.2.3.4:443 email", "pool", Reason::BadArgument("pool")),
            ("somebody", "pool", Reason::BadArgument("pool")),
            ("email port=9001", "port", Reason::BadArgument("port")),
            ("email transport=obfs4,1.2.3.4", "transport", Reason::BadArgument("transport")),
            ("email transport=[::1]", "transport", Reason::BadArgument("transport")),
            (
                "email bucket=46D4A71197B8FA515A826C6B017C522FE264655B",
                "bucket",
                Reason::BadArgument("bucket"),
            ),
            ("email fingerprint=46D4A71197B8FA515A826C6B017C522FE264655B", "fingerprint", Reason::NoRule),
            ("email caf\u{e9}=1", "bridge", Reason::NoRule),
        ] {
            let pools = read(&(block(details) + &"0".repeat(40) + " none\n"), RuleSet::Current);
            assert_eq!(pools.pools[0].entries.len(), 1, "{details}");
            assert_eq!(pools.refused.len(), 1, "{details}");
            let refused = &pools.refused[0];
            assert_eq!(refused.refusal, refusal(keyword, 2, reason), "{details}");
            assert_eq!((refused.header.clone(), refused.span.start), (Some(0..42), 43));
            // CollecTor looks at nothing of it.
            let old = read(&block(details), RuleSet::Collector1_18_2);
            assert_eq!(old.pools[0].entries.values().next().map(Vec::as_slice), Some(details.as_bytes()));
        }
    }

    #[test]
    fn bad_lines_cost_as_much_as_the_rules_say() {
        let next = "bridge-pool-assignment 2011-03-14 14:38:03\n";
        for (bad, old, new) in [
            ("short email\n", 1, 2),
            ("@type bridge-pool-assignment 1.0\n", 1, 2),
            ("0123456789012345678901234567890123456789\n", 1, 2),
            ("\n", 1, 2),
            ("ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ email\n", 1, 2),
            ("012345678901234567890123456789012345678901 email\n", 2, 2),
            ("bridge-pool-assignment 2011-13-14 14:38:03\n", 1, 2),
        ] {
            let text = block("email") + bad + next;
            let (before, after) = (read(&text, RuleSet::Collector1_18_2), read(&text, RuleSet::Current));
            assert_eq!((before.pools.len(), after.pools.len()), (old, new), "{bad}");
            assert_eq!(after.refused.len(), 1, "{bad}");
            assert_eq!(
                &text[after.refused[0].span.clone()],
                bad.trim_end_matches('\n').to_owned() + if bad.contains("13-14") { "\n" } else { "" }
            );
        }
        let text = block("email") + &"0".repeat(40) + " none";
        let (before, after) = (read(&text, RuleSet::Collector1_18_2), read(&text, RuleSet::Current));
        assert_eq!((before.pools[0].entries.len(), after.pools[0].entries.len()), (2, 1));
        assert_eq!(after.refused[0].refusal.reason, Reason::CutOff);
        // Without a header, nothing can be told; there may be one later.
        let text = format!("{FINGERPRINT} email\n{next}");
        let (before, after) = (read(&text, RuleSet::Collector1_18_2), read(&text, RuleSet::Current));
        assert_eq!((before.pools.len(), before.refused.len()), (0, 1));
        assert_eq!((after.pools.len(), after.refused.len()), (1, 1));
    }

    #[test]
    fn merging_does_not_depend_on_the_order() {
        let one = block("email") + &"0".repeat(40) + " none\n";
        let other = block("https");
        let merged = read(&(one.clone() + &other), RuleSet::Current);
        assert_eq!(merged, read(&(other.clone() + &one), RuleSet::Current));
        assert_eq!((merged.pools.len(), merged.replaced), (1, 1));
        let details: Vec<_> = merged.pools[0].entries.values().map(Vec::as_slice).collect();
        assert_eq!(details, [&b"none"[..], b"https"]);
        let last = read(&(one + &other), RuleSet::Collector1_18_2);
        assert_eq!(last.pools[0].entries.len(), 1);
    }

    /// Whatever row is changed, a line that stayed goes, or one that went stays.
    #[test]
    fn every_rule_of_the_table_decides_something() {
        let probes = ["https ip=4 flag=stable ring=2 port=443 transport=obfs4 blocklist=ru distributed=true state=functional \
             bandwidth=accepted ratio=1.9 bucket=3".to_owned()];
        let wrong =
            ["x", "https ip=7", "https flag=x", "https port=1", "https distributed=x", "https state=x"];
        let probes: Vec<_> =
            probes.into_iter().chain(wrong.map(str::to_owned)).map(|it| block(&it)).collect();
        let run = |replaced| {
            let mut sanitizer = Sanitizer::new(RuleSet::Current, None);
            sanitizer.replaced = replaced;
            let read = |text: &String| pool_assignments(text.as_bytes(), &sanitizer).refused.len();
            probes.iter().map(read).collect::<Vec<_>>()
        };
        let good = run(None);
        assert_eq!(good, [0, 1, 1, 1, 1, 1, 1]);
        let table = PoolAssignment::table().name;
        for field in PoolAssignment::FIELDS {
            assert_ne!(run(Some((table, field.keywords[0], Rule::Refuse))), good, "{}", field.name);
            if field.rule != Rule::Keep {
                assert_ne!(run(Some((table, field.keywords[0], Rule::Keep))), good, "{}", field.name);
            }
        }
    }
}
