//! What a supervisor changed of many until a time, and what is put back.

use std::collections::BTreeMap;

use kindred_proto::log::v1 as pb;
use kindred_proto::v1::{event::Kind, interaction::State};

use super::due::Due;
use super::offers::name;
use super::records::*;
use super::supervision::check_mandate;
use super::tenant::Turn;

const BATCH_MAX: usize = 1_000;
const STANDING_MAX: usize = 100;
const SKILLS_MAX: usize = 256;

type Said = Result<(), Refusal>;

/// What there was before.
#[derive(Clone, Debug)]
pub struct Adjustment {
    until_ms: u64,
    command: pb::StartAdjustment,
    /// Routing profile, if it was changed, and skills.
    agents: BTreeMap<Name, (Option<String>, BTreeMap<String, u32>)>,
    /// Priority and queue, as far as they were changed.
    interactions: BTreeMap<Name, (Option<i32>, Option<Name>)>,
}

impl Adjustment {
    /// How many it is of.
    pub fn count(&self) -> usize {
        self.agents.len() + self.interactions.len()
    }

    pub fn due(&self, id: &Name) -> Vec<(u64, Due)> {
        vec![(self.until_ms, Due::Adjustment(id.clone()))]
    }
}

fn valid(is: bool) -> Said {
    if is { Ok(()) } else { Err("INVALID_FIELD") }
}

