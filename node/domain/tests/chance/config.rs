//! Configuration by chance: how queues choose, and when they are open.
use super::{
    Chance,
    opening::{END_MS, expansion},
};
use kindred_domain::{Body, State, command::*, record::*, selector::*};

/// Mostly one that may stand; "p" is used where a channel answers AUTO, so that RING_ALL is refused there.
pub fn spec(chance: &mut Chance) -> PolicySpec {
    let mode = *chance.of(&[Mode::Tiered, Mode::Random, Mode::FewestHandled, Mode::PercentSplit, Mode::RingAll]);
    let at_least = |level: i64| Selector::Compare {
        operand: Operand::Skill("x".into()),
        comparison: Comparison::Ge,
        value: Value::Micros(level * MICROS),
    };
    let group =
        |name: &str, level, percent| Group { name: name.into(), team: None, selector: at_least(level).into(), percent };
    let groups = match mode {
        Mode::PercentSplit => vec![group("good", 40, 70), group("rest", 20, 20 + chance.below(2) as u32 * 10)],
        _ => Vec::new(),
    };
    let ring_max = if mode == Mode::RingAll { chance.below(4) as u32 } else { 0 };
    PolicySpec { mode, groups, ring_max, ..PolicySpec::default() }
}

/// Other hours, worked out over this version or another; queues that begin to follow them, or end.
pub fn hours(chance: &mut Chance, state: &State) -> Body {
    let tenant = state.tenant("t");
    let version = tenant.and_then(|t| t.schedule(&"s0".into())).map_or(0, |s| s.version);
    let mut worked_out = expansion(version + chance.below(3));
    let mut at_ms = state.now_ms().saturating_sub(chance.below(20_000));
    for _ in 0..chance.below(6) {
        let from_ms = at_ms + 1 + chance.below(20_000);
        at_ms = from_ms + 1 + chance.below(60_000);
        // Now and then two spans touch, which no node works out.
        worked_out.spans.push(Span { from_ms, until_ms: at_ms });
        at_ms -= u64::from(chance.one_in(30));
    }
    if !chance.one_in(3) {
        let from_ms = at_ms + 1 + chance.below(5_000);
        worked_out.spans.push(Span { from_ms, until_ms: END_MS });
    }
    worked_out.until_ms += chance.below(2);
    let schedule = chance.one_in(3).then(|| (!chance.one_in(3)).then(|| "s0".into()));
    match chance.below(10) {
        0..4 => UpdateSchedule {
            id: "s0".into(),
            etag: None,
            display_name: None,
            patch: HoursPatch { time_zone: chance.one_in(2).then(|| "UTC".into()), ..HoursPatch::default() },
            expansion: chance
                .one_in(4)
                .then(|| expansion(version + 1))
                .or(Some(worked_out))
                .filter(|_| !chance.one_in(5)),
            validate_only: chance.one_in(8),
        }
        .into(),
        4 | 5 => ExpandSchedule { id: "s0".into(), expansion: worked_out }.into(),
        6 => DeleteSchedule { id: "s0".into(), etag: None, validate_only: chance.one_in(2) }.into(),
        _ => UpdateQueue {
            id: (*chance.of(&["q0", "q1"])).into(),
            etag: None,
            patch: QueuePatch { schedule, refuse_when_closed: Some(chance.one_in(3)), ..QueuePatch::default() },
        }
        .into(),
    }
}
