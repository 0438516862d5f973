//! Lists and maps that come again: they are copied from where they were made first.

use super::{Node, Tree};

impl Tree {
    /// Keeps the list or map that ends here, to be found by the text that told it.
    pub(super) fn keep(&mut self, node: usize, end: usize) {
        let (children, nodes) = self.nodes.split_at_mut(node);
        match &mut nodes[0] {
            Node::List { element, nesting, recent } => {
                if let Node::Text(element) = &children[*element]
                    && let Some(elements) = element.copy(nesting.last()..end)
                {
                    recent.put(&self.text, elements);
                }
            }
            Node::Map { keys, value, nesting, recent } => {
                let places = nesting.last()..end;
                if let Node::Text(value) = &children[*value]
                    && let (Some(keys), Some(values)) = (keys.copy(places.clone()), value.copy(places))
                {
                    recent.put(&self.text, [keys, values]);
                }
            }
            _ => {}
        }
    }

    /// Adds the list or map that the same text told before.
    pub(super) fn again(&mut self, node: usize, text: &[u8]) -> Option<()> {
        let (Node::List { element: child, .. } | Node::Map { value: child, .. }) = &self.nodes[node] else {
            return None;
        };
        let child = *child;
        self.settle(child);
        let (children, nodes) = self.nodes.split_at_mut(node);
        let Node::Text(texts) = &mut children[child] else { return None };
        let (nesting, count) = match &mut nodes[0] {
            Node::List { nesting, recent, .. } => (nesting, texts.again(recent.get(text)?)?),
            Node::Map { keys, nesting, recent, .. } => {
                let [again, values] = recent.get(text)?;
                // Keys come last, for where there is room for them nothing can fail.
                if again.bytes() > keys.room() {
                    return None;
                }
                let count = texts.again(values)?;
                keys.again(again)?;
                (nesting, count)
            }
            _ => return None,
        };
        self.counts[child].length += count;
        self.counts[node].length += 1;
        if let Err(trouble) = nesting.end(self.counts[child].length, true) {
            self.fail(trouble);
        }
        Some(())
    }
}
