//! Asking directory authorities, caches and other archives.

use std::{net::IpAddr, time::Duration};

use descriptor_core::{
    archive::index::{Index, IndexFile},
    collect::{Answer, Client, DirectoryAuthority as Known, HttpError, Limits, Mirror, Patience, Request},
};
use pyo3::{prelude::*, types::PyBytes};

use crate::{
    arguments::{self, Port},
    errors, value,
};

/// A directory authority of the public network.
#[pyclass(frozen, get_all, module = "tordesc")]
pub(crate) struct DirectoryAuthority {
    /// Its nickname.
    nickname: String,
    /// Its address.
    address: IpAddr,
    /// The port of its directory, which speaks HTTP.
    dir_port: u16,
    /// Its version 3 identity, upper-case hex.
    v3ident: String,
}

#[pymethods]
impl DirectoryAuthority {
    fn __repr__(&self) -> String {
        format!("<DirectoryAuthority {} {}:{}>", self.nickname, self.address, self.dir_port)
    }
}

/// The directory authorities that vote in the public network.
#[pyfunction]
pub(crate) fn authorities() -> Vec<DirectoryAuthority> {
    let all = Known::public().into_iter();
    all.map(|it| DirectoryAuthority {
        nickname: it.name,
        address: it.address.ip(),
        dir_port: it.address.port(),
        v3ident: it.identity.to_string(),
    })
    .collect()
}

/// How long and how often is asked.
fn client(timeout: Option<f64>, retries: i64) -> PyResult<(Client, Patience)> {
    let mut limits = Limits::default();
    let tries = u32::try_from(arguments::count(retries)?).unwrap_or(u32::MAX).saturating_add(1);
    let mut patience = Patience { tries, ..Patience::default() };
    if let Some(timeout) = timeout {
        let timeout = Duration::try_from_secs_f64(timeout)
            .map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))?;
        (limits.whole, limits.connect) = (timeout, limits.connect.min(timeout));
        limits.read = limits.read.min(timeout);
        patience.total = timeout.saturating_mul(tries);
    }
    Ok((Client::new(limits), patience))
}

/// Asks for a resource, such as `/tor/status-vote/current/consensus`, and returns its bytes, decompressed; `parse` reads
/// them.
///
/// `endpoints` are whom to ask, one after the other until one has it, as `(address, port)`; left out, the directory
/// authorities. A resource that is a URL is asked for there. `timeout` is for each one, in seconds; `retries` is how often
/// one that is busy is asked again. What nobody has raises `NetworkError`.
#[pyfunction]
#[pyo3(signature = (resource, *, endpoints = None, timeout = None, retries = 2))]
pub(crate) fn download<'py>(
    py: Python<'py>,
    resource: &str,
    endpoints: Option<Vec<(Bound<'py, PyAny>, Port)>>,
    timeout: Option<f64>,
    retries: i64,
) -> PyResult<Bound<'py, PyBytes>> {
    let (client, patience) = client(timeout, retries)?;
    let urls: Vec<String> = if resource.contains("://") {
        vec![resource.to_owned()]
    } else {
        let endpoints = match endpoints {
            Some(given) => {
                given.iter().map(|(host, port)| Ok((name(host)?, port.0))).collect::<PyResult<_>>()?
            }
            None => {
                let all = Known::public().into_iter();
                all.map(|it| (it.address.ip().to_string(), it.address.port())).collect::<Vec<_>>()
            }
        };
        let host =
            |address: &str| if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
        endpoints.iter().map(|(address, port)| format!("http://{}:{port}{resource}", host(address))).collect()
    };
    let mut last = network(py, &format!("{resource}: nobody to ask"), None);
    for url in &urls {
        py.check_signals()?;
        let request = Request { url, ..Request::default() };
        match py.detach(|| patience.get(&client, &request)) {
            Ok(Answer::Whole(whole)) => return Ok(PyBytes::new(py, &whole.bytes)),
            Ok(_) => last = network(py, &format!("{url}: not there"), None),
            Err(error) => last = network(py, &format!("{url}: {error}"), Some(&error)),
        }
    }
    Err(last)
}

