//! Selectors as a scenario writes them: who is qualified, who is preferred.
use kindred_domain::selector::{Comparison, MICROS, Operand, Selector, Value};
use schemars::JsonSchema;
use serde::Deserialize;

/// A condition on an agent: `{ skill = { name = "english", at_least = 50 } }`, and `all`, `any`, `not` of conditions.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// All must hold.
    All(Vec<Condition>),
    /// One must hold.
    Any(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
    /// Of a skill's proficiency, 0 to 100.
    Skill(Test),
    /// Of a label's value.
    Label(Test),
}

/// A comparison; exactly one besides the name.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// Of the skill or label.
    pub name: String,
    /// `=`
    pub equals: Option<Constant>,
    /// `!=`; true where the agent has no such skill or label.
    pub differs: Option<Constant>,
    /// `>=`
    pub at_least: Option<f64>,
    /// `>`
    pub above: Option<f64>,
    /// `<=`
    pub at_most: Option<f64>,
    /// `<`
    pub below: Option<f64>,
    /// Equal to one of these.
    pub one_of: Option<Vec<Constant>>,
}

/// Text, a number, or true or false.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "text, a number, or true or false")]
pub enum Constant {
    /// True or false.
    Flag(bool),
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
}

impl Constant {
    /// As the domain has it.
    pub fn value(&self) -> Value {
        match self {
            Self::Flag(flag) => Value::Flag(*flag),
            Self::Number(number) => Value::Micros(micros(*number)),
            Self::Text(text) => Value::Text(text.clone()),
        }
    }
}

/// A number in millionths, as the domain counts.
pub(super) fn micros(number: f64) -> i64 {
    (number * MICROS as f64).round() as i64
}

impl Condition {
    /// As the domain has it.
    pub fn selector(&self) -> Selector {
        let list = |parts: &[Condition]| parts.iter().map(Self::selector).collect();
        match self {
            Self::All(parts) => Selector::And(list(parts)),
            Self::Any(parts) => Selector::Or(list(parts)),
            Self::Not(part) => Selector::Not(Box::new(part.selector())),
            Self::Skill(test) => test.selector(Operand::Skill(test.name.as_str().into())),
            Self::Label(test) => test.selector(Operand::Label(test.name.as_str().into())),
        }
    }

    /// Paths, within this condition, of tests that do not compare exactly once.
    pub(super) fn faults(&self, path: &str) -> Vec<String> {
        let list = |name: &str, parts: &[Condition]| {
            let parts = parts.iter().enumerate();
            parts.flat_map(|(at, part)| part.faults(&format!("{path}.{name}[{at}]"))).collect()
        };
        let one = |name: &str, test: &Test| match test.comparisons() {
            1 => Vec::new(),
            _ => vec![format!("{path}.{name}")],
        };
        match self {
            Self::All(parts) => list("all", parts),
            Self::Any(parts) => list("any", parts),
            Self::Not(part) => part.faults(&format!("{path}.not")),
            Self::Skill(test) => one("skill", test),
            Self::Label(test) => one("label", test),
        }
    }
}

impl Test {
    fn numbers(&self) -> [(Comparison, Option<f64>); 4] {
        use Comparison::{Ge, Gt, Le, Lt};
        [(Ge, self.at_least), (Gt, self.above), (Le, self.at_most), (Lt, self.below)]
    }

    fn comparisons(&self) -> usize {
        let constants = [self.equals.is_some(), self.differs.is_some(), self.one_of.is_some()];
        let numbers = self.numbers().map(|(_, number)| number.is_some());
        constants.into_iter().chain(numbers).filter(|is| *is).count()
    }

    /// The first comparison that is there; a test that was checked has exactly one.
    fn selector(&self, operand: Operand) -> Selector {
        if let Some(values) = &self.one_of {
            return Selector::In { operand, values: values.iter().map(Constant::value).collect() };
        }
        let numbers = self.numbers().into_iter();
        let constants = [(Comparison::Eq, &self.equals), (Comparison::Ne, &self.differs)].into_iter();
        let number = numbers.filter_map(|(how, number)| Some((how, Value::Micros(micros(number?)))));
        let constant = constants.filter_map(|(how, constant)| Some((how, constant.as_ref()?.value())));
        match constant.chain(number).next() {
            Some((comparison, value)) => Selector::Compare { operand, comparison, value },
            None => Selector::And(Vec::new()),
        }
    }
}
