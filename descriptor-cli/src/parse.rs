//! `tordesc parse`: documents to rows.

use std::{io::IsTerminal, path::Path, sync::Arc};

use descriptor_core::{
    columnar::{
        ColumnarError, Document, ParquetWriter, RecordBatchBuilder, Row, Selection, arrow_array::RecordBatch,
        csv_header, csv_row, json_row, json_unparseable,
    },
    document::{Digests, Type},
    netdoc::Frame,
    schema::{Issue, Problem},
};

use crate::{
    cli::{Global, Parse, RowFormat},
    convert::failure,
    exit::{Failure, Outcome},
    figures::things,
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
    let stdout = args.output.as_deref().is_none_or(|path| path == Path::new("-"));
    if format == RowFormat::Parquet && stdout && std::io::stdout().is_terminal() {
        return Err(Failure::Usage("--format parquet: not for a terminal; name a file with -o".to_owned()));
    }
    let table = Table::Unopened(Output::open(args.output.as_deref())?);
    let mut writer = Writer { format, selections: &selections, first: None, table, total: Rows::default() };
    let how = How { history: args.history.as_deref(), streams: stdout, ..How::default() };
    let totals = reading::read(
        &args.inputs,
        global,
        how,
        |documents| rows(args.strict, format, &selections, documents),
        |rows| writer.write(rows),
    )?;
    let total = writer.finish()?;
    totals.remember(args.history.as_deref())?;
    total.report(global, format);
    Ok(Outcome::of_reading(total.documents + total.without, total.unparseable + totals.failed))
}

/// What was asked for, else what the ending of OUT says, else JSON lines.
fn format(args: &Parse) -> RowFormat {
    let ending = args.output.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
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
        if self.without > 0 && (self.documents == 0 || global.verbose) {
            complain(
                global,
                &format!("--entries: {} of types without entries", things(self.without, "document")),
            );
        }
    }
}

/// Writes the rows of each run of documents, in order.
struct Writer<'s> {
    format: RowFormat,
    selections: &'s Selections,
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
        let names = |kind: Type| {
            let columns = self.selections.of(kind)?.columns().iter();
            Some(columns.map(|column| (&column.name, column.kind)).collect::<Vec<_>>())
        };
        if first == kind || names(first) == names(kind) {
            return Ok(());
        }
        let format = if self.format == RowFormat::Csv { "csv" } else { "parquet" };
        Err(Failure::Usage(format!(
            "--format {format}: {} and {} have different columns; choose one with --type, or columns that both have with --fields",
            first.name(),
            kind.name()
        )))
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

    /// Ends the table; gives what was met.
    fn finish(self) -> Result<Rows, Failure> {
        match self.table {
            Table::Unopened(output) if self.format != RowFormat::Parquet => output.finish()?,
            Table::Parquet(writer) => writer.finish().map_err(failure)?.finish()?,
            Table::Unopened(_) | Table::Broken => {}
        }
        Ok(self.total)
    }
}
