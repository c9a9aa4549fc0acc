//! What the server fills in where nothing is written, so that it need not be written down.
//!
//! A value left out here is only printed although it is the default; one that is wrong here is found by
//! `node/tests/configuration_in_git.rs`, which creates one of everything with nothing set.

/// What a field is where it is unset.
pub struct Default {
    /// `Message.field`.
    pub field: &'static str,
    /// Only under this key of the map it stands in; under every other if empty.
    pub under: &'static str,
    /// As it would be written.
    pub value: &'static str,
}

const fn unset(field: &'static str, value: &'static str) -> Default {
    Default { field, under: "", value }
}

const fn unset_under(under: &'static str, field: &'static str, value: &'static str) -> Default {
    Default { field, under, value }
}

/// The comments of the public API in one table.
pub const DEFAULTS: &[Default] = &[
    unset("Policy.distribution", "{}"),
    unset("Distribution.mode", "LONGEST_IDLE"),
    unset("Distribution.ring_max", "8"),
    unset("Queue.starvation_bound", "10m"),
    unset("ChannelRules.answer_mode", "AGENT_ACCEPTS"),
    unset("ChannelRules.offer_timeout", "20s"),
    unset("ChannelRules.connect_timeout", "10s"),
    unset("ChannelRules.wrap_up_timeout", "30s"),
    unset("ChannelRules.max_assigned", "0s"),
    unset_under("voice", "ChannelRules.max_assigned", "4h"),
    unset("ChannelRules.dormant", "{capacity_percent: 50}"),
    unset("DormantSettings.resume_timeout", "60s"),
    unset("RoutingProfileEntry.tier", "1"),
    unset(
        "RoutingProfile.capacity",
        "{total_units: 100, channels: {voice: {max_interactions: 1, cost_units: 100}, chat: {max_interactions: 3, \
         cost_units: 33}, email: {max_interactions: 5, cost_units: 20}}}",
    ),
    unset("Agent.kind", "HUMAN"),
];

/// Lists whose order says nothing: the server keeps them sorted.
pub const SETS: &[&str] = &[
    "Capacity.interruptions",
    "RoutingProfile.entries",
    "Schedule.weekly",
    "Schedule.holidays",
    "Schedule.special_days",
    "WeekdayHours.intervals",
    "SpecialDay.intervals",
];
