//! The log archive: no gap, nothing twice, over restarts and crashes.

use std::fs::OpenOptions;

use super::*;

fn open_archiving(dir: &Path) -> anyhow::Result<Store> {
    let options = Options { log_archive: Some(dir.join("archive")), ..options() };
    let store = Store::open(dir, &who(), &options)?;
    if store.load(1)?.is_none() {
        store.create_shard(1, &founding())?;
    }
    Ok(store)
}

fn apply(store: &Store, index: u64) -> anyhow::Result<()> {
    Ok(store.commit(&mut store.batch(1)?, &applied(index), None)?)
}

fn archived(dir: &Path) -> anyhow::Result<Vec<Archived>> {
    Ok(ArchiveReader::open(&dir.join("archive"), 1)?.collect::<Result<_, _>>()?)
}

fn entries(from: u64, to: u64) -> Vec<Archived> {
    (from..=to).map(|index| Archived::Entry(entry(1, index))).collect()
}

#[test]
fn archive_and_log_together_have_every_entry_once() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    for round in 0..4 {
        let store = open_archiving(dir.path())?;
        let (mut writer, mut keeper) = (store.log_writer()?, store.log_keeper()?);
        let last = store.load(1)?.expect("the shard").last.index;
        assert_eq!(last, 1 + round * 10);
        writer.write(vec![append(1, 1, last + 1, last + 10)])?;
        apply(&store, last + 8)?;
        assert_eq!(keeper.truncate(1, last + 5)?.index, last + 5);
        assert_eq!(archived(dir.path())?, entries(2, last + 8), "everything applied");
    }
    let store = open_archiving(dir.path())?;
    assert_eq!(store.log_keeper()?.archive(1)?, 39);
    assert_eq!(store.log_reader().entries(1, 40, 42, 1_000)?, [entry(1, 40), entry(1, 41)]);
    assert_eq!(ArchiveReader::shards(&dir.path().join("archive"))?, [1]);
    Ok(())
}

#[test]
fn a_torn_end_is_cut_and_written_again() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    {
        let store = open_archiving(dir.path())?;
        store.log_writer()?.write(vec![append(1, 1, 2, 30)])?;
        apply(&store, 20)?;
        store.log_keeper()?.archive(1)?;
    }
    let segment = dir.path().join("archive/shard-00001/00000000000000000002.seg");
    let length = fs::metadata(&segment)?.len();
    for torn in 1..90 {
        OpenOptions::new().write(true).open(&segment)?.set_len(length - torn)?;
        let so_far = archived(dir.path())?;
        assert!(so_far.len() < 19 && so_far == entries(2, so_far.len() as u64 + 1));
        let store = open_archiving(dir.path())?;
        store.log_keeper()?.archive(1)?;
        assert_eq!(archived(dir.path())?, entries(2, 20));
    }
    // A segment that was torn while it was begun.
    OpenOptions::new().write(true).open(&segment)?.set_len(10)?;
    open_archiving(dir.path())?.log_keeper()?.archive(1)?;
    assert_eq!(archived(dir.path())?, entries(2, 20));
    Ok(())
}

#[test]
fn damage_to_what_only_the_archive_has_is_an_error() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    {
        let store = open_archiving(dir.path())?;
        store.log_writer()?.write(vec![append(1, 1, 2, 30)])?;
        apply(&store, 20)?;
        store.log_keeper()?.truncate(1, 20)?;
    }
    let segment = dir.path().join("archive/shard-00001/00000000000000000002.seg");
    let mut bytes = fs::read(&segment)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes)?;
    let store = open_archiving(dir.path())?;
    assert!(matches!(store.log_keeper()?.archive(1), Err(Error::Archive { .. })));
    Ok(())
}

#[test]
fn a_damaged_head_is_an_error_and_deletes_nothing() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    {
        let store = open_archiving(dir.path())?;
        store.log_writer()?.write(vec![append(1, 1, 2, 30)])?;
        apply(&store, 20)?;
        store.log_keeper()?.truncate(1, 20)?;
    }
    let segment = dir.path().join("archive/shard-00001/00000000000000000002.seg");
    let whole = fs::read(&segment)?;
    for at in 0..30 {
        let mut damaged = whole.clone();
        damaged[at] ^= 4;
        fs::write(&segment, &damaged)?;
        let store = open_archiving(dir.path())?;
        let outcome = store.log_keeper()?.archive(1);
        assert!(matches!(outcome, Err(Error::Archive { .. })), "byte {at}: {outcome:?}");
        assert_eq!(fs::read(&segment)?, damaged, "byte {at}");
        assert!(archived(dir.path()).is_err(), "byte {at}");
    }
    fs::write(&segment, &whole)?;
    assert_eq!(archived(dir.path())?, entries(2, 20));
    Ok(())
}

#[test]
fn a_received_snapshot_archives_what_was_applied_and_names_the_gap() -> anyhow::Result<()> {
    let (dir, other) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let from = open_with_shard(other.path(), 1)?.0;
    apply(&from, 100)?;
    {
        let store = open_archiving(dir.path())?;
        let mut writer = store.log_writer()?;
        writer.write(vec![append(1, 1, 2, 30)])?;
        apply(&store, 20)?;
        let view = from.view(1)?;
        let mut export = view.export();
        let mut import = store.import(view.snapshot_meta())?;
        while let Some(chunk) = export.next_chunk()? {
            import.chunk(&chunk)?;
        }
        let staged = import.finish(&export.trailer())?;
        let write = ShardWrite { install: Some(staged), ..append(1, 1, 101, 110) };
        writer.write(vec![write])?;
        apply(&store, 105)?;
        store.log_keeper()?.archive(1)?;
    }
    let mut expected = entries(2, 20);
    expected.push(Archived::Gap { from: 21, to: 100 });
    expected.extend(entries(101, 105));
    assert_eq!(archived(dir.path())?, expected);
    open_archiving(dir.path())?.log_keeper()?.archive(1)?;
    assert_eq!(archived(dir.path())?, expected);
    Ok(())
}

#[test]
fn an_archive_of_another_cluster_is_refused() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    {
        let store = open_archiving(dir.path())?;
        store.log_writer()?.write(vec![append(1, 1, 2, 30)])?;
        apply(&store, 20)?;
        store.log_keeper()?.archive(1)?;
    }
    for left in ["db", "side", "LOCK"] {
        let path = dir.path().join(left);
        if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
    }
    let options = Options { log_archive: Some(dir.path().join("archive")), ..options() };
    let store = Store::open(dir.path(), &Who { cluster_id: "c2".into(), ..who() }, &options)?;
    store.create_shard(1, &founding())?;
    assert!(matches!(store.log_keeper()?.archive(1), Err(Error::Archive { .. })));
    Ok(())
}
