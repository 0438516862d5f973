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
        self.settle(*child);
        let (children, nodes) = self.nodes.split_at_mut(node);
        match &mut nodes[0] {
            Node::List { element, nesting, recent } => {
                let Node::Text(element) = &mut children[*element] else { return None };
                element.again(recent.get(text)?)?;
                nesting.end(element.len(), true).ok()
            }
            Node::Map { keys, value, nesting, recent } => {
                let Node::Text(value) = &mut children[*value] else { return None };
                let [again, values] = recent.get(text)?;
                // Keys come last, for where there is room for them nothing can fail.
                if again.bytes() > keys.room() {
                    return None;
                }
                value.again(values)?;
                keys.again(again)?;
                nesting.end(value.len(), true).ok()
            }
            _ => None,
        }
    }
}
