//! Cutting the beginning of logs.

use super::*;

#[test]
fn a_cut_log_begins_later_also_after_a_restart() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    {
        let (store, mut writer) = open_with_shard(dir.path(), 1)?;
        let mut keeper = store.log_keeper()?;
        writer.write(vec![append(1, 1, 2, 5)])?;
        writer.write(vec![append(1, 2, 6, 20)])?;
        store.commit(&mut store.batch(1)?, &applied(15), None)?;
        assert_eq!(keeper.truncate(1, 10)?, Position { term: 2, index: 10 });
        assert_eq!(keeper.truncate(1, 7)?, Position { term: 2, index: 10 }, "cut already");
        assert!(keeper.truncate(1, 16).is_err_and(|error| error.is_fatal()), "not applied");
        writer.write(vec![append(1, 2, 21, 22)])?;
        assert!(matches!(store.log_reader().entries(1, 10, 12, 100), Err(Error::Compacted { .. })));
        assert_eq!(store.log_reader().term(1, 10)?, 2);
    }
    let (store, mut writer) = open_with_shard(dir.path(), 1)?;
    let loaded = store.load(1)?.expect("the shard");
    assert_eq!((loaded.truncated, loaded.last), (Position { term: 2, index: 10 }, Position { term: 2, index: 22 }));
    assert_eq!(store.log_reader().entries(1, 11, 23, u64::MAX)?.len(), 12);
    store.commit(&mut store.batch(1)?, &applied(22), None)?;
    store.log_keeper()?.truncate(1, 22)?;
    drop((store, writer));
    (_, writer) = open_with_shard(dir.path(), 1)?;
    writer.write(vec![append(1, 2, 23, 23)])?;
    Ok(())
}

#[test]
fn the_disk_stays_flat() -> anyhow::Result<()> {
    const ENTRY_BYTES: usize = 256 * 1024;
    const ENTRIES: u64 = 1_600;
    let dir = tempfile::tempdir()?;
    let options = Options { wal_bytes: 16 << 20, ..options() };
    let store = Store::open(dir.path(), &who(), &options)?;
    store.create_shard(1, &founding())?;
    let (mut writer, mut keeper) = (store.log_writer()?, store.log_keeper()?);
    let mut data: Vec<u8> = (0..ENTRY_BYTES as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut index = 1;
    while index < ENTRIES {
        let entries = (index + 1..=index + 16).map(|index| {
            data[0] = index as u8;
            Entry { index, term: 1, data: Bytes::copy_from_slice(&data) }
        });
        writer.write(vec![ShardWrite { shard: 1, install: None, entries: entries.collect(), hard_state: None }])?;
        index += 16;
        store.commit(&mut store.batch(1)?, &applied(index), None)?;
        keeper.truncate(1, index.saturating_sub(40).max(1))?;
    }
    let used = bytes_in(dir.path())?;
    let written = ENTRIES * ENTRY_BYTES as u64;
    assert!(used < written / 2, "{used} bytes are used after {written} were written and {} kept", 40 * ENTRY_BYTES);
    Ok(())
}

fn bytes_in(dir: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for file in fs::read_dir(dir)? {
        let file = file?;
        bytes += match file.metadata() {
            Ok(meta) if meta.is_dir() => bytes_in(&file.path())?,
            Ok(meta) => meta.len(),
            // Deleted while we looked.
            Err(_) => 0,
        };
    }
    Ok(bytes)
}
