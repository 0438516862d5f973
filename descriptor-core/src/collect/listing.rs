//! Hosts that list their files on a page: OnionPerf (collector §6).

use std::{collections::BTreeSet, fmt};

use super::{
    Answer, Client, Delivery, Memory, Patience, Request, Source, SourceError, Stop, Wanted,
    directory::system_clock, encoding::delivered,
};
use crate::{document::Type, value::Timestamp};

/// A host that runs OnionPerf. Each of its files is fetched once.
///
/// DIFFERENCE: CollecTor keeps hosts apart by the addresses that their names resolve to, so that two hosts behind one
/// address are mixed up. Here a host is known by what it is called.
pub struct OnionPerf {
    name: String,
    url: String,
    client: Client,
    patience: Patience,
    memory: Box<dyn Memory>,
}

impl fmt::Debug for OnionPerf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnionPerf").field("name", &self.name).field("url", &self.url).finish_non_exhaustive()
    }
}

impl OnionPerf {
    /// A host by the address of its listing. The name is what its measurements call their source; `None` for the first
    /// label of the host's name, as CollecTor has it.
    pub fn new(
        name: Option<&str>,
        url: &str,
        client: Client,
        patience: Patience,
        memory: Box<dyn Memory>,
    ) -> Self {
        let host = url.split("://").last().unwrap_or(url);
        let label = host.split(['.', '/', ':']).next().unwrap_or(host);
        let url = format!("{}/", url.trim_end_matches('/'));
        OnionPerf { name: name.unwrap_or(label).to_owned(), url, client, patience, memory }
    }

    /// The type of a file that is wanted, by its name: `SOURCE-BYTES-DATE.tpf` or `DATE.onionperf.analysis.json.xz`.
    fn kind(&self, file: &str) -> Option<Type> {
        if let Some(date) = file.strip_suffix(".onionperf.analysis.json.xz") {
            return is_date(date).then_some(Type::OnionPerf);
        }
        let rest = file.strip_suffix(".tpf")?.strip_prefix(&self.name)?.strip_prefix('-')?;
        let (size, date) = rest.split_once('-')?;
        let sized = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
        (sized && is_date(date)).then_some(Type::Torperf)
    }

    fn fetch(&self, file: &str, kind: Type) -> Result<Option<Delivery>, String> {
        let url = format!("{}{file}", self.url);
        let request = Request { url: &url, plain: true, ..Request::default() };
        let whole = match self.patience.get(&self.client, &request).map_err(|error| error.to_string())? {
            Answer::Whole(whole) => whole,
            _ => return Ok(None),
        };
        let bytes = delivered(Some(kind), whole.bytes, self.client.limits().unpacked)?;
        Ok(Some(Delivery { kind: Some(kind), bytes, from: url, received: system_clock() }))
    }
}

impl Source for OnionPerf {
    fn name(&self) -> &str {
        &self.name
    }

    fn collect(&self, wanted: &[Wanted], deliver: &(dyn Fn(Delivery) -> Stop + Sync)) -> Vec<SourceError> {
        if !wanted.iter().any(|wanted| self.serves(wanted)) {
            return Vec::new();
        }
        let complain = |what: String| SourceError { from: self.name.clone(), what };
        let request = Request { url: &self.url, ..Request::default() };
        let page = match self.patience.get(&self.client, &request) {
            Ok(Answer::Whole(whole)) => whole.bytes,
            Ok(_) => return vec![complain("there is no listing".into())],
            Err(error) => return vec![complain(error.to_string())],
        };
        let mut errors = Vec::new();
        for file in links(&page) {
            let Some(kind) = self.kind(file) else { continue };
            let address = format!("{}{file}", self.url);
            if self.memory.recall(&address).is_some() {
                continue;
            }
            match self.fetch(file, kind) {
                Ok(Some(delivery)) => {
                    if deliver(delivery) == Stop::Yes {
                        break;
                    }
                    self.memory.learn(&address, "delivered");
                }
                Ok(None) => errors.push(complain(format!("{file}: listed, but not there"))),
                Err(what) => errors.push(complain(format!("{file}: {what}"))),
            }
        }
        errors
    }

    fn settle(&self) -> Result<(), SourceError> {
        SourceError::of_memory(&self.name, self.memory.settle())
    }
}

/// What a page links to in its own folder, each once.
fn links(page: &[u8]) -> BTreeSet<&str> {
    const START: &[u8] = b"href=\"";
    let ends = memchr::memmem::find_iter(page, START).map(|at| at + START.len());
    ends.filter_map(|at| {
        let rest = &page[at..];
        let link = std::str::from_utf8(&rest[..memchr::memchr(b'"', rest)?]).ok()?;
        (!link.is_empty() && link.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)))
            .then_some(link)
    })
    .collect()
}

/// Whether a text is a day, `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let mut time = *b"0000-00-00 00:00:00";
    let date = text.as_bytes();
    date.len() == 10 && {
        time[..10].copy_from_slice(date);
        Timestamp::parse(&time).is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Mutex};

    use super::*;
    use crate::collect::Limits;

    #[test]
    fn files_are_chosen_by_their_names() {
        let client = Client::new(Limits::default());
        let memory = Box::new(Mutex::new(BTreeMap::new()));
        let host = OnionPerf::new(
            None,
            "https://op-nl.onionperf.example/htdocs",
            client,
            Patience::default(),
            memory,
        );
        assert_eq!((host.name(), host.url.as_str()), ("op-nl", "https://op-nl.onionperf.example/htdocs/"));
        let page = br#"<a href="../">up</a> <a href="op-nl-51200-2019-01-30.tpf">x</a> <a href="/op-nl-1-2019-01-30.tpf">
            <a href="2019-01-30.onionperf.analysis.json.xz"> <a href="op-us-51200-2019-01-30.tpf">
            <a href="op-nl-51200-2019-02-30.tpf"> <a href="op-nl-x-2019-01-30.tpf"> <a href="?C=M;O=A"> <a href="cut"#;
        let chosen: Vec<_> = links(page).into_iter().filter(|file| host.kind(file).is_some()).collect();
        assert_eq!(chosen, ["2019-01-30.onionperf.analysis.json.xz", "op-nl-51200-2019-01-30.tpf"]);
    }
}
