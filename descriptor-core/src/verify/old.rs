//! Documents that bring their own key: network statuses of version 2 and directories of version 1.

use super::{
    Check, Checks, Outcome, RsaKey, ensure,
    signed::{lines, next_keyword, through_line},
};
use crate::{
    document::sha1,
    netdoc::{FromArg, items},
    value::Fingerprint,
};

/// Checks a network status of version 2, or a directory of version 1, against the key that it contains. Whether the key
/// is an authority's is another question; its digest stands on the `fingerprint` line of a network status.
pub fn self_signed(body: &[u8]) -> Vec<Check> {
    let [status, directory, fingerprint, key, signature] = lines(
        items(body),
        [
            "network-status-version",
            "signed-directory",
            "fingerprint",
            "dir-signing-key",
            "directory-signature",
        ],
    );
    let mut checks = Checks::default();
    let key_item = key;
    let key = key_item.as_ref().map(RsaKey::of);
    if let (Some(item), Some(Err(reason))) = (&key_item, &key) {
        checks.note("dir-signing-key", item, Outcome::Invalid(reason));
    }
    if let (Some(item), Some(Ok(key)), Some(_)) = (&fingerprint, &key, &status) {
        let matches = Fingerprint::from_arg(item.args).is_ok_and(|claimed| claimed == key.fingerprint);
        checks.note("fingerprint", item, ensure(matches, "the fingerprint is not that of the signing key"));
    }
    checks.must("directory-signature", signature.as_ref(), |item| {
        let Some(Ok(key)) = &key else { return Outcome::Unchecked("the signing key is not at hand") };
        let Some(from) = status.or(directory) else {
            return Outcome::Invalid("the document has no beginning");
        };
        if next_keyword(body, item).is_some() {
            return Outcome::Invalid("lines that are not signed follow");
        }
        key.check(&sha1(through_line(body, &from, item)).0, item, &["SIGNATURE"]).into()
    });
    checks.done()
}
