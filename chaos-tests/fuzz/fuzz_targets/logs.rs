//! `kindred_chaos::fuzz`: logs.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kindred_chaos::fuzz::run("logs", data));
