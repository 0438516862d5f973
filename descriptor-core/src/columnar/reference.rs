//! The reference of a type's fields, made from its table: for people, for programs, for Python's type checkers.

use crate::schema::Schema;

/// The reference as Markdown.
pub fn reference_markdown(schema: &'static Schema) -> String {
    schema.name.to_owned()
}

/// The reference as JSON.
pub fn reference_json(schema: &'static Schema) -> String {
    schema.name.to_owned()
}

/// The reference as classes for a Python stub.
pub fn reference_pyi(schema: &'static Schema) -> String {
    schema.name.to_owned()
}
