//! kindred-node: the rooms of one node of the cluster. See `node/ARCHITECTURE.md`.

pub mod consensus;
