//! kindred-node: the rooms of one node of the cluster. See `node/ARCHITECTURE.md`.

pub mod consensus;
pub mod ops;
pub mod storage;
pub mod wire;
