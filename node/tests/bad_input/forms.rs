//! Values that are too long, too many, too deep, out of range or of no known kind.
use super::bad_input::table::Table;
use kindred_proto::v1;
use prost_types::{Duration, Timestamp};

fn long() -> String {
    "ü".repeat(257)
}

fn negative() -> Option<Duration> {
    Some(Duration { seconds: -1, nanos: 0 })
}

/// Sends a request for each value of a message that is changed in one place.
macro_rules! fields {
    ($t:expr, $service:ident.$method:ident($wrap:expr), $good:expr, $($field:literal: $change:expr;)*) => {$(
        let mut message = $good.clone();
        ($change)(&mut message);
        refused!($t, $service.$method(($wrap)(message)), InvalidArgument, "MALFORMED", $field);
    )*};
}

/// A selector so deep.
fn nested(depth: usize) -> v1::Selector {
    let compare = v1::SelectorComparison {
        operand: Some(v1::SelectorOperand { operand: Some(v1::selector_operand::Operand::Skill("french".into())) }),
        operator: v1::selector_comparison::Operator::Equal.into(),
        value: Some(number(1.0)),
    };
    let leaf = v1::Selector { node: Some(v1::selector::Node::Compare(compare)) };
    (1..depth).fold(leaf, |inner, _| v1::Selector { node: Some(v1::selector::Node::Not(Box::new(inner))) })
}

fn wide(nodes: usize) -> v1::Selector {
    let list = v1::SelectorList { selectors: vec![nested(1); nodes] };
    v1::Selector { node: Some(v1::selector::Node::Or(list)) }
}

fn number(number: f64) -> v1::LabelValue {
    v1::LabelValue { kind: Some(v1::label_value::Kind::NumberValue(number)) }
}

pub async fn interactions(t: &mut Table<'_>) {
    let good = t.world.interaction_request("new").interaction.unwrap_or_default();
    let create = |interaction| v1::CreateInteractionRequest {
        parent: "tenants/acme".into(),
        interaction: Some(interaction),
        ..Default::default()
    };
    type I = v1::Interaction;
    fields! { t, interactions.create_interaction(create), good,
        "interaction.channel": |i: &mut I| i.channel = String::new();
        "interaction.channel": |i: &mut I| i.channel = "a".repeat(129);
        "interaction.channel": |i: &mut I| i.channel = "Voice".into();
        "interaction.direction": |i: &mut I| i.direction = 99;
        "interaction.external_thread_id": |i: &mut I| i.external_thread_id = long();
        "interaction.identity.value": |i: &mut I| i.identity = Some(v1::Identity::default());
        "interaction.identity.verified_level": |i: &mut I| {
            i.identity = Some(v1::Identity { value: "x".into(), verified_level: 42 });
        };
        "interaction.labels": |i: &mut I| i.labels = (0..65).map(|n| (format!("k{n}"), number(1.0))).collect();
        "interaction.labels[\"Big Key\"]": |i: &mut I| i.labels = [("Big Key".into(), number(1.0))].into();
        "interaction.labels[\"n\"]": |i: &mut I| i.labels = [("n".into(), number(f64::NAN))].into();
        "interaction.labels[\"n\"]": |i: &mut I| i.labels = [("n".into(), number(1e18))].into();
        "interaction.labels[\"n\"]": |i: &mut I| i.labels = [("n".into(), v1::LabelValue::default())].into();
        "interaction.required_selector": |i: &mut I| i.required_selector = Some(v1::Selector::default());
        "interaction.required_selector.not.not.not.not.not.not.not.not": |i: &mut I| {
            i.required_selector = Some(nested(9));
        };
        "interaction.preferred_selector.or.selectors[63]": |i: &mut I| i.preferred_selector = Some(wide(70));
        "interaction.human_requested_at": |i: &mut I| {
            i.human_requested_at = Some(Timestamp { seconds: -1, nanos: 0 });
        };
        "interaction.connect_by": |i: &mut I| i.connect_by = Some(Timestamp { seconds: 1, nanos: -5 });
        "interaction.context": |i: &mut I| i.context = vec![0; 16 * 1024 + 1].into();
    }
    let none = v1::CreateInteractionRequest { parent: "tenants/acme".into(), ..Default::default() };
    refused!(t, interactions.create_interaction(none), InvalidArgument, "MALFORMED", "interaction");
    let long_id = v1::CreateInteractionRequest { interaction_id: "a".repeat(129), ..create(good.clone()) };
    refused!(t, interactions.create_interaction(long_id), InvalidArgument, "MALFORMED", "interaction_id");
    let outbound = v1::Interaction { direction: v1::interaction::Direction::Outbound.into(), ..good.clone() };
    let field = "interaction.direction";
    refused!(t, interactions.create_interaction(create(outbound)), InvalidArgument, "INVALID_FIELD", field);
    let giant = v1::Interaction { context: vec![0; 2 << 20].into(), ..good.clone() };
    let status = t.world.clients().interactions.create_interaction(create(giant)).await;
    assert_eq!(
        status.map(|_| ()).map_err(|status| status.code()),
        Err(tonic::Code::OutOfRange),
        "the transport's bound"
    );
    masks(t).await;
    notes(t).await;
}

