//! Stretches of a tenant's events: retention drops whole ones, so that events need no index of their own.
use crate::{
    event::Event,
    limits,
    record::{EventMark, TenantRecord},
};

/// Counts an event into the tenant's current stretch; the stretch before it, if that is finished now.
pub(super) fn count(record: &mut TenantRecord, event: &Event) -> Option<EventMark> {
    let empty = event.number == record.stretch_first;
    let finished = !empty
        && (event.number - record.stretch_first >= limits::EVENTS_PER_STRETCH
            || event.at_ms - record.stretch_ms >= limits::STRETCH_MS);
    let mark = finished.then(|| EventMark {
        tenant: record.id.clone(),
        number: record.stretch_first,
        at_ms: record.stretch_ms,
        bytes: record.stretch_bytes,
    });
    if empty || finished {
        record.stretch_first = event.number;
        record.stretch_ms = event.at_ms;
        record.stretch_bytes = 0;
    }
    record.stretch_bytes += event.approximate_bytes();
    mark
}
