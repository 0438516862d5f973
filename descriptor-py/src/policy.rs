//! Exit policies.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use descriptor_core::value;
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::{
    arguments::Port,
    descriptor::{Descriptor, Reduced},
};

/// Where a relay lets connections go: the `accept` and `reject` lines of a descriptor, which are about IPv4 alone, or the
/// summary that statuses and microdescriptors have. Its rules come by iterating over it.
#[pyclass(frozen, module = "tordesc")]
pub(crate) struct Policy {
    parent: Py<Descriptor>,
    field: usize,
}

impl Policy {
    pub(crate) fn new(parent: &Bound<'_, Descriptor>, field: usize) -> Self {
        Policy { parent: parent.clone().unbind(), field }
    }

    fn policy(&self) -> PyResult<value::Policy<'_>> {
        let policy = self.parent.get().record_with(self.field)?.policy(self.field);
        policy.ok_or_else(|| PyValueError::new_err("the document has no such policy"))
    }

    fn rules(&self) -> PyResult<Vec<PolicyRule>> {
        let mut rules = Vec::new();
        self.policy()?.each(&mut |is_accept, address, ports| {
            let (address, ports) = (address.to_string(), (*ports.start(), *ports.end()));
            rules.push(PolicyRule { is_accept, address, ports });
        });
        Ok(rules)
    }
}

#[pymethods]
impl Policy {
    /// Whether a connection is allowed: the first rule that fits decides; a summary looks at the port alone. Without an
    /// address: whether the port is allowed at some addresses, or for a summary at most.
    #[pyo3(signature = (address, port))]
    fn can_exit_to(&self, address: Option<IpAddr>, port: Port) -> PyResult<bool> {
        Ok(self.policy()?.allows(address, port.0))
    }

    /// The policy in short, `accept 80,443` or `reject 1-65535`.
    #[getter]
    fn summary(&self) -> PyResult<String> {
        Ok(self.policy()?.summary())
    }

    /// Whether the relay is of use as an exit: both web ports are allowed, to some large network.
    #[getter]
    fn is_exit(&self) -> PyResult<bool> {
        Ok(self.policy()?.is_exit())
    }

    /// Whether no connection at all is allowed.
    #[getter]
    fn rejects_all(&self) -> PyResult<bool> {
        Ok(self.policy()?.rejects_all())
    }

    fn __iter__(&self) -> PyResult<Rules> {
        Ok(Rules { rules: Mutex::new(self.rules()?.into_iter()) })
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.rules()?.len())
    }

    fn __str__(&self) -> PyResult<String> {
        Ok(self.policy()?.to_string())
    }

    fn __repr__(&self) -> PyResult<String> {
        Ok(format!("<Policy {}>", self.policy()?.summary()))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Policy>() else { return Ok(false) };
        Ok(self.__str__()? == other.get().__str__()?)
    }

    /// By the document and the place in it.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        let args = (&self.parent, self.field).into_pyobject(py)?;
        Ok((py.import("tordesc._tordesc")?.getattr("_policy")?, args))
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        pyo3::types::PyString::new(py, &self.__str__()?).hash()
    }
}

/// A policy out of what `__reduce__` gives.
#[pyfunction]
pub(crate) fn _policy(parent: &Bound<'_, Descriptor>, field: usize) -> PyResult<Policy> {
    let policy = Policy::new(parent, field);
    policy.policy()?;
    Ok(policy)
}

/// The rules of a policy, one after the other.
#[pyclass(frozen, module = "tordesc")]
pub(crate) struct Rules {
    rules: Mutex<std::vec::IntoIter<PolicyRule>>,
}

#[pymethods]
impl Rules {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self) -> Option<PolicyRule> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).next()
    }
}

/// A rule of a policy.
#[pyclass(frozen, eq, hash, get_all, module = "tordesc")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PolicyRule {
    /// Whether it allows connections.
    is_accept: bool,
    /// Which addresses it is about: `*`, or an address with the number of bits that count, as `10.0.0.0/8`.
    address: String,
    /// The first and the last port that it is about.
    ports: (u16, u16),
}

#[pymethods]
impl PolicyRule {
    fn __str__(&self) -> String {
        let verb = if self.is_accept { "accept" } else { "reject" };
        match self.ports {
            (0 | 1, u16::MAX) => format!("{verb} {}:*", self.address),
            (first, last) if first == last => format!("{verb} {}:{first}", self.address),
            (first, last) => format!("{verb} {}:{first}-{last}", self.address),
        }
    }

    fn __repr__(&self) -> String {
        format!("<PolicyRule {}>", self.__str__())
    }
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        let args = (self.is_accept, &self.address, self.ports).into_pyobject(py)?;
        Ok((py.import("tordesc._tordesc")?.getattr("_rule")?, args))
    }
}

/// A rule out of what `__reduce__` gives.
#[pyfunction]
pub(crate) fn _rule(is_accept: bool, address: String, ports: (u16, u16)) -> PolicyRule {
    PolicyRule { is_accept, address, ports }
}
