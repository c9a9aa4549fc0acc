//! Logs: round trips, restarts, overwritten ends, one sync for many shards, rules.

use super::*;

fn indexes(entries: &[Entry]) -> Vec<(u64, u64)> {
    entries.iter().map(|entry| (entry.term, entry.index)).collect()
}

#[test]
fn what_was_written_is_there_after_a_restart() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    {
        let (store, mut writer) = open_with_shard(dir.path(), 1)?;
        writer.write(vec![append(1, 1, 2, 5)])?;
        writer.write(vec![append(1, 2, 6, 8)])?;
        assert_eq!(store.log_reader().entries(1, 2, 9, u64::MAX)?.len(), 7);
    }
    let store = open(dir.path())?;
    let loaded = store.load(1)?.expect("the shard");
    assert_eq!(loaded.hard_state, HardState { term: 2, vote: 2, commit: 5 });
    assert_eq!(loaded.truncated, Position { term: 1, index: 1 });
    assert_eq!(loaded.last, Position { term: 2, index: 8 });
    assert_eq!((loaded.applied.index, loaded.members.as_ref()), (1, b"1,2,3".as_slice()));
    assert_eq!(store.side_check(1)?, SideCheck::Ok);
    let reader = store.log_reader();
    let entries = reader.entries(1, 4, 8, u64::MAX)?;
    assert_eq!(entries, [entry(1, 4), entry(1, 5), entry(2, 6), entry(2, 7)]);
    assert_eq!([1, 5, 6, 8].map(|index| reader.term(1, index).ok()), [Some(1), Some(1), Some(2), Some(2)]);
    Ok(())
}

#[test]
fn reads_are_bounded_and_say_what_is_missing() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (store, mut writer) = open_with_shard(dir.path(), 1)?;
    writer.write(vec![append(1, 1, 2, 9)])?;
    let reader = store.log_reader();
    assert_eq!(reader.entries(1, 2, 10, 0)?.len(), 1, "at least one");
    let two = 2 * entry(1, 2).data.len() as u64;
    assert_eq!(reader.entries(1, 2, 10, two)?.len(), 2);
    assert_eq!(reader.entries(1, 5, 5, 100)?.len(), 0);
    assert!(matches!(reader.entries(1, 1, 3, 100), Err(Error::Compacted { index: 1, truncated: 1, .. })));
    assert!(matches!(reader.entries(1, 9, 11, 100), Err(Error::Unavailable { index: 10, last: 9, .. })));
    assert!(matches!(reader.term(1, 0), Err(Error::Compacted { .. })));
    assert!(matches!(reader.term(2, 1), Err(Error::NoShard { shard: 2 })));
    Ok(())
}

#[test]
fn a_new_leader_overwrites_the_end() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    {
        let (store, mut writer) = open_with_shard(dir.path(), 1)?;
        writer.write(vec![append(1, 1, 2, 9)])?;
        writer.write(vec![append(1, 3, 5, 6)])?;
        let all = store.log_reader().entries(1, 2, 7, u64::MAX)?;
        assert_eq!(indexes(&all), [(1, 2), (1, 3), (1, 4), (3, 5), (3, 6)]);
    }
    let (store, mut writer) = open_with_shard(dir.path(), 1)?;
    assert_eq!(store.load(1)?.map(|loaded| loaded.last), Some(Position { term: 3, index: 6 }));
    assert!(matches!(store.log_reader().entries(1, 5, 8, 100), Err(Error::Unavailable { .. })));
    writer.write(vec![append(1, 3, 7, 7)])?;
    assert_eq!(indexes(&store.log_reader().entries(1, 6, 8, 100)?), [(3, 6), (3, 7)]);
    Ok(())
}

#[test]
fn eight_shards_share_one_sync() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let store = open(dir.path())?;
    for shard in 0..8 {
        store.create_shard(shard, &founding())?;
    }
    let mut writer = store.log_writer()?;
    let before = store.syncs();
    writer.write((0..8).map(|shard| append(shard, 1, 2, 4)).collect())?;
    assert_eq!(store.syncs(), before + 1);
    let commit_only = |shard| ShardWrite {
        shard,
        install: None,
        entries: Vec::new(),
        hard_state: Some(HardState { term: 1, vote: 2, commit: 4 }),
    };
    writer.write((0..8).map(commit_only).collect())?;
    assert_eq!(store.syncs(), before + 1, "a commit index alone is not worth a sync");
    let crashed = as_after_a_crash(dir.path())?;
    let store = open(crashed.path())?;
    for shard in 0..8 {
        let loaded = store.load(shard)?.expect("the shard");
        assert_eq!((loaded.last.index, loaded.hard_state.commit), (4, 4));
    }
    Ok(())
}

#[test]
fn a_broken_rule_stops_all_writing() -> anyhow::Result<()> {
    for bad in [
        vec![append(1, 1, 4, 5)],
        vec![append(1, 1, 1, 2)],
        vec![ShardWrite { entries: vec![entry(2, 2), entry(1, 3)], ..append(1, 2, 2, 2) }],
        vec![ShardWrite { entries: vec![entry(1, 2), entry(1, 4)], ..append(1, 1, 2, 2) }],
        vec![append(1, 1, 2, 2), append(1, 1, 3, 3)],
        vec![ShardWrite { hard_state: Some(HardState::default()), ..append(1, 1, 2, 2) }],
        vec![append(9, 1, 2, 2)],
    ] {
        let dir = tempfile::tempdir()?;
        let (store, mut writer) = open_with_shard(dir.path(), 1)?;
        let error = writer.write(bad).expect_err("a rule is broken");
        assert!(error.is_fatal(), "{error}");
        assert!(writer.write(vec![append(1, 1, 2, 2)]).is_err(), "nothing is written any more");
        assert!(store.set_raft_id(1).is_err());
    }
    Ok(())
}
