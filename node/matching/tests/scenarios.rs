//! The router's rules that the Matchmaker decides, one by one.
mod support;

use kindred_domain::{ids::*, limits::OFFERS_PER_BATCH, record::*, reply::Dropped};
use kindred_matching::{Ask, Bid, Bidder, Ended, NoBidder};
use support::*;

/// Agents a (idle longest), b, c of profile p, serving queue q on all channels.
fn three(mode: Mode) -> Floor {
    let mut floor = Floor::new();
    floor.queue("q", mode);
    floor.profile(
        "p",
        &[
            ("q", VOICE, 1, 0, 0),
            ("q", CHAT, 1, 0, 0),
            ("q", EMAIL, 1, 0, 0),
        ],
    );
    for (agent, idle_s) in [("c", 10), ("a", 30), ("b", 20)] {
        floor.agent(agent, "p", idle_s, &[]);
    }
    floor
}

#[test]
fn longest_idle_goes_first() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q", VOICE, None);
    floor.submit("2", "q", VOICE, None);
    assert_eq!(pairs(&floor.round()), ["1→a", "2→b"]);
    floor.submit("3", "q", VOICE, None);
    floor.submit("4", "q", VOICE, None);
    assert_eq!(pairs(&floor.round()), ["3→c"]);
    floor.close("1");
    assert_eq!(pairs(&floor.round()), ["4→a"]);
}

#[test]
fn without_work_goes_before_room_left() {
    let mut floor = three(Mode::LongestIdle);
    for chat in ["1", "2", "3", "4"] {
        floor.submit(chat, "q", CHAT, None);
    }
    assert_eq!(pairs(&floor.round()), ["1→a", "2→b", "3→c", "4→a"]);
}

#[test]
fn least_loaded_counts_units() {
    let mut floor = three(Mode::LeastLoaded);
    floor.submit("1", "q", CHAT, None);
    floor.submit("2", "q", EMAIL, None);
    assert_eq!(pairs(&floor.round()), ["1→a", "2→b"]);
    floor.submit("3", "q", EMAIL, None);
    floor.submit("4", "q", EMAIL, None);
    // c has nothing, then b and c have 20 units each, a has 33; of equals, who was offered longest ago.
    assert_eq!(pairs(&floor.round()), ["3→c", "4→b"]);
}

#[test]
fn round_robin_goes_by_the_last_offer() {
    let mut floor = three(Mode::RoundRobin);
    for (name, agent) in [("1", "a"), ("2", "b"), ("3", "c"), ("4", "a"), ("5", "b")] {
        floor.submit(name, "q", VOICE, None);
        assert_eq!(pairs(&floor.round()), [format!("{name}→{agent}")]);
        floor.close(name);
    }
}

#[test]
fn tiers_spill_only_when_empty() {
    let mut floor = three(Mode::Tiered);
    floor.profile("second", &[("q", VOICE, 2, 0, 0)]);
    floor.agent("old", "second", 1_000, &[]);
    for name in ["1", "2", "3", "4"] {
        floor.submit(name, "q", VOICE, None);
    }
    assert_eq!(pairs(&floor.round()), ["1→a", "2→b", "3→c", "4→old"]);
}

#[test]
fn best_match_weighs_skills_channel_and_preference() {
    let mut floor = Floor::new();
    floor.queue("q", Mode::BestMatch);
    floor.profile("p", &[("q", VOICE, 1, 0, 0), ("q", CHAT, 1, 0, 0)]);
    floor.agent("expert", "p", 1, &[("loans", 90)]);
    floor.agent("novice", "p", 9, &[("loans", 20)]);
    floor.submit("1", "q", VOICE, needs("loans", 10));
    let offers = floor.round();
    assert_eq!(pairs(&offers), ["1→expert"]);
    assert_eq!(
        (offers[0].score_micros, offers[0].policy_revision),
        (800_000, 1)
    );
    floor.close("1");
    // Two agents alike but for channel: swapping the channel swaps the agent.
    for (agent, voice, chat) in [("talker", 90, 10), ("writer", 10, 90)] {
        floor.agent(agent, "p", 5, &[("loans", 100)]);
        floor.edit_agent(agent, |agent| {
            agent.channel_proficiency = [(VOICE.into(), voice), (CHAT.into(), chat)].into();
        });
    }
    floor.submit("2", "q", VOICE, needs("loans", 95));
    floor.submit("3", "q", CHAT, needs("loans", 95));
    assert_eq!(pairs(&floor.round()), ["2→talker", "3→writer"]);
}

