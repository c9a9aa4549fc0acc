//! `kindred_chaos::fuzz`: selectors.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kindred_chaos::fuzz::run("selectors", data));
