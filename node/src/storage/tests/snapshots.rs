//! Snapshots from one store to another.

use std::ops::ControlFlow;

use super::*;

const RECORDS: u64 = 3_000;

/// A store whose shard 1 has something in every table, about 6 MB.
fn sender(dir: &Path) -> anyhow::Result<Store> {
    let (store, _writer) = open_with_shard(dir, 1)?;
    let mut batch = store.batch(1)?;
    for number in 0..RECORDS {
        batch.put(Table::Interaction, &number.to_be_bytes(), &[number as u8; 700]);
        batch.put(Table::Event, &number.to_be_bytes(), &[number as u8; 300]);
        batch.put(Table::Context, &number.to_be_bytes(), &[number as u8; 1_000]);
    }
    batch.put(Table::ConversationItem, b"large", &vec![5; 3 << 20]);
    store.commit(&mut batch, &applied(500), Some(b"4,5,6"))?;
    Ok(store)
}

/// A store that has an older state of the shard and a log.
fn receiver(dir: &Path) -> anyhow::Result<(Store, LogWriter)> {
    let (store, mut writer) = open_with_shard(dir, 1)?;
    writer.write(vec![append(1, 1, 2, 20)])?;
    let mut batch = store.batch(1)?;
    batch.put(Table::Agent, b"old", b"old");
    batch.put(Table::Event, b"old", b"old");
    store.commit(&mut batch, &applied(10), None)?;
    Ok((store, writer))
}

pub(super) fn chunks_of(store: &Store) -> Result<(SnapshotMeta, Vec<Chunk>, Trailer), Error> {
    let view = store.view(1)?;
    let mut export = view.export();
    let mut chunks = Vec::new();
    while let Some(chunk) = export.next_chunk()? {
        chunks.push(chunk);
    }
    Ok((view.snapshot_meta(), chunks, export.trailer()))
}

fn receive(store: &Store, meta: SnapshotMeta, chunks: &[Chunk], trailer: &Trailer) -> Result<Staged, Error> {
    let mut import = store.import(meta)?;
    for chunk in chunks {
        import.chunk(chunk)?;
    }
    import.finish(trailer)
}

fn install(staged: Staged, entries: Vec<Entry>) -> ShardWrite {
    let hard_state = Some(HardState { term: 2, vote: 0, commit: 500 });
    ShardWrite { shard: 1, install: Some(staged), entries, hard_state }
}

/// Code of the table, key, value.
type Row = (u8, Vec<u8>, Vec<u8>);

