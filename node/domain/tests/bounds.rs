//! Lists and loops of the state machine stop at their named bounds, and what stands there goes on lawfully.
mod scenario;

use kindred_domain::{Answer, Entry, Rejection, State, command::*, ids::*, limits, record::*};
use scenario::world::World;
use std::collections::{BTreeMap, BTreeSet};

/// Runs a line that must be accepted; the whole is checked after every entry.
fn run(world: &mut World, text: &str) {
    if let Err(problem) = scenario::step(world, text, true) {
        panic!("`{text}`: {problem}");
    }
}

fn interaction(world: &World, id: &str) -> Interaction {
    let found = world.tenant().interaction(&InteractionId::new(id));
    Interaction::clone(found.expect("in memory"))
}

#[test]
fn transitions_are_bounded_and_keep_the_first() {
    let mut world = World::new();
    run(&mut world, "queue ring voice.answer=RING_IS_OFFER");
    run(&mut world, "agent anna queues=ring");
    run(&mut world, "submit call-1 queue=ring");
    let first = interaction(&world, "call-1").transitions[0];
    for _ in 0..limits::TRANSITIONS_MAX {
        // The pair is kept apart for at most so long.
        run(&mut world, "wait 60s");
        run(&mut world, "offer call-1 anna");
        run(&mut world, "fail call-1 MEDIA_ERROR");
    }
    let after = interaction(&world, "call-1");
    assert_eq!(after.transitions.len(), limits::TRANSITIONS_MAX);
    assert_eq!(after.transitions[0], first);
    assert_eq!(after.attempts as usize, limits::TRANSITIONS_MAX);
}

#[test]
fn ended_parts_make_place_for_new_ones() {
    let mut world = World::new();
    run(&mut world, "queue support2 voice.wrap_up=0");
    run(&mut world, "agent anna queues=support2");
    run(&mut world, "agent ben queues=support2");
    run(&mut world, "submit call-1 queue=support2");
    for round in 0..limits::ASSIGNMENTS_MAX + 5 {
        let agent = if round % 2 == 0 { "anna" } else { "ben" };
        run(&mut world, &format!("offer call-1 {agent}"));
        run(&mut world, "accept call-1");
        run(&mut world, "connect call-1");
        run(&mut world, "transfer call-1 queue=support2");
        run(&mut world, "wait 60s");
    }
    let parts = interaction(&world, "call-1").assignments;
    assert_eq!(parts.len(), limits::ASSIGNMENTS_MAX);
    assert_eq!(Some(parts[0].id), world.offers["call-1"].first().copied());
}

#[test]
fn parts_not_over_yet_are_never_dropped() {
    let mut world = World::new();
    run(&mut world, "queue long chat.wrap_up=1d");
    run(&mut world, "submit chat-1 queue=long channel=chat");
    let mut refused = None;
    for round in 0..limits::ASSIGNMENTS_MAX {
        run(&mut world, &format!("agent a{round} queues=long"));
        run(&mut world, &format!("offer chat-1 a{round}"));
        run(&mut world, "accept chat-1");
        run(&mut world, "connect chat-1");
        let text = "transfer chat-1 queue=long";
        if let Err(problem) = scenario::step(&mut world, text, true) {
            refused = Some((round, problem));
            break;
        }
    }
    let (round, problem) = refused.expect("a bound");
    // The next agent's part must have its place beside them and the first, which is always kept.
    assert_eq!(round, limits::ASSIGNMENTS_MAX - 2);
    assert!(problem.contains("LIMIT_REACHED"), "{problem}");
}

#[test]
fn exclusions_are_bounded() {
    let mut world = World::new();
    run(&mut world, "profile people");
    run(&mut world, "submit call-1");
    for n in 0..limits::EXCLUSIONS_MAX + 3 {
        run(&mut world, &format!("agent a{n} profile=people"));
        run(&mut world, &format!("offer call-1 a{n}"));
        run(&mut world, "decline call-1");
        run(&mut world, "wait 100ms");
    }
    let exclusions = interaction(&world, "call-1").exclusions;
    assert_eq!(exclusions.len(), limits::EXCLUSIONS_MAX);
    // The first was for 5 s, the agent being the only one; it and the earliest others made place.
    assert!(exclusions.iter().all(|e| e.agent.as_str() != "a0"));
}

