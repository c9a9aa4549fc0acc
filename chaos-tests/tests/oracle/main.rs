//! Is the oracle right: it finds nothing in what the real domain did over hundreds of random days, and finds every lie
//! that is planted into one, by the right letter.
//!
//! `SEED=n cargo test -p kindred-chaos --test oracle random` replays one day.
#[path = "../../../node/domain/tests/chance/mod.rs"]
#[allow(dead_code, reason = "the domain's own tests use more of it")]
mod chance;
mod crowd;
mod day;
mod lies;
mod random;
mod speed;
mod story;
