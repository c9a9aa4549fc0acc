//! Records: what the state is made of.
use super::Error;
use super::mirror::{Mirror, enums, required, structs};
#[cfg(test)]
use super::sample::{Sample, Source};
use kindred_domain::ids::Channel;
use kindred_proto::log::v1 as pb;

mod domain {
    pub use kindred_domain::record::*;
}

structs! {
    Mandate { supervisor, reason }
    Intervention { by, since_ms }
    QueueDrain { word, overflow }
    AgentChange { profile, skills }
    InteractionChange { priority, queue }
    AgentBefore { agent, profile, skills }
    InteractionBefore { interaction, priority, queue }
    Adjustment { tenant, id, word, until_ms, agent_change, interaction_change, agents, interactions }
    Presence { status, reason, channels, since_ms, next, expires, reverts_to,
        reverts_reason, reverts_channels, forced }
    NextPresence { status, reason }
    ChannelCapacity { max, cost }
    Capacity { total, channels, may_interrupt }
    Work { interaction, id, channel, units, offered, wrap_up, dormant }
    Agent { tenant, id, kind, display_name, team, profile, skills, channel_proficiency, labels, capacity,
        endpoint, presence, session, stream_lost_ms, offline_at, missed_in_row, backoff_until_ms,
        not_responding_until_ms, work, over_capacity, idle_since_ms, last_offered, handled, created_ms,
        version, handled_since_offline, draining, adjustment }
    Team { tenant, id, display_name, version }
    ProfileEntry { queue, channel, tier, priority, delay_ms }
    Profile { tenant, id, display_name, entries, capacity, version }
    Session { tenant, id, node, agents, lease }
    ChannelRules { answer_mode, offer_timeout_ms, connect_timeout_ms, wrap_up_timeout_ms, assigned_max_ms,
        close_overdue, dormant_percent, dormant_after_ms, resume_timeout_ms }
    TenantRecord { id, display_name, closed_retention_ms, closed_retention_bytes, event_retention_ms,
        event_retention_bytes, next_event, first_event, stretch_first, stretch_ms, stretch_bytes, created_ms,
        deleted, version }
    EventMark { tenant, number, at_ms, bytes }
    Placement { tenant, shard, map_version, display_name, created_ms }
    Node { id, storage, raft_id, peer_address, client_address, role, version, draining }
    ShardRecord { cluster_version, map_version, next_raft_id, hash_index, hash }
    Connector { tenant, id, display_name, lease_ms, lease, lapsed_ms, marking, version }
    Marking { since_ms, after, continues_ms }
    CustomerIdentity { kind, value }
    Customer { tenant, id, display_name, identities, features, preferred_agents, created_ms, version }
    Conversation { tenant, id, customer, items, open_interactions, created_ms, active_ms, version }
    ConversationItem { number, kind, interaction, channel, happened_ms, written_ms, body }
    Identity { value, verified }
    Offer { id, agent, made_ms, expires, policy_revision, score_micros, answer_mode, revoke_at_ms, draw }
    Draw { candidates, drawn }
    Assignment { id, agent, role, state, channels, units, deadline, accepted_ms, connected_ms, held_ms,
        state_since_ms, wrap_up_ms, ended_ms, cause }
    Exclusion { agent, until_ms, times }
    Deferred { until_ms, reason, skips }
    Transition { state, at_ms }
    Closing { reason, note, at_ms }
    Interaction { tenant, id, conversation, channel, added_channels, direction, customer, identity,
        external_thread_id, connector, queue, target_agent, target_since_ms, labels, required, preferred, priority,
        human_requested_at_ms, connect_by_ms, context_bytes, state, unconfirmed_since_ms, confirmed_ms,
        created_ms, waiting_since_ms, state_since_ms, deadline, offers, assignments, exclusions, deferred,
        attempts, first_offered_ms, customer_active_ms, agent_active_ms, silent_at_ms, transitions, closing,
        version, adjustment } => offer in offers
    PolicyRevision { revision, mode, skill_weight, channel_weight, preferred_weight, made_ms, rolled_back_to, groups, ring_max }
    Group { name, team, selector, percent }
    Split { policy, revision, shared, spilled, behind_micros, ungrouped }
    Policy { tenant, id, display_name, revisions, version }
    Queue { tenant, id, display_name, policy, priority, age_weight_micros_per_s, service_level_ms,
        sla_urgency_micros, starvation_bound_ms, max_wait_ms, channels, created_ms, version, split, schedule,
        refuse_when_closed, hours, paused, draining }
    DayInterval { opens_min, closes_min }
    WeekdayHours { weekday, intervals }
    Date { year, month, day }
    Holiday { date, display_name }
    SpecialDay { date, intervals, display_name }
    HoursRules { time_zone, weekly, holidays, special_days }
    Span { from_ms, until_ms }
    Expansion { zone_version, of_version, from_ms, until_ms, spans }
    Schedule { tenant, id, display_name, rules, expansion, created_ms, version }
    QueueHours { open, changes_ms }
}

