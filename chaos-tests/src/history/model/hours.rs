//! Hours of operation: spans as they came with the commands, and where queues stand in them.

use kindred_proto::log::v1 as pb;
use kindred_proto::v1::event::Kind;

use super::due;
use super::offers::name;
use super::records::*;
use super::tenant::Turn;

const SPANS_MAX: usize = 4_096;
const SCHEDULES_MAX: usize = 1_000;

type Said = Result<(), Refusal>;

/// In order, apart, within what is known, and not too many.
fn check(known: &pb::Expansion) -> Said {
    let mut end_ms = None;
    for span in &known.spans {
        let apart = end_ms.is_none_or(|end_ms| span.from_ms > end_ms);
        let within = span.from_ms >= known.from_ms && span.until_ms <= known.until_ms;
        if span.from_ms >= span.until_ms || !apart || !within {
            return Err("INVALID_FIELD");
        }
        end_ms = Some(span.until_ms);
    }
    let turned = known.spans.is_empty() && known.from_ms > known.until_ms;
    if turned || known.spans.len() > SPANS_MAX { Err("INVALID_FIELD") } else { Ok(()) }
}

impl Queue {
    /// Is it open, and when that ends: one that follows no hours always is.
    pub fn is_open(&self, now_ms: u64) -> bool {
        self.hours.is_none_or(|(open, changes_ms)| open && changes_ms.is_none_or(|at_ms| now_ms < at_ms))
    }
}

impl Turn<'_> {
    pub fn create_schedule(&mut self, c: &pb::CreateSchedule) -> Said {
        if self.tenant.schedules.contains_key(&c.id) {
            return Err("ALREADY_EXISTS");
        }
        if self.tenant.schedules.len() >= SCHEDULES_MAX {
            return Err("LIMIT_REACHED");
        }
        let known = c.expansion.clone().unwrap_or_default();
        check(&known)?;
        if !c.validate_only {
            self.tenant.schedules.insert(c.id.clone(), Schedule { known, version: 1 });
            self.emit(Kind::ConfigChanged);
        }
        Ok(())
    }

    pub fn update_schedule(&mut self, c: &pb::UpdateSchedule) -> Said {
        let mut schedule = self.tenant.schedules.get(&c.id).cloned().ok_or("NOT_FOUND")?;
        if c.etag.is_some_and(|etag| etag != schedule.version) {
            return Err("ETAG_MISMATCH");
        }
        c.expansion.as_ref().map_or(Ok(()), check)?;
        let was_right = schedule.known.of_version == schedule.version;
        let same_hours = c.patch.as_ref().is_none_or(|p| *p == pb::HoursPatch::default());
        schedule.version += 1;
        if let Some(known) = c.expansion.as_ref().filter(|known| known.of_version == schedule.version) {
            schedule.known = known.clone();
        } else if same_hours && was_right {
            schedule.known.of_version = schedule.version;
        }
        if !c.validate_only {
            self.tenant.schedules.insert(c.id.clone(), schedule);
            self.emit(Kind::ConfigChanged);
            self.follow(&c.id);
        }
        Ok(())
    }

    pub fn delete_schedule(&mut self, c: &pb::DeleteSchedule) -> Said {
        let schedule = self.tenant.schedules.get(&c.id).ok_or("NOT_FOUND")?;
        if c.etag.is_some_and(|etag| etag != schedule.version) {
            return Err("ETAG_MISMATCH");
        }
        if self.tenant.queues.values().any(|queue| queue.schedule.as_ref() == Some(&c.id)) {
            return Err("IN_USE");
        }
        if !c.validate_only {
            self.tenant.schedules.remove(&c.id);
            self.emit(Kind::ConfigChanged);
        }
        Ok(())
    }

    pub fn expand_schedule(&mut self, c: &pb::ExpandSchedule) -> Said {
        let schedule = self.tenant.schedules.get_mut(&c.id).ok_or("NOT_FOUND")?;
        let new = c.expansion.clone().unwrap_or_default();
        check(&new)?;
        let old = &schedule.known;
        let better = new.zone_version > old.zone_version || new.until_ms > old.until_ms;
        if new.of_version == schedule.version && (old.of_version != schedule.version || better) {
            schedule.known = new;
            self.follow(&c.id);
        }
        Ok(())
    }

    /// All queues of a schedule stand where it says now.
    fn follow(&mut self, schedule: &str) {
        let theirs = self.tenant.queues.iter().filter(|(_, queue)| queue.schedule.as_deref() == Some(schedule));
        for id in theirs.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.queue_due(&id);
        }
    }

    /// The moment has come, or may have.
    pub fn queue_due(&mut self, id: &Name) {
        if let Some(queue) = self.tenant.queues.get(id).cloned() {
            self.put_queue(id, queue);
        }
    }

    /// Writes a queue with its place in the hours. One that was not there was open.
    pub fn put_queue(&mut self, id: &Name, mut queue: Queue) {
        let schedule = queue.schedule.as_ref().and_then(|id| self.tenant.schedules.get(id));
        queue.hours = schedule.map(|schedule| {
            let ahead = schedule.known.spans.iter().find(|span| span.until_ms > self.now_ms);
            match ahead {
                Some(span) if span.from_ms <= self.now_ms => (true, Some(span.until_ms)),
                other => (false, other.map(|span| span.from_ms)),
            }
        });
        let opens = |queue: &Queue| queue.hours.is_none_or(|(open, _)| open);
        let (now_open, dues) = (opens(&queue), due::of_queue(id, &queue));
        let before = self.tenant.queues.insert(id.clone(), queue);
        let old = before.as_ref().map(|queue| due::of_queue(id, queue)).unwrap_or_default();
        self.dues.replace(&self.id, old, dues);
        if before.is_none_or(|queue| opens(&queue)) != now_open {
            self.emit(if now_open { Kind::QueueOpened } else { Kind::QueueClosed });
        }
    }

    pub fn remove_queue(&mut self, id: &str) {
        let id = name(id);
        if let Some(queue) = self.tenant.queues.remove(&id) {
            self.dues.replace(&self.id, due::of_queue(&id, &queue), Vec::new());
        }
    }
}
