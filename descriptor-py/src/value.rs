//! Single values as Python objects.

use std::{
    cell::RefCell,
    net::{IpAddr, Ipv4Addr},
    thread::LocalKey,
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use descriptor_core::value::{EpochMillis, Timestamp};
use pyo3::{
    PyTypeInfo, intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyBytes, PyDateTime, PyString, PyTuple, PyTzInfo},
};

/// Text as `str`. What is not UTF-8 becomes lone surrogates, so that `encode("utf-8", "surrogateescape")` gives the
/// document's bytes again.
#[inline]
pub(crate) fn string<'py>(py: Python<'py>, text: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    match PyString::from_bytes(py, text) {
        Ok(text) => Ok(text.into_any()),
        Err(_) => PyBytes::new(py, text).call_method1("decode", ("utf-8", "surrogateescape")),
    }
}

const SLOTS: usize = 1024;
const SHORT: usize = 32;

/// A string that was made lately, with its bytes beside it.
struct Known {
    bytes: [u8; SHORT],
    length: usize,
    made: Option<Py<PyAny>>,
}

thread_local! {
    /// Strings that were made lately: flags, countries and protocols repeat.
    static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

/// The same for text that is likely to come again: it is made once.
#[inline]
pub(crate) fn repeated<'py>(py: Python<'py>, text: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    if text.len() > SHORT {
        return string(py, text);
    }
    let place = slot(text);
    let found = KNOWN.with_borrow(|known| {
        let known = known.get(place).filter(|known| known.bytes[..known.length] == *text)?;
        known.made.as_ref().map(|made| made.bind(py).clone())
    });
    if let Some(made) = found {
        return Ok(made);
    }
    // Nothing is borrowed while Python runs: it may come back here.
    let made = string(py, text)?;
    let mut new = Known { bytes: [0; SHORT], length: text.len(), made: Some(made.clone().unbind()) };
    new.bytes[..text.len()].copy_from_slice(text);
    let _old = KNOWN.with_borrow_mut(|known| {
        if known.is_empty() {
            known.resize_with(SLOTS, || Known { bytes: [0; SHORT], length: 0, made: None });
        }
        std::mem::replace(&mut known[place], new)
    });
    Ok(made)
}

/// Where a text belongs, by its length, head and tail.
#[inline]
fn slot(text: &[u8]) -> usize {
    let mut word = [0; 8];
    let head = text.len().min(8);
    word[..head].copy_from_slice(&text[..head]);
    let tail = text.last_chunk::<8>().map_or(0, |tail| u64::from_le_bytes(*tail));
    let mixed = u64::from_le_bytes(word) ^ tail.rotate_left(23) ^ text.len() as u64;
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize % SLOTS
}

/// How many times and addresses are kept, each: a relay says in one consensus what it said in the one before.
const KEPT_BITS: u32 = 14;

/// Objects that were made lately, by what they were made of.
type Kept = RefCell<Vec<Option<(u64, Py<PyAny>)>>>;

thread_local! {
    static TIMES: Kept = const { RefCell::new(Vec::new()) };
    static ADDRESSES: Kept = const { RefCell::new(Vec::new()) };
}

/// The object that was made of the same key before, or a new one. Objects must not be such that can be changed.
fn kept<'py>(
    py: Python<'py>,
    kept: &'static LocalKey<Kept>,
    key: u64,
    make: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let place = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - KEPT_BITS)) as usize;
    let found = kept.with_borrow(|all| match all.get(place) {
        Some(Some((known, made))) if *known == key => Some(made.bind(py).clone()),
        _ => None,
    });
    if let Some(made) = found {
        return Ok(made);
    }
    // Nothing is borrowed while Python runs: its collector may call anything.
    let made = make()?;
    let entry = Some((key, made.clone().unbind()));
    let _old = kept.with_borrow_mut(|all| {
        if all.is_empty() {
            all.resize_with(1 << KEPT_BITS, || None);
        }
        std::mem::replace(&mut all[place], entry)
    });
    Ok(made)
}

/// A time as an aware `datetime`; `None` beyond the years that Python knows.
pub(crate) fn time<'py>(py: Python<'py>, value: Timestamp) -> PyResult<Bound<'py, PyAny>> {
    kept(py, &TIMES, value.0.cast_unsigned(), || datetime(py, value, 0, true))
}

/// The same without its zone.
pub(crate) fn naive<'py>(py: Python<'py>, value: Timestamp) -> PyResult<Bound<'py, PyAny>> {
    datetime(py, value, 0, false)
}

