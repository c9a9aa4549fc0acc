//! The answer is tested by its consequence: what is named first is taken away, and then the next is named, or the pair is
//! lawful. It always agrees with what apply would say.
use super::*;
use crate::{
    fixture::Fixture,
    selector::{Comparison, MICROS, Operand, Selector, Value},
};
use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    sync::Arc,
    vec,
};

/// A small generator: the same walk on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Interaction `i3` waits, agent `b` has the offer of `i2`; then chance meddles with both.
fn meddled(chance: &mut Chance) -> Fixture {
    let mut fixture = Fixture::new();
    let now_ms = fixture.now_ms;
    let soon_ms = |chance: &mut Chance| Some(now_ms + chance.below(20_000)).filter(|_| chance.one_in(4));
    let i = fixture.interaction("i3");
    if chance.one_in(6) {
        // What is held out already, to one or to several (RING_ALL), is nobody else's.
        i.state = [InteractionState::Dormant, InteractionState::Offered][chance.below(2) as usize];
    }
    i.unconfirmed_since_ms = soon_ms(chance);
    i.exclusions = (0..chance.below(3))
        .map(|_| Exclusion { agent: "b".into(), until_ms: now_ms + chance.below(9_000), times: 1 })
        .collect();
    i.target_agent = [None, Some("a".into()), Some("b".into())][chance.below(3) as usize].clone();
    i.channel = ["chat", "voice", "fax"][chance.below(3) as usize].into();
    i.added_channels = ["chat", "email"].into_iter().take(chance.below(3) as usize).map(Into::into).collect();
    let (operand, comparison) = (Operand::Skill("spanish".into()), Comparison::Ge);
    let wanted = Selector::Compare { operand, comparison, value: Value::Micros(50 * MICROS) };
    i.required = chance.one_in(2).then_some(wanted);
    if chance.one_in(3) {
        let hours = [(false, None), (false, Some(now_ms + 60_000)), (true, Some(now_ms)), (true, None)];
        let (open, changes_ms) = hours[chance.below(4) as usize];
        follow(&mut fixture, QueueHours { open, changes_ms });
    }
    if chance.one_in(4) {
        queue(&mut fixture).paused = Some(ruling());
    }
    let a = fixture.agent("b");
    let word = [PresenceStatus::Available, PresenceStatus::Available, PresenceStatus::Break, PresenceStatus::Offline];
    a.presence.status = word[chance.below(4) as usize];
    a.presence.forced = chance.one_in(3).then(ruling);
    a.draining = chance.one_in(4).then(ruling);
    a.presence.next = chance.one_in(5).then(|| NextPresence { status: PresenceStatus::Away, reason: "".into() });
    a.presence.channels = chance.one_in(3).then(|| "email".into()).into_iter().collect();
    a.stream_lost_ms = soon_ms(chance);
    a.backoff_until_ms = soon_ms(chance);
    a.not_responding_until_ms = soon_ms(chance);
    a.skills.insert("spanish".into(), chance.below(100) as u8);
    for n in 0..chance.below(70) {
        let channel: Channel = ["chat", "voice", "email"][chance.below(3) as usize].into();
        let (units, dormant) = (chance.below(40) as u32, chance.one_in(2));
        let interaction = "other".into();
        a.work.insert(Work {
            interaction,
            id: Uid(900 + u128::from(n)),
            channel,
            units,
            offered: false,
            wrap_up: false,
            dormant,
        });
    }
    let profile = Arc::make_mut(fixture.tenant().profiles.get_mut("all").expect("the profile"));
    for line in &mut profile.entries {
        line.delay_ms = chance.below(2) * 600_000;
    }
    if chance.one_in(3) {
        profile.entries.retain(|line| &*line.queue != "q");
    }
    fixture
}

fn queue(fixture: &mut Fixture) -> &mut Queue {
    Arc::make_mut(fixture.tenant().queues.get_mut("q").expect("the queue"))
}

/// A supervisor's.
fn ruling() -> Intervention {
    Mandate { supervisor: "sue".into(), reason: "drill".into() }.since(1)
}

/// The queue stands so in its hours.
fn follow(fixture: &mut Fixture, hours: QueueHours) {
    let queue = queue(fixture);
    (queue.schedule, queue.hours) = (Some("office".into()), Some(hours));
}

