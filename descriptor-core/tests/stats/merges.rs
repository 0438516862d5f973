//! Order, split and repetition change nothing.

use std::collections::BTreeMap;

use descriptor_core::{
    netdoc::frames,
    stats::{Name, Partials},
};

use crate::{NETWORK, common::documents};

fn add(partials: &mut Partials, (source, bytes): &(String, Vec<u8>)) {
    for frame in frames(bytes, None) {
        assert!(partials.add_frame(frame, source), "{source} can be read");
    }
}

pub(crate) fn saved(mut partials: Partials) -> Vec<u8> {
    let mut bytes = Vec::new();
    partials.save(&mut bytes).expect("memory can be written to");
    bytes
}

fn texts(partials: Partials) -> BTreeMap<&'static str, String> {
    let (tables, graphs) = partials.tables(&NETWORK.options());
    let modules = tables.0.iter().map(|table| (table.name, table.to_csv()));
    modules.chain(graphs.iter().map(|drawn| (drawn.id, drawn.to_csv()))).collect()
}

/// Reversed, dealt out to several partials that are saved, loaded and merged, and given twice: the same bytes.
#[test]
fn order_split_and_repetition_change_no_byte() {
    let Some(folder) = NETWORK.folder() else { return };
    let documents = documents(folder.join("tree.tar.xz"));
    let mut once = Partials::new(Name::ALL);
    documents.iter().for_each(|document| add(&mut once, document));
    let once = saved(once);
    let expected = texts(Partials::load(&*once).expect("what was saved"));
    assert!(!expected.is_empty());

    let mut reversed = Partials::new(Name::ALL);
    documents.iter().rev().for_each(|document| add(&mut reversed, document));
    assert!(saved(reversed) == once, "reversed");

    for parts in [2, 7] {
        let mut all = Partials::default();
        for part in (0..parts).rev() {
            let mut partials = Partials::new(Name::ALL);
            documents.iter().skip(part).step_by(parts).for_each(|document| add(&mut partials, document));
            // Every third document once more, in a part that others have too.
            documents.iter().skip(part).step_by(3).for_each(|document| add(&mut partials, document));
            let bytes = saved(partials);
            all.merge(Partials::load(&*bytes).expect("what was saved"));
        }
        let split = saved(all);
        assert_eq!(texts(Partials::load(&*split).expect("what was saved")), expected, "{parts} parts");
        assert!(split == once, "{parts} parts, repeated: the bytes of the partials");
    }
}

#[test]
fn partials_of_another_form_are_refused() {
    for bytes in [&b""[..], b"not CBOR", &[0x82, 0x18, 99, 0xa0]] {
        assert!(Partials::load(bytes).is_err());
    }
}
