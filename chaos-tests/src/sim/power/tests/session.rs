//! A random life of a store, and what the store must answer after it: some moment of it, not before the last sync.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use kindred_node::storage::{
    Applied, ArchiveReader, Archived, Entry, Error, Founding, HardState, LogKeeper, LogWriter, Position, ShardWrite,
    SideCheck, SnapshotMeta, Store, Table,
};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::SimDisk;

pub const SHARDS: u32 = 2;

/// What one shard answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shard {
    pub hard_state: HardState,
    pub truncated: Position,
    pub last: Position,
    pub applied: Applied,
    pub members: Bytes,
    pub log: BTreeMap<u64, (u64, Bytes)>,
    pub rows: BTreeMap<Vec<u8>, Bytes>,
}

/// What a store answers.
pub type Model = BTreeMap<u32, Shard>;

/// Reads everything a store has.
pub fn read(store: &Store) -> Result<Model, Error> {
    let mut model = Model::new();
    for shard in store.shards() {
        let loaded = store.load(shard)?.unwrap_or_default();
        let entries = store.log_reader().entries(shard, loaded.truncated.index + 1, loaded.last.index + 1, u64::MAX)?;
        let mut rows = BTreeMap::new();
        store.view(shard)?.scan(Table::Agent, b"", |key, value| {
            rows.insert(key.to_vec(), Bytes::copy_from_slice(value));
            ControlFlow::Continue(())
        })?;
        let log = entries.into_iter().map(|entry| (entry.index, (entry.term, entry.data))).collect();
        let (hard_state, truncated, last) = (loaded.hard_state, loaded.truncated, loaded.last);
        let (applied, members) = (loaded.applied, loaded.members);
        model.insert(shard, Shard { hard_state, truncated, last, applied, members, log, rows });
    }
    Ok(model)
}

/// A store at work.
pub struct Session {
    pub store: Arc<Store>,
    writer: LogWriter,
    keeper: LogKeeper,
    /// What the store may answer: a state for each write, in order.
    pub history: Vec<Model>,
    /// The last of them that was answered as done.
    pub done: usize,
    /// The last of them that is durable.
    pub durable: usize,
    /// What the side file should know: last entry, term and vote.
    pub notes: BTreeMap<u32, (Position, u64, u64)>,
    /// Entries ever applied, and those the keeper has cut.
    pub applied: BTreeMap<(u32, u64), (u64, Bytes)>,
    pub cut: Vec<(u32, u64)>,
}

impl Session {
    /// Starts on what the store has.
    pub fn start(disk: &mut SimDisk, applied: BTreeMap<(u32, u64), (u64, Bytes)>) -> Result<Self, Error> {
        let store = disk.open()?;
        let (writer, keeper) = (store.log_writer()?, store.log_keeper()?);
        let history = vec![read(&store)?];
        let mut session = Self {
            store,
            writer,
            keeper,
            history,
            done: 0,
            durable: 0,
            notes: BTreeMap::new(),
            applied,
            cut: Vec::new(),
        };
        for (shard, model) in session.now().clone() {
            session.note(shard, &model);
        }
        session.found()?;
        Ok(session)
    }

    fn found(&mut self) -> Result<(), Error> {
        self.store.set_raft_id(5)?;
        for shard in (0..SHARDS).filter(|shard| !self.now().contains_key(shard)).collect::<Vec<_>>() {
            let position = Position { term: 1, index: 1 };
            let hard_state = HardState { term: 1, vote: 0, commit: 1 };
            let applied = Applied { index: 1, term: 1, ..Applied::default() };
            let founding = Founding { hard_state, members: Bytes::from_static(b"1"), position };
            let members = founding.members.clone();
            let made = Shard { hard_state, truncated: position, last: position, applied, members, ..Shard::default() };
            self.history.push(with(self.now(), shard, made));
            self.store.create_shard(shard, &founding)?;
            self.is_done(true);
        }
        Ok(())
    }

    fn now(&self) -> &Model {
        self.history.last().expect("never empty")
    }

    fn is_done(&mut self, synced: bool) {
        self.done = self.history.len() - 1;
        if synced {
            self.durable = self.done;
        }
    }

    fn note(&mut self, shard: u32, model: &Shard) {
        self.notes.insert(shard, (model.last, model.hard_state.term, model.hard_state.vote));
    }

    /// Something at random.
    pub fn step(&mut self, rng: &mut ChaCha8Rng) -> Result<(), Error> {
        let shard = rng.random_range(0..SHARDS);
        match rng.random_range(0..14) {
            0..=3 => self.append(shard, rng),
            4 => self.overwrite(shard, rng),
            5 => self.vote(shard, rng),
            6..=9 => self.commit(shard, rng),
            10 => self.truncate(shard, rng),
            11 => self.install(shard, rng, true),
            12 => self.install(shard, rng, false),
            _ => self.keeper.archive(shard).map(drop),
        }
    }

