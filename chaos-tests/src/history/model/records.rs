//! What the model remembers of a contact, an agent, a connector: no more than answers and deadlines need.

use std::collections::BTreeSet;
use std::sync::Arc;

use kindred_proto::log::v1 as pb;
use kindred_proto::v1::{assignment, interaction};

/// A name, shared by whoever mentions it.
pub type Name = Arc<str>;

/// What an offer and the assignment that comes of it are called.
pub type Uid = u128;

/// Why a command changed nothing: the reason of the public API.
pub type Refusal = &'static str;

/// All stretches of one deadline together.
const STRETCHED_MAX_MS: u64 = 30_000;

/// When something happens by itself, and how much changes of leader have added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    pub at_ms: u64,
    stretched_ms: u64,
}

impl Deadline {
    pub fn at(at_ms: u64) -> Self {
        Self { at_ms, stretched_ms: 0 }
    }

    pub fn stretched(self, gap_ms: u64) -> Self {
        let by_ms = gap_ms.min(STRETCHED_MAX_MS - self.stretched_ms.min(STRETCHED_MAX_MS));
        Self { at_ms: self.at_ms + by_ms, stretched_ms: self.stretched_ms + by_ms }
    }
}

/// An interaction held out to an agent.
#[derive(Clone, Debug)]
pub struct Offer {
    pub id: Uid,
    pub agent: Name,
    pub expires: Deadline,
    /// The ringing is the offer.
    pub rings: bool,
    /// The agent's stream is lost: taken back then.
    pub revoke_at_ms: Option<u64>,
}

/// An agent's part in an interaction. All are PRIMARY so far.
#[derive(Clone, Debug)]
pub struct Part {
    pub id: Uid,
    pub agent: Name,
    pub state: assignment::State,
    pub channels: Vec<Name>,
    pub deadline: Option<Deadline>,
    pub connected: bool,
    pub talked_until_ms: Option<u64>,
}

impl Part {
    /// Serves the customer: of these there is one at most.
    pub fn serves(&self) -> bool {
        use assignment::State::{Active, Connecting, Held};
        matches!(self.state, Connecting | Active | Held)
    }

    pub fn is_over(&self) -> bool {
        self.state == assignment::State::Ended
    }
}

/// An agent passed over for a while; 0 once it is over and only counted.
#[derive(Clone, Debug)]
pub struct Exclusion {
    pub agent: Name,
    pub until_ms: u64,
    pub times: u32,
}

/// One contact.
#[derive(Clone, Debug)]
pub struct Interaction {
    pub channel: Name,
    pub added: Vec<Name>,
    pub connector: Option<Name>,
    pub conversation: Option<Name>,
    pub queue: Name,
    pub target: Option<Name>,
    /// When a supervisor named them; 0 where a transfer did.
    pub target_since_ms: u64,
    pub required: Option<pb::Selector>,
    pub connect_by_ms: Option<u64>,
    /// Followed for adjustments alone.
    pub priority: i32,
    pub adjustment: Option<Name>,
    pub created_ms: u64,
    pub state: interaction::State,
    pub since_ms: u64,
    pub deadline: Option<Deadline>,
    /// Offers out, oldest first: one, or a ring's.
    pub offers: Vec<Offer>,
    pub parts: Vec<Part>,
    pub exclusions: Vec<Exclusion>,
    /// Until when (0: over), and how often.
    pub deferred: Option<(u64, u32)>,
    pub silent_at_ms: Option<u64>,
    pub unconfirmed_since_ms: Option<u64>,
    pub confirmed_ms: Option<u64>,
    pub version: u64,
    /// For the bytes it counts once it is closed.
    pub transitions: u32,
    pub labels: u32,
    pub context_bytes: u32,
}

impl Interaction {
    pub fn enter(&mut self, state: interaction::State, now_ms: u64) {
        self.state = state;
        self.since_ms = now_ms;
        self.transitions = (self.transitions + 1).min(64);
    }

    /// The part of whoever has it now, asleep or not.
    pub fn primary(&self) -> Option<&Part> {
        use assignment::State::{Ended, WrapUp};
        self.parts.iter().rev().find(|p| !matches!(p.state, WrapUp | Ended))
    }

    pub fn offer(&self, id: Uid) -> Option<&Offer> {
        self.offers.iter().find(|o| o.id == id)
    }

    pub fn part(&self, id: Uid) -> Option<&Part> {
        self.parts.iter().find(|p| p.id == id)
    }

    pub fn channels(&self) -> Vec<Name> {
        std::iter::once(&self.channel).chain(&self.added).cloned().collect()
    }

    /// Since when it waits in this stretch: since somebody who talked let it go, else since it came.
    pub fn waits_since_ms(&self) -> u64 {
        self.parts.iter().filter(|p| p.connected).filter_map(|p| p.talked_until_ms).max().unwrap_or(self.created_ms)
    }

    pub fn bytes(&self) -> u32 {
        256 + self.context_bytes + 96 * self.parts.len() as u32 + 48 * self.labels + 16 * self.transitions
    }
}