#[test]
fn an_agent_has_at_most_so_much_work() {
    let mut world = World::new();
    run(&mut world, "profile people total=1000 email=1000x1");
    run(&mut world, "agent anna profile=people");
    for n in 0..limits::WORK_PER_AGENT_MAX {
        run(&mut world, &format!("submit mail-{n} channel=email"));
        run(&mut world, &format!("offer mail-{n} anna"));
    }
    run(&mut world, "submit mail channel=email");
    run(&mut world, "offer mail anna -> dropped NoCapacity");
}

#[test]
fn deferrals_end_at_their_bound() {
    let mut world = World::new();
    run(&mut world, "submit call-1");
    for _ in 0..limits::DEFERRALS_MAX {
        run(&mut world, "defer call-1 1s");
        run(&mut world, "wait 1s");
    }
    run(&mut world, "defer call-1 1s -> dropped DeferralRefused");
}

#[test]
fn more_than_one_entry_expires_is_left_to_the_next() {
    let mut world = World::new();
    run(&mut world, "queue short max_wait=30s");
    let count = limits::EXPIRED_PER_ENTRY + 500;
    let submits: Vec<String> = (0..count).map(|n| format!("submit call-{n} queue=short")).collect();
    for together in submits.chunks(limits::COMMANDS_PER_ENTRY) {
        run(&mut world, &together.join(" ; "));
    }
    // No entry while time passes: all are due at once.
    run(&mut world, "leader-change 1m");
    assert_eq!(world.tenant().interactions().len(), 500);
    run(&mut world, "wait 0s");
    assert_eq!(world.tenant().interactions().len(), 0);
}

/// Has `body` made until there are so many, `there` being there, then once more; the whole is checked once.
fn at_most(limit: &str, max: usize, there: usize, body: impl Fn(usize) -> Body) {
    let to = |tenant: Option<&str>, body| Command { tenant: tenant.map(TenantId::new), request: None, body };
    let spec = PolicySpec { mode: Mode::LongestIdle, ..PolicySpec::default() };
    let (id, display_name) = (TenantId::new("t"), String::new());
    let mut commands = vec![
        to(None, AdoptTenant { id, display_name }.into()),
        to(Some("t"), policy("p0", spec)),
        to(Some("t"), profile("r0")),
    ];
    let more = max - there;
    commands.extend((1..=more + 1).map(|n| to(Some("t"), body(n))));
    let (mut state, mut answers) = (State::new(), Vec::new());
    for (at, commands) in commands.chunks(limits::COMMANDS_PER_ENTRY).enumerate() {
        let entry = Entry { index: at as u64 + 1, time_ms: 1_000_000, commands: commands.to_vec() };
        answers.extend(state.apply(&entry).answers);
    }
    let refused = |answer: &Answer| match answer {
        Answer::Fresh(Err(Rejection::LimitReached { limit, max })) => Some((limit.clone(), *max)),
        _ => None,
    };
    assert_eq!(answers.iter().position(|a| !matches!(a, Answer::Fresh(Ok(_)))), Some(more + 3), "{limit}");
    assert_eq!(refused(&answers[more + 3]), Some((limit.to_string(), max as u64)));
    assert_eq!(state.check(), Ok(()), "{limit}");
}

fn policy(id: &str, spec: PolicySpec) -> Body {
    CreatePolicy { id: id.into(), display_name: String::new(), spec, validate_only: false }.into()
}

fn profile(id: &str) -> Body {
    let (entries, capacity) = (Vec::new(), Capacity::default());
    CreateProfile { id: id.into(), display_name: String::new(), entries, capacity }.into()
}

#[test]
fn a_tenant_has_at_most_so_many_agents() {
    let (skills, channel_proficiency, labels) = Default::default();
    let spec = AgentSpec {
        kind: AgentKind::Human,
        display_name: String::new(),
        team: None,
        profile: "r0".into(),
        skills,
        channel_proficiency,
        labels,
        capacity: None,
        endpoint: String::new(),
    };
    let agent = |n: usize| CreateAgent { id: format!("a{n}").into(), spec: spec.clone() }.into();
    at_most("agents_per_tenant", limits::AGENTS_PER_TENANT, 0, agent);
}