/// A time to the millisecond, with its zone or without.
pub(crate) fn millis<'py>(
    py: Python<'py>,
    value: EpochMillis,
    with_zone: bool,
) -> PyResult<Bound<'py, PyAny>> {
    datetime(py, value.timestamp(), 1000 * value.0.rem_euclid(1000) as u32, with_zone)
}

fn datetime<'py>(
    py: Python<'py>,
    value: Timestamp,
    micros: u32,
    with_zone: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(time) = value.to_datetime().filter(|time| time.year() > 0) else {
        return Ok(py.None().into_bound(py));
    };
    // As pickles have it, which is read three times as quickly as eight numbers.
    let [high, low] = (time.year() as u16).to_be_bytes();
    let (month, day) = (u8::from(time.month()), time.day());
    let [_, micros @ ..] = micros.to_be_bytes();
    let [first, second, third] = micros;
    let state = [high, low, month, day, time.hour(), time.minute(), time.second(), first, second, third];
    let (class, state) = (PyDateTime::type_object(py), PyBytes::new(py, &state));
    match with_zone {
        true => class.call1((state, PyTzInfo::utc(py)?)),
        false => class.call1((state,)),
    }
}

/// A time from an aware `datetime`, or a naive one, which is taken for UTC.
pub(crate) fn timestamp(value: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    let py = value.py();
    let mut value = value.clone();
    if value.getattr("tzinfo")?.is_none() {
        let kwargs = pyo3::types::PyDict::new(py);
        kwargs.set_item("tzinfo", PyTzInfo::utc(py)?)?;
        value = value.call_method("replace", (), Some(&kwargs))?;
    }
    let seconds: f64 = value.call_method0("timestamp")?.extract()?;
    Ok(Timestamp(seconds.floor() as i64))
}

/// Upper-case hex.
#[inline]
pub(crate) fn hex<'py>(py: Python<'py>, value: &[u8]) -> Bound<'py, PyAny> {
    let mut digits = [0; 64];
    match digits.get_mut(..2 * value.len()) {
        Some(digits) => match const_hex::encode_to_str_upper(value, digits) {
            Ok(text) => PyString::new(py, text).into_any(),
            Err(_) => PyString::new(py, "").into_any(),
        },
        None => PyString::new(py, &const_hex::encode_upper(value)).into_any(),
    }
}

/// Base64 without padding.
#[inline]
pub(crate) fn base64<'py>(py: Python<'py>, value: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let mut digits = [0; 128];
    match STANDARD_NO_PAD.encode_slice(value, &mut digits) {
        Ok(length) => string(py, &digits[..length]),
        Err(_) => Ok(PyString::new(py, &STANDARD_NO_PAD.encode(value)).into_any()),
    }
}

/// An address, as `ipaddress` has it.
pub(crate) fn address<'py>(py: Python<'py>, value: IpAddr) -> PyResult<Bound<'py, PyAny>> {
    match (value, Bare::get(py)) {
        (IpAddr::V4(address), Some(bare)) => {
            kept(py, &ADDRESSES, u32::from(address).into(), || bare.make(py, address))
        }
        _ => Ok(value.into_pyobject(py)?.into_any()),
    }
}

/// Makes IPv4 addresses without the checks of their constructor, which take four fifths of its time.
struct Bare {
    /// `IPv4Address.__new__`, and its argument.
    new: Py<PyAny>,
    class: Py<PyTuple>,
}

impl Bare {
    fn make<'py>(&self, py: Python<'py>, address: Ipv4Addr) -> PyResult<Bound<'py, PyAny>> {
        let made = self.new.bind(py).call1(self.class.bind(py))?;
        made.setattr(intern!(py, "_ip"), u32::from(address))?;
        Ok(made)
    }

    /// `None` unless what is made is what the constructor makes: that is no promise of Python's.
    fn get(py: Python<'_>) -> Option<&Self> {
        static BARE: PyOnceLock<Option<Bare>> = PyOnceLock::new();
        BARE.get_or_init(py, || Self::find(py)).as_ref()
    }

    fn find(py: Python<'_>) -> Option<Self> {
        let class = py.import("ipaddress").ok()?.getattr("IPv4Address").ok()?;
        let new = class.getattr("__new__").ok()?.unbind();
        let it = Bare { new, class: PyTuple::new(py, [&class]).ok()?.unbind() };
        let probe = Ipv4Addr::new(192, 0, 2, 1);
        let (bare, whole) = (it.make(py, probe).ok()?, probe.into_pyobject(py).ok()?);
        let same = |name: &str| bare.call_method0(name).ok()?.eq(whole.call_method0(name).ok()?).ok();
        let equal = bare.eq(&whole).ok()? && same("__str__")? && same("__hash__")? && same("__reduce__")?;
        equal.then_some(it)
    }
}
