//! What comes out of Arrow and Parquet is what went in.

use std::{fs, path::PathBuf};

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow_array::{
    Array, RecordBatch, StructArray,
    cast::AsArray,
    types::{Float64Type, Int64Type, TimestampMicrosecondType},
};
use arrow_schema::DataType;

use super::*;
use crate::{
    document::Type,
    netdoc::frames,
    schema::Sink,
    value::{EpochMillis, Timestamp},
};

/// A text of an array of texts of either form.
fn text(array: &dyn Array, at: usize) -> &str {
    match array.data_type() {
        DataType::Utf8View => array.as_string_view().value(at),
        _ => array.as_string::<i32>().value(at),
    }
}

/// Tells a value of an Arrow array to a sink.
fn tell(array: &dyn Array, at: usize, out: &mut dyn Sink) {
    if array.is_null(at) {
        return out.null();
    }
    match array.data_type() {
        DataType::Boolean => out.bool(array.as_boolean().value(at)),
        DataType::Int64 => out.int(array.as_primitive::<Int64Type>().value(at)),
        DataType::Float64 => out.float(array.as_primitive::<Float64Type>().value(at)),
        DataType::Timestamp(..) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(at);
            match micros % 1_000_000 {
                0 => out.time(Timestamp(micros / 1_000_000)),
                _ => out.millis(EpochMillis(micros / 1000)),
            }
        }
        DataType::Utf8 | DataType::Utf8View => out.text(text(array, at).as_bytes()),
        DataType::List(_) => {
            let values = array.as_list::<i32>().value(at);
            out.list();
            (0..values.len()).for_each(|at| tell(&*values, at, out));
            out.end_list();
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(at);
            out.map();
            for at in 0..entries.len() {
                out.key(text(entries.column(0), at).as_bytes());
                tell(entries.column(1), at, out);
            }
            out.end_map();
        }
        DataType::Struct(fields) => {
            let parts: &StructArray = array.as_struct();
            out.map();
            for (field, part) in fields.iter().zip(parts.columns()) {
                out.key(field.name().as_bytes());
                tell(part, at, out);
            }
            out.end_map();
        }
        other => panic!("no kind becomes {other}"),
    }
}

/// The columns of a batch's row as JSON.
fn told(batch: &RecordBatch, at: usize, skip: usize) -> String {
    let mut out = Vec::new();
    let mut sink = JsonSink::new(&mut out);
    for column in &batch.columns()[skip..] {
        sink.list();
        tell(column, at, &mut sink);
        sink.end_list();
    }
    String::from_utf8(out).expect("UTF-8")
}

/// The columns of a row as JSON.
fn straight(row: &Row<'_>) -> String {
    let mut out = Vec::new();
    let mut sink = JsonSink::new(&mut out);
    for index in 0..row.columns().len() {
        sink.list();
        row.emit(index, &mut sink);
        sink.end_list();
    }
    String::from_utf8(out).expect("UTF-8")
}

/// Values as a list in JSON.
fn values(tell: impl FnOnce(&mut dyn Sink)) -> String {
    let mut out = Vec::new();
    let mut sink = JsonSink::new(&mut out);
    sink.list();
    tell(&mut sink);
    sink.end_list();
    String::from_utf8(out).expect("UTF-8")
}

/// Tells the columns of a row one by one.
fn each(row: &Row<'_>, out: &mut dyn Sink) {
    (0..row.columns().len()).for_each(|index| row.emit(index, out));
}

/// All files of the corpus, if it is there.
fn corpus() -> Vec<(PathBuf, Vec<u8>)> {
    let shared = std::env::var_os("TORDESC_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")), PathBuf::from);
    let mut files = Vec::new();
    let mut folders = vec![shared.join("corpus")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = fs::read(&path) {
                files.push((path, bytes));
            }
        }
    }
    if files.is_empty() {
        println!("skipped: no corpus at {}", shared.display());
    }
    files.sort();
    files
}

/// A builder with what it was given.
struct Given {
    selection: Selection,
    builder: RecordBatchBuilder,
    rows: Vec<(i64, String)>,
}

impl Given {
    fn new(selection: Selection) -> Self {
        Given { builder: RecordBatchBuilder::new(selection.clone()), selection, rows: Vec::new() }
    }

