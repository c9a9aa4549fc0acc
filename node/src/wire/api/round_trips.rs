//! What is read back may be written again: `asks(tells(x)) == x` for everything callers configure.
use super::{Ask, PayloadKey, ask, tells};
use kindred_domain::{Answer, Body, Command, Entry, Reply, State, command::AdoptTenant, ids::TenantId};
use kindred_proto::v1;
use proptest::{collection::btree_map, option, prelude::*};
use prost_types::{Duration, FieldMask};

/// The state machine between the two, so that records are what they are in earnest.
struct World(State);

impl World {
    fn new() -> Self {
        let mut world = Self(State::new());
        world.apply(AdoptTenant { id: "acme".into(), display_name: String::new() }.into());
        let parent = || "tenants/acme".to_owned();
        let policy = Some(v1::Policy::default());
        world.ask(v1::CreatePolicyRequest { parent: parent(), policy, policy_id: "fair".into(), ..Default::default() });
        let schedule = Some(v1::Schedule { time_zone: "UTC".into(), ..Default::default() });
        let schedule_id = "s".into();
        world.ask(v1::CreateScheduleRequest { parent: parent(), schedule, schedule_id, ..Default::default() });
        let queue = Some(v1::Queue { policy: "tenants/acme/policies/fair".into(), ..Default::default() });
        world.ask(v1::CreateQueueRequest { parent: parent(), queue, queue_id: "q".into(), ..Default::default() });
        let team = Some(v1::Team::default());
        world.ask(v1::CreateTeamRequest { parent: parent(), team, team_id: "t".into(), ..Default::default() });
        let routing_profile = Some(v1::RoutingProfile::default());
        let routing_profile_id = "p".into();
        world.ask(v1::CreateRoutingProfileRequest {
            parent: parent(),
            routing_profile,
            routing_profile_id,
            ..Default::default()
        });
        let agent = Some(v1::Agent { routing_profile: "tenants/acme/routingProfiles/p".into(), ..Default::default() });
        world.ask(v1::CreateAgentRequest { parent: parent(), agent, agent_id: "a".into(), ..Default::default() });
        let customer = Some(v1::Customer::default());
        world.ask(v1::CreateCustomerRequest {
            parent: parent(),
            customer,
            customer_id: "c".into(),
            ..Default::default()
        });
        world
    }

    fn apply(&mut self, body: Body) -> Reply {
        let command = Command { tenant: Some(TenantId::from("acme")), request: None, body };
        let index = self.0.index() + 1;
        let mut applied = self.0.apply(&Entry { index, time_ms: 1_000 + index, commands: vec![command] });
        match applied.answers.pop() {
            Some(Answer::Fresh(Ok(reply))) => reply,
            other => panic!("{other:?}"),
        }
    }

    fn ask(&mut self, request: impl Ask) -> Reply {
        let command = ask(&"acme".into(), PayloadKey::of("test"), request).unwrap_or_else(|no| panic!("{no:?}"));
        self.apply(command.body)
    }
}

fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() })
}

/// Writes a resource, reads it, writes what was read, and compares.
macro_rules! goes_round {
    ($resource:expr, $request:ident.$field:ident, [$($path:literal),*], $reply:ident, $tell:path) => {{
        let mut world = World::new();
        let write = |resource| v1::$request { $field: Some(resource), update_mask: mask(&[$($path),*]), ..Default::default() };
        let Reply::$reply(first) = world.ask(write($resource)) else { panic!("another reply") };
        let told = $tell(&first);
        let Reply::$reply(second) = world.ask(write(told.clone())) else { panic!("another reply") };
        let mut again = $tell(&second);
        prop_assert_ne!(&again.etag, &told.etag, "it was written");
        again.etag.clone_from(&told.etag);
        prop_assert_eq!(again, told);
    }};
}

fn length(range: std::ops::Range<i64>) -> impl Strategy<Value = Option<Duration>> {
    option::of((range, 0..1_000).prop_map(|(seconds, ms)| Duration { seconds, nanos: ms * 1_000_000 }))
}

prop_compose! {
    fn rules()(
        answer_mode in 0..4,
        times in (length(1..3_000), length(1..3_000), length(0..3_000), length(0..90_000)),
        zero in any::<(bool, bool)>(),
        close_overdue in any::<bool>(),
        dormant in option::of((0..=100_u32, length(1..3_000), length(1..3_000))),
    ) -> v1::ChannelRules {
        let none = Some(Duration::default());
        v1::ChannelRules {
            answer_mode,
            offer_timeout: times.0,
            connect_timeout: times.1,
            wrap_up_timeout: if zero.0 { none } else { times.2 },
            max_assigned: if zero.1 { none } else { times.3 },
            close_overdue,
            dormant: dormant.map(|(capacity_percent, after, resume_timeout)| {
                v1::DormantSettings { capacity_percent, after, resume_timeout }
            }),
        }
    }
}

