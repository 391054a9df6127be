//! See `trimtab_fuzz_harness::http`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trimtab_fuzz_harness::http(bytes));
