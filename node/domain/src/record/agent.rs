//! Agents, teams, routing profiles, and the streams that speak for agents.
use super::{AnswerMode, Deadline, Intervention};
use crate::{ids::*, limits, selector::Value};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

/// What kind of agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgentKind {
    /// A person.
    #[default]
    Human,
    /// A program; outside fairness and staffing.
    Bot,
}

/// What the person says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PresenceStatus {
    /// Gone.
    #[default]
    Offline,
    /// Ready.
    Available,
    /// On a break.
    Break,
    /// Away for a moment.
    Away,
}

/// What the person says, with the reason, and for which channels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Presence {
    /// The word.
    pub status: PresenceStatus,
    /// Why; free text.
    pub reason: String,
    /// Channels AVAILABLE is for; empty means all.
    pub channels: BTreeSet<Channel>,
    /// Said at, log time.
    pub since_ms: u64,
    /// What follows after this contact.
    pub next: Option<NextPresence>,
    /// Falls back to `reverts_to` at this time (batch presence with expiry).
    pub expires: Option<Deadline>,
    /// What it falls back to.
    pub reverts_to: PresenceStatus,
    /// The reason that was given for it.
    pub reverts_reason: String,
    /// The channels it was for; empty means all.
    pub reverts_channels: BTreeSet<Channel>,
    /// A supervisor said it: the agent says nothing else until it is lifted or falls back.
    pub forced: Option<Intervention>,
}

/// Presence after the current contact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NextPresence {
    /// The word.
    pub status: PresenceStatus,
    /// Why.
    pub reason: String,
}

/// What the system sees; derived, never stored: see `Agent::state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgentState {
    /// Nothing to do.
    Idle,
    /// An offer is out.
    Offered,
    /// Has work.
    Busy,
    /// Only after-work.
    WrapUp,
    /// Missed too many offers.
    NotResponding,
}

/// Capacity of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelCapacity {
    /// At most this many at once.
    pub max: u32,
    /// Units each takes.
    pub cost: u32,
}

/// How much an agent can do at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Capacity {
    /// Units in all.
    pub total: u32,
    /// By channel; a channel not listed is not served.
    pub channels: BTreeMap<Channel, ChannelCapacity>,
    /// (interrupter, interrupted): work of the second does not stand in the way of the first.
    pub may_interrupt: BTreeSet<(Channel, Channel)>,
}

/// A piece of an agent's work; derived from interactions, kept for speed, checked by `check()`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Work {
    /// In which interaction.
    pub interaction: InteractionId,
    /// Offer or assignment.
    pub id: AssignmentId,
    /// Which channel.
    pub channel: Channel,
    /// Units taken now.
    pub units: u32,
    /// Is it still only offered.
    pub offered: bool,
    /// Is it after-work.
    pub wrap_up: bool,
    /// Is the customer silent (dormant).
    pub dormant: bool,
}

/// Who serves customers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Agent {
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub id: AgentId,
    /// Human or bot.
    pub kind: AgentKind,
    /// For people to read.
    pub display_name: String,
    /// The team.
    pub team: Option<TeamId>,
    /// Queues and channels served.
    pub profile: ProfileId,
    /// Proficiency by skill, 0–100.
    pub skills: BTreeMap<Skill, u8>,
    /// Proficiency by channel, 0–100; absent counts as 50.
    pub channel_proficiency: BTreeMap<Channel, u8>,
    /// Typed labels.
    pub labels: BTreeMap<LabelKey, Value>,
    /// Instead of the profile's capacity.
    pub capacity: Option<Capacity>,
    /// Where the platform rings; opaque.
    pub endpoint: String,
    /// What the person says.
    pub presence: Presence,
    /// The stream that speaks for the agent.
    pub session: Option<SessionId>,
    /// The stream was lost at, log time.
    pub stream_lost_ms: Option<u64>,
    /// Goes OFFLINE at this time unless a stream is back.
    pub offline_at: Option<Deadline>,
    /// Unanswered offers in a row.
    pub missed_in_row: u32,
    /// No offers before this, after a missed one.
    pub backoff_until_ms: Option<u64>,
    /// NOT_RESPONDING until this.
    pub not_responding_until_ms: Option<u64>,
    /// Work, offers included, ordered.
    pub work: BTreeSet<Work>,
    /// Capacity was lowered below current work; until the agent is idle, more than allowed is no fault.
    pub over_capacity: bool,
    /// Since when without work; longest idle goes by this.
    pub idle_since_ms: u64,
    /// Order of the last offer, for ROUND_ROBIN: log index of it.
    pub last_offered: u64,
    /// Assignments completed.
    pub handled: u64,
    /// Of these since the agent last came from OFFLINE; FEWEST_HANDLED goes by this.
    pub handled_since_offline: u64,
    /// Created, log time.
    pub created_ms: u64,
    /// Raised by every write of a user; the etag.
    pub version: u64,
    /// A supervisor drains the agent: what is there is finished, nothing new is offered.
    pub draining: Option<Intervention>,
    /// The adjustment it is in.
    pub adjustment: Option<AdjustmentId>,
}

