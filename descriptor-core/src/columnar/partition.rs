//! Parquet files in folders `type=…/year=…/month=…`, which DuckDB, Spark, Polars and pandas read as one table.

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::RecordBatch;

use super::{ColumnarError, Document, ParquetWriter, Plan, Selection};
use crate::{document::Type, value::Timestamp};

/// How the engines call the folder of rows that have no value for it.
const NONE: &str = "__HIVE_DEFAULT_PARTITION__";

/// Limits of a [`PartitionedWriter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionLimits {
    /// How many files are open at once. One more, and the one longest unused is finished; its partition may get another.
    pub files: usize,
    /// How many bytes of rows wait in memory, about. More, and the file that holds most writes them.
    pub memory: usize,
}

impl Default for PartitionLimits {
    fn default() -> Self {
        PartitionLimits { files: 32, memory: 256 << 20 }
    }
}

/// Chooses the rows and columns of a type; `None` leaves its documents out.
pub type Choose = Box<dyn FnMut(Type) -> Option<Selection> + Send>;

/// Writes documents of any types to `ROOT/type=TYPE/year=YYYY/month=MM/part-NNNNN.parquet`, by
/// [`Document::time`]. Existing files stay; parts are numbered on from them.
///
/// The column `type` is not in the files: the folder says it, and two of the same name irritate some engines.
/// Documents of types without a time, as microdescriptors, are below `year=__HIVE_DEFAULT_PARTITION__`, which engines read
/// as null; pyarrow must be told the kinds of `year` and `month` if it reads nothing but such documents.
/// Parts have names that begin with a dot, which engines do not read, until [`finish`](PartitionedWriter::finish) gives all
/// of them their own: a run that fails or is killed before leaves no rows behind, and the next one removes its rests.
pub struct PartitionedWriter {
    root: PathBuf,
    limits: PartitionLimits,
    choose: Choose,
    selections: HashMap<Type, Option<Arc<Selection>>>,
    open: HashMap<Partition, Part>,
    numbers: HashMap<Partition, u32>,
    complete: Vec<Staged>,
    /// Counts documents, to know which file is longest unused.
    clock: u64,
    rows: u64,
    /// Whether folders that have parts are refused.
    only_new: bool,
}

/// A folder of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Partition {
    kind: Type,
    /// Year and month, `YYYY-MM`.
    month: Option<[u8; 7]>,
}

struct Part {
    writer: ParquetWriter<File>,
    staged: Staged,
    used: u64,
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The files, in order.
    pub files: Vec<PathBuf>,
    /// How many rows they have.
    pub rows: u64,
}

impl PartitionedWriter {
    /// A writer below a folder, which is made with the first document.
    pub fn new(root: impl Into<PathBuf>, choose: Choose, limits: PartitionLimits) -> Self {
        PartitionedWriter {
            root: root.into(),
            limits,
            choose,
            selections: HashMap::new(),
            open: HashMap::new(),
            numbers: HashMap::new(),
            complete: Vec::new(),
            clock: 0,
            rows: 0,
            only_new: false,
        }
    }

    /// The same, but folders that have parts already are refused with [`ErrorKind::AlreadyExists`](std::io::ErrorKind), so
    /// that nothing is written twice.
    #[must_use]
    pub fn only_new(self) -> Self {
        PartitionedWriter { only_new: true, ..self }
    }

    /// A writer of what a plan wants, with the usual limits.
    pub fn of(plan: Plan, root: impl Into<PathBuf>) -> Self {
        let choose = Box::new(move |kind| plan.selection(kind).cloned());
        Self::new(root, choose, PartitionLimits::default())
    }

    /// Adds the rows of a document. After [`ColumnarError::Kind`] and [`ColumnarError::Full`] all rows are there, with null
    /// in place of what did not fit, and writing can go on; after other errors it cannot.
    pub fn append(&mut self, document: &Document<'_>) -> Result<(), ColumnarError> {
        let selection = self.selections.entry(document.kind);
        let selection = selection.or_insert_with(|| (self.choose)(document.kind).map(Arc::new)).clone();
        let Some(selection) = selection else { return Ok(()) };
        let month = document.time().and_then(|time| time.format(b' ').first_chunk().copied());
        let partition = Partition { kind: document.kind, month };
        self.clock += 1;
        if !self.open.contains_key(&partition) {
            self.begin(partition, &selection)?;
        }
        let mut result = Ok(());
        if let Some(part) = self.open.get_mut(&partition) {
            part.used = self.clock;
            let before = part.writer.rows();
            selection.rows(document, &mut |row| match &result {
                Ok(()) => result = part.writer.append(row),
                Err(ColumnarError::Kind(_) | ColumnarError::Full(_)) => {
                    if let Err(error) = part.writer.append(row) {
                        result = Err(error);
                    }
                }
                Err(_) => {}
            });
            self.rows += part.writer.rows() - before;
        }
        if self.clock.is_multiple_of(1024) {
            self.spare()?;
        }
        result
    }