async fn masks(t: &mut Table<'_>) {
    let interaction = Some(v1::Interaction { name: t.world.interaction.clone(), ..Default::default() });
    for paths in [&[][..], &["queue"], &["priority", "state"], &["*"]] {
        let update_mask = Table::mask(paths);
        let request =
            v1::UpdateInteractionRequest { interaction: interaction.clone(), update_mask, ..Default::default() };
        refused!(t, interactions.update_interaction(request), InvalidArgument, "MALFORMED", "update_mask");
    }
    let request = v1::UpdateInteractionRequest { update_mask: Table::mask(&["priority"]), ..Default::default() };
    refused!(t, interactions.update_interaction(request), InvalidArgument, "MALFORMED", "interaction");
}

async fn notes(t: &mut Table<'_>) {
    let name = t.world.interaction.clone();
    let request = v1::CancelInteractionRequest { name: name.clone(), note: long(), ..Default::default() };
    refused!(t, interactions.cancel_interaction(request), InvalidArgument, "MALFORMED", "note");
    let reason = v1::interaction::CloseReason::Completed.into();
    let request = v1::CancelInteractionRequest { name: name.clone(), reason, ..Default::default() };
    refused!(t, interactions.cancel_interaction(request), InvalidArgument, "MALFORMED", "reason");
    let request = v1::AcceptOfferRequest { name: name.clone(), offer_id: "one".into(), ..Default::default() };
    refused!(t, interactions.accept_offer(request), InvalidArgument, "MALFORMED", "offer_id");
    let request = v1::RecordActivityRequest { name: name.clone(), ..Default::default() };
    refused!(t, interactions.record_activity(request), InvalidArgument, "MALFORMED", "party");
    let part = format!("{name}/assignments/01890000-0000-7000-8000-000000000001");
    let request = v1::ReportConnectFailedRequest { name: part.clone(), ..Default::default() };
    refused!(t, interactions.report_connect_failed(request), InvalidArgument, "MALFORMED", "cause");
    let request = v1::TransferInteractionRequest { name: part.clone(), ..Default::default() };
    refused!(t, interactions.transfer_interaction(request), InvalidArgument, "MALFORMED", "target");
    let request = v1::AddChannelRequest { name: part, ..Default::default() };
    refused!(t, interactions.add_channel(request), InvalidArgument, "MALFORMED", "channel");
    let list = v1::ListInteractionsRequest { parent: "tenants/acme".into(), states: vec![77], ..Default::default() };
    refused!(t, interactions.list_interactions(list), InvalidArgument, "MALFORMED", "states[0]");
    let get = v1::GetInteractionRequest { name, read_mode: 5, ..Default::default() };
    refused!(t, interactions.get_interaction(get), InvalidArgument, "MALFORMED", "read_mode");
}