#[test]
fn equal_grades_go_to_the_longest_idle() {
    let mut floor = three(Mode::BestMatch);
    floor.put_policy("q", Mode::BestMatch, (0, 0, 0));
    for name in ["1", "2", "3"] {
        floor.submit(name, "q", VOICE, None);
    }
    let offers = floor.round();
    assert_eq!(pairs(&offers), ["1→a", "2→b", "3→c"]);
    assert_eq!(offers[0].policy_revision, 2);
}

#[test]
fn equal_agents_are_not_taken_in_name_order() {
    let mut floor = Floor::new();
    floor.queue("q", Mode::LongestIdle);
    floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
    let names: Vec<String> = (0..20).map(|n| format!("agent{n:02}")).collect();
    names.iter().for_each(|name| floor.agent(name, "p", 5, &[]));
    (0..20).for_each(|n| floor.submit(&format!("i{n:02}"), "q", VOICE, None));
    let offers = floor.round();
    let order: Vec<&str> = offers.iter().map(|plan| plan.agent.as_str()).collect();
    assert_ne!(order, names, "ties must not go by name");
    assert_eq!(order.len(), 20);
}

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
    capacity
        .channels
        .values_mut()
        .for_each(|channel| channel.cost = 100);
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
    let excluded = |agent: &str| Exclusion {
        agent: agent.into(),
        until_ms: T0 + 60_000,
        times: 1,
    };
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
    floor.edit_interaction("1", |i| {
        i.deferred = Some(Deferred {
            until_ms,
            reason,
            skips: 1,
        })
    });
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
    floor.edit_agent("d", |agent| {
        agent.presence.status = PresenceStatus::Available
    });
    assert_eq!(pairs(&floor.round()), ["1→d"]);
}

#[test]
fn capacity_counts_what_the_batch_already_plans() {
    let mut floor = Floor::new();
    floor.queue("q", Mode::LongestIdle);
    floor.profile(
        "p",
        &[
            ("q", VOICE, 1, 0, 0),
            ("q", CHAT, 1, 0, 0),
            ("q", EMAIL, 1, 0, 0),
        ],
    );
    floor.agent("a", "p", 1, &[]);
    for (name, channel) in [
        ("1", CHAT),
        ("2", CHAT),
        ("3", VOICE),
        ("4", EMAIL),
        ("5", CHAT),
    ] {
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
fn a_batch_is_bounded_and_the_next_goes_on() {
    let mut floor = Floor::new();
    floor.queue("q", Mode::LongestIdle);
    floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
    for n in 0..600 {
        floor.agent(&format!("a{n}"), "p", n, &[]);
        floor.submit(&format!("i{n}"), "q", VOICE, None);
    }
    assert_eq!(floor.round().len(), OFFERS_PER_BATCH);
    assert!(floor.matchmaker.has_work());
    assert_eq!(floor.round().len(), OFFERS_PER_BATCH);
    assert_eq!(floor.round().len(), 600 - 2 * OFFERS_PER_BATCH);
    assert!(!floor.matchmaker.has_work());
    assert_eq!(floor.round(), []);
}

#[test]
fn nothing_is_planned_twice_while_a_batch_is_in_flight() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q", VOICE, None);
    let batch = floor
        .matchmaker
        .next_batch(T0, 1, &mut NoBidder)
        .expect("a batch");
    floor.submit("2", "q", VOICE, None);
    assert!(floor.matchmaker.is_in_flight());
    assert_eq!(floor.matchmaker.next_batch(T0, 2, &mut NoBidder), None);
    assert_eq!(pairs(&floor.apply(batch)), ["1→a"]);
    assert_eq!(pairs(&floor.round()), ["2→b"]);
}

#[test]
fn a_lost_batch_is_planned_again_under_new_offer_ids() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q", VOICE, None);
    let lost = floor
        .matchmaker
        .next_batch(T0, 1, &mut NoBidder)
        .expect("a batch");
    floor.matchmaker.batch_done(Ended::Lost);
    let again = floor
        .matchmaker
        .next_batch(T0, 2, &mut NoBidder)
        .expect("a batch");
    let (lost, again) = (
        &lost.offers[&floor.tenant].offers[0],
        &again.offers[&floor.tenant].offers[0],
    );
    assert_eq!(
        (&lost.interaction, &lost.agent),
        (&again.interaction, &again.agent)
    );
    assert_ne!(lost.offer, again.offer);
}

