//! Many documents of one type, one after the other in the same place.

use super::{Memo, Parsed, Reader, Table, Wanted};
use crate::{
    document::Type,
    netdoc::{Cut, Frame, Framer, Lexer, Start},
    schema::Count,
};

/// Reads many documents of one type, each in the place of the one before, which is forgotten then. For many small ones
/// this is quicker than [`parse`](super::parse), and nothing else is different: no document is moved, and what was found
/// sound in one, such as a list of ports that many relays have, need not be looked at again.
#[derive(Debug)]
pub struct Series<'a, D> {
    parsed: Parsed<'a, D>,
    reader: Reader<'a>,
}

impl<'a, D: Table<'a>> Series<'a, D> {
    /// Reads these rows of each document.
    pub fn new(wanted: Wanted) -> Self {
        Series {
            parsed: Parsed::new(Frame::default()),
            reader: Reader { wanted, memo: Memo::large(), ..Reader::new(b"") },
        }
    }

    /// Reads a document.
    #[inline]
    pub fn read(&mut self, frame: Frame<'a>) -> &Parsed<'a, D> {
        self.reader.lexer = Lexer::new(frame.body);
        self.parsed.partial = D::default();
        self.parsed.frame = frame;
        self.parsed.fill(&mut self.reader);
        &self.parsed
    }
}

/// Reads the documents of one type in a text, in order; others are passed over. The quickest way to read many small ones:
///
/// ```
/// use descriptor_core::{document::Microdescriptor, schema::{Documents, Wanted}};
///
/// let text = b"onion-key\np accept 80\nonion-key\np reject 25\nonion-key\n";
/// let mut documents = Documents::<Microdescriptor>::new(text, Wanted::ALL);
/// let mut web = 0;
/// while let Some(parsed) = documents.next() {
///     web += usize::from(parsed.partial.exit_policy.is_some_and(|policy| policy.allows(80)));
/// }
/// assert_eq!(web, 2);
/// ```
///
/// They are the documents of [`frames`](crate::netdoc::frames), and read as by [`parse`](super::parse).
#[derive(Debug)]
pub struct Documents<'a, D> {
    series: Series<'a, D>,
    framer: Framer,
    rest: &'a [u8],
    /// What documents begin with that go as far as the next annotation, as all seem to do.
    start: Option<&'static [u8]>,
}

impl<'a, D: Table<'a>> Documents<'a, D> {
    /// The documents of a text, of which these rows are wanted.
    pub fn new(text: &'a [u8], wanted: Wanted) -> Self {
        let start = start::<D>().filter(|_| wanted == Wanted::ALL);
        Documents { series: Series::new(wanted), framer: Framer::new(None), rest: text, start }
    }

    /// The next document; `None` if there is no more.
    #[expect(
        clippy::should_implement_trait,
        reason = "what is returned is of the reader, as no iterator's is"
    )]
    pub fn next(&mut self) -> Option<&Parsed<'a, D>> {
        if let Some(start) = self.start
            && let Some((frame, taken)) = self.framer.cut_annotated(self.rest, start)
            && is_of::<D>(frame.kind)
        {
            self.series.read(frame);
            if !self.series.reader.again {
                self.framer.skip(taken);
                self.rest = &self.rest[taken..];
                return Some(&self.series.parsed);
            }
            // Another document has begun in it.
            self.start = None;
        }
        loop {
            let Cut::Frame(frame, taken) = self.framer.cut(self.rest, true) else { return None };
            self.rest = &self.rest[taken..];
            if is_of::<D>(frame.kind) {
                return Some(self.series.read(frame));
            }
        }
    }
}

/// What a type's documents begin with, if each document in a text is met by who reads all lines: the keyword is that of
/// the first row, which may not come again, and cannot stand in an object, where there is no `-`.
fn start<'a, D: Table<'a>>() -> Option<&'static [u8]> {
    let kind = Type::ALL.iter().find(|kind| is_of::<D>(Some(**kind)))?;
    let Start::Keyword(start) = kind.info().start else { return None };
    let once = !matches!(D::FIELDS.first()?.count, Count::Many);
    (once && start.contains(&b'-') && D::row(start.trim_ascii_end()) == Some(0)).then_some(start)
}

