//! The reference of a type's fields, made from its table: for people and for programs.

use std::fmt::{self, Write};

use super::JsonSink;
use crate::schema::{Column, Count, Kind, Schema, Sink};

/// A schema and the schemas of its parts, each once, the outermost first.
pub(super) fn tables(schema: &'static Schema) -> Vec<&'static Schema> {
    let mut all = vec![schema];
    let mut at = 0;
    while let Some(schema) = all.get(at) {
        for column in schema.columns() {
            let mut kind = column.kind;
            while let Kind::List(inner) | Kind::Map(inner) = kind {
                kind = *inner;
            }
            if let Kind::Table(table) = kind
                && all.iter().all(|it| it.name != table().name)
            {
                all.push(table());
            }
        }
        at += 1;
    }
    all
}

/// How often a line may stand, in a word.
fn count(count: Count) -> &'static str {
    match count {
        Count::Once => "once",
        Count::Optional => "at most once",
        Count::Many => "any number",
        Count::Flag => "present or not",
    }
}

/// A text on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The columns of a field.
fn columns(schema: &'static Schema, field: usize) -> impl Iterator<Item = &'static Column> {
    schema.columns().iter().filter(move |column| column.field == field)
}

/// The reference as Markdown: a section a table, a line a column.
pub fn reference_markdown(schema: &'static Schema) -> String {
    let mut out = String::new();
    for (index, schema) in tables(schema).into_iter().enumerate() {
        let (line, level) = if index == 0 { ("", "#") } else { ("\n", "##") };
        let (name, about, spec) = (schema.name, one_line(schema.doc), schema.spec);
        let _ = write!(out, "{line}{level} {name}\n\n{about}\n\nSpecification: {spec}.\n\n");
        out.push_str("| column | type | line | how often | what it is |\n| --- | --- | --- | --- | --- |\n");
        for column in schema.columns() {
            let field = &schema.fields[column.field];
            let keywords: Vec<_> = field.keywords.iter().map(|keyword| format!("`{keyword}`")).collect();
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {} |",
                column.name,
                Prose(column.kind),
                keywords.join(", "),
                count(field.count),
                one_line(field.doc).replace('|', "\\|"),
            );
        }
    }
    out
}

/// A kind for people: `list of text`, `number in seconds`.
struct Prose(Kind);

impl fmt::Display for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Policy(kind) => Prose(*kind).fmt(f),
            Kind::Bool => f.write_str("true or false"),
            Kind::Int("") => f.write_str("number"),
            Kind::Int(unit) => write!(f, "number, {unit}"),
            Kind::Float("") => f.write_str("fraction"),
            Kind::Float(unit) => write!(f, "fraction, {unit}"),
            Kind::Text => f.write_str("text"),
            Kind::Hex => f.write_str("hex"),
            Kind::Base64 => f.write_str("base64"),
            Kind::Time => f.write_str("time"),
            Kind::Address => f.write_str("address"),
            Kind::List(kind) => write!(f, "list of {}", Prose(*kind)),
            Kind::Map(kind) => write!(f, "map to {}", Prose(*kind)),
            Kind::Record(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    let (open, name, kind) =
                        (if index == 0 { "(" } else { ", " }, part.name, Prose(part.kind));
                    write!(f, "{open}`{name}` {kind}")?;
                }
                f.write_str(")")
            }
            Kind::Table(schema) => write!(f, "[{0}](#{0})", schema().name),
        }
    }
}

/// The reference as JSON: name, doc, spec and fields, each with its keywords, count, doc and columns. The tables that it
/// refers to are in `tables`.
pub fn reference_json(schema: &'static Schema) -> String {
    let mut out = Vec::new();
    let mut sink = JsonSink::new(&mut out);
    let mut tables = tables(schema).into_iter();
    sink.map();
    if let Some(schema) = tables.next() {
        table_json(&mut sink, schema);
    }
    sink.key(b"tables");
    sink.list();
    for schema in tables {
        sink.map();
        table_json(&mut sink, schema);
        sink.end_map();
    }
    sink.end_list();
    sink.end_map();
    out.push(b'\n');
    String::from_utf8_lossy(&out).into_owned()
}

fn text(sink: &mut dyn Sink, key: &str, value: &str) {
    sink.key(key.as_bytes());
    sink.text(value.as_bytes());
}

fn table_json(sink: &mut dyn Sink, schema: &'static Schema) {
    text(sink, "name", schema.name);
    text(sink, "doc", &one_line(schema.doc));
    text(sink, "spec", schema.spec);
    sink.key(b"fields");
    sink.list();
    for (index, field) in schema.fields.iter().enumerate() {
        sink.map();
        text(sink, "name", field.name.trim_start_matches("r#"));
        sink.key(b"keywords");
        sink.list();
        field.keywords.iter().for_each(|keyword| sink.text(keyword.as_bytes()));
        sink.end_list();
        text(sink, "count", count(field.count));
        text(sink, "doc", &one_line(field.doc));
        sink.key(b"columns");
        sink.list();
        for column in columns(schema, index) {
            sink.map();
            text(sink, "name", &column.name);
            kind_json(sink, column.kind);
            sink.end_map();
        }
        sink.end_list();
        sink.end_map();
    }
    sink.end_list();
}

/// The kind as `type`, with `unit`, `of`, `parts` or `table` where it has them.
fn kind_json(sink: &mut dyn Sink, kind: Kind) {
    let name = match kind {
        Kind::Policy(kind) => return kind_json(sink, *kind),
        Kind::Bool => "bool",
        Kind::Int(_) => "int",
        Kind::Float(_) => "float",
        Kind::Text => "text",
        Kind::Hex => "hex",
        Kind::Base64 => "base64",
        Kind::Time => "time",
        Kind::Address => "address",
        Kind::List(_) => "list",
        Kind::Map(_) => "map",
        Kind::Record(_) => "record",
        Kind::Table(_) => "table",
    };
    text(sink, "type", name);
    match kind {
        Kind::Int(unit) | Kind::Float(unit) if !unit.is_empty() => text(sink, "unit", unit),
        Kind::List(kind) | Kind::Map(kind) => {
            sink.key(b"of");
            sink.map();
            kind_json(sink, *kind);
            sink.end_map();
        }
        Kind::Record(parts) => {
            sink.key(b"parts");
            sink.list();
            for part in parts {
                sink.map();
                text(sink, "name", part.name);
                kind_json(sink, part.kind);
                sink.end_map();
            }
            sink.end_list();
        }
        Kind::Table(schema) => text(sink, "table", schema().name),
        _ => {}
    }
}
