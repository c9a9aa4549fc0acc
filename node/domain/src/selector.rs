//! Typed boolean expressions over labels, skills and numbers: who is qualified, who is preferred.
use crate::{
    ids::{LabelKey, Skill},
    record::Agent,
};
use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};
use core::cmp::Ordering;

/// One, in fixed point with six decimals.
pub const MICROS: i64 = 1_000_000;

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

/// Does the selector hold for this agent.
pub fn matches(selector: &Selector, agent: &Agent) -> bool {
    match selector {
        Selector::And(all) => all.iter().all(|part| matches(part, agent)),
        Selector::Or(any) => any.iter().any(|part| matches(part, agent)),
        Selector::Not(part) => !matches(part, agent),
        Selector::Compare { operand, comparison, value } => match read(operand, agent) {
            Some(actual) => holds(&actual, *comparison, value),
            None => *comparison == Comparison::Ne,
        },
        Selector::In { operand, values } => read(operand, agent).is_some_and(|actual| values.contains(&actual)),
    }
}

/// The operand's value: a skill reads as a number.
fn read<'a>(operand: &Operand, agent: &'a Agent) -> Option<Cow<'a, Value>> {
    match operand {
        Operand::Label(key) => agent.labels.get(key).map(Cow::Borrowed),
        Operand::Skill(skill) => {
            agent.skills.get(skill).map(|level| Cow::Owned(Value::Micros(i64::from(*level) * MICROS)))
        }
    }
}

fn holds(actual: &Value, comparison: Comparison, expected: &Value) -> bool {
    let ordered = match (actual, expected) {
        (Value::Micros(a), Value::Micros(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Flag(a), Value::Flag(b)) => Some(a.cmp(b)),
        _ => None,
    };
    match comparison {
        Comparison::Eq => ordered == Some(Ordering::Equal),
        Comparison::Ne => ordered != Some(Ordering::Equal),
        Comparison::Ge => ordered.is_some_and(Ordering::is_ge),
        Comparison::Gt => ordered.is_some_and(Ordering::is_gt),
        Comparison::Le => ordered.is_some_and(Ordering::is_le),
        Comparison::Lt => ordered.is_some_and(Ordering::is_lt),
    }
}

impl Selector {
    /// Levels of the tree; a comparison is one.
    pub fn depth(&self) -> usize {
        match self {
            Self::And(parts) | Self::Or(parts) => 1 + parts.iter().map(Self::depth).max().unwrap_or(0),
            Self::Not(part) => 1 + part.depth(),
            Self::Compare { .. } | Self::In { .. } => 1,
        }
    }

    /// Nodes of the tree and listed values together.
    pub fn nodes(&self) -> usize {
        match self {
            Self::And(parts) | Self::Or(parts) => 1 + parts.iter().map(Self::nodes).sum::<usize>(),
            Self::Not(part) => 1 + part.nodes(),
            Self::Compare { .. } => 1,
            Self::In { values, .. } => 1 + values.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    //! Every comparison on present, absent and differently typed operands.
    use super::*;
    use crate::fixture::Fixture;
    use alloc::vec;

    fn agent() -> Agent {
        let mut fixture = Fixture::new();
        let agent = fixture.agent("a");
        agent.skills.insert("spanish".into(), 70);
        agent.labels.insert("site".into(), Value::Text("madrid".into()));
        agent.labels.insert("vip".into(), Value::Flag(true));
        agent.clone()
    }

    fn skill(comparison: Comparison, level: i64) -> Selector {
        Selector::Compare {
            operand: Operand::Skill("spanish".into()),
            comparison,
            value: Value::Micros(level * MICROS),
        }
    }

    fn site(comparison: Comparison, value: Value) -> Selector {
        Selector::Compare { operand: Operand::Label("site".into()), comparison, value }
    }

    #[test]
    fn numbers_compare_as_numbers() {
        use Comparison::*;
        let agent = agent();
        for (comparison, level, holds) in [
            (Eq, 70, true),
            (Eq, 71, false),
            (Ne, 70, false),
            (Ge, 70, true),
            (Gt, 70, false),
            (Le, 69, false),
            (Lt, 71, true),
        ] {
            let selector = skill(comparison, level);
            assert_eq!(matches(&selector, &agent), holds, "{selector:?}");
        }
    }

    #[test]
    fn other_types_and_absent_operands_only_differ() {
        use Comparison::*;
        let agent = agent();
        for comparison in [Eq, Ne, Ge, Gt, Le, Lt] {
            let other = site(comparison, Value::Flag(true));
            assert_eq!(matches(&other, &agent), comparison == Ne, "{other:?}");
            let absent =
                Selector::Compare { operand: Operand::Skill("basque".into()), comparison, value: Value::Micros(0) };
            assert_eq!(matches(&absent, &agent), comparison == Ne, "{absent:?}");
        }
        let madrid = Value::Text("madrid".into());
        let operand = || Operand::Label("site".into());
        let listed = |values| Selector::In { operand: operand(), values };
        assert!(matches(&listed(vec![Value::Flag(true), madrid]), &agent));
        assert!(!matches(&listed(vec![Value::Flag(true)]), &agent));
    }

    #[test]
    fn empty_conjunction_holds_and_empty_disjunction_does_not() {
        let agent = agent();
        assert!(matches(&Selector::And(vec![]), &agent));
        assert!(!matches(&Selector::Or(vec![]), &agent));
        let not = Selector::Not(Box::new(Selector::Or(vec![])));
        assert!(matches(&not, &agent));
        let both = Selector::And(vec![not, skill(Comparison::Ge, 71)]);
        assert!(!matches(&both, &agent));
        assert_eq!((both.depth(), both.nodes()), (3, 4));
    }

    #[test]
    fn every_node_and_listed_value_is_counted() {
        let listed = Selector::In { operand: Operand::Skill("spanish".into()), values: vec![Value::Micros(1); 3] };
        assert_eq!((listed.depth(), listed.nodes()), (1, 4));
        let not = |inner| Selector::Not(Box::new(inner));
        let deep = Selector::Or(vec![not(not(listed.clone())), listed]);
        assert_eq!((deep.depth(), deep.nodes()), (4, 11));
        assert_eq!((Selector::And(vec![]).depth(), Selector::And(vec![]).nodes()), (1, 1));
    }
}
