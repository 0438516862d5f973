//! Columns that do not exist, and which one was meant.

use super::row::Selected;
use crate::document::Type;

/// A column was asked for that a type's rows do not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: no column {name}{}", kind.name(), suggestion.as_ref().map(|it| format!(", but {it}")).unwrap_or_default())]
pub struct UnknownColumn {
    /// The type.
    pub kind: Type,
    /// What was asked for.
    pub name: String,
    /// The column whose name is nearest, if one is near.
    pub suggestion: Option<String>,
}

/// The column whose name takes the fewest edits, if they are few.
pub(super) fn nearest(name: &str, columns: &[Selected]) -> Option<String> {
    let (edits, best) = columns.iter().map(|it| (edits(name, &it.name), &it.name)).min()?;
    (edits <= 1 + name.len() / 4).then(|| best.to_string())
}

/// How many bytes must be inserted, dropped or replaced to make one text of another.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, byte) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, other) in to.bytes().enumerate() {
            let replaced = diagonal + usize::from(byte != other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::super::Selection;
    use super::*;

    #[test]
    fn columns_that_do_not_exist_are_named_with_the_nearest_one() {
        let all = Selection::documents(Type::ServerDescriptor);
        assert_eq!(all.only(&["published", "nickname"]).map(|it| it.columns().len()), Ok(2));
        let error = all.only(&["nickname", "fingerprnt"]).expect_err("no such column");
        assert_eq!(error.to_string(), "server-descriptor: no column fingerprnt, but fingerprint");
        let error = all.only(&["xyz"]).expect_err("no such column");
        assert_eq!(error.to_string(), "server-descriptor: no column xyz");
    }
}
