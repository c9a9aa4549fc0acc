//! `kindred_chaos::fuzz`: requests.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kindred_chaos::fuzz::run("requests", data));
