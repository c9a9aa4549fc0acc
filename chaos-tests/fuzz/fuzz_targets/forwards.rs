//! `kindred_chaos::fuzz`: forwards.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kindred_chaos::fuzz::run("forwards", data));
