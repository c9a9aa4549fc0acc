//! `kindred_chaos::fuzz`: reads.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kindred_chaos::fuzz::run("reads", data));
