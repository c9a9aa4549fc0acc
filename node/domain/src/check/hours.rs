//! Hours of operation: queues stand where their schedules say, and spans are in order.
use super::Report;
use crate::{hours, state::Tenant};
use alloc::format;

pub(super) fn check(now_ms: u64, tenant: &Tenant, report: &mut Report<'_>) {
    for (id, schedule) in &tenant.schedules {
        let subject = format!("schedules/{id}");
        report.expect(
            schedule.id == *id && schedule.tenant == tenant.record.id,
            "own_name",
            &subject,
            "stored under another name",
        );
        let well_formed = hours::is_well_formed(&schedule.expansion);
        report.expect(well_formed, "hours_spans", &subject, "spans out of order, touching or too many");
        let of = schedule.expansion.of_version;
        report.expect(of <= schedule.version, "hours_version", &subject, format!("{of} of {}", schedule.version));
    }
    for (id, queue) in &tenant.queues {
        let subject = format!("queues/{id}");
        let schedule = queue.schedule.as_ref().and_then(|id| tenant.schedules.get(id));
        report.expect(
            queue.schedule.is_some() == schedule.is_some() && schedule.is_some() == queue.hours.is_some(),
            "reference",
            &subject,
            format!("schedule {:?}, hours {:?}", queue.schedule, queue.hours),
        );
        // One whose moment has come is due, and not where it should be until then.
        let due = queue.hours.and_then(|hours| hours.changes_ms).is_some_and(|at_ms| at_ms <= now_ms);
        let expected = schedule.map(|schedule| hours::at(&schedule.expansion, now_ms));
        report.expect(due || queue.hours == expected, "queue_hours", &subject, format!("{:?}", queue.hours));
    }
}
