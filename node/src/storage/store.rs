//! Opening a node's data folder: the lock, the identity, the shards as they were left.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rocksdb::WriteBatch;

use super::archive::Archive;
use super::engine::Engine;
use super::error::Error;
use super::faults::DiskOp;
use super::identity;
use super::limits::SHARDS_MAX;
use super::log::{LogKeeper, LogReader, LogWriter};
use super::shard::{Health, LogSpan, MetaKey, Shard, Shared, lock};
use super::side_file::{Note, SideFile};
use super::table::Family;
use super::torn;
use super::types::{Applied, Founding, Identity, Loaded, Options, SideCheck, Space, Who};

/// A node's data folder, open. Clones share it; the last one dropped closes it.
#[derive(Clone)]
pub struct Store {
    pub(super) shared: Arc<Shared>,
    identity: Arc<Mutex<Identity>>,
    side: Arc<Mutex<Option<SideFile>>>,
    keeper_taken: Arc<AtomicBool>,
}

impl Store {
    /// Opens the folder `dir`, or makes it.
    ///
    /// Errors: `Locked` while another process has it open; `Foreign` if it belongs to another cluster or
    /// node; `Format` if another version wrote it; `Damaged`, `Archive` or `Fault` if it cannot be trusted.
    pub fn open(dir: &Path, who: &Who, options: &Options) -> Result<Self, Error> {
        identity::check_names(who)?;
        let lock_file = lock_dir(dir)?;
        let database = dir.join("db");
        torn::keep_aside(&database, &dir.join("torn"))?;
        let engine = Engine::open(&database, options)?;
        let identity = identity::load_or_create(&engine, dir, who, options)?;
        let archive = match &options.log_archive {
            Some(path) => Some(Mutex::new(Archive::open(path, &identity.cluster_id, engine.hook())?)),
            None => None,
        };
        let hook = engine.hook().clone();
        let shared = Shared {
            engine,
            shards: RwLock::new(BTreeMap::new()),
            archive,
            dir: dir.to_owned(),
            reclaim: Mutex::default(),
            _lock: lock_file,
        };
        let side_path = dir.join("side");
        let side = SideFile::open(&side_path, identity.storage, &hook)?;
        shared.load_shards(|shard| match &side {
            Some(side) => side.note_of(shard),
            None => Some(Note::LOST),
        })?;
        let side = match side {
            Some(side) => side,
            None => SideFile::create(&side_path, identity.storage, shared.lost_notes(), &hook)?,
        };
        Ok(Self {
            shared: Arc::new(shared),
            identity: Arc::new(Mutex::new(identity)),
            side: Arc::new(Mutex::new(Some(side))),
            keeper_taken: Arc::new(AtomicBool::new(false)),
        })
    }

    /// Whose disk this is.
    pub fn identity(&self) -> Identity {
        lock(&self.identity).clone()
    }

    /// Gives this storage its raft id, once; the same id again changes nothing. Synced.
    ///
    /// Errors: `RaftIdSet` if it has another one.
    pub fn set_raft_id(&self, raft_id: u64) -> Result<(), Error> {
        let mut identity = lock(&self.identity);
        if identity.raft_id == raft_id {
            return Ok(());
        }
        if identity.raft_id != 0 {
            return Err(Error::RaftIdSet { stored: identity.raft_id, given: raft_id });
        }
        let changed = Identity { raft_id, ..identity.clone() };
        identity::save(&self.shared.engine, &changed)?;
        *identity = changed;
        Ok(())
    }

    /// Space in the file system that holds the folder.
    pub fn free_space(&self) -> Result<Space, Error> {
        if let Some(space) = self.shared.engine.hook().free_space() {
            return Ok(space);
        }
        let stat =
            rustix::fs::statvfs(&self.shared.dir).map_err(|error| Error::fault("asking for free space", error))?;
        Ok(Space { free_bytes: stat.f_bavail * stat.f_frsize, total_bytes: stat.f_blocks * stat.f_frsize })
    }

