//! What the JSON of OnionPerf holds, as far as Torperf results need it.
//!
//! Archived files disagree about types: a number may be a string, a part may be null or missing. So nothing here is
//! demanded; what has another type than expected is as good as absent.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// A machine that measures, by its name.
pub(super) type Sources = Entries<Part<Source>>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Source {
    pub(super) measurement_ip: Scalar,
    pub(super) tgen: Part<Tgen>,
    pub(super) tor: Part<Tor>,
}

/// What the traffic generator logged: transfers in versions 1 and 2, streams in version 3.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tgen {
    pub(super) transfers: Entries<Part<Transfer>>,
    pub(super) streams: Entries<Part<TgenStream>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Transfer {
    pub(super) elapsed_seconds: Option<Part<ElapsedSeconds>>,
    pub(super) endpoint_local: Scalar,
    pub(super) endpoint_proxy: Scalar,
    pub(super) endpoint_remote: Scalar,
    pub(super) error_code: Scalar,
    pub(super) filesize_bytes: Scalar,
    pub(super) hostname_local: Scalar,
    pub(super) hostname_remote: Scalar,
    pub(super) is_error: Scalar,
    pub(super) total_bytes_read: Scalar,
    pub(super) total_bytes_write: Scalar,
    pub(super) unix_ts_start: Scalar,
    pub(super) unix_ts_end: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ElapsedSeconds {
    pub(super) command: Scalar,
    pub(super) last_byte: Scalar,
    pub(super) payload_bytes: Entries<Scalar>,
    pub(super) payload_progress: Entries<Scalar>,
    pub(super) proxy_choice: Scalar,
    pub(super) proxy_request: Scalar,
    pub(super) proxy_response: Scalar,
    pub(super) response: Scalar,
    pub(super) socket_connect: Scalar,
    pub(super) socket_create: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TgenStream {
    pub(super) byte_info: Part<ByteInfo>,
    pub(super) elapsed_seconds: Part<ElapsedPayload>,
    pub(super) is_error: Scalar,
    pub(super) stream_info: Part<StreamInfo>,
    pub(super) time_info: Part<TimeInfo>,
    pub(super) transport_info: Part<TransportInfo>,
    pub(super) unix_ts_start: Scalar,
    pub(super) unix_ts_end: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct ByteInfo {
    pub(super) total_bytes_recv: Scalar,
    pub(super) total_bytes_send: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ElapsedPayload {
    pub(super) payload_bytes_recv: Entries<Scalar>,
    pub(super) payload_progress_recv: Entries<Scalar>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StreamInfo {
    pub(super) error: Scalar,
    pub(super) name: Scalar,
    pub(super) peername: Scalar,
    pub(super) recvsize: Scalar,
}

/// Microseconds from the stream's start; negative if it never came to that.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct TimeInfo {
    pub(super) usecs_to_command: Scalar,
    pub(super) usecs_to_last_byte_recv: Scalar,
    pub(super) usecs_to_proxy_choice: Scalar,
    pub(super) usecs_to_proxy_request: Scalar,
    pub(super) usecs_to_proxy_response: Scalar,
    pub(super) usecs_to_response: Scalar,
    pub(super) usecs_to_socket_connect: Scalar,
    pub(super) usecs_to_socket_create: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TransportInfo {
    pub(super) local: Scalar,
    pub(super) proxy: Scalar,
    pub(super) remote: Scalar,
}

/// What tor told about its circuits and streams.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tor {
    pub(super) circuits: Entries<Part<Circuit>>,
    pub(super) streams: Entries<Part<TorStream>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Circuit {
    pub(super) build_quantile: Scalar,
    pub(super) build_timeout: Scalar,
    pub(super) circuit_id: Scalar,
    pub(super) path: Option<List<List<Scalar>>>,
    pub(super) unix_ts_start: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TorStream {
    pub(super) circuit_id: Scalar,
    pub(super) failure_reason_local: Scalar,
    pub(super) failure_reason_remote: Scalar,
    pub(super) source: Scalar,
    pub(super) stream_id: Scalar,
    pub(super) unix_ts_end: Scalar,
}

/// A value that is no object and no list.
#[derive(Debug, Default)]
pub(super) enum Scalar {
    #[default]
    Absent,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

impl Scalar {
    /// As text: numbers are written out.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Scalar::Absent => None,
            Scalar::Bool(value) => Some(value.to_string()),
            Scalar::Int(value) => Some(value.to_string()),
            Scalar::Float(value) => Some(format!("{value:?}")),
            Scalar::Text(value) => Some(value.clone()),
        }
    }

    /// As a whole number, fractions cut off.
    pub(super) fn int(&self) -> Option<i64> {
        match self {
            Scalar::Int(value) => Some(*value),
            Scalar::Float(value) => Some(*value as i64),
            Scalar::Text(value) => value.parse().ok(),
            _ => None,
        }
    }

    /// As a number.
    pub(super) fn float(&self) -> Option<f64> {
        match self {
            Scalar::Int(value) => Some(*value as f64),
            Scalar::Float(value) => Some(*value),
            Scalar::Text(value) => value.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        matches!(self, Scalar::Bool(true))
    }

    pub(super) fn is(&self, text: &str) -> bool {
        matches!(self, Scalar::Text(value) if value == text)
    }
}

/// An object of known members, or nothing.
#[derive(Debug)]
pub(super) struct Part<T>(pub(super) T);

/// An object of unknown members, in order.
#[derive(Debug)]
pub(super) struct Entries<T>(pub(super) Vec<(String, T)>);

/// A list.
#[derive(Debug)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T: Default> Default for Part<T> {
    fn default() -> Self {
        Part(T::default())
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Entries(Vec::new())
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List(Vec::new())
    }
}

/// A type that is its default value where the JSON has something else.
trait Lenient<'de>: Default {
    fn of_scalar(_: Scalar) -> Self {
        Self::default()
    }

    fn of_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }

    fn of_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

impl Lenient<'_> for Scalar {
    fn of_scalar(scalar: Scalar) -> Self {
        scalar
    }
}

impl<'de, T: Deserialize<'de> + Default> Lenient<'de> for Part<T> {
    fn of_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Part)
    }
}

impl<'de, T: Deserialize<'de>> Lenient<'de> for Entries<T> {
    fn of_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

impl<'de, T: Deserialize<'de>> Lenient<'de> for List<T> {
    fn of_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(List(elements))
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Lenient<'de>> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }
    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Bool(value)))
    }
    fn visit_i64<E>(self, value: i64) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Int(value)))
    }
    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(T::of_scalar(i64::try_from(value).map_or(Scalar::Float(value as f64), Scalar::Int)))
    }
    fn visit_f64<E>(self, value: f64) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Float(value)))
    }
    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Text(value.to_owned())))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::of_map(map)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::of_list(list)
    }
}

macro_rules! lenient {
    ($($name:ident $(<$inner:ident: $bound:path>)?),*) => {$(
        impl<'de $(, $inner: Deserialize<'de> + $bound)?> Deserialize<'de> for $name $(<$inner>)? {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Any(PhantomData))
            }
        }
    )*};
}

lenient!(Scalar, Part<T: Default>, Entries<T: Sized>, List<T: Sized>);
