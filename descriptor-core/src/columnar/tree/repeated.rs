//! Lists and maps that come again: they are copied from where they were made first.

use arrow_array::{
    StringArray,
    builder::{ArrayBuilder, StringBuilder},
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};

use super::{Node, Tree};

impl Tree {
    /// Keeps the list or map that ends here, to be found by the text that told it.
    pub(super) fn keep(&mut self, node: usize, end: usize) {
        let (children, nodes) = self.nodes.split_at_mut(node);
        match &mut nodes[0] {
            Node::List { element, nesting, recent } => {
                if let Node::Text(element) = &children[*element]
                    && let Some(elements) = copy(element, nesting.last(), end)
                {
                    recent.put(&self.text, elements);
                }
            }
            Node::Map { keys, value, nesting, recent } => {
                if let Node::Text(value) = &children[*value]
                    && let (Some(keys), Some(values)) =
                        (copy(keys, nesting.last(), end), copy(value, nesting.last(), end))
                {
                    recent.put(&self.text, [keys, values]);
                }
            }
            _ => {}
        }
    }

    /// Adds the list or map that the same text told before.
    pub(super) fn again(&mut self, node: usize, text: &[u8]) -> Option<()> {
        let (children, nodes) = self.nodes.split_at_mut(node);
        match &mut nodes[0] {
            Node::List { element, nesting, recent } => {
                let Node::Text(element) = &mut children[*element] else { return None };
                element.append_array(recent.get(text)?).ok()?;
                nesting.end(element.len(), true).ok()
            }
            Node::Map { keys, value, nesting, recent } => {
                let Node::Text(value) = &mut children[*value] else { return None };
                let [again, values] = recent.get(text)?;
                let room = keys.values_slice().len() + again.value_data().len() <= i32::MAX as usize;
                // Keys come last, for where there is room for them nothing can fail.
                if !room {
                    return None;
                }
                value.append_array(values).ok()?;
                keys.append_array(again).ok()?;
                nesting.end(value.len(), true).ok()
            }
            _ => None,
        }
    }
}

/// Some of the values of a builder; `None` if some of its values are null.
fn copy(builder: &StringBuilder, from: usize, to: usize) -> Option<StringArray> {
    let offsets = builder.offsets_slice().get(from..=to)?;
    let (first, last) = (*offsets.first()?, *offsets.last()?);
    let text = builder.values_slice().get(first as usize..last as usize)?;
    let offsets: Vec<i32> = offsets.iter().map(|offset| offset - first).collect();
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    let none = builder.validity_slice().is_none();
    none.then(|| StringArray::try_new(offsets, text.to_vec().into(), None).ok()).flatten()
}
