//! What a wallboard knows: records as they were read, changed by every event since. No terminal, no network, no clock.
//!
//! A record remembers the log index it was read at: events up to there are in it already. So the stream may begin before
//! the records are read, and nothing falls between.
use super::{
    staff::Staff,
    tally::{Key, Tally},
};
use kindred_client::v1::{self, event::Details, event::Kind};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// Open interactions that are followed; of more the board says that its counts are too low.
pub const FOLLOWED_MAX: usize = 200_000;
/// Pairs of queue and channel that are counted.
const PAIRS_MAX: usize = 20_000;

/// Texts that are held once for all.
const WORDS_MAX: usize = 100_000;

/// Where an interaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Waiting,
    Offered,
    Assigned,
}

/// An open interaction.
#[derive(Clone, Debug)]
pub struct Contact {
    pub queue: Arc<str>,
    pub channel: Arc<str>,
    pub stage: Stage,
    pub waiting_since_ms: u64,
    answered: bool,
    read_at: u64,
}

/// What is known of a queue.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Interactions should be answered within this time; nothing is promised if it is unset.
    pub service_level_ms: Option<u64>,
    pub channels: BTreeSet<Arc<str>>,
    /// Where it stands in its hours; nothing if it has none.
    pub is_open: Option<bool>,
    read_at: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Board {
    pub contacts: HashMap<String, Contact>,
    pub queues: BTreeMap<Arc<str>, Queue>,
    pub staff: Staff,
    /// Counted since the watch began.
    pub tallies: BTreeMap<Key, Tally>,
    /// There is more than is followed.
    pub is_partial: bool,
    /// Records that an event says have changed, by name: to be read anew.
    pub stale: BTreeSet<String>,
    words: BTreeSet<Arc<str>>,
}

impl Board {
    /// Forgets the records, because events were missed; what was counted stays.
    pub fn forget_records(&mut self) {
        let tallies = std::mem::take(&mut self.tallies);
        *self = Board { tallies, ..Board::default() };
    }

    /// One text for all who hold it.
    pub fn word(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.words.get(text) {
            return known.clone();
        }
        let word: Arc<str> = text.into();
        if self.words.len() < WORDS_MAX {
            self.words.insert(word.clone());
        }
        word
    }

    /// A queue as it was read.
    pub fn queue(&mut self, queue: &v1::Queue, read_at: u64) {
        let id = self.word(id(&queue.name));
        let channels = queue.channels.keys().map(|channel| self.word(channel)).collect();
        let service_level_ms = queue.service_level.as_ref().map(length_ms);
        let is_open = queue.hours.as_ref().map(|hours| hours.open);
        self.queues.insert(id, Queue { service_level_ms, channels, is_open, read_at });
    }

    /// A routing profile as it was read.
    pub fn profile(&mut self, profile: &v1::RoutingProfile) {
        let lines = profile.entries.iter();
        let lines = lines.map(|line| (self.word(id(&line.queue)), self.word(&line.channel))).collect();
        let name = self.word(id(&profile.name));
        self.staff.profiles.insert(name, lines);
    }

    /// An agent as it was read.
    pub fn agent(&mut self, agent: &v1::Agent, read_at: u64) {
        let (name, profile) = (self.word(id(&agent.name)), self.word(id(&agent.routing_profile)));
        let channels = agent.presence.iter().flat_map(|presence| &presence.channels);
        let channels = channels.map(|channel| self.word(channel)).collect();
        let work = agent.work.iter().map(|work| (work.id.clone(), work.kind(), self.word(&work.channel))).collect();
        self.staff.read(name, agent, profile, channels, work, read_at);
    }

    /// An open interaction as it was read.
    pub fn interaction(&mut self, interaction: &v1::Interaction, read_at: u64) {
        use v1::interaction::State;
        let stage = match interaction.confirmed_state() {
            State::Queued => Stage::Waiting,
            State::Offered => Stage::Offered,
            State::Assigned | State::Dormant | State::Resuming => Stage::Assigned,
            State::Unspecified | State::Scheduled | State::Unconfirmed | State::Closed => return,
        };
        let contact = Contact {
            queue: self.word(id(&interaction.queue)),
            channel: self.word(&interaction.channel),
            stage,
            waiting_since_ms: interaction.waiting_since.as_ref().map_or(0, time_ms),
            // One that was served before waits again for another reason; its first answer is not this watch's.
            answered: !interaction.assignments.is_empty(),
            read_at,
        };
        self.follow(id(&interaction.name), contact);
    }

    fn follow(&mut self, id: &str, contact: Contact) {
        if self.contacts.len() < FOLLOWED_MAX || self.contacts.contains_key(id) {
            self.contacts.insert(id.to_owned(), contact);
        } else {
            self.is_partial = true;
        }
    }

    /// Something happened.
    pub fn event(&mut self, event: &v1::Event) {
        if !event.interaction.is_empty() {
            self.contact_event(event);
        }
        if !event.agent.is_empty() {
            self.agent_event(event);
        }
        if let (Kind::ConfigChanged, Some(Details::Config(changed))) = (event.kind(), &event.details) {
            self.config_event(changed, event.log_index);
        }
        if let Kind::QueueOpened | Kind::QueueClosed = event.kind() {
            self.hours_event(event);
        }
    }

