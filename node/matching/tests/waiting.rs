//! Who goes first, and who may not yet: order, starvation, delays, exclusions, deferrals, transfers, capacity.
mod support;

use kindred_domain::record::*;
use support::{life::MODES, *};

#[test]
fn waiting_score_is_one_scale_for_all_queues() {
    let mut floor = Floor::new();
    floor.queue("slow", Mode::LongestIdle);
    floor.queue("fast", Mode::LongestIdle);
    floor.edit_queue("slow", |queue| queue.age_weight_micros_per_s = 100_000);
    floor.edit_queue("fast", |queue| {
        queue.age_weight_micros_per_s = 100_000;
        queue.sla_urgency_micros = 4_000_000;
    });
    floor.profile("p", &[("slow", EMAIL, 1, 0, 0), ("fast", VOICE, 1, 0, 0)]);
    floor.submit("mail", "slow", EMAIL, None);
    floor.now_ms += 15_000;
    floor.submit("call", "fast", VOICE, None);
    floor.now_ms += 5_000;
    // mail: 20 s × .1 = 2.0; call: 5 s × .1 + 5/20 × 4 = 1.5.
    floor.agent("a", "p", 1, &[]);
    assert_eq!(pairs(&floor.round()), ["mail→a"]);
    floor.close("mail");
    floor.submit("mail2", "slow", EMAIL, None);
    floor.edit_interaction("mail2", |mail| mail.waiting_since_ms -= 20_000);
    floor.submit("important", "slow", EMAIL, None);
    floor.edit_interaction("important", |mail| mail.priority = 5);
    floor.edit_agent("a", |agent| agent.presence.status = PresenceStatus::Break);
    floor.round();
    floor.now_ms += 10_000;
    // important: 5 + 1; call: 1.5 + 3 = 4.5; mail2: 3.
    let front = floor.matchmaker.front(&floor.tenant, 8);
    assert_eq!(front.waiting.len(), 3);
    floor.edit_agent("a", |agent| {
        agent.presence.status = PresenceStatus::Available;
        agent.capacity = Some(one_at_a_time());
    });
    assert_eq!(pairs(&floor.round()), ["important→a"]);
    floor.close("important");
    assert_eq!(pairs(&floor.round()), ["call→a"]);
}

fn one_at_a_time() -> Capacity {
    let mut capacity = Capacity::default();
    capacity.channels.values_mut().for_each(|channel| channel.cost = 100);
    capacity
}

#[test]
fn past_the_starvation_bound_the_oldest_goes_first_whatever_the_rest_says() {
    let mut floor = three(Mode::LongestIdle);
    floor.queue("vip", Mode::LongestIdle);
    floor.edit_queue("q", |queue| queue.starvation_bound_ms = 60_000);
    floor.profile("p", &[("q", VOICE, 1, 0, 0), ("vip", VOICE, 1, 1_000, 0)]);
    for agent in ["a", "b", "c"] {
        floor.edit_agent(agent, |agent| agent.presence.status = PresenceStatus::Away);
    }
    floor.submit("old", "q", VOICE, None);
    floor.now_ms += 1_000;
    floor.submit("older-priority", "q", VOICE, None);
    floor.edit_interaction("older-priority", |i| i.priority = 100);
    floor.submit("vip", "vip", VOICE, None);
    floor.edit_interaction("vip", |i| i.priority = 1_000);
    floor.round();
    let back = |agent: &mut Agent| agent.presence.status = PresenceStatus::Available;
    floor.now_ms += 58_900;
    let mut early = floor.matchmaker.front(&floor.tenant, 8).waiting;
    early.sort();
    assert_eq!(early.len(), 3);
    floor.edit_agent("a", back);
    assert_eq!(pairs(&floor.round()), ["vip→a"]);
    floor.submit("vip2", "vip", VOICE, None);
    floor.edit_interaction("vip2", |i| i.priority = 1_000);
    floor.now_ms += 200;
    floor.edit_agent("b", back);
    assert_eq!(pairs(&floor.round()), ["old→b"]);
    floor.edit_agent("c", back);
    assert_eq!(pairs(&floor.round()), ["vip2→c"]);
}

