//! A tenant's events without a gap: live ones as they are published, missed ones from the disk.

use kindred_domain::Event;
use kindred_domain::ids::TenantId;
use kindred_node::consensus::archive;
use kindred_node::consensus::gateway::Gateway;
use kindred_node::consensus::ports::EventBatch;
use kindred_node::storage::Store;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

/// Events read from disk at a time.
const PAGE: usize = 512;

/// See the module.
pub struct Tail {
    tenant: TenantId,
    pub shard: u32,
    live: Receiver<EventBatch>,
    /// The next event's number.
    pub next: u64,
    behind: bool,
}

impl Tail {
    /// Begins with `next`; `behind` if that has happened already.
    pub fn new(gateway: &Gateway, shard: u32, tenant: TenantId) -> Option<Self> {
        Some(Self { live: gateway.subscribe(shard)?, tenant, shard, next: 0, behind: false })
    }

    /// Where it begins, once that is known.
    pub fn begin(&mut self, next: u64, now: u64) {
        (self.next, self.behind) = (next, next < now);
    }

    /// Everything up to this number was given out.
    pub fn seen(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// What has happened since.
    pub fn poll(&mut self, store: &Store) -> Result<Vec<Event>, String> {
        let mut events = Vec::new();
        if self.behind {
            self.behind = false;
            self.read_disk(store, &mut events)?;
        }
        loop {
            match self.live.try_recv() {
                Ok(batch) => {
                    for event in batch.iter() {
                        if event.tenant != self.tenant || event.number < self.next {
                            continue;
                        }
                        if event.number > self.next {
                            self.read_disk(store, &mut events)?;
                        }
                        if event.number == self.next {
                            events.push(event.clone());
                            self.next += 1;
                        }
                    }
                }
                Err(TryRecvError::Lagged(_)) => self.read_disk(store, &mut events)?,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(events),
            }
        }
    }

    fn read_disk(&mut self, store: &Store, events: &mut Vec<Event>) -> Result<(), String> {
        loop {
            let page = archive::events(store, self.shard, &self.tenant, self.seen(), PAGE);
            let page = page.map_err(|error| error.to_string())?;
            self.next = page.found.last().map_or(self.next, |last| last.number + 1);
            events.extend(page.found);
            if !page.more {
                return Ok(());
            }
        }
    }
}
