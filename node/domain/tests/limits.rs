//! The limits are promises: README, the API's documentation and callers name them. Changing one changes this table.
use kindred_domain::limits;
use std::fmt::Debug;

macro_rules! table {
    ($($name:ident = $value:expr),* $(,)?) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        fn differing() -> Vec<String> {
            let mut wrong = Vec::new();
            $(compare(stringify!($name), &limits::$name, &$value, &mut wrong);)*
            wrong
        }
    };
}

fn compare<T: PartialEq + Debug>(name: &str, is: &T, promised: &T, wrong: &mut Vec<String>) {
    if is != promised {
        wrong.push(format!("{name} is {is:?}, not {promised:?}"));
    }
}

table! {
    NAME_MAX = 128,
    TEXT_MAX = 256,
    LABELS_MAX = 64,
    SKILLS_MAX = 256,
    CHANNELS_MAX = 16,
    SELECTOR_DEPTH_MAX = 8,
    SELECTOR_NODES_MAX = 64,
    CONTEXT_MAX_BYTES = 16_384,
    ITEM_MAX_BYTES = 16_384,
    ITEMS_PER_CONVERSATION = 10_000,
    PROFILE_ENTRIES_MAX = 1000,
    IDENTITIES_MAX = 16,
    FEATURES_MAX = 64,
    PREFERRED_AGENTS_MAX = 8,
    BATCH_MAX = 1000,
    POLICY_REVISIONS_MAX = 32,
    TRANSITIONS_MAX = 64,
    ASSIGNMENTS_MAX = 32,
    EXCLUSIONS_MAX = 64,
    INTERACTION_CHANNELS_MAX = 4,
    WORK_PER_AGENT_MAX = 64,
    EXPIRED_PER_ENTRY = 1000,
    SWEPT_PER_ENTRY = 1000,
    OFFERS_PER_BATCH = 256,
    COMMANDS_PER_ENTRY = 256,
    AGENTS_PER_TENANT = 20_000,
    QUEUES_PER_TENANT = 10_000,
    OPEN_PER_TENANT = 1_000_000,
    CONFIG_PER_TENANT = 10_000,
    CUSTOMERS_PER_TENANT = 1_000_000,
    CONVERSATIONS_PER_TENANT = 2_000_000,
    TENANTS_MAX = 10_000,
    NODES_MAX = 64,
    NODES_EVER_MAX = 4096,
    REQUESTS_PER_TENANT = 8_000_000,
    REQUESTS_RESERVED = 1_000_000,
    REQUEST_MEMORY_MS = 900_000,
    REQUEST_KEPT_MS = 960_000,
    REQUEST_AHEAD_MS = 60_000,
    OFFER_TIMEOUT_MS = 20_000,
    CONNECT_TIMEOUT_MS = 10_000,
    WRAP_UP_TIMEOUT_MS = 30_000,
    RONA_BACKOFF_MS = 5000,
    RONA_LIMIT = 3,
    NOT_RESPONDING_MS = 60_000,
    DECLINE_EXCLUSION_MS = 60_000,
    SOLE_EXCLUSION_MS = 5000,
    SOLE_LOOK_MAX = 2000,
    NAMED_LOOK_MAX = 1000,
    STREAM_LOST_REVOKE_MS = 5000,
    STREAM_LOST_PRESENCE_MS = 30_000,
    SESSION_LEASE_MS = 15_000,
    CONNECTOR_LEASE_MS = 15_000,
    CONNECTOR_LEASE_RANGE_MS = (1000, 300_000),
    RESUME_TIMEOUT_MS = 60_000,
    OVERFLOW_BEFORE_MS = 5000,
    DEFERRAL_MAX_MS = 600_000,
    DEFERRALS_MAX = 32,
    STARVATION_BOUND_MS = 600_000,
    VOICE_ASSIGNED_MAX_MS = 14_400_000,
    EXTENSION_MAX_MS = 5000,
    EXTENSION_TOTAL_MAX_MS = 30_000,
    CLOSED_RETENTION_MS = 2_592_000_000,
    CLOSED_RETENTION_BYTES = 2_147_483_648,
    EVENT_RETENTION_MS = 604_800_000,
    EVENT_RETENTION_BYTES = 1_073_741_824,
    EVENTS_PER_STRETCH = 1024,
    STRETCH_MS = 3_600_000,
    RECONCILE_MAX = 10_000,
    LOST_PER_ENTRY = 1000,
    ITEMS_PER_APPEND = 256,
    SCHEDULES_PER_TENANT = 1_000,
    HOURS_PER_DAY_MAX = 8,
    HOURS_DATES_MAX = 366,
    HOURS_HORIZON_MS = 34_560_000_000,
    HOURS_BEHIND_MS = 172_800_000,
    HOURS_EXTEND_AFTER_MS = 2_592_000_000,
    HOURS_SPANS_MAX = 4_096,
    ADJUSTMENTS_PER_TENANT = 100,
    TIMEOUT_RANGE_MS = (50, 2_592_000_000),
    SPLIT_GROUPS = (2, 16),
    SPILL_CARRIED_MICROS = 2_000_000,
    RING_MAX = 32,
    RING_DEFAULT = 8,
}

#[test]
fn limits_are_what_was_promised() {
    assert_eq!(differing(), Vec::<String>::new());
}

#[test]
fn every_limit_is_in_the_table() {
    let source = include_str!("../src/limits.rs");
    let names = source.lines().filter_map(|line| line.strip_prefix("pub const ")?.split_once(':'));
    assert_eq!(names.map(|(name, _)| name).collect::<Vec<_>>(), NAMES);
}