/// One channel of an offer or assignment: what it takes of an agent.
#[derive(Clone, Debug)]
pub struct Piece {
    pub interaction: Name,
    pub id: Uid,
    pub channel: Name,
    pub units: u32,
    pub offered: bool,
    pub dormant: bool,
}

/// What a person says.
#[derive(Clone, Debug)]
pub struct Presence {
    pub status: pb::PresenceStatus,
    /// Empty: all.
    pub channels: BTreeSet<String>,
    pub next: Option<pb::PresenceStatus>,
    pub expires_ms: Option<u64>,
    pub reverts: Option<(pb::PresenceStatus, BTreeSet<String>)>,
    /// A supervisor says it.
    pub forced: bool,
}

/// Who serves customers.
#[derive(Clone, Debug)]
pub struct Agent {
    pub spec: pb::AgentSpec,
    pub presence: Presence,
    pub session: Option<Uid>,
    pub stream_lost: bool,
    pub offline_at: Option<Deadline>,
    pub missed: u32,
    pub backoff_until_ms: Option<u64>,
    pub not_responding_until_ms: Option<u64>,
    /// In the order of (interaction, id, channel).
    pub work: Vec<Piece>,
    pub version: u64,
    /// Offered nothing new.
    pub draining: bool,
    pub adjustment: Option<Name>,
}

impl Agent {
    pub fn new(spec: pb::AgentSpec) -> Self {
        let presence = Presence {
            status: pb::PresenceStatus::Offline,
            channels: BTreeSet::new(),
            next: None,
            expires_ms: None,
            reverts: None,
            forced: false,
        };
        Self {
            spec,
            presence,
            session: None,
            stream_lost: false,
            offline_at: None,
            missed: 0,
            backoff_until_ms: None,
            not_responding_until_ms: None,
            work: Vec::new(),
            version: 1,
            draining: false,
            adjustment: None,
        }
    }

    pub fn has_contact(&self) -> bool {
        self.work.iter().any(|w| !w.offered && !w.dormant)
    }

    pub fn is_offline(&self) -> bool {
        self.presence.status == pb::PresenceStatus::Offline
    }

    /// Forgets what was missed; true if something followed from it.
    pub fn forgive(&mut self) -> bool {
        let penalised = self.backoff_until_ms.is_some() || self.not_responding_until_ms.is_some();
        self.missed = 0;
        self.backoff_until_ms = None;
        self.not_responding_until_ms = None;
        penalised
    }

    pub fn take(&mut self, piece: Piece) {
        let key = |w: &Piece| (w.interaction.clone(), w.id, w.channel.clone());
        let at = self.work.partition_point(|w| key(w) < key(&piece));
        self.work.insert(at, piece);
    }
}

/// A stream that speaks for agents.
#[derive(Clone, Debug)]
pub struct Session {
    pub agents: BTreeSet<Name>,
    pub lease: Deadline,
}

/// A platform's connection.
#[derive(Clone, Debug)]
pub struct Connector {
    pub display_name: String,
    pub lease_ms: u64,
    pub lease: Option<Deadline>,
    pub marking: Option<Marking>,
    pub version: u64,
}

/// How far a lapse has got through the connector's interactions.
#[derive(Clone, Debug)]
pub struct Marking {
    pub since_ms: u64,
    pub after: Option<Name>,
    pub continues_ms: u64,
}

/// All contacts about one matter.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    pub customer: Option<String>,
    pub items: u64,
    pub open: u32,
    pub active_ms: u64,
}

/// A routing profile.
#[derive(Clone, Debug)]
pub struct Profile {
    pub entries: Vec<pb::ProfileEntry>,
    pub capacity: pb::Capacity,
    pub version: u64,
}

impl Profile {
    pub fn line(&self, queue: &str, channel: &str) -> Option<&pb::ProfileEntry> {
        self.entries.iter().find(|e| e.queue == queue && e.channel == channel)
    }
}

/// Where interactions wait.
#[derive(Clone, Debug)]
pub struct Queue {
    pub policy: String,
    pub max_wait_ms: u64,
    pub channels: std::collections::BTreeMap<String, pb::ChannelRules>,
    pub version: u64,
    pub schedule: Option<String>,
    pub refuses: bool,
    /// Whether it is open, and when that changes.
    pub hours: Option<(bool, Option<u64>)>,
    /// Nothing is offered from it.
    pub paused: bool,
    /// It takes nothing new: that goes where it overflows to, if anywhere.
    pub drains: Option<Option<Name>>,
}

/// Hours of operation, as worked out by who proposed.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub known: pb::Expansion,
    pub version: u64,
}

/// How queues choose agents: the kept revisions, oldest first.
#[derive(Clone, Debug)]
pub struct Policy {
    pub version: u64,
    pub revisions: Vec<(u64, pb::PolicySpec)>,
}

impl Policy {
    /// The revision that counts.
    pub fn current(&self) -> Option<&(u64, pb::PolicySpec)> {
        self.revisions.last()
    }

    /// Adds one; the oldest of more than 32 goes.
    pub fn revise(&mut self, spec: pb::PolicySpec) {
        let number = self.current().map_or(0, |(number, _)| *number) + 1;
        self.revisions.push((number, spec));
        if self.revisions.len() > 32 {
            self.revisions.remove(0);
        }
    }
}
