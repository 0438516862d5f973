//! Whom the configuration says to ask.

use std::{fs, path::Path, time::Duration};

use descriptor_core::{
    collect::{
        Client, Directory, DirectorySettings, Feed, FileMemory, Flavor, Limits, Local, Mirror, OnionPerf,
        Patience, Source,
    },
    document::Type,
};

use super::{Service, make};
use crate::{
    config::Config,
    exit::{Failure, reason},
};

impl Service {
    /// All sources, in the order in which they are asked: what is at hand comes first.
    pub(super) fn sources(&self) -> Result<Vec<Box<dyn Source>>, Failure> {
        let Config { relay, network, paths, mirrors, onionperf, .. } = &self.config;
        make(&paths.state)?;
        let mut limits = Limits::default();
        limits.connect = Duration::from_secs(network.connect_timeout);
        limits.read = Duration::from_secs(network.read_timeout);
        limits.whole = Duration::from_secs(network.whole_timeout);
        limits.sent = network.largest << 20;
        limits.unpacked = network.largest << 20;
        let client = Client::new(limits);
        let total = Duration::from_secs(network.patience);
        let patience = Patience { tries: network.tries, total, ..Patience::default() };
        let state = |name: &str| paths.state.join(name);
        let memory = |name: &str| {
            let path = state(name);
            FileMemory::open(&path)
                .map(Box::new)
                .map_err(|error| Failure::Other(format!("{}: {}", path.display(), reason(&error))))
        };
        let mut sources: Vec<Box<dyn Source>> = Vec::new();
        if !relay.data_directories.is_empty() {
            let local = Local::data_directories("tor data directories", relay.data_directories.clone());
            sources.push(Box::new(local.with_history(state("data-directories-history"))));
        }
        if !relay.archives.is_empty() {
            let local = Local::archives("archives", relay.archives.clone());
            sources.push(Box::new(local.with_history(state("archives-history"))));
        }
        if relay.active {
            let mut settings = DirectorySettings::default();
            settings.patience = patience.clone();
            settings.interval = Duration::from_secs(relay.interval.into());
            let folder = paths.indexed.join("recent/relay-descriptors");
            let directory = Directory::new(self.authorities.clone(), client.clone(), settings);
            sources.push(Box::new(directory.with_base(Box::new(move |flavor| newest(&folder, flavor)))));
        }
        for (name, feed, kind) in [
            ("exit list", &self.config.exit_list, Type::ExitList),
            ("snowflake", &self.config.snowflake, Type::SnowflakeStats),
            ("bridgestrap", &self.config.bridgestrap, Type::BridgestrapStats),
        ] {
            if !feed.url.is_empty() {
                let source = Feed::new(name, &feed.url, kind, client.clone(), patience.clone());
                sources.push(match kind {
                    Type::ExitList => Box::new(source),
                    _ => Box::new(source.with_memory(memory("feeds-memory")?)),
                });
            }
        }
        for host in &onionperf.hosts {
            let memory = memory("onionperf-memory")?;
            sources.push(Box::new(OnionPerf::new(None, host, client.clone(), patience.clone(), memory)));
        }
        for url in &mirrors.urls {
            let (name, memory) = (format!("mirror {url}"), memory("mirrors-memory")?);
            let prefixes = mirrors.prefixes.clone();
            let mirror = Mirror::new(&name, url, prefixes, client.clone(), patience.clone(), memory);
            sources.push(Box::new(mirror.with_scratch(state("scratch"))));
        }
        Ok(sources)
    }
}

/// The newest consensus of a flavour in `recent/`; the authorities then send only what changed.
fn newest(folder: &Path, flavor: Flavor) -> Option<Vec<u8>> {
    let folder = folder.join(match flavor {
        Flavor::Ns => "consensuses",
        Flavor::Microdesc => "microdescs/consensus-microdesc",
    });
    let names = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let path = names.filter(|path| path.extension().is_none()).max()?;
    let bytes = fs::read(path).ok()?;
    // As it was served: the annotation is ours.
    let start = bytes
        .split_inclusive(|&b| b == b'\n')
        .take_while(|line| line.starts_with(b"@"))
        .map(<[u8]>::len)
        .sum();
    bytes.get(start..).map(<[u8]>::to_vec)
}