impl Agent {
    /// Has the agent a contact: work that is neither only offered nor asleep.
    pub fn has_contact(&self) -> bool {
        self.work.iter().any(|w| !w.offered && !w.dormant)
    }

    /// What the system sees at a log time: missed too many, else has work, else an offer, else after-work, else idle.
    pub fn state(&self, now_ms: u64) -> AgentState {
        if self.not_responding_until_ms.is_some_and(|until_ms| until_ms > now_ms) {
            AgentState::NotResponding
        } else if self.work.iter().any(|w| !w.offered && !w.wrap_up) {
            AgentState::Busy
        } else if self.work.iter().any(|w| w.offered) {
            AgentState::Offered
        } else if self.work.is_empty() {
            AgentState::Idle
        } else {
            AgentState::WrapUp
        }
    }
}

/// A group of agents.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Team {
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub id: TeamId,
    /// For people to read.
    pub display_name: String,
    /// The etag.
    pub version: u64,
}

/// One line of a routing profile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileEntry {
    /// Which queue.
    pub queue: QueueId,
    /// Which channel.
    pub channel: Channel,
    /// First tier is 1.
    pub tier: u32,
    /// Added to the interaction's waiting score for agents of this profile.
    pub priority: i32,
    /// Only interactions at least this old.
    pub delay_ms: u64,
}

/// Which queues and channels agents serve, and how much at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub id: ProfileId,
    /// For people to read.
    pub display_name: String,
    /// Lines, unique by queue and channel.
    pub entries: Vec<ProfileEntry>,
    /// Capacity of its agents.
    pub capacity: Capacity,
    /// The etag.
    pub version: u64,
}

/// A stream that speaks for agents: its lease, and whom it speaks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    /// Whose.
    pub tenant: TenantId,
    /// Drawn by the node that holds the stream.
    pub id: SessionId,
    /// That node.
    pub node: NodeId,
    /// For whom it speaks, at most [`crate::limits::BATCH_MAX`].
    pub agents: BTreeSet<AgentId>,
    /// Lost unless renewed.
    pub lease: Deadline,
}

/// Answer mode and timeouts of a channel in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChannelRules {
    /// Who rings.
    pub answer_mode: AnswerMode,
    /// An offer stands this long.
    pub offer_timeout_ms: u64,
    /// Connecting takes at most this.
    pub connect_timeout_ms: u64,
    /// After-work takes at most this; 0 for none.
    pub wrap_up_timeout_ms: u64,
    /// Assigned work lasts at most this, 0 for ever; then an event and, if `close_overdue`, the end.
    pub assigned_max_ms: u64,
    /// End what lasted too long.
    pub close_overdue: bool,
    /// Percent of the cost a dormant assignment takes, 0–100.
    pub dormant_percent: u32,
    /// Without activity of either side for this long an assignment becomes dormant; 0 never.
    pub dormant_after_ms: u64,
    /// How long the same agent is waited for when the customer writes again.
    pub resume_timeout_ms: u64,
}

impl ChannelRules {
    /// What holds where the queue says nothing of a channel: the agent accepts, the timeouts of [`crate::limits`], a
    /// longest time for voice only, half the cost while dormant, never dormant by silence alone.
    pub fn defaults(channel: &str) -> Self {
        Self {
            answer_mode: AnswerMode::AgentAccepts,
            offer_timeout_ms: limits::OFFER_TIMEOUT_MS,
            connect_timeout_ms: limits::CONNECT_TIMEOUT_MS,
            wrap_up_timeout_ms: limits::WRAP_UP_TIMEOUT_MS,
            assigned_max_ms: if channel == "voice" { limits::VOICE_ASSIGNED_MAX_MS } else { 0 },
            close_overdue: false,
            dormant_percent: 50,
            dormant_after_ms: 0,
            resume_timeout_ms: limits::RESUME_TIMEOUT_MS,
        }
    }
}
