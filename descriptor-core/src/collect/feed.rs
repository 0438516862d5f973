//! Sources that are one address: exit lists and the statistics of services (collector §4, §8).

use std::fmt;

use super::{
    Answer, Client, Delivery, Memory, Patience, Request, Source, SourceError, Stop, Wanted, answer::contents,
    directory::system_clock,
};
use crate::document::Type;

/// A text at an address, one document or several, of which newer ones take the older ones' place.
pub struct Feed {
    name: String,
    url: String,
    kind: Type,
    client: Client,
    patience: Patience,
    /// What it had last, so that the same is not sent again.
    memory: Option<Box<dyn Memory>>,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("url", &self.url).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Feed {
    /// Where the exit list is.
    pub const EXIT_LIST: &'static str = "https://check.torproject.org/exit-addresses";
    /// Where the Snowflake broker's statistics are.
    pub const SNOWFLAKE: &'static str = "https://snowflake-broker.torproject.net/metrics";
    /// Where bridgestrap's statistics are.
    pub const BRIDGESTRAP: &'static str = "https://bridges.torproject.org/bridgestrap-collector";

    /// Documents of a type at an address.
    pub fn new(name: &str, url: &str, kind: Type, client: Client, patience: Patience) -> Self {
        Feed { name: name.into(), url: url.into(), kind, client, patience, memory: None }
    }

    /// Asks only for what changed. Not for exit lists: there is to be one an hour, changed or not.
    #[must_use]
    pub fn with_memory(mut self, memory: Box<dyn Memory>) -> Self {
        self.memory = Some(memory);
        self
    }
}

impl Source for Feed {
    fn name(&self) -> &str {
        &self.name
    }

    fn collect(&self, wanted: &[Wanted], deliver: &(dyn Fn(Delivery) -> Stop + Sync)) -> Vec<SourceError> {
        if !wanted.iter().any(|wanted| self.serves(wanted)) {
            return Vec::new();
        }
        let complain = |what: String| vec![SourceError { from: self.name.clone(), what }];
        let version = self.memory.as_ref().and_then(|memory| memory.recall(&self.url));
        let request = Request { url: &self.url, version: version.as_deref(), ..Request::default() };
        let whole = match self.patience.get(&self.client, &request) {
            Ok(Answer::Whole(whole)) => whole,
            Ok(Answer::NotModified) => return Vec::new(),
            Ok(Answer::Absent) => return complain("there is nothing at its address".into()),
            Err(error) => return complain(error.to_string()),
        };
        let received = system_clock();
        let contents = contents(&whole.bytes, whole.ended);
        let mut found = false;
        for group in contents.groups {
            found |= group.kind == Some(self.kind);
            let (bytes, from) = (group.bytes.to_vec(), self.url.clone());
            if deliver(Delivery { kind: group.kind, bytes, from, received }) == Stop::Yes {
                return Vec::new();
            }
        }
        match (&self.memory, whole.version) {
            _ if contents.cut_off => return complain("the end of the answer is missing".into()),
            _ if !found => return complain(format!("the answer is no {}", self.kind.name())),
            (Some(memory), Some(version)) => memory.learn(&self.url, &version),
            _ => {}
        }
        Vec::new()
    }

    fn settle(&self) -> Result<(), SourceError> {
        SourceError::of_memory(&self.name, self.memory.as_ref().map_or(Ok(()), |memory| memory.settle()))
    }
}
