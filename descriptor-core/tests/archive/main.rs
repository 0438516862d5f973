//! Files, folders and archives: the same documents whatever they are packed in, in order, and the neighbours of what is
//! broken survive.
#![cfg(feature = "archive")]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod broken;
mod pack;
mod real;

use std::{
    fs,
    ops::ControlFlow::{self, Break, Continue},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use descriptor_core::{
    archive::{Cause, Chunk, Event, History, Input, Options, Progress, Stream, Summary, read},
    document::{OnionPerfAnalysis, Owned, Type},
    netdoc::frames,
    schema::parse,
};
use pack::*;

/// What is told of a document: source, offset, type and body.
type Told = (String, u64, Option<Type>, Vec<u8>);

fn tell(chunk: &Chunk) -> Vec<Told> {
    chunk
        .frames()
        .map(|(source, frame)| (source.to_string(), frame.offset, frame.kind, frame.body.to_vec()))
        .collect()
}

/// Documents and failures in the order in which they came, failures as text.
fn collect(paths: &[&Path], options: &Options) -> (Vec<Result<Told, String>>, Summary) {
    let inputs: Vec<_> = paths.iter().map(|path| Input::Path(path.to_path_buf())).collect();
    let mut all = Vec::new();
    let summary = read(&inputs, options, tell, |event| {
        match event {
            Event::Output(documents) => all.extend(documents.into_iter().map(Ok)),
            Event::Failed(error) => all.push(Err(error.to_string())),
        }
        Continue(())
    });
    (all, summary)
}

fn bodies(all: &[Result<Told, String>]) -> Vec<&[u8]> {
    all.iter().flatten().map(|(.., body)| body.as_slice()).collect()
}

fn failures(all: &[Result<Told, String>]) -> Vec<&str> {
    all.iter().filter_map(|told| told.as_ref().err().map(String::as_str)).collect()
}

/// A folder with some files in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn options(threads: usize, chunk_bytes: usize) -> Options {
    Options { threads, chunk_bytes, ..Options::default() }
}

#[test]
fn packing_makes_no_difference() {
    let folder = Folder::new();
    let text = descriptors(300, 400);
    let half = text.len() / 2;
    let plain = folder.put("plain", &text);
    let expected: Vec<_> = collect(&[&plain], &options(1, 5000)).0;
    assert_eq!(expected.len(), 300);
    let twice = |pack: fn(&[u8]) -> Vec<u8>| [pack(&text[..half]), pack(&text[half..])].concat();
    for (name, bytes) in [
        ("gz", gz(&text)),
        ("bz2", bz2(&text)),
        ("xz", xz(&text)),
        ("lzma", lzma(&text)),
        ("zst", zst(&text)),
        ("z", zlib(&text)),
        ("gz twice", twice(gz)),
        ("bz2 twice", twice(bz2)),
        ("xz twice", twice(xz)),
        ("zst twice", twice(zst)),
        ("gz in xz", xz(&gz(&text))),
    ] {
        let path = folder.put(name, &bytes);
        for chunk in [1024, 5000, 1 << 20] {
            let (all, summary) = collect(&[&path], &options(1, chunk));
            assert_eq!(bodies(&all), bodies(&expected), "{name}");
            assert_eq!((all.len(), summary.documents, summary.files), (300, 300, 1));
            let offsets =
                |all: &[Result<Told, String>]| -> Vec<u64> { all.iter().flatten().map(|it| it.1).collect() };
            assert_eq!(offsets(&all), offsets(&expected), "{name}");
        }
    }
}

#[test]
fn blank_lines_between_documents_belong_to_none() {
    let folder = Folder::new();
    let text = |blank: &[u8]| -> Vec<u8> {
        (0..50).flat_map(|number| [&descriptor(number, 400), blank].concat()).collect()
    };
    for (blank, chunk) in
        [(&b"\n\n"[..], 1024), (b"\n\n", 1 << 20), (b"\r\n\n\r\n", 1024), (b"\r\n\n\r\n", 1 << 20)]
    {
        let text = text(blank);
        let path = folder.put("x", &text);
        let (all, _) = collect(&[&path], &options(1, chunk));
        assert_eq!(all.len(), 50);
        for (told, number) in all.iter().flatten().zip(0..) {
            let (whole, place) = (descriptor(number, 400), told.1 as usize);
            assert!(whole.ends_with(&told.3) && told.3.starts_with(b"router "));
            assert_eq!(text[place..place + told.3.len()], told.3);
        }
    }
}

