//! Keys of twenty bytes, and the maps that they are keys of.

use std::{
    collections::HashMap,
    fmt,
    hash::{Hash, Hasher},
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

use crate::value::Hex;

/// A fingerprint or SHA-1 digest, eight bytes smaller in a serialised partial than an array of numbers would be.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(pub [u8; 20]);

impl From<Hex<20>> for Id {
    fn from(Hex(bytes): Hex<20>) -> Self {
        Id(bytes)
    }
}

// One write, not a length and twenty of them.
impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(self.0), f)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("twenty bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Id, E> {
                bytes.try_into().map(Id).map_err(|_| E::invalid_length(bytes.len(), &self))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// A map that is quick to look up in and never told in its own order.
pub type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// Adds all entries of a map to another; `join` decides about those that both have. The smaller one moves.
pub(super) fn join<K: Eq + Hash, V>(
    into: &mut Map<K, V>,
    mut from: Map<K, V>,
    mut join: impl FnMut(&mut V, V),
) {
    if from.len() > into.len() {
        std::mem::swap(into, &mut from);
    }
    into.reserve(from.len() / 2);
    for (key, value) in from {
        match into.entry(key) {
            std::collections::hash_map::Entry::Occupied(mut known) => join(known.get_mut(), value),
            std::collections::hash_map::Entry::Vacant(place) => drop(place.insert(value)),
        }
    }
}

/// Serialises a [`Map`] in the order of its keys, so that equal partials have equal bytes: `#[serde(with = "sorted")]`.
pub mod sorted {
    use std::hash::Hash;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Map;

    /// Writes key and value in turn.
    pub fn serialize<K: Ord + Serialize, V: Serialize, S: Serializer>(
        map: &Map<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut entries: Vec<_> = map.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        serializer.collect_seq(entries)
    }

    /// Reads what [`serialize`] wrote.
    pub fn deserialize<'de, K: Eq + Hash + Deserialize<'de>, V: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Map<K, V>, D::Error> {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
