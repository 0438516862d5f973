//! Cardinality: the type of a field says how often its line may stand.

use super::{Count, Kind, Part, Problem, Reader, Record, Sink};
use crate::{
    netdoc::{FromArg, Item},
    value::Policy,
};

/// A value that is read from one item. Anything that is one argument ([`FromArg`]) is one too.
pub trait FromItem<'a>: Sized {
    /// The columns that the value makes: one without a name, or several named ones.
    const PARTS: &'static [Part];
    /// How the value looks as an element of a list.
    const ELEMENT: Kind = Kind::of(Self::PARTS);

    /// Reads the value from its item alone.
    fn from_item(item: &Item<'a>) -> Result<Self, Problem>;

    /// Reads the value from its item and, if it is a table itself, from the items that follow.
    #[inline]
    fn read(item: &Item<'a>, _reader: &mut Reader<'a>) -> Result<Self, Problem> {
        Self::from_item(item)
    }

    /// Reads the value to the end of a list; what is large is made where it stays.
    #[inline]
    fn push(list: &mut Vec<Self>, item: &Item<'a>, reader: &mut Reader<'a>) -> Result<(), Problem> {
        list.push(Self::read(item, reader)?);
        Ok(())
    }

    /// Tells one of [`PARTS`](FromItem::PARTS) to a sink.
    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized));

    /// The value as a record, if it is a table.
    fn as_record(&self) -> Option<&dyn Record> {
        None
    }

    /// The value as a policy, if it is one.
    fn as_policy(&self) -> Option<Policy<'_>> {
        None
    }
}

impl<'a, T: FromArg<'a>> FromItem<'a> for T {
    const PARTS: &'static [Part] = &[Part::whole(T::KIND)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        // Most lines have nothing else.
        if T::WIDTHS.contains(&item.args.len())
            && let Ok(value) = T::from_arg(item.args)
        {
            return Ok(value);
        }
        item.args().value("value")
    }

    #[inline]
    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        FromArg::emit(self, out);
    }
}

/// Tells a whole value: scalars as they are, values of several parts as a map, tables as a record.
pub fn emit_value<'a, T: FromItem<'a>>(value: &T, out: &mut (impl Sink + ?Sized)) {
    if let [Part { name: "", .. }] = T::PARTS {
        return value.emit(0, out);
    }
    out.map();
    for (index, part) in T::PARTS.iter().enumerate() {
        out.key(part.name.as_bytes());
        value.emit(index, out);
    }
    out.end_map();
}

/// A field: `T` exactly once, `Option<T>` at most once, `Vec<T>` any number, `bool` whether the line stands there.
pub trait Slot<'a> {
    /// How often the line may stand.
    const COUNT: Count;
    /// The columns that the field makes.
    const PARTS: &'static [Part];

    /// Puts an item into the field; `again` says that the field has had one already.
    fn fill(&mut self, item: &Item<'a>, again: bool, reader: &mut Reader<'a>) -> Result<(), Problem>;

    /// Tells one part to a sink.
    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized));

    /// Visits the records in the field, if its type is a table.
    fn each(&self, _visit: &mut dyn FnMut(&dyn Record)) {}

    /// How many records are in the field.
    fn records(&self) -> usize {
        0
    }

    /// One of the records in the field.
    fn nth(&self, _index: usize) -> Option<&dyn Record> {
        None
    }

    /// The policy in the field.
    fn policy(&self) -> Option<Policy<'_>> {
        None
    }
}

impl<'a, T: FromItem<'a>> Slot<'a> for T {
    const COUNT: Count = Count::Once;
    const PARTS: &'static [Part] = T::PARTS;

    #[inline]
    fn fill(&mut self, item: &Item<'a>, again: bool, reader: &mut Reader<'a>) -> Result<(), Problem> {
        if again {
            return Err(Problem::Duplicate);
        }
        *self = T::read(item, reader)?;
        Ok(())
    }

    #[inline]
    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        FromItem::emit(self, part, out);
    }

    fn each(&self, visit: &mut dyn FnMut(&dyn Record)) {
        self.as_record().into_iter().for_each(visit);
    }

    fn records(&self) -> usize {
        self.as_record().map_or(0, |_| 1)
    }

    fn nth(&self, index: usize) -> Option<&dyn Record> {
        self.as_record().filter(|_| index == 0)
    }

    fn policy(&self) -> Option<Policy<'_>> {
        self.as_policy()
    }
}

impl<'a, T: FromItem<'a>> Slot<'a> for Option<T> {
    const COUNT: Count = Count::Optional;
    const PARTS: &'static [Part] = T::PARTS;

    #[inline]
    fn fill(&mut self, item: &Item<'a>, again: bool, reader: &mut Reader<'a>) -> Result<(), Problem> {
        if again {
            return Err(Problem::Duplicate);
        }
        *self = Some(T::read(item, reader)?);
        Ok(())
    }

    #[inline]
    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match self {
            Some(value) => FromItem::emit(value, part, out),
            None => out.null(),
        }
    }

    fn each(&self, visit: &mut dyn FnMut(&dyn Record)) {
        self.as_ref().and_then(|value| value.as_record()).into_iter().for_each(visit);
    }

    fn records(&self) -> usize {
        self.as_ref().and_then(|value| value.as_record()).map_or(0, |_| 1)
    }

    fn nth(&self, index: usize) -> Option<&dyn Record> {
        self.as_ref().and_then(|value| value.as_record()).filter(|_| index == 0)
    }

    fn policy(&self) -> Option<Policy<'_>> {
        self.as_ref()?.as_policy()
    }
}

impl<'a, T: FromItem<'a>> Slot<'a> for Vec<T> {
    const COUNT: Count = Count::Many;
    const PARTS: &'static [Part] = &[Part::whole(Kind::List(&T::ELEMENT))];

    #[inline]
    fn fill(&mut self, item: &Item<'a>, _again: bool, reader: &mut Reader<'a>) -> Result<(), Problem> {
        T::push(self, item, reader)
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.list();
        self.iter().for_each(|value| emit_value(value, out));
        out.end_list();
    }

    fn each(&self, visit: &mut dyn FnMut(&dyn Record)) {
        self.iter().filter_map(|value| value.as_record()).for_each(visit);
    }

    fn records(&self) -> usize {
        if matches!(T::ELEMENT, Kind::Table(_)) { self.len() } else { 0 }
    }

    fn nth(&self, index: usize) -> Option<&dyn Record> {
        self.get(index)?.as_record()
    }
}

impl<'a> Slot<'a> for bool {
    const COUNT: Count = Count::Flag;
    const PARTS: &'static [Part] = &[Part::whole(Kind::Bool)];

    #[inline]
    fn fill(&mut self, _item: &Item<'a>, again: bool, _reader: &mut Reader<'a>) -> Result<(), Problem> {
        *self = true;
        if again { Err(Problem::Duplicate) } else { Ok(()) }
    }

    #[inline]
    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.bool(*self);
    }
}
