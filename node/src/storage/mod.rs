//! Storage answers: what does this node still know after the power was cut?
//!
//! It remembers bytes, shard numbers, indexes and terms; it knows no raft type and no record of the domain.
//! One RocksDB in one folder serves all shards of a node, with one writer for the logs of all of them.
//!
//! # Who may do what
//!
//! | Door | Held by | What it writes |
//! | --- | --- | --- |
//! | [`LogWriter`] (one per store, not shared) | the log-writer thread | entries, hard states, the switch to a received snapshot; the side file |
//! | [`StateBatch`] + [`Store::commit`] | the apply thread of the shard | records, events, blobs and `applied`, in one atomic batch, not synced |
//! | [`LogKeeper`] (one per store) | the maintenance thread | copies to the archive, cuts the beginning of logs |
//! | [`Import`] | the snapshot receiver | a new generation of a shard's state, invisible until the switch |
//! | [`LogReader`], [`View`], [`Export`] | anyone | nothing |
//!
//! # The calls, in the order in which a node uses them
//!
//! ```text
//! Store::open(dir, &Who { cluster_id, node_id }, &Options::default()) -> Result<Store, Error>
//! store.identity() -> Identity { cluster_id, node_id, storage: u128, raft_id }      raft_id 0: none yet
//! store.set_raft_id(id)                            once, synced; another one later is an error
//! store.create_shard(shard, &Founding)             once per shard, synced
//! store.shards() -> Vec<u32>
//! store.load(shard) -> Option<Loaded>              hard state, members, truncated, last, applied
//! store.side_check(shard) -> SideCheck             Ok, or Behind: this replica must not vote (yet)
//! store.free_space() -> Space                      for the 5 % alarm
//!
//! let mut writer = store.log_writer()?;            once: the second call is an error
//! writer.write(vec![ShardWrite { shard, install, entries, hard_state }, ..])   returns once durable
//! let reader = store.log_reader();                 clone freely
//! reader.entries(shard, low, high, max_bytes) -> Vec<Entry>                 Compacted / Unavailable
//! reader.term(shard, index) -> u64
//!
//! let mut batch = store.batch(shard)?;             reuse it: commit empties it
//! batch.put(Table::Agent, key.bytes(), &value); batch.delete(..); batch.delete_prefix(..); batch.trim(..);
//! store.commit(&mut batch, &Applied { index, term, log_time_ms, cluster_version }, members)
//! store.get(shard, table, key) -> Option<Bytes>
//! let view = store.view(shard)?;                   one consistent moment; view.applied(), view.members()
//! view.get(table, key); view.scan(table, prefix, |key, value| ControlFlow::Continue(()));
//! view.scan_range(table, from, to, each); view.page(table, prefix, after, limit) -> Page { rows, more }
//! let mut export = view.export();                  view.snapshot_meta(), then chunks of 1 MiB, then the trailer
//! while let Some(chunk) = export.next_chunk()? { .. }
//! export.trailer() -> Trailer { chunks, bytes, records, digest }
//! let mut import = store.import(meta)?;            import.chunk(&chunk)?; import.finish(&trailer)? -> Staged
//! ShardWrite { install: Some(staged), .. }         the log writer makes the switch, in its synced batch
//!
//! let mut keeper = store.log_keeper()?;            keeper.truncate(shard, upto); keeper.archive(shard)
//! store.mark_deviating(shard, index); store.deviates_since(shard)           synced; for ever
//! store.maintain()                                 now and then, from a thread that may wait
//! ArchiveReader::open(dir, shard)                  an iterator over archived entries, in order
//! ```
//!
//! # What holds
//!
//! - A write error or a failed sync is a [`Error::Fault`]: the process must stop. The store refuses every
//!   later write, so that nothing is retried by mistake.
//! - `applied`, the records and the events it stands for are in one batch: none is ever without the others.
//! - State is never ahead of the log: both go through one write-ahead log, in order.
//! - A hard state is written by the log writer only, and by [`Store::create_shard`] before there is one.
//!
//! Read in this order: [`table`] and [`key`] (where a record lies), [`engine`] (the one RocksDB), [`store`],
//! [`log`], [`side_file`], [`state`], [`snapshot`], [`archive`].

mod archive;
mod engine;
mod error;
mod faults;
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod key;
pub mod limits;
mod log;
mod metrics;
mod quarantine;
mod reclaim;
mod shard;
mod side_file;
mod sizes;
mod snapshot;
mod start;
mod state;
mod store;
mod table;
#[cfg(test)]
mod tests;
mod torn;
mod types;
mod view;

pub use archive::{ArchiveReader, Archived};
pub use error::Error;
pub use faults::{DiskOp, Faults};
pub use key::{KeyBuf, KeyReader};
pub use log::{KeepPolicy, LogAge, LogKeeper, LogReader, LogWriter, ShardWrite};
pub use snapshot::{Chunk, Export, Import, SnapshotMeta, Staged, Trailer};
pub use state::StateBatch;
pub use store::Store;
pub use table::Table;
pub use types::{
    Applied, Entry, Founding, HardState, Identity, Loaded, Options, Page, Position, SideCheck, Space, Who,
};
pub use view::View;
