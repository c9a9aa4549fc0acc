//! The platform's part: submits whoever contacts, blocks whoever finds no waiting place, sends away whoever still waits
//! when the center closes.
use super::{
    agenda::{Happening, Key},
    contact::{Contact, Demand, Outcome, Submitted},
    floor::{Error, Floor, Live, Stand},
    observer::{Fact, Observer},
};
use kindred_domain::{command::*, ids::*, record::*};

/// How often somebody looks, once the center is closed, whether anybody waits again.
const CLOSING_EVERY_MS: u64 = 60_000;

impl<D: Demand, O: Observer> Floor<'_, D, O> {
    /// The platform submits; who finds neither an agent nor a waiting place is sent away at once.
    pub(super) fn submit(&mut self, contact: Contact) -> Result<(), Error> {
        let number = self.count;
        self.count += 1;
        let at_ms = self.shard.now_ms;
        self.observer.see(at_ms, &Fact::Arrived { contact: number, of: &contact });
        let id = InteractionId::from(format!("{number:09}"));
        let queue = self.queue_of.get(&contact.route.queue).copied().unwrap_or(usize::MAX);
        let command = create(&id, &contact);
        let patience_ms = contact.patience_ms;
        let live = Live {
            number,
            id: id.clone(),
            queue,
            answer_mode: self.shard.answer_mode(&contact.route.queue, &contact.route.channel),
            of: contact,
            stand: Stand::Waiting,
            offers: 0,
            person: None,
            answered_ms: None,
            cancelled: Outcome::Unserved,
        };
        let slot = self.free.pop().unwrap_or(self.lives.len());
        match self.lives.get_mut(slot) {
            Some(place) => *place = Some(live),
            None => self.lives.push(Some(live)),
        }
        self.by_id.insert(id, slot);
        self.act(command)?;
        let key = Key { slot, number };
        self.block(key)?;
        // Who is talking already leaves no more.
        if let Some(patience_ms) = patience_ms
            && self.find(key, &[Stand::Waiting, Stand::Offered, Stand::Taken]).is_some()
        {
            self.agenda.note(at_ms + patience_ms, Happening::Leaves(key));
        }
        Ok(())
    }

    fn block(&mut self, key: Key) -> Result<(), Error> {
        let closed = self.shard.now_ms >= self.plan.closes_ms;
        let Some(live) = self.lives[key.slot].as_mut().filter(|live| live.number == key.number) else {
            return Ok(());
        };
        let places = self.plan.queues.get(live.queue).and_then(|queue| queue.waiting_places);
        let full = places.is_some_and(|places| self.waiting.get(live.queue).is_some_and(|waiting| *waiting > places));
        if live.stand != Stand::Waiting || !(full || closed) {
            return Ok(());
        }
        live.cancelled = if full { Outcome::Blocked } else { Outcome::Unserved };
        let id = live.id.clone();
        self.act(CancelInteraction { id, reason: CloseReason::Cancelled, note: String::new() })
    }

    /// The center closes: whoever is not with an agent yet goes.
    pub(super) fn send_away(&mut self) -> Result<(), Error> {
        let waits = |live: &&Live| !matches!(live.stand, Stand::Talking | Stand::Over);
        let mut waiting: Vec<(u64, InteractionId)> =
            self.lives.iter().flatten().filter(waits).map(|live| (live.number, live.id.clone())).collect();
        waiting.sort_unstable();
        for (_, id) in waiting {
            // Cancelling one may have an agent freed for another, but nothing is talked about in no time.
            if self.by_id.contains_key(&id) {
                self.act(CancelInteraction { id, reason: CloseReason::Cancelled, note: String::new() })?;
            }
        }
        if !self.by_id.is_empty() || self.coming > 0 {
            // Until all are through: what is given back by an agent who declines goes, too.
            self.agenda.note(self.shard.now_ms + CLOSING_EVERY_MS, Happening::Closes);
        }
        Ok(())
    }
}

fn create(id: &InteractionId, contact: &Contact) -> CreateInteraction {
    let route = &*contact.route;
    if let Some(submitted) = &route.submitted {
        return again(id, contact, submitted);
    }
    CreateInteraction {
        id: id.clone(),
        conversation: None,
        channel: route.channel.clone(),
        direction: Direction::Inbound,
        customer: None,
        identity: None,
        external_thread_id: None,
        connector: None,
        queue: route.queue.clone(),
        labels: route.labels.clone(),
        required: route.required.clone(),
        preferred: route.preferred.clone(),
        priority: route.priority,
        human_requested_at_ms: None,
        connect_by_ms: None,
        context: None,
    }
}

/// As it was submitted then, but for what only the platform and the disk of then could make sense of.
fn again(id: &InteractionId, contact: &Contact, submitted: &Submitted) -> CreateInteraction {
    let moved = |at_ms: u64| (at_ms + contact.at_ms).saturating_sub(submitted.at_ms);
    let then = &*submitted.command;
    CreateInteraction {
        id: id.clone(),
        conversation: None,
        identity: None,
        external_thread_id: None,
        connector: None,
        context: None,
        // Who was given on by an agent waits elsewhere now.
        queue: contact.route.queue.clone(),
        human_requested_at_ms: then.human_requested_at_ms.map(moved),
        connect_by_ms: then.connect_by_ms.map(moved),
        ..then.clone()
    }
}
