//! `tordesc schema`: the document types and their fields.

use std::fmt::Write as _;

use descriptor_core::{
    columnar::{reference_json, reference_markdown, reference_pyi},
    document::Type,
    schema::Schema,
};
use serde_json::json;

use crate::{
    cli::{SchemaArgs, SchemaFormat, short_name},
    exit::{Failure, Outcome},
    output,
    style::{DIM, HEAD, NAME, paint},
};

/// Lists the types, or shows the fields of one or, in a given format, of all.
pub(crate) fn run(args: &SchemaArgs) -> Result<Outcome, Failure> {
    let text = match (args.kind, args.format) {
        (None, None) => list(),
        (None, Some(SchemaFormat::Json)) => list_json(),
        (None, Some(format)) => {
            let all: Vec<_> = tables().into_iter().map(|schema| reference(schema, format)).collect();
            all.join("\n")
        }
        (Some(kind), format) => reference((kind.info().schema)(), format.unwrap_or(SchemaFormat::Md)),
    };
    output::print(&text)
}

fn reference(schema: &'static Schema, format: SchemaFormat) -> String {
    let mut text = match format {
        SchemaFormat::Md => reference_markdown(schema),
        SchemaFormat::Json => reference_json(schema),
        SchemaFormat::Pyi => reference_pyi(schema),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Every table once; some types share one.
fn tables() -> Vec<&'static Schema> {
    let mut tables: Vec<&'static Schema> = Vec::new();
    for kind in Type::ALL {
        let schema = (kind.info().schema)();
        if !tables.iter().any(|it| it.name == schema.name) {
            tables.push(schema);
        }
    }
    tables
}

/// The first sentence of a table's documentation.
fn about(schema: &Schema) -> String {
    let text = schema.doc.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split(". ").next().unwrap_or_default().trim_end_matches('.').to_owned()
}

/// One line a type: its name, its short name, how many columns it has, and what it is.
fn list() -> String {
    let rows: Vec<_> = Type::ALL
        .iter()
        .map(|&kind| {
            let schema = (kind.info().schema)();
            (kind.name(), short_name(kind), schema.columns().len(), about(schema))
        })
        .collect();
    let wide = rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
    let short = rows.iter().map(|row| row.1.len()).max().unwrap_or(0);
    let mut text = String::new();
    let heading = format!("{:wide$}  {:short$}  columns  what it is", "type", "or in short");
    let _ = writeln!(text, "{}", paint(HEAD, heading));
    for (name, alias, columns, about) in rows {
        let alias = if alias == name { "" } else { &alias };
        let (name, alias) = (paint(NAME, format!("{name:wide$}")), paint(DIM, format!("{alias:short$}")));
        let _ = writeln!(text, "{name}  {alias}  {columns:7}  {about}");
    }
    let _ = writeln!(text, "\n{}", paint(DIM, "`tordesc schema TYPE` shows the fields of a type."));
    text
}

/// The same for programs.
fn list_json() -> String {
    let all: Vec<_> = Type::ALL
        .iter()
        .map(|&kind| {
            let schema = (kind.info().schema)();
            json!({
                "type": kind.name(),
                "short": short_name(kind),
                "columns": schema.columns().iter().map(|column| &column.name).collect::<Vec<_>>(),
                "doc": about(schema),
                "spec": schema.spec,
            })
        })
        .collect();
    format!("{:#}\n", json!(all))
}