    /// Enough rows to meet every column, few enough to be quick.
    fn is_full(&self) -> bool {
        self.rows.len() >= 500
    }

    fn add(&mut self, document: &Document<'_>) {
        self.selection.rows(document, &mut |row| {
            if self.rows.len() < 500 {
                let appended = self.builder.append(row);
                assert!(appended.is_ok(), "{} {}: {appended:?}", row.source(), row.offset());
                assert_eq!(values(|out| row.emit_all(out)), values(|out| each(row, out)));
                self.rows.push((row.offset() as i64, straight(row)));
            }
        });
    }

    fn compare(mut self) {
        let batch = self.builder.finish().expect("a batch");
        assert_eq!(batch.num_rows(), self.rows.len());
        let offsets = batch.column(2).as_primitive::<Int64Type>();
        let skip = if self.selection.is_entries() { 3 } else { 5 };
        for (at, (offset, row)) in self.rows.iter().enumerate() {
            assert_eq!(offsets.value(at), *offset);
            // In Arrow all times have fractions.
            assert_eq!(
                told(&batch, at, skip),
                row.replace(".000Z\"", "Z\""),
                "{}",
                self.selection.kind().name()
            );
        }
        assert_eq!(self.builder.finish().expect("an empty batch").num_rows(), 0);
    }
}

#[test]
fn arrow_holds_what_was_told() {
    let of_type = |&kind: &Type| {
        let selections = [Some(Selection::documents(kind)), Selection::entries(kind)].into_iter().flatten();
        let both_forms = selections.flat_map(|it| [it.clone(), it.with_views()]);
        both_forms.map(Given::new).collect::<Vec<_>>()
    };
    let mut given: Vec<_> = Type::ALL.iter().map(of_type).collect();
    for (path, bytes) in corpus() {
        for frame in frames(&bytes, None) {
            let Some(at) = Type::ALL.iter().position(|&kind| Some(kind) == frame.kind) else { continue };
            if given[at].iter().all(Given::is_full) {
                continue;
            }
            let (kind, source) = (Type::ALL[at], path.to_string_lossy());
            let parsed = kind.parse(frame);
            let document =
                Document { kind, source: &source, parsed: &parsed, digests: kind.digests(frame.body) };
            given[at].iter_mut().for_each(|it| it.add(&document));
        }
    }
    given.into_iter().flatten().for_each(Given::compare);
}

