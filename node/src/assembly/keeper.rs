//! Maintenance: archives what is applied, cuts logs, watches the disk.
use crate::{
    consensus::{core::Position, gateway::Gateway, ports::StoreRef, runtime::OnFault},
    ops::config::Config,
    storage::{KeepPolicy, LogAge, LogKeeper, Store},
};
use std::{
    collections::BTreeMap,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Between two rounds.
const ROUND_MS: u64 = 500;
/// Rounds between two looks at how much each kind of record takes.
const SIZES_ROUNDS: u64 = 4;

/// Starts the thread; it ends with the process.
pub fn spawn(config: &Config, store: &StoreRef, gateway: &Gateway, on_fault: OnFault) -> anyhow::Result<()> {
    let policy =
        KeepPolicy { max_age_ms: config.storage.log_keep_s * 1_000, max_bytes: config.storage.log_keep_mib << 20 };
    let floor = u64::from(config.storage.min_free_percent);
    let (store, gateway) = (store.clone(), gateway.clone());
    let mut keeper = Keeper::new(store.log_keeper()?, policy, &gateway);
    std::thread::Builder::new().name("kindred-keeper".into()).spawn(move || {
        let start = Instant::now();
        for round in 0u64.. {
            let began = Instant::now();
            if round % SIZES_ROUNDS == 0 {
                tell_sizes(&store);
            }
            if let Err(error) =
                keeper.round(&gateway, start.elapsed().as_millis() as u64).and_then(|()| watch(&store, &gateway, floor))
            {
                on_fault(&format!("kindred-keeper: {error:#}"));
                return;
            }
            // The pace of maintenance on a thread of its own: nobody waits for it, and nothing is correct because of it.
            std::thread::sleep(Duration::from_millis(ROUND_MS).saturating_sub(began.elapsed()));
        }
    })?;
    Ok(())
}

/// One shard's log as the keeper sees it.
struct Shard {
    age: LogAge,
    last_index: u64,
    bytes: u64,
}

/// Archives and cuts the logs of a node, a round at a time.
pub struct Keeper {
    keeper: LogKeeper,
    policy: KeepPolicy,
    shards: BTreeMap<u32, Shard>,
}

/// How far a shard's log may be cut: the raft thread says.
pub type Cut = oneshot::Receiver<Option<Position>>;

impl Keeper {
    /// Of the node behind this door.
    pub fn new(keeper: LogKeeper, policy: KeepPolicy, gateway: &Gateway) -> Self {
        let sizes = keeper.sizes();
        let shard = |shard| {
            let (bytes, last_index) = (sizes.get(&shard).copied().unwrap_or(0), last_index(gateway, shard));
            (shard, Shard { age: LogAge::new(last_index, bytes, 0), last_index, bytes: 0 })
        };
        let shards = (0..gateway.shards()).map(shard).collect();
        Self { keeper, policy, shards }
    }

    /// Archives every shard's log, and asks of those with too much how far they may be cut.
    pub fn ask(&mut self, gateway: &Gateway, now_ms: u64) -> anyhow::Result<Vec<(u32, Cut)>> {
        let shared = gateway.shared();
        let mut asked = Vec::new();
        for (shard, seen) in &mut self.shards {
            let Some(door) = shared.door(*shard) else { break };
            self.keeper.archive(*shard)?;
            let last_index = last_index(gateway, *shard);
            let bytes = door.progress.log_bytes.load(Ordering::Acquire);
            if last_index != seen.last_index {
                seen.age.grew(last_index, bytes.saturating_sub(seen.bytes), now_ms);
                (seen.last_index, seen.bytes) = (last_index, bytes);
            }
            let applied = door.progress.applied.load(Ordering::Acquire);
            let Some(upto) = seen.age.cut(&self.policy, now_ms, applied, None) else { continue };
            let (answer, cut) = oneshot::channel();
            if door.compact(upto, answer).is_ok() {
                asked.push((*shard, cut));
                shared.waker.wake();
            }
        }
        Ok(asked)
    }

    /// Cuts a shard's log as far as raft allows.
    pub fn cut(&mut self, shard: u32, upto: Position) -> anyhow::Result<()> {
        self.keeper.truncate(shard, upto.index)?;
        Ok(())
    }

    fn round(&mut self, gateway: &Gateway, now_ms: u64) -> anyhow::Result<()> {
        for (shard, cut) in self.ask(gateway, now_ms)? {
            if let Ok(Some(position)) = cut.blocking_recv() {
                self.cut(shard, position)?;
            }
        }
        Ok(())
    }
}

fn last_index(gateway: &Gateway, shard: u32) -> u64 {
    gateway.shared().door(shard).map_or(0, |door| door.progress.last_index.load(Ordering::Acquire))
}

/// Below the floor of free space submits are refused and an alarm is raised; the steward hands leadership to a node with
/// space.
fn watch(store: &Store, gateway: &Gateway, floor: u64) -> anyhow::Result<()> {
    let shared = gateway.shared();
    let space = store.free_space()?;
    metrics::gauge!("kindred_disk_free_bytes").set(space.free_bytes as f64);
    let full = space.free_percent() < floor;
    metrics::gauge!("kindred_disk_full").set(f64::from(u8::from(full)));
    if full != shared.disk_is_full() {
        let free_bytes = space.free_bytes;
        match full {
            true => tracing::error!(free_bytes, "less than {floor} % of the disk is free: submits are refused"),
            false => tracing::info!(free_bytes, "more than {floor} % of the disk is free again"),
        }
        shared.set_disk_full(full);
    }
    store.maintain();
    Ok(())
}

/// For whoever chooses a retention.
fn tell_sizes(store: &Store) {
    for (table, bytes) in store.table_bytes() {
        metrics::gauge!("kindred_storage_table_bytes", "table" => table.name()).set(bytes as f64);
    }
}
