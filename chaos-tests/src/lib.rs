//! Breaks Kindred, to see whether it keeps its promises. Nobody depends on this crate.

pub mod group;
pub mod history;
pub mod outcome;
pub mod scenarios;
pub mod sim;
