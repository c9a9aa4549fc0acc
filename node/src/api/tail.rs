//! Follows a tenant's events without a gap: live ones as they are applied, missed ones from disk.
use super::{desk::Call, failure::Failure};
use crate::{
    consensus::{
        archive,
        gateway::{At, ReadMode, Unavailable},
        ports::EventBatch,
    },
    wire::api::{FieldViolation, Malformed, token::Place},
};
use kindred_domain::{Event, ids::TenantId};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Events read from disk at a time.
const PAGE: usize = 512;

/// Whether events go on after a place: from `first`, the oldest kept, to before `next`, the next to happen.
pub fn check_kept(place: Place, first: u64, next: u64) -> Result<(), Failure> {
    // The place is the caller's, and may be any number.
    if place.looked_at.saturating_add(1) < first {
        return Err(Failure::TokenExpired { first_event: first });
    }
    if place.looked_at >= next {
        let violation = FieldViolation::new("resume_token", "is ahead of this tenant's events");
        return Err(Failure::Malformed(Malformed { violations: vec![violation] }));
    }
    Ok(())
}

/// Some of a tenant's events, in order, without a gap to those before.
#[derive(Clone, Debug)]
pub enum Batch {
    /// Just applied; other tenants' events of the shard are among them.
    Live {
        /// As published.
        events: EventBatch,
        /// Those below were seen before.
        from: u64,
    },
    /// Missed, or from before the tail began.
    Kept(Vec<Event>),
}

impl Batch {
    /// The tenant's new events.
    pub fn events<'a>(&'a self, tenant: &'a TenantId) -> impl Iterator<Item = &'a Event> {
        let (events, from) = match self {
            Self::Live { events, from } => (events.as_slice(), *from),
            Self::Kept(events) => (events.as_slice(), 0),
        };
        events.iter().filter(move |event| event.tenant == *tenant && event.number >= from)
    }
}

/// See the module. Every method may be dropped while it waits: nothing is lost.
pub struct Tail {
    call: Call,
    live: Receiver<EventBatch>,
    /// The next event's number.
    next: u64,
    /// There may be events on disk that were not seen.
    behind: bool,
    /// Published, but not contiguous with what was seen.
    held: Option<EventBatch>,
}

impl Tail {
    /// Begins after a place, or now. Answers where "now" is.
    pub async fn start(call: &Call, after: Option<Place>) -> Result<(Self, At), Failure> {
        let call = call.clone();
        let live = call.desk().gateway().subscribe(call.shard).ok_or(Unavailable::NoLeader)?;
        let look = |tenant: &kindred_domain::state::Tenant, _: u64| {
            let record = tenant.record();
            (record.first_event, record.next_event)
        };
        let (at, (first, now)) = call.look(ReadMode::Linearizable, look).await?;
        let place = after.unwrap_or(Place { looked_at: now - 1, matched: 0 });
        check_kept(place, first, now)?;
        let next = place.looked_at + 1;
        Ok((Self { call, live, next, behind: next < now, held: None }, at))
    }

    /// Everything up to this number has been given out.
    pub fn seen(&self) -> u64 {
        self.next - 1
    }

    /// Where an event comes from, as far as this node knows: the term it was told in.
    pub fn at(&self, event: &Event) -> At {
        let shard = self.call.shard;
        let term = self.call.desk().gateway().standing(shard).map_or(0, |standing| standing.term);
        At { shard, term, index: event.index, position: 0, log_ms: event.at_ms }
    }

    /// Where the last of these events comes from.
    pub fn at_end_of(&self, batch: &Batch) -> At {
        batch.events(&self.call.tenant).last().map_or_else(At::default, |event| self.at(event))
    }

    /// The next events; at least one of them is the tenant's.
    pub async fn next(&mut self) -> Result<Batch, Failure> {
        loop {
            if self.behind {
                if let Some(kept) = self.kept().await? {
                    return Ok(Batch::Kept(kept));
                }
                self.behind = false;
            }
            let batch = match self.held.take() {
                Some(held) => held,
                None => match self.live.recv().await {
                    Ok(batch) => batch,
                    Err(RecvError::Lagged(_)) => {
                        metrics::counter!("kindred_event_readers_lagged_total").increment(1);
                        self.behind = true;
                        continue;
                    }
                    Err(RecvError::Closed) => return Err(Unavailable::Stopping.into()),
                },
            };
            // What was applied here may be wrong: the stream goes on at another node, from the caller's token.
            if self.call.desk().gateway().is_quarantined(self.call.shard) {
                return Err(Unavailable::Quarantined.into());
            }
            let mut own = batch.iter().filter(|event| event.tenant == self.call.tenant && event.number >= self.next);
            let Some(first) = own.next() else { continue };
            if first.number > self.next {
                self.fill(batch.clone(), first.number).await?;
                continue;
            }
            let from = self.next;
            self.next = own.next_back().unwrap_or(first).number + 1;
            return Ok(Batch::Live { events: batch, from });
        }
    }

    /// There is a gap before a batch: what is missing is on disk, or gone.
    async fn fill(&mut self, batch: EventBatch, first: u64) -> Result<(), Failure> {
        self.held = Some(batch);
        self.settle().await?;
        let page = self.page(1).await?;
        if page.found.first().is_none_or(|found| found.number != self.next) {
            return Err(Failure::TokenExpired { first_event: first });
        }
        self.behind = true;
        Ok(())
    }

    /// Once the apply thread answers, everything published before is on disk.
    async fn settle(&self) -> Result<(), Failure> {
        self.call.renewed().read(ReadMode::Stale, |_| ()).await.map(drop)
    }

    /// The next page from disk; `None` once there is nothing more.
    async fn kept(&mut self) -> Result<Option<Vec<Event>>, Failure> {
        self.settle().await?;
        let page = self.page(PAGE).await?;
        let (Some(first), Some(last)) = (page.found.first(), page.found.last()) else { return Ok(None) };
        if first.number != self.next {
            return Err(Failure::TokenExpired { first_event: first.number });
        }
        self.next = last.number + 1;
        Ok(Some(page.found))
    }

    async fn page(&self, limit: usize) -> Result<archive::Page<Event>, Failure> {
        let (shard, tenant) = (self.call.shard, self.call.tenant.clone());
        self.call.renewed().archived(self.call.desk().archive().events(shard, tenant, self.seen(), limit)).await
    }
}
