//! A document that is read when something of it is asked for.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use bytes::Bytes;
use descriptor_core::{
    archive::Source,
    columnar::entries_field,
    document::{Owned, Type},
    netdoc::Frame,
    schema::{Schema, Wanted},
};

/// Up to this size a document is read when it is asked for something: that takes microseconds. Larger ones are read
/// beforehand, in the background. In bytes.
const SMALL: usize = 32 << 10;
/// If more rows than these are asked for, all of them are read at once.
const FEW: u32 = 12;
/// At least as many as there are types.
const TYPES: usize = 64;

/// Rows of each type.
type Asked = [[AtomicU64; 2]; TYPES];

/// Which rows programs have asked documents of each type for so far. The next document is read with these rows alone: who
/// looks at a field of one document looks at the same field of thousands.
static ASKED: Asked = [const { [const { AtomicU64::new(0) }; 2] }; TYPES];
/// The same of entries, by the type of the document.
static ASKED_OF_ENTRIES: Asked = [const { [const { AtomicU64::new(0) }; 2] }; TYPES];

/// A document with its bytes, of which many share one buffer.
pub(crate) struct Document {
    bytes: Bytes,
    annotations: usize,
    kind: Type,
    offset: u64,
    pub(crate) source: Option<Arc<Source>>,
    /// The field of its entries.
    entries: Option<usize>,
    /// The document with some rows only, one bit a row; if it has entries, with some rows of these only.
    part: OnceLock<(u128, Owned)>,
    whole: OnceLock<Owned>,
}

impl Document {
    /// A document that was cut from a buffer, and is not read yet; `None` if it is of no known type, or should be read
    /// beforehand.
    pub(crate) fn unread(buffer: &Bytes, frame: Frame<'_>, source: Option<Arc<Source>>) -> Option<Self> {
        let kind = frame.kind.filter(|&kind| is_flat(kind))?;
        let start = (frame.body.as_ptr() as usize).wrapping_sub(buffer.as_ptr() as usize);
        let start = start.checked_sub(frame.annotations.len())?;
        let together =
            frame.annotations.is_empty() || frame.annotations.as_ptr() == buffer.get(start..)?.as_ptr();
        let end = start.checked_add(frame.annotations.len() + frame.body.len())?;
        (together && end <= buffer.len() && frame.body.len() <= SMALL).then(|| Document {
            bytes: buffer.slice(start..end),
            annotations: frame.annotations.len(),
            kind,
            offset: frame.offset,
            source,
            entries: None,
            part: OnceLock::new(),
            whole: OnceLock::new(),
        })
    }

    /// A document that is read now, by some threads; of its entries, if it has such, only what programs have asked entries
    /// for so far. `None` if it is of no known type.
    pub(crate) fn read_now(
        buffer: &Bytes,
        frame: Frame<'_>,
        source: Option<Arc<Source>>,
        threads: usize,
    ) -> Option<Self> {
        let kind = frame.kind?;
        let all = Wanted { threads, ..Wanted::ALL };
        let rows = ask(&ASKED_OF_ENTRIES, kind, 0);
        let entries = entries_of(kind).filter(|_| rows != 0 && rows.count_ones() <= FEW);
        if entries.is_none() {
            return Some(Self::read(Owned::columns(buffer, frame, all)?, source));
        }
        let owned = Owned::columns(buffer, frame, Wanted { entries, entry: rows, ..all })?;
        let document = Self::of(&owned, source);
        Some(Document { part: OnceLock::from((rows, owned)), ..document })
    }

    /// A document that was read.
    pub(crate) fn read(owned: Owned, source: Option<Arc<Source>>) -> Self {
        let document = Self::of(&owned, source);
        Document { whole: OnceLock::from(owned), ..document }
    }

    fn of(owned: &Owned, source: Option<Arc<Source>>) -> Self {
        Document {
            bytes: owned.bytes().clone(),
            annotations: owned.frame().annotations.len(),
            kind: owned.kind(),
            offset: owned.frame().offset,
            source,
            entries: entries_of(owned.kind()),
            part: OnceLock::new(),
            whole: OnceLock::new(),
        }
    }