#[test]
fn what_apply_drops_without_a_reason_we_know_is_held_back_for_a_moment() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q", VOICE, None);
    floor
        .matchmaker
        .next_batch(T0, 1, &mut NoBidder)
        .expect("a batch");
    let dropped = vec![(floor.tenant.clone(), "1".into(), Dropped::AgentNotAvailable)];
    floor.matchmaker.batch_done(Ended::Applied(dropped));
    // Not that agent again at once.
    assert_eq!(pairs(&floor.round()), ["1→b"]);
    floor.submit("2", "q", VOICE, None);
    floor.submit("3", "q", VOICE, None);
    assert_eq!(pairs(&floor.round()), ["2→c"]);
    let wake_ms = floor.matchmaker.next_wake_ms().expect("the hold ends");
    floor.now_ms = wake_ms;
    assert_eq!(pairs(&floor.round()), ["3→a"]);
    assert_eq!(floor.matchmaker.tally().dropped, 1);
}

#[test]
fn tenants_share_a_batch() {
    let mut floor = Floor::of("big");
    let mut small = Floor::of("small");
    for (floor, agents) in [(&mut floor, 600), (&mut small, 3)] {
        floor.queue("q", Mode::LongestIdle);
        floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
        for n in 0..agents {
            floor.agent(&format!("a{n}"), "p", n, &[]);
            floor.submit(&format!("i{n}"), "q", VOICE, None);
        }
    }
    small
        .records()
        .into_iter()
        .for_each(|record| floor.matchmaker.apply_record(record));
    let batch = floor
        .matchmaker
        .next_batch(T0, 1, &mut NoBidder)
        .expect("a batch");
    assert_eq!(batch.offers[&small.tenant].offers.len(), 3);
    assert_eq!(
        batch.offers[&floor.tenant].offers.len(),
        OFFERS_PER_BATCH - 3
    );
    floor
        .matchmaker
        .remove_record(&RecordKey::Tenant(small.tenant.clone()));
    assert_eq!(floor.matchmaker.tenants().count(), 1);
}

struct Actor {
    asked: Vec<(String, Vec<String>)>,
    answer: fn(&Ask<'_>) -> Option<Bid>,
}

impl Bidder for Actor {
    fn bid(&mut self, ask: &Ask<'_>) -> Option<Bid> {
        let names = ask
            .candidates
            .iter()
            .map(|agent| agent.id.to_string())
            .collect();
        self.asked.push((ask.interaction.id.to_string(), names));
        (self.answer)(ask)
    }
}

fn asks(answer: fn(&Ask<'_>) -> Option<Bid>) -> (Vec<String>, i64, Actor, Floor) {
    let mut floor = three(Mode::BestMatch);
    let mut actor = Actor {
        asked: vec![],
        answer,
    };
    floor.submit("1", "q", VOICE, None);
    let offers = floor.round_with(&mut actor);
    (pairs(&offers), offers[0].score_micros, actor, floor)
}

#[test]
fn the_highest_bid_is_chosen() {
    let answer = |ask: &Ask<'_>| {
        let scores = ask
            .candidates
            .iter()
            .map(|a| if &*a.id == "b" { 9 } else { 4 })
            .collect();
        Some(Bid {
            scores,
            reasons: vec![],
        })
    };
    let (offers, score, actor, floor) = asks(answer);
    assert_eq!((offers, score), (vec!["1→b".to_string()], 9));
    assert_eq!(
        actor.asked,
        [("1".into(), vec!["a".into(), "b".into(), "c".into()])]
    );
    assert_eq!(floor.matchmaker.tally().bids, 1);
}

#[test]
fn equal_bids_go_to_the_longest_idle() {
    let answer = |ask: &Ask<'_>| {
        Some(Bid {
            scores: vec![7; ask.candidates.len()],
            reasons: vec![],
        })
    };
    assert_eq!(asks(answer).0, ["1→a"]);
}

