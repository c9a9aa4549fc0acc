//! What the domain's events mean for those who live in the center: the platform learns nothing otherwise.
use super::{
    agenda::{Happening, Key},
    contact::{Demand, Outcome},
    floor::{Floor, Stand},
    observer::{Fact, Observer},
};
use crate::demand::{Habits, Reaction};
use kindred_domain::{Event, EventKind, ids::*, record::*};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

impl<D: Demand, O: Observer> Floor<'_, D, O> {
    pub(super) fn hear_one(&mut self, event: Event) {
        let person = event.agent.as_ref().and_then(|id| self.person_of.get(id).copied());
        let Some(slot) = event.interaction.as_ref().and_then(|id| self.by_id.get(id).copied()) else {
            if let (EventKind::PresenceChanged { status, .. }, Some(person)) = (&event.kind, person) {
                self.presence(person, *status);
            }
            return;
        };
        match (event.kind, person) {
            (EventKind::InteractionQueued { .. }, _) => self.queued(slot),
            (EventKind::OfferMade { offer, .. }, Some(person)) => self.offer(slot, offer, person),
            (EventKind::OfferAccepted { offer }, Some(person)) => self.taken(slot, offer, person),
            (EventKind::OfferDeclined { .. }, Some(person)) => {
                self.tell(slot, |contact| Fact::Declined { contact, person });
            }
            (EventKind::OfferExpired { .. }, Some(person)) => {
                self.tell(slot, |contact| Fact::Missed { contact, person });
            }
            (EventKind::AssignmentConnected { assignment }, Some(person)) => self.answered(slot, assignment, person),
            (EventKind::WrapUpStarted { assignment, .. }, Some(person)) => self.wraps_up(slot, assignment, person),
            (EventKind::InteractionClosed { reason }, _) => self.closed(slot, reason),
            (EventKind::AssignmentEnded { .. }, Some(person)) => self.freed(slot, person),
            // Of who is out for whom the state itself is asked; nothing else bears on what people do.
            _ => {}
        }
    }

    fn presence(&mut self, person: usize, status: PresenceStatus) {
        let at_ms = self.shard.now_ms;
        let desk = &mut self.desks[person];
        let available = status == PresenceStatus::Available;
        if status == PresenceStatus::Break {
            let returns = Happening::Returns { person, stay: desk.stay };
            self.agenda.note(at_ms + desk.break_ms, returns);
        }
        if desk.on_duty != available {
            desk.on_duty = available;
            let fact = if available { Fact::OnDuty { person } } else { Fact::OffDuty { person } };
            self.observer.see(at_ms, &fact);
        }
    }

    fn tell(&mut self, slot: usize, fact: impl FnOnce(u64) -> Fact<'static>) {
        if let Some(live) = &self.lives[slot] {
            self.observer.see(self.shard.now_ms, &fact(live.number));
        }
    }

    fn queued(&mut self, slot: usize) {
        let Some(live) = &mut self.lives[slot] else { return };
        live.stand = Stand::Waiting;
        live.person = None;
        if let Some(waiting) = self.waiting.get_mut(live.queue) {
            *waiting += 1;
        }
    }

    /// It waits no longer: held out to an agent, or over.
    fn unqueued(&mut self, slot: usize) {
        let Some(live) = &self.lives[slot] else { return };
        if live.stand == Stand::Waiting
            && let Some(waiting) = self.waiting.get_mut(live.queue)
        {
            *waiting -= 1;
        }
    }

    /// The agent's answer, where the queue asks: drawn from the contact's own chance, so that it does not depend on what
    /// others were offered.
    fn offer(&mut self, slot: usize, offer: OfferId, person: usize) {
        self.unqueued(slot);
        let now_ms = self.shard.now_ms;
        let Some(live) = &mut self.lives[slot] else { return };
        live.stand = Stand::Offered;
        live.offers += 1;
        live.person = Some(person);
        self.observer.see(now_ms, &Fact::Offered { contact: live.number, person });
        if live.answer_mode == AnswerMode::Auto {
            return;
        }
        let habits = &self.plan.people[person].habits;
        let reaction = if *habits == Habits::ALWAYS {
            Reaction::Accept(0.0)
        } else {
            let mut rng = ChaCha8Rng::seed_from_u64(live.of.chance);
            rng.set_stream(u64::from(live.offers));
            habits.react(&mut rng)
        };
        let key = Key { slot, number: live.number };
        match reaction {
            Reaction::Accept(after_s) => self.agenda.note(now_ms + ms(after_s), Happening::Accepts(key, offer)),
            Reaction::Decline(after_s) => self.agenda.note(now_ms + ms(after_s), Happening::Declines(key, offer)),
            Reaction::Silent => {}
        }
    }

    fn taken(&mut self, slot: usize, offer: OfferId, person: usize) {
        let now_ms = self.shard.now_ms;
        let Some(live) = &mut self.lives[slot] else { return };
        live.stand = Stand::Taken;
        live.person = Some(person);
        self.observer.see(now_ms, &Fact::Taken { contact: live.number, person });
        // A ringing device that is answered is connected: the next event says so.
        if live.answer_mode != AnswerMode::RingIsOffer {
            let key = Key { slot, number: live.number };
            self.agenda.note(now_ms + live.of.connect_ms, Happening::Connects(key, offer));
        }
    }

    fn answered(&mut self, slot: usize, assignment: AssignmentId, person: usize) {
        let now_ms = self.shard.now_ms;
        let Some(live) = &mut self.lives[slot] else { return };
        live.stand = Stand::Talking;
        live.answered_ms = Some(now_ms);
        let wait_ms = now_ms - live.of.at_ms;
        self.observer.see(now_ms, &Fact::Answered { contact: live.number, person, of: &live.of, wait_ms });
        let (talk_ms, _) = live.of.takes(person, self.plan.people[person].pace);
        let key = Key { slot, number: live.number };
        self.agenda.note(now_ms + talk_ms, Happening::HangsUp(key, assignment));
    }

    fn wraps_up(&mut self, slot: usize, assignment: AssignmentId, person: usize) {
        let Some(live) = &self.lives[slot] else { return };
        let (_, wrap_up_ms) = live.of.takes(person, self.plan.people[person].pace);
        let key = Key { slot, number: live.number };
        self.agenda.note(self.shard.now_ms + wrap_up_ms, Happening::WrapsUp(key, assignment));
    }

    fn closed(&mut self, slot: usize, reason: CloseReason) {
        self.unqueued(slot);
        let now_ms = self.shard.now_ms;
        let Some(live) = &mut self.lives[slot] else { return };
        let outcome = match reason {
            CloseReason::Completed => Outcome::Served,
            CloseReason::Abandoned => Outcome::Abandoned,
            CloseReason::Expired => Outcome::Expired,
            _ => live.cancelled,
        };
        let is_kept = matches!(live.stand, Stand::Taken | Stand::Talking);
        live.stand = Stand::Over;
        let wait_ms = live.answered_ms.unwrap_or(now_ms) - live.of.at_ms;
        let ended = Fact::Ended { contact: live.number, of: &live.of, outcome, wait_ms };
        self.observer.see(now_ms, &ended);
        // Who was served and goes on to another queue is let in whenever that is.
        if let Some(next) = self.demand.again(&live.of, outcome, now_ms)
            && (outcome == Outcome::Served || next.at_ms < self.plan.ends_ms)
        {
            self.coming += 1;
            self.agenda.note(next.at_ms.max(now_ms), Happening::Comes(Box::new(next)));
        }
        if !is_kept {
            self.forget(slot);
        }
    }

    fn freed(&mut self, slot: usize, person: usize) {
        self.tell(slot, |contact| Fact::Freed { contact, person });
        if self.lives[slot].as_ref().is_some_and(|live| live.stand == Stand::Over) {
            self.forget(slot);
        }
    }

    fn forget(&mut self, slot: usize) {
        if let Some(live) = self.lives[slot].take() {
            self.by_id.remove(&live.id);
            self.free.push(slot);
        }
    }
}

/// Seconds as whole milliseconds.
fn ms(seconds: f64) -> u64 {
    (seconds.max(0.0) * 1_000.0).round() as u64
}
