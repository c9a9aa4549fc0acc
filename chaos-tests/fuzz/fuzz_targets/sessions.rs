//! `kindred_chaos::fuzz`: sessions.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kindred_chaos::fuzz::run("sessions", data));