#[test]
fn silence_and_nonsense_fall_back_to_grades() {
    let (offers, score, _, floor) = asks(|_| None);
    assert_eq!((offers, score), (vec!["1→a".to_string()], 500_000));
    assert_eq!(floor.matchmaker.tally().silent, 1);
    let (offers, _, _, floor) = asks(|_| {
        Some(Bid {
            scores: vec![1],
            reasons: vec![],
        })
    });
    assert_eq!(offers, ["1→a"]);
    assert_eq!(floor.matchmaker.tally().unfit, 1);
}

#[test]
fn a_sole_candidate_needs_no_bid() {
    let mut floor = three(Mode::BestMatch);
    floor.edit_agent("a", |agent| agent.presence.status = PresenceStatus::Away);
    floor.edit_agent("b", |agent| agent.presence.status = PresenceStatus::Away);
    floor.submit("1", "q", VOICE, None);
    let mut actor = Actor {
        asked: vec![],
        answer: |_| None,
    };
    assert_eq!(pairs(&floor.round_with(&mut actor)), ["1→c"]);
    assert!(actor.asked.is_empty());
}

#[test]
fn the_front_is_offered_and_the_first_of_each_queue() {
    let mut floor = three(Mode::LongestIdle);
    floor.queue("other", Mode::LongestIdle);
    for n in 0..9 {
        floor.now_ms += 1_000;
        floor.submit(&format!("i{n}"), "q", VOICE, None);
        floor.submit(&format!("o{n}"), "other", VOICE, None);
    }
    assert_eq!(pairs(&floor.round()), ["i0→a", "i1→b", "i2→c"]);
    let front = floor.matchmaker.front(&floor.tenant, 2);
    let names = |ids: &[InteractionId]| ids.iter().map(|id| id.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&front.offered), ["i0", "i1", "i2"]);
    assert_eq!(names(&front.waiting), ["i3", "o0", "i4", "o1"]);
}

#[test]
fn changed_configuration_is_looked_at_anew() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q2", VOICE, None);
    assert_eq!(floor.round(), []);
    floor.queue("q2", Mode::LongestIdle);
    assert_eq!(floor.round(), []);
    floor.profile("p", &[("q2", VOICE, 1, 0, 0)]);
    assert_eq!(pairs(&floor.round()), ["1→a"]);
    floor.submit("2", "q", VOICE, None);
    assert_eq!(floor.round(), []);
    floor.profile("p", &[("q", VOICE, 1, 0, 0), ("q2", VOICE, 1, 0, 0)]);
    assert_eq!(pairs(&floor.round()), ["2→b"]);
}

#[test]
fn an_agent_who_learns_is_found() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q", VOICE, needs("loans", 50));
    assert_eq!(floor.round(), []);
    floor.edit_agent("c", |agent| {
        agent.skills.insert("loans".into(), 60);
    });
    assert_eq!(pairs(&floor.round()), ["1→c"]);
    floor.submit("2", "q", VOICE, needs("loans", 70));
    assert_eq!(floor.round(), []);
    floor.edit_interaction("2", |i| i.required = None);
    assert_eq!(pairs(&floor.round()), ["2→a"]);
}

#[test]
fn a_transfer_into_a_queue_not_known_yet_is_found_once_it_is() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "new", VOICE, None);
    floor.edit_interaction("1", |i| i.target_agent = Some("b".into()));
    assert_eq!(floor.round(), []);
    assert!(!floor.matchmaker.has_work());
    floor.queue("new", Mode::LongestIdle);
    assert_eq!(pairs(&floor.round()), ["1→b"]);
}
