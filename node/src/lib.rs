//! A Kindred node, room by room. Read `ARCHITECTURE.md` first; `main.rs` is the only one that knows everyone.
pub mod consensus;
pub mod ops;
