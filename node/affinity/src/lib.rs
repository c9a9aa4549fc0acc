//! How good a pair would be: pure mathematics over numbers, no ids, no state, no clock. Floats are allowed here and
//! leave as integer millionths through [`micros`].
//!
//! Every score comes through one door, [`Scorer`]. Grades ([`GradeScorer`]) are the first to use it; the learned model
//! takes the same features and answers in the same unit.
#![warn(missing_docs)]

mod grade;
mod scorer;

pub use grade::{GradeScorer, Weights};
pub use scorer::{Features, Parts, Score, Scorer, micros};