pub async fn agents(t: &mut Table<'_>) {
    let good = v1::Agent { routing_profile: "tenants/acme/routingProfiles/all".into(), ..Default::default() };
    let create =
        |agent| v1::CreateAgentRequest { parent: "tenants/acme".into(), agent: Some(agent), ..Default::default() };
    let capacity = |total_units, max_interactions, cost_units| v1::Capacity {
        total_units,
        channels: [("voice".into(), v1::ChannelCapacity { max_interactions, cost_units })].into(),
        interruptions: Vec::new(),
    };
    type A = v1::Agent;
    fields! { t, agents.create_agent(create), good,
        "agent.kind": |a: &mut A| a.kind = 9;
        "agent.display_name": |a: &mut A| a.display_name = long();
        "agent.endpoint": |a: &mut A| a.endpoint = long();
        "agent.skills[\"french\"]": |a: &mut A| a.skills = [("french".into(), 101)].into();
        "agent.skills": |a: &mut A| a.skills = (0..257).map(|n| (format!("s{n}"), 1)).collect();
        "agent.channel_proficiency[\"\"]": |a: &mut A| a.channel_proficiency = [(String::new(), 1)].into();
        "agent.capacity_override.total_units": |a: &mut A| a.capacity_override = Some(capacity(0, 1, 1));
        "agent.capacity_override.channels": |a: &mut A| {
            a.capacity_override = Some(v1::Capacity { total_units: 1, ..Default::default() });
        };
        "agent.capacity_override.channels[\"voice\"].max_interactions": |a: &mut A| {
            a.capacity_override = Some(capacity(100, 0, 1));
        };
        "agent.capacity_override.channels[\"voice\"].cost_units": |a: &mut A| {
            // What a negative number becomes in an unsigned field.
            a.capacity_override = Some(capacity(100, 1, u32::MAX));
        };
        "agent.team": |a: &mut A| a.team = "front".into();
    }
    let updates = vec![v1::AgentUpdate::default(); 2];
    let batch = v1::BatchUpdateAgentsRequest { parent: "tenants/acme".into(), updates, ..Default::default() };
    refused!(t, agents.batch_update_agents(batch), InvalidArgument, "MALFORMED", "updates[1].agent");
    let names = vec!["tenants/acme/agents/ann".into(); 1_001];
    let presence = Some(v1::Presence { status: v1::presence::Status::Away.into(), ..Default::default() });
    let many = v1::BatchSetPresenceRequest {
        parent: "tenants/acme".into(),
        names,
        presence: presence.clone(),
        ..Default::default()
    };
    refused!(t, agents.batch_set_presence(many), InvalidArgument, "MALFORMED", "names");
    let name = "tenants/acme/agents/ann".to_owned();
    let say = v1::SetPresenceRequest { name: name.clone(), ..Default::default() };
    refused!(t, agents.set_presence(say), InvalidArgument, "MALFORMED", "presence");
    let say = v1::SetPresenceRequest { presence, name, expire_after: negative(), ..Default::default() };
    refused!(t, agents.set_presence(say), InvalidArgument, "MALFORMED", "expire_after");
    let list = v1::ListAgentsRequest { parent: "tenants/acme".into(), page_size: -1, ..Default::default() };
    refused!(t, agents.list_agents(list), InvalidArgument, "MALFORMED", "page_size");
}

