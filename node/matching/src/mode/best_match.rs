//! BEST_MATCH: the best grade, of skills the selectors name, of the channel, of the preferred selector; the longest
//! idle among equals. Interaction actors that stand by bid instead, with what else they know.
use super::{Order, Pick, Rule};
use kindred_affinity::{Features, GradeScorer, Score, Scorer, Weights};
use kindred_domain::{
    ids::{Channel, Skill},
    record::{Agent, PolicyRevision},
    selector::{Comparison, Operand, Selector, matches},
};

pub(super) const RULE: Rule = Rule { order: Order::Idle, by_tier: false, pick: Pick::Best };

/// Proficiency on a channel the agent says nothing about.
const CHANNEL_DEFAULT: u8 = 50;
/// Proficiencies are percentages.
const FULL: f64 = 100.0;

/// What a grade asks for; equal for many interactions, so it is worked out once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    skills: Vec<Skill>,
    preferred: Option<Selector>,
    channel: Channel,
    weights: Weights,
}

impl Wanted {
    /// What an interaction with these selectors, on this channel, under this revision of a policy asks for.
    pub fn new(
        required: Option<&Selector>,
        preferred: Option<&Selector>,
        channel: &Channel,
        revision: &PolicyRevision,
    ) -> Self {
        let mut skills = Vec::new();
        for selector in [required, preferred].into_iter().flatten() {
            named(selector, &mut skills);
        }
        skills.sort();
        skills.dedup();
        let weights = Weights {
            skill: revision.skill_weight,
            channel: revision.channel_weight,
            preferred: revision.preferred_weight,
        };
        Self { skills, preferred: preferred.cloned(), channel: channel.clone(), weights }
    }

    /// The agent's grade, 0 to 1.
    pub fn grade(&self, agent: &Agent) -> Score {
        let share = |level: u8| f64::from(level) / FULL;
        let level = |skill: &Skill| share(agent.skills.get(skill).copied().unwrap_or(0));
        let skills: Vec<f64> = self.skills.iter().map(level).collect();
        let channel = agent.channel_proficiency.get(&self.channel).copied();
        let features = Features {
            skills: &skills,
            channel: share(channel.unwrap_or(CHANNEL_DEFAULT)),
            preferred: self.preferred.as_ref().map(|selector| matches(selector, agent)),
        };
        GradeScorer::new(self.weights).score(&features)
    }
}

/// Skills a selector asks for: those it would have high. Under `not`, `!=` and `<` a skill is not wanted.
fn named(selector: &Selector, skills: &mut Vec<Skill>) {
    use Comparison::{Eq, Ge, Gt};
    match selector {
        Selector::And(parts) | Selector::Or(parts) => {
            parts.iter().for_each(|part| named(part, skills));
        }
        Selector::Compare { operand: Operand::Skill(skill), comparison: Eq | Ge | Gt, .. }
        | Selector::In { operand: Operand::Skill(skill), .. } => skills.push(skill.clone()),
        Selector::Not(_) | Selector::Compare { .. } | Selector::In { .. } => {}
    }
}
