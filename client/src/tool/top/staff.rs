//! Agents on the wallboard: what they say, what they have, what they did since the watch began.
use super::tally::Key;
use kindred_client::v1::{self, event::Details, event::Kind, presence::Status, work};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Pieces of work that are followed of one agent; capacity allows fewer.
const WORK_MAX: usize = 64;

/// What an agent is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doing {
    Offer,
    Contact,
    WrapUp,
}

/// What the system sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Idle,
    Offered,
    Busy,
    WrapUp,
    NotResponding,
}

/// An agent.
#[derive(Clone, Debug, Default)]
pub struct Agent {
    pub presence: Option<Status>,
    /// Channels they are AVAILABLE for; all if empty.
    pub channels: BTreeSet<Arc<str>>,
    pub profile: Arc<str>,
    /// By the id of offer or assignment.
    pub work: BTreeMap<String, (Doing, Arc<str>)>,
    pub is_not_responding: bool,
    /// Since the watch began.
    pub offers: u64,
    pub missed: u64,
    pub answered: u64,
    read_at: u64,
}

impl Agent {
    pub fn state(&self) -> State {
        let has = |doing: Doing| self.work.values().any(|(what, _)| *what == doing);
        if self.is_not_responding {
            State::NotResponding
        } else if has(Doing::Contact) {
            State::Busy
        } else if has(Doing::Offer) {
            State::Offered
        } else if has(Doing::WrapUp) {
            State::WrapUp
        } else {
            State::Idle
        }
    }
}

/// What the states of all agents come to, in the order they are shown: the busiest words first.
pub const SUMMARY: [&str; 8] = ["free", "offered", "busy", "wrap-up", "silent", "break", "away", "offline"];

/// How many agents of a queue and channel are what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    /// AVAILABLE for the channel, without work.
    pub available: u64,
    /// With an offer or a customer.
    pub busy: u64,
    pub wrap_up: u64,
    pub not_responding: u64,
}

/// What agents that count alike have in common: profile, state, channels they are for, and whether they are AVAILABLE.
type Alike<'a> = (&'a Arc<str>, State, &'a BTreeSet<Arc<str>>, bool);

/// All agents, and what their profiles have them serve.
#[derive(Debug, Default)]
pub struct Staff {
    pub agents: BTreeMap<Arc<str>, Agent>,
    pub profiles: BTreeMap<Arc<str>, Vec<Key>>,
}

impl Staff {
    /// An agent as it was read.
    pub fn read(
        &mut self,
        id: Arc<str>,
        agent: &v1::Agent,
        profile: Arc<str>,
        channels: BTreeSet<Arc<str>>,
        work: Vec<(String, work::Kind, Arc<str>)>,
        read_at: u64,
    ) {
        let known = self.agents.entry(id).or_default();
        known.presence = agent.presence.as_ref().map(v1::Presence::status);
        known.is_not_responding = agent.state() == v1::agent::State::NotResponding;
        (known.channels, known.profile, known.read_at) = (channels, profile, read_at);
        let doing = |kind| match kind {
            work::Kind::Offer => Doing::Offer,
            work::Kind::WrapUp => Doing::WrapUp,
            work::Kind::Assignment | work::Kind::Dormant | work::Kind::Unspecified => Doing::Contact,
        };
        known.work = work.into_iter().map(|(id, kind, channel)| (id, (doing(kind), channel))).collect();
    }

    /// An agent was deleted.
    pub fn gone(&mut self, id: &str, index: u64) {
        if self.agents.get(id).is_some_and(|agent| agent.read_at < index) {
            self.agents.remove(id);
        }
    }

    /// Something happened to an agent.
    pub fn event(&mut self, id: &str, event: &v1::Event, channel: Option<Arc<str>>) {
        let Some(agent) = self.agents.get_mut(id) else { return };
        match event.kind() {
            Kind::OfferMade => agent.offers += 1,
            Kind::OfferExpired => agent.missed += 1,
            Kind::AssignmentConnected => agent.answered += 1,
            _ => {}
        }
        if event.log_index <= agent.read_at {
            return;
        }
        match (event.kind(), &event.details) {
            (Kind::OfferMade, Some(Details::OfferMade(offer))) => agent.has(&offer.offer_id, Doing::Offer, channel),
            (Kind::OfferAccepted, Some(Details::Offer(offer))) => agent.has(&offer.offer_id, Doing::Contact, channel),
            (Kind::OfferDeclined | Kind::OfferExpired | Kind::OfferRevoked, Some(Details::Offer(offer))) => {
                agent.work.remove(&offer.offer_id);
            }
            (kind, Some(Details::Assignment(part))) => {
                let id = part.assignment.rsplit('/').next().unwrap_or_default();
                match kind {
                    Kind::WrapUpStarted => agent.has(id, Doing::WrapUp, channel),
                    Kind::AssignmentEnded => _ = agent.work.remove(id),
                    _ => agent.has(id, Doing::Contact, channel),
                }
            }
            (Kind::PresenceChanged, Some(Details::Presence(presence))) => agent.presence = Some(presence.status()),
            (Kind::AgentNotResponding, _) => agent.is_not_responding = true,
            (Kind::AgentResponding, _) => agent.is_not_responding = false,
            _ => {}
        }
    }

    /// How many agents are what, as in [`SUMMARY`]: who has work or is silent is that, whatever they say.
    pub fn summary(&self) -> [u64; SUMMARY.len()] {
        let mut counts = [0; SUMMARY.len()];
        for agent in self.agents.values() {
            let at = match (agent.state(), agent.presence) {
                (State::Offered, _) => 1,
                (State::Busy, _) => 2,
                (State::WrapUp, _) => 3,
                (State::NotResponding, _) => 4,
                (State::Idle, Some(Status::Available)) => 0,
                (State::Idle, Some(Status::Break)) => 5,
                (State::Idle, Some(Status::Away)) => 6,
                (State::Idle, _) => 7,
            };
            counts[at] += 1;
        }
        counts
    }

    /// How many agents of each queue and channel are what.
    pub fn heads(&self) -> BTreeMap<Key, Heads> {
        let mut heads: BTreeMap<Key, Heads> = BTreeMap::new();
        let mut alike: BTreeMap<Alike<'_>, u64> = BTreeMap::new();
        // Agents by the thousand share a profile: counted by profile first, then spread over its lines.
        for agent in self.agents.values() {
            let is_available = agent.presence == Some(Status::Available);
            *alike.entry((&agent.profile, agent.state(), &agent.channels, is_available)).or_default() += 1;
        }
        for ((profile, state, channels, is_available), count) in alike {
            for key in self.profiles.get(profile).into_iter().flatten() {
                let one = heads.entry(key.clone()).or_default();
                let serves = is_available && (channels.is_empty() || channels.contains(&key.1));
                match state {
                    State::Idle => one.available += if serves { count } else { 0 },
                    State::Offered | State::Busy => one.busy += count,
                    State::WrapUp => one.wrap_up += count,
                    State::NotResponding => one.not_responding += count,
                }
            }
        }
        heads
    }
}

impl Agent {
    fn has(&mut self, id: &str, doing: Doing, channel: Option<Arc<str>>) {
        let known = self.work.get(id).map(|(_, channel)| channel.clone());
        if known.is_some() || self.work.len() < WORK_MAX {
            let channel = known.or(channel).unwrap_or_default();
            self.work.insert(id.to_owned(), (doing, channel));
        }
    }
}
