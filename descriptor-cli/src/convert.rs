//! `tordesc convert`: an archive to Parquet, in folders by type, year and month.

use std::io::ErrorKind;

use descriptor_core::columnar::{ColumnarError, Plan, TableWriter};

use crate::{
    cli::{Convert, Global},
    exit::{Failure, Outcome},
    figures::things,
    parse::flaws,
    reading::{self, How, complain},
};

/// Reads everything and writes tables.
pub(crate) fn run(args: &Convert, global: Global) -> Result<Outcome, Failure> {
    let plan = Plan::all(args.entries);
    let writer = TableWriter::create(&args.output, &plan).map_err(failure)?;
    // Who keeps a history reads nothing twice.
    let append = args.append || args.history.is_some();
    let mut writer = if append { writer } else { writer.only_new() };
    let by_month = writer.by_month();
    let (mut documents, mut unparseable, mut flawed, mut lacking) = (0, 0, 0, 0);
    let how = How { history: args.history.as_deref(), ..How::default() };
    let totals = reading::read(
        &args.inputs,
        global,
        how,
        |all| plan.tables(all, by_month),
        |part| {
            let part = part.map_err(failure)?;
            documents += part.documents;
            unparseable += part.unparseable;
            flawed += part.flawed;
            lacking += part.lacking;
            writer.write(&part).map_err(refused)
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
        if let Some(flaws) = flaws(flawed, lacking) {
            complain(global, &flaws);
        }
    }
    Ok(Outcome::of_reading(documents, unparseable + lacking + totals.failed))
}

/// A failure of the tables; if they are there already, with what may be done about it.
fn refused(error: ColumnarError) -> Failure {
    match &error {
        ColumnarError::Io { path, source } if source.kind() == ErrorKind::AlreadyExists => {
            let what = "has tables already, and to convert the same again would double their rows";
            let may = "--append adds to them, --history FILE adds what is new";
            Failure::Usage(format!("{}: {what}; {may}", path.display()))
        }
        _ => failure(error),
    }
}

/// A failure of the tables.
pub(crate) fn failure(error: ColumnarError) -> Failure {
    match &error {
        ColumnarError::Io { path, source } => Failure::at(path, source),
        _ => Failure::Other(error.to_string()),
    }
}