/// All records of the state families.
fn everything(store: &Store) -> anyhow::Result<Vec<Row>> {
    let mut all = Vec::new();
    let view = store.view(1)?;
    for table in Table::ALL {
        view.scan(*table, b"", |key, value| {
            all.push((table.code(), key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        })?;
    }
    Ok(all)
}

#[test]
fn a_snapshot_makes_the_receiver_equal_to_the_sender() -> anyhow::Result<()> {
    let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let from = sender(here.path())?;
    let (meta, chunks, trailer) = chunks_of(&from)?;
    assert!(chunks.len() >= 9 && chunks.iter().all(|chunk| chunk.bytes.len() <= limits::CHUNK_BYTES));
    assert_eq!((trailer.chunks as usize, trailer.records), (chunks.len(), 3 * RECORDS + 1));
    let (to, mut writer) = receiver(there.path())?;
    let old = to.view(1)?;
    let mut stale = to.batch(1)?;
    stale.put(Table::Agent, b"late", b"late");
    let staged = receive(&to, meta.clone(), &chunks, &trailer)?;
    assert_eq!(to.view(1)?.applied().index, 10, "nothing shows before the switch");
    let before = to.syncs();
    writer.write(vec![install(staged, vec![entry(2, 501)])])?;
    assert_eq!(to.syncs(), before + 1);
    assert_eq!(old.get(Table::Agent, b"old")?.as_deref(), Some(b"old".as_slice()), "a view stays as it was");
    drop(old);
    let late = to.commit(&mut stale, &applied(11), None).expect_err("it belongs to the old generation");
    assert!(matches!(late, Error::StaleBatch { .. }) && !late.is_fatal());
    let check = |to: &Store| -> anyhow::Result<()> {
        assert_eq!(everything(to)?, everything(&from)?);
        let loaded = to.load(1)?.expect("the shard");
        assert_eq!((loaded.applied, loaded.members.as_ref()), (applied(500), b"4,5,6".as_slice()));
        assert_eq!(loaded.truncated, Position { term: 1, index: 500 });
        assert_eq!(loaded.last, Position { term: 2, index: 501 });
        assert_eq!(loaded.hard_state.term, 2);
        assert_eq!(to.side_check(1)?, SideCheck::Ok);
        assert!(matches!(to.log_reader().entries(1, 20, 21, 1), Err(Error::Compacted { .. })));
        Ok(())
    };
    check(&to)?;
    let crashed = as_after_a_crash(there.path())?;
    check(&open(crashed.path())?)?;
    to.shared.reclaim(0);
    check(&to)?;
    stale.put(Table::Agent, b"new", b"new");
    to.commit(&mut stale, &applied(501), None)?;
    assert_eq!(to.get(1, Table::Agent, b"new")?.as_deref(), Some(b"new".as_slice()));
    Ok(())
}

#[test]
fn damaged_chunks_and_trailers_are_refused_and_leave_nothing() -> anyhow::Result<()> {
    let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (meta, chunks, trailer) = chunks_of(&sender(here.path())?)?;
    let (to, mut writer) = receiver(there.path())?;
    let before = everything(&to)?;
    let mut cases: Vec<(&str, Vec<Chunk>, Trailer)> = Vec::new();
    let mut flipped = chunks.clone();
    let mut bytes = flipped[2].bytes.to_vec();
    bytes[1_000] ^= 1;
    flipped[2].bytes = bytes.into();
    cases.push(("flipped bit", flipped, trailer));
    let mut swapped = chunks.clone();
    swapped.swap(1, 2);
    cases.push(("wrong order", swapped, trailer));
    cases.push(("cut short", chunks[..chunks.len() - 1].to_vec(), trailer));
    cases.push(("wrong digest", chunks.clone(), Trailer { digest: trailer.digest ^ 1, ..trailer }));
    let mut forged = chunks.clone();
    let mut bytes = forged[0].bytes.to_vec();
    bytes[0] = 1;
    forged[0].checksum = xxhash_rust::xxh3::xxh3_64(&bytes);
    forged[0].bytes = bytes.into();
    cases.push(("a family that holds no state", forged, trailer));
    for (what, chunks, trailer) in cases {
        let refused = receive(&to, meta.clone(), &chunks, &trailer).err();
        assert!(matches!(refused, Some(Error::BadSnapshot { shard: 1, .. })), "{what}: {refused:?}");
        assert_eq!(everything(&to)?, before, "{what}");
    }
    // And a good one afterwards is taken.
    let staged = receive(&to, meta, &chunks, &trailer)?;
    writer.write(vec![install(staged, Vec::new())])?;
    assert_eq!(to.view(1)?.applied().index, 500);
    Ok(())
}

#[test]
fn one_import_at_a_time_and_an_aborted_one_is_cleared() -> anyhow::Result<()> {
    let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (meta, chunks, trailer) = chunks_of(&sender(here.path())?)?;
    let (to, _writer) = receiver(there.path())?;
    let mut import = to.import(meta.clone())?;
    assert!(matches!(to.import(meta.clone()).err(), Some(Error::ImportBusy { shard: 1 })));
    for chunk in &chunks[..3] {
        import.chunk(chunk)?;
    }
    let crashed = as_after_a_crash(there.path())?;
    drop(import);
    drop(receive(&to, meta.clone(), &chunks, &trailer)?);
    for (name, store) in [("dropped", to), ("crashed", open(crashed.path())?)] {
        assert_eq!(everything(&store)?.len(), 2, "{name}");
        let (_, again, _) = chunks_of(&store)?;
        assert!(again.iter().map(|chunk| chunk.bytes.len()).sum::<usize>() < 100, "{name}");
        // The generation that was given up can be used again.
        let mut import = store.import(meta.clone())?;
        import.chunk(&chunks[0])?;
        assert_eq!(everything(&store)?.len(), 2, "{name}");
    }
    Ok(())
}

#[test]
fn an_export_does_not_see_later_commits() -> anyhow::Result<()> {
    let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let from = sender(here.path())?;
    let expected = everything(&from)?;
    let view = from.view(1)?;
    let mut export = view.export();
    let mut chunks = vec![export.next_chunk()?.expect("the first chunk")];
    let mut batch = from.batch(1)?;
    batch.delete_prefix(Table::Event, b"")?;
    batch.delete_prefix(Table::Context, b"")?;
    from.commit(&mut batch, &applied(501), None)?;
    from.shared.reclaim(0);
    while let Some(chunk) = export.next_chunk()? {
        chunks.push(chunk);
    }
    let (to, mut writer) = receiver(there.path())?;
    let staged = receive(&to, view.snapshot_meta(), &chunks, &export.trailer())?;
    writer.write(vec![install(staged, Vec::new())])?;
    assert!(everything(&to)? == expected);
    Ok(())
}

#[test]
fn a_shard_that_waits_for_a_snapshot_starts_empty() -> anyhow::Result<()> {
    let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (meta, chunks, trailer) = chunks_of(&sender(here.path())?)?;
    let to = open(there.path())?;
    to.create_shard(1, &Founding::default())?;
    let mut writer = to.log_writer()?;
    let staged = receive(&to, meta, &chunks, &trailer)?;
    writer.write(vec![install(staged, Vec::new())])?;
    drop((to, writer));
    let to = open(there.path())?;
    assert_eq!(everything(&to)?.len() as u64, 3 * RECORDS + 1);
    assert_eq!(to.side_check(1)?, SideCheck::Ok);
    Ok(())
}
