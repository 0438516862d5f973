//! The texts of a column, in either of Arrow's two forms.

use std::{ops::Range, sync::Arc};

use arrow_array::{
    Array, ArrayRef, StringArray, StringViewArray,
    builder::{ArrayBuilder, StringBuilder, StringViewBuilder},
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use super::Trouble;

/// How long most texts are at most. In bytes.
const USUAL: usize = 28;
/// How many bytes a column of one batch holds: as many as offsets of 32 bits reach. What has no offsets keeps to it too, so
/// that one form can be made of the other.
const MOST: usize = i32::MAX as usize;
/// So long is a text that stands in its view. In bytes.
const SHORT: usize = 12;

/// The texts of a column so far.
#[derive(Debug)]
pub(in crate::columnar) enum Texts {
    /// One behind the other.
    Utf8(StringBuilder),
    /// Short ones in their views, the bytes of long ones elsewhere.
    Views {
        builder: StringViewBuilder,
        /// How many bytes they have, and whether a long one is among them.
        bytes: usize,
        long: bool,
    },
}

/// Some texts that are kept to come again.
#[derive(Debug)]
pub(super) enum Kept {
    Utf8(StringArray),
    /// With how many bytes they have.
    Views(StringViewArray, usize),
}

/// What Arrow calls them.
pub(in crate::columnar) fn text_type(views: bool) -> DataType {
    if views { DataType::Utf8View } else { DataType::Utf8 }
}

impl Texts {
    pub(in crate::columnar) fn new(views: bool) -> Self {
        Self::with_capacity(views, 0)
    }

    /// With room for some texts.
    pub(super) fn with_capacity(views: bool, texts: usize) -> Self {
        if views {
            Texts::Views { builder: StringViewBuilder::with_capacity(texts), bytes: 0, long: false }
        } else {
            Texts::Utf8(StringBuilder::with_capacity(texts, texts * USUAL))
        }
    }

    /// The same form with room for some texts.
    pub(super) fn reserve(&mut self, texts: usize) {
        *self = Self::with_capacity(matches!(self, Texts::Views { .. }), texts);
    }

    /// Makes room for so many texts, of which some are there.
    pub(super) fn make_room(&mut self, texts: usize) {
        match self {
            Texts::Utf8(it) => {
                let bytes = it.values_slice().len().saturating_mul(texts) / it.len().max(1);
                let there =
                    std::mem::replace(it, StringBuilder::with_capacity(texts, bytes.min(MOST))).finish();
                // What fitted before fits now.
                let _ = it.append_array(&there);
            }
            Texts::Views { builder, .. } => {
                let there = std::mem::replace(builder, StringViewBuilder::with_capacity(texts)).finish();
                builder.append_array(&there);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Texts::Utf8(it) => it.len(),
            Texts::Views { builder, .. } => builder.len(),
        }
    }

    /// How many more bytes fit.
    #[inline]
    pub(in crate::columnar) fn room(&self) -> usize {
        MOST - match self {
            Texts::Utf8(it) => it.values_slice().len(),
            Texts::Views { bytes, .. } => *bytes,
        }
    }

    /// Adds a text, with U+FFFD in place of what is not UTF-8.
    #[inline]
    pub(in crate::columnar) fn append(&mut self, text: &[u8]) -> Result<(), Trouble> {
        match std::str::from_utf8(text) {
            Ok(text) => self.append_str(text),
            Err(_) => self.append_str(&String::from_utf8_lossy(text)),
        }
    }

    /// Adds a text, unless there is no room for it.
    #[inline]
    pub(in crate::columnar) fn append_str(&mut self, text: &str) -> Result<(), Trouble> {
        if text.len() > self.room() {
            return Err(Trouble::Full);
        }
        match self {
            Texts::Utf8(it) => it.append_value(text),
            Texts::Views { builder, bytes, long } => {
                *bytes += text.len();
                *long |= text.len() > SHORT;
                builder.append_value(text);
            }
        }
        Ok(())
    }

    /// Adds a text, or null if it is empty or there is no room for it.
    pub(in crate::columnar) fn append_some(&mut self, text: &[u8]) -> Result<(), Trouble> {
        let added = if text.is_empty() { Ok(false) } else { self.append(text).map(|()| true) };
        if added != Ok(true) {
            self.append_nulls(1);
        }
        added.map(|_| ())
    }

    /// Adds the same text some times, unless there is no room for it.
    pub(in crate::columnar) fn append_n(&mut self, text: &str, times: usize) -> Result<(), Trouble> {
        let more = text.len().checked_mul(times).filter(|more| *more <= self.room()).ok_or(Trouble::Full)?;
        match self {
            Texts::Utf8(it) => it.append_value_n(text, times),
            Texts::Views { builder, bytes, long } => {
                *bytes += more;
                *long |= text.len() > SHORT;
                builder.try_append_value_n(text, times).map_err(|_| Trouble::Full)?;
            }
        }
        Ok(())
    }

    pub(in crate::columnar) fn append_nulls(&mut self, nulls: usize) {
        match self {
            Texts::Utf8(it) => it.append_nulls(nulls),
            Texts::Views { builder, .. } => (0..nulls).for_each(|_| builder.append_null()),
        }
    }

    /// Takes the texts so far.
    pub(in crate::columnar) fn finish(&mut self) -> ArrayRef {
        match self {
            Texts::Utf8(it) => Arc::new(it.finish()),
            Texts::Views { builder, bytes, long } => {
                (*bytes, *long) = (0, false);
                Arc::new(builder.finish())
            }
        }
    }

    /// Some of the texts, by their places; `None` if some of all are null.
    pub(super) fn copy(&self, places: Range<usize>) -> Option<Kept> {
        match self {
            Texts::Utf8(it) => {
                let offsets = it.offsets_slice().get(places.start..=places.end)?;
                let (first, last) = (*offsets.first()?, *offsets.last()?);
                let text = it.values_slice().get(first as usize..last as usize)?;
                let offsets: Vec<i32> = offsets.iter().map(|offset| offset - first).collect();
                let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
                let none = it.validity_slice().is_none();
                none.then(|| StringArray::try_new(offsets, text.to_vec().into(), None).ok())
                    .flatten()
                    .map(Kept::Utf8)
            }
            Texts::Views { builder, .. } => {
                if builder.validity_slice().is_some() || places.end > builder.len() {
                    return None;
                }
                let texts = places.map(|at| std::str::from_utf8(builder.get_value(at)).ok());
                let texts: Vec<&str> = texts.collect::<Option<_>>()?;
                let bytes = texts.iter().map(|text| text.len()).sum();
                Some(Kept::Views(StringViewArray::from_iter_values(texts), bytes))
            }
        }
    }

    /// Adds texts that were kept, and tells how many; `None` and none of them if there is no room.
    pub(super) fn again(&mut self, kept: &Kept) -> Option<usize> {
        match (self, kept) {
            (Texts::Utf8(it), Kept::Utf8(kept)) => it.append_array(kept).ok().map(|()| kept.len()),
            (it @ Texts::Views { .. }, Kept::Views(_, more)) if *more > it.room() => None,
            (Texts::Views { builder, bytes, long }, Kept::Views(kept, more)) => {
                *bytes += more;
                *long |= !kept.data_buffers().is_empty();
                // To add them at once ends a block of long texts, of which there would be thousands.
                if *long {
                    kept.iter().flatten().for_each(|text| builder.append_value(text));
                } else {
                    builder.append_array(kept);
                }
                Some(kept.len())
            }
            _ => None,
        }
    }
}

impl Kept {
    /// How many bytes they have.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Kept::Utf8(texts) => texts.value_data().len(),
            Kept::Views(_, bytes) => *bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;

    use super::*;

    #[test]
    fn a_column_takes_no_more_than_offsets_reach() {
        // The same long text takes room once only as a view, but would take it each time without.
        let (mut texts, long) = (Texts::new(true), "x".repeat(1 << 20));
        assert_eq!(texts.append_n(&long, 2047), Ok(()));
        assert_eq!((texts.room(), texts.append_n(&long, 1)), ((1 << 20) - 1, Err(Trouble::Full)));
        assert_eq!(texts.append_some(long.as_bytes()), Err(Trouble::Full));
        assert_eq!((texts.append(b"short\xff"), texts.append_some(b"")), (Ok(()), Ok(())));
        let kept = Kept::Views(StringViewArray::from(vec![&*long]), long.len());
        assert_eq!(texts.again(&kept), None);
        let made = texts.finish();
        let made = made.as_string_view();
        assert_eq!(
            (made.len(), made.value(2048), made.is_null(2047), made.is_null(2049)),
            (2050, "short\u{fffd}", true, true)
        );
        assert_eq!((texts.again(&kept), texts.len(), texts.room()), (Some(1), 1, MOST - (1 << 20)));
    }

    #[test]
    fn what_has_nulls_is_not_kept() {
        for views in [false, true] {
            let mut texts = Texts::new(views);
            assert_eq!((texts.append(b"a"), texts.append(b"twelve bytes and more")), (Ok(()), Ok(())));
            assert!(texts.copy(1..3).is_none(), "there are two");
            let kept = texts.copy(0..2).expect("both");
            assert_eq!((kept.bytes(), texts.again(&kept), texts.len()), (22, Some(2), 4));
            texts.append_nulls(1);
            assert!(texts.copy(0..2).is_none());
            assert_eq!(texts.finish().null_count(), 1);
        }
    }
}
