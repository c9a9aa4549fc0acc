//! `kindred_chaos::fuzz`: tokens.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kindred_chaos::fuzz::run("tokens", data));
