//! Grades: how proficient the agent is in what the interaction asks for. BEST_MATCH goes by them, and they are what a
//! missing or silent model falls back to.
use crate::{Features, Parts, Score, Scorer};

/// How much each part of a grade counts, in any one unit (policies use percent).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Weights {
    /// Of the proficiency in the skills named.
    pub skill: u32,
    /// Of the proficiency on the channel.
    pub channel: u32,
    /// Of the preferred selector being satisfied.
    pub preferred: u32,
}

/// The weighted mean of mean skill proficiency, channel proficiency and the preferred selector (1 or 0), from 0 to 1.
///
/// What the interaction does not ask for (no skill named, no preferred selector) takes no part in the mean. With all
/// remaining weights 0 every grade is 0, and the longest idle goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GradeScorer {
    weights: Weights,
}

impl GradeScorer {
    /// A scorer with these weights.
    pub fn new(weights: Weights) -> Self {
        Self { weights }
    }
}

impl Scorer for GradeScorer {
    fn score(&self, features: &Features<'_>) -> Score {
        let count = features.skills.len() as f64;
        let skill = weigh(self.weights.skill, !features.skills.is_empty());
        let channel = weigh(self.weights.channel, true);
        let preferred = weigh(self.weights.preferred, features.preferred.is_some());
        let sum = skill + channel + preferred;
        if sum == 0.0 {
            return Score::default();
        }
        let proficiency = features.skills.iter().sum::<f64>() / count.max(1.0);
        let holds = f64::from(u8::from(features.preferred == Some(true)));
        let parts = Parts {
            skill: skill / sum * proficiency,
            channel: channel / sum * features.channel,
            preferred: preferred / sum * holds,
        };
        let value = parts.skill + parts.channel + parts.preferred;
        Score { value, parts }
    }
}

fn weigh(weight: u32, asked_for: bool) -> f64 {
    if asked_for { f64::from(weight) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grade(weights: (u32, u32, u32), skills: &[f64], channel: f64, preferred: Option<bool>) -> i64 {
        let (skill, by_channel, by_preferred) = weights;
        let weights = Weights { skill, channel: by_channel, preferred: by_preferred };
        let features = Features { skills, channel, preferred };
        GradeScorer::new(weights).score(&features).micros()
    }

    #[test]
    fn is_the_weighted_mean_of_its_parts() {
        assert_eq!(grade((60, 20, 20), &[0.5, 1.0], 0.5, Some(true)), 750_000);
        assert_eq!(grade((60, 20, 20), &[0.5, 1.0], 0.5, Some(false)), 550_000);
    }

    #[test]
    fn what_is_not_asked_for_takes_no_part() {
        assert_eq!(grade((60, 20, 20), &[], 0.5, None), 500_000);
        assert_eq!(grade((60, 20, 20), &[], 0.5, Some(true)), 750_000);
        assert_eq!(grade((60, 0, 20), &[], 0.5, None), 0);
        assert_eq!(grade((0, 0, 0), &[1.0], 1.0, Some(true)), 0);
    }

    #[test]
    fn parts_sum_to_the_grade() {
        let weights = Weights { skill: 7, channel: 11, preferred: 13 };
        let features = Features { skills: &[0.31, 0.77, 0.05], channel: 0.6, preferred: Some(true) };
        let score = GradeScorer::new(weights).score(&features);
        let parts = score.parts;
        assert!((parts.skill + parts.channel + parts.preferred - score.value).abs() < 1e-12);
        assert!(score.value > 0.0 && score.value <= 1.0);
    }
}
