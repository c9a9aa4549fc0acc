//! Distribution policies.
use super::{Ask, asks, drawn};
use crate::wire::api::form::Form;
use kindred_domain::{
    Body,
    command::{CreatePolicy, DeletePolicy, PolicySpec, RollbackPolicy, UpdatePolicy},
    limits::{NAME_MAX, RING_DEFAULT, RING_MAX, SPLIT_GROUPS, TEXT_MAX},
    record::{Group, Mode},
};
use kindred_proto::v1::{self, distribution, policy::Rules};

asks! {
    CreatePolicyRequest => create;
    UpdatePolicyRequest => update;
    DeletePolicyRequest => delete;
    RollbackPolicyRequest => rollback;
}

/// Highest weight, percent.
const WEIGHT_MAX: u32 = 100;

fn create(request: v1::CreatePolicyRequest, form: &mut Form<'_>) -> Body {
    form.parent(&"parent", &request.parent);
    let id = form.chosen(&"policy_id", &request.policy_id).unwrap_or_else(drawn);
    let asked = form.required(&"policy", request.policy).unwrap_or_default();
    let display_name = form.text(&"policy.display_name", asked.display_name, TEXT_MAX);
    CreatePolicy { id, display_name, spec: spec(form, asked.rules), validate_only: request.validate_only }.into()
}

/// The rules; without any, who is idle longest.
fn spec(form: &mut Form<'_>, rules: Option<Rules>) -> PolicySpec {
    let Rules::Distribution(asked) = rules.unwrap_or_else(|| Rules::Distribution(v1::Distribution::default()));
    use distribution::Mode as Public;
    let mode = match form.known(&"policy.distribution.mode", asked.mode) {
        Public::Unspecified | Public::LongestIdle => Mode::LongestIdle,
        Public::LeastLoaded => Mode::LeastLoaded,
        Public::RoundRobin => Mode::RoundRobin,
        Public::FewestHandled => Mode::FewestHandled,
        Public::Tiered => Mode::Tiered,
        Public::Random => Mode::Random,
        Public::BestMatch => Mode::BestMatch,
        Public::PercentSplit => Mode::PercentSplit,
        Public::RingAll => Mode::RingAll,
        Public::Affinity => Mode::Affinity,
    };
    let groups = groups(form, asked.groups);
    let ring_max = match (mode, asked.ring_max) {
        (Mode::RingAll, 0) => RING_DEFAULT,
        (_, asked) => asked,
    };
    let mut weight = |field, percent| form.within(&format_args!("policy.distribution.{field}"), percent, 0, WEIGHT_MAX);
    let spec = PolicySpec {
        mode,
        skill_weight: weight("skill_weight_percent", asked.skill_weight_percent),
        channel_weight: weight("channel_weight_percent", asked.channel_weight_percent),
        preferred_weight: weight("preferred_weight_percent", asked.preferred_weight_percent),
        groups,
        ring_max: form.within(&"policy.distribution.ring_max", ring_max, 0, RING_MAX as u32),
    };
    let weighs = spec.skill_weight + spec.channel_weight + spec.preferred_weight;
    if mode == Mode::BestMatch && weighs == 0 {
        form.fail(&"policy.distribution.mode", "BEST_MATCH needs at least one weight above 0");
    }
    spec
}

fn groups(form: &mut Form<'_>, groups: Vec<v1::AgentGroup>) -> Vec<Group> {
    if !form.count(&"policy.distribution.groups", groups.len(), SPLIT_GROUPS.1) {
        return Vec::new();
    }
    let mut read = Vec::with_capacity(groups.len());
    for (at, group) in groups.into_iter().enumerate() {
        let at = format_args!("policy.distribution.groups[{at}]");
        read.push(Group {
            name: form.text(&format_args!("{at}.group_id"), group.group_id, NAME_MAX),
            team: (!group.team.is_empty()).then(|| form.name(&format_args!("{at}.team"), &group.team)),
            selector: form.selector(&format_args!("{at}.selector"), group.selector),
            percent: form.within(&format_args!("{at}.percent"), group.percent, 1, 100),
        });
    }
    read
}

fn update(request: v1::UpdatePolicyRequest, form: &mut Form<'_>) -> Body {
    let asked = form.required(&"policy", request.policy).unwrap_or_default();
    let mask = form.mask(&"update_mask", request.update_mask, &["display_name", "distribution"]);
    UpdatePolicy {
        id: form.name(&"policy.name", &asked.name),
        etag: form.etag(&"policy.etag", &asked.etag),
        display_name: mask.on("display_name", || form.text(&"policy.display_name", asked.display_name, TEXT_MAX)),
        spec: mask.on("distribution", || spec(form, asked.rules)),
        validate_only: request.validate_only,
    }
    .into()
}

fn delete(request: v1::DeletePolicyRequest, form: &mut Form<'_>) -> Body {
    DeletePolicy {
        id: form.name(&"name", &request.name),
        etag: form.etag(&"etag", &request.etag),
        validate_only: request.validate_only,
    }
    .into()
}

fn rollback(request: v1::RollbackPolicyRequest, form: &mut Form<'_>) -> Body {
    RollbackPolicy {
        id: form.name(&"name", &request.name),
        etag: form.etag(&"etag", &request.etag),
        revision: form.within(&"revision", request.revision, 1, u64::MAX),
        validate_only: request.validate_only,
    }
    .into()
}