fn channel() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["voice", "chat", "email", "fax"]).prop_map(str::to_owned)
}

fn capacity() -> impl Strategy<Value = v1::Capacity> {
    let units = (1..=8_u32, 0..=100_u32)
        .prop_map(|(max_interactions, cost_units)| v1::ChannelCapacity { max_interactions, cost_units });
    let pair =
        (channel(), channel()).prop_map(|(interrupter, interrupted)| v1::Interruption { interrupter, interrupted });
    let pairs = prop::collection::vec(pair, 0..3);
    (100..1_000_u32, btree_map(channel(), units, 1..4), pairs).prop_map(|(total_units, channels, interruptions)| {
        v1::Capacity { total_units, channels: channels.into_iter().collect(), interruptions }
    })
}

fn label() -> impl Strategy<Value = v1::LabelValue> {
    use v1::label_value::Kind;
    prop_oneof![
        "\\PC{0,20}".prop_map(Kind::StringValue),
        (-1.0e9..1.0e9_f64).prop_map(Kind::NumberValue),
        any::<bool>().prop_map(Kind::BoolValue),
    ]
    .prop_map(|kind| v1::LabelValue { kind: Some(kind) })
}

/// Up to three intervals of a day, the last perhaps past midnight.
fn intervals() -> impl Strategy<Value = Vec<v1::HoursInterval>> {
    let clock = |minutes: u32| Some(v1::TimeOfDay { hours: minutes / 60, minutes: minutes % 60 });
    let interval = move |(from, to): (u32, u32)| v1::HoursInterval { opens: clock(from), closes: clock(to) };
    let kinds =
        vec![vec![], vec![(540, 1_020)], vec![(0, 1_440)], vec![(60, 120), (180, 240), (1_320, 360)], vec![(5, 5)]];
    prop::sample::select(kinds).prop_map(move |times| times.into_iter().map(interval).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn queues(
        display_name in "\\PC{0,20}",
        priority in any::<i32>(),
        scores in (0.0..1.0e9_f64, 0.0..1.0e9_f64),
        times in (length(1..9_000), length(1..9_000), length(1..9_000)),
        channels in btree_map(channel(), rules(), 0..3),
        hours in any::<(bool, bool)>(),
    ) {
        let queue = v1::Queue {
            name: "tenants/acme/queues/q".into(),
            display_name,
            policy: "tenants/acme/policies/fair".into(),
            priority,
            age_weight_per_second: scores.0,
            service_level: times.0,
            service_level_urgency: scores.1,
            starvation_bound: times.1,
            max_wait: times.2,
            channels: channels.into_iter().collect(),
            schedule: if hours.0 { "tenants/acme/schedules/s".into() } else { String::new() },
            refuse_when_closed: hours.1,
            ..Default::default()
        };
        goes_round!(queue, UpdateQueueRequest.queue, [
            "display_name", "policy", "priority", "age_weight_per_second", "service_level", "service_level_urgency",
            "starvation_bound", "max_wait", "channels", "schedule", "refuse_when_closed"
        ], Queue, tells::queue);
    }

    #[test]
    fn schedules(
        display_name in "\\PC{0,20}",
        time_zone in prop::sample::select(vec!["UTC", "Europe/Madrid", "Asia/Kathmandu"]),
        weekly in prop::collection::vec(intervals(), 7),
        holidays in btree_map((2026..2029_u32, 1..13_u32, 1..29_u32), "\\PC{0,9}", 0..4),
        special in btree_map((0..1_u32, 1..13_u32, 1..29_u32), intervals(), 0..4),
    ) {
        let date = |(year, month, day)| Some(v1::LocalDate { year, month, day });
        let weekly = (1..).zip(weekly).map(|(weekday, intervals)| v1::WeekdayHours { weekday, intervals });
        let holidays = holidays.into_iter().map(|(day, display_name)| v1::Holiday { date: date(day), display_name });
        let special = special.into_iter();
        let special_days = special.map(|(day, intervals)| {
            v1::SpecialDay { date: date(day), intervals, display_name: String::new() }
        });
        let schedule = v1::Schedule {
            name: "tenants/acme/schedules/s".into(),
            display_name,
            time_zone: time_zone.into(),
            weekly: weekly.collect(),
            holidays: holidays.collect(),
            special_days: special_days.collect(),
            ..Default::default()
        };
        goes_round!(schedule, UpdateScheduleRequest.schedule,
            ["display_name", "time_zone", "weekly", "holidays", "special_days"], Schedule, tells::schedule);
    }

    #[test]
    fn profiles(
        display_name in "\\PC{0,20}",
        lines in btree_map(channel(), (0..9_u32, any::<i32>(), length(0..3_000)), 0..3),
        capacity in option::of(capacity()),
    ) {
        let queue = "tenants/acme/queues/q".to_owned();
        let entries = lines.into_iter().map(|(channel, (tier, priority, delay))| {
            v1::RoutingProfileEntry { queue: queue.clone(), channel, tier, priority, delay }
        });
        let name = "tenants/acme/routingProfiles/p".into();
        let profile =
            v1::RoutingProfile { name, display_name, entries: entries.collect(), capacity, ..Default::default() };
        goes_round!(profile, UpdateRoutingProfileRequest.routing_profile, ["display_name", "entries", "capacity"],
            Profile, tells::profile);
    }

    #[test]
    fn agents(
        kind in 0..3,
        texts in ("\\PC{0,20}", "\\PC{0,20}"),
        in_team in any::<bool>(),
        skills in btree_map("[a-z]{1,8}", 0..=100_u32, 0..4),
        channel_proficiency in btree_map(channel(), 0..=100_u32, 0..3),
        labels in btree_map("[a-z]{1,8}", label(), 0..4),
        capacity_override in option::of(capacity()),
    ) {
        let agent = v1::Agent {
            name: "tenants/acme/agents/a".into(),
            kind,
            display_name: texts.0,
            team: if in_team { "tenants/acme/teams/t".into() } else { String::new() },
            routing_profile: "tenants/acme/routingProfiles/p".into(),
            skills: skills.into_iter().collect(),
            channel_proficiency: channel_proficiency.into_iter().collect(),
            labels: labels.into_iter().collect(),
            capacity_override,
            endpoint: texts.1,
            ..Default::default()
        };
        let tell = |record: &kindred_domain::record::Agent| tells::agent(record, 0);
        goes_round!(agent, UpdateAgentRequest.agent, [
            "kind", "display_name", "team", "routing_profile", "skills", "channel_proficiency", "labels",
            "capacity_override", "endpoint"
        ], Agent, tell);
    }

    #[test]
    fn customers(
        display_name in "\\PC{0,20}",
        identities in prop::collection::vec(("[a-z]{1,8}", "\\PC{1,20}"), 0..4),
        features in btree_map("[a-z]{1,8}", label(), 0..4),
        prefers in any::<bool>(),
    ) {
        let customer = v1::Customer {
            name: "tenants/acme/customers/c".into(),
            display_name,
            identities: identities.into_iter().map(|(kind, value)| v1::CustomerIdentity { kind, value }).collect(),
            features: features.into_iter().collect(),
            preferred_agents: if prefers { vec!["tenants/acme/agents/a".into()] } else { Vec::new() },
            ..Default::default()
        };
        goes_round!(customer, UpdateCustomerRequest.customer,
            ["display_name", "identities", "features", "preferred_agents"], Customer, tells::customer);
    }

    #[test]
    fn tenants(
        display_name in "\\PC{0,20}",
        times in (length(1..9_000_000), length(1..9_000_000)),
        bytes in any::<(u64, u64)>(),
    ) {
        let tenant = v1::Tenant {
            name: "tenants/acme".into(),
            display_name,
            closed_retention: times.0,
            closed_retention_bytes: bytes.0,
            event_retention: times.1,
            event_retention_bytes: bytes.1,
            ..Default::default()
        };
        // Its own events are counted in it.
        let tell = |record: &kindred_domain::record::TenantRecord| {
            v1::Tenant { next_event: 0, first_event: 0, ..tells::tenant(record, 0) }
        };
        goes_round!(tenant, UpdateTenantRequest.tenant, [
            "display_name", "closed_retention", "closed_retention_bytes", "event_retention", "event_retention_bytes"
        ], Tenant, tell);
    }
}

#[test]
fn a_masked_setting_that_is_unset_gets_its_default_and_others_are_not_looked_at() {
    let mut world = World::new();
    let day = Some(Duration { seconds: 86_400, nanos: 0 });
    let write = |tenant: v1::Tenant, path: &str| v1::UpdateTenantRequest {
        tenant: Some(v1::Tenant { name: "tenants/acme".into(), ..tenant }),
        update_mask: mask(&[path]),
        ..Default::default()
    };
    let short = v1::Tenant { closed_retention: day, ..Default::default() };
    let Reply::Tenant(record) = world.ask(write(short, "closed_retention")) else { panic!("another reply") };
    assert_eq!(record.closed_retention_ms, 86_400_000);
    let odd = v1::Tenant { event_retention: Some(Duration { seconds: -1, nanos: 0 }), ..Default::default() };
    let Reply::Tenant(record) = world.ask(write(odd, "closed_retention")) else { panic!("another reply") };
    assert_eq!(record.closed_retention_ms, kindred_domain::limits::CLOSED_RETENTION_MS);
}
