//! Sanitizing single documents.

use std::{fs, path::PathBuf};

use bytes::Bytes;
use descriptor_core::{
    document::{Owned, Type},
    netdoc::{Frame, frames},
    sanitize::{self as core, Origin, Refusal, Sanitizer, Secrets},
    schema::RuleSet,
    value::{Fingerprint, Timestamp},
};
use pyo3::{prelude::*, types::PyString};

use crate::{descriptor::Descriptor, document::Document, errors, run, source};

/// A document that may be published.
#[pyclass(frozen, get_all, module = "tordesc")]
pub(crate) struct Sanitized {
    /// The document.
    document: Py<PyAny>,
    /// Where CollecTor keeps it below `bridge-descriptors/`.
    path: String,
    /// What was left out of a status: entries that were refused, as errors.
    refused: Vec<Py<PyAny>>,
}

#[pymethods]
impl Sanitized {
    fn __repr__(&self) -> String {
        format!("<Sanitized {}>", self.path)
    }
}

/// Makes a bridge's server descriptor, extra-info descriptor or network status fit to be published.
///
/// `document` is the original, parsed or as bytes, which hold no other one. `secrets` is the text of a file of monthly
/// secrets, or its path; left out, fixed values stand in place of keyed hashes. `rules` is `current` or those of a CollecTor,
/// as `collector-1.18.2`.
/// A status needs the fingerprint of its `authority`, and `published` if it does not say when it was made. What may not be
/// published raises `SanitizeError`.
#[pyfunction]
#[pyo3(signature = (document, secrets = None, *, rules = "current", authority = None, published = None))]
pub(crate) fn sanitize(
    document: &Bound<'_, PyAny>,
    secrets: Option<&Bound<'_, PyAny>>,
    rules: &str,
    authority: Option<&str>,
    published: Option<&Bound<'_, PyAny>>,
) -> PyResult<Sanitized> {
    let py = document.py();
    let usage = |message: &str| errors::usage(py, message);
    let rules: RuleSet =
        rules.parse().map_err(|error: descriptor_core::schema::UnknownRuleSet| usage(&error.to_string()))?;
    let secrets = match secrets {
        Some(secrets) => {
            let text = text(secrets)?;
            Some(Secrets::parse(&text).map_err(|error| usage(&format!("secrets: {error}")))?)
        }
        None => None,
    };
    let (kind, original) = original(document)?;
    let sanitizer = Sanitizer::new(rules, secrets.as_ref());
    let sanitized = match kind {
        Type::ServerDescriptor => py.detach(|| core::server_descriptor(&original, &sanitizer)),
        Type::ExtraInfo => py.detach(|| core::extra_info(&original, &sanitizer)),
        Type::BridgeNetworkStatus => {
            let authority =
                authority.ok_or_else(|| usage("a status needs the fingerprint of its authority"))?;
            let authority = Fingerprint::from_hex(authority.as_bytes())
                .ok_or_else(|| usage("authority: not a fingerprint of 40 hex digits"))?;
            let published = published.map(run::time).transpose()?.unwrap_or(Timestamp(0));
            let origin = Origin { authority, published };
            py.detach(|| core::network_status(&original, &origin, &sanitizer))
        }
        other => return Err(usage(&format!("a {} is not sanitized", other.name()))),
    };
    let sanitized = sanitized.map_err(|refusal| refused(py, &refusal))?;
    let path = sanitized.path();
    let errors = sanitized.refused.iter().map(|(_, refusal)| refused(py, refusal).into_value(py).into_any());
    let errors = errors.collect();
    let bytes = Bytes::from(sanitized.bytes);
    let frame = frames(&bytes, Some(sanitized.kind)).next();
    let owned = frame.and_then(|frame| Owned::new(&bytes, Frame { kind: Some(sanitized.kind), ..frame }));
    let owned = owned.ok_or_else(|| errors::bug("nothing was left"))?;
    Ok(Sanitized {
        document: Descriptor::of_document(py, Document::read(owned, None))?.unbind(),
        path,
        refused: errors,
    })
}

/// The type and bytes of an original.
fn original(document: &Bound<'_, PyAny>) -> PyResult<(Type, Bytes)> {
    let py = document.py();
    if let Ok(document) = document.cast::<Descriptor>() {
        let document = document.get().document();
        return Ok((document.kind(), Bytes::copy_from_slice(document.frame().body)));
    }
    let bytes = source::bytes(document)?.ok_or_else(|| errors::usage(py, "a document or bytes"))?;
    let mut all = frames(&bytes, None);
    let frame = all.next();
    if all.next().is_some() {
        let several =
            "these bytes hold several documents: give one after the other, as tordesc.parse reads them";
        return Err(errors::usage(py, several));
    }
    let kind = frame.and_then(|frame| frame.kind).ok_or_else(|| errors::usage(py, "no known document"))?;
    let body = frame.map_or_else(Bytes::new, |frame| Bytes::copy_from_slice(frame.body));
    Ok((kind, body))
}

/// The text of a file of secrets, given as text, bytes or path.
fn text(secrets: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    let py = secrets.py();
    if let Some(bytes) = source::bytes(secrets)? {
        return Ok(bytes);
    }
    if let Ok(text) = secrets.cast::<PyString>()
        && text.to_str()?.contains(',')
    {
        return Ok(Bytes::copy_from_slice(text.to_str()?.as_bytes()));
    }
    let path: PathBuf = secrets.extract()?;
    fs::read(&path).map(Bytes::from).map_err(|error| errors::file(py, &path, &error))
}

fn refused(py: Python<'_>, refusal: &Refusal) -> PyErr {
    let message = format!("{}: {}", refusal.keyword, refusal.reason);
    errors::make(py, "SanitizeError", &message, |details| {
        details.set_item("keyword", &refusal.keyword)?;
        details.set_item("line", refusal.line)?;
        details.set_item("reason", refusal.reason.word())
    })
}
