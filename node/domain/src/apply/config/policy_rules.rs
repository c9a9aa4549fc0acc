//! What a distribution policy's revision must hold.
use crate::{
    command::PolicySpec,
    record::{Mode, PolicyRevision},
    rejection::Rejection,
};
use alloc::string::ToString;

/// Refuses modes of later issues and weights that mean nothing.
pub(super) fn check_spec(spec: &PolicySpec) -> Result<(), Rejection> {
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
    Ok(())
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
    }
}
