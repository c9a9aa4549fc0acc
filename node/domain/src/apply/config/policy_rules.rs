//! What a distribution policy's revision must hold, and how one is added.
use crate::{
    apply::ctx::Ctx,
    command::PolicySpec,
    ids::{Channel, PolicyId},
    limits,
    record::{AnswerMode, ChannelRules, Mode, Policy, PolicyRevision, Queue},
    rejection::Rejection,
};
use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString},
    sync::Arc,
};

/// Refuses modes of later issues and weights that mean nothing.
pub(super) fn check_spec(ctx: &Ctx<'_>, spec: &PolicySpec) -> Result<(), Rejection> {
    if !spec.mode.is_supported() {
        return Err(Rejection::UnsupportedMode { mode: spec.mode.as_str().to_string() });
    }
    let weights = [
        ("policy.distribution.skill_weight_percent", spec.skill_weight),
        ("policy.distribution.channel_weight_percent", spec.channel_weight),
        ("policy.distribution.preferred_weight_percent", spec.preferred_weight),
    ];
    for (field, weight) in weights {
        if weight > 100 {
            return Err(Rejection::InvalidField {
                field: field.to_string(),
                problem: "a weight is at most 100 percent".to_string(),
            });
        }
    }
    if spec.mode == Mode::BestMatch && weights.iter().all(|(_, weight)| *weight == 0) {
        return Err(Rejection::InvalidField {
            field: "policy.distribution.skill_weight_percent".to_string(),
            problem: "BEST_MATCH needs at least one weight above 0".to_string(),
        });
    }
    check_ring(spec)?;
    check_groups(ctx, spec)
}

/// RING_ALL says how many it rings at most, other modes nothing.
fn check_ring(spec: &PolicySpec) -> Result<(), Rejection> {
    let rings = spec.mode == Mode::RingAll;
    let problem = match (rings, spec.ring_max as usize) {
        (true, 1..=limits::RING_MAX) | (false, 0) => return Ok(()),
        (true, asked) => format!("is {asked}, not within 1–{}", limits::RING_MAX),
        (false, _) => "is for RING_ALL".to_string(),
    };
    Err(Rejection::InvalidField { field: "policy.distribution.ring_max".to_string(), problem })
}

/// What is accepted for the agent as soon as it is offered cannot be held out to several: the policy of a queue that has
/// AUTO on a channel may not be RING_ALL.
pub(super) fn check_answers(
    policy: &PolicyId,
    mode: Mode,
    mut queues: impl Iterator<Item = Arc<Queue>>,
) -> Result<(), Rejection> {
    let auto = |queue: &Arc<Queue>| auto_channel(&queue.channels).is_some();
    match queues.find(|queue| queue.policy == *policy && auto(queue)).filter(|_| mode == Mode::RingAll) {
        None => Ok(()),
        Some(queue) => Err(Rejection::InvalidField {
            field: "policy.distribution.mode".to_string(),
            problem: format!("RING_ALL, and queue {} answers AUTO", queue.id),
        }),
    }
}

/// The same, of a queue's channels under a policy that is there.
pub(super) fn check_queue(policy: &Policy, channels: &BTreeMap<Channel, ChannelRules>) -> Result<(), Rejection> {
    let rings = policy.revisions.last().is_some_and(|current| current.mode == Mode::RingAll);
    match auto_channel(channels).filter(|_| rings) {
        None => Ok(()),
        Some(channel) => Err(Rejection::InvalidField {
            field: format!("queue.channels[\"{channel}\"].answer_mode"),
            problem: format!("is AUTO, and policy {} is RING_ALL", policy.id),
        }),
    }
}

fn auto_channel(channels: &BTreeMap<Channel, ChannelRules>) -> Option<&Channel> {
    let auto = channels.iter().find(|(_, rules)| rules.answer_mode == AnswerMode::Auto);
    auto.map(|(channel, _)| channel)
}

const GROUPS: &str = "policy.distribution.groups";

/// PERCENT_SPLIT names its groups, other modes none; each says who belongs to it, and all percentages are 100.
fn check_groups(ctx: &Ctx<'_>, spec: &PolicySpec) -> Result<(), Rejection> {
    let invalid = |field: String, problem: String| Err(Rejection::InvalidField { field, problem });
    let (least, most) = limits::SPLIT_GROUPS;
    if spec.mode != Mode::PercentSplit {
        return match spec.groups.is_empty() {
            true => Ok(()),
            false => invalid(GROUPS.to_string(), "are for PERCENT_SPLIT".to_string()),
        };
    }
    if !(least..=most).contains(&spec.groups.len()) {
        let problem = format!("PERCENT_SPLIT needs {least} to {most} groups, not {}", spec.groups.len());
        return invalid(GROUPS.to_string(), problem);
    }
    for (at, group) in spec.groups.iter().enumerate() {
        if group.name.is_empty() || spec.groups[..at].iter().any(|other| other.name == group.name) {
            return invalid(format!("{GROUPS}[{at}].group_id"), "must be there, and once only".to_string());
        }
        if group.team.is_none() && group.selector.is_none() {
            return invalid(format!("{GROUPS}[{at}]"), "needs a team or a selector".to_string());
        }
        if !(1..=100).contains(&group.percent) {
            return invalid(format!("{GROUPS}[{at}].percent"), "is not within 1–100".to_string());
        }
        if let Some(team) = &group.team {
            ctx.find_team(team, &format!("{GROUPS}[{at}].team"))?;
        }
    }
    let all: u32 = spec.groups.iter().map(|group| group.percent).sum();
    if all != 100 {
        return invalid(GROUPS.to_string(), format!("percentages sum to {all}, not 100"));
    }
    Ok(())
}

/// Adds a revision, numbered after the last; of too many the oldest is dropped.
pub(super) fn add(policy: &mut Policy, mut revision: PolicyRevision) {
    revision.revision = policy.revisions.last().map_or(0, |last| last.revision) + 1;
    policy.revisions.push(revision);
    if policy.revisions.len() > limits::POLICY_REVISIONS_MAX {
        policy.revisions.remove(0);
    }
}

/// The spec as a numbered revision.
pub(super) fn revision(spec: &PolicySpec, revision: u64, made_ms: u64) -> PolicyRevision {
    PolicyRevision {
        revision,
        mode: spec.mode,
        skill_weight: spec.skill_weight,
        channel_weight: spec.channel_weight,
        preferred_weight: spec.preferred_weight,
        made_ms,
        rolled_back_to: None,
        groups: spec.groups.clone(),
        ring_max: spec.ring_max,
    }
}
