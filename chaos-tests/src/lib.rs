//! Breaks Kindred, to see whether it keeps its promises. Nobody depends on this crate.

#[cfg(feature = "drill")]
pub mod drill;
pub mod fuzz;
pub mod group;
pub mod history;
pub mod live;
pub mod outcome;
pub mod registry;
pub mod report;
pub mod scenarios;
pub mod sim;
pub mod trace;
pub mod verdict;
