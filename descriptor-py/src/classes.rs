//! The classes of documents and of their parts, made from the tables when the module is imported.

use std::{collections::HashMap, ptr, sync::OnceLock};

use descriptor_core::{
    columnar::entries_field,
    document::Type,
    schema::{Kind, Part, Schema},
};
use pyo3::{
    exceptions::PyRuntimeError,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyTuple, PyType},
};

use crate::{attribute::Attribute, descriptor::Descriptor};

/// The classes of tables, by the address of the table.
static BY_SCHEMA: PyOnceLock<HashMap<usize, Py<PyType>>> = PyOnceLock::new();
/// The classes of types, in the order of [`Type::ALL`].
static BY_TYPE: PyOnceLock<Vec<Py<PyType>>> = PyOnceLock::new();

fn address(schema: &'static Schema) -> usize {
    ptr::from_ref(schema) as usize
}

/// The class of a type.
#[inline]
pub(crate) fn of_type(py: Python<'_>, kind: Type) -> PyResult<&Bound<'_, PyType>> {
    let class = BY_TYPE.get(py).and_then(|classes| classes.get(kind as usize));
    class.map(|class| class.bind(py)).ok_or_else(|| PyRuntimeError::new_err("the module is not imported"))
}

/// The class of a table.
pub(crate) fn of_schema<'py>(py: Python<'py>, schema: &'static Schema) -> PyResult<&'py Bound<'py, PyType>> {
    let class = BY_SCHEMA.get(py).and_then(|classes| classes.get(&address(schema)));
    class.map(|class| class.bind(py)).ok_or_else(|| PyRuntimeError::new_err("the module is not imported"))
}

/// The field of a table's entries.
pub(crate) fn entries(schema: &'static Schema) -> Option<usize> {
    Type::ALL.iter().find(|it| ptr::eq((it.info().schema)(), schema)).and_then(|&kind| entries_field(kind))
}

/// The table of the records of a field.
pub(crate) fn element(schema: &'static Schema, field: usize) -> PyResult<&'static Schema> {
    match schema.fields[field].parts {
        [Part { kind: Kind::List(Kind::Table(table)), .. }] => Ok(table()),
        _ => Err(PyRuntimeError::new_err("the field has no records")),
    }
}

/// Whether documents of a table are entries of others: status entries, if they stand alone.
pub(crate) fn is_entry(schema: &'static Schema) -> bool {
    static ENTRIES: OnceLock<Vec<usize>> = OnceLock::new();
    let find = |kind: &Type| {
        let outer = (kind.info().schema)();
        element(outer, entries_field(*kind)?).ok().map(address)
    };
    ENTRIES.get_or_init(|| Type::ALL.iter().filter_map(find).collect()).contains(&address(schema))
}

/// The types whose documents are instances of a class.
pub(crate) fn types_of(class: &Bound<'_, PyType>) -> PyResult<Vec<Type>> {
    let mut types = Vec::new();
    for &kind in Type::ALL {
        if of_type(class.py(), kind)?.is_subclass(class)? {
            types.push(kind);
        }
    }
    Ok(types)
}

/// Makes all classes and adds them to the module.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let base = py.get_type::<Descriptor>();
    let mut schemas = Vec::new();
    Type::ALL.iter().for_each(|kind| collect((kind.info().schema)(), &mut schemas));
    let mut bare = HashMap::new();
    for &schema in &schemas {
        let doc = format!("{}\n\nSpecification: {}.", words(schema.doc), schema.spec);
        let class = class(&base, schema.title, &doc)?;
        module.add(schema.title, &class)?;
        bare.insert(address(schema), class.unbind());
    }
    BY_SCHEMA.get_or_init(py, || bare);
    for &schema in &schemas {
        let class = of_schema(py, schema)?;
        for (index, column) in schema.columns().iter().enumerate() {
            class.setattr(&*column.name, Attribute::new(py, schema, index)?)?;
        }
    }
    let mut by_type: Vec<Py<PyType>> = Vec::new();
    for &kind in Type::ALL {
        let schema = (kind.info().schema)();
        let own = of_schema(py, schema)?;
        // Types that share a table have a class each; the first one has the table's.
        if kind.title() == schema.title {
            by_type.push(own.clone().unbind());
        } else {
            let doc = format!("A {} that is a {}.", schema.title, kind.name());
            let class = class(own, kind.title(), &doc)?;
            module.add(kind.title(), &class)?;
            by_type.push(class.unbind());
        }
    }
    BY_TYPE.get_or_init(py, || by_type);
    Ok(())
}

/// A table and the tables of its parts, each once.
fn collect(schema: &'static Schema, all: &mut Vec<&'static Schema>) {
    if all.iter().any(|it| ptr::eq(*it, schema)) {
        return;
    }
    all.push(schema);
    for column in schema.columns() {
        let mut kind = column.kind;
        while let Kind::List(inner) | Kind::Map(inner) = kind {
            kind = *inner;
        }
        if let Kind::Table(table) = kind {
            collect(table(), all);
        }
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn class<'py>(base: &Bound<'py, PyType>, name: &str, doc: &str) -> PyResult<Bound<'py, PyType>> {
    let py = base.py();
    let namespace = PyDict::new(py);
    namespace.set_item("__module__", "tordesc")?;
    namespace.set_item("__doc__", doc)?;
    namespace.set_item("__slots__", PyTuple::empty(py))?;
    Ok(py.get_type::<PyType>().call1((name, (base,), namespace))?.cast_into()?)
}