    /// Its place, annotations and bytes.
    #[inline]
    pub(crate) fn frame(&self) -> Frame<'_> {
        let (annotations, body) = self.bytes.split_at(self.annotations);
        Frame { kind: Some(self.kind), annotations, body, offset: self.offset }
    }

    /// Its type.
    #[inline]
    pub(crate) fn kind(&self) -> Type {
        self.kind
    }

    /// Its table.
    #[inline]
    pub(crate) fn schema(&self) -> &'static Schema {
        (self.kind.info().schema)()
    }

    /// Annotations and body, one after the other.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// All of the document; `None` only by a bug.
    #[inline]
    pub(crate) fn whole(&self) -> Option<&Owned> {
        if self.whole.get().is_none() {
            let owned = Owned::new(&self.bytes, self.frame())?;
            // Another thread may have been quicker, with the same result.
            let _ = self.whole.set(owned);
        }
        self.whole.get()
    }

    /// The document with all but its entries, which are there with some of their rows.
    #[inline]
    pub(crate) fn around_entries(&self) -> Option<&Owned> {
        match self.part.get() {
            Some((_, owned)) if self.entries.is_some() && self.whole.get().is_none() => Some(owned),
            _ => self.whole(),
        }
    }

    /// The document with a row of the records of one of its fields at least.
    #[inline]
    pub(crate) fn with_row_of(&self, field: usize, row: usize) -> Option<&Owned> {
        if self.entries != Some(field) {
            return self.around_entries();
        }
        let bit = 1u128 << row;
        ask(&ASKED_OF_ENTRIES, self.kind, bit);
        match self.part.get() {
            Some((rows, owned)) if rows & bit != 0 => Some(owned),
            _ => self.whole(),
        }
    }

    /// The document with a row of its table at least.
    #[inline]
    pub(crate) fn with_row(&self, row: usize) -> Option<&Owned> {
        if let Some(owned) = self.whole.get() {
            return Some(owned);
        }
        if self.entries.is_some() {
            return if self.entries == Some(row) { self.whole() } else { self.around_entries() };
        }
        let bit = 1u128 << row;
        match self.part.get() {
            Some((rows, owned)) if rows & bit != 0 => Some(owned),
            Some(_) => {
                ask(&ASKED, self.kind, bit);
                self.whole()
            }
            None => {
                let rows = ask(&ASKED, self.kind, bit);
                if rows.count_ones() > FEW {
                    return self.whole();
                }
                let wanted = Wanted { document: rows, only: true, ..Wanted::ALL };
                let owned = Owned::columns(&self.bytes, self.frame(), wanted)?;
                let _ = self.part.set((rows, owned));
                // Another thread may have been quicker, with other rows.
                match self.part.get() {
                    Some((rows, owned)) if rows & bit != 0 => Some(owned),
                    _ => self.whole(),
                }
            }
        }
    }
}

/// Notes that a row was asked for; returns all that were.
#[inline]
fn ask(asked: &Asked, kind: Type, bit: u128) -> u128 {
    let Some(asked) = asked.get(kind as usize) else { return u128::MAX };
    let [low, high] = [bit as u64, (bit >> 64) as u64];
    let note = |half: &AtomicU64, bits: u64| match half.load(Relaxed) {
        known if known & bits == bits => known,
        _ => half.fetch_or(bits, Relaxed) | bits,
    };
    u128::from(note(&asked[0], low)) | u128::from(note(&asked[1], high)) << 64
}

/// Whether documents of a type may be read in part.
fn is_flat(kind: Type) -> bool {
    static FLAT: OnceLock<Vec<bool>> = OnceLock::new();
    let flat = FLAT.get_or_init(|| Type::ALL.iter().map(|kind| (kind.info().schema)().is_flat()).collect());
    flat.get(kind as usize).copied().unwrap_or_default()
}

/// The field of the entries of a type.
fn entries_of(kind: Type) -> Option<usize> {
    static ENTRIES: OnceLock<Vec<Option<usize>>> = OnceLock::new();
    let entries = ENTRIES.get_or_init(|| Type::ALL.iter().map(|&kind| entries_field(kind)).collect());
    entries.get(kind as usize).copied().flatten()
}
