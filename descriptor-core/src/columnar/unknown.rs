//! Columns that do not exist, and which one was meant.

use crate::document::Type;

/// A column was asked for that a type's rows do not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: no column {name}{}", kind.name(), suggestion.as_ref().map(|it| format!("; did you mean {it}?")).unwrap_or_default())]
pub struct UnknownColumn {
    /// The type.
    pub kind: Type,
    /// What was asked for.
    pub name: String,
    /// The column whose name is nearest, if one is like it.
    pub suggestion: Option<String>,
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
        assert_eq!(error.to_string(), "server-descriptor: no column fingerprnt; did you mean fingerprint?");
        let error = all.only(&["xyz"]).expect_err("no such column");
        assert_eq!(error.to_string(), "server-descriptor: no column xyz");
    }
}