#[test]
fn a_tenant_has_at_most_so_many_queues() {
    let spec = QueueSpec {
        display_name: String::new(),
        policy: "p0".into(),
        priority: 0,
        age_weight_micros_per_s: 1,
        service_level_ms: 0,
        sla_urgency_micros: 0,
        starvation_bound_ms: limits::STARVATION_BOUND_MS,
        max_wait_ms: 0,
        channels: BTreeMap::new(),
        schedule: None,
        refuse_when_closed: false,
    };
    let queue = |n: usize| CreateQueue { id: format!("q{n}").into(), spec: spec.clone() }.into();
    at_most("queues_per_tenant", limits::QUEUES_PER_TENANT, 0, queue);
}

#[test]
fn a_tenant_has_at_most_so_much_configuration() {
    let spec = PolicySpec { mode: Mode::Tiered, ..PolicySpec::default() };
    let max = limits::CONFIG_PER_TENANT;
    at_most("teams_per_tenant", max, 0, |n| {
        CreateTeam { id: format!("t{n}").into(), display_name: String::new() }.into()
    });
    // One of each is there already.
    at_most("policies_per_tenant", max, 1, |n| policy(&format!("p{n}"), spec.clone()));
    at_most("routing_profiles_per_tenant", max, 1, |n| profile(&format!("r{n}")));
    at_most("connectors_per_tenant", max, 0, |n| {
        let (id, lease_ms) = (format!("c{n}").into(), limits::CONNECTOR_LEASE_MS);
        RegisterConnector { id, display_name: String::new(), lease_ms }.into()
    });
    at_most("sessions_per_tenant", max, 0, |n| {
        AttachSession { session: Uid(n as u128), node: "n".into(), agents: Vec::new() }.into()
    });
}

#[test]
fn a_stream_speaks_for_at_most_so_many_agents() {
    let mut world = World::new();
    run(&mut world, "profile people");
    let names: BTreeSet<String> = (0..=limits::BATCH_MAX).map(|n| format!("a{n}")).collect();
    let lines: Vec<String> = names.iter().map(|name| format!("agent {name} profile=people offline")).collect();
    for together in lines.chunks(limits::COMMANDS_PER_ENTRY) {
        run(&mut world, &together.join(" ; "));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    run(&mut world, &format!("attach desk {} -> LIMIT_REACHED agents_per_session", names.join(",")));
    run(&mut world, &format!("attach desk {}", names[1..].join(",")));
    run(&mut world, &format!("attach desk {}", names[1]));
    run(&mut world, &format!("attach desk {} -> LIMIT_REACHED agents_per_session", names[0]));
}

/// Nobody else could serve it, but that is found out only of so many.
#[test]
fn a_sole_agent_is_looked_for_among_so_many() {
    let mut world = World::new();
    run(&mut world, "profile people");
    run(&mut world, "profile others channels=chat");
    let lines = |profile: &str, count: usize| -> Vec<String> {
        (0..count).map(|n| format!("agent {profile}-{n:04} profile={profile} offline")).collect()
    };
    // Those who do not serve the channel cost nothing.
    let crowd = [lines("others", 300), lines("people", limits::SOLE_LOOK_MAX - 1)].concat();
    crowd.chunks(limits::COMMANDS_PER_ENTRY).for_each(|together| run(&mut world, &together.join(" ; ")));
    run(&mut world, "agent anna profile=people");
    run(&mut world, "submit call-1 ; submit call-2");
    run(&mut world, "offer call-1 anna");
    run(&mut world, "decline call-1");
    run(&mut world, "expect call-1 QUEUED excluded=anna:5s");
    run(&mut world, "agent zoe profile=people offline");
    run(&mut world, "offer call-2 anna");
    run(&mut world, "decline call-2");
    run(&mut world, "expect call-2 QUEUED excluded=anna:60s");
}

#[test]
fn a_refusal_to_delete_a_queue_looks_at_so_many() {
    let mut world = World::new();
    run(&mut world, "queue sales");
    let lines: Vec<String> = (0..limits::NAMED_LOOK_MAX).map(|n| format!("submit call-{n:04}")).collect();
    lines.chunks(limits::COMMANDS_PER_ENTRY).for_each(|together| run(&mut world, &together.join(" ; ")));
    run(&mut world, "submit zero queue=sales");
    run(&mut world, "delete queue sales -> IN_USE interactions/- 1");
    run(&mut world, "submit a-first queue=sales");
    run(&mut world, "delete queue sales -> IN_USE interactions/a-first");
}