/// Whom to ask: a name, or an address as text or of `ipaddress`.
fn name(host: &Bound<'_, PyAny>) -> PyResult<String> {
    match host.extract::<IpAddr>() {
        Ok(address) => Ok(address.to_string()),
        Err(_) => host.extract(),
    }
}

fn network(py: Python<'_>, message: &str, error: Option<&HttpError>) -> PyErr {
    errors::make(py, "NetworkError", message, |details| {
        details.set_item("transient", error.is_some_and(HttpError::is_transient))
    })
}

/// A file of another archive, as its index lists it.
#[pyclass(frozen, module = "tordesc")]
pub(crate) struct ArchiveFile {
    file: IndexFile,
}

#[pymethods]
impl ArchiveFile {
    /// Its path below the archive's address.
    #[getter]
    fn path(&self) -> &str {
        &self.file.path
    }

    /// Its size, in bytes.
    #[getter]
    fn size(&self) -> u64 {
        self.file.size
    }

    /// When it was changed last, to the minute.
    #[getter]
    fn last_modified<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        value::time(py, self.file.last_modified)
    }

    /// What stands after `@type` in it.
    #[getter]
    fn types(&self) -> Vec<String> {
        self.file.types.clone()
    }

    /// When the first of its documents was published, to the minute; None if none has a time.
    #[getter]
    fn first_published<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.file.first_published.map(|time| value::time(py, time)).transpose()
    }

    /// When the last of its documents was published, to the minute; None if none has a time.
    #[getter]
    fn last_published<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.file.last_published.map(|time| value::time(py, time)).transpose()
    }

    /// The SHA-256 of the file as it is stored, upper-case hex; None in indexes before 2019.
    #[getter]
    fn sha256<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.file.sha256.map(|digest| value::hex(py, &digest))
    }

    fn __repr__(&self) -> String {
        format!("<ArchiveFile {} {} bytes>", self.file.path, self.file.size)
    }
}

/// The files of an archive's `index.json`, given as bytes, decompressed.
#[pyfunction]
pub(crate) fn read_index(py: Python<'_>, json: &[u8]) -> PyResult<Vec<ArchiveFile>> {
    let index = py.detach(|| Index::read(json)).map_err(|error| errors::usage(py, &error.to_string()))?;
    Ok(index.files.into_iter().map(|file| ArchiveFile { file }).collect())
}

/// An archive on the network, CollecTor's or one that `tordesc serve` serves.
#[pyclass(frozen, module = "tordesc")]
pub(crate) struct Archive {
    mirror: Mirror,
    url: String,
}

#[pymethods]
impl Archive {
    #[new]
    #[pyo3(signature = (url = "https://collector.torproject.org", *, timeout = None, retries = 2))]
    fn new(url: &str, timeout: Option<f64>, retries: i64) -> PyResult<Self> {
        let (client, patience) = client(timeout, retries)?;
        Ok(Archive { mirror: Mirror::reader(url, client, patience), url: url.to_owned() })
    }

    /// Its address.
    #[getter]
    fn url(&self) -> &str {
        &self.url
    }

    /// The files that its index lists, in order.
    fn files(&self, py: Python<'_>) -> PyResult<Vec<ArchiveFile>> {
        let files = py
            .detach(|| self.mirror.index())
            .map_err(|what| network(py, &format!("{}: index: {what}", self.url), None))?;
        Ok(files.into_iter().map(|file| ArchiveFile { file }).collect())
    }

    /// The bytes of a file as it is stored, checked against the size and digest that the index says.
    fn fetch<'py>(&self, py: Python<'py>, file: &Bound<'py, ArchiveFile>) -> PyResult<Bound<'py, PyBytes>> {
        let file = &file.get().file;
        let bytes = py
            .detach(|| self.mirror.fetch(file))
            .map_err(|what| network(py, &format!("{}/{}: {what}", self.url, file.path), None))?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn __repr__(&self) -> String {
        format!("<Archive {}>", self.url)
    }
}