enums! {
    AgentKind: Human, Bot;
    PresenceStatus: Offline, Available, Break, Away;
    NodeRole: Learner, Voter, Removed;
    ItemKind: Page, MenuTurn, BotTurn, Note, TranscriptReference, External;
    Direction: Inbound, Outbound, Internal;
    VerifiedLevel: None, Claimed, Verified, Strong;
    InteractionState: Scheduled, Queued, Offered, Assigned, Dormant, Resuming, Closed;
    CloseReason: Completed, Abandoned, Cancelled, Deflected, Expired, Merged, Spam, LostMedia, NoAnswer;
    AnswerMode: AgentAccepts, RingIsOffer, Auto;
    Role: Primary, Consult, Conference, Monitor;
    AssignmentState: Connecting, Active, Held, Dormant, WrapUp, Ended;
    EndCause: Completed, Transferred, AgentNoAnswer, AgentBusy, DeviceUnreachable, CustomerGone, MediaError,
        ConnectTimeout, Expired, Closed, LostMedia, NotResumed, Released, PulledBack, Reassigned;
    DeferReason: PreferredAgent, BetterMatch;
    Mode: LongestIdle, LeastLoaded, RoundRobin, FewestHandled, Tiered, Random, BestMatch, PercentSplit,
        RingAll, Affinity;
}

impl Mirror<pb::ChannelPair> for (Channel, Channel) {
    fn put(&self) -> pb::ChannelPair {
        pb::ChannelPair { interrupter: self.0.put(), interrupted: self.1.put() }
    }

    fn take(written: pb::ChannelPair) -> Result<Self, Error> {
        Ok((Mirror::take(written.interrupter)?, Mirror::take(written.interrupted)?))
    }
}

macro_rules! kinds {
    ($type:ident in $module:ident::$oneof:ident by $field:ident: $($name:ident),* $(,)?) => {
        impl Mirror<pb::$type> for domain::$type {
            fn put(&self) -> pb::$type {
                let kind = match self {
                    $(Self::$name(it) => pb::$module::$oneof::$name(it.put()),)*
                };
                pb::$type { $field: Some(kind) }
            }

            fn take(written: pb::$type) -> Result<Self, Error> {
                match written.$field {
                    $(Some(pb::$module::$oneof::$name(it)) => Ok(Self::$name(Mirror::take(it)?)),)*
                    None => Err(Error::unknown(stringify!($type), 0)),
                }
            }
        }

        #[cfg(test)]
        impl Sample for domain::$type {
            fn sample(source: &mut Source) -> Self {
                let choices: &[fn(&mut Source) -> Self] = &[$(|source|
                    Self::$name(Sample::sample(source))),*];
                source.pick(choices)(source)
            }
        }
    };
}
kinds! {
    Record in record::Record by record:
    Tenant, Agent, Team, Profile, Queue, Policy, Connector, Session, Customer, Conversation, Interaction,
        Closed, EventMark, Placement, Node, Shard, Schedule, Adjustment
}
kinds! {
    Blob in blob::Blob by blob:
    Context, Item
}
