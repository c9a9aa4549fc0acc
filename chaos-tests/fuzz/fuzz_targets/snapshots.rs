//! `kindred_chaos::fuzz`: snapshots.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kindred_chaos::fuzz::run("snapshots", data));
