//! How values reach their columns.

use std::net::IpAddr;

use super::{NOWHERE, Node, Tree, Trouble};
use crate::{
    columnar::form,
    schema::Sink,
    value::{EpochMillis, Timestamp},
};

impl Sink for Tree {
    fn known(&mut self, text: &[u8]) -> bool {
        if self.ignored > 0 || self.at == NOWHERE {
            return false;
        }
        let at = self.at;
        if self.again(at, text).is_some() {
            self.done(at);
            return true;
        }
        self.text.clear();
        self.text.extend_from_slice(text);
        self.awaited = Some(at);
        false
    }
    fn null(&mut self) {
        if self.ignored == 0 && self.at != NOWHERE {
            let at = self.at;
            self.append_null(at);
            self.done(at);
        }
    }
    fn bool(&mut self, value: bool) {
        self.scalar(|node| match node {
            Node::Bool(it) => {
                it.append_value(value);
                Ok(())
            }
            _ => Err(Trouble::Kind),
        });
    }
    fn int(&mut self, value: i64) {
        self.scalar(|node| match node {
            Node::Int(it) => {
                it.append_value(value);
                Ok(())
            }
            Node::Float(it) => {
                it.append_value(value as f64);
                Ok(())
            }
            _ => Err(Trouble::Kind),
        });
    }
    fn float(&mut self, value: f64) {
        self.scalar(|node| match node {
            Node::Float(it) => {
                it.append_value(value);
                Ok(())
            }
            _ => Err(Trouble::Kind),
        });
    }
    fn text(&mut self, value: &[u8]) {
        self.scalar(|node| match node {
            Node::Text(it) => it.append(value),
            _ => Err(Trouble::Kind),
        });
    }
    fn hex(&mut self, value: &[u8]) {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.resize(2 * value.len(), 0);
        self.scalar(|node| match (node, const_hex::encode_to_str_upper(value, &mut scratch)) {
            (Node::Text(it), Ok(digits)) => it.append_str(digits),
            _ => Err(Trouble::Kind),
        });
        self.scratch = scratch;
    }
    fn base64(&mut self, value: &[u8]) {
        self.written(|out| form::base64(out, value));
    }
    fn time(&mut self, value: Timestamp) {
        self.micros(value.0.checked_mul(1_000_000));
    }
    fn millis(&mut self, value: EpochMillis) {
        self.micros(value.0.checked_mul(1000));
    }
    fn address(&mut self, value: IpAddr) {
        match value {
            IpAddr::V4(value) => {
                let (text, length) = form::ipv4(value);
                self.text(&text[..length]);
            }
            IpAddr::V6(_) => self.written(|out| form::address(out, value)),
        }
    }
    fn list(&mut self) {
        self.begin(true);
    }
    fn end_list(&mut self) {
        self.close();
    }
    fn map(&mut self) {
        self.begin(false);
    }
    fn key(&mut self, key: &[u8]) {
        if self.ignored > 0 {
            return;
        }
        self.at = NOWHERE;
        let Some(&node) = self.open.last() else { return };
        let length = self.length(node);
        let part = match &mut self.nodes[node] {
            Node::Map { keys, value, .. } => {
                self.at = *value;
                // An empty text always fits.
                if let Err(trouble) = keys.append(key).or_else(|trouble| keys.append(b"").and(Err(trouble))) {
                    self.fail(trouble);
                }
                return;
            }
            // Parts come in the order of the table, so that the next one is nearly always the right one.
            Node::Record { fields, parts, next, .. } => {
                let name = |at: usize| fields.get(at).is_some_and(|field| field.name().as_bytes() == key);
                let found = if name(*next) { Some(*next) } else { (0..fields.len()).find(|&at| name(at)) };
                found.map(|found| {
                    *next = found + 1;
                    parts[found]
                })
            }
            _ => None,
        };
        match part {
            // A part that has its value already keeps the first one.
            Some(part) if self.length(part) == length => self.at = part,
            _ => self.fail(Trouble::Kind),
        }
    }
    fn end_map(&mut self) {
        self.close();
    }
}

impl Tree {
    /// A time. One whose microseconds exceed 64 bits is 292,000 years off; it is null.
    #[inline]
    fn micros(&mut self, value: Option<i64>) {
        self.scalar(|node| match node {
            Node::Time(it) => {
                it.append_option(value);
                Ok(())
            }
            _ => Err(Trouble::Kind),
        });
    }
}
