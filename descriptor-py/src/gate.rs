//! Threads of ours that call Python, and its end: a thread that waits for Python while that ends may take the process down.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pyo3::prelude::*;

/// How long the end waits for those who are inside. A read of an idle pipe stays there and does no harm.
const PATIENCE: Duration = Duration::from_millis(500);

static GATE: Mutex<Gate> = Mutex::new(Gate { closed: false, inside: 0 });
static LEFT: Condvar = Condvar::new();

struct Gate {
    closed: bool,
    inside: usize,
}

fn gate() -> MutexGuard<'static, Gate> {
    GATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls Python from a thread of ours; `None` if Python ends.
pub(crate) fn call<R>(work: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    let _inside = Inside::enter()?;
    Python::try_attach(work)
}

/// Somebody who is inside.
struct Inside;

impl Inside {
    fn enter() -> Option<Self> {
        let mut gate = gate();
        if gate.closed {
            return None;
        }
        gate.inside += 1;
        Some(Inside)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        gate().inside -= 1;
        LEFT.notify_all();
    }
}

/// Closes the gate when Python begins to end, and waits a little for those who are inside.
#[pyfunction]
fn _close(py: Python<'_>) {
    py.detach(|| {
        let mut gate = gate();
        gate.closed = true;
        let _left = LEFT.wait_timeout_while(gate, PATIENCE, |gate| gate.inside > 0);
    });
}

/// Has the gate closed at the end.
pub(crate) fn close_at_exit(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let close = wrap_pyfunction!(_close, module)?;
    module.py().import("atexit")?.call_method1("register", (close,))?;
    Ok(())
}
