//! Which columns each type's rows have, by `--type`, `--fields` and `--entries`.

use std::collections::HashMap;

use descriptor_core::{
    columnar::{Selected, Selection},
    document::Type,
    suggest::nearest,
};

use crate::exit::Failure;

/// A selection for every type that is read and has rows.
#[derive(Debug)]
pub(crate) struct Selections {
    of: HashMap<Type, Selection>,
    entries: bool,
}

impl Selections {
    /// Selects the columns. Every field must be a column of at least one of the types.
    pub(crate) fn new(types: &[Type], fields: &[String], entries: bool) -> Result<Self, Failure> {
        let asked = if types.is_empty() { Type::ALL } else { types };
        let mut of = HashMap::new();
        for &kind in asked {
            let whole = if entries { Selection::entries(kind) } else { Some(Selection::documents(kind)) };
            of.extend(whole.map(|selection| (kind, selection)));
        }
        if of.is_empty() {
            let names: Vec<_> = asked.iter().map(|kind| kind.name()).collect();
            return Err(Failure::Usage(format!("--entries: {} has no entries", names.join(", "))));
        }
        for field in fields {
            if !of.values().any(|selection| has(selection, field)) {
                return Err(Failure::Usage(unknown(field, &of, types)));
            }
        }
        if !fields.is_empty() {
            for selection in of.values_mut() {
                // A column that is named twice is there once.
                let mut present: Vec<&String> = Vec::new();
                for field in fields.iter().filter(|field| has(selection, field)) {
                    if !present.contains(&field) {
                        present.push(field);
                    }
                }
                *selection = selection.only(&present).map_err(|error| Failure::Usage(error.to_string()))?;
            }
        }
        Ok(Selections { of, entries })
    }

    /// The selection of a type; `None` if it has no rows.
    pub(crate) fn of(&self, kind: Type) -> Option<&Selection> {
        self.of.get(&kind)
    }

    /// Whether the rows of some types have the same columns, else two that have not.
    pub(crate) fn alike(&self, types: &[Type]) -> Result<(), (Type, Type)> {
        let mut all = types.iter().filter_map(|&kind| Some((kind, self.of(kind)?.columns())));
        let Some((first, columns)) = all.next() else { return Ok(()) };
        let same = |others: &[Selected]| {
            let named = |columns: &[Selected]| {
                columns.iter().map(|it| (it.name.clone(), it.kind)).collect::<Vec<_>>()
            };
            named(columns) == named(others)
        };
        match all.find(|(_, others)| !same(others)) {
            Some((other, _)) => Err((first, other)),
            None => Ok(()),
        }
    }

    /// Whether rows are entries.
    pub(crate) fn entries(&self) -> bool {
        self.entries
    }
}

fn has(selection: &Selection, field: &str) -> bool {
    selection.columns().iter().any(|column| column.name == field)
}

/// What is said about a field that no type has: the nearest column, and where all of them are listed.
fn unknown(field: &str, of: &HashMap<Type, Selection>, types: &[Type]) -> String {
    let names = of.values().flat_map(|selection| selection.columns()).map(|column| &*column.name);
    let place = match types {
        [kind] => kind.name(),
        _ => "TYPE",
    };
    let hint = match nearest(field, names) {
        Some(name) => format!("did you mean {name}? "),
        None => String::new(),
    };
    format!("--fields: no column {field:?}; {hint}all are listed by `tordesc schema {place}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(types: &[Type], names: &[&str]) -> Result<Selections, Failure> {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        Selections::new(types, &names, false)
    }

    #[test]
    fn fields_that_nobody_has_are_refused_with_the_nearest() {
        let error = fields(&[Type::ServerDescriptor], &["nicknam"]).expect_err("no such column").to_string();
        assert!(error.contains("did you mean nickname?"), "{error}");
        let some = fields(&[], &["uptime", "nickname", "uptime"]).expect("columns of server descriptors");
        let columns = some.of(Type::ServerDescriptor).expect("has rows").columns();
        let names: Vec<_> = columns.iter().map(|column| &*column.name).collect();
        assert_eq!(names, ["uptime", "nickname"]);
    }
}
