//! The Python module `tordesc`: converts arguments, releases the GIL, calls core, converts the result.
//!
//! No field name is written here; what a document holds is told by its schema.

mod arguments;
mod attribute;
mod background;
mod classes;
mod descriptor;
mod document;
mod drawing;
mod entries;
mod errors;
mod filter;
mod gate;
mod issue;
mod lazy;
mod meter;
mod names;
mod network;
mod policy;
mod reader;
mod repr;
mod run;
mod sanitize;
mod scan;
mod schema;
mod sink;
mod source;
mod stats;
mod stream;
mod table;
mod texts;
mod value;

/// The size of a block that glibc is shown. In bytes.
const BLOCK: usize = 16 << 20;

/// Lets glibc keep some memory that was freed. It keeps twice as much as the largest block that was given back to the system;
/// at first that is so little that the memory of each table of 10 MB would come anew, page by page, which takes half as long
/// again as to make the table. No page of this block is ever touched.
fn keep_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(BLOCK)));
}

#[pyo3::pymodule(gil_used = false)]
mod _tordesc {
    use pyo3::{prelude::*, types::PyString};

    #[pymodule_export]
    use super::{
        attribute::Attribute,
        descriptor::Descriptor,
        drawing::Drawing,
        entries::Entries,
        issue::Issue,
        network::{Archive, ArchiveFile, DirectoryAuthority, authorities, download, read_index},
        policy::{Policy, PolicyRule},
        reader::{Reader, parse},
        sanitize::{Sanitized, sanitize},
        scan::{Scan, read, scan, write_parquet},
        schema::schema,
        table::Table,
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::keep_memory();
        super::gate::close_at_exit(module)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        // For pickles; not to be exported.
        for function in [
            wrap_pyfunction!(super::descriptor::_restore, module)?,
            wrap_pyfunction!(super::descriptor::_part, module)?,
            wrap_pyfunction!(super::entries::_entries, module)?,
            wrap_pyfunction!(super::issue::_issue, module)?,
            wrap_pyfunction!(super::policy::_policy, module)?,
            wrap_pyfunction!(super::policy::_rule, module)?,
            wrap_pyfunction!(super::table::_table, module)?,
        ] {
            module.setattr(function.getattr("__name__")?.cast::<PyString>()?, &function)?;
        }
        // For `tordesc.stats`, which gives them names and defaults.
        super::stats::add(module)?;
        // For `tordesc.stem`; not to be exported either.
        module.setattr("_Lazy", module.py().get_type::<super::lazy::Lazy>())?;
        super::classes::add(module)
    }
}
