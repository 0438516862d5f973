//! A short memory for what was made of texts.

use super::memo::slot;

/// What was made of texts lately, by the text. The entries of a status repeat a few hundred lists of flags and protocols
/// thousands of times, and to find a text again is quicker than to take it apart again. It holds a bounded number of
/// texts of bounded length; a text that comes pushes out an earlier one.
#[derive(Debug)]
pub struct Recent<T> {
    /// Empty until something is kept.
    slots: Vec<Option<(Box<[u8]>, T)>>,
}

const SLOTS: usize = 1024;
const LONGEST: usize = 1024;

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Recent { slots: Vec::new() }
    }
}

impl<T> Recent<T> {
    /// What was made of a text, if it is still known.
    #[inline]
    pub fn get(&self, text: &[u8]) -> Option<&T> {
        // Each text has two places.
        let first = slot(text) % SLOTS;
        let at = |at: usize| self.slots.get(at)?.as_ref();
        let found = at(first).filter(|(known, _)| **known == *text);
        found.or_else(|| at(first ^ 1).filter(|(known, _)| **known == *text)).map(|(_, made)| made)
    }

    /// Keeps what was made of a text, unless the text is long.
    pub fn put(&mut self, text: &[u8], made: T) {
        if text.len() > LONGEST {
            return;
        }
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || None);
        }
        let first = slot(text) % SLOTS;
        self.slots[first ^ 1] = self.slots[first].replace((text.into(), made));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_found_by_its_text_alone() {
        let mut recent = Recent::default();
        assert_eq!(recent.get(b"Exit Fast"), None);
        for number in 0..5000u32 {
            let text = format!("Fast {number}");
            recent.put(text.as_bytes(), number);
            assert_eq!(recent.get(text.as_bytes()), Some(&number));
        }
        let known = (0..5000u32).filter(|number| recent.get(format!("Fast {number}").as_bytes()).is_some());
        assert!((1..=SLOTS).contains(&known.count()));
        let long = [b'x'; LONGEST + 1];
        recent.put(&long, 0);
        assert_eq!(recent.get(&long), None);
    }
}
