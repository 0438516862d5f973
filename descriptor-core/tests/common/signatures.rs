//! What holds for signatures in any bytes. Property tests and a fuzz target call this with bytes of their own.

use descriptor_core::{
    document::Type,
    netdoc::{Frame, frames},
    schema::MAX_LISTED,
    verify::{Against, Check, verify},
};

/// Whatever the bytes are, their signatures can be tried, with the keys among them and without: each check has a place
/// in its document, there are not too many of them, and which lines are checked does not depend on the keys.
pub(crate) fn any_signatures(data: &[u8]) {
    let mut documents: Vec<_> = frames(data, None).collect();
    if let [choice, rest @ ..] = data {
        documents.push(Frame::whole(Type::ALL[usize::from(*choice) % Type::ALL.len()], rest));
    }
    let mut known = Against::default();
    let documents: Vec<_> =
        documents.into_iter().filter_map(|frame| Some((frame.kind?, frame.body))).take(100).collect();
    documents.iter().for_each(|(kind, body)| known.add(*kind, body));
    for (kind, body) in documents {
        let without = checked(kind, body, &Against::default());
        let with = checked(kind, body, &known);
        let places = |checks: &[Check]| -> Vec<_> {
            checks.iter().filter(|it| !it.span.is_empty()).map(|it| (it.what, it.span.clone())).collect()
        };
        assert_eq!(places(&without), places(&with), "what is checked depends on the keys");
    }
}

fn checked(kind: Type, body: &[u8], against: &Against) -> Vec<Check> {
    let checks = verify(kind, body, against);
    // A router descriptor has some more lines than those that may be repeated.
    assert!(checks.len() <= MAX_LISTED + 16);
    for check in &checks {
        let line = body.get(check.span.clone()).expect("the place lies in the document");
        assert!(!line.contains(&b'\n'), "{check:?} is about more than a line");
        if let Some(issue) = check.issue() {
            assert_eq!(issue.span, check.span);
        }
    }
    checks
}
