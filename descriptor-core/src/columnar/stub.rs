//! The stub of the classes that Python makes of the tables.

use std::fmt::Write;

use super::{
    entries::entries_field,
    reference::{one_line, tables},
};
use crate::{
    document::Type,
    schema::{Column, Count, Field, Kind, Part, Schema},
};

/// The reference as Python classes for a stub, parts before what refers to them. The stub must import `Iterator` and
/// `Sequence` from `collections.abc`, `datetime` from `datetime`, `IPv4Address` and `IPv6Address` from `ipaddress`, and
/// `TypedDict` from `typing`, and have the classes `Descriptor` and `Policy`.
pub fn reference_pyi(schema: &'static Schema) -> String {
    tables(schema).into_iter().rev().map(class).collect()
}

/// The same for all types, each class once.
pub fn reference_stub() -> String {
    let mut out = String::new();
    let mut known: Vec<&str> = Vec::new();
    for &kind in Type::ALL {
        let schema = (kind.info().schema)();
        for schema in tables(schema).into_iter().rev() {
            if !known.contains(&schema.title) {
                known.push(schema.title);
                out.push_str(&class(schema));
            }
        }
        if kind.title() != schema.title {
            let (title, table, name) = (kind.title(), schema.title, kind.name());
            let _ = writeln!(out, "class {title}({table}):\n    \"\"\"A {table} that is a {name}.\"\"\"\n");
        }
    }
    out
}

/// A class with a property for each column.
fn class(schema: &'static Schema) -> String {
    let (mut out, class) = (String::new(), schema.title);
    for column in schema.columns() {
        typed_dicts(&mut out, class, &column.name, column.kind);
    }
    let _ = writeln!(out, "class {class}(Descriptor):\n    \"\"\"{}\"\"\"\n", docstring(schema.doc));
    for column in schema.columns() {
        let field = &schema.fields[column.field];
        let annotation = annotation(class, column, field);
        let _ = writeln!(out, "    @property\n    def {}(self) -> {annotation}:", column.name);
        let unit = column.kind.unit().filter(|_| !field.doc.contains("Unit: "));
        let unit = unit.map(|unit| format!(" In {unit}.")).unwrap_or_default();
        let _ = writeln!(out, "        \"\"\"{}{unit}\"\"\"", docstring(field.doc));
    }
    if let Some(entry) = entry(schema) {
        let _ = writeln!(out, "    def __iter__(self) -> Iterator[{}]: ...", entry.title);
    }
    out.push('\n');
    out
}

/// The table of the entries of a document.
fn entry(schema: &'static Schema) -> Option<&'static Schema> {
    let kind = Type::ALL.iter().find(|kind| std::ptr::eq((kind.info().schema)(), schema))?;
    match schema.fields[entries_field(*kind)?].parts {
        [Part { kind: Kind::List(Kind::Table(table)), .. }] => Some(table()),
        _ => None,
    }
}

fn docstring(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('"', "\\\"")
}

/// `exit_policy` as `ExitPolicy`.
fn class_name(name: &str) -> String {
    let mut class = String::new();
    for word in name.split('_') {
        let mut chars = word.chars();
        class.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        class.push_str(chars.as_str());
    }
    class
}

/// A line that may be missing is `None`; so is, in a document with something wrong, one that must not be.
fn annotation(class: &str, column: &Column, field: &Field) -> String {
    let value = python(class, &column.name, column.kind);
    if field.count == Count::Optional { format!("{value} | None") } else { value }
}

fn python(class: &str, name: &str, kind: Kind) -> String {
    match kind {
        Kind::Policy(_) => "Policy".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Int(_) => "int".to_owned(),
        Kind::Float(_) => "float".to_owned(),
        Kind::Text | Kind::Hex | Kind::Base64 => "str".to_owned(),
        Kind::Time => "datetime".to_owned(),
        Kind::Address => "IPv4Address | IPv6Address".to_owned(),
        Kind::List(Kind::Table(schema)) => format!("Sequence[{}]", schema().title),
        Kind::List(kind) => format!("list[{}]", python(class, name, *kind)),
        Kind::Map(kind) => format!("dict[str, {}]", python(class, name, *kind)),
        Kind::Record(_) => format!("_{class}{}", class_name(name)),
        Kind::Table(schema) => schema().title.to_owned(),
    }
}

/// Writes a class for the named parts of a value, if it has any.
fn typed_dicts(out: &mut String, class: &str, name: &str, mut kind: Kind) {
    while let Kind::List(inner) | Kind::Map(inner) = kind {
        kind = *inner;
    }
    let Kind::Record(parts) = kind else { return };
    let own = python(class, name, kind);
    for part in parts {
        typed_dicts(out, &own, part.name, part.kind);
    }
    let _ = writeln!(out, "class {own}(TypedDict):");
    for part in parts {
        let _ = writeln!(out, "    {}: {} | None", part.name, python(&own, part.name, part.kind));
    }
    out.push('\n');
}
