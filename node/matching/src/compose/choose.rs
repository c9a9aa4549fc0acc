//! Which free agent an interaction meets: the one named, the first in its queue's order, or the best scored.
use super::{Numbers, Output, by_chance::ByChance, by_order::ByOrder, by_score::ByScore, by_share::ByShare, pull};
use crate::{
    bid::Bidder,
    mode::{self, Pick},
    slots::Slot,
    world::World,
};
use kindred_affinity::Parts;
use kindred_domain::{record::*, split::FreeGroups};

/// The agent chosen, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub agent: Slot,
    /// The preference, millionths; 0 in modes that do not score.
    pub score_micros: i64,
    pub parts: Option<Parts>,
    /// How it was drawn, if it was.
    pub draw: Option<Draw>,
    /// Which groups had somebody free, if it was chosen by shares.
    pub free_groups: Option<FreeGroups>,
}

impl Choice {
    pub fn unscored(agent: Slot) -> Self {
        Self { agent, score_micros: 0, parts: None, draw: None, free_groups: None }
    }

    pub fn scored(agent: Slot, score_micros: i64, parts: Option<Parts>) -> Self {
        Self { score_micros, parts, ..Self::unscored(agent) }
    }
}

/// Chooses for one turn; what one search learned serves the next.
#[derive(Default)]
pub(super) struct Chooser {
    /// Agents looked at.
    pub steps: usize,
    /// Agents something was planned for, in order.
    pub planned: Vec<Slot>,
    by_chance: ByChance,
    by_order: ByOrder,
    by_score: ByScore,
    by_share: ByShare,
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
        let lawful = world.is_open(&interaction.queue) && world.is_lawful(interaction, agent);
        lawful.then_some(Choice::unscored(agent))
    }

    /// Who rings beside the agent chosen (RING_ALL), `most` at most: the next in the order, without those who should
    /// rather take something else.
    pub fn ring(&mut self, world: &mut World, waiter: Slot, chosen: Slot, most: usize) -> Vec<Slot> {
        let Some(lane) = world.waiters[waiter].lane().filter(|_| most > 0) else {
            return Vec::new();
        };
        let rule = mode::rule(Mode::RingAll);
        let mut others = self.by_order.first(world, waiter, lane, (rule, most + 1), &mut self.steps);
        others.retain(|agent| *agent != chosen);
        if world.priority_lines > 0 {
            others.retain(|agent| pull::better(world, *agent, waiter).is_none());
        }
        others.truncate(most);
        others
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
        let steps = &mut self.steps;
        match (rule.pick, revision) {
            (Pick::Best, Some(revision)) => self.by_score.best(world, waiter, lane, &revision, steps, out),
            (Pick::Drawn, _) => {
                let drawn = self.by_chance.draw(world, waiter, lane, &self.planned, steps, out.numbers);
                drawn.map(|(agent, draw)| Choice { draw: Some(draw), ..Choice::unscored(agent) })
            }
            (Pick::Shared, Some(revision)) => {
                let turn = self.by_share.next(world, waiter, lane, &revision, steps);
                turn.map(|turn| Choice { free_groups: Some(turn.free), ..Choice::unscored(turn.agent) })
            }
            (Pick::First | Pick::Best | Pick::Shared, _) => {
                let agent = self.by_order.first(world, waiter, lane, (rule, 1), steps).first().copied();
                agent.map(Choice::unscored)
            }
        }
    }
}

impl World {
    /// May the agent be offered the interaction, with what is planned for it already. Whether its queue is open is known of
    /// whoever is in a lane that is looked at.
    pub(super) fn is_lawful(&self, interaction: &Interaction, agent: Slot) -> bool {
        let member = &self.agents.slots[agent];
        let profile = self.profiles[member.profile].record.as_ref();
        profile.is_some_and(|profile| member.may_take(interaction, profile, self.now_ms))
    }
}