    /// The shards this node has, ascending.
    pub fn shards(&self) -> Vec<u32> {
        self.shared.shards.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Makes a shard. Synced.
    ///
    /// Errors: `ShardExists`, `TooManyShards`.
    pub fn create_shard(&self, shard: u32, founding: &Founding) -> Result<(), Error> {
        let mut shards = self.shared.shards.write().unwrap_or_else(PoisonError::into_inner);
        if shards.contains_key(&shard) {
            return Err(Error::ShardExists { shard });
        }
        if shards.len() >= SHARDS_MAX {
            return Err(Error::TooManyShards { max: SHARDS_MAX });
        }
        let engine = &self.shared.engine;
        let meta = engine.family(Family::Meta);
        let applied = Applied { index: founding.position.index, term: founding.position.term, ..Applied::default() };
        let mut batch = WriteBatch::default();
        batch.put_cf(meta, MetaKey::Generation.of(shard), 1u32.to_le_bytes());
        batch.put_cf(meta, MetaKey::HardState.of(shard), founding.hard_state.encode());
        batch.put_cf(meta, MetaKey::Truncated.of(shard), founding.position.encode());
        batch.put_cf(meta, MetaKey::Applied.of(shard), applied.encode());
        batch.put_cf(meta, MetaKey::Members.of(shard), &founding.members);
        engine.write(DiskOp::ShardWrite, batch)?;
        engine.sync(DiskOp::ShardSync)?;
        let span = LogSpan {
            truncated: founding.position,
            last: founding.position,
            hard_state: founding.hard_state,
            health: Health::Whole,
        };
        shards.insert(shard, Arc::new(Shard::new(shard, 1, span)));
        Ok(())
    }

    /// What was found on disk for a shard; `None` if the node has no such shard.
    pub fn load(&self, shard: u32) -> Result<Option<Loaded>, Error> {
        let Ok(info) = self.shared.shard(shard) else { return Ok(None) };
        let _switch = lock(&info.switch);
        let span = *lock(&info.log);
        Ok(Some(Loaded {
            hard_state: span.hard_state,
            members: self.shared.engine.meta(MetaKey::Members, shard)?,
            truncated: span.truncated,
            last: span.last,
            applied: self.shared.engine.applied(shard)?,
        }))
    }

    /// Whether the shard's log holds everything it once held; asked before voting, cheap.
    pub fn side_check(&self, shard: u32) -> Result<SideCheck, Error> {
        let info = self.shared.shard(shard)?;
        let span = *lock(&info.log);
        Ok(span.check())
    }

    /// The one log writer.
    ///
    /// Errors: `Taken` the second time.
    pub fn log_writer(&self) -> Result<LogWriter, Error> {
        let side = lock(&self.side).take().ok_or(Error::Taken { what: "log writer" })?;
        Ok(LogWriter::new(self.shared.clone(), side))
    }

    /// Reads logs; clone it freely.
    pub fn log_reader(&self) -> LogReader {
        LogReader::new(self.shared.clone())
    }

    /// The one log keeper.
    ///
    /// Errors: `Taken` the second time.
    pub fn log_keeper(&self) -> Result<LogKeeper, Error> {
        match self.keeper_taken.swap(true, Ordering::SeqCst) {
            true => Err(Error::Taken { what: "log keeper" }),
            false => Ok(LogKeeper::new(self.shared.clone())),
        }
    }

    /// How often the write-ahead log was synced since the store was opened.
    pub fn syncs(&self) -> u64 {
        self.shared.engine.syncs()
    }
}

fn lock_dir(dir: &Path) -> Result<File, Error> {
    let at = |error: std::io::Error| Error::fault("locking the data folder", format!("{}: {error}", dir.display()));
    fs::create_dir_all(dir).map_err(at)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(dir.join("LOCK")).map_err(at)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { dir: dir.to_owned() }),
        Err(TryLockError::Error(error)) => Err(at(error)),
    }
}
