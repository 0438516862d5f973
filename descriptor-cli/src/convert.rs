//! `tordesc convert`: an archive to Parquet, in folders by type, year and month.

use std::collections::BTreeMap;

use descriptor_core::{
    columnar::{
        ColumnarError, Document, PartitionLimits, PartitionedWriter, RecordBatchBuilder, Selection,
        arrow_array::RecordBatch,
    },
    document::{Digests, Type},
    value::Timestamp,
};

use crate::{
    cli::{Convert, Global},
    exit::{Failure, Outcome},
    figures::things,
    reading::{self, Documents, How, complain},
};

/// Reads everything and writes tables.
pub(crate) fn run(args: &Convert, global: Global) -> Result<Outcome, Failure> {
    let entries = args.entries;
    let choose = Box::new(move |kind| select(kind, entries));
    let mut writer = PartitionedWriter::new(&args.output, choose, PartitionLimits::default());
    let (mut documents, mut unparseable) = (0, 0);
    let how = How { history: args.history.as_deref(), ..How::default() };
    let totals = reading::read(
        &args.inputs,
        global,
        how,
        |all| tables(entries, all),
        |part| {
            let part = part.map_err(failure)?;
            documents += part.documents;
            unparseable += part.unparseable;
            part.batches.iter().try_for_each(|it| writer.write(it.kind, it.time, &it.batch)).map_err(failure)
        },
    )?;
    let written = writer.finish().map_err(failure)?;
    totals.remember(args.history.as_deref())?;
    if global.quiet == 0 {
        let rows = things(written.rows, "row");
        complain(
            global,
            &format!(
                "{rows} of {} in {}",
                things(documents, "document"),
                things(written.files.len() as u64, "file")
            ),
        );
        if unparseable > 0 {
            complain(
                global,
                &format!("{} could not be read; `tordesc check` shows why", things(unparseable, "document")),
            );
        }
    }
    Ok(Outcome::of_reading(documents, unparseable + totals.failed))
}

/// The rows of a type: entries if they are asked for and the type has such, else documents.
fn select(kind: Type, entries: bool) -> Option<Selection> {
    Selection::entries(kind).filter(|_| entries).or_else(|| Some(Selection::documents(kind)))
}

/// Tables made of some documents.
#[derive(Default)]
struct Tables {
    batches: Vec<Table>,
    documents: u64,
    unparseable: u64,
}

struct Table {
    kind: Type,
    /// A time in the month that the rows are filed under.
    time: Option<Timestamp>,
    batch: RecordBatch,
}

/// `YYYY-MM`.
type Month = [u8; 7];

/// A table before its end, with a time in its month.
type Building = (Option<Timestamp>, Selection, RecordBatchBuilder);

/// Makes tables of documents; runs in parallel.
fn tables(entries: bool, documents: &mut Documents<'_>) -> Result<Tables, ColumnarError> {
    let mut tables = Tables::default();
    let mut builders: BTreeMap<(Type, Option<Month>), Building> = BTreeMap::new();
    for (source, frame) in documents {
        let parsed = frame.kind.map(|kind| (kind, kind.parse(frame)));
        let Some((kind, parsed)) = parsed.filter(|(_, parsed)| parsed.document().is_some()) else {
            tables.unparseable += 1;
            continue;
        };
        let digests = if entries { Digests::default() } else { kind.digests(frame.body) };
        let document = Document { kind, source: &source, parsed: &parsed, digests };
        let time = document.time();
        let month = time.and_then(|time| time.format(b' ').first_chunk().copied());
        let (_, selection, builder) = builders.entry((kind, month)).or_insert_with(|| {
            let selection = select(kind, entries).unwrap_or_else(|| Selection::documents(kind));
            (time, selection.clone(), RecordBatchBuilder::new(selection))
        });
        let mut result = Ok(());
        selection.rows(&document, &mut |row| match builder.append(row) {
            // The row has null in place of what did not fit.
            Ok(()) | Err(ColumnarError::Kind(_) | ColumnarError::Full(_)) => {}
            Err(error) => result = Err(error),
        });
        result?;
        tables.documents += 1;
    }
    for ((kind, _), (time, _, mut builder)) in builders {
        tables.batches.push(Table { kind, time, batch: builder.finish()? });
    }
    Ok(tables)
}

/// A failure of the tables.
pub(crate) fn failure(error: ColumnarError) -> Failure {
    match &error {
        ColumnarError::Io { path, source } => Failure::at(path, source),
        _ => Failure::Other(error.to_string()),
    }
}