    /// One of each.
    pub fn all(&mut self, rng: &mut ChaCha8Rng) -> Result<(), Error> {
        for shard in 0..SHARDS {
            self.append(shard, rng)?;
            self.commit(shard, rng)?;
            self.append(shard, rng)?;
            self.overwrite(shard, rng)?;
            self.vote(shard, rng)?;
            self.commit(shard, rng)?;
            self.truncate(shard, rng)?;
            self.install(shard, rng, false)?;
            self.install(shard, rng, true)?;
            self.append(shard, rng)?;
            self.commit(shard, rng)?;
            self.keeper.archive(shard)?;
        }
        Ok(())
    }

    fn append(&mut self, shard: u32, rng: &mut ChaCha8Rng) -> Result<(), Error> {
        let from = self.now()[&shard].last.index + 1;
        self.log(shard, from, rng, None)
    }

    fn overwrite(&mut self, shard: u32, rng: &mut ChaCha8Rng) -> Result<(), Error> {
        let model = &self.now()[&shard];
        // What was ever applied was committed, also if a power cut took the applied state back.
        let committed =
            self.applied.range((shard, 0)..=(shard, u64::MAX)).next_back().map_or(0, |((_, index), _)| *index);
        let (low, high) = (committed.max(model.applied.index) + 1, model.last.index);
        if low > high {
            return Ok(());
        }
        let from = rng.random_range(low..=high);
        self.log(shard, from, rng, Some(1))
    }

    fn log(&mut self, shard: u32, from: u64, rng: &mut ChaCha8Rng, newer: Option<u64>) -> Result<(), Error> {
        let mut model = self.now()[&shard].clone();
        let term = model.hard_state.term + newer.unwrap_or_else(|| u64::from(rng.random_range(0..4) == 0));
        let entries = entries(from, term, rng);
        model.log.split_off(&from);
        model.log.extend(entries.iter().map(|entry| (entry.index, (entry.term, entry.data.clone()))));
        model.last = Position { term, index: from + entries.len() as u64 - 1 };
        // A vote is given once in a term, perhaps after the term began.
        let before = model.hard_state;
        let vote = if term == before.term && before.vote != 0 { before.vote } else { u64::from(newer.is_none()) };
        model.hard_state = HardState { term, vote, commit: from - 1 };
        let write = ShardWrite { shard, install: None, entries, hard_state: Some(model.hard_state) };
        self.write(write, model)
    }

    fn write(&mut self, write: ShardWrite, model: Shard) -> Result<(), Error> {
        let before = &self.now()[&write.shard].hard_state;
        let voted = (before.term, before.vote) != (model.hard_state.term, model.hard_state.vote);
        let synced = write.install.is_some() || !write.entries.is_empty() || voted;
        let shard = write.shard;
        self.history.push(with(self.now(), shard, model.clone()));
        self.writer.write(vec![write])?;
        self.is_done(synced);
        if synced {
            self.note(shard, &model);
        }
        Ok(())
    }

    fn vote(&mut self, shard: u32, rng: &mut ChaCha8Rng) -> Result<(), Error> {
        let mut model = self.now()[&shard].clone();
        if rng.random() {
            model.hard_state = HardState { term: model.hard_state.term + 1, vote: 2, ..model.hard_state };
        }
        model.hard_state.commit = model.last.index;
        let hard_state = Some(model.hard_state);
        self.write(ShardWrite { shard, install: None, entries: Vec::new(), hard_state }, model)
    }

    fn commit(&mut self, shard: u32, rng: &mut ChaCha8Rng) -> Result<(), Error> {
        let mut model = self.now()[&shard].clone();
        if model.applied.index == model.last.index {
            return Ok(());
        }
        let index = rng.random_range(model.applied.index + 1..=model.last.index);
        for index in model.applied.index + 1..=index {
            self.applied.insert((shard, index), model.log[&index].clone());
        }
        model.applied = Applied { index, term: model.log[&index].0, log_time_ms: index, cluster_version: 1 };
        let mut batch = self.store.batch(shard)?;
        for _ in 0..rng.random_range(1..5) {
            let (key, value) = (vec![rng.random_range(0..9)], bytes(rng, 500));
            batch.put(Table::Agent, &key, &value);
            model.rows.insert(key, value);
        }
        let members = rng.random::<bool>().then(|| bytes(rng, 20));
        model.members = members.clone().unwrap_or(model.members);
        let applied = model.applied;
        self.history.push(with(self.now(), shard, model));
        self.store.commit(&mut batch, &applied, members.as_deref())?;
        self.is_done(false);
        Ok(())
    }