    /// Adds a batch of rows, made on another thread by a [`RecordBatchBuilder`](super::RecordBatchBuilder) of what the
    /// writer chooses for the type. All of them are filed under the month of one time.
    pub fn write(
        &mut self,
        kind: Type,
        time: Option<Timestamp>,
        batch: &RecordBatch,
    ) -> Result<(), ColumnarError> {
        let selection = self.selections.entry(kind);
        let selection = selection.or_insert_with(|| (self.choose)(kind).map(Arc::new)).clone();
        let Some(selection) = selection else { return Ok(()) };
        let month = time.and_then(|time| time.format(b' ').first_chunk().copied());
        let partition = Partition { kind, month };
        self.clock += 1;
        if !self.open.contains_key(&partition) {
            self.begin(partition, &selection)?;
        }
        if let Some(part) = self.open.get_mut(&partition) {
            part.used = self.clock;
            part.writer.write(batch)?;
            self.rows += batch.num_rows() as u64;
        }
        self.spare()
    }

    /// Finishes all files and gives them their names.
    pub fn finish(mut self) -> Result<Written, ColumnarError> {
        while let Some(&partition) = self.open.keys().next() {
            self.end(partition)?;
        }
        let mut complete = std::mem::take(&mut self.complete);
        complete.sort_by(|a, b| a.path.cmp(&b.path));
        let mut written = Written { files: Vec::new(), rows: self.rows };
        for staged in complete {
            written.files.push(staged.publish()?);
        }
        Ok(written)
    }

    /// Opens the next part of a partition; finishes another one if too many are open.
    fn begin(&mut self, partition: Partition, selection: &Selection) -> Result<(), ColumnarError> {
        if self.open.len() >= self.limits.files.max(1)
            && let Some((&oldest, _)) = self.open.iter().min_by_key(|(_, part)| part.used)
        {
            self.end(oldest)?;
        }
        let folder = self.root.join(partition.folder());
        let number = match self.numbers.get(&partition) {
            Some(&number) => number,
            None => match prepare(&folder)? {
                next if next > 0 && self.only_new => {
                    return Err(at(&folder)(io::Error::new(
                        io::ErrorKind::AlreadyExists,
                        "has parts already",
                    )));
                }
                next => next,
            },
        };
        self.numbers.insert(partition, number + 1);
        let staged = Staged::new(&folder, number);
        let file = File::create(&staged.temporary).map_err(at(&staged.temporary))?;
        let writer = ParquetWriter::with_columns(file, selection.clone(), |name| name != "type")?;
        self.open.insert(partition, Part { writer, staged, used: self.clock });
        Ok(())
    }

    fn end(&mut self, partition: Partition) -> Result<(), ColumnarError> {
        let Some(Part { writer, staged, .. }) = self.open.remove(&partition) else { return Ok(()) };
        if writer.rows() == 0 {
            return Ok(());
        }
        writer.finish()?.sync_all().map_err(at(&staged.temporary))?;
        self.complete.push(staged);
        Ok(())
    }

    /// Writes row groups, those that hold most memory first, until the rest is within the limit.
    fn spare(&mut self) -> Result<(), ColumnarError> {
        let mut held: usize = self.open.values().map(|part| part.writer.memory()).sum();
        while held > self.limits.memory {
            let Some(part) = self.open.values_mut().max_by_key(|part| part.writer.memory()) else { break };
            let before = part.writer.memory();
            part.writer.flush()?;
            let freed = before.saturating_sub(part.writer.memory());
            if freed == 0 {
                break;
            }
            held -= freed;
        }
        Ok(())
    }
}

impl Partition {
    fn folder(&self) -> String {
        let month = self.month.as_ref().and_then(|month| std::str::from_utf8(month).ok());
        let (year, month) = month.and_then(|it| it.split_once('-')).unwrap_or((NONE, NONE));
        format!("type={}/year={year}/month={month}", self.kind.name())
    }
}

/// A file that has its name only when it is complete. Dropped before that, it is removed.
#[derive(Debug)]
struct Staged {
    temporary: PathBuf,
    path: PathBuf,
}

impl Staged {
    fn new(folder: &Path, number: u32) -> Self {
        let name = format!("part-{number:05}.parquet");
        Staged { temporary: folder.join(format!(".{name}.tmp")), path: folder.join(name) }
    }

    fn publish(self) -> Result<PathBuf, ColumnarError> {
        fs::rename(&self.temporary, &self.path).map_err(at(&self.path))?;
        if let Some(folder) = self.path.parent() {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder).and_then(|it| it.sync_all()).map_err(at(folder))?;
        }
        Ok(self.path.clone())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After `publish` nothing has the temporary name any more. Before it, what cannot be removed now is removed by the
        // next run.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Makes a folder, removes what a killed run has left in it, and tells the number of its next part.
fn prepare(folder: &Path) -> Result<u32, ColumnarError> {
    fs::create_dir_all(folder).map_err(at(folder))?;
    let mut next = 0;
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.starts_with(".part-") && name.ends_with(".tmp") {
            fs::remove_file(entry.path()).map_err(at(&entry.path()))?;
        }
        let number = name.strip_prefix("part-").and_then(|it| it.strip_suffix(".parquet"));
        if let Some(number) = number.and_then(|it| it.parse::<u32>().ok()) {
            next = next.max(number.saturating_add(1));
        }
    }
    Ok(next)
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> ColumnarError {
    let path = path.to_owned();
    move |source| ColumnarError::Io { path, source }
}
