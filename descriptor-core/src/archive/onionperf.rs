//! Analyses of OnionPerf as results of Torperf, for who asks for these: another form of the same, as a compressed file is.

use std::{io::Read, sync::Arc};

use super::{
    Cause, Source,
    feed::Feed,
    fill::{Filler, Halt},
};
use crate::{
    document::{OnionPerfAnalysis, Type},
    netdoc::frames,
    schema::parse,
};

impl Filler<'_> {
    /// Whether a source that begins so may be an analysis of which only the downloads are asked for.
    pub(super) fn converts(&self, head: &[u8]) -> bool {
        let asked = |kind| self.options.types.as_ref().is_some_and(|types| types.contains(&kind));
        let head = head.trim_ascii_start();
        (head.starts_with(b"{") || head.starts_with(b"@type onionperf "))
            && asked(Type::Torperf)
            && !asked(Type::OnionPerf)
    }

    /// Reads an analysis as the results that it tells, by metrics-lib's rules; offsets count their bytes. What is none is
    /// read as it stands.
    pub(super) fn downloads(&mut self, feed: &mut Feed<'_>, source: &Arc<Source>) -> Result<(), Halt> {
        self.unread(feed);
        let (limit, mut text) = (self.options.max_document, Vec::new());
        let read = feed.by_ref().take(limit as u64 + 1).read_to_end(&mut text);
        read.map_err(|error| Halt::Broken(Cause::of(error, feed.offset)))?;
        if text.len() > limit {
            return self.fail(source, Cause::TooLarge { offset: 0, limit });
        }
        let frame = frames(&text, source.hint()).next().filter(|frame| frame.kind == Some(Type::OnionPerf));
        let results = match frame.map(|frame| parse::<OnionPerfAnalysis<'_>>(frame).partial.to_torperf()) {
            None => text,
            Some(Ok(results)) => results,
            Some(Err(problem)) => return self.fail(source, Cause::Malformed(problem)),
        };
        self.text(&mut Feed::new(&results[..], Some(results.len() as u64)), source)
    }
}
