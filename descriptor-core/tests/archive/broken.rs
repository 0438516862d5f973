//! What is broken, and what is made to break the reader.

use descriptor_core::archive::Options;

use crate::{Folder, bodies, collect, failures, options, pack::*};

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
            if name == "tar" {
                // A document is known to be whole if the next one has begun.
                let (mut end, here) = (0, length - 512);
                let ends = (0..8).map(|number| {
                    end += descriptor(number, 700).len();
                    end
                });
                let whole = ends.filter(|&end| end < here || here >= text.len()).count();
                assert_eq!(documents.len(), whole, "cut off after {length}");
            }
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
        ("zeros", &zeros, 0, 1),
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

/// As a file system leaves a file whose contents were not on the disk when the power went.
#[test]
fn zeros_are_no_empty_archive_unless_they_are_called_one() {
    let folder = Folder::new();
    let lost = folder.put("2020-12-10-00-00-00-consensus", &[0; 4096]);
    let empty = folder.put("microdescs-2004-05.tar", &[0; 10240]);
    let packed = folder.put("month.tar.xz", &xz(&[0; 10240]));
    let (all, summary) = collect(&[&lost, &empty, &packed], &Options::default());
    assert_eq!(failures(&all), [format!("{}: nothing but zeros", lost.display())]);
    assert_eq!((summary.failures, summary.documents), (1, 0));
}
