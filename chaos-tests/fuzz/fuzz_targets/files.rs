//! `kindred_chaos::fuzz`: files.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kindred_chaos::fuzz::run("files", data));
