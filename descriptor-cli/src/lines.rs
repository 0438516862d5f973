//! Line numbers of sources that are read in pieces: each piece counts its own lines, and their sum gives the place.

use std::sync::Arc;

use descriptor_core::netdoc::Frame;

/// The runs of documents of one source each, in one piece of work.
#[derive(Debug, Default)]
pub(crate) struct Segments(Vec<Segment>);

#[derive(Debug)]
struct Segment {
    source: Arc<str>,
    /// Where it begins and ends in its source.
    start: u64,
    end: u64,
    /// How many line ends it has.
    lines: usize,
    /// How many bytes a line end has in its first document.
    ending: usize,
}

/// Where a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which segment.
    pub(crate) segment: usize,
    /// How many lines of the segment stand before the document.
    pub(crate) before: usize,
}

impl Segments {
    /// Counts a document, with what stands between it and the one before it. That can only be blank lines, which end as the
    /// first line of the document does, or documents that were too large; of these nothing is known.
    pub(crate) fn add(&mut self, source: &Arc<str>, frame: &Frame<'_>) -> Place {
        let start = frame.offset - frame.annotations.len() as u64;
        if self.0.last().is_none_or(|last| last.source != *source || last.end > start) {
            self.0.push(Segment {
                source: Arc::clone(source),
                start,
                end: start,
                lines: 0,
                ending: ending(frame),
            });
        }
        let segment = self.0.len() - 1;
        let Some(last) = self.0.last_mut() else { return Place { segment: 0, before: 0 } };
        let ends = |text: &[u8]| memchr::memchr_iter(b'\n', text).count();
        let before = last.lines + (start - last.end) as usize / ending(frame) + ends(frame.annotations);
        last.lines = before + ends(frame.body);
        last.end = frame.offset + frame.body.len() as u64;
        Place { segment, before }
    }

    /// The source of a segment.
    pub(crate) fn name(&self, segment: usize) -> Arc<str> {
        self.0.get(segment).map_or_else(|| "".into(), |it| it.source.clone())
    }
}

/// How many bytes the end of a document's first line has.
fn ending(frame: &Frame<'_>) -> usize {
    let first = memchr::memchr(b'\n', frame.body).unwrap_or(0);
    if frame.body[..first].ends_with(b"\r") { 2 } else { 1 }
}

/// Where the last segment ended.
#[derive(Debug, Default)]
pub(crate) struct Lines(Option<Segment>);

impl Lines {
    /// The line, counted from 1, at which each segment begins; segments come in the order of reading.
    pub(crate) fn place(&mut self, segments: &Segments) -> Vec<usize> {
        let mut first = Vec::with_capacity(segments.0.len());
        for segment in &segments.0 {
            let before = match &self.0 {
                Some(last) if last.source == segment.source && last.end <= segment.start => {
                    last.lines + (segment.start - last.end) as usize / segment.ending
                }
                _ => segment.start as usize / segment.ending,
            };
            first.push(before + 1);
            let lines = before + segment.lines;
            self.0 = Some(Segment { source: segment.source.clone(), lines, ..*segment });
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use descriptor_core::netdoc::frames;

    use super::*;

    #[test]
    fn pieces_of_a_source_count_on() {
        let text = "\n@type server-descriptor 1.0\nrouter a\nx\n\n\nrouter b\ny\n@type extra-info 1.0\nextra-info c\n";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let all: Vec<_> = frames(text.as_bytes(), None).collect();
            let line = |at: u64| text[..at as usize].matches('\n').count() + 1;
            for cut in 0..=all.len() {
                let mut lines = Lines::default();
                for part in [&all[..cut], &all[cut..]] {
                    let mut segments = Segments::default();
                    let places: Vec<_> = part.iter().map(|frame| segments.add(&"s".into(), frame)).collect();
                    let first = lines.place(&segments);
                    for (frame, place) in part.iter().zip(places) {
                        assert_eq!(first[place.segment] + place.before, line(frame.offset), "{cut}");
                    }
                }
            }
        }
    }
}
