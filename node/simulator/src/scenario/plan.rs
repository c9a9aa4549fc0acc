//! A scenario's center: the commands that configure it, and its people with their hours.
use super::{
    check,
    file::*,
    file_modes::{Mode, Share},
    file_people::*,
    selectors::{Condition, micros},
};
use crate::{
    center::{Duty, EPOCH_MS, Person, Plan, QueuePlan, Turn},
    demand::Habits,
};
use kindred_domain::{
    Body,
    command::{AgentSpec, CreatePolicy, CreateProfile, CreateTeam, PolicySpec, QueueSpec},
    ids::*,
    limits, record,
};
use std::collections::{BTreeMap, BTreeSet};

/// After-work that has no limit of its own ends by itself after this.
const WRAP_UP_MS: u64 = 24 * 3600 * 1000;

/// Makes the center of a checked scenario.
pub fn plan(scenario: &Scenario) -> Plan {
    let day = &scenario.day;
    Plan {
        begins_ms: EPOCH_MS,
        restored: None,
        teams: scenario.groups.iter().map(team).collect(),
        policies: scenario.queues.iter().map(policy).collect(),
        queues: scenario.queues.iter().map(|queue| queue_plan(scenario, queue)).collect(),
        profiles: scenario.groups.iter().map(profile).collect(),
        people: scenario.groups.iter().flat_map(|group| people(day, group)).collect(),
        ends_ms: ms(day.duration_s),
        closes_ms: ms(day.duration_s + day.closes_after_s),
        changes: Vec::new(),
    }
}

/// Agents of a group, whenever they are there.
pub(super) fn headcount(group: &Group, periods: usize) -> u32 {
    let by_period = group.agents.as_ref();
    let most = by_period.map(|agents| (0..periods).filter_map(|at| agents.at(at)).copied().max().unwrap_or(0));
    let shifts = group.shifts.iter().flatten().map(|shift| shift.agents);
    most.unwrap_or_else(|| shifts.fold(0, u32::saturating_add))
}

/// Seconds as whole milliseconds.
pub(super) fn ms(seconds: f64) -> u64 {
    (seconds * 1_000.0).round() as u64
}

fn policy(queue: &Queue) -> Body {
    CreatePolicy {
        id: PolicyId::new(&queue.name),
        display_name: String::new(),
        spec: PolicySpec {
            mode: queue.mode.of_the_domain(),
            skill_weight: queue.skill_weight_percent,
            channel_weight: queue.channel_weight_percent,
            preferred_weight: queue.preferred_weight_percent,
            groups: queue.shares.iter().enumerate().map(share).collect(),
            ring_max: match queue.mode {
                Mode::RingAll => queue.ring_max.unwrap_or(limits::RING_DEFAULT),
                _ => 0,
            },
        },
        validate_only: false,
    }
    .into()
}

fn share((at, share): (usize, &Share)) -> record::Group {
    record::Group {
        name: format!("share-{}", at + 1),
        team: share.group.as_deref().map(TeamId::new),
        selector: share.agents.as_ref().map(Condition::selector),
        percent: share.percent,
    }
}

fn team(group: &Group) -> Body {
    CreateTeam { id: TeamId::new(&group.name), display_name: String::new() }.into()
}

fn queue_plan(scenario: &Scenario, queue: &Queue) -> QueuePlan {
    let theirs = scenario.types.iter().filter(|kind| kind.queue == queue.name);
    let used = theirs.map(|kind| kind.channel.as_str());
    let channels: BTreeSet<&str> = used.chain(queue.channels.keys().map(String::as_str)).collect();
    let rules = |channel: &&str| (Channel::new(channel), channel_rules(scenario, queue, channel));
    let spec = QueueSpec {
        display_name: queue.name.clone(),
        policy: PolicyId::new(&queue.name),
        priority: queue.priority,
        age_weight_micros_per_s: micros(queue.age_weight_per_s).unsigned_abs(),
        service_level_ms: ms(queue.service_level_s),
        sla_urgency_micros: micros(queue.urgency).unsigned_abs(),
        starvation_bound_ms: ms(queue.starvation_bound_s),
        max_wait_ms: ms(queue.max_wait_s),
        channels: channels.iter().map(rules).collect(),
        schedule: None,
        refuse_when_closed: false,
    };
    QueuePlan {
        id: QueueId::new(&queue.name),
        spec: Some(spec),
        waiting_places: queue.waiting_places.map(|places| places as usize),
    }
}

