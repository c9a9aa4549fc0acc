//! What the runtime would have on disk: rows as `Applied` says, and the state they restore.
use kindred_domain::{Applied, State, ids::*, record::*, state::First};
use std::collections::BTreeMap;

/// Rows of one shard.
#[derive(Default)]
pub struct Disk {
    records: BTreeMap<RecordKey, Record>,
    requests: BTreeMap<(u64, u32), (TenantId, RequestId, First, u64)>,
    places: BTreeMap<(TenantId, RequestId), (u64, u32)>,
    next_event: BTreeMap<TenantId, u64>,
}

impl Disk {
    /// Writes an entry's rows; says what is wrong with them in themselves.
    pub fn write(&mut self, index: u64, applied: &Applied) -> Result<(), String> {
        self.events(applied)?;
        let mut written = BTreeMap::new();
        for record in &applied.puts {
            let key = record.key();
            if written.insert(key.clone(), ()).is_some() || applied.removed.contains(&key) {
                return Err(format!("{key:?} is written twice, or written and removed"));
            }
            self.records.insert(key, record.clone());
        }
        for key in &applied.removed {
            self.records.remove(key);
        }
        for r in &applied.remembered {
            let first = First { payload_hash: r.payload_hash, index, position: r.position };
            let row = (r.tenant.clone(), r.request, first, r.at_ms);
            self.requests.insert((index, r.position), row);
            let place = (r.tenant.clone(), r.request);
            self.places.insert(place, (index, r.position));
        }
        for request in &applied.forgotten {
            let place = self.places.remove(request);
            let place = place.ok_or(format!("{request:?} was not remembered"))?;
            self.requests.remove(&place);
        }
        Ok(())
    }

    /// Numbered per tenant, from 1, without gaps.
    fn events(&mut self, applied: &Applied) -> Result<(), String> {
        for event in &applied.events {
            let next = self.next_event.entry(event.tenant.clone()).or_insert(1);
            if event.number != *next {
                return Err(format!("event {} instead of {next}", event.number));
            }
            *next += 1;
        }
        for key in &applied.removed {
            if let RecordKey::Tenant(tenant) = key {
                self.next_event.remove(tenant);
            }
        }
        Ok(())
    }

    /// What is there, by key.
    #[allow(dead_code, reason = "each test binary uses its own part")]
    pub fn left(&self) -> Vec<String> {
        let records = self.records.keys().map(|key| format!("{key:?}"));
        let requests = self.places.keys().map(|key| format!("{key:?}"));
        records.chain(requests).collect()
    }

    /// The state these rows restore.
    pub fn restore(&self, index: u64, now_ms: u64) -> Result<State, String> {
        let mut state = State::restore(index, now_ms);
        let is_tenant = |record: &&Record| matches!(record, Record::Tenant(_));
        let tenants = self.records.values().filter(is_tenant);
        let others = self.records.values().filter(|r| !is_tenant(r));
        for record in tenants.chain(others) {
            let restored = state.restore_record(record.clone());
            restored.map_err(|orphan| orphan.to_string())?;
        }
        for (tenant, request, first, at_ms) in self.requests.values() {
            let restored = state.restore_request(tenant, *request, *first, *at_ms);
            restored.map_err(|orphan| orphan.to_string())?;
        }
        state.restore_finish();
        Ok(state)
    }
}
