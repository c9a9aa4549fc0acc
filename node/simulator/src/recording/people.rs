//! When agents were there, and how they answered offers.
use crate::center::{Duty, Turn};
use kindred_domain::{ids::*, record::PresenceStatus};
use std::collections::BTreeMap;

/// One agent as the log tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hours {
    /// Comings, breaks and goings, by time.
    pub turns: Vec<Turn>,
    /// How offers were answered, where the agent was asked.
    pub answers: Answers,
}

/// Offers of one agent, where the queue asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Taken.
    pub accepted: u64,
    /// Declined.
    pub declined: u64,
    /// Not answered in time.
    pub missed: u64,
    /// Until taken or declined, all together.
    pub answer_ms: u64,
}

impl Answers {
    /// Answered or missed.
    pub fn all(&self) -> u64 {
        self.accepted + self.declined + self.missed
    }

    /// Both together.
    pub fn and(self, other: Answers) -> Answers {
        Answers {
            accepted: self.accepted + other.accepted,
            declined: self.declined + other.declined,
            missed: self.missed + other.missed,
            answer_ms: self.answer_ms + other.answer_ms,
        }
    }
}

/// Follows one tenant's agents, log time.
#[derive(Default)]
pub(super) struct People {
    said: BTreeMap<AgentId, Vec<(u64, PresenceStatus)>>,
    answers: BTreeMap<AgentId, Answers>,
    /// Offers out where somebody was asked: when they were made.
    offers: BTreeMap<OfferId, u64>,
}

impl People {
    pub fn says(&mut self, agent: &AgentId, at_ms: u64, status: PresenceStatus) {
        let said = self.said.entry(agent.clone()).or_default();
        if said.last().is_none_or(|(_, last)| *last != status) {
            said.push((at_ms, status));
        }
    }

    pub fn asked(&mut self, offer: OfferId, at_ms: u64) {
        self.offers.insert(offer, at_ms);
    }

    /// An offer is over: `count` says where it is counted, and whether the agent answered.
    pub fn answered(&mut self, agent: &AgentId, offer: OfferId, at_ms: u64, count: impl FnOnce(&mut Answers) -> bool) {
        let Some(made_ms) = self.offers.remove(&offer) else { return };
        let answers = self.answers.entry(agent.clone()).or_default();
        if count(answers) {
            answers.answer_ms += at_ms - made_ms;
        }
    }

    pub fn revoked(&mut self, offer: OfferId) {
        self.offers.remove(&offer);
    }

    pub fn finish(mut self, begins_ms: u64) -> BTreeMap<AgentId, Hours> {
        let hours = |(id, said): (AgentId, Vec<(u64, PresenceStatus)>)| {
            let turns = turns(&since(&said, begins_ms));
            let answers = self.answers.remove(&id).unwrap_or_default();
            (!turns.is_empty()).then_some((id, Hours { turns, answers }))
        };
        self.said.into_iter().filter_map(hours).collect()
    }
}

/// Times since the beginning; what was said last before it holds from then on.
fn since(said: &[(u64, PresenceStatus)], begins_ms: u64) -> Vec<(u64, PresenceStatus)> {
    let first = said.partition_point(|(at_ms, _)| *at_ms <= begins_ms).saturating_sub(1);
    said[first..].iter().map(|(at_ms, status)| (at_ms.saturating_sub(begins_ms), *status)).collect()
}

/// Whoever is AVAILABLE is there; BREAK and AWAY until AVAILABLE is a break, and before OFFLINE it is going home.
fn turns(said: &[(u64, PresenceStatus)]) -> Vec<Turn> {
    use PresenceStatus::{Available, Offline};
    let mut turns: Vec<Turn> = Vec::new();
    let (mut there, mut back) = (false, None);
    for (place, (at_ms, status)) in said.iter().enumerate() {
        let mut turn = |duty| turns.push(Turn { at_ms: *at_ms, duty });
        match status {
            // Comes back from a break by itself.
            Available if back.take().is_some() => {}
            Available if !there => {
                there = true;
                turn(Duty::Comes);
            }
            Available => {}
            Offline if !there => {}
            Offline => {
                there = false;
                turn(Duty::Goes);
            }
            _ if !there || back.is_some() => {}
            _ => match said[place..].iter().find(|(_, next)| matches!(next, Available | Offline)) {
                Some((until_ms, Available)) => {
                    back = Some(*until_ms);
                    turn(Duty::Breaks { for_ms: until_ms - at_ms });
                }
                _ => {
                    there = false;
                    turn(Duty::Goes);
                }
            },
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use PresenceStatus::{Available, Away, Break, Offline};

    fn duties(said: &[(u64, PresenceStatus)]) -> Vec<(u64, Duty)> {
        turns(said).iter().map(|turn| (turn.at_ms, turn.duty)).collect()
    }

    #[test]
    fn breaks_end_where_the_agent_is_back() {
        let said = [(0, Offline), (5, Available), (20, Break), (25, Away), (30, Available), (50, Offline)];
        let expected = [(5, Duty::Comes), (20, Duty::Breaks { for_ms: 10 }), (50, Duty::Goes)];
        assert_eq!(duties(&said), expected);
    }

    #[test]
    fn who_does_not_come_back_from_a_break_has_gone() {
        assert_eq!(duties(&[(5, Available), (20, Break)]), [(5, Duty::Comes), (20, Duty::Goes)]);
        let said = [(5, Available), (20, Break), (30, Offline), (40, Available)];
        assert_eq!(duties(&said), [(5, Duty::Comes), (20, Duty::Goes), (40, Duty::Comes)]);
        assert_eq!(duties(&[(5, Break), (20, Offline)]), []);
    }

    #[test]
    fn what_was_said_before_the_beginning_holds() {
        let said = [(5, Available), (20, Break), (30, Available), (90, Offline)];
        assert_eq!(duties(&since(&said, 50)), [(0, Duty::Comes), (40, Duty::Goes)]);
        assert_eq!(duties(&since(&said, 25)), [(5, Duty::Comes), (65, Duty::Goes)]);
        assert_eq!(duties(&since(&said, 0)).len(), 3);
    }
}