#[test]
fn members_are_read_whatever_they_are() {
    let folder = Folder::new();
    let (large, long) = (descriptors(40, 300), format!("{}/name", "long".repeat(50)));
    let inner = gz(&tar(&[("in", &descriptors(2, 100))]));
    let archive = tar(&[
        ("a/1", &descriptors(1, 100)),
        (long.as_str(), &descriptors(2, 100)),
        ("a/2.xz", &xz(&descriptors(3, 900))),
        ("empty", b""),
        ("large", &large),
        ("inner.tar.gz", &inner),
        ("../../etc/last", &descriptors(1, 1)),
    ]);
    for (name, bytes) in [("x.tar", archive.clone()), ("x.tar.xz", xz(&archive)), ("x.tgz", gz(&archive))] {
        let path = folder.put(name, &bytes);
        let expected: Vec<_> = [
            ("a/1", 1),
            (long.as_str(), 2),
            ("a/2.xz", 3),
            ("large", 40),
            ("inner.tar.gz!in", 2),
            ("../../etc/last", 1),
        ]
        .iter()
        .flat_map(|(member, count)| vec![format!("{}!{member}", path.display()); *count])
        .collect();
        for chunk in [1024, 4096, 1 << 20] {
            let (all, _) = collect(&[&path], &options(2, chunk));
            let sources: Vec<_> = all.iter().flatten().map(|told| told.0.clone()).collect();
            assert_eq!((sources, failures(&all).len()), (expected.clone(), 0));
            assert!(all.iter().flatten().all(|told| told.2 == Some(Type::ServerDescriptor)));
        }
    }
}

#[test]
fn order_does_not_depend_on_threads() {
    let folder = Folder::new();
    for number in 0..30 {
        let text = descriptors(number * 7 % 50 + 1, 200 + number * 30);
        let member = xz(&text);
        match number % 4 {
            0 => folder.put(&format!("d/{number:02}"), &text),
            1 => folder.put(&format!("d/{number:02}"), &xz(&tar(&[("a", &text), ("b", &member)]))),
            2 => folder.put(&format!("d/{number:02}"), &member[..member.len() - 20]),
            _ => folder.put(&format!("d/{number:02}"), &tar(&[("a", &text)])[..text.len() / 2]),
        };
    }
    let (expected, summary) = collect(&[folder.0.path()], &options(1, 4096));
    assert!(summary.documents > 400 && summary.failures == 14, "{summary:?}");
    for threads in [1, 2, 4] {
        for (waiting, alone) in [(0, false), (1000, false), (0, true)] {
            let options = Options { waiting, alone, ..options(threads, 4096) };
            let (all, again) = collect(&[folder.0.path()], &options);
            assert_eq!(all, expected);
            assert_eq!((again.documents, again.failures, again.files), (summary.documents, 14, 16));
        }
    }
    // Where chunks end does not depend on threads either.
    let inputs = [Input::Path(folder.0.path().into())];
    let chunks = |threads| {
        let mut chunks = Vec::new();
        read(
            &inputs,
            &options(threads, 4096),
            |chunk| chunk.frames().count(),
            |event| {
                if let Event::Output(count) = event {
                    chunks.push(count);
                }
                Continue(())
            },
        );
        chunks
    };
    assert_eq!(chunks(1), chunks(4));
}

