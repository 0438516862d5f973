//! `tordesc parse`: documents to rows.

use std::{io::IsTerminal, path::Path, sync::Arc};

use descriptor_core::{
    columnar::{
        ColumnarError, Document, ParquetWriter, RecordBatchBuilder, Row, Selection, arrow_array::RecordBatch,
        csv_header, csv_row, json_row, json_unparseable,
    },
    destination::is_standard_output,
    document::{Digests, Type},
    netdoc::Frame,
    schema::{Issue, Problem},
};

use crate::{
    cli::{Global, Parse, RowFormat},
    compress::told_by,
    convert::failure,
    exit::{Failure, Outcome},
    figures::{count, things},
    output::Output,
    reading::{self, Documents, How, complain},
    selections::Selections,
};

/// How many documents that cannot be read are named on stderr.
const NAMED: usize = 10;

/// Reads everything and writes rows.
pub(crate) fn run(args: &Parse, global: Global) -> Result<Outcome, Failure> {
    let selections = Selections::new(&args.inputs.types, &args.fields, args.entries)?;
    let format = format(args);
    let stdout = args.output.as_deref().is_none_or(is_standard_output);
    if format == RowFormat::Parquet && stdout && std::io::stdout().is_terminal() {
        return Err(Failure::Usage("--format parquet: not for a terminal; name a file with -o".to_owned()));
    }
    if format != RowFormat::Jsonl {
        selections.alike(&args.inputs.types).map_err(|(one, other)| different(format, one, other))?;
    }
    let table = Table::Unopened(Output::by_name(args.output.as_deref())?);
    let (first, total) = (None, Rows::default());
    let mut writer =
        Writer { format, selections: &selections, output: args.output.as_deref(), first, table, total };
    let how = How { history: args.history.as_deref(), streams: stdout, ..How::default() };
    let totals = reading::read(
        &args.inputs,
        global,
        how,
        |documents| rows(args.strict, format, &selections, documents),
        |rows| writer.write(rows),
    )?;
    let total = writer.finish(&args.inputs.types)?;
    totals.remember(args.history.as_deref())?;
    total.report(global, format);
    let lost = total.unparseable + total.lacking + totals.failed;
    Ok(Outcome::of_reading(total.documents + total.without, lost))
}

/// What was asked for, else what the ending of OUT says, else JSON lines.
fn format(args: &Parse) -> RowFormat {
    let name = args.output.as_deref().map(|path| told_by(path).1);
    let ending = name.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
    args.format.unwrap_or(match ending {
        Some("csv") => RowFormat::Csv,
        Some("parquet") => RowFormat::Parquet,
        _ => RowFormat::Jsonl,
    })
}

/// The rows of some documents, and what was met on the way.
#[derive(Debug, Default)]
struct Rows {
    /// JSON lines or CSV.
    text: Vec<u8>,
    /// For Parquet: the rows of each type.
    batches: Vec<(Type, Result<RecordBatch, ColumnarError>)>,
    /// Types of the rows, in the order of their first row.
    types: Vec<Type>,
    /// Documents that gave rows.
    documents: u64,
    /// Documents whose type has no entries.
    without: u64,
    /// Documents that could not be read.
    unparseable: u64,
    /// The first of them, each in one line.
    named: Vec<String>,
    /// Documents that gave rows although something is wrong with them.
    flawed: u64,
    /// How many of these have rows that lack something which stood there.
    lacking: u64,
}

/// Turns documents into rows; runs in parallel.
fn rows(strict: bool, format: RowFormat, selections: &Selections, documents: &mut Documents<'_>) -> Rows {
    let mut rows = Rows::default();
    let mut builders: Vec<(Type, RecordBatchBuilder)> = Vec::new();
    for (source, frame) in documents {
        let Some(kind) = frame.kind else {
            let issue = Issue { problem: Problem::UnknownType, keyword: "".into(), span: 0..0 };
            rows.refuse(format, &source, &frame, &[issue]);
            continue;
        };
        let Some(selection) = selections.of(kind) else {
            rows.without += 1;
            continue;
        };
        let parsed = kind.parse(frame);
        if parsed.document().is_none() || strict && !parsed.issues.is_empty() {
            rows.refuse(format, &source, &frame, &parsed.issues);
            continue;
        }
        let digests = if selections.entries() { Digests::default() } else { kind.digests(frame.body) };
        let document = Document { kind, source: &source, parsed: &parsed, digests };
        rows.documents += 1;
        rows.flawed += u64::from(!parsed.issues.is_empty());
        rows.lacking += u64::from(parsed.issues.iter().any(|issue| selection.lacks(issue)));
        if !rows.types.contains(&kind) {
            rows.types.push(kind);
        }
        match format {
            RowFormat::Jsonl => rows.write(selection, &document, json_row),
            RowFormat::Csv => rows.write(selection, &document, csv_row),
            RowFormat::Parquet => {
                let at = builders.iter().position(|(of, _)| *of == kind).unwrap_or_else(|| {
                    builders.push((kind, RecordBatchBuilder::new(selection.clone())));
                    builders.len() - 1
                });
                // A value that does not fit its column is null there, and the row is kept.
                selection.rows(&document, &mut |row| drop(builders[at].1.append(row)));
            }
        }
    }
    rows.batches = builders.into_iter().map(|(kind, mut builder)| (kind, builder.finish())).collect();
    rows
}

