//! How values leave: a [`Sink`] is told each value; JSON, CSV, Arrow and Python are sinks.

use std::net::IpAddr;

use crate::value::{EpochMillis, Timestamp};

/// Receives values in document order. Lists, maps and records nest and are always closed.
pub trait Sink {
    /// The list or map that comes next is told by this text alone. A sink that has kept what it made of the same text at
    /// the same place takes that again and returns true; then nothing of it is told.
    #[inline]
    fn known(&mut self, _text: &[u8]) -> bool {
        false
    }
    /// Nothing is there.
    fn null(&mut self);
    /// A truth value.
    fn bool(&mut self, value: bool);
    /// A whole number.
    fn int(&mut self, value: i64);
    /// A fraction.
    fn float(&mut self, value: f64);
    /// Text as it stands in the document; not always UTF-8.
    fn text(&mut self, value: &[u8]);
    /// A digest or identity that is shown as upper-case hex.
    fn hex(&mut self, value: &[u8]);
    /// A digest or key that is shown as base64 without padding.
    fn base64(&mut self, value: &[u8]);
    /// A point in time.
    fn time(&mut self, value: Timestamp);
    /// A point in time to the millisecond. Who does not say otherwise is told its second.
    fn millis(&mut self, value: EpochMillis) {
        self.time(value.timestamp());
    }
    /// An IP address.
    fn address(&mut self, value: IpAddr);
    /// Opens a list.
    fn list(&mut self);
    /// Closes a list.
    fn end_list(&mut self);
    /// Opens a map, or a record with named parts.
    fn map(&mut self);
    /// The name of the next value in a map or record.
    fn key(&mut self, key: &[u8]);
    /// Closes a map or record.
    fn end_map(&mut self);
}

/// A value that stands alone, for tests and frontends that build objects.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "the variants are the methods of `Sink`")]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Vec<u8>),
    Hex(Vec<u8>),
    Base64(Vec<u8>),
    Time(Timestamp),
    Millis(EpochMillis),
    Address(IpAddr),
    List(Vec<Value>),
    Map(Vec<(Vec<u8>, Value)>),
}

impl Value {
    /// Tells the value to a sink.
    pub fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        match self {
            Value::Null => out.null(),
            Value::Bool(value) => out.bool(*value),
            Value::Int(value) => out.int(*value),
            Value::Float(value) => out.float(*value),
            Value::Text(value) => out.text(value),
            Value::Hex(value) => out.hex(value),
            Value::Base64(value) => out.base64(value),
            Value::Time(value) => out.time(*value),
            Value::Millis(value) => out.millis(*value),
            Value::Address(value) => out.address(*value),
            Value::List(values) => {
                out.list();
                values.iter().for_each(|value| value.emit(out));
                out.end_list();
            }
            Value::Map(values) => {
                out.map();
                for (key, value) in values {
                    out.key(key);
                    value.emit(out);
                }
                out.end_map();
            }
        }
    }
}

/// A sink that keeps what it is told as a [`Value`].
#[derive(Debug, Default)]
pub struct ValueSink {
    open: Vec<Value>,
    keys: Vec<Vec<u8>>,
    done: Value,
}

impl ValueSink {
    /// The value that was told.
    pub fn finish(self) -> Value {
        self.done
    }

    fn push(&mut self, value: Value) {
        match self.open.last_mut() {
            None => self.done = value,
            Some(Value::List(list)) => list.push(value),
            Some(Value::Map(map)) => map.push((self.keys.pop().unwrap_or_default(), value)),
            Some(_) => {}
        }
    }

    fn close(&mut self) {
        if let Some(value) = self.open.pop() {
            self.push(value);
        }
    }
}

impl Sink for ValueSink {
    fn null(&mut self) {
        self.push(Value::Null);
    }
    fn bool(&mut self, value: bool) {
        self.push(Value::Bool(value));
    }
    fn int(&mut self, value: i64) {
        self.push(Value::Int(value));
    }
    fn float(&mut self, value: f64) {
        self.push(Value::Float(value));
    }
    fn text(&mut self, value: &[u8]) {
        self.push(Value::Text(value.to_vec()));
    }
    fn hex(&mut self, value: &[u8]) {
        self.push(Value::Hex(value.to_vec()));
    }
    fn base64(&mut self, value: &[u8]) {
        self.push(Value::Base64(value.to_vec()));
    }
    fn time(&mut self, value: Timestamp) {
        self.push(Value::Time(value));
    }
    fn millis(&mut self, value: EpochMillis) {
        self.push(Value::Millis(value));
    }
    fn address(&mut self, value: IpAddr) {
        self.push(Value::Address(value));
    }
    fn list(&mut self) {
        self.open.push(Value::List(Vec::new()));
    }
    fn end_list(&mut self) {
        self.close();
    }
    fn map(&mut self) {
        self.open.push(Value::Map(Vec::new()));
    }
    fn key(&mut self, key: &[u8]) {
        self.keys.push(key.to_vec());
    }
    fn end_map(&mut self) {
        self.close();
    }
}