/// The ages at which an order changes stay the same ones; what happens at them does not.
#[test]
fn a_new_starvation_bound_counts_for_those_who_wait_already() {
    let mut floor = Floor::new();
    floor.queue("q", Mode::LongestIdle);
    floor.edit_queue("q", |queue| {
        queue.sla_urgency_micros = 1_000_000;
        queue.starvation_bound_ms = 60_000;
    });
    floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
    floor.profile("late", &[("q", VOICE, 1, 0, 60_000)]);
    floor.submit("old", "q", VOICE, None);
    floor.now_ms += 1_000;
    floor.submit("important", "q", VOICE, None);
    floor.edit_interaction("important", |i| i.priority = 100);
    floor.now_ms += 30_000;
    floor.round();
    floor.edit_queue("q", |queue| queue.starvation_bound_ms = 20_000);
    floor.agent("a", "p", 1, &[]);
    assert_eq!(pairs(&floor.round()), ["old→a"]);
}

#[test]
fn a_profile_says_what_its_agents_take_first() {
    let mut floor = Floor::new();
    floor.queue("x", Mode::LongestIdle);
    floor.queue("y", Mode::LongestIdle);
    floor.profile("px", &[("x", VOICE, 1, 10, 0), ("y", VOICE, 1, 0, 0)]);
    floor.profile("py", &[("x", VOICE, 1, 0, 0), ("y", VOICE, 1, 10, 0)]);
    floor.submit("x1", "x", VOICE, None);
    floor.submit("y1", "y", VOICE, None);
    // b is idle longest, and x1 comes first, but b's profile puts y first.
    floor.agent("b", "py", 100, &[]);
    floor.agent("a", "px", 1, &[]);
    let mut offers = pairs(&floor.round());
    offers.sort();
    assert_eq!(offers, ["x1→a", "y1→b"]);
    // One alone: whoever is idle longest, whatever the profiles say.
    floor.agent("c", "py", 50, &[]);
    floor.agent("d", "px", 5, &[]);
    floor.submit("x2", "x", VOICE, None);
    assert_eq!(pairs(&floor.round()), ["x2→c"]);
}

#[test]
fn a_delayed_line_opens_by_itself() {
    let mut floor = three(Mode::LongestIdle);
    floor.profile("p", &[("q", VOICE, 1, 0, 30_000)]);
    floor.submit("1", "q", VOICE, None);
    assert_eq!(floor.round(), []);
    assert_eq!(floor.matchmaker.next_wake_ms(), Some(T0 + 30_000));
    floor.now_ms = T0 + 29_999;
    assert_eq!(floor.round(), []);
    floor.now_ms = T0 + 30_000;
    assert_eq!(pairs(&floor.round()), ["1→a"]);
    assert_eq!(floor.matchmaker.next_wake_ms(), None);
}

#[test]
fn an_exclusion_ends_by_itself() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q", VOICE, None);
    let excluded = |agent: &str| Exclusion { agent: agent.into(), until_ms: T0 + 60_000, times: 1 };
    floor.edit_interaction("1", |i| i.exclusions = ["a", "b", "c"].map(excluded).into());
    assert_eq!(floor.round(), []);
    // Others of the same class are not held back by it.
    floor.submit("2", "q", VOICE, None);
    assert_eq!(pairs(&floor.round()), ["2→a"]);
    assert_eq!(floor.matchmaker.next_wake_ms(), Some(T0 + 60_000));
    floor.now_ms = T0 + 60_000;
    assert_eq!(pairs(&floor.round()), ["1→b"]);
}

