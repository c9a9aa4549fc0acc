//! What supervisors do, and what stands by their word.

use std::collections::BTreeSet;

use kindred_proto::log::v1 as pb;
use kindred_proto::v1::{event::Kind, interaction::State};

use super::offers::name;
use super::people::Saying;
use super::records::*;
use super::tenant::Turn;

const PARTS_MAX: usize = 32;
const LABEL_MAX: usize = 128;
const TEXT_MAX: usize = 256;

type Said = Result<(), Refusal>;

/// Somebody, and a reason.
pub fn check_mandate(by: Option<&pb::Mandate>) -> Said {
    let within = |text: &str, most| (1..=most).contains(&text.chars().count());
    let given = by.is_some_and(|by| within(&by.supervisor, LABEL_MAX) && within(&by.reason, TEXT_MAX));
    if given { Ok(()) } else { Err("INVALID_FIELD") }
}

impl Turn<'_> {
    pub fn reprioritise(&mut self, c: &pb::ReprioritiseInteraction) -> Said {
        check_mandate(c.by.as_ref())?;
        let id = name(&c.id);
        let version = self.find_open(&id)?.version;
        if c.etag.is_some_and(|etag| etag != version) {
            return Err("ETAG_MISMATCH");
        }
        self.interaction(&id, |i| {
            i.priority = c.priority;
            i.version += 1;
        });
        self.emit(Kind::InteractionReprioritised);
        Ok(())
    }

    pub fn move_interaction(&mut self, c: &pb::MoveInteraction) -> Said {
        check_mandate(c.by.as_ref())?;
        let id = name(&c.id);
        let i = self.find_open(&id)?;
        if !matches!(i.state, State::Queued | State::Offered) {
            return Err("WRONG_STATE");
        }
        let queue = self.taking(&c.queue)?;
        if i.queue == queue {
            return Err("INVALID_FIELD");
        }
        self.move_to(&id, queue);
        Ok(())
    }

    /// Offers out are revoked; it waits there with its age.
    pub fn move_to(&mut self, id: &Name, queue: Name) {
        let offers = self.withdraw_all(id);
        self.interaction(id, |i| {
            i.queue = queue;
            i.target = None;
            i.deferred = None;
            i.version += 1;
        });
        self.emit(Kind::InteractionMoved);
        self.relax(id);
        self.requeue(id);
        offers.iter().for_each(|offer| self.freed(&offer.agent));
    }

    pub fn pull_back(&mut self, c: &pb::PullBackInteraction) -> Said {
        check_mandate(c.by.as_ref())?;
        let id = name(&c.id);
        let i = self.find_open(&id)?;
        if i.offers.is_empty() && i.primary().is_none() {
            return Err("WRONG_STATE");
        }
        check_parts(i)?;
        self.interaction(&id, |i| i.target = None);
        self.emit(Kind::InteractionPulledBack);
        self.take(&id);
        Ok(())
    }

    pub fn reassign(&mut self, c: &pb::ReassignInteraction) -> Said {
        check_mandate(c.by.as_ref())?;
        let (id, to, now_ms) = (name(&c.id), name(&c.agent), self.now_ms);
        let i = self.find_open(&id)?;
        check_parts(i)?;
        let agent = self.tenant.agents.get(&to).ok_or("NOT_FOUND")?;
        let only_theirs = i.offers.len() == 1 && i.offers[0].agent == to;
        let has = only_theirs || i.primary().is_some_and(|p| p.agent == to);
        if has || agent.is_offline() || agent.draining {
            return Err("INVALID_FIELD");
        }
        self.interaction(&id, |i| {
            i.exclusions.retain(|e| e.agent != to);
            i.target = Some(to);
            i.target_since_ms = now_ms;
            i.connect_by_ms = c.connect_by_ms.or(i.connect_by_ms.filter(|at_ms| *at_ms > now_ms));
            i.deferred = None;
            i.version += 1;
        });
        self.emit(Kind::InteractionReassigned);
        self.take(&id);
        Ok(())
    }

    /// From whoever has it or is offered it; they are passed over, unless they are the one named.
    fn take(&mut self, id: &Name) {
        let Some(i) = self.tenant.interactions.get(id) else { return };
        let named = i.target.clone();
        let part = i.primary().map(|p| (p.id, p.agent.clone()));
        let offers = self.withdraw_all(id);
        let from = offers.iter().map(|offer| &offer.agent).chain(part.iter().map(|(_, agent)| agent));
        for agent in from.filter(|agent| named.as_ref() != Some(*agent)).cloned().collect::<Vec<_>>() {
            self.exclude(id, &agent);
        }
        if let Some((part, _)) = part {
            self.let_go(id, part);
        }
        self.requeue(id);
        offers.iter().for_each(|offer| self.freed(&offer.agent));
    }

    pub fn check_all(&self, agents: &[String]) -> Result<Vec<Name>, Refusal> {
        let mut seen = BTreeSet::new();
        for id in agents {
            self.tenant.agents.get(&**id).ok_or("NOT_FOUND")?;
            if !seen.insert(id) {
                return Err("INVALID_FIELD");
            }
        }
        Ok(agents.iter().map(|id| name(id)).collect())
    }

    pub fn force_presence(&mut self, c: &pb::ForcePresence) -> Said {
        check_mandate(c.by.as_ref())?;
        let agents = self.check_all(&c.agents)?;
        if !c.channels.is_empty() && c.status() != pb::PresenceStatus::Available {
            return Err("INVALID_FIELD");
        }
        for id in agents {
            self.emit(Kind::PresenceForced);
            let expires_ms = c.expires_after_ms.map(|ms| self.now_ms + ms);
            let channels = c.channels.iter().cloned().collect();
            self.enter_presence(&id, Saying { status: c.status(), channels, expires_ms, forced: true });
        }
        Ok(())
    }

    pub fn lift_presence(&mut self, c: &pb::LiftPresence) -> Said {
        check_mandate(c.by.as_ref())?;
        let agents = self.check_all(&c.agents)?;
        if agents.iter().any(|id| !self.tenant.agents[id].presence.forced) {
            return Err("WRONG_STATE");
        }
        for id in agents {
            let before = self.tenant.agents[&id].presence.reverts.clone();
            self.emit(Kind::PresenceLifted);
            let (status, channels) = before.unwrap_or((pb::PresenceStatus::Offline, BTreeSet::new()));
            self.enter_presence(&id, Saying { status, channels, expires_ms: None, forced: false });
        }
        Ok(())
    }

    pub fn drain_agents(&mut self, c: &pb::DrainAgents) -> Said {
        check_mandate(c.by.as_ref())?;
        for id in self.check_all(&c.agents)? {
            let offered = self.agent(&id, |a| {
                a.draining = true;
                let offered = a.work.iter().filter(|w| w.offered).map(|w| (w.interaction.clone(), w.id));
                offered.collect::<BTreeSet<_>>()
            });
            self.emit(Kind::AgentDraining);
            for (interaction, offer) in offered.unwrap_or_default() {
                self.revoke(&interaction, offer);
            }
        }
        Ok(())
    }

    pub fn undrain_agents(&mut self, c: &pb::UndrainAgents) -> Said {
        check_mandate(c.by.as_ref())?;
        let agents = self.check_all(&c.agents)?;
        if agents.iter().any(|id| !self.tenant.agents[id].draining) {
            return Err("WRONG_STATE");
        }
        for id in agents {
            self.agent(&id, |a| a.draining = false);
            self.emit(Kind::AgentUndrained);
        }
        Ok(())
    }

    pub fn pause_queue(&mut self, c: &pb::PauseQueue) -> Said {
        check_mandate(c.by.as_ref())?;
        self.tenant.queues.get_mut(&*c.id).ok_or("NOT_FOUND")?.paused = true;
        self.emit(Kind::QueuePaused);
        Ok(())
    }

    pub fn resume_queue(&mut self, c: &pb::ResumeQueue) -> Said {
        check_mandate(c.by.as_ref())?;
        let queue = self.tenant.queues.get_mut(&*c.id).ok_or("NOT_FOUND")?;
        if !std::mem::take(&mut queue.paused) {
            return Err("WRONG_STATE");
        }
        self.emit(Kind::QueueResumed);
        Ok(())
    }

    pub fn drain_queue(&mut self, c: &pb::DrainQueue) -> Said {
        check_mandate(c.by.as_ref())?;
        self.tenant.queues.get(&*c.id).ok_or("NOT_FOUND")?;
        if self.is_overflowed_into(&c.id) {
            return Err("IN_USE");
        }
        if let Some(overflow) = &c.overflow {
            if *overflow == c.id {
                return Err("INVALID_FIELD");
            }
            self.taking(overflow)?;
        }
        if let Some(queue) = self.tenant.queues.get_mut(&*c.id) {
            queue.drains = Some(c.overflow.as_ref().map(|id| name(id)));
        }
        self.emit(Kind::QueueDraining);
        Ok(())
    }

    pub fn undrain_queue(&mut self, c: &pb::UndrainQueue) -> Said {
        check_mandate(c.by.as_ref())?;
        let queue = self.tenant.queues.get_mut(&*c.id).ok_or("NOT_FOUND")?;
        queue.drains.take().ok_or("WRONG_STATE")?;
        self.emit(Kind::QueueUndrained);
        Ok(())
    }

    pub fn is_overflowed_into(&self, id: &str) -> bool {
        self.tenant.queues.values().any(|queue| matches!(&queue.drains, Some(Some(into)) if **into == *id))
    }

    /// The queue itself, if it takes what is new.
    pub fn taking(&self, id: &str) -> Result<Name, Refusal> {
        let queue = self.tenant.queues.get(id).ok_or("NOT_FOUND")?;
        if queue.drains.is_some() { Err("DRAINING") } else { Ok(name(id)) }
    }

    /// Where what comes to the queue waits.
    pub fn entrance(&self, id: &str) -> Result<Name, Refusal> {
        match &self.tenant.queues.get(id).ok_or("NOT_FOUND")?.drains {
            None => Ok(name(id)),
            Some(None) => Err("DRAINING"),
            Some(Some(overflow)) => self.taking(overflow),
        }
    }
}

/// Parts that are not over are never dropped: one more must have its place, if somebody has it.
fn check_parts(i: &Interaction) -> Said {
    let live = i.parts.iter().filter(|p| !p.is_over()).count();
    if i.primary().is_some() && live + 1 >= PARTS_MAX { Err("LIMIT_REACHED") } else { Ok(()) }
}
