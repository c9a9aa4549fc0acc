//! What the store keeps in memory for each shard, and the few keys it has in the meta family.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;

use super::archive::Archive;
use super::engine::Engine;
use super::error::Error;
use super::reclaim::Reclaim;
use super::side_file::Note;
use super::table::Family;
use super::types::{Applied, HardState, Position, SideCheck};

/// What is shared by all doors of one store. Fields drop in this order: the database is closed before its
/// folder is unlocked.
pub(super) struct Shared {
    pub engine: Engine,
    pub shards: RwLock<BTreeMap<u32, Arc<Shard>>>,
    pub archive: Option<Mutex<Archive>>,
    pub dir: PathBuf,
    /// Ranges of deleted records whose space can be given back.
    pub reclaim: Mutex<Reclaim>,
    pub _lock: std::fs::File,
}

/// One shard.
pub(super) struct Shard {
    pub id: u32,
    /// Held while `applied`, `truncated` or the generation change on disk: the apply thread, the keeper and
    /// the switch to a snapshot write the same keys.
    pub switch: Mutex<()>,
    /// The generation of the state that counts.
    pub generation: AtomicU32,
    /// Whether a snapshot is being received.
    pub importing: AtomicBool,
    /// What the log spans. Never held during a write.
    pub log: Mutex<LogSpan>,
}

/// What a log spans, as far as it is on disk.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LogSpan {
    pub truncated: Position,
    pub last: Position,
    pub hard_state: HardState,
    pub health: Health,
}

/// Whether the log holds what it once held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Health {
    #[default]
    Whole,
    /// Below this note.
    Behind(Note),
    /// The side file is lost.
    Unknown,
}

impl LogSpan {
    /// Takes note of progress: a log that has caught up is whole again.
    pub fn recover(&mut self) {
        if let Health::Behind(note) = self.health
            && note.is_reached_by(self.last, &self.hard_state)
        {
            self.health = Health::Whole;
        }
    }

    pub fn check(&self) -> SideCheck {
        match self.health {
            Health::Whole => SideCheck::Ok,
            Health::Unknown => SideCheck::Unknown,
            Health::Behind(note) => SideCheck::Behind {
                noted: note.last,
                found: self.last,
                noted_term: note.term,
                found_term: self.hard_state.term,
            },
        }
    }
}

/// Locks; a panic elsewhere in the process does not make the data wrong (writers stop by `Engine`).
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub fn shard(&self, shard: u32) -> Result<Arc<Shard>, Error> {
        let shards = self.shards.read().unwrap_or_else(PoisonError::into_inner);
        shards.get(&shard).cloned().ok_or(Error::NoShard { shard })
    }
}

/// A shard's keys in the meta family.
#[derive(Clone, Copy)]
pub(super) enum MetaKey {
    Generation,
    HardState,
    Truncated,
    Applied,
    Members,
    Importing,
    Deviates,
}

impl MetaKey {
    /// The key on disk.
    pub fn of(self, shard: u32) -> [u8; 5] {
        let mut key = [self.tag(), 0, 0, 0, 0];
        key[1..].copy_from_slice(&shard.to_be_bytes());
        key
    }

    /// The first byte; stable.
    pub const fn tag(self) -> u8 {
        match self {
            Self::Generation => b'g',
            Self::HardState => b'h',
            Self::Truncated => b't',
            Self::Applied => b'a',
            Self::Members => b'm',
            Self::Importing => b'i',
            Self::Deviates => b'q',
        }
    }
}

/// Little-endian words: how the values of the meta family are written.
pub(super) fn words<const N: usize, const BYTES: usize>(values: [u64; N]) -> [u8; BYTES] {
    const { assert!(N * 8 == BYTES) };
    let mut out = [0; BYTES];
    for (slot, value) in out.chunks_exact_mut(8).zip(values) {
        slot.copy_from_slice(&value.to_le_bytes());
    }
    out
}

/// The inverse of [`words`].
pub(super) fn read_words<const N: usize>(what: &'static str, bytes: &[u8]) -> Result<[u64; N], Error> {
    if bytes.len() != N * 8 {
        return Err(Error::damaged(format!("{what} has {} bytes, not {}", bytes.len(), N * 8)));
    }
    let mut out = [0; N];
    for (value, slot) in out.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *value = u64::from_le_bytes(*slot);
    }
    Ok(out)
}

impl HardState {
    pub(super) fn encode(&self) -> [u8; 24] {
        words([self.term, self.vote, self.commit])
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let [term, vote, commit] = read_words("hard state", bytes)?;
        Ok(Self { term, vote, commit })
    }
}

impl Position {
    pub(super) fn encode(&self) -> [u8; 16] {
        words([self.term, self.index])
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let [term, index] = read_words("position", bytes)?;
        Ok(Self { term, index })
    }
}

impl Applied {
    pub(super) fn encode(&self) -> [u8; 32] {
        words([self.index, self.term, self.log_time_ms, u64::from(self.cluster_version)])
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let [index, term, log_time_ms, version] = read_words("applied", bytes)?;
        let cluster_version = u32::try_from(version).map_err(Error::damaged)?;
        Ok(Self { index, term, log_time_ms, cluster_version })
    }
}

impl Engine {
    /// A meta value of a shard that must be there.
    pub fn meta(&self, key: MetaKey, shard: u32) -> Result<Bytes, Error> {
        self.get(Family::Meta, &key.of(shard))?
            .ok_or_else(|| Error::damaged(format!("shard {shard} has no key {:?}", char::from(key.tag()))))
    }

    pub fn applied(&self, shard: u32) -> Result<Applied, Error> {
        Applied::decode(&self.meta(MetaKey::Applied, shard)?)
    }
}
