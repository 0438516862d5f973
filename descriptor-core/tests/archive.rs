//! Files, folders and archives: the same documents whatever they are packed in, in order, and the neighbours of what is
//! broken survive.
#![cfg(feature = "archive")]

use std::{
    fs,
    io::Write,
    ops::ControlFlow::{self, Break, Continue},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use descriptor_core::{
    archive::{Cause, Chunk, Event, History, Input, Options, Progress, Summary, read},
    document::Type,
};

/// A server descriptor, as far as framing is concerned. No two are alike, so that they do not compress to nothing.
fn descriptor(number: usize, length: usize) -> Vec<u8> {
    let mut text = format!("@type server-descriptor 1.0\nrouter n{number} 1.2.3.4 9001 0 0\n").into_bytes();
    let mut state = number as u64 + 1;
    while text.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        text.extend(format!("x-{state:x} {}\n", "y".repeat(40)).bytes());
    }
    text
}

fn descriptors(count: usize, length: usize) -> Vec<u8> {
    (0..count).flat_map(|number| descriptor(number, length)).collect()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, contents) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(contents.len() as u64);
        if name.starts_with("..") {
            // The builder refuses such names.
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, *contents).unwrap();
        } else {
            builder.append_data(&mut header, name, *contents).unwrap();
        }
    }
    builder.into_inner().unwrap()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = liblzma::stream::LzmaOptions::new_preset(1).unwrap();
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

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

fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TORDESC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let found = Some(root.join(path)).filter(|path| path.exists());
    if found.is_none() {
        println!("skipped: ../shared/{path} is not there");
    }
    found
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
        for waiting in [0, 1000] {
            let options = Options { waiting, ..options(threads, 4096) };
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
fn what_is_broken_is_told_with_its_place_and_its_neighbours_survive() {
    let folder = Folder::new();
    let text = descriptors(20, 1000);
    let first = folder.put("1", &xz(&text)[..2000]);
    let mut flipped = xz(&text);
    // The block's checksum stands before index and footer.
    let place = flipped.len() - 40;
    flipped[place] ^= 1;
    let second = folder.put("2", &flipped);
    let third = folder.put("3", &text);
    let (all, summary) = collect(&[&first, &second, &third, &folder.0.path().join("4")], &options(2, 4096));
    let failed = failures(&all);
    assert_eq!(failed.len(), 3, "{failed:?}");
    assert!(failed[0].starts_with(&format!("{}: byte ", first.display())), "{failed:?}");
    assert!(failed[0].ends_with("the end is missing"), "{failed:?}");
    assert!(failed[1].starts_with(&second.display().to_string()), "{failed:?}");
    assert!(failed[2].contains("/4: cannot be opened: "), "{failed:?}");
    assert!(
        matches!(all.last(), Some(Err(_)))
            && bodies(&all).ends_with(&bodies(&collect(&[&third], &options(1, 9)).0))
    );
    assert_eq!((summary.files, summary.failures, summary.stopped), (1, 3, false));
}

#[test]
fn an_archive_goes_on_after_what_is_broken_in_it() {
    let folder = Folder::new();
    let packed = xz(&descriptors(5, 1000));
    let mut archive = tar(&[
        ("1", &descriptors(2, 300)),
        ("2.xz", &packed[..packed.len() - 30]),
        ("3", &descriptors(3, 300)),
        ("4", &descriptors(1, 300)),
        ("5", &descriptors(2, 300)),
    ]);
    let fourth =
        archive.windows(100).position(|name| name[0] == b'4' && name[1..].iter().all(|&b| b == 0)).unwrap();
    archive[fourth + 50] = b'!';
    let path = folder.put("x.tar", &archive);
    let (all, _) = collect(&[&path], &options(1, 1 << 20));
    let failed = failures(&all);
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(
        failed[0].contains("x.tar!2.xz: byte ") && failed[0].ends_with("the end is missing"),
        "{failed:?}"
    );
    assert!(failed[1].ends_with(&format!("x.tar: byte {fourth}: not a tar header")), "{failed:?}");
    let members: Vec<_> =
        all.iter().flatten().map(|told| told.0.rsplit('!').next().unwrap().to_owned()).collect();
    assert_eq!(
        members.iter().filter(|name| *name != "2.xz").collect::<Vec<_>>(),
        ["1", "1", "3", "3", "3", "5", "5"]
    );

    // Cut off within a member: its whole documents count, the torn one does not.
    let text = descriptors(10, 300);
    let path = folder.put(
        "y.tar",
        &tar(&[("1", &text), ("2", &text)])[..512 + text.len().next_multiple_of(512) + 512 + 1000],
    );
    let (all, summary) = collect(&[&path], &options(1, 1 << 20));
    assert_eq!((bodies(&all).len() / 10, failures(&all).len(), summary.files), (1, 1, 0));
    assert!(failures(&all)[0].ends_with("y.tar!2: byte 1000: the end is missing"), "{:?}", failures(&all));
}

#[test]
fn every_truncation_keeps_a_beginning_of_the_documents() {
    let folder = Folder::new();
    let text = descriptors(8, 700);
    let whole = folder.put("whole", &text);
    let expected = collect(&[&whole], &options(1, 1024)).0;
    for (name, packed) in [
        ("gz", gz(&text)),
        ("bz2", bz2(&text)),
        ("xz", xz(&text)),
        ("zst", zst(&text)),
        ("tar", tar(&[("a", &text)])),
    ] {
        // A shorter beginning is not yet told from text.
        for length in (512..packed.len()).step_by(7) {
            let path = folder.put(name, &packed[..length]);
            let (all, _) = collect(&[&path], &options(1, 1024));
            let documents = bodies(&all);
            assert!(bodies(&expected).starts_with(&documents), "{name} cut off after {length}");
            let failed = failures(&all);
            assert!(failed.len() == 1 || documents.len() == 8, "{name} cut off after {length}: {failed:?}");
        }
    }
}

#[test]
fn a_document_that_is_too_large_is_passed_over() {
    let folder = Folder::new();
    let text = [descriptors(3, 500), descriptor(99, 300_000), descriptors(2, 500)].concat();
    let place = descriptors(3, 500).len();
    for bytes in [text.clone(), xz(&text), tar(&[("m", &text)])] {
        let path = folder.put("x", &bytes);
        let options = Options { max_document: 50_000, ..options(1, 8192) };
        let (all, summary) = collect(&[&path], &options);
        let failed: Vec<_> = all.iter().position(Result::is_err).into_iter().collect();
        assert_eq!((bodies(&all).len(), failed), (5, vec![3]));
        let wanted = format!("byte {place}: the document is larger than 50000 bytes");
        assert!(failures(&all)[0].ends_with(&wanted), "{:?}", failures(&all));
        assert_eq!(all[4].as_ref().unwrap().1, (place + descriptor(99, 300_000).len() + 28) as u64);
        // All of the file was read all the same.
        assert_eq!(summary.files, 1);
    }
}

#[test]
fn bombs_take_bounded_memory() {
    let folder = Folder::new();
    let line = [descriptor(1, 200), vec![b'a'; 20 << 20], b"\n".to_vec(), descriptor(2, 200)].concat();
    let zeros = vec![0; 20 << 20];
    let blank = [vec![b'\n'; 20 << 20], descriptor(1, 200)].concat();
    for (name, bytes, documents, failed) in [
        ("line", &line, 1, 1),
        ("line in an archive", &tar(&[("a", &line)]), 1, 1),
        ("an empty archive", &zeros, 0, 0),
        ("blank lines", &blank, 1, 0),
    ] {
        let path = folder.put("bomb", &zst(bytes));
        let options = Options { max_document: 1 << 20, ..options(2, 1 << 18) };
        let (all, summary) = collect(&[&path], &options);
        assert_eq!((bodies(&all).len(), failures(&all).len()), (documents, failed), "{name}");
        assert!(summary.peak_bytes < 6 << 20, "{name}: {summary:?}");
    }
    let mut nested = descriptor(1, 200);
    for _ in 0..10 {
        nested = gz(&nested);
    }
    let path = folder.put("nested", &nested);
    let (all, _) = collect(&[&path], &Options::default());
    assert!(
        failures(&all)[0].ends_with("compressed or archived more than 4 times over"),
        "{:?}",
        failures(&all)
    );
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
    for threads in [1, 3] {
        for (in_map, in_each) in [(true, false), (false, true)] {
            let result = std::panic::catch_unwind(|| {
                let map = |_: &Chunk| assert!(!in_map, "in map");
                let each = |_: Event<()>| -> ControlFlow<()> {
                    assert!(!in_each, "in each");
                    Continue(())
                };
                read(&[Input::Path(path.clone())], &options(threads, 4096), map, each)
            });
            assert!(result.is_err());
        }
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
fn real_files_in_every_compression_hold_the_same_document() {
    let Some(folder) = shared("corpus/compressed") else { return };
    let expected = fs::read(folder.join("compressed_identity")).unwrap();
    let (all, summary) = collect(&[&folder], &Options::default());
    assert_eq!((summary.files, bodies(&all).len(), failures(&all).len()), (5, 5, 0));
    for body in bodies(&all) {
        assert!(expected.ends_with(body) && body.starts_with(b"router "));
    }
}

#[test]
fn real_archives_hold_what_they_should() {
    let Some(folder) = shared("corpus/archive") else { return };
    for (name, kind, count) in [
        ("descriptor_archive.tar", Type::ServerDescriptor, 3),
        ("descriptor_archive.tar.bz2", Type::ServerDescriptor, 3),
        ("stem-collector-bridge-server-descriptors-2019-02-cropped.tar", Type::BridgeServerDescriptor, 4),
        ("stem-collector-certs-cropped.tar", Type::KeyCertificate, 5),
        ("stem-collector-consensuses-2018-06-cropped.tar", Type::Consensus, 2),
        ("stem-collector-exit-list-2018-11-cropped.tar", Type::ExitList, 4),
        ("stem-collector-microdescs-2019-05-cropped.tar", Type::Microdescriptor, 3),
        ("stem-collector-server-descriptors-2005-12-cropped.tar", Type::ServerDescriptor, 5),
    ] {
        let (all, _) = collect(&[&folder.join(name)], &Options::default());
        let found = all.iter().flatten().filter(|told| told.2 == Some(kind)).count();
        // The microdescriptors come with a consensus.
        let rest = usize::from(kind == Type::Microdescriptor);
        assert_eq!((failures(&all).len(), found, all.len() - found), (0, count, rest), "{name}");
    }
}

#[test]
fn real_web_logs_are_compressed_members() {
    let Some(path) = shared("corpus/webstats/webstats-2015-02.tar") else { return };
    let (all, summary) = collect(&[&path], &Options::default());
    assert_eq!((failures(&all).len(), summary.documents), (0, 7));
    assert!(bodies(&all).iter().all(|body| body.starts_with(b"0.0.0.")), "they are log lines");
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