impl Rows {
    fn write(&mut self, selection: &Selection, document: &Document<'_>, row: fn(&mut Vec<u8>, &Row<'_>)) {
        selection.rows(document, &mut |it| row(&mut self.text, it));
    }

    fn refuse(&mut self, format: RowFormat, source: &Arc<str>, frame: &Frame<'_>, issues: &[Issue]) {
        self.unparseable += 1;
        if format == RowFormat::Jsonl {
            json_unparseable(&mut self.text, source, frame, issues);
        }
        if self.named.len() < NAMED {
            let what = issues.first().map_or_else(|| "not read".to_owned(), Issue::to_string);
            let offset = frame.offset + issues.first().map_or(0, |issue| issue.span.start as u64);
            self.named.push(reading::line(source, offset, &what));
        }
    }

    /// Says on stderr what did not become rows.
    fn report(&self, global: Global, format: RowFormat) {
        if global.quiet > 0 {
            return;
        }
        if self.unparseable > 0 {
            self.named.iter().for_each(|line| complain(global, line));
            let place =
                if format == RowFormat::Jsonl { " and stand among the rows as unparseable" } else { "" };
            let cannot = format!("{} could not be read{place}", things(self.unparseable, "document"));
            complain(global, &format!("{cannot}; `tordesc check` shows why"));
        }
        if let Some(flaws) = flaws(self.flawed, self.lacking) {
            complain(global, &flaws);
        }
        if self.without > 0 && (self.documents == 0 || global.verbose) {
            complain(
                global,
                &format!("--entries: {} of types without entries", things(self.without, "document")),
            );
        }
    }
}

/// What is said about documents that gave rows although something is wrong with them.
pub(crate) fn flaws(flawed: u64, lacking: u64) -> Option<String> {
    let flawed = (flawed > 0).then(|| things(flawed, "document"))?;
    let lack =
        if lacking > 0 { format!(", of {} a part is left out", count(lacking)) } else { String::new() };
    Some(format!("{flawed} with problems{lack}; `tordesc check` shows them"))
}

/// The failure of rows of two types in one table.
fn different(format: RowFormat, one: Type, other: Type) -> Failure {
    let format = if format == RowFormat::Csv { "csv" } else { "parquet" };
    Failure::Usage(format!(
        "--format {format}: {} and {} have different columns; choose one with --type, or columns that both have with --fields",
        one.name(),
        other.name()
    ))
}

/// Writes the rows of each run of documents, in order.
struct Writer<'s> {
    format: RowFormat,
    selections: &'s Selections,
    /// Where it goes.
    output: Option<&'s Path>,
    /// The type of the first row, whose columns CSV and Parquet have.
    first: Option<Type>,
    table: Table,
    total: Rows,
}

/// Where rows go.
enum Table {
    /// Text; or Parquet before the first row tells the columns.
    Unopened(Output),
    Parquet(Box<ParquetWriter<Output>>),
    /// Opening has failed; the failure was returned.
    Broken,
}

impl Writer<'_> {
    fn write(&mut self, mut rows: Rows) -> Result<(), Failure> {
        if self.format != RowFormat::Jsonl {
            rows.types.iter().try_for_each(|&kind| self.only(kind))?;
        }
        for (_, batch) in rows.batches {
            let batch = batch.map_err(failure)?;
            if let Table::Parquet(writer) = &mut self.table {
                writer.write(&batch).map_err(failure)?;
            }
        }
        if let Table::Unopened(output) = &mut self.table {
            output.put(&rows.text)?;
        }
        let total = &mut self.total;
        total.documents += rows.documents;
        total.without += rows.without;
        total.unparseable += rows.unparseable;
        total.flawed += rows.flawed;
        total.lacking += rows.lacking;
        rows.named.truncate(NAMED.saturating_sub(total.named.len()));
        total.named.append(&mut rows.named);
        Ok(())
    }

    /// Begins the table with the columns of the first type; refuses a second type whose columns are others.
    fn only(&mut self, kind: Type) -> Result<(), Failure> {
        let Some(selection) = self.selections.of(kind) else { return Ok(()) };
        let Some(first) = self.first else {
            self.first = Some(kind);
            return self.begin(selection);
        };
        if first == kind {
            return Ok(());
        }
        self.selections.alike(&[first, kind]).map_err(|(one, other)| different(self.format, one, other))
    }

    fn begin(&mut self, selection: &Selection) -> Result<(), Failure> {
        match (self.format, &mut self.table) {
            (RowFormat::Csv, Table::Unopened(output)) => {
                let mut line = Vec::new();
                csv_header(&mut line, selection);
                output.put(&line)
            }
            (RowFormat::Parquet, table) => {
                if let Table::Unopened(output) = std::mem::replace(table, Table::Broken) {
                    let writer = ParquetWriter::new(output, selection.clone()).map_err(failure)?;
                    *table = Table::Parquet(Box::new(writer));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Ends the table; gives what was met. A table without rows has the columns of the types that were asked for.
    fn finish(mut self, types: &[Type]) -> Result<Rows, Failure> {
        if let (None, Some(&kind)) =
            (self.first, types.iter().find(|kind| self.selections.of(**kind).is_some()))
        {
            self.only(kind)?;
        }
        match self.table {
            Table::Unopened(output) if self.format != RowFormat::Parquet => output.finish()?,
            Table::Parquet(writer) => writer.finish().map_err(failure)?.finish()?,
            Table::Unopened(_) => {
                let out = self.output.map_or_else(|| "standard output".into(), Path::to_string_lossy);
                let old = self.output.is_some_and(Path::is_file);
                let left = if old { "stays as it was" } else { "not written" };
                let why = "no rows tell the columns of a table of Parquet; --type TYPE does";
                return Err(Failure::Other(format!("{out}: {left}: {why}")));
            }
            Table::Broken => {}
        }
        Ok(self.total)
    }
}
