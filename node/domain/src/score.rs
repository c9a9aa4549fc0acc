//! Who goes first among those who wait: one scale for all channels and queues, integers only.
use crate::{
    ids::InteractionId,
    record::{Interaction, Queue},
    selector::MICROS,
};
use core::cmp::Reverse;

/// The waiting score in millionths; the formula is documented at [`Queue`]. Saturates.
pub fn waiting_score(interaction: &Interaction, queue: &Queue, now_ms: u64) -> i64 {
    let age_ms = i128::from(now_ms.saturating_sub(interaction.waiting_since_ms));
    let priority = i128::from(interaction.priority) + i128::from(queue.priority);
    let ageing = age_ms.saturating_mul(i128::from(queue.age_weight_micros_per_s)) / 1000;
    let sum = priority * i128::from(MICROS) + ageing + urgency(queue, age_ms);
    sum.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// Grows linearly from 0 to the queue's urgency as the age reaches the service level, and stays there.
fn urgency(queue: &Queue, age_ms: i128) -> i128 {
    let level_ms = i128::from(queue.service_level_ms);
    if level_ms == 0 {
        return 0;
    }
    i128::from(queue.sla_urgency_micros).saturating_mul(age_ms.min(level_ms)) / level_ms
}

/// Has it waited past the queue's starvation bound.
pub fn starving(interaction: &Interaction, queue: &Queue, now_ms: u64) -> bool {
    now_ms.saturating_sub(interaction.waiting_since_ms) >= queue.starvation_bound_ms
}

/// Place in the order of waiting: the smaller goes first.
///
/// Those past their starvation bound go first, oldest first, whatever the rest says; then the higher score; then the
/// older; then by name, so that the order is total.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WaitingOrder {
    /// False for those past the bound: they go first.
    rested: bool,
    score: Reverse<i64>,
    since_ms: u64,
    id: InteractionId,
}

impl WaitingOrder {
    /// The score it stands for; the highest for those past the starvation bound.
    pub fn score_micros(&self) -> i64 {
        self.score.0
    }
}

/// The interaction's place in the order of waiting; `bonus_micros` is what the agent's profile line adds
/// (its priority in millionths), 0 where no agent is in sight.
pub fn waiting_order(interaction: &Interaction, queue: &Queue, bonus_micros: i64, now_ms: u64) -> WaitingOrder {
    let starving = starving(interaction, queue, now_ms);
    let score =
        if starving { i64::MAX } else { waiting_score(interaction, queue, now_ms).saturating_add(bonus_micros) };
    WaitingOrder {
        rested: !starving,
        score: Reverse(score),
        since_ms: interaction.waiting_since_ms,
        id: interaction.id.clone(),
    }
}

#[cfg(test)]
mod tests {
    //! The formula by hand, its ends, and the bound after which the oldest goes first.
    use super::*;
    use crate::fixture::Fixture;

    fn pair() -> (Interaction, Queue) {
        let mut fixture = Fixture::new();
        let interaction = fixture.interaction("i3").clone();
        let queue = Queue::clone(&fixture.tenant().queues["q"]);
        (interaction, queue)
    }

    #[test]
    fn priority_age_and_urgency_on_one_scale() {
        let (mut interaction, mut queue) = pair();
        (interaction.priority, queue.priority) = (2, 3);
        queue.age_weight_micros_per_s = 500_000;
        (queue.service_level_ms, queue.sla_urgency_micros) = (20_000, 4_000_000);
        let at = |age_ms| waiting_score(&interaction, &queue, interaction.waiting_since_ms + age_ms);
        assert_eq!(at(0), 5_000_000);
        assert_eq!(at(10_000), 5_000_000 + 5_000_000 + 2_000_000);
        assert_eq!(at(40_000), 5_000_000 + 20_000_000 + 4_000_000);
        let before = waiting_score(&interaction, &queue, 0);
        assert_eq!(before, at(0), "an age is never negative");
    }

    #[test]
    fn the_score_saturates() {
        let (mut interaction, mut queue) = pair();
        queue.age_weight_micros_per_s = u64::MAX;
        assert_eq!(waiting_score(&interaction, &queue, u64::MAX), i64::MAX);
        queue.age_weight_micros_per_s = 0;
        (interaction.priority, queue.priority) = (i32::MIN, i32::MIN);
        assert_eq!(waiting_score(&interaction, &queue, 0), 2 * i64::from(i32::MIN) * MICROS);
    }

    #[test]
    fn past_the_bound_the_oldest_goes_first() {
        let (old, queue) = pair();
        let mut urgent = old.clone();
        urgent.id = "urgent".into();
        urgent.priority = i32::MAX;
        urgent.waiting_since_ms += 1;
        let order = |now_ms| waiting_order(&old, &queue, 0, now_ms) < waiting_order(&urgent, &queue, 0, now_ms);
        let bound_ms = old.waiting_since_ms + queue.starvation_bound_ms;
        assert!(!order(bound_ms - 1), "the score decides");
        assert!(order(bound_ms), "only the old one is past its bound");
        assert!(order(bound_ms + 1), "both are: the older first");
    }

    #[test]
    fn the_agents_line_adds_to_the_score() {
        let (one, queue) = pair();
        let plain = waiting_order(&one, &queue, 0, 0);
        let raised = waiting_order(&one, &queue, 3 * MICROS, 0);
        assert!(raised < plain);
        assert_eq!(raised.score_micros() - plain.score_micros(), 3 * MICROS);
    }
}