/// What somebody would do about it.
fn take_away(obstacle: &Obstacle, fixture: &mut Fixture) {
    match obstacle {
        Obstacle::NotWaiting(_) => fixture.interaction("i3").state = InteractionState::Queued,
        Obstacle::Unconfirmed { .. } => fixture.interaction("i3").unconfirmed_since_ms = None,
        Obstacle::QueueClosed { schedule, .. } => {
            assert_eq!(&**schedule, "office", "the hours are named that somebody would change");
            follow(fixture, QueueHours { open: true, changes_ms: None });
        }
        Obstacle::QueuePaused(by) => {
            assert_eq!(*by, ruling(), "whose word it is, and why");
            queue(fixture).paused = None;
        }
        Obstacle::PresenceForced { word: by, .. } => {
            assert_eq!(*by, ruling(), "whose word it is, and why");
            let presence = &mut fixture.agent("b").presence;
            (presence.status, presence.forced) = (PresenceStatus::Available, None);
        }
        Obstacle::AgentDraining(by) => {
            assert_eq!(*by, ruling(), "whose word it is, and why");
            fixture.agent("b").draining = None;
        }
        Obstacle::Presence(_) => fixture.agent("b").presence.status = PresenceStatus::Available,
        Obstacle::Leaving(_) => fixture.agent("b").presence.next = None,
        Obstacle::OtherChannels => fixture.agent("b").presence.channels = BTreeSet::new(),
        Obstacle::StreamLost { .. } => fixture.agent("b").stream_lost_ms = None,
        // These end by themselves, so time may take them away and others with them.
        Obstacle::BackedOff { until_ms }
        | Obstacle::NotResponding { until_ms }
        | Obstacle::Excluded { until_ms }
        | Obstacle::TooYoung { from_ms: until_ms } => fixture.now_ms = *until_ms,
        Obstacle::NotServed => serve(fixture),
        Obstacle::Named(_) => fixture.interaction("i3").target_agent = None,
        Obstacle::NotQualified => drop(fixture.agent("b").skills.insert("spanish".into(), 50)),
        Obstacle::ChannelNotServed(channel) => {
            let rules = ChannelCapacity { max: 1, cost: 1 };
            change_capacity(fixture, |capacity| {
                capacity.channels.insert(channel.clone(), rules);
            });
        }
        Obstacle::ChannelFull { channel, max } => change_capacity(fixture, |capacity| {
            capacity.channels.get_mut(channel).expect("named as served").max = max + 1;
        }),
        Obstacle::UnitsFull { cost, taken, .. } => change_capacity(fixture, |capacity| capacity.total = cost + taken),
        Obstacle::TooMuchWork { .. } => {
            fixture.agent("b").work.pop_last();
        }
    }
}

fn serve(fixture: &mut Fixture) {
    let i = fixture.interaction("i3").clone();
    let profile = Arc::make_mut(fixture.tenant().profiles.get_mut("all").expect("the profile"));
    profile.entries.push(ProfileEntry { queue: i.queue, channel: i.channel, tier: 1, priority: 0, delay_ms: 0 });
    profile.entries.sort();
}

fn change_capacity(fixture: &mut Fixture, change: impl FnOnce(&mut Capacity)) {
    let profile = Arc::make_mut(fixture.tenant().profiles.get_mut("all").expect("the profile"));
    change(&mut profile.capacity);
}

fn asked(fixture: &mut Fixture) -> Vec<Obstacle> {
    let now_ms = fixture.now_ms;
    let (interaction, agent) = (fixture.interaction("i3").clone(), fixture.agent("b").clone());
    let tenant = fixture.tenant();
    let found = obstacles(tenant, &interaction, &agent, now_ms);
    let said = lawful::lawful(tenant, &interaction, &agent, now_ms).err();
    assert_eq!(said, found.first().map(Obstacle::dropped), "apply says the same: {found:?}");
    found
}

fn kind(obstacle: &Obstacle) -> String {
    format!("{obstacle:?}").split([' ', '(']).next().unwrap_or_default().to_string()
}

#[test]
fn without_what_is_named_first_the_next_is_named_until_the_pair_is_lawful() {
    let mut chance = Chance(7);
    let mut met = BTreeSet::new();
    for _ in 0..3_000 {
        let mut fixture = meddled(&mut chance);
        let mut before = asked(&mut fixture);
        for _ in 0..200 {
            let Some(first) = before.first().cloned() else { break };
            met.insert(kind(&first));
            take_away(&first, &mut fixture);
            let after = asked(&mut fixture);
            let still = after.contains(&first) && !matches!(first, Obstacle::TooMuchWork { .. });
            assert!(!still, "{first:?} is still there: {after:?}");
            before = after;
        }
        assert_eq!(before, vec![], "all that was named was taken away");
    }
    assert_eq!(met.len(), 21, "every kind of obstacle was met");
}
