//! Values inside commands, records and events: sealed text, deadlines, labels, selectors.
use super::Error;
use super::mirror::{Mirror, enums, required, structs};
#[cfg(test)]
use super::sample::{Sample, Source};
use kindred_proto::log::v1 as pb;

mod domain {
    pub use kindred_domain::record::{Deadline, Sealed};
    pub use kindred_domain::selector::{Comparison, Operand, Selector, Value};
}

structs! {
    Sealed { key_id, nonce, bytes }
    Deadline { at_ms, extended_ms }
}

enums! {
    Comparison: Eq, Ne, Ge, Gt, Le, Lt;
}

required! {
    domain::Value => pb::Value,
    domain::Operand => pb::Operand,
}

impl Mirror<pb::Value> for domain::Value {
    fn put(&self) -> pb::Value {
        use pb::value::Value;
        let value = match self {
            Self::Text(text) => Value::Text(text.clone()),
            Self::Micros(micros) => Value::Micros(*micros),
            Self::Flag(flag) => Value::Flag(*flag),
        };
        pb::Value { value: Some(value) }
    }

    fn take(written: pb::Value) -> Result<Self, Error> {
        use pb::value::Value;
        match written.value {
            Some(Value::Text(text)) => Ok(Self::Text(text)),
            Some(Value::Micros(micros)) => Ok(Self::Micros(micros)),
            Some(Value::Flag(flag)) => Ok(Self::Flag(flag)),
            None => Err(Error::unknown("Value", 0)),
        }
    }
}

impl Mirror<pb::Operand> for domain::Operand {
    fn put(&self) -> pb::Operand {
        use pb::operand::Operand;
        let operand = match self {
            Self::Label(key) => Operand::Label(key.put()),
            Self::Skill(skill) => Operand::Skill(skill.put()),
        };
        pb::Operand { operand: Some(operand) }
    }

    fn take(written: pb::Operand) -> Result<Self, Error> {
        use pb::operand::Operand;
        match written.operand {
            Some(Operand::Label(key)) => Ok(Self::Label(Mirror::take(key)?)),
            Some(Operand::Skill(skill)) => Ok(Self::Skill(Mirror::take(skill)?)),
            None => Err(Error::unknown("Operand", 0)),
        }
    }
}

impl Mirror<pb::Selector> for domain::Selector {
    fn put(&self) -> pb::Selector {
        use pb::selector::Node;
        let list = |selectors: &Vec<Self>| pb::SelectorList { selectors: selectors.put() };
        let node = match self {
            Self::And(all) => Node::And(list(all)),
            Self::Or(any) => Node::Or(list(any)),
            Self::Not(inner) => Node::Not(Box::new((**inner).put())),
            Self::Compare { operand, comparison, value } => Node::Compare(pb::SelectorCompare {
                operand: operand.put(),
                comparison: comparison.put(),
                value: value.put(),
            }),
            Self::In { operand, values } => Node::In(pb::SelectorIn { operand: operand.put(), values: values.put() }),
        };
        pb::Selector { node: Some(node) }
    }

    // The depth is bounded by prost's own recursion limit while decoding.
    fn take(written: pb::Selector) -> Result<Self, Error> {
        use pb::selector::Node;
        Ok(match written.node {
            Some(Node::And(all)) => Self::And(Mirror::take(all.selectors)?),
            Some(Node::Or(any)) => Self::Or(Mirror::take(any.selectors)?),
            Some(Node::Not(inner)) => Self::Not(Box::new(Self::take(*inner)?)),
            Some(Node::Compare(it)) => Self::Compare {
                operand: Mirror::take(it.operand)?,
                comparison: Mirror::take(it.comparison)?,
                value: Mirror::take(it.value)?,
            },
            Some(Node::In(it)) => Self::In { operand: Mirror::take(it.operand)?, values: Mirror::take(it.values)? },
            None => return Err(Error::unknown("Selector", 0)),
        })
    }
}

#[cfg(test)]
mod samples {
    use super::*;

    impl Sample for domain::Value {
        fn sample(source: &mut Source) -> Self {
            match source.pick(&[0, 1, 2]) {
                0 => Self::Text(Sample::sample(source)),
                1 => Self::Micros(Sample::sample(source)),
                _ => Self::Flag(Sample::sample(source)),
            }
        }
    }

    impl Sample for domain::Operand {
        fn sample(source: &mut Source) -> Self {
            match bool::sample(source) {
                true => Self::Label(Sample::sample(source)),
                false => Self::Skill(Sample::sample(source)),
            }
        }
    }

    impl Sample for domain::Selector {
        fn sample(source: &mut Source) -> Self {
            source.nested(
                |source| match source.pick(&[0, 1, 2, 3, 4]) {
                    0 => Self::And(Sample::sample(source)),
                    1 => Self::Or(Sample::sample(source)),
                    2 => Self::Not(Sample::sample(source)),
                    3 => Self::Compare {
                        operand: Sample::sample(source),
                        comparison: Sample::sample(source),
                        value: Sample::sample(source),
                    },
                    _ => Self::In { operand: Sample::sample(source), values: Sample::sample(source) },
                },
                |_| Self::And(Vec::new()),
            )
        }
    }
}
