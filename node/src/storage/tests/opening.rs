//! Locks, identities, formats.

use super::*;

#[test]
fn a_folder_is_opened_once_at_a_time() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let store = open(dir.path())?;
    let second = Store::open(dir.path(), &who(), &options()).err();
    assert!(matches!(second, Some(Error::Locked { .. })), "{second:?}");
    drop(store);
    open(dir.path())?;
    Ok(())
}

#[test]
fn an_identity_is_kept_and_a_foreign_folder_is_refused() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let first = open(dir.path())?.identity();
    assert_eq!((first.raft_id, first.node_id.as_str()), (0, "n1"));
    assert_eq!(open(dir.path())?.identity(), first);
    for (who, field) in
        [(Who { cluster_id: "c2".into(), ..who() }, "cluster_id"), (Who { node_id: "n2".into(), ..who() }, "node_id")]
    {
        match Store::open(dir.path(), &who, &options()) {
            Err(Error::Foreign { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{:?}", other.err()),
        }
    }
    let elsewhere = tempfile::tempdir()?;
    assert_ne!(open(elsewhere.path())?.identity().storage, first.storage);
    let nameless = Store::open(dir.path(), &Who { node_id: String::new(), ..who() }, &options()).err();
    assert!(matches!(nameless, Some(Error::BadName { field: "node_id", .. })));
    Ok(())
}

#[test]
fn a_raft_id_is_given_once() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    {
        let store = open(dir.path())?;
        store.set_raft_id(7)?;
        store.set_raft_id(7)?;
        assert!(matches!(store.set_raft_id(8), Err(Error::RaftIdSet { stored: 7, given: 8 })));
    }
    assert_eq!(open(dir.path())?.identity().raft_id, 7);
    Ok(())
}

#[test]
fn doors_of_one_are_given_once_and_shards_made_once() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (store, _writer) = open_with_shard(dir.path(), 3)?;
    assert!(matches!(store.log_writer().err(), Some(Error::Taken { what: "log writer" })));
    let _keeper = store.log_keeper()?;
    assert!(matches!(store.log_keeper().err(), Some(Error::Taken { what: "log keeper" })));
    assert!(matches!(store.create_shard(3, &founding()), Err(Error::ShardExists { shard: 3 })));
    assert!(matches!(store.batch(4).err(), Some(Error::NoShard { shard: 4 })));
    assert_eq!((store.load(4)?, store.shards()), (None, vec![3]));
    for shard in 100..100 + limits::SHARDS_MAX as u32 - 1 {
        store.create_shard(shard, &Founding::default())?;
    }
    assert!(matches!(store.create_shard(500, &founding()), Err(Error::TooManyShards { .. })));
    Ok(())
}

#[test]
fn free_space_is_known() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let space = open(dir.path())?.free_space()?;
    assert!(space.free_bytes > 0 && space.free_bytes <= space.total_bytes && space.free_percent() <= 100);
    Ok(())
}

#[test]
fn the_mark_of_a_deviating_shard_outlives_a_crash_and_stays_as_first_made() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (store, _writer) = open_with_shard(dir.path(), 3)?;
    assert_eq!(store.deviates_since(3)?, None);
    store.mark_deviating(3, 1_000)?;
    let synced = store.syncs();
    store.mark_deviating(3, 2_000)?;
    assert_eq!(store.syncs(), synced, "nothing is written for what is known");
    let crashed = as_after_a_crash(dir.path())?;
    let again = open(crashed.path())?;
    assert_eq!((again.deviates_since(3)?, again.deviates_since(4)?), (Some(1_000), None));
    Ok(())
}
