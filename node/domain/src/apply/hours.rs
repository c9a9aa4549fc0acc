//! How queues follow schedules: every queue that is written, whose schedule changes or whose moment has come takes its
//! place in the hours, and says so if it opens or closes by it.
use super::ctx::{About, Ctx};
use crate::{
    event::EventKind,
    hours,
    ids::*,
    record::*,
    rejection::{Kind, Rejection},
    state::Dues,
};
use alloc::{string::ToString, sync::Arc, vec::Vec};

/// A schedule worked out by who proposed it must hold together.
pub(super) fn check_expansion(expansion: &Expansion) -> Result<(), Rejection> {
    if hours::is_well_formed(expansion) {
        return Ok(());
    }
    Err(Rejection::InvalidField {
        field: "schedule".to_string(),
        problem: "it was worked out to hours that overlap or are too many".to_string(),
    })
}

/// The moment a queue opens or closes.
pub(super) fn change_due(ctx: &mut Ctx<'_>, id: &QueueId) {
    ctx.retime_queue(id);
}

impl Ctx<'_> {
    /// Writes a queue and says so.
    pub fn put_queue(&mut self, queue: Queue) -> Arc<Queue> {
        let changed = EventKind::ConfigChanged { kind: Kind::Queue, id: queue.id.to_string(), deleted: false };
        self.emit(changed, About::default());
        self.write_queue(queue)
    }

    /// Removes a queue and says so.
    pub fn remove_queue(&mut self, id: &QueueId) {
        if let Some(queue) = self.tenant.queues.remove(id) {
            self.due.replace(&self.id, queue.dues(), Vec::new());
            self.out.dirty.insert(RecordKey::Queue(self.id.clone(), id.clone()));
            let changed = EventKind::ConfigChanged { kind: Kind::Queue, id: id.to_string(), deleted: true };
            self.emit(changed, About::default());
        }
    }

    /// Takes over what a schedule was worked out to; its queues follow.
    pub fn put_expansion(&mut self, schedule: &Schedule, expansion: &Expansion) {
        let schedule = Schedule { expansion: expansion.clone(), ..schedule.clone() };
        let id = schedule.id.clone();
        self.out.dirty.insert(RecordKey::Schedule(self.id.clone(), id.clone()));
        self.tenant.schedules.insert(id.clone(), Arc::new(schedule));
        self.retime_queues(&id);
    }

    /// Every queue that follows the schedule takes its place in it anew.
    pub fn retime_queues(&mut self, schedule: &ScheduleId) {
        let theirs = self.tenant.queues.values().filter(|queue| queue.schedule.as_ref() == Some(schedule));
        let theirs: Vec<QueueId> = theirs.map(|queue| queue.id.clone()).collect();
        theirs.iter().for_each(|queue| self.retime_queue(queue));
    }

    fn retime_queue(&mut self, id: &QueueId) {
        if let Some(queue) = self.tenant.queues.get(id)
            && queue.hours != self.hours_of(queue)
        {
            let queue = Queue::clone(queue);
            self.write_queue(queue);
        }
    }

    fn hours_of(&self, queue: &Queue) -> Option<QueueHours> {
        let schedule = self.tenant.schedules.get(queue.schedule.as_ref()?)?;
        Some(hours::at(&schedule.expansion, self.now_ms))
    }

    /// Writes a queue with its place in the hours. A new one counts as open before.
    fn write_queue(&mut self, mut queue: Queue) -> Arc<Queue> {
        queue.hours = self.hours_of(&queue);
        let queue = Arc::new(queue);
        let id = queue.id.clone();
        let before = self.tenant.queues.insert(id.clone(), queue.clone());
        let dues = before.as_ref().map(|queue| queue.dues()).unwrap_or_default();
        self.due.replace(&self.id, dues, queue.dues());
        self.out.dirty.insert(RecordKey::Queue(self.id.clone(), id.clone()));
        let open = |queue: &Queue| queue.hours.is_none_or(|hours| hours.open);
        if before.is_none_or(|queue| open(&queue)) != open(&queue) {
            let next_ms = hours::next_change_ms(&queue);
            let kind = match open(&queue) {
                true => EventKind::QueueOpened { closes_ms: next_ms },
                false => EventKind::QueueClosed { opens_ms: next_ms },
            };
            self.emit(kind, About { queue: Some(id), ..About::default() });
        }
        queue
    }
}
