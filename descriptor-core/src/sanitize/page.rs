//! The page that says what happens to each keyword, made of the tables.

use std::{borrow::Cow, fmt::Write};

use crate::{
    document::{
        BridgeNetworkStatus, ExtraInfo, RouterStatus, ServerDescriptor,
        bridge_pool_assignment::PoolAssignment,
    },
    schema::{Field, Rewrite, Rule, RuleSet, Schema, Table},
};

/// What is removed, replaced and kept of bridge data, keyword by keyword, as Markdown. It is made of the tables, so it
/// says what the program does.
pub fn rules_page() -> String {
    let mut page = "# What is removed, replaced and kept\n\n\
        Made of the tables. Each line of a bridge's document is treated as its keyword's row says; a line whose keyword has no\n\
        row here refuses the document. Objects (`-----BEGIN` to `-----END`) are removed always. Bytes that are not ASCII become\n\
        U+FFFD, and each line ends in LF. *Since* names the oldest rule set that has the rule; older ones refuse the line.\n"
        .to_owned();
    for (title, table) in [
        ("Server descriptor", ServerDescriptor::table()),
        ("Extra-info", ExtraInfo::table()),
        ("Network status, head", BridgeNetworkStatus::table()),
        ("Network status, entry", RouterStatus::table()),
        ("Bridge pool assignment, a line", PoolAssignment::table()),
    ] {
        section(&mut page, title, table);
    }
    page
}

fn section(page: &mut String, title: &str, table: &Schema) {
    // Writing to a string cannot fail.
    let _ =
        write!(page, "\n## {title}\n\n| keyword | what happens | since | why |\n| --- | --- | --- | --- |\n");
    let rows = table.fields.iter().filter(|row| row.rule.of(RuleSet::Current) != Rule::Refuse);
    for row in rows {
        let keywords: Vec<_> = row.keywords.iter().map(|it| format!("`{it}`")).collect();
        let (since, why) = since(row);
        let what = what(row.rule.of(RuleSet::Current));
        let _ = writeln!(page, "| {} | {what} | {since} | {why} |", keywords.join(", "));
    }
    let refused = table.fields.iter().filter(|row| row.rule.of(RuleSet::Current) == Rule::Refuse);
    let refused: Vec<_> = refused.flat_map(|row| row.keywords).map(|it| format!("`{it}`")).collect();
    if !refused.is_empty() {
        let _ = writeln!(page, "\nKnown, but no rule, so it refuses the document: {}.", refused.join(", "));
    }
}

/// The oldest rule set that has the row's rule, and why that one does.
fn since(row: &Field) -> (&'static str, &'static str) {
    match row.rule {
        Rule::Since(set, _, why) => (set.name(), why),
        _ => ("always", ""),
    }
}

fn what(rule: Rule) -> Cow<'static, str> {
    if let Rule::KeepWords(words) = rule {
        let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
        return format!("kept if it is {}; else it refuses the line", words.join(", ")).into();
    }
    Cow::Borrowed(match rule {
        Rule::Refuse | Rule::Opt(_) | Rule::Since(..) | Rule::KeepWords(_) => "refuses the document",
        Rule::Keep => "kept; without a value it refuses the document",
        Rule::KeepAny => "kept",
        Rule::KeepBare => "kept; with a value it refuses the document",
        Rule::KeepVersion1 => "kept if it is of version 1, else it refuses the document",
        Rule::Drop => "removed",
        Rule::End => "removed, with all that follows",
        Rule::With(rewrite) => match rewrite {
            Rewrite::Router => {
                "address and ports replaced by keyed hashes; the nickname is kept unless it says the address or the identity"
            }
            Rewrite::OrAddress => "address and port replaced by keyed hashes",
            Rewrite::Published => "kept; its month says which secret is used",
            Rewrite::Fingerprint => "replaced by its SHA-1",
            Rewrite::Owner => "fingerprint replaced by its SHA-1, further arguments removed",
            Rewrite::ExtraInfoDigest => "SHA-1 digest replaced by its SHA-1, SHA-256 digest by its SHA-256",
            Rewrite::IdentityEd25519 => {
                "replaced by `master-key-ed25519` and the SHA-256 of the key that the certificate holds"
            }
            Rewrite::MasterKeyEd25519 => {
                "removed; if it is not the certificate's key it refuses the document"
            }
            Rewrite::Family => "fingerprints, with or without `$`, replaced by their SHA-1; nicknames kept",
            Rewrite::Contact => {
                "kept since collector-1.18.2, unless it says the address or the identity; `contact somebody` else and before"
            }
            Rewrite::Policy => {
                "kept; the bridge's own address, alone or in a network of more than 8 bits, replaced by its keyed hash; `accept6` and \
                 `reject6`, which are for configuration files, refuse the document"
            }
            Rewrite::Transport => "the name is kept, address and arguments removed",
            Rewrite::StatusPublished => {
                "becomes the first line; if there is none, the file's name tells the time"
            }
            Rewrite::Authority => {
                "kept; if it is not the authority that the file comes from it refuses the status"
            }
            Rewrite::Entry => {
                "identity and descriptor digest replaced by their SHA-1, address and ports by keyed hashes, further arguments \
                 removed"
            }
            Rewrite::EntryAddress => "address and port replaced by keyed hashes; removed if it holds none",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_the_docs_is_fresh() {
        let written = include_str!("RULES.md");
        assert!(rules_page() == written, "RULES.md is old: run `tordesc sanitize rules` and write it there");
    }
}
