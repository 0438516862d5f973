//! See `signatures::any_signatures`.
#![no_main]

#[path = "../../descriptor-core/tests/common/signatures.rs"]
mod signatures;

libfuzzer_sys::fuzz_target!(|data: &[u8]| signatures::any_signatures(data));
