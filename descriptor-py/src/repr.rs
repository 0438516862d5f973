//! How documents look in a console and in a notebook.

use std::fmt::Write;

use descriptor_core::schema::{Kind, Schema};
use pyo3::{prelude::*, types::PyString};

use crate::descriptor::Descriptor;

/// How many columns a line shows.
const FEW: usize = 4;
/// How many characters of a value a table shows.
const WIDE: usize = 80;

/// Whether values are small enough for a line.
fn is_small(kind: Kind) -> bool {
    matches!(kind, Kind::Bool | Kind::Int(_) | Kind::Text | Kind::Hex | Kind::Time | Kind::Address)
}

/// `<ServerDescriptor nickname='a' address=IPv4Address('1.2.3.4') …>`, with the first columns that are small.
pub(crate) fn line(descriptor: &Descriptor, py: Python<'_>) -> PyResult<String> {
    let schema = descriptor.schema()?;
    let mut text = format!("<{}", descriptor.title()?);
    let mut shown = 0;
    for column in schema.columns().iter().filter(|column| is_small(column.kind)) {
        let value = descriptor.plain(py, column.field, column.part)?;
        if value.is_none() {
            continue;
        }
        let value = cut(&shown_as(&value)?);
        // Writing to a string cannot fail.
        let _ = write!(text, " {}={value}", column.name);
        shown += 1;
        if shown == FEW {
            break;
        }
    }
    text.push('>');
    Ok(text)
}

/// A table of all columns that have a value, with their units.
pub(crate) fn html(descriptor: &Descriptor, py: Python<'_>) -> PyResult<String> {
    let schema = descriptor.schema()?;
    let mut text = format!("<table><caption>{}</caption>", descriptor.title()?);
    for column in schema.columns() {
        let value = match column.kind {
            Kind::List(Kind::Table(_)) => {
                let count = descriptor.record()?.count(column.field);
                PyString::new(py, &format!("{count} of {}", element(column.kind).map_or("", |it| it.title)))
                    .into_any()
            }
            _ => descriptor.plain(py, column.field, column.part)?,
        };
        if value.is_none() {
            continue;
        }
        let unit = column.kind.unit().map(|unit| format!(" {unit}")).unwrap_or_default();
        let doc = schema.fields[column.field].doc.split_whitespace().collect::<Vec<_>>().join(" ");
        let value = cut(&value.str()?.to_string_lossy());
        let _ = write!(
            text,
            "<tr title=\"{}\"><th>{}</th><td>{}{}</td></tr>",
            escape(&doc),
            escape(&column.name),
            escape(&value),
            escape(&unit),
        );
    }
    text.push_str("</table>");
    Ok(text)
}

/// The table of a column's records.
pub(crate) fn element(kind: Kind) -> Option<&'static Schema> {
    match kind {
        Kind::List(kind) => element(*kind),
        Kind::Table(table) => Some(table()),
        _ => None,
    }
}

/// Times and addresses as text, all else as Python shows it.
fn shown_as(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let text = match value.get_type().name()?.to_str()? {
        "datetime" | "IPv4Address" | "IPv6Address" => value.str()?,
        _ => value.repr()?,
    };
    Ok(text.to_string_lossy().into_owned())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(WIDE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