/// What the scenario does not say follows its types: no after-work where none has any, and as long as it takes otherwise.
fn channel_rules(scenario: &Scenario, queue: &Queue, channel: &str) -> record::ChannelRules {
    let written = queue.channels.get(channel).cloned().unwrap_or_default();
    let here = |kind: &&Type| kind.queue == queue.name && kind.channel == channel;
    let wraps_up = scenario.types.iter().filter(here).any(|kind| kind.wrap_up.is_some());
    let defaults = record::ChannelRules::defaults(channel);
    record::ChannelRules {
        answer_mode: match written.answer_mode {
            AnswerMode::Auto => record::AnswerMode::Auto,
            AnswerMode::AgentAccepts => record::AnswerMode::AgentAccepts,
            AnswerMode::RingIsOffer => record::AnswerMode::RingIsOffer,
        },
        offer_timeout_ms: written.offer_timeout_s.map_or(defaults.offer_timeout_ms, ms),
        connect_timeout_ms: written.connect_timeout_s.map_or(defaults.connect_timeout_ms, ms),
        wrap_up_timeout_ms: written.wrap_up_timeout_s.map_or(if wraps_up { WRAP_UP_MS } else { 0 }, ms),
        assigned_max_ms: 0,
        ..defaults
    }
}

fn profile(group: &Group) -> Body {
    let entry = |line: &Line| record::ProfileEntry {
        queue: QueueId::new(&line.queue),
        channel: Channel::new(&line.channel),
        tier: line.tier,
        priority: line.priority,
        delay_ms: ms(line.delay_s),
    };
    let capacity = group.capacity.as_ref().map_or_else(record::Capacity::default, |capacity| record::Capacity {
        total: capacity.total,
        channels: capacity
            .channels
            .iter()
            .map(|(name, c)| (Channel::new(name), record::ChannelCapacity { max: c.max, cost: c.cost }))
            .collect(),
        may_interrupt: BTreeSet::new(),
    });
    CreateProfile {
        id: ProfileId::new(&group.name),
        display_name: String::new(),
        entries: group.serves.iter().map(entry).collect(),
        capacity,
    }
    .into()
}

fn people(day: &Day, group: &Group) -> Vec<Person> {
    let hours = hours(day, group);
    let person = |(at, mut turns): (usize, Vec<Turn>)| {
        for pause in &group.breaks {
            let at_ms = ms(pause.at_s + pause.stagger_s * at as f64);
            turns.push(Turn { at_ms, duty: Duty::Breaks { for_ms: ms(pause.for_s) } });
        }
        // Stable: who comes at the same moment is there before the break.
        turns.sort_by_key(|turn| turn.at_ms);
        Person {
            id: AgentId::from(format!("{}-{:03}", group.name, at + 1)),
            spec: Some(agent(group)),
            turns,
            habits: Habits { declines: group.declines, silent: group.silent, answer_mean_s: group.answer_mean_s },
            pace: group.pace,
        }
    };
    hours.into_iter().enumerate().map(person).collect()
}

/// Comings and goings of each agent of a group.
fn hours(day: &Day, group: &Group) -> Vec<Vec<Turn>> {
    let comes = |at_s: f64| Turn { at_ms: ms(at_s), duty: Duty::Comes };
    let goes = |at_s: f64| Turn { at_ms: ms(at_s), duty: Duty::Goes };
    if let Some(shifts) = &group.shifts {
        let shift = |shift: &Shift| {
            let mut turns = vec![comes(shift.from_s)];
            // An end beyond all time is none.
            turns.extend(shift.to_s.is_finite().then(|| goes(shift.to_s)));
            vec![turns; shift.agents as usize]
        };
        return shifts.iter().flat_map(shift).collect();
    }
    let periods = check::periods(day);
    let period_s = day.period_s.unwrap_or(day.duration_s);
    let count = |period: usize| group.agents.as_ref().and_then(|agents| agents.at(period)).copied().unwrap_or(0);
    let turns = |number: u32| {
        let mut turns = Vec::new();
        let mut there = false;
        for period in 0..periods {
            let at_s = period as f64 * period_s;
            if there != (count(period) > number) {
                there = !there;
                turns.push(if there { comes(at_s) } else { goes(at_s) });
            }
        }
        turns
    };
    (0..headcount(group, periods)).map(turns).collect()
}

fn agent(group: &Group) -> AgentSpec {
    AgentSpec {
        kind: record::AgentKind::Human,
        display_name: String::new(),
        team: Some(TeamId::new(&group.name)),
        profile: ProfileId::new(&group.name),
        skills: group.skills.iter().map(|(name, level)| (Skill::new(name), *level)).collect(),
        channel_proficiency: group
            .channel_proficiency
            .iter()
            .map(|(name, level)| (Channel::new(name), *level))
            .collect(),
        labels: group.labels.iter().map(|(key, value)| (LabelKey::new(key), value.value())).collect::<BTreeMap<_, _>>(),
        capacity: None,
        endpoint: String::new(),
    }
}