#[test]
fn deferrals_and_back_offs_end_by_themselves() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q", VOICE, None);
    let (until_ms, reason) = (T0 + 3_000, DeferReason::PreferredAgent);
    floor.edit_interaction("1", |i| i.deferred = Some(Deferred { until_ms, reason, skips: 1 }));
    assert_eq!(floor.round(), []);
    for agent in ["a", "b", "c"] {
        floor.edit_agent(agent, |agent| {
            agent.backoff_until_ms = Some(T0 + 5_000);
            agent.not_responding_until_ms = (&*agent.id == "a").then_some(T0 + 9_000);
        });
    }
    assert_eq!(floor.matchmaker.next_wake_ms(), Some(T0 + 3_000));
    floor.now_ms = T0 + 3_000;
    assert_eq!(floor.round(), []);
    assert_eq!(floor.matchmaker.next_wake_ms(), Some(T0 + 5_000));
    floor.now_ms = T0 + 5_000;
    assert_eq!(pairs(&floor.round()), ["1→b"]);
    floor.submit("2", "q", VOICE, None);
    floor.submit("3", "q", VOICE, None);
    assert_eq!(pairs(&floor.round()), ["2→c"]);
    floor.now_ms = T0 + 9_000;
    assert_eq!(pairs(&floor.round()), ["3→a"]);
}

#[test]
fn presence_decides_who_is_offered_anything() {
    let mut floor = three(Mode::LongestIdle);
    floor.edit_agent("a", |agent| agent.presence.channels = [CHAT.into()].into());
    floor.edit_agent("b", |agent| {
        let (status, reason) = (PresenceStatus::Break, String::new());
        agent.presence.next = Some(NextPresence { status, reason });
    });
    floor.edit_agent("c", |agent| agent.stream_lost_ms = Some(T0));
    floor.submit("1", "q", VOICE, None);
    floor.submit("2", "q", CHAT, None);
    assert_eq!(pairs(&floor.round()), ["2→a"]);
    floor.edit_agent("c", |agent| agent.stream_lost_ms = None);
    assert_eq!(pairs(&floor.round()), ["1→c"]);
}

#[test]
fn unconfirmed_interactions_wait() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q", VOICE, None);
    floor.edit_interaction("1", |i| i.unconfirmed_since_ms = Some(T0));
    assert_eq!(floor.round(), []);
    floor.edit_interaction("1", |i| i.unconfirmed_since_ms = None);
    assert_eq!(pairs(&floor.round()), ["1→a"]);
}

#[test]
fn a_transfer_to_an_agent_waits_for_that_agent() {
    let mut floor = three(Mode::LongestIdle);
    floor.agent("d", "p", 1, &[]);
    floor.edit_agent("d", |agent| agent.presence.status = PresenceStatus::Break);
    floor.submit("1", "q", VOICE, None);
    floor.edit_interaction("1", |i| i.target_agent = Some("d".into()));
    assert_eq!(floor.round(), []);
    floor.edit_agent("d", |agent| agent.presence.status = PresenceStatus::Available);
    assert_eq!(pairs(&floor.round()), ["1→d"]);
}

#[test]
fn capacity_counts_what_the_batch_already_plans() {
    let mut floor = Floor::new();
    floor.queue("q", Mode::LongestIdle);
    floor.profile("p", &[("q", VOICE, 1, 0, 0), ("q", CHAT, 1, 0, 0), ("q", EMAIL, 1, 0, 0)]);
    floor.agent("a", "p", 1, &[]);
    for (name, channel) in [("1", CHAT), ("2", CHAT), ("3", VOICE), ("4", EMAIL), ("5", CHAT)] {
        floor.now_ms += 1;
        floor.submit(name, "q", channel, None);
    }
    // 33 + 33 + 20; no room for the call nor a third chat.
    assert_eq!(pairs(&floor.round()), ["1→a", "2→a", "4→a"]);
}

#[test]
fn an_interaction_on_two_channels_needs_room_for_both() {
    let mut floor = Floor::new();
    floor.queue("q", Mode::LongestIdle);
    floor.profile("p", &[("q", CHAT, 1, 0, 0), ("q", EMAIL, 1, 0, 0)]);
    floor.agent("a", "p", 1, &[]);
    for name in ["1", "2", "3"] {
        floor.submit(name, "q", CHAT, None);
    }
    floor.edit_interaction("2", |i| i.added_channels = vec![EMAIL.into()]);
    floor.edit_interaction("3", |i| i.added_channels = vec![EMAIL.into()]);
    assert_eq!(pairs(&floor.round()), ["1→a", "2→a"]);
    floor.submit("4", "q", CHAT, None);
    assert_eq!(floor.round(), []);
}

