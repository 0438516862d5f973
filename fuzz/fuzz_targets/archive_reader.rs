//! Any bytes as a file: nothing panics or hangs, and the number of threads changes nothing. Nor does the size of a
//! chunk, unless a decompressor fails: how much it gives out before that depends on how it is asked.
#![no_main]

use std::{ops::ControlFlow, path::PathBuf, sync::LazyLock};

use descriptor_core::{
    archive::{Cause, Event, Input, Options, read},
    document::Type,
};

static PATH: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("archive-reader-{}", std::process::id())));

/// What was told: documents with their places, and failures; and whether a decompressor failed.
fn told(threads: usize, chunk_bytes: usize, types: Option<&[Type]>) -> (Vec<String>, bool) {
    let types = types.map(<[Type]>::to_vec);
    let options = Options { threads, chunk_bytes, types, max_document: 20_000, ..Options::default() };
    let (mut all, mut failed) = (Vec::new(), false);
    read(
        &[Input::Path(PATH.clone())],
        &options,
        |chunk| {
            let tell = |(source, frame)| format!("{source:?} {frame:?}");
            chunk.frames().map(tell).collect::<Vec<_>>()
        },
        |event| {
            match event {
                Event::Output(documents) => all.extend(documents),
                Event::Failed(error) => {
                    failed |= matches!(error.cause, Cause::Read { .. });
                    all.push(error.to_string());
                }
            }
            ControlFlow::Continue(())
        },
    );
    (all, failed)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    std::fs::write(&*PATH, data).expect("the folder for temporary files is writable");
    // Of analyses of OnionPerf only the downloads, too.
    for types in [None, Some(&[Type::Torperf][..])] {
        let expected = told(1, 3000, types);
        assert_eq!(told(2, 3000, types), expected);
        if !expected.1 {
            assert_eq!(told(1, 1 << 20, types), expected);
        }
    }
});
