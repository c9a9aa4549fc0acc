//! Is a queue open, and until when. Plain arithmetic over spans of universal time: what a clock on a wall says was worked
//! out before the command was proposed, and came with it.
use crate::{limits, record::*};

/// Does the queue take offers at a moment. One without a schedule always does. What was open stays so only until the moment
/// it closes; what opens is open once apply has said so.
pub fn is_open(queue: &Queue, now_ms: u64) -> bool {
    queue.hours.is_none_or(|hours| hours.open && hours.changes_ms.is_none_or(|at_ms| now_ms < at_ms))
}

/// When the queue opens or closes next; `None`: never, or not as far as is known.
pub fn next_change_ms(queue: &Queue) -> Option<u64> {
    queue.hours?.changes_ms
}

/// When a closed queue opens; `None`: it is open, or not as far as is known.
pub fn opens_ms(queue: &Queue) -> Option<u64> {
    queue.hours.filter(|hours| !hours.open)?.changes_ms
}

/// How a queue stands that follows these hours. Beyond what was worked out it is closed.
pub fn at(expansion: &Expansion, now_ms: u64) -> QueueHours {
    let spans = &expansion.spans;
    let next = spans.partition_point(|span| span.until_ms <= now_ms);
    match spans.get(next) {
        Some(span) if span.from_ms <= now_ms => QueueHours { open: true, changes_ms: Some(span.until_ms) },
        Some(span) => QueueHours { open: false, changes_ms: Some(span.from_ms) },
        None => QueueHours { open: false, changes_ms: None },
    }
}

/// Do the spans lie within what they were worked out for, in order and apart, and are there not too many.
pub fn is_well_formed(expansion: &Expansion) -> bool {
    let Expansion { from_ms, until_ms, spans, .. } = expansion;
    let real = |span: &Span| span.from_ms < span.until_ms;
    let within = match (spans.first(), spans.last()) {
        (Some(first), Some(last)) => *from_ms <= first.from_ms && last.until_ms <= *until_ms,
        _ => from_ms <= until_ms,
    };
    let apart = spans.windows(2).all(|pair| pair[0].until_ms < pair[1].from_ms);
    within && apart && spans.iter().all(real) && spans.len() <= limits::HOURS_SPANS_MAX
}
