//! `tordesc convert`: an archive to Parquet, in folders by type, year and month.

use descriptor_core::columnar::{ColumnarError, Plan, TableWriter};

use crate::{
    cli::{Convert, Global},
    exit::{Failure, Outcome},
    figures::things,
    reading::{self, How, complain},
};

/// Reads everything and writes tables.
pub(crate) fn run(args: &Convert, global: Global) -> Result<Outcome, Failure> {
    let plan = Plan::all(args.entries);
    let mut writer = TableWriter::create(&args.output, &plan).map_err(failure)?;
    let by_month = writer.by_month();
    let (mut documents, mut unparseable) = (0, 0);
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
            writer.write(&part).map_err(failure)
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

/// A failure of the tables.
pub(crate) fn failure(error: ColumnarError) -> Failure {
    match &error {
        ColumnarError::Io { path, source } => Failure::at(path, source),
        _ => Failure::Other(error.to_string()),
    }
}