/// Whether a type has this table.
fn is_of<'a, D: Table<'a>>(kind: Option<Type>) -> bool {
    kind.is_some_and(|kind| std::ptr::eq((kind.info().schema)(), D::table()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::{ExtraInfo, Microdescriptor, ServerDescriptor},
        netdoc::frames,
        schema::parse,
    };

    fn equal<'a, D: Table<'a> + PartialEq>(one: &Parsed<'a, D>, other: &Parsed<'a, D>) {
        assert!(one.partial == other.partial);
        assert_eq!((&one.issues, &one.unknown), (&other.issues, &other.unknown));
        assert_eq!((one.frame, one.suppressed), (other.frame, other.suppressed));
        assert_eq!((one.complete, one.read), (other.complete, other.read));
    }

    /// In a series, and in a text, each document reads as it does alone; returns how many there are.
    fn same<'a, D: Table<'a> + PartialEq>(text: &'a [u8]) -> usize {
        let (mut series, mut documents) =
            (Series::<D>::new(Wanted::ALL), Documents::<D>::new(text, Wanted::ALL));
        let mut count = 0;
        for frame in frames(text, None).filter(|frame| is_of::<D>(frame.kind)) {
            let alone = parse::<D>(frame);
            equal(series.read(frame), &alone);
            equal(documents.next().expect("as many documents"), &alone);
            count += 1;
        }
        assert!(documents.next().is_none());
        count
    }

    #[test]
    fn in_a_series_documents_read_as_alone() {
        let text = b"onion-key\nid ed25519 x\nfamily $1\na [::1]:9001\na 1.2.3.4:5\nunheard-of\n\nonion-key\np accept 80\n\
            onion-key\np accept 80\np accept 80\np accept x\nonion-key\nfamily a b\nonion-key\nfamily $1\n";
        assert_eq!(same::<Microdescriptor<'_>>(&text.repeat(9)), 45);
        let text = b"router a 1.2.3.4 1 0 0\nbandwidth 1 2 3\naccept *:80\nrouter b\naccept *:80\naccept x\nrouter c 1.2.3.4 1 0 0\n";
        assert_eq!(same::<ServerDescriptor<'_>>(&text.repeat(9)), 27);
        let text = b"extra-info a 0000000000000000000000000000000000000000\nextra-info b\n";
        assert_eq!(same::<ExtraInfo<'_>>(&text.repeat(9)), 18);
    }

    #[test]
    fn documents_without_annotations_stand_between_annotated_ones() {
        let key = format!(
            "onion-key\n-----BEGIN RSA PUBLIC KEY-----\n{}-----END RSA PUBLIC KEY-----\n",
            "AAAA\n".repeat(3)
        );
        let lines = [
            "@type microdescriptor 1.0\n",
            &key,
            "p accept 80\n",
            "\n",
            "onion-key\n",
            "opt onion-key\n",
            "onion-key x\n",
            "@source a\n",
            "@type extra-info 1.0\n",
            "extra-info a\n",
            "unheard-of\n",
            "-----BEGIN A-----\n",
            "-----END A-----\n",
            "a@b\n",
            "\r\n",
            "x\n@",
        ];
        // Every order of four of the lines behind a sound document, and before one.
        let count = lines.len();
        let mut texts = 0;
        for at in 0..count.pow(4) {
            let middle: String = (0..4).map(|place| lines[at / count.pow(place) % count]).collect();
            let text = [lines[0], &key, &middle, lines[0], &key].concat();
            texts += usize::from(same::<Microdescriptor<'_>>(text.as_bytes()) > 1);
        }
        assert!(texts > 30_000, "{texts}");
    }
}
