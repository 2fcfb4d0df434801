//! Searches for bytes that break [`fuzz::recipients`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::recipients(bytes));
