//! `kindred_chaos::fuzz`: names.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kindred_chaos::fuzz::run("names", data));
