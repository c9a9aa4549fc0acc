//! How fast each agent is, and how each answers offers, as the log shows it: another policy gives contacts to others.
//!
//! An agent of whom the log says little is taken for more like all of them: estimates are drawn towards the common one as if
//! [`LIKE_ALL`] contacts had gone as with everybody.
use crate::{
    demand::Habits,
    recording::{Answers, Recording, Stopped},
};
use kindred_domain::ids::*;
use std::collections::BTreeMap;

/// Contacts, or offers, of everybody that count as an agent's own.
const LIKE_ALL: f64 = 10.0;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ways {
    pace: BTreeMap<AgentId, f64>,
    habits: BTreeMap<AgentId, Habits>,
    ordinary: Habits,
}

impl Ways {
    pub fn new(recording: &Recording) -> Self {
        let answers = recording.agents.iter().map(|(id, hours)| (id.clone(), hours.answers));
        let all = recording.agents.values().fold(Answers::default(), |all, hours| all.and(hours.answers));
        let ordinary = habits(all, 0.0, Habits::ALWAYS);
        let own = |(id, answers): (AgentId, Answers)| (id, habits(answers, LIKE_ALL, ordinary));
        Self { pace: paces(recording), habits: answers.map(own).collect(), ordinary }
    }

    /// Talk and after-work take so many times as long as with others.
    pub fn pace(&self, agent: &AgentId) -> f64 {
        self.pace.get(agent).copied().unwrap_or(1.0)
    }

    pub fn habits(&self, agent: &AgentId) -> Habits {
        self.habits.get(agent).copied().unwrap_or(self.ordinary)
    }

    /// The slowest agent and the fastest.
    pub fn pace_range(&self) -> Option<(f64, f64)> {
        let paces = || self.pace.values().copied();
        (!self.pace.is_empty()).then(|| (paces().fold(f64::INFINITY, f64::min), paces().fold(0.0, f64::max)))
    }
}

/// What an agent took over what the same contacts take on average: those of the same queue and channel.
fn paces(recording: &Recording) -> BTreeMap<AgentId, f64> {
    let mut took: Vec<(&AgentId, (&QueueId, &Channel), f64)> = Vec::new();
    for visit in &recording.visits {
        for leg in &visit.legs {
            if let Stopped::Answered(answered) = &leg.stopped
                && let Some(talk_ms) = answered.talk_ms
            {
                let all_ms = talk_ms + answered.wrap_up_ms.unwrap_or(0);
                took.push((&answered.agent, (&leg.queue, &visit.submitted.channel), all_ms as f64));
            }
        }
    }
    let mut classes: BTreeMap<(&QueueId, &Channel), (f64, f64)> = BTreeMap::new();
    for (_, class, all_ms) in &took {
        let sums = classes.entry(*class).or_default();
        *sums = (sums.0 + all_ms, sums.1 + 1.0);
    }
    let mean_ms = took.iter().map(|(_, _, all_ms)| all_ms).sum::<f64>() / (took.len().max(1) as f64);
    let mut agents: BTreeMap<AgentId, (f64, f64)> = BTreeMap::new();
    for (agent, class, all_ms) in &took {
        let (sum, count) = classes[class];
        let own = agents.entry((*agent).clone()).or_insert((LIKE_ALL * mean_ms, LIKE_ALL * mean_ms));
        *own = (own.0 + all_ms, own.1 + sum / count);
    }
    let pace = |(agent, (took, expected)): (AgentId, (f64, f64))| {
        (agent, if took > 0.0 && expected > 0.0 { took / expected } else { 1.0 })
    };
    agents.into_iter().map(pace).collect()
}

/// Shares of the offers, drawn towards `like` as if so many offers had gone that way.
fn habits(answers: Answers, weight: f64, like: Habits) -> Habits {
    let all = answers.all() as f64 + weight;
    let answered = (answers.accepted + answers.declined) as f64 + weight;
    let share = |of: u64, like: f64| if all > 0.0 { (of as f64 + weight * like) / all } else { 0.0 };
    let answer_s = answers.answer_ms as f64 / 1e3 + weight * like.answer_mean_s;
    Habits {
        declines: share(answers.declined, like.declines),
        silent: share(answers.missed, like.silent),
        answer_mean_s: if answered > 0.0 { answer_s / answered } else { 0.0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn habits_are_shares_and_few_offers_say_little() {
        let answers = Answers { accepted: 60, declined: 10, missed: 30, answer_ms: 140_000 };
        let all = habits(answers, 0.0, Habits::ALWAYS);
        assert_eq!((all.declines, all.silent, all.answer_mean_s), (0.1, 0.3, 2.0));
        assert_eq!(habits(Answers::default(), LIKE_ALL, all), all);
        assert_eq!(habits(Answers::default(), 0.0, all), Habits::ALWAYS);
        let one = habits(Answers { missed: 1, ..Answers::default() }, LIKE_ALL, all);
        assert!((one.silent - 4.0 / 11.0).abs() < 1e-12);
    }
}
