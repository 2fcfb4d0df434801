//! Searches for bytes that break [`fuzz::fold`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::fold(bytes));