pub async fn configuration(t: &mut Table<'_>) {
    let good = v1::Queue { policy: "tenants/acme/policies/fair".into(), ..Default::default() };
    let create =
        |queue| v1::CreateQueueRequest { parent: "tenants/acme".into(), queue: Some(queue), ..Default::default() };
    let voice = |rules: v1::ChannelRules| [("voice".to_owned(), rules)].into();
    type Q = v1::Queue;
    fields! { t, queues.create_queue(create), good,
        "queue.display_name": |q: &mut Q| q.display_name = long();
        "queue.age_weight_per_second": |q: &mut Q| q.age_weight_per_second = -1.0;
        "queue.service_level_urgency": |q: &mut Q| q.service_level_urgency = f64::INFINITY;
        "queue.service_level": |q: &mut Q| q.service_level = negative();
        "queue.starvation_bound": |q: &mut Q| q.starvation_bound = Some(Duration { seconds: 1 << 40, nanos: 0 });
        "queue.max_wait": |q: &mut Q| q.max_wait = Some(Duration { seconds: 0, nanos: 1_000_000 });
        "queue.channels": |q: &mut Q| q.channels = (0..17).map(|n| (format!("c{n}"), Default::default())).collect();
        "queue.channels[\"voice\"].answer_mode": |q: &mut Q| {
            q.channels = voice(v1::ChannelRules { answer_mode: 9, ..Default::default() });
        };
        "queue.channels[\"voice\"].offer_timeout": |q: &mut Q| {
            q.channels = voice(v1::ChannelRules { offer_timeout: negative(), ..Default::default() });
        };
        "queue.channels[\"voice\"].dormant.capacity_percent": |q: &mut Q| {
            let dormant = Some(v1::DormantSettings { capacity_percent: 101, ..Default::default() });
            q.channels = voice(v1::ChannelRules { dormant, ..Default::default() });
        };
    }
    let team = Some(v1::Team { display_name: long(), ..Default::default() });
    let request = v1::CreateTeamRequest { parent: "tenants/acme".into(), team, ..Default::default() };
    refused!(t, queues.create_team(request), InvalidArgument, "MALFORMED", "team.display_name");
    let entry =
        v1::RoutingProfileEntry { queue: super::NO_QUEUE.into(), channel: "voice".into(), ..Default::default() };
    let profile = |entries| v1::CreateRoutingProfileRequest {
        parent: "tenants/acme".into(),
        routing_profile: Some(v1::RoutingProfile { entries, ..Default::default() }),
        ..Default::default()
    };
    refused!(t, queues.create_routing_profile(profile(vec![entry.clone()])), NotFound, "NOT_FOUND", "");
    let bare = v1::RoutingProfileEntry { channel: String::new(), ..entry.clone() };
    let field = "routing_profile.entries[1].channel";
    refused!(t, queues.create_routing_profile(profile(vec![entry, bare])), InvalidArgument, "MALFORMED", field);
    policies(t).await;
    schedules(t).await;
}

async fn schedules(t: &mut Table<'_>) {
    let create = |schedule| v1::CreateScheduleRequest {
        parent: "tenants/acme".into(),
        schedule: Some(schedule),
        ..Default::default()
    };
    let madrid = || v1::Schedule { time_zone: "Europe/Madrid".into(), ..Default::default() };
    let clock = |hours, minutes| Some(v1::TimeOfDay { hours, minutes });
    let hours = move |opens, closes| v1::HoursInterval { opens: clock(opens, 0), closes: clock(closes, 0) };
    let monday = |intervals| v1::WeekdayHours { weekday: 1, intervals };
    let holiday =
        |year, month, day| v1::Holiday { date: Some(v1::LocalDate { year, month, day }), display_name: String::new() };
    let special = |day| v1::SpecialDay { date: Some(v1::LocalDate { year: 0, month: 1, day }), ..Default::default() };
    type S = v1::Schedule;
    fields! { t, schedules.create_schedule(create), madrid(),
        "schedule.display_name": |s: &mut S| s.display_name = long();
        "schedule.time_zone": |s: &mut S| s.time_zone = "Europe/Atlantis".into();
        "schedule.time_zone": |s: &mut S| s.time_zone.clear();
        "schedule.weekly": |s: &mut S| s.weekly = vec![monday(vec![]); 8];
        "schedule.weekly": |s: &mut S| s.weekly = vec![monday(vec![hours(9, 10)]), monday(vec![hours(11, 12)])];
        "schedule.weekly[0].weekday": |s: &mut S| s.weekly = vec![v1::WeekdayHours::default()];
        "schedule.weekly[0].weekday": |s: &mut S| s.weekly = vec![v1::WeekdayHours { weekday: 8, intervals: vec![] }];
        "schedule.weekly[0].intervals": |s: &mut S| s.weekly = vec![monday(vec![hours(9, 12), hours(11, 13)])];
        "schedule.weekly[0].intervals": |s: &mut S| s.weekly = vec![monday((0..9).map(|n| hours(2 * n, 2 * n + 1)).collect())];
        "schedule.weekly[0].intervals[0].opens": |s: &mut S| s.weekly = vec![monday(vec![hours(24, 12)])];
        "schedule.weekly[0].intervals[0].closes": |s: &mut S| s.weekly = vec![monday(vec![hours(9, 25)])];
        "schedule.holidays": |s: &mut S| s.holidays = vec![holiday(2026, 1, 6), holiday(2026, 1, 6)];
        "schedule.holidays": |s: &mut S| s.holidays = vec![holiday(0, 1, 1); 367];
        "schedule.holidays[0].date": |s: &mut S| s.holidays = vec![holiday(2026, 2, 29)];
        "schedule.holidays[0].date": |s: &mut S| s.holidays = vec![v1::Holiday::default()];
        "schedule.special_days": |s: &mut S| s.special_days = vec![special(1), special(1)];
        "schedule.special_days[0].date": |s: &mut S| s.special_days = vec![special(32)];
    }
    let preview = |draft| v1::PreviewScheduleRequest {
        parent: "tenants/acme".into(),
        hours: Some(v1::preview_schedule_request::Hours::Draft(draft)),
        ..Default::default()
    };
    refused!(t, schedules.preview_schedule(preview(S::default())), InvalidArgument, "MALFORMED", "draft.time_zone");
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let long_time = v1::PreviewScheduleRequest {
        start_time: time(1_767_225_600),
        end_time: time(1_767_225_600 + 401 * 86_400),
        ..preview(madrid())
    };
    refused!(t, schedules.preview_schedule(long_time), InvalidArgument, "INVALID_FIELD", "end_time");
    let elsewhere = v1::PreviewScheduleRequest { parent: "tenants/other".into(), ..preview(madrid()) };
    refused!(t, schedules.preview_schedule(elsewhere), NotFound, "NOT_FOUND", "");
    let nothing = v1::PreviewScheduleRequest { parent: "tenants/acme".into(), ..Default::default() };
    refused!(t, schedules.preview_schedule(nothing), InvalidArgument, "MALFORMED", "hours");
}

