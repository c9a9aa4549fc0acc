//! How long something takes: a distribution by its mean, so that a scenario reads like a measurement.
use crate::draw;
use rand::{Rng, seq::IndexedRandom};
use rand_distr::{Distribution, Gamma};
use schemars::JsonSchema;
use serde::Deserialize;

/// A distribution of durations, seconds: `{ exponential = { mean_s = 120 } }`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Always the same.
    Deterministic(Deterministic),
    /// Without memory.
    Exponential(Exponential),
    /// As handle times are (Brown et al. 2005).
    Lognormal(Lognormal),
    /// The sum of equal exponential phases.
    Erlang(Erlang),
    /// One of the values measured, each as likely as the other.
    Empirical(Empirical),
}

/// Always the same.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deterministic {
    /// Seconds, 0 or more.
    pub value_s: f64,
}

/// Without memory.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// Seconds, above 0.
    pub mean_s: f64,
}

/// The logarithm is normal.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lognormal {
    /// Seconds, above 0.
    pub mean_s: f64,
    /// Standard deviation divided by mean, 0 or more.
    pub cv: f64,
}

/// The sum of equal exponential phases.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Erlang {
    /// Of the sum, seconds, above 0.
    pub mean_s: f64,
    /// How many phases, 1 to 1000.
    pub phases: u32,
}

/// Values that were measured.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empirical {
    /// Seconds, each 0 or more; at least one.
    pub values_s: Vec<f64>,
}

impl Shape {
    /// Draws a duration, seconds. A shape that was not checked may give 0.
    pub fn draw(&self, rng: &mut impl Rng) -> f64 {
        match self {
            Self::Deterministic(shape) => shape.value_s,
            Self::Exponential(shape) => draw::exponential(rng, shape.mean_s),
            Self::Lognormal(shape) => draw::lognormal(rng, shape.mean_s, shape.cv),
            Self::Erlang(shape) => {
                let phases = f64::from(shape.phases);
                Gamma::new(phases, shape.mean_s / phases).map_or(0.0, |gamma| gamma.sample(rng))
            }
            Self::Empirical(shape) => shape.values_s.choose(rng).copied().unwrap_or(0.0),
        }
    }

    /// Its mean, seconds.
    pub fn mean_s(&self) -> f64 {
        match self {
            Self::Deterministic(shape) => shape.value_s,
            Self::Exponential(shape) => shape.mean_s,
            Self::Lognormal(shape) => shape.mean_s,
            Self::Erlang(shape) => shape.mean_s,
            Self::Empirical(shape) => shape.values_s.iter().sum::<f64>() / shape.values_s.len().max(1) as f64,
        }
    }

    /// What is wrong with its numbers: (field, problem, what is allowed).
    pub(super) fn faults(&self) -> Vec<(String, String, &'static str)> {
        let mut faults = Vec::new();
        let mut positive = |field: &str, value: f64| {
            if !(value > 0.0 && value.is_finite()) {
                faults.push((field.to_string(), format!("is {value}"), "more than 0"));
            }
        };
        match self {
            Self::Exponential(shape) => positive("exponential.mean_s", shape.mean_s),
            Self::Lognormal(shape) => positive("lognormal.mean_s", shape.mean_s),
            Self::Erlang(shape) => positive("erlang.mean_s", shape.mean_s),
            Self::Deterministic(_) | Self::Empirical(_) => {}
        }
        let not_negative = |value: f64| value >= 0.0 && value.is_finite();
        match self {
            Self::Deterministic(shape) if !not_negative(shape.value_s) => {
                faults.push(("deterministic.value_s".into(), format!("is {}", shape.value_s), "0 or more"));
            }
            Self::Lognormal(shape) if !not_negative(shape.cv) => {
                faults.push(("lognormal.cv".into(), format!("is {}", shape.cv), "0 or more"));
            }
            Self::Erlang(shape) if !(1..=1_000).contains(&shape.phases) => {
                faults.push(("erlang.phases".into(), format!("is {}", shape.phases), "1 to 1000"));
            }
            Self::Empirical(shape) => {
                if shape.values_s.is_empty() {
                    faults.push(("empirical.values_s".into(), "is empty".into(), "at least one value"));
                }
                let wrong = shape.values_s.iter().enumerate().filter(|(_, value)| !not_negative(**value));
                let fault = |(at, value): (usize, &f64)| {
                    (format!("empirical.values_s[{at}]"), format!("is {value}"), "0 or more")
                };
                faults.extend(wrong.map(fault));
            }
            _ => {}
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// Mean and coefficient of variation of each shape are what it says, within four standard errors.
    #[test]
    fn shapes_have_the_mean_and_spread_they_say() {
        let shapes = [
            (Shape::Deterministic(Deterministic { value_s: 7.0 }), 0.0),
            (Shape::Exponential(Exponential { mean_s: 120.0 }), 1.0),
            (Shape::Lognormal(Lognormal { mean_s: 201.0, cv: 1.23 }), 1.23),
            (Shape::Erlang(Erlang { mean_s: 60.0, phases: 4 }), 0.5),
            (Shape::Empirical(Empirical { values_s: vec![10.0, 30.0] }), 0.5),
        ];
        for (shape, cv) in shapes {
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            let draws: Vec<f64> = (0..100_000).map(|_| shape.draw(&mut rng)).collect();
            let count = draws.len() as f64;
            let mean = draws.iter().sum::<f64>() / count;
            let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
            let error = 4.0 * shape.mean_s() * cv / count.sqrt() + 1e-9;
            assert!((mean - shape.mean_s()).abs() < error, "{shape:?}: mean {mean}");
            assert!((variance.sqrt() / mean - cv).abs() < 0.05, "{shape:?}: cv {}", variance.sqrt() / mean);
        }
    }
}