#[test]
fn partitioned_files_have_all_rows() {
    let root = std::env::temp_dir().join(format!("tordesc-partition-{}", std::process::id()));
    let text = |day: &str| {
        format!("router a 10.1.2.3 9001 0 0\npublished {day} 03:04:05\nproto Cons=1-2\nfamily A B\n")
    };
    let write = |limits| {
        let mut writer =
            PartitionedWriter::new(&root, Box::new(|kind| Some(Selection::documents(kind))), limits);
        for day in ["2019-01-02", "2019-02-03", "2019-01-04", "2020-01-05"] {
            let text = text(day);
            let frame = frames(text.as_bytes(), None).next().expect("one document");
            let kind = Type::ServerDescriptor;
            let parsed = kind.parse(frame);
            let document = Document { kind, source: day, parsed: &parsed, digests: kind.digests(frame.body) };
            writer.append(&document).expect("written");
        }
        writer
    };
    let names = |files: &[PathBuf]| -> Vec<String> {
        files.iter().map(|it| it.strip_prefix(&root).expect("below").to_string_lossy().into_owned()).collect()
    };

    drop(write(PartitionLimits::default()));
    let first = root.join("type=server-descriptor/year=2019/month=01");
    assert_eq!(fs::read_dir(&first).expect("the folder").count(), 0, "an unfinished run leaves no file");
    fs::write(first.join(".part-00007.parquet.tmp"), b"rest of a killed run").expect("written");

    let written = write(PartitionLimits::default()).finish().expect("finished");
    let expected = ["2019/month=01", "2019/month=02", "2020/month=01"]
        .map(|it| format!("type=server-descriptor/year={it}/part-00000.parquet"));
    assert_eq!((names(&written.files), written.rows), (expected.to_vec(), 4));
    assert_eq!(fs::read_dir(&first).expect("the folder").count(), 1, "the rest is gone");
    let file = fs::File::open(&written.files[0]).expect("the first file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|it| it.build()).expect("Parquet");
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().expect("batches");
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
    let sources = batches[0].column_by_name("source").expect("a column").as_string::<i32>();
    assert_eq!((sources.value(0), sources.value(1)), ("2019-01-02", "2019-01-04"));
    assert!(batches[0].column_by_name("type").is_none());

    // One open file only: January is closed for February and gets a second part; earlier files stay.
    let written = write(PartitionLimits { files: 1, ..Default::default() }).finish().expect("finished");
    let parts = names(&written.files);
    assert_eq!(parts.len(), 4);
    assert!(parts[1].ends_with("month=01/part-00002.parquet"));
    fs::remove_dir_all(&root).expect("removed");
}

#[test]
fn a_column_alone_has_the_values_that_it_has_among_all() {
    let golden_files = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut columns = 0;
    for &kind in Type::ALL {
        for entry in fs::read_dir(golden_files.join(kind.name())).expect("every type has cases") {
            let path = entry.expect("the folder can be read").path();
            if path.extension().is_none_or(|it| it != "txt") {
                continue;
            }
            let text = fs::read(&path).expect("the case can be read");
            let both = [Some(Selection::documents(kind)), Selection::entries(kind)];
            for selection in both.into_iter().flatten() {
                let of = |names: &[&str]| {
                    let plan = Plan::new([selection.clone()], names, &[]).expect("columns of the type");
                    let mut documents = frames(&text, Some(kind)).map(|frame| ("-".into(), frame));
                    let tables = plan.tables(&mut documents, false).expect("rows can be built");
                    tables.batches.into_iter().next().map(|batch| batch.rows)
                };
                let Some(whole) = of(&[]) else { continue };
                for (at, field) in whole.schema().fields().iter().enumerate() {
                    let alone = of(&[field.name()]).expect("as many rows");
                    assert_eq!(alone.num_rows(), whole.num_rows(), "{}: {}", path.display(), field.name());
                    assert_eq!(alone.column(0), whole.column(at), "{}: {}", path.display(), field.name());
                    columns += 1;
                }
            }
        }
    }
    assert!(columns > 500);
}

#[test]
fn a_plan_leaves_out_what_is_not_asked_for() {
    let text = b"@type server-descriptor 1.0\nrouter a 1.2.3.4 1 0 0\npublished 2012-03-01 17:15:27\nbandwidth 1 2 3\n\
        @type server-descriptor 1.0\nrouter b 1.2.3.5 1 0 0\npublished 2012-04-01 17:15:27\nbandwidth 1 2 3\n\
        @type server-descriptor 1.0\nrouter c 1.2.3.5 1 0 0\n@type microdescriptor 1.0\nonion-key\nrubbish";
    let tables = |plan: Result<Plan, FilterError>, by_month| {
        let mut documents = frames(text, None).map(|frame| ("-".into(), frame));
        plan.expect("a plan").tables(&mut documents, by_month).expect("rows can be built")
    };
    let some = || [Selection::documents(Type::ServerDescriptor)];
    let all = tables(Plan::new(some(), &["nickname"], &[]), true);
    assert_eq!((all.documents, all.unparseable, all.batches.len()), (2, 1, 2));
    let [unread] = &all.unread[..] else { panic!("one document lacks lines: {:?}", all.unread) };
    assert_eq!((&*unread.source, unread.offset, unread.kind), ("-", 222, Some(Type::ServerDescriptor)));
    let issue = unread.issue.as_ref().map(ToString::to_string);
    assert_eq!((issue.as_deref(), unread.line), (Some("published: the line is missing"), 1));
    assert_eq!(unread.head, b"router c 1.2.3.5 1 0 0");
    assert_eq!(all.batches[0].time.map(|time| time.to_string()).as_deref(), Some("2012-03-01 17:15:27"));
    let where_b = [("address", Condition::Any(vec!["1.2.3.5".to_owned()]))];
    let one = tables(Plan::new(some(), &["nickname", "offset"], &where_b), false);
    assert_eq!((one.documents, one.batches[0].rows.num_rows()), (2, 1));
    assert_eq!(one.batches[0].rows.column(0).as_string::<i32>().value(0), "b");
    assert_eq!(tables(Ok(Plan::all(false)), false).batches.len(), 2);
}

/// The entries of a consensus as one batch.
fn entries_of(text: &[u8], selection: Selection) -> RecordBatch {
    let plan = Plan::new([selection], &[] as &[&str], &[]).expect("a plan");
    let mut documents = frames(text, None).map(|frame| ("-".into(), frame));
    let mut tables = plan.tables(&mut documents, false).expect("rows can be built");
    tables.batches.pop().expect("a batch").rows
}

#[test]
fn what_comes_again_is_the_same_in_both_forms() {
    // Lists and maps that come again, some of them with texts that do not fit into a view, after others and after none.
    let lines = [
        "s Fast Running\npr Cons=1-2\n",
        "s Fast NoEdConsensus Running\npr Cons=1-2 Desc=1,2,3,4,5,6,7,8\n",
        "",
        "s Fast \u{00ff}\npr A-longer-name-than-any=1\n",
    ];
    let mut text = "@type network-status-consensus-3 1.0\nnetwork-status-version 3\nvote-status consensus\n\
        valid-after 2020-01-01 00:00:00\nfresh-until 2020-01-01 01:00:00\nvalid-until 2020-01-01 03:00:00\n\
        voting-delay 300 300\nknown-flags Fast Running\n"
        .to_owned();
    for number in 0..300 {
        text += &format!(
            "r n{number} AAAAAAAAAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAAAAAAAA 2020-01-01 00:00:00 1.2.3.4 1 0\n{}",
            lines[number * number / 7 % lines.len()]
        );
    }
    let selection = Selection::entries(Type::Consensus).expect("it has entries");
    let (plain, views) =
        (entries_of(text.as_bytes(), selection.clone()), entries_of(text.as_bytes(), selection.with_views()));
    assert_eq!((plain.num_rows(), views.num_rows()), (300, 300));
    for at in 0..300 {
        assert_eq!(told(&plain, at, 0), told(&views, at, 0));
    }
    let flags = views.column_by_name("flags").expect("a column").as_list::<i32>();
    let blocks = flags.values().as_string_view().data_buffers().len();
    assert!((1..=2).contains(&blocks), "as many blocks as lists would be {blocks}");
}

#[test]
fn entries_of_a_large_document_are_shared_out_and_stay_in_order() {
    let entry = |number: usize| {
        format!(
            "r n{number} AAAAAAAAAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAAAAAAAA 2020-01-01 00:00:00 1.2.3.4 {} 0\ns {}\n",
            1 + number % 60_000,
            if number.is_multiple_of(3) { "Exit Running" } else { "Running" },
        )
    };
    let of = |relays: usize| {
        let entries: String = (0..relays).map(entry).collect();
        let times = "valid-after 2020-01-01 00:00:00\nfresh-until 2020-01-01 01:00:00\nvalid-until 2020-01-01 03:00:00\n";
        format!(
            "@type network-status-consensus-3 1.0\nnetwork-status-version 3\nvote-status consensus\n{times}\
            voting-delay 300 300\nknown-flags Exit Running\n{entries}"
        )
    };
    let text = of(5) + &of(5000) + &of(2);
    let exits = [("flags", Condition::All(vec!["Exit".to_owned()]))];
    for conditions in [&[][..], &exits] {
        let selection = Selection::entries(Type::Consensus).expect("it has entries");
        let plan = Plan::new([selection], &[], conditions).expect("a plan");
        let rows = |plan: &Plan| {
            let mut documents = frames(text.as_bytes(), None).map(|frame| ("-".into(), frame));
            let tables = plan.tables(&mut documents, false).expect("rows can be built");
            tables.batches.into_iter().map(|batch| batch.rows).collect::<Vec<_>>()
        };
        let expected = rows(&plan);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("threads");
        for shared in [pool.install(|| rows(&plan)), rows(&plan.clone().with_threads(3))] {
            assert_eq!(
                (expected.len(), shared.len()),
                (1, 8),
                "the rows before, three large shares and three small ones, the rows after"
            );
            let mut done = 0;
            for rows in shared {
                assert_eq!(rows, expected[0].slice(done, rows.num_rows()));
                done += rows.num_rows();
            }
            assert!(done > 1600 && done == expected[0].num_rows());
        }
    }
}