    fn truncate(&mut self, shard: u32, rng: &mut ChaCha8Rng) -> Result<(), Error> {
        let mut model = self.now()[&shard].clone();
        if model.applied.index <= model.truncated.index {
            return Ok(());
        }
        let upto = rng.random_range(model.truncated.index + 1..=model.applied.index);
        let cut = model.truncated.index + 1..=upto;
        model.truncated = Position { term: model.log[&upto].0, index: upto };
        model.log = model.log.split_off(&(upto + 1));
        self.history.push(with(self.now(), shard, model));
        self.keeper.truncate(shard, upto)?;
        self.cut.extend(cut.map(|index| (shard, index)));
        self.is_done(false);
        Ok(())
    }

    /// Receives a snapshot that is like its own state, but further on; or gives up half way.
    fn install(&mut self, shard: u32, rng: &mut ChaCha8Rng, finish: bool) -> Result<(), Error> {
        let mut model = self.now()[&shard].clone();
        let term = model.hard_state.term;
        let applied = Applied { index: model.last.index + 3, term, log_time_ms: 1, cluster_version: 1 };
        let members = bytes(rng, 20);
        let mut import = self.store.import(SnapshotMeta { shard, applied, members: members.clone() })?;
        let trailer = {
            let view = self.store.view(shard)?;
            let mut export = view.export();
            while let Some(chunk) = export.next_chunk()? {
                import.chunk(&chunk)?;
            }
            export.trailer()
        };
        if !finish {
            return Ok(());
        }
        let staged = import.finish(&trailer)?;
        let position = Position { term, index: applied.index };
        let entries = entries(applied.index + 1, term, rng);
        (model.applied, model.members, model.truncated) = (applied, members, position);
        model.log = entries.iter().map(|entry| (entry.index, (entry.term, entry.data.clone()))).collect();
        model.last = Position { term, index: applied.index + entries.len() as u64 };
        model.hard_state.commit = applied.index;
        let hard_state = Some(model.hard_state);
        self.write(ShardWrite { shard, install: Some(staged), entries, hard_state }, model)
    }

    /// What the archive must hold, all of it as it was applied.
    pub fn check_archive(&mut self, disk: &SimDisk) -> Result<(), Error> {
        for shard in 0..SHARDS {
            self.keeper.archive(shard)?;
            let mut found = Vec::new();
            for item in ArchiveReader::open(&disk.archive_path(), shard)? {
                if let Archived::Entry(entry) = item? {
                    assert_eq!(self.applied.get(&(shard, entry.index)), Some(&(entry.term, entry.data.clone())));
                    found.push((shard, entry.index));
                }
            }
            let missing: Vec<_> = self.cut.iter().filter(|cut| cut.0 == shard && !found.contains(cut)).collect();
            assert!(missing.is_empty(), "cut from the log and not in the archive: {missing:?}");
        }
        Ok(())
    }
}

fn with(model: &Model, shard: u32, value: Shard) -> Model {
    let mut model = model.clone();
    model.insert(shard, value);
    model
}

fn bytes(rng: &mut ChaCha8Rng, max: usize) -> Bytes {
    let mut bytes = vec![0; rng.random_range(1..=max)];
    rng.fill(&mut bytes[..]);
    bytes.into()
}

fn entries(from: u64, term: u64, rng: &mut ChaCha8Rng) -> Vec<Entry> {
    let count = rng.random_range(1..5);
    (from..from + count).map(|index| Entry { index, term, data: bytes(rng, 3_000) }).collect()
}

/// What a session leaves to be judged after the next start.
pub struct Past {
    pub history: Vec<Model>,
    pub done: usize,
    pub durable: usize,
    pub notes: BTreeMap<u32, (Position, u64, u64)>,
    pub applied: BTreeMap<(u32, u64), (u64, Bytes)>,
    pub cut: Vec<(u32, u64)>,
}

impl From<Session> for Past {
    fn from(session: Session) -> Self {
        let Session { history, done, durable, notes, applied, cut, .. } = session;
        Self { history, done, durable, notes, applied, cut }
    }
}

impl Past {
    /// Which moment of the past this is; the latest, if several were alike.
    pub fn moment(&self, model: &Model) -> Option<usize> {
        self.history.iter().rposition(|moment| moment == model)
    }

    /// Whether a shard has what the side file knows of it.
    pub fn is_reached(&self, shard: u32, model: &Model) -> bool {
        let Some((last, term, vote)) = self.notes.get(&shard) else { return true };
        let Some(found) = model.get(&shard) else { return false };
        let hard_state = found.hard_state;
        found.last >= *last && (hard_state.term > *term || (hard_state.term, hard_state.vote) == (*term, *vote))
    }
}

/// Whether the store itself says that this shard lost something.
pub fn is_behind(store: &Store, shard: u32) -> bool {
    matches!(store.side_check(shard), Ok(SideCheck::Behind { .. }) | Err(Error::NoShard { .. }))
}
