//! Documents that own the bytes that they were read from.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use self_cell::self_cell;

use super::{AnyParsed, Digests, Type};
use crate::{
    netdoc::Frame,
    schema::{Record, Wanted},
};

/// A document of any type together with its bytes: it may be kept, sent and shared, whatever becomes of the buffer that
/// it was cut from. To clone it is cheap.
///
/// It holds the whole buffer, of which it is a part: many documents of a file share one. Who keeps a few out of many
/// takes them out with [`alone`](Owned::alone).
#[derive(Clone)]
pub struct Owned(Arc<Cell>);

self_cell! {
    struct Cell {
        owner: Text,
        #[covariant]
        dependent: AnyParsed,
    }
}

/// Annotations and body of a document, one after the other.
struct Text {
    bytes: Bytes,
    annotations: usize,
    kind: Type,
    offset: u64,
}

impl Owned {
    /// Reads a document that was cut from a buffer; `None` if its type is not known. Bytes that are not the buffer's
    /// are copied.
    pub fn new(buffer: &Bytes, frame: Frame<'_>) -> Option<Self> {
        Self::columns(buffer, frame, Wanted::ALL)
    }

    /// The same with some rows only; see [`parse_columns`](crate::schema::parse_columns).
    pub fn columns(buffer: &Bytes, frame: Frame<'_>, wanted: Wanted) -> Option<Self> {
        let kind = frame.kind?;
        let bytes = part(buffer, frame).unwrap_or_else(|| [frame.annotations, frame.body].concat().into());
        let text = Text { bytes, annotations: frame.annotations.len(), kind, offset: frame.offset };
        Some(Owned(Arc::new(Cell::new(text, |text| {
            let (annotations, body) = text.bytes.split_at(text.annotations);
            let frame = Frame { kind: Some(text.kind), annotations, body, offset: text.offset };
            text.kind.parse_columns(frame, wanted)
        }))))
    }

    /// What was read.
    pub fn parsed(&self) -> &AnyParsed<'_> {
        self.0.borrow_dependent()
    }

    /// The document as its table has it.
    pub fn record(&self) -> &dyn Record {
        &*self.parsed().partial
    }

    /// Its type.
    pub fn kind(&self) -> Type {
        self.0.borrow_owner().kind
    }

    /// Its place, annotations and bytes.
    pub fn frame(&self) -> Frame<'_> {
        self.parsed().frame
    }

    /// Annotations and body, one after the other, without a copy.
    pub fn bytes(&self) -> &Bytes {
        &self.0.borrow_owner().bytes
    }

    /// Its digests; computed when asked for.
    pub fn digests(&self) -> Digests {
        self.kind().digests(self.frame().body)
    }

    /// The same document with a buffer of its own.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self::new(&Bytes::new(), self.frame()).unwrap_or_else(|| self.clone())
    }
}

impl fmt::Debug for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owned")
            .field("kind", &self.kind())
            .field("frame", &self.frame())
            .finish_non_exhaustive()
    }
}

/// The part of a buffer in which annotations and body of a document follow each other.
fn part(buffer: &Bytes, frame: Frame<'_>) -> Option<Bytes> {
    let place = |text: &[u8]| (text.as_ptr() as usize).wrapping_sub(buffer.as_ptr() as usize);
    let start = place(frame.body).checked_sub(frame.annotations.len())?;
    let end = start.checked_add(frame.annotations.len() + frame.body.len())?;
    let together = frame.annotations.is_empty() || place(frame.annotations) == start;
    (together && end <= buffer.len()).then(|| buffer.slice(start..end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{netdoc::frames, schema::Value};

    const TEXT: &[u8] = b"@type server-descriptor 1.0\nrouter a 1.2.3.4 1 0 0\nuptime 7\n\n@source x\nrouter b 1.2.3.5 1 0 0\n";

    fn nickname(document: &Owned) -> Option<Value> {
        document.record().get("nickname")
    }

    #[test]
    fn documents_share_their_buffer_and_outlive_it() {
        let buffer = Bytes::from_static(TEXT);
        let all: Vec<_> = frames(&buffer, None).filter_map(|frame| Owned::new(&buffer, frame)).collect();
        drop(buffer);
        assert_eq!(
            all.iter().map(nickname).collect::<Vec<_>>(),
            [b"a", b"b"].map(|it| Some(Value::Text(it.to_vec())))
        );
        assert_eq!(all[0].bytes().as_ptr(), TEXT.as_ptr());
        assert_eq!(&all[1].bytes()[..], &TEXT[61..]);
        assert_eq!((all[1].frame().annotations, all[1].frame().offset), (&b"@source x\n"[..], 71));
        let alone = all[1].alone();
        assert_ne!(alone.bytes().as_ptr(), all[1].bytes().as_ptr());
        assert_eq!((alone.frame(), nickname(&alone)), (all[1].frame(), nickname(&all[1])));
    }

    #[test]
    fn bytes_of_another_buffer_are_copied() {
        let frame = frames(TEXT, None).next().expect("a frame");
        for buffer in [Bytes::new(), Bytes::copy_from_slice(TEXT)] {
            let document = Owned::new(&buffer, frame).expect("a known type");
            assert_eq!((&document.bytes()[..], document.frame()), (&TEXT[..60], frame));
        }
        assert!(Owned::new(&Bytes::new(), Frame { kind: None, ..frame }).is_none());
    }

    #[test]
    fn a_document_may_go_to_another_thread() {
        fn shared<T: Send + Sync + 'static>() {}
        shared::<Owned>();
    }
}
