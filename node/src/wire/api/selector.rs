//! Selectors: bounded trees of comparisons.
use super::{
    form::{Field, Form},
    value,
};
use kindred_domain::{
    ids::{LabelKey, Skill},
    limits::{SELECTOR_DEPTH_MAX, SELECTOR_NODES_MAX},
    selector::{Comparison, Operand, Selector},
};
use kindred_proto::v1::{
    self, selector::Node, selector_comparison::Operator, selector_operand::Operand as PublicOperand,
};

/// What is left of the bounds while a tree is read.
struct Room {
    depth: usize,
    nodes: usize,
}

impl Form<'_> {
    /// A selector; `None` if there is none.
    pub fn selector(&mut self, field: Field<'_>, selector: Option<v1::Selector>) -> Option<Selector> {
        let selector = selector?;
        let mut room = Room { depth: SELECTOR_DEPTH_MAX, nodes: SELECTOR_NODES_MAX };
        self.node(field, selector, &mut room)
    }

    fn node(&mut self, field: Field<'_>, selector: v1::Selector, room: &mut Room) -> Option<Selector> {
        if room.depth == 0 {
            self.fail(field, format!("is deeper than {SELECTOR_DEPTH_MAX} levels"));
            return None;
        }
        self.spend(field, room, 1)?;
        room.depth -= 1;
        let node = match selector.node {
            Some(Node::And(list)) => self.nodes(&format_args!("{field}.and"), list, room).map(Selector::And),
            Some(Node::Or(list)) => self.nodes(&format_args!("{field}.or"), list, room).map(Selector::Or),
            Some(Node::Not(inner)) => {
                self.node(&format_args!("{field}.not"), *inner, room).map(|inner| Selector::Not(Box::new(inner)))
            }
            Some(Node::Compare(compare)) => self.compare(&format_args!("{field}.compare"), compare),
            Some(Node::In(list)) => self.listed(&format_args!("{field}.in"), list, room),
            None => {
                self.fail(field, "is an empty selector");
                None
            }
        };
        room.depth += 1;
        node
    }

    /// Takes `count` nodes from the room; says so once when there are too many.
    fn spend(&mut self, field: Field<'_>, room: &mut Room, count: usize) -> Option<()> {
        if count > room.nodes {
            self.fail(field, format!("more than {SELECTOR_NODES_MAX} nodes and listed values up to here"));
            return None;
        }
        room.nodes -= count;
        Some(())
    }

    fn nodes(&mut self, field: Field<'_>, list: v1::SelectorList, room: &mut Room) -> Option<Vec<Selector>> {
        let mut parts = Vec::with_capacity(list.selectors.len().min(SELECTOR_NODES_MAX));
        for (at, part) in list.selectors.into_iter().enumerate() {
            // The first fault ends the list: a huge one would tell the same fault again and again.
            parts.push(self.node(&format_args!("{field}.selectors[{at}]"), part, room)?);
        }
        Some(parts)
    }

    fn compare(&mut self, field: Field<'_>, compare: v1::SelectorComparison) -> Option<Selector> {
        let comparison = match self.known(&format_args!("{field}.operator"), compare.operator) {
            Operator::Unspecified => {
                self.fail(&format_args!("{field}.operator"), "is required");
                return None;
            }
            Operator::Equal => Comparison::Eq,
            Operator::NotEqual => Comparison::Ne,
            Operator::GreaterOrEqual => Comparison::Ge,
            Operator::Greater => Comparison::Gt,
            Operator::LessOrEqual => Comparison::Le,
            Operator::Less => Comparison::Lt,
        };
        let operand = self.operand(&format_args!("{field}.operand"), compare.operand)?;
        let value = self.value(&format_args!("{field}.value"), compare.value);
        Some(Selector::Compare { operand, comparison, value })
    }

    fn listed(&mut self, field: Field<'_>, list: v1::SelectorIn, room: &mut Room) -> Option<Selector> {
        if list.values.is_empty() {
            self.fail(&format_args!("{field}.values"), "is required");
        }
        self.spend(&format_args!("{field}.values"), room, list.values.len())?;
        let operand = self.operand(&format_args!("{field}.operand"), list.operand)?;
        let values = list.values.into_iter().enumerate();
        let values = values.map(|(at, value)| self.value(&format_args!("{field}.values[{at}]"), Some(value)));
        Some(Selector::In { values: values.collect(), operand })
    }

    fn operand(&mut self, field: Field<'_>, operand: Option<v1::SelectorOperand>) -> Option<Operand> {
        match operand.and_then(|operand| operand.operand) {
            Some(PublicOperand::Label(key)) => {
                self.id::<LabelKey>(&format_args!("{field}.label"), &key).map(Operand::Label)
            }
            Some(PublicOperand::Skill(skill)) => {
                self.id::<Skill>(&format_args!("{field}.skill"), &skill).map(Operand::Skill)
            }
            None => {
                self.fail(field, "is required");
                None
            }
        }
    }
}

/// A selector as callers see it.
pub fn selector(selector: &Selector) -> v1::Selector {
    let list = |parts: &[Selector]| v1::SelectorList { selectors: parts.iter().map(self::selector).collect() };
    let node = match selector {
        Selector::And(parts) => Node::And(list(parts)),
        Selector::Or(parts) => Node::Or(list(parts)),
        Selector::Not(part) => Node::Not(Box::new(self::selector(part))),
        Selector::Compare { operand, comparison, value } => Node::Compare(v1::SelectorComparison {
            operand: Some(public_operand(operand)),
            operator: operator(*comparison).into(),
            value: Some(value::value(value)),
        }),
        Selector::In { operand, values } => Node::In(v1::SelectorIn {
            operand: Some(public_operand(operand)),
            values: values.iter().map(value::value).collect(),
        }),
    };
    v1::Selector { node: Some(node) }
}

fn public_operand(operand: &Operand) -> v1::SelectorOperand {
    let operand = match operand {
        Operand::Label(key) => PublicOperand::Label(key.to_string()),
        Operand::Skill(skill) => PublicOperand::Skill(skill.to_string()),
    };
    v1::SelectorOperand { operand: Some(operand) }
}

fn operator(comparison: Comparison) -> Operator {
    match comparison {
        Comparison::Eq => Operator::Equal,
        Comparison::Ne => Operator::NotEqual,
        Comparison::Ge => Operator::GreaterOrEqual,
        Comparison::Gt => Operator::Greater,
        Comparison::Le => Operator::LessOrEqual,
        Comparison::Lt => Operator::Less,
    }
}