async fn policies(t: &mut Table<'_>) {
    let create = |distribution| v1::CreatePolicyRequest {
        parent: "tenants/acme".into(),
        policy: Some(v1::Policy { rules: Some(v1::policy::Rules::Distribution(distribution)), ..Default::default() }),
        ..Default::default()
    };
    use v1::distribution::Mode;
    let of = |mode: Mode| v1::Distribution { mode: mode.into(), ..Default::default() };
    refused!(t, policies.create_policy(create(of(Mode::Affinity))), InvalidArgument, "UNSUPPORTED_MODE", "");
    let split = create(of(Mode::PercentSplit));
    refused!(t, policies.create_policy(split), InvalidArgument, "INVALID_FIELD", "policy.distribution.groups");
    let group = v1::AgentGroup { group_id: "g".into(), percent: 101, ..Default::default() };
    let split = create(v1::Distribution { groups: vec![group], ..of(Mode::PercentSplit) });
    let field = "policy.distribution.groups[0].percent";
    refused!(t, policies.create_policy(split), InvalidArgument, "MALFORMED", field);
    let ring = create(v1::Distribution { ring_max: 33, ..of(Mode::RingAll) });
    refused!(t, policies.create_policy(ring), InvalidArgument, "MALFORMED", "policy.distribution.ring_max");
    let ring = create(v1::Distribution { ring_max: 3, ..of(Mode::Tiered) });
    refused!(t, policies.create_policy(ring), InvalidArgument, "INVALID_FIELD", "policy.distribution.ring_max");
    let best = create(of(Mode::BestMatch));
    refused!(t, policies.create_policy(best), InvalidArgument, "MALFORMED", "policy.distribution.mode");
    let heavy = v1::Distribution { skill_weight_percent: 101, ..of(Mode::BestMatch) };
    let field = "policy.distribution.skill_weight_percent";
    refused!(t, policies.create_policy(create(heavy)), InvalidArgument, "MALFORMED", field);
    let unknown = v1::Distribution { mode: 50, ..Default::default() };
    refused!(t, policies.create_policy(create(unknown)), InvalidArgument, "MALFORMED", "policy.distribution.mode");
    let fair = Some(v1::Policy { name: "tenants/acme/policies/fair".into(), etag: "v7".into(), ..Default::default() });
    let request = v1::UpdatePolicyRequest {
        policy: fair,
        update_mask: Table::mask(&["display_name"]),
        validate_only: true,
        ..Default::default()
    };
    refused!(t, policies.update_policy(request), Aborted, "ETAG_MISMATCH", "");
    let rollback = |revision, etag: &str| v1::RollbackPolicyRequest {
        name: "tenants/acme/policies/fair".into(),
        revision,
        etag: etag.into(),
        validate_only: true,
        ..Default::default()
    };
    refused!(t, policies.rollback_policy(rollback(0, "")), InvalidArgument, "MALFORMED", "revision");
    refused!(t, policies.rollback_policy(rollback(9, "")), InvalidArgument, "INVALID_FIELD", "revision");
    refused!(t, policies.rollback_policy(rollback(1, "v7")), Aborted, "ETAG_MISMATCH", "");
}

