//! Searches for bytes that break [`fuzz::thread`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::thread(bytes));
