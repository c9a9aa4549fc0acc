//! The memory of requests: the first reply's place, kept a little over 15 minutes of log time, never evicted early.
use crate::{ids::*, limits};
use alloc::collections::{BTreeMap, VecDeque};

/// Where a first reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First {
    /// Hash of the first payload.
    pub payload_hash: u64,
    /// Log index of the first.
    pub index: u64,
    /// Its position in the entry.
    pub position: u32,
}

/// Requests remembered, oldest first.
#[derive(Debug, PartialEq, Eq)]
pub struct Requests {
    by_id: BTreeMap<RequestId, First>,
    by_time: VecDeque<(u64, RequestId)>,
    max: usize,
    /// Of these, kept free for what is not a submit.
    reserved: usize,
}

impl Default for Requests {
    fn default() -> Self {
        Self::bounded(limits::REQUESTS_PER_TENANT, limits::REQUESTS_RESERVED)
    }
}

impl Requests {
    /// An empty memory with its own bound: a test fills a small one.
    pub(crate) fn bounded(max: usize, reserved: usize) -> Self {
        Self { by_id: BTreeMap::new(), by_time: VecDeque::new(), max, reserved }
    }

    /// The first of this request.
    pub fn get(&self, id: &RequestId) -> Option<&First> {
        self.by_id.get(id)
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// At the bound: new requests are refused, submits before the others.
    pub(crate) fn is_full(&self, submit: bool) -> bool {
        let reserved = if submit { self.reserved } else { 0 };
        self.by_id.len() >= self.max - reserved
    }

    /// Remembers; times never go back.
    pub(crate) fn remember(&mut self, at_ms: u64, id: RequestId, first: First) {
        self.by_id.insert(id, first);
        self.by_time.push_back((at_ms, id));
    }

    /// Log time of the oldest.
    pub(crate) fn oldest_ms(&self) -> Option<u64> {
        self.by_time.front().map(|(at_ms, _)| *at_ms)
    }

    /// Forgets one that is older than the memory.
    pub(crate) fn forget(&mut self, now_ms: u64) -> Option<RequestId> {
        let (at_ms, _) = self.by_time.front()?;
        if at_ms.saturating_add(limits::REQUEST_KEPT_MS) >= now_ms {
            return None;
        }
        let (_, id) = self.by_time.pop_front()?;
        self.by_id.remove(&id);
        Some(id)
    }

    /// In order of time, for tests and rebuilding.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &RequestId)> {
        self.by_time.iter().map(|(at_ms, id)| (*at_ms, id))
    }
}
