//! A Kindred node, room by room. Read `ARCHITECTURE.md` first; `assembly` is the only room that knows everyone.
pub mod actors;
pub mod api;
pub mod assembly;
pub mod consensus;
pub mod dump;
pub mod ops;
pub mod peer;
pub mod storage;
pub mod wire;
