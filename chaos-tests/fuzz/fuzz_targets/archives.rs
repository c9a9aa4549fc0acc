//! `kindred_chaos::fuzz`: archives.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kindred_chaos::fuzz::run("archives", data));
