//! Tables on the disk: one Parquet file, or a folder of partitions.

use std::path::{Path, PathBuf};

use super::{ColumnarError, ParquetWriter, PartitionedWriter, Plan, Tables, Written, partition::at};
use crate::destination::Destination;

/// Writes what a [`Plan`] wants: into one file if its name ends in `.parquet`, for which the plan must want one kind of
/// rows, by way of a [`Destination`]; else into the folders of a [`PartitionedWriter`]. Nothing has its name before [`finish`](TableWriter::finish).
pub struct TableWriter {
    form: Form,
}

enum Form {
    File(Box<ParquetWriter<Destination>>, PathBuf),
    Folder(Box<PartitionedWriter>),
}

impl TableWriter {
    /// Begins to write.
    pub fn create(path: &Path, plan: &Plan) -> Result<Self, ColumnarError> {
        let selection = plan.types().next().and_then(|kind| plan.selection(kind));
        let form = match selection {
            Some(selection) if path.extension().is_some_and(|it| it == "parquet") => {
                let file = Destination::open(path).map_err(at(path))?;
                Form::File(Box::new(ParquetWriter::new(file, selection.clone())?), path.to_owned())
            }
            _ => Form::Folder(Box::new(PartitionedWriter::of(plan.clone(), path))),
        };
        Ok(TableWriter { form })
    }

    /// The same, but folders that have parts already are refused with [`ErrorKind::AlreadyExists`](std::io::ErrorKind).
    #[must_use]
    pub fn only_new(self) -> Self {
        match self.form {
            Form::Folder(writer) => TableWriter { form: Form::Folder(Box::new(writer.only_new())) },
            Form::File(..) => self,
        }
    }

    /// Whether tables must be made by month.
    pub fn by_month(&self) -> bool {
        matches!(self.form, Form::Folder(_))
    }

    /// Writes tables that the plan made.
    pub fn write(&mut self, tables: &Tables) -> Result<(), ColumnarError> {
        match &mut self.form {
            Form::File(writer, _) => tables.batches.iter().try_for_each(|batch| writer.write(&batch.rows)),
            Form::Folder(writer) => {
                tables.batches.iter().try_for_each(|it| writer.write(it.kind, it.time, &it.rows))
            }
        }
    }

    /// Ends the files and gives them their names.
    pub fn finish(self) -> Result<Written, ColumnarError> {
        match self.form {
            Form::Folder(writer) => writer.finish(),
            Form::File(writer, path) => {
                let rows = writer.rows();
                writer.finish()?.finish().map_err(at(&path))?;
                Ok(Written { files: vec![path], rows })
            }
        }
    }
}
