//! OnionPerf analysis: a day of downloads over Tor, as JSON.

mod convert;
mod model;

use serde::de::IgnoredAny;

use crate::{
    netdoc::{Item, json},
    schema::{FromItem, Kind, Part, Problem, Reader, Sink, descriptor},
};

descriptor! {
    /// What OnionPerf measured in a day, version 1.0 to 3.1. Its downloads can be had as Torperf results.
    pub struct OnionPerfAnalysis<'a> = "onionperf"
        in "https://metrics.torproject.org/collector.html#type-onionperf",
        grammar = json::members, first = false, check = Some(is_supported);

    /// The measurements by the name of the machine that made them.
    "data" => sources: Measurements<'a>;
    /// What was left out, as JSON. Since version 3.0, if there are filters.
    "filters" => filters: Option<Json<'a>>;
    /// The kind of the file: `onionperf`.
    "type" => file_type: Json<'a>;
    /// The version of the format. A number in 1.0, then a string.
    "version" => version: Json<'a>;
}

impl OnionPerfAnalysis<'_> {
    /// The downloads as Torperf results, by metrics-lib's rules: for each an annotation line and a result line. Fails if
    /// the data are JSON but not of OnionPerf's form.
    pub fn to_torperf(&self) -> Result<Vec<u8>, Problem> {
        let sources = serde_json::from_slice(self.sources.0).map_err(|_| NO_MEASUREMENTS)?;
        Ok(convert::to_torperf(&sources))
    }
}

const NO_MEASUREMENTS: Problem = Problem::BadArgument("measurements");

fn is_supported<'a>(analysis: &OnionPerfAnalysis<'a>, reader: &mut Reader<'a>) {
    let OnionPerfAnalysis { file_type, version, .. } = analysis;
    if !file_type.0.is_empty() && file_type.text() != b"onionperf" {
        reader.complain_at("type", file_type.0, Problem::BadArgument("type"));
    }
    let major = version.text().split(|&b| b == b'.').next().unwrap_or_default();
    if !matches!(major, b"" | b"1" | b"2" | b"3") {
        reader.complain_at("version", version.0, Problem::UnsupportedVersion);
    }
}

/// How many bytes of a file [`detect`] looks at.
const HEAD: usize = 1024;

/// Whether a text is the JSON of an OnionPerf analysis: an object whose data name a source and one of its parts.
pub(crate) fn detect(text: &[u8]) -> bool {
    let head = text[..text.len().min(HEAD)].trim_ascii_start();
    let Some(inner) = head.strip_prefix(b"{") else { return false };
    let is_ours = |name: &[u8]| memchr::memmem::find(head, name).is_some();
    match inner.trim_ascii_start() {
        rest if rest.starts_with(b"\"data\"") => {
            [&b"\"measurement_ip\""[..], b"\"tgen\"", b"\"tor\""].iter().any(|name| is_ours(name))
        }
        rest => rest.starts_with(b"\"type\"") && is_ours(b"\"onionperf\""),
    }
}

/// The measurements as JSON, known to be an object. They are decoded when asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measurements<'a>(pub &'a [u8]);

impl Measurements<'_> {
    /// The names of the machines that measured, in order.
    pub fn names(&self) -> Vec<String> {
        let entries: model::Entries<IgnoredAny> = serde_json::from_slice(self.0).unwrap_or_default();
        entries.0.into_iter().map(|(name, _)| name).collect()
    }
}

impl<'a> FromItem<'a> for Measurements<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::List(&Kind::Text))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        match serde_json::from_slice::<model::Entries<IgnoredAny>>(item.args) {
            Ok(_) if item.args.starts_with(b"{") => Ok(Measurements(item.args)),
            _ => Err(NO_MEASUREMENTS),
        }
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.list();
        self.names().iter().for_each(|name| out.text(name.as_bytes()));
        out.end_list();
    }
}

/// A value as JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<'a>(pub &'a [u8]);

impl<'a> Json<'a> {
    /// A string without its quotes, anything else as it stands. Escapes are not decoded.
    pub fn text(&self) -> &'a [u8] {
        self.0.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(self.0)
    }
}

impl<'a> FromItem<'a> for Json<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Text)];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        match serde_json::from_slice::<IgnoredAny>(item.args) {
            Ok(_) => Ok(Json(item.args)),
            Err(_) => Err(Problem::BadArgument("JSON")),
        }
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.text(self.text());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::Type,
        netdoc::Frame,
        schema::{Parsed, parse},
    };

    fn read(text: &[u8]) -> Parsed<'_, OnionPerfAnalysis<'_>> {
        parse(Frame::whole(Type::OnionPerf, text))
    }

    #[test]
    fn members_are_rows() {
        let text = br#"{"data": {"op-nl2": {"measurement_ip": "unknown", "tgen": {}}, "b\"": null}, "type": "onionperf", "version": 1.0}"#;
        assert!(detect(text));
        let analysis = read(text);
        assert!(analysis.issues.is_empty(), "{:?}", analysis.issues);
        let analysis = analysis.document().expect("complete");
        assert_eq!(analysis.sources.names(), ["op-nl2", "b\""]);
        assert_eq!((analysis.version.text(), analysis.file_type.text()), (&b"1.0"[..], &b"onionperf"[..]));
        assert_eq!(analysis.to_torperf(), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_analysis_is_an_issue() {
        let deep = [&b"{\"data\":{\"a\":"[..], &vec![b'['; 1 << 20]].concat();
        let closed = [&b"{\"data\":{\"a\":"[..], &vec![b'['; 1 << 20], &vec![b']'; 1 << 20], b"}}"].concat();
        for (text, keyword) in [
            (&br#"{"data": {}, "type": "onionperf", "version": "4.0"}"#[..], "version"),
            (br#"{"data": {}, "type": "other", "version": "3.1"}"#, "type"),
            (br#"{"data": [1], "type": "onionperf", "version": "3.1"}"#, "data"),
            (br#"{"data": {"a": tru}, "type": "onionperf", "version": "3.1"}"#, "data"),
            (br#"{"data": {}, "type": "onionperf"}"#, "version"),
            (br#"{"data": {}, "type": "onionperf", "version": "3.1"#, ""),
            (b"{", ""),
            (&deep, ""),
            (&closed, "type"),
        ] {
            let analysis = read(text);
            assert!(analysis.issues.iter().any(|issue| issue.keyword == keyword), "{:?}", analysis.issues);
            let _ = analysis.partial.to_torperf();
        }
    }
}