#[test]
fn nobody_is_offered_from_a_closed_queue_and_everybody_once_it_opens() {
    let mut floor = three(Mode::LongestIdle);
    floor.queue("night", Mode::LongestIdle);
    floor.profile("p", &[("q", VOICE, 1, 0, 0), ("night", VOICE, 1, 0, 0)]);
    floor.set_open("q", false);
    floor.submit("call", "q", VOICE, None);
    floor.submit("named", "q", VOICE, None);
    floor.edit_interaction("named", |i| i.target_agent = Some("c".into()));
    assert_eq!(floor.round(), []);
    assert!(!floor.matchmaker.has_work());
    // Agents come and go meanwhile; those who wait elsewhere are served.
    floor.edit_agent("a", |agent| agent.presence.status = PresenceStatus::Break);
    floor.edit_agent("a", |agent| agent.presence.status = PresenceStatus::Available);
    floor.submit("night-call", "night", VOICE, None);
    assert_eq!(pairs(&floor.round()), ["night-call→a"]);
    floor.set_open("q", true);
    assert_eq!(pairs(&floor.round()), ["call→b", "named→c"]);
    // Hours that end take nothing back.
    floor.set_open("q", false);
    assert_eq!(floor.round(), []);
}

#[test]
fn a_profile_with_priorities_prefers_nothing_of_a_closed_queue() {
    let mut floor = Floor::new();
    floor.queue("vip", Mode::LongestIdle);
    floor.queue("q", Mode::LongestIdle);
    floor.profile("p", &[("vip", VOICE, 1, 50, 0), ("q", VOICE, 1, 0, 0)]);
    floor.set_open("vip", false);
    floor.submit("vip", "vip", VOICE, None);
    floor.submit("named", "vip", VOICE, None);
    floor.edit_interaction("named", |i| i.target_agent = Some("a".into()));
    floor.submit("call", "q", VOICE, None);
    floor.agent("a", "p", 1, &[]);
    assert_eq!(pairs(&floor.round()), ["call→a"]);
}

/// Whatever the mode: nothing of a closed queue is planned, counted or drawn, and all of it is found once it opens.
#[test]
fn no_mode_chooses_for_a_closed_queue() {
    for mode in MODES {
        let mut floor = three(mode);
        floor.edit_agent("a", |agent| agent.team = Some("red".into()));
        floor.edit_agent("b", |agent| agent.team = Some("blue".into()));
        floor.submit("1", "q", VOICE, None);
        let before = floor.round();
        let split = floor.queues["q"].split.clone();
        assert_eq!(split.is_some(), mode == Mode::PercentSplit);
        floor.close("1");
        floor.set_open("q", false);
        floor.submit("2", "q", VOICE, None);
        floor.submit("named", "q", VOICE, None);
        floor.edit_interaction("named", |i| i.target_agent = Some("c".into()));
        floor.agent("d", "p", 5, &[]);
        assert_eq!(floor.round(), [], "{mode:?}");
        assert!(!floor.matchmaker.has_work(), "{mode:?}");
        assert_eq!(floor.queues["q"].split, split);
        // A policy that changes meanwhile opens nothing.
        let revision = floor.policies["q"].revisions.last().unwrap().revision;
        floor.policy("q", mode);
        assert_eq!(floor.round(), [], "{mode:?}");
        floor.set_open("q", true);
        let offers = floor.round();
        assert!(offers.iter().all(|plan| plan.policy_revision == revision + 1), "{mode:?}: {offers:?}");
        let rings = floor.ring_max(&floor.interactions["2"]).min(4);
        let (of, named): (Vec<_>, Vec<_>) = offers.iter().partition(|plan| &*plan.interaction == "2");
        assert_eq!((of.len(), before.len()), (rings, rings.min(3)), "{mode:?}: {offers:?}");
        // Who was named has theirs, unless they have the other's already.
        assert_eq!(named.len(), usize::from(of.iter().all(|plan| &*plan.agent != "c")), "{mode:?}: {offers:?}");
        assert_eq!(floor.unmatched(), [], "{mode:?}");
    }
}
