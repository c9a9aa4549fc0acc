//! Which free agent an interaction meets: the one named, the first in its queue's order, or the best scored.
use super::{Numbers, Output, by_order::ByOrder, by_score::ByScore};
use crate::{bid::Bidder, mode, slots::Slot, world::World};
use kindred_affinity::Parts;
use kindred_domain::record::*;

/// The agent chosen, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub agent: Slot,
    /// The preference, millionths; 0 in modes that do not score.
    pub score_micros: i64,
    pub parts: Option<Parts>,
}

impl Choice {
    fn unscored(agent: Slot) -> Self {
        Self { agent, score_micros: 0, parts: None }
    }
}

/// Chooses for one turn; what one search learned serves the next.
#[derive(Default)]
pub(super) struct Chooser {
    /// Agents looked at.
    pub steps: usize,
    by_order: ByOrder,
    by_score: ByScore,
}

impl Chooser {
    /// For an interaction wherever it waits.
    pub fn any<B: Bidder, N: Numbers>(
        &mut self,
        world: &mut World,
        waiter: Slot,
        out: &mut Output<'_, B, N>,
    ) -> Option<Choice> {
        match world.waiters[waiter].lane() {
            Some(lane) => self.choose(world, waiter, lane, out),
            None => self.named(world, waiter),
        }
    }

    /// For an interaction that waits for one agent: that agent, if it may be offered it now.
    pub fn named(&mut self, world: &World, waiter: Slot) -> Option<Choice> {
        self.steps += 1;
        let interaction = &world.waiters[waiter].record;
        let agent = *world.agents.by_id.get(interaction.target_agent.as_ref()?)?;
        world.is_lawful(interaction, agent).then_some(Choice::unscored(agent))
    }

    /// For an interaction in a lane: (bucket, class).
    pub fn choose<B: Bidder, N: Numbers>(
        &mut self,
        world: &mut World,
        waiter: Slot,
        lane: (Slot, Slot),
        out: &mut Output<'_, B, N>,
    ) -> Option<Choice> {
        let revision = world.buckets[lane.0].revision.clone();
        let rule = mode::rule(revision.as_ref().map_or(Mode::default(), |r| r.mode));
        match revision {
            Some(revision) if rule.scores => self.by_score.best(world, waiter, lane, &revision, &mut self.steps, out),
            _ => {
                let agent = self.by_order.first(world, waiter, lane, rule, &mut self.steps);
                agent.map(Choice::unscored)
            }
        }
    }
}

impl World {
    /// May the agent be offered the interaction, with what is planned for it already.
    pub(super) fn is_lawful(&self, interaction: &Interaction, agent: Slot) -> bool {
        let member = &self.agents.slots[agent];
        let profile = self.profiles[member.profile].record.as_ref();
        profile.is_some_and(|profile| member.may_take(interaction, profile, self.now_ms))
    }
}
