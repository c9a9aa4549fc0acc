//! The door through which a score comes: what is known of a pair goes in, a preference and its parts come out.

/// What is known of a pair when it is scored. All proficiencies are shares from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Features<'a> {
    /// The agent's proficiency in each skill the interaction names; 0 where the agent lacks it.
    pub skills: &'a [f64],
    /// The agent's proficiency on the interaction's channel.
    pub channel: f64,
    /// Does the preferred selector hold; `None` if there is none.
    pub preferred: Option<bool>,
}

/// What each feature added to a score; they sum to it. The reasons of a bid.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts {
    /// From the skills.
    pub skill: f64,
    /// From the channel.
    pub channel: f64,
    /// From the preferred selector.
    pub preferred: f64,
}

/// A preference: higher is better. Only scores of one scorer for one interaction compare.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// The preference.
    pub value: f64,
    /// What it is made of.
    pub parts: Parts,
}

impl Score {
    /// The score as the log carries it.
    pub fn micros(&self) -> i64 {
        micros(self.value)
    }
}

/// Says how good a pair would be.
pub trait Scorer {
    /// The preference for the pair; the same features give the same score.
    fn score(&self, features: &Features<'_>) -> Score;
}

/// A score in millionths, rounded to the nearest, for the log: replicas compare integers only. What is not a number
/// counts as 0, what is too large for 64 bits as the largest.
pub fn micros(value: f64) -> i64 {
    // `as` saturates and turns NaN into 0.
    (value * 1e6).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn millionths_are_rounded_and_bounded() {
        assert_eq!(micros(0.123_456_7), 123_457);
        assert_eq!(micros(-1.5), -1_500_000);
        assert_eq!(micros(f64::NAN), 0);
        assert_eq!(micros(f64::INFINITY), i64::MAX);
        assert_eq!(micros(f64::NEG_INFINITY), i64::MIN);
    }
}
