//! E: a `request_id` takes effect once; its retries get the first reply, or after 15 minutes `REQUEST_TOO_OLD`.

use crate::history::Told;
use crate::history::model::Answer;

/// Reasons that the memory of requests gives.
fn of_memory(reason: &str) -> bool {
    matches!(reason, "REQUEST_TOO_OLD" | "REQUEST_ID_REUSED" | "REQUEST_TIME_AHEAD" | "REQUEST_MEMORY_FULL")
}

/// Does a difference between what was told and what the model says touch the memory of requests.
pub fn is_broken(told: &Told, expected: &Answer) -> bool {
    match (told, expected) {
        (_, Answer::Repeat { .. }) | (Told::Done { repeated: true, .. }, _) => true,
        (Told::Refused { reason, .. }, Answer::Refused(expected)) => of_memory(reason) || of_memory(expected),
        (Told::Refused { reason, .. }, _) => of_memory(reason),
        (_, Answer::Refused(expected)) => of_memory(expected),
        _ => false,
    }
}
