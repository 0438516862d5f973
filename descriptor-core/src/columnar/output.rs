//! Tables on the disk: one Parquet file, or a folder of partitions.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{
    ColumnarError, ParquetWriter, PartitionedWriter, Plan, Tables, Written,
    partition::{Staged, at},
};

/// Writes what a [`Plan`] wants: into one file if its name ends in `.parquet`, for which the plan must want one kind of
/// rows; else into the folders of a [`PartitionedWriter`]. Nothing has its name before [`finish`](TableWriter::finish).
pub struct TableWriter {
    form: Form,
}

enum Form {
    File(Box<ParquetWriter<File>>, Staged),
    Folder(PartitionedWriter),
}

impl TableWriter {
    /// Begins to write.
    pub fn create(path: &Path, plan: &Plan) -> Result<Self, ColumnarError> {
        let selection = plan.types().next().and_then(|kind| plan.selection(kind));
        let form = match selection {
            Some(selection) if path.extension().is_some_and(|it| it == "parquet") => {
                let staged = Staged::of(path);
                let file = File::create(staged.temporary()).map_err(at(staged.temporary()))?;
                Form::File(Box::new(ParquetWriter::new(file, selection.clone())?), staged)
            }
            _ => Form::Folder(PartitionedWriter::of(plan.clone(), path)),
        };
        Ok(TableWriter { form })
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
            Form::File(writer, staged) => {
                let rows = writer.rows();
                writer.finish()?.sync_all().map_err(at(staged.temporary()))?;
                let files: Vec<PathBuf> = vec![staged.publish()?];
                Ok(Written { files, rows })
            }
        }
    }
}
