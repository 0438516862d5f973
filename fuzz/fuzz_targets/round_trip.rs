//! See `holds::round_trip`.
#![no_main]

#[path = "../../descriptor-core/tests/common/holds.rs"]
#[allow(dead_code, reason = "each target calls one of its properties")]
mod holds;

libfuzzer_sys::fuzz_target!(|data: &[u8]| holds::round_trip(data));
