//! Faults made by the hook: whatever operation fails, nothing is written any more, and what was durable is there.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use super::*;

/// Fails one operation, and writes down which there were.
#[derive(Debug, Default)]
struct Script {
    /// The operation to fail, and whether only after it happened.
    fail: Option<(DiskOp, bool)>,
    seen: Mutex<BTreeSet<DiskOp>>,
    space: Option<Space>,
}

impl Script {
    fn failing(op: DiskOp, happened: bool) -> Arc<Self> {
        Arc::new(Self { fail: Some((op, happened)), ..Self::default() })
    }

    fn answer(&self, op: DiskOp, happened: bool) -> io::Result<()> {
        match self.fail == Some((op, happened)) {
            true => Err(io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error())),
            false => Ok(()),
        }
    }
}

impl Faults for Script {
    fn before(&self, op: DiskOp) -> io::Result<()> {
        self.seen.lock().expect("no panic").insert(op);
        self.answer(op, false)
    }

    fn after(&self, op: DiskOp) -> io::Result<()> {
        self.answer(op, true)
    }

    fn free_space(&self) -> Option<Space> {
        self.space
    }
}

fn hooked(dir: &Path, faults: Arc<Script>) -> Options {
    Options { log_archive: Some(dir.join("archive")), storage: Some(77), faults: Some(faults), ..options() }
}

/// A life with every kind of operation but the removal of files, for which 64 MiB have to be cut.
fn live(store: &Store, writer: &mut LogWriter, keeper: &mut LogKeeper) -> Result<(), Error> {
    store.set_raft_id(3)?;
    if store.load(1)?.is_none() {
        store.create_shard(1, &founding())?;
    }
    writer.write(vec![append(1, 1, 2, 9)])?;
    let mut batch = store.batch(1)?;
    batch.put(Table::Agent, b"a", b"1");
    store.commit(&mut batch, &applied(8), None)?;
    keeper.truncate(1, 5)?;
    let meta = SnapshotMeta { shard: 1, applied: Applied { index: 20, term: 1, ..applied(20) }, members: Bytes::new() };
    drop(store.import(meta.clone())?);
    let (_, chunks, trailer) = snapshots::chunks_of(store)?;
    let mut import = store.import(meta)?;
    for chunk in &chunks {
        import.chunk(chunk)?;
    }
    let staged = import.finish(&trailer)?;
    writer.write(vec![ShardWrite { install: Some(staged), ..append(1, 2, 21, 22) }])?;
    store.commit(&mut store.batch(1)?, &applied(22), None)?;
    store.mark_deviating(1, 22)?;
    keeper.archive(1)?;
    Ok(())
}

fn doors(store: &Store) -> Result<(LogWriter, LogKeeper), Error> {
    Ok((store.log_writer()?, store.log_keeper()?))
}

/// Every door that writes.
fn refusals(store: &Store, writer: &mut LogWriter, keeper: &mut LogKeeper) -> Vec<(&'static str, bool)> {
    let last = store.load(1).ok().flatten().map(|loaded| loaded.last.index);
    let mut refused = vec![("create_shard", store.create_shard(2, &founding()).is_err())];
    let Some(last) = last else { return refused };
    let meta = SnapshotMeta { shard: 1, ..SnapshotMeta::default() };
    refused.push(("import", store.import(meta).is_err()));
    refused.push(("write", writer.write(vec![append(1, 9, last + 1, last + 1)]).is_err()));
    refused.push(("commit", store.batch(1).and_then(|mut batch| store.commit(&mut batch, &applied(9), None)).is_err()));
    refused.push(("mark", store.deviates_since(1).ok() == Some(Some(22)) || store.mark_deviating(1, 22).is_err()));
    refused.push(("archive", keeper.archive(1).is_err()));
    refused
}

#[test]
fn the_session_passes_every_operation() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let script = Arc::new(Script::default());
    let store = Store::open(dir.path(), &who(), &hooked(dir.path(), script.clone()))?;
    assert_eq!(store.identity().storage, 77, "the given storage id");
    let (mut writer, mut keeper) = doors(&store)?;
    live(&store, &mut writer, &mut keeper)?;
    let seen = script.seen.lock().expect("no panic").clone();
    let missing: Vec<_> = DiskOp::ALL.into_iter().filter(|op| !seen.contains(op)).collect();
    assert_eq!(missing, [DiskOp::CutSync, DiskOp::CutFiles]);
    Ok(())
}

#[test]
fn whatever_fails_nothing_is_written_afterwards_and_nothing_durable_is_lost() -> anyhow::Result<()> {
    for op in DiskOp::ALL.into_iter().filter(|op| !matches!(op, DiskOp::CutSync | DiskOp::CutFiles)) {
        for happened in [false, true] {
            let dir = tempfile::tempdir()?;
            failed(dir.path(), op, happened)?;
            let store = Store::open(dir.path(), &who(), &hooked(dir.path(), Arc::default()))?;
            let check = store.side_check(1).unwrap_or(SideCheck::Ok);
            assert_eq!(check, SideCheck::Ok, "{op:?}, happened: {happened}");
        }
    }
    Ok(())
}

/// Lives until the operation fails, then knocks at every door.
fn failed(dir: &Path, op: DiskOp, happened: bool) -> anyhow::Result<()> {
    let script = Script::failing(op, happened);
    let store = match Store::open(dir, &who(), &hooked(dir, script.clone())) {
        Ok(store) => store,
        Err(error) => {
            assert!(error.is_fatal(), "{op:?}: {error}");
            return Ok(());
        }
    };
    let (mut writer, mut keeper) = doors(&store)?;
    match live(&store, &mut writer, &mut keeper) {
        Err(error) => assert!(error.is_fatal(), "{op:?}, happened: {happened}: {error}"),
        // A snapshot given up cannot say that it was not cleared away: the next start does it.
        Ok(()) => assert_eq!(op, DiskOp::ImportClear, "happened: {happened}"),
    }
    let open: Vec<_> = refusals(&store, &mut writer, &mut keeper).into_iter().filter(|(_, refused)| !refused).collect();
    assert!(open.is_empty(), "{op:?}, happened: {happened}: still open: {open:?}");
    Ok(())
}

#[test]
fn the_space_may_be_told() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let space = Space { free_bytes: 4, total_bytes: 100 };
    let script = Arc::new(Script { space: Some(space), ..Script::default() });
    let store = Store::open(dir.path(), &who(), &hooked(dir.path(), script))?;
    assert_eq!(store.free_space()?, space);
    Ok(())
}
