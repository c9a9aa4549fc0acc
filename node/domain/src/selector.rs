//! Typed boolean expressions over labels, skills and numbers: who is qualified, who is preferred.
use crate::ids::{LabelKey, Skill};
use alloc::{boxed::Box, string::String, vec::Vec};

/// A label's value. Numbers are fixed point with six decimals, so every replica compares alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Text, at most [`crate::limits::TEXT_MAX`] characters.
    Text(String),
    /// A number in millionths.
    Micros(i64),
    /// True or false.
    Flag(bool),
}

/// What a comparison reads from the agent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operand {
    /// A label of the agent.
    Label(LabelKey),
    /// A skill's proficiency, 0–100; absent counts as not having it (every comparison but `!=` is false).
    Skill(Skill),
}

/// How a comparison compares. `Ge` and its kin on different types are false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// `=`
    Eq,
    /// `!=`; true where the operand is absent.
    Ne,
    /// `>=`
    Ge,
    /// `>`
    Gt,
    /// `<=`
    Le,
    /// `<`
    Lt,
}

/// A selector tree; bounded by [`crate::limits::SELECTOR_DEPTH_MAX`] and `SELECTOR_NODES_MAX`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Selector {
    /// All must hold; the empty conjunction is true.
    And(Vec<Selector>),
    /// One must hold; the empty disjunction is false.
    Or(Vec<Selector>),
    /// The opposite.
    Not(Box<Selector>),
    /// A comparison with a constant.
    Compare {
        /// What is read.
        operand: Operand,
        /// How it is compared.
        comparison: Comparison,
        /// With what.
        value: Value,
    },
    /// Equal to one of the values.
    In {
        /// What is read.
        operand: Operand,
        /// The values, at least one.
        values: Vec<Value>,
    },
}