impl Turn<'_> {
    pub fn start_adjustment(&mut self, c: &pb::StartAdjustment) -> Said {
        check_mandate(c.by.as_ref())?;
        let id = name(&c.id);
        if self.tenant.adjustments.contains_key(&id) {
            return Err("ALREADY_EXISTS");
        }
        if self.tenant.adjustments.len() >= STANDING_MAX {
            return Err("LIMIT_REACHED");
        }
        let of_agents = c.agent_change.clone().unwrap_or_default();
        let of_interactions = c.interaction_change.clone().unwrap_or_default();
        valid((1..=BATCH_MAX).contains(&(c.agents.len() + c.interactions.len())))?;
        valid((of_agents.profile.is_some() || !of_agents.skills.is_empty()) != c.agents.is_empty())?;
        let changes = of_interactions.priority.is_some() || of_interactions.queue.is_some();
        valid(changes != c.interactions.is_empty())?;
        valid(c.lasts_ms > 0)?;
        self.check_adjusted_agents(c, &of_agents)?;
        self.check_adjusted_interactions(c, &of_interactions)?;
        let agents = c.agents.iter().map(|agent| self.adjust_agent(&id, &name(agent), &of_agents)).collect();
        let all = c.interactions.iter().map(|i| self.adjust_interaction(&id, &name(i), &of_interactions));
        let interactions = all.collect();
        let until_ms = self.now_ms + c.lasts_ms;
        self.put_adjustment(&id, Some(Adjustment { until_ms, command: c.clone(), agents, interactions }));
        self.emit(Kind::AdjustmentStarted);
        Ok(())
    }

    pub fn end_adjustment(&mut self, c: &pb::EndAdjustment) -> Said {
        check_mandate(c.by.as_ref())?;
        let id = name(&c.id);
        if !self.tenant.adjustments.contains_key(&id) {
            return Err("NOT_FOUND");
        }
        self.revert(&id);
        Ok(())
    }

    fn check_adjusted_agents(&self, c: &pb::StartAdjustment, change: &pb::AgentChange) -> Said {
        if change.profile.as_ref().is_some_and(|profile| !self.tenant.profiles.contains_key(profile)) {
            return Err("NOT_FOUND");
        }
        valid(change.skills.values().all(|level| *level <= 100))?;
        for id in self.check_all(&c.agents)? {
            let agent = &self.tenant.agents[&id];
            if agent.adjustment.is_some() {
                return Err("IN_USE");
            }
            let new = change.skills.keys().filter(|skill| !agent.spec.skills.contains_key(*skill)).count();
            valid(agent.spec.skills.len() + new <= SKILLS_MAX)?;
        }
        Ok(())
    }

    fn check_adjusted_interactions(&self, c: &pb::StartAdjustment, change: &pb::InteractionChange) -> Said {
        if let Some(queue) = &change.queue {
            self.taking(queue)?;
        }
        let mut seen = std::collections::BTreeSet::new();
        for id in &c.interactions {
            let i = self.find_open(&name(id))?;
            if i.adjustment.is_some() {
                return Err("IN_USE");
            }
            if change.queue.is_some() && !matches!(i.state, State::Queued | State::Offered) {
                return Err("WRONG_STATE");
            }
            valid(seen.insert(id))?;
        }
        Ok(())
    }

    fn adjust_agent(
        &mut self,
        id: &Name,
        agent: &Name,
        change: &pb::AgentChange,
    ) -> (Name, (Option<String>, BTreeMap<String, u32>)) {
        let before = self.agent(agent, |a| {
            let profile = change.profile.as_ref().map(|_| a.spec.profile.clone());
            let theirs = a.spec.skills.iter().filter(|(skill, _)| change.skills.contains_key(*skill));
            let skills = theirs.map(|(skill, level)| (skill.clone(), *level)).collect();
            a.adjustment = Some(id.clone());
            a.spec.profile = change.profile.clone().unwrap_or(std::mem::take(&mut a.spec.profile));
            a.spec.skills.extend(change.skills.clone());
            a.version += 1;
            (profile, skills)
        });
        self.emit(Kind::AgentUpdated);
        if change.profile.is_some() {
            self.resume_waiting(agent);
        }
        (agent.clone(), before.unwrap_or_default())
    }

    fn adjust_interaction(
        &mut self,
        id: &Name,
        of: &Name,
        change: &pb::InteractionChange,
    ) -> (Name, (Option<i32>, Option<Name>)) {
        let before = self.interaction(of, |i| {
            i.adjustment = Some(id.clone());
            i.version += 1;
            let priority = change.priority.map(|priority| std::mem::replace(&mut i.priority, priority));
            let queue = change.queue.as_ref().filter(|queue| **queue != *i.queue).map(|_| i.queue.clone());
            (priority, queue)
        });
        let before = before.unwrap_or_default();
        if before.0.is_some() {
            self.emit(Kind::InteractionReprioritised);
        }
        if let (Some(_), Some(queue)) = (&before.1, &change.queue) {
            self.move_to(of, name(queue));
        }
        (of.clone(), before)
    }

    /// Each is put back, as far as it still is as it was made.
    pub fn revert(&mut self, id: &Name) {
        let Some(it) = self.put_adjustment(id, None) else { return };
        let of_agents = it.command.agent_change.clone().unwrap_or_default();
        let of_interactions = it.command.interaction_change.clone().unwrap_or_default();
        for (agent, (profile, skills)) in it.agents {
            if self.tenant.agents.get(&agent).is_none_or(|a| a.adjustment.as_ref() != Some(id)) {
                continue;
            }
            let stands = of_agents.profile.as_ref() == Some(&self.tenant.agents[&agent].spec.profile);
            let profile = profile.filter(|old| stands && self.tenant.profiles.contains_key(old));
            let refits = profile.is_some();
            self.agent(&agent, |a| {
                a.adjustment = None;
                a.version += 1;
                a.spec.profile = profile.unwrap_or(std::mem::take(&mut a.spec.profile));
                for (skill, set) in &of_agents.skills {
                    if a.spec.skills.get(skill) == Some(set) {
                        a.spec.skills.remove(skill);
                        a.spec.skills.extend(skills.get(skill).map(|level| (skill.clone(), *level)));
                    }
                }
            });
            self.emit(Kind::AgentUpdated);
            if refits {
                self.resume_waiting(&agent);
            }
        }
        for (of, (priority, queue)) in it.interactions {
            if self.tenant.interactions.get(&of).is_none_or(|i| i.adjustment.as_ref() != Some(id)) {
                continue;
            }
            let put_back = self.interaction(&of, |i| {
                i.adjustment = None;
                i.version += 1;
                let open = i.state != State::Closed;
                let priority = priority.filter(|_| open && of_interactions.priority == Some(i.priority));
                i.priority = priority.unwrap_or(i.priority);
                let nobody_has_it = matches!(i.state, State::Queued | State::Offered);
                let stands = nobody_has_it && of_interactions.queue.as_deref() == Some(&*i.queue);
                (priority.is_some(), queue.filter(|_| stands))
            });
            let (reprioritised, queue) = put_back.unwrap_or_default();
            if reprioritised {
                self.emit(Kind::InteractionReprioritised);
            }
            if let Some(queue) = queue.filter(|queue| self.taking(queue).is_ok()) {
                self.move_to(&of, queue);
            }
        }
        self.emit(Kind::AdjustmentEnded);
    }

    fn put_adjustment(&mut self, id: &Name, it: Option<Adjustment>) -> Option<Adjustment> {
        let after = it.as_ref().map(|it| it.due(id)).unwrap_or_default();
        let before = match it {
            Some(it) => self.tenant.adjustments.insert(id.clone(), it),
            None => self.tenant.adjustments.remove(id),
        };
        self.dues.replace(&self.id, before.as_ref().map(|it| it.due(id)).unwrap_or_default(), after);
        before
    }
}
