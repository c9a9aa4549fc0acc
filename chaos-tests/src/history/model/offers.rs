//! An offer's life: made, accepted, declined, missed, revoked; who is passed over after it; what missing it costs.

use kindred_proto::log::v1 as pb;
use kindred_proto::v1::{assignment, event::Kind, interaction::State};

use super::lawful;
use super::records::*;
use super::tenant::Turn;

const OFFERS_PER_BATCH: usize = 256;
const EXCLUSION_MS: u64 = 60_000;
const SOLE_EXCLUSION_MS: u64 = 5_000;
const SOLE_LOOK_MAX: usize = 2_000;
const EXCLUSIONS_MAX: usize = 64;
const PARTS_MAX: usize = 32;
const BACKOFF_MS: u64 = 5_000;
const MISSED_MAX: u32 = 3;
const NOT_RESPONDING_MS: u64 = 60_000;
const DEFERRAL_MAX_MS: u64 = 600_000;
const DEFERRALS_MAX: u32 = 32;

impl Turn<'_> {
    pub fn make_offers(&mut self, command: &pb::MakeOffers) {
        // The interaction that rings since a plan of this command: those that follow may join it.
        let mut ringing: Option<Name> = None;
        for plan in command.offers.iter().take(OFFERS_PER_BATCH) {
            let (offer, id, agent) = (uid(&plan.offer), name(&plan.interaction), name(&plan.agent));
            let most = if ringing.as_ref() == Some(&id) { self.ring_max(&id) } else { 0 };
            match lawful::check(self.tenant, &id, (offer, &*agent), most, self.now_ms) {
                Ok(()) => {
                    self.make_offer(&id, offer, &agent);
                    ringing = Some(id);
                }
                Err(why) => drop(self.tenant.dropped.insert(offer, why)),
            }
        }
        for plan in command.deferrals.iter().take(OFFERS_PER_BATCH) {
            self.defer(&name(&plan.interaction), plan.until_ms);
        }
    }

    /// To how many at once the queue's policy holds it out.
    fn ring_max(&self, id: &Name) -> usize {
        let queue = self.tenant.interactions.get(id).and_then(|i| self.tenant.queues.get(&i.queue));
        let current = queue.and_then(|q| self.tenant.policies.get(&q.policy)).and_then(Policy::current);
        let rings = current.filter(|(_, spec)| spec.mode() == pb::Mode::RingAll);
        rings.map_or(1, |(_, spec)| spec.ring_max as usize)
    }

    fn defer(&mut self, id: &Name, until_ms: u64) {
        let now_ms = self.now_ms;
        let until_ms = until_ms.min(now_ms + DEFERRAL_MAX_MS);
        let waits = self.tenant.interactions.get(id).filter(|i| i.state == State::Queued);
        let Some(times) = waits.map(|i| i.deferred.map_or(0, |(_, times)| times) + 1) else { return };
        if times <= DEFERRALS_MAX && until_ms > now_ms {
            self.interaction(id, |i| i.deferred = Some((until_ms, times)));
            self.emit(Kind::InteractionDeferred);
        }
    }

    fn make_offer(&mut self, id: &Name, offer: Uid, to: &Name) {
        let now_ms = self.now_ms;
        let rules = self.rules(id);
        let channels = self.tenant.interactions.get(id).map(Interaction::channels).unwrap_or_default();
        let before = self.tenant.offers.insert(offer, (id.clone(), to.clone()));
        if before.is_some_and(|(other, _)| other != *id) {
            self.tenant.offers_twice.push(offer);
        }
        for channel in channels {
            let agent = self.tenant.agents.get(to);
            let units = agent.map_or(0, |a| lawful::cost(lawful::capacity(self.tenant, a), &channel));
            let piece = Piece { interaction: id.clone(), id: offer, channel, units, offered: true, dormant: false };
            self.agent(to, |a| a.take(piece));
        }
        self.interaction(id, |i| {
            if i.state != State::Offered {
                i.enter(State::Offered, now_ms);
            }
            i.offers.push(Offer {
                id: offer,
                agent: to.clone(),
                expires: Deadline::at(now_ms + rules.offer_timeout_ms),
                rings: rules.answer_mode() == pb::AnswerMode::RingIsOffer,
                revoke_at_ms: None,
            });
            i.deferred = None;
            i.deadline = None;
        });
        self.emit(Kind::OfferMade);
        if rules.answer_mode() == pb::AnswerMode::Auto {
            self.accept(id, offer);
        }
    }

    /// The offer out, if it is this one and stands.
    pub fn find_offer(&self, id: &Name, offer: Uid) -> Result<&Offer, Refusal> {
        match self.find(id) {
            Ok(i) => i.offer(offer).filter(|o| self.now_ms < o.expires.at_ms).ok_or("OFFER_GONE"),
            Err("WRONG_STATE") => Err("OFFER_GONE"),
            Err(other) => Err(other),
        }
    }

    /// The offer becomes the PRIMARY part, CONNECTING.
    /// Whoever else it was held out to has lost it.
    pub fn accept(&mut self, id: &Name, offer: Uid) {
        let (now_ms, timeout_ms) = (self.now_ms, self.rules(id).connect_timeout_ms);
        let taken = self.interaction(id, |i| {
            let at = i.offers.iter().position(|o| o.id == offer)?;
            let offer = i.offers.remove(at);
            i.enter(State::Assigned, now_ms);
            if i.parts.len() >= PARTS_MAX
                && let Some(at) = i.parts.iter().skip(1).position(Part::is_over)
            {
                i.parts.remove(at + 1);
            }
            i.parts.push(Part {
                id: offer.id,
                agent: offer.agent.clone(),
                state: assignment::State::Connecting,
                channels: i.channels(),
                deadline: Some(Deadline::at(now_ms + timeout_ms)),
                connected: false,
                talked_until_ms: None,
            });
            Some(offer)
        });
        let Some(offer) = taken.flatten() else { return };
        self.pieces(&offer.agent, offer.id, |piece| piece.offered = false);
        self.emit(Kind::OfferAccepted);
        let lost = self.withdraw_all(id);
        lost.iter().for_each(|offer| self.freed(&offer.agent));
    }

    pub fn decline(&mut self, id: &Name, offer: Uid) {
        let Some(offer) = self.withdraw(id, offer) else { return };
        self.emit(Kind::OfferDeclined);
        self.interaction(id, |i| i.target = None);
        self.exclude(id, &offer.agent);
        self.wait_again(id);
        self.answered(&offer.agent);
        self.freed(&offer.agent);
    }

    pub fn miss(&mut self, id: &Name, offer: Uid) {
        let Some(offer) = self.withdraw(id, offer) else { return };
        self.emit(Kind::OfferExpired);
        self.interaction(id, |i| i.target = None);
        self.wait_again(id);
        self.missed(&offer.agent);
        self.freed(&offer.agent);
    }

    pub fn revoke(&mut self, id: &Name, offer: Uid) {
        if let Some(offer) = self.withdraw(id, offer) {
            self.emit(Kind::OfferRevoked);
            self.wait_again(id);
            self.freed(&offer.agent);
        }
    }

    /// Every offer out is revoked, and it waits.
    pub fn revoke_all(&mut self, id: &Name) {
        let offers = self.withdraw_all(id);
        if !offers.is_empty() {
            self.requeue(id);
            offers.iter().for_each(|offer| self.freed(&offer.agent));
        }
    }

    /// Takes every offer out away, and says so.
    pub fn withdraw_all(&mut self, id: &Name) -> Vec<Offer> {
        let out = self.tenant.interactions.get(id).map(|i| i.offers.iter().map(|o| o.id).collect::<Vec<_>>());
        let mut taken = Vec::new();
        for offer in out.unwrap_or_default() {
            if let Some(offer) = self.withdraw(id, offer) {
                self.emit(Kind::OfferRevoked);
                taken.push(offer);
            }
        }
        taken
    }

    /// Takes an offer and what it reserves away.
    fn withdraw(&mut self, id: &Name, offer: Uid) -> Option<Offer> {
        let offer = self.interaction(id, |i| {
            let at = i.offers.iter().position(|o| o.id == offer)?;
            Some(i.offers.remove(at))
        })??;
        self.agent(&offer.agent, |a| a.work.retain(|w| w.id != offer.id));
        Some(offer)
    }

    /// Without another offer out it waits.
    fn wait_again(&mut self, id: &Name) {
        if self.tenant.interactions.get(id).is_some_and(|i| i.offers.is_empty()) {
            self.requeue(id);
        }
    }

    /// Passes over who declined or gave it back: the only one who could serve it for less long.
    pub fn exclude(&mut self, id: &Name, agent: &Name) {
        let Some(i) = self.tenant.interactions.get(id) else { return };
        let times = times_before(i, agent) + 1;
        let for_ms = if self.is_sole(i, agent) { doubled_ms(times) } else { EXCLUSION_MS };
        let until_ms = self.now_ms + for_ms;
        self.put_exclusion(id, Exclusion { agent: agent.clone(), until_ms, times });
    }

    /// Nobody is to blame that they were not connected: from the second time on they are kept apart.
    pub fn keep_apart(&mut self, id: &Name, agent: &Name) {
        let Some(i) = self.tenant.interactions.get(id) else { return };
        let times = times_before(i, agent) + 1;
        let until_ms = if times > 1 { self.now_ms + doubled_ms(times - 1) } else { 0 };
        self.put_exclusion(id, Exclusion { agent: agent.clone(), until_ms, times });
    }

    fn put_exclusion(&mut self, id: &Name, exclusion: Exclusion) {
        let until_ms = exclusion.until_ms;
        self.interaction(id, |i| {
            i.exclusions.retain(|e| e.agent != exclusion.agent);
            if i.exclusions.len() >= EXCLUSIONS_MAX
                && let Some((at, _)) = i.exclusions.iter().enumerate().min_by_key(|(_, e)| e.until_ms)
            {
                i.exclusions.remove(at);
            }
            i.exclusions.push(exclusion);
        });
        if until_ms > 0 {
            self.emit(Kind::AgentExcluded);
        }
    }

    /// In another queue a passed-over agent may be the only one: then not longer than such an agent.
    pub fn relax(&mut self, id: &Name) {
        let Some(i) = self.tenant.interactions.get(id).cloned() else { return };
        for exclusion in &i.exclusions {
            let until_ms = self.now_ms + doubled_ms(exclusion.times);
            if exclusion.until_ms > until_ms && self.is_sole(&i, &exclusion.agent) {
                self.interaction(id, |i| {
                    i.exclusions.iter_mut().filter(|e| e.agent == exclusion.agent).for_each(|e| e.until_ms = until_ms);
                });
                self.emit(Kind::AgentExcluded);
            }
        }
    }

    /// Is nobody else logged in who could serve it.
    fn is_sole(&self, i: &Interaction, agent: &Name) -> bool {
        let others = |id: &Name, other: &Agent| id != agent && !other.is_offline();
        if let Some(target) = &i.target {
            return !self.tenant.agents.get(target).is_some_and(|a| others(target, a));
        }
        let serves = |a: &Agent| {
            self.tenant.profiles.get(&a.spec.profile).is_some_and(|p| p.line(&i.queue, &i.channel).is_some())
        };
        let mut serving = self.tenant.agents.iter().filter(|(_, a)| serves(a));
        let could = |(id, a): (&Name, &Agent)| others(id, a) && lawful::qualified(self.tenant, i, id);
        !serving.by_ref().take(SOLE_LOOK_MAX).any(could) && serving.next().is_none()
    }

    /// Missed: a back-off that doubles, and NOT_RESPONDING at the third in a row. Missed together counts once.
    pub fn missed(&mut self, agent: &Name) {
        let now_ms = self.now_ms;
        let kind = self.agent(agent, |a| {
            if a.not_responding_until_ms.is_some() || a.backoff_until_ms.is_some() {
                return None;
            }
            a.missed += 1;
            if a.missed >= MISSED_MAX {
                a.not_responding_until_ms = Some(now_ms + NOT_RESPONDING_MS);
                return Some(Kind::AgentNotResponding);
            }
            a.backoff_until_ms = Some(now_ms + (BACKOFF_MS << (a.missed - 1)));
            Some(Kind::AgentBackedOff)
        });
        if let Some(kind) = kind.flatten() {
            self.emit(kind);
        }
    }

    /// Answered: nothing is held against the agent any more.
    pub fn answered(&mut self, agent: &Name) {
        if self.agent(agent, Agent::forgive) == Some(true) {
            self.responding(agent);
        }
    }

    pub fn responding(&mut self, agent: &Name) {
        self.emit(Kind::AgentResponding);
        self.resume_waiting(agent);
    }

    /// Changes every piece of one offer or assignment.
    pub fn pieces(&mut self, agent: &Name, id: Uid, change: impl Fn(&mut Piece)) {
        self.agent(agent, |a| a.work.iter_mut().filter(|w| w.id == id).for_each(change));
    }
}

fn times_before(i: &Interaction, agent: &Name) -> u32 {
    i.exclusions.iter().find(|e| e.agent == *agent).map_or(0, |e| e.times)
}

fn doubled_ms(times: u32) -> u64 {
    (SOLE_EXCLUSION_MS << times.saturating_sub(1).min(8)).min(EXCLUSION_MS)
}

pub fn name(text: &str) -> Name {
    Name::from(text)
}

/// An id as it stands in the log; a faulty one names nothing.
pub fn uid(bytes: &[u8]) -> Uid {
    bytes.try_into().map_or(0, Uid::from_be_bytes)
}
