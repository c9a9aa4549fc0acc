//! `kindred_chaos::fuzz`: rafts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kindred_chaos::fuzz::run("rafts", data));