    /// It opened or closed by its hours.
    fn hours_event(&mut self, event: &v1::Event) {
        let queue = self.queues.get_mut(id(&event.queue)).filter(|queue| queue.read_at < event.log_index);
        if let Some(queue) = queue {
            queue.is_open = Some(event.kind() == Kind::QueueOpened);
        }
    }

    fn contact_event(&mut self, event: &v1::Event) {
        let key = id(&event.interaction).to_owned();
        let at_ms = event.time.as_ref().map_or(0, time_ms);
        if let (Kind::InteractionCreated, Some(Details::InteractionCreated(created))) = (event.kind(), &event.details) {
            if !self.contacts.contains_key(&key) {
                let (queue, channel) = (self.word(id(&event.queue)), self.word(&created.channel));
                let stage = Stage::Waiting;
                let contact = Contact {
                    queue,
                    channel,
                    stage,
                    waiting_since_ms: at_ms,
                    answered: false,
                    read_at: event.log_index,
                };
                self.follow(&key, contact);
            }
            return;
        }
        let Some(contact) = self.contacts.get_mut(&key) else { return };
        let counted = (contact.queue.clone(), contact.channel.clone());
        let mut tally = Tally::default();
        match event.kind() {
            Kind::OfferMade => tally.offers = 1,
            Kind::OfferExpired => tally.missed = 1,
            Kind::AssignmentConnected if !contact.answered => {
                contact.answered = true;
                let waited_ms = at_ms.saturating_sub(contact.waiting_since_ms);
                let promised = self.queues.get(&contact.queue).and_then(|queue| queue.service_level_ms);
                tally.answered = 1;
                tally.in_time = u64::from(promised.is_some_and(|promised_ms| waited_ms <= promised_ms));
            }
            Kind::InteractionClosed => {
                let abandoned = matches!(&event.details, Some(Details::InteractionClosed(closed))
                    if closed.reason() == v1::interaction::CloseReason::Abandoned);
                tally.abandoned = u64::from(abandoned && !contact.answered);
            }
            _ => {}
        }
        if event.log_index > contact.read_at {
            self.move_contact(&key, event);
        }
        self.count(counted, tally);
    }

    /// Where it is now.
    fn move_contact(&mut self, key: &str, event: &v1::Event) {
        let queue = if event.queue.is_empty() { None } else { Some(self.word(id(&event.queue))) };
        let Some(contact) = self.contacts.get_mut(key) else { return };
        match (event.kind(), &event.details) {
            (Kind::InteractionClosed, _) => {
                self.contacts.remove(key);
                return;
            }
            (Kind::InteractionQueued, Some(Details::InteractionQueued(queued))) => {
                contact.stage = Stage::Waiting;
                contact.waiting_since_ms = queued.waiting_since.as_ref().map_or(contact.waiting_since_ms, time_ms);
            }
            (Kind::OfferMade, _) => contact.stage = Stage::Offered,
            (Kind::OfferAccepted | Kind::AssignmentConnected | Kind::InteractionResumed, _) => {
                contact.stage = Stage::Assigned;
            }
            _ => {}
        }
        if let Some(queue) = queue {
            contact.queue = queue;
        }
    }

    fn count(&mut self, key: Key, tally: Tally) {
        if self.tallies.len() < PAIRS_MAX || self.tallies.contains_key(&key) {
            self.tallies.entry(key).or_default().add(tally);
        } else {
            self.is_partial = true;
        }
    }

    fn agent_event(&mut self, event: &v1::Event) {
        match event.kind() {
            Kind::AgentDeleted => self.staff.gone(id(&event.agent), event.log_index),
            // An event tells that they changed, not all of what they are now.
            Kind::AgentCreated | Kind::AgentUpdated | Kind::PresenceChanged => {
                self.stale.insert(event.agent.clone());
            }
            _ => {}
        }
        let channel = self.contacts.get(id(&event.interaction)).map(|contact| contact.channel.clone());
        self.staff.event(id(&event.agent), event, channel);
    }

    fn config_event(&mut self, changed: &v1::ConfigDetails, index: u64) {
        let Some((collection, id)) = changed.name.split('/').nth(2).zip(changed.name.rsplit('/').next()) else {
            return;
        };
        match (collection, changed.deleted) {
            ("queues", true) if self.queues.get(id).is_some_and(|queue| queue.read_at < index) => {
                self.queues.remove(id);
            }
            ("routingProfiles", true) => _ = self.staff.profiles.remove(id),
            ("queues" | "routingProfiles", false) => _ = self.stale.insert(changed.name.clone()),
            _ => {}
        }
    }
}

/// The last segment of a name.
pub fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

pub fn time_ms(time: &prost_types::Timestamp) -> u64 {
    let seconds = u64::try_from(time.seconds).unwrap_or(0);
    seconds * 1_000 + u64::try_from(time.nanos).unwrap_or(0) / 1_000_000
}

fn length_ms(length: &prost_types::Duration) -> u64 {
    let seconds = u64::try_from(length.seconds).unwrap_or(0);
    seconds * 1_000 + u64::try_from(length.nanos).unwrap_or(0) / 1_000_000
}
