//! Who is told how far the reading is.

use descriptor_core::archive::Progress;
use pyo3::prelude::*;

/// A function of the caller, or a bar.
pub(crate) struct Meter {
    told: Py<PyAny>,
    is_bar: bool,
}

impl Meter {
    /// What `progress` means: a function, or for True a bar.
    pub(crate) fn of(progress: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Self>> {
        let Some(progress) = progress else { return Ok(None) };
        if progress.is_callable() {
            return Ok(Some(Meter { told: progress.clone().unbind(), is_bar: false }));
        }
        if !progress.is_truthy()? {
            return Ok(None);
        }
        let bar = progress.py().import("tordesc._progress")?.getattr("Bar")?.call0()?;
        Ok(Some(Meter { told: bar.unbind(), is_bar: true }))
    }

    /// Tells it.
    pub(crate) fn show(&self, py: Python<'_>, progress: &Progress) -> PyResult<()> {
        self.told.call1(py, (progress.bytes(), progress.total(), progress.documents())).map(drop)
    }

    /// Nothing more is read.
    pub(crate) fn end(&self, py: Python<'_>, progress: &Progress) -> PyResult<()> {
        if self.is_bar {
            self.show(py, progress)?;
            self.told.call_method0(py, "close")?;
        }
        Ok(())
    }
}