#[test]
fn memory_is_bounded_though_the_first_chunk_is_slow() {
    let folder = Folder::new();
    let packed = xz(&descriptors(2000, 4000));
    let paths: Vec<_> = (0..6).map(|number| folder.put(&number.to_string(), &packed)).collect();
    let inputs: Vec<_> = paths.into_iter().map(Input::Path).collect();
    let (begun, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let ahead = AtomicUsize::new(0);
    let threads = 3;
    let summary = read(
        &inputs,
        &options(threads, 64 << 10),
        |chunk| {
            let begun = begun.fetch_add(1, SeqCst) + 1;
            ahead.fetch_max(begun - taken.load(SeqCst), SeqCst);
            if begun % 50 == 1 {
                std::thread::sleep(std::time::Duration::from_millis(30));
            }
            chunk.frames().count()
        },
        |_| {
            taken.fetch_add(1, SeqCst);
            Continue(())
        },
    );
    assert_eq!(summary.documents, 12_000);
    assert!(ahead.load(SeqCst) <= threads * 2 + 2, "{ahead:?} chunks at once");
    assert!(summary.peak_bytes <= 24 << 20, "{summary:?}");
}

#[test]
fn other_types_are_passed_over() {
    let folder = Folder::new();
    let other = b"@type extra-info 1.0\nextra-info n 0\npublished 2020-01-01 00:00:00\n".repeat(100);
    let text = [descriptors(50, 200), other].concat();
    let path = folder.put("x", &text);
    for chunk in [1024, 1 << 20] {
        let options = Options { types: Some(vec![Type::ExtraInfo]), ..options(1, chunk) };
        let (all, summary) = collect(&[&path], &options);
        assert_eq!((all.len(), summary.documents), (100, 100));
    }
}

#[test]
fn the_caller_may_stop() {
    let folder = Folder::new();
    for number in 0..20 {
        folder.put(&format!("{number:02}"), &xz(&descriptors(500, 1000)));
    }
    let inputs = [Input::Path(folder.0.path().into())];
    let options = Options { history: Some(History::default()), ..options(4, 4096) };
    let mut count = 0;
    let summary = read(
        &inputs,
        &options,
        |chunk| chunk.frames().count(),
        |_| {
            count += 1;
            if count == 3 { Break(()) } else { Continue(()) }
        },
    );
    assert!(summary.stopped && count == 3);
    assert_eq!(options.history.unwrap().len(), 0);
}

#[test]
fn a_panic_reaches_the_caller_and_nobody_waits() {
    let folder = Folder::new();
    let path = folder.put("x", &descriptors(500, 1000));
    for (threads, alone) in [(1, false), (3, false), (1, true)] {
        for (in_map, in_each) in [(true, false), (false, true)] {
            let result = std::panic::catch_unwind(|| {
                let map = |_: &Chunk| assert!(!in_map, "in map");
                let each = |_: Event<()>| -> ControlFlow<()> {
                    assert!(!in_each, "in each");
                    Continue(())
                };
                let options = Options { alone, ..options(threads, 4096) };
                read(&[Input::Path(path.clone())], &options, map, each)
            });
            assert!(result.is_err());
        }
    }
}

#[test]
fn who_reads_alone_waits_for_nobody() {
    let folder = Folder::new();
    // More than all chunks may have together otherwise, in each file.
    let text = descriptors(1, 20 << 20);
    (0..4).for_each(|number| drop(folder.put(&format!("d/{number}"), &text)));
    for keep in [false, true] {
        let options = Options { alone: true, keep, ..options(0, 4096) };
        let (all, summary) = collect(&[folder.0.path()], &options);
        assert_eq!((all.len(), summary.files, summary.failures), (4, 4, 0));
    }
}

#[test]
fn a_history_leaves_only_what_is_new() {
    let folder = Folder::new();
    folder.put("d/1", &descriptors(3, 100));
    folder.put("d/2", &xz(&descriptors(3, 100))[..60]);
    let saved = folder.0.path().join("history");
    let inputs = folder.0.path().join("d");
    let run = || {
        let options = Options { history: Some(History::load(&saved).unwrap()), ..options(2, 4096) };
        let (all, summary) = collect(&[&inputs], &options);
        options.history.unwrap().save(&saved).unwrap();
        (bodies(&all).len(), failures(&all).len(), summary.unchanged)
    };
    assert_eq!(run(), (3, 1, 0));
    assert_eq!(run(), (0, 1, 1));
    folder.put("d/2", &xz(&descriptors(2, 100)));
    folder.put("d/3", &descriptors(1, 100));
    assert_eq!(run(), (3, 0, 1));
    assert_eq!(run(), (0, 0, 3));
}

#[test]
fn progress_ends_at_its_total() {
    let folder = Folder::new();
    folder.put("1", &descriptors(3, 100));
    folder.put("2", &xz(&descriptors(30, 100)));
    let progress = Arc::new(Progress::default());
    let options = Options { progress: Some(Arc::clone(&progress)), ..Options::default() };
    collect(&[folder.0.path()], &options);
    let bytes: u64 =
        fs::read_dir(folder.0.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert_eq!(
        (progress.bytes(), progress.total(), progress.documents(), progress.files()),
        (bytes, Some(bytes), 33, 2)
    );
}

#[test]
fn errors_are_values_too() {
    let inputs = ["no/such/*".parse::<Input>().unwrap()];
    let mut causes = Vec::new();
    read(
        &inputs,
        &Options::default(),
        |_| (),
        |event| {
            if let Event::Failed(error) = event {
                causes.push(error.cause);
            }
            Continue(())
        },
    );
    assert!(matches!(causes.as_slice(), [Cause::NoMatch]));
    assert_eq!("-".parse(), Ok(Input::Stdin));
}

#[test]
fn streams_are_read_like_files_and_buffers_may_be_kept() {
    let text = descriptors(300, 700);
    let folder = Folder::new();
    let path = folder.put("packed", &gz(&text));
    let inputs = [
        Input::Stream(Stream::new("a", std::io::Cursor::new(gz(&text)))),
        Input::Path(path),
        Input::Stream(Stream::new("b", std::io::Cursor::new(text.clone()))),
    ];
    for threads in [1, 3] {
        let mut kept: Vec<Owned> = Vec::new();
        let options = Options { keep: true, ..options(threads, 4096) };
        let keep = |chunk: &Chunk| -> Vec<Owned> {
            chunk.frames().filter_map(|(_, frame)| Owned::new(chunk.bytes(), frame)).collect()
        };
        let inputs = if threads == 1 { &inputs[..] } else { &inputs[1..2] };
        read(inputs, &options, keep, |event| {
            if let Event::Output(documents) = event {
                kept.extend(documents);
            }
            Continue(())
        });
        let bodies: Vec<_> = kept.iter().map(|document| document.frame().body).collect();
        let all: Vec<_> = frames(&text, None).map(|frame| frame.body).collect();
        assert_eq!(bodies, vec![all; inputs.len()].concat());
    }
}

/// Who asks for Torperf results gets those that analyses of OnionPerf tell, whatever these are packed in.
#[test]
fn analyses_are_read_as_results_where_only_these_are_asked_for() {
    let analysis =
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/onionperf/3.1.txt")).unwrap();
    let frame = frames(&analysis, Some(Type::OnionPerf)).next().unwrap();
    let results = parse::<OnionPerfAnalysis<'_>>(frame).partial.to_torperf().unwrap();
    let expected: Vec<_> = frames(&results, None).map(|frame| (frame.kind, frame.body)).collect();
    assert!(!expected.is_empty() && expected.iter().all(|(kind, _)| *kind == Some(Type::Torperf)));

    let folder = Folder::new();
    let name = "2021-06-01.op-hk6a.onionperf.analysis.json";
    let annotated = [b"@type onionperf 1.0\n", &analysis[..]].concat();
    let member = tar(&[(name, &analysis), ("other.json", b"{\"a\": 1}"), ("b.tpf", &results)]);
    let paths = [
        (folder.put(name, &analysis), 1),
        (folder.put("annotated", &annotated), 1),
        (folder.put("packed.xz", &xz(&analysis)), 1),
        (folder.put("many.tar", &member), 2),
        (folder.put("many.tar.xz", &xz(&member)), 2),
    ];
    let only = |types: &[Type]| Options { types: Some(types.to_vec()), ..Options::default() };
    for (path, times) in &paths {
        let (all, _) = collect(&[path], &only(&[Type::Torperf]));
        let told: Vec<_> = all.iter().flatten().map(|(_, _, kind, body)| (*kind, &**body)).collect();
        assert_eq!(told, expected.repeat(*times), "{}", path.display());
        assert_eq!(failures(&all), Vec::<&str>::new());
        let (both, _) = collect(&[path], &only(&[Type::Torperf, Type::OnionPerf]));
        let kinds: Vec<_> = both.iter().flatten().map(|(_, _, kind, _)| *kind).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == Some(Type::OnionPerf)).count(), 1);
    }
    let broken = folder
        .put(name, &String::from_utf8(analysis).unwrap().replace("\"tgen\": {", "\"tgen\": [{").into_bytes());
    let small = Options { max_document: 100, ..only(&[Type::Torperf]) };
    assert!(failures(&collect(&[&broken], &small).0)[0].ends_with("the document is larger than 100 bytes"));
}