pub async fn others(t: &mut Table<'_>) {
    let parent = || "tenants/acme".to_owned();
    let register = |connector_id: &str, seconds| v1::RegisterConnectorRequest {
        parent: parent(),
        connector: Some(v1::Connector { lease: Some(Duration { seconds, nanos: 0 }), ..Default::default() }),
        connector_id: connector_id.into(),
        ..Default::default()
    };
    refused!(t, connectors.register_connector(register("pbx", 0)), InvalidArgument, "MALFORMED", "connector.lease");
    refused!(t, connectors.register_connector(register("pbx", 301)), InvalidArgument, "MALFORMED", "connector.lease");
    refused!(t, connectors.register_connector(register("", 10)), InvalidArgument, "MALFORMED", "connector_id");
    let customer =
        |customer| v1::CreateCustomerRequest { parent: parent(), customer: Some(customer), ..Default::default() };
    type C = v1::Customer;
    fields! { t, customers.create_customer(customer), v1::Customer::default(),
        "customer.display_name": |c: &mut C| c.display_name = long();
        "customer.identities": |c: &mut C| c.identities = vec![v1::CustomerIdentity::default(); 17];
        "customer.identities[0].kind": |c: &mut C| c.identities = vec![v1::CustomerIdentity::default()];
        "customer.identities[0].value": |c: &mut C| c.identities = vec![v1::CustomerIdentity::default()];
        "customer.features": |c: &mut C| c.features = (0..65).map(|n| (format!("f{n}"), number(1.0))).collect();
        "customer.preferred_agents": |c: &mut C| c.preferred_agents = vec!["tenants/acme/agents/ann".into(); 9];
        "customer.preferred_agents[0]": |c: &mut C| c.preferred_agents = vec!["ann".into()];
    }
    let append = |items| v1::AppendConversationRequest {
        name: "tenants/acme/conversations/c1".into(),
        items,
        ..Default::default()
    };
    let kind = v1::conversation_item::Kind::Note.into();
    let item = |length: usize| v1::ConversationItem { kind, body: vec![0; length].into(), ..Default::default() };
    for (items, field) in [
        (vec![], "items"),
        (vec![item(1); 257], "items"),
        (vec![item(16_000); 10], "items"),
        (vec![item(0)], "items[0].body"),
        (vec![item(1), item(16 * 1024 + 1)], "items[1].body"),
        (vec![v1::ConversationItem { kind: 0, ..item(1) }], "items[0].kind"),
        (vec![v1::ConversationItem { channel: "A".into(), ..item(1) }], "items[0].channel"),
    ] {
        refused!(t, conversations.append_conversation(append(items)), InvalidArgument, "MALFORMED", field);
    }
    let token = v1::ListEventsRequest { parent: parent(), page_token: "p1-0-00".into(), ..Default::default() };
    refused!(t, events.list_events(token), InvalidArgument, "MALFORMED", "page_token");
    let progress_interval = Some(Duration { seconds: 61, nanos: 0 });
    let watch = v1::WatchRequest { parent: parent(), progress_interval, ..Default::default() };
    refused!(t, events.watch(watch), InvalidArgument, "MALFORMED", "progress_interval");
}
