//! The side file against logs that lost something.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use super::*;

/// Cuts the newest write-ahead log by this many bytes.
fn shorten(dir: &Path, bytes: u64) -> anyhow::Result<()> {
    let wal = newest_wal(dir)?;
    let length = fs::metadata(&wal)?.len();
    OpenOptions::new().write(true).open(&wal)?.set_len(length.saturating_sub(bytes))?;
    Ok(())
}

#[test]
fn a_log_that_lost_its_end_does_not_vote_until_it_has_caught_up() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (_store, mut writer) = open_with_shard(dir.path(), 1)?;
    for index in 2..=9 {
        writer.write(vec![append(1, 1, index, index)])?;
    }
    let crashed = as_after_a_crash(dir.path())?;
    shorten(crashed.path(), 10)?;
    for _ in 0..2 {
        // The second start must not have forgotten.
        let store = open(crashed.path())?;
        let (noted, found) = (Position { term: 1, index: 9 }, Position { term: 1, index: 8 });
        assert_eq!(store.side_check(1)?, SideCheck::Behind { noted, found, noted_term: 1, found_term: 1 });
    }
    let (store, mut writer) = open_with_shard(crashed.path(), 1)?;
    writer.write(vec![append(1, 1, 9, 9)])?;
    assert_eq!(store.side_check(1)?, SideCheck::Ok);
    drop((store, writer));
    assert_eq!(open(crashed.path())?.side_check(1)?, SideCheck::Ok);
    Ok(())
}

#[test]
fn writing_less_than_was_noted_does_not_clear_the_suspicion() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (_store, mut writer) = open_with_shard(dir.path(), 1)?;
    for index in 2..=9 {
        writer.write(vec![append(1, 1, index, index)])?;
    }
    let crashed = as_after_a_crash(dir.path())?;
    shorten(crashed.path(), 200)?;
    let found = {
        let (store, mut writer) = open_with_shard(crashed.path(), 1)?;
        let found = store.load(1)?.expect("the shard").last.index;
        assert!(found < 8, "more than one write is gone");
        writer.write(vec![append(1, 1, found + 1, found + 1)])?;
        found
    };
    match open(crashed.path())?.side_check(1)? {
        SideCheck::Behind { noted, found: now, .. } => assert_eq!((noted.index, now.index), (9, found + 1)),
        other => panic!("{other:?}"),
    }
    Ok(())
}

#[test]
fn a_lost_vote_is_noticed() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (_store, mut writer) = open_with_shard(dir.path(), 1)?;
    writer.write(vec![append(1, 1, 2, 3)])?;
    let vote = HardState { term: 4, vote: 3, commit: 3 };
    writer.write(vec![ShardWrite { shard: 1, install: None, entries: Vec::new(), hard_state: Some(vote) }])?;
    let crashed = as_after_a_crash(dir.path())?;
    shorten(crashed.path(), 3)?;
    let (store, mut writer) = open_with_shard(crashed.path(), 1)?;
    match store.side_check(1)? {
        SideCheck::Behind { noted, found, noted_term: 4, found_term: 1 } => assert_eq!(noted, found),
        other => panic!("{other:?}"),
    }
    let term = |term| {
        let hard_state = Some(HardState { term, vote: 0, commit: 3 });
        vec![ShardWrite { shard: 1, install: None, entries: Vec::new(), hard_state }]
    };
    writer.write(term(4))?;
    assert!(matches!(store.side_check(1)?, SideCheck::Behind { .. }), "it may have voted in this term");
    writer.write(term(5))?;
    assert_eq!(store.side_check(1)?, SideCheck::Ok);
    Ok(())
}

#[test]
fn an_end_that_was_lawfully_overwritten_accuses_nobody() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (_store, mut writer) = open_with_shard(dir.path(), 1)?;
    writer.write(vec![append(1, 3, 2, 9)])?;
    // A leader of term 5 whose log has an entry of term 2 there: the log's end goes down.
    let hard_state = Some(HardState { term: 5, vote: 0, commit: 1 });
    writer.write(vec![ShardWrite { shard: 1, install: None, entries: vec![entry(2, 2)], hard_state }])?;
    let crashed = as_after_a_crash(dir.path())?;
    let store = open(crashed.path())?;
    assert_eq!(store.side_check(1)?, SideCheck::Ok);
    assert_eq!(store.load(1)?.map(|loaded| loaded.last), Some(Position { term: 2, index: 2 }));
    // And if the crash came between the note and the write, the old log is above the note.
    drop(writer);
    Ok(())
}

#[test]
fn a_lost_side_file_leaves_doubt_until_somebody_vouches() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    {
        let (_store, mut writer) = open_with_shard(dir.path(), 1)?;
        writer.write(vec![append(1, 1, 2, 9)])?;
    }
    fs::remove_file(dir.path().join("side"))?;
    for _ in 0..2 {
        let (store, mut writer) = open_with_shard(dir.path(), 1)?;
        assert_eq!(store.side_check(1)?, SideCheck::Unknown);
        let last = store.load(1)?.expect("the shard").last.index;
        writer.write(vec![append(1, 1, last + 1, last + 1)])?;
        assert_eq!(store.side_check(1)?, SideCheck::Unknown);
    }
    {
        let (store, mut writer) = open_with_shard(dir.path(), 1)?;
        writer.trust(1)?;
        assert_eq!(store.side_check(1)?, SideCheck::Ok);
    }
    assert_eq!(open(dir.path())?.side_check(1)?, SideCheck::Ok);
    Ok(())
}

#[test]
fn a_torn_block_costs_at_most_the_last_note() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    {
        let (_store, mut writer) = open_with_shard(dir.path(), 1)?;
        writer.write(vec![append(1, 1, 2, 5)])?;
        writer.write(vec![append(1, 1, 6, 9)])?;
    }
    for block in 0..2 {
        let crashed = as_after_a_crash(dir.path())?;
        let side = OpenOptions::new().write(true).open(crashed.path().join("side"))?;
        side.write_all_at(b"torn", block * 4096 + 50)?;
        assert_eq!(open(crashed.path())?.side_check(1)?, SideCheck::Ok);
    }
    Ok(())
}

#[test]
fn a_vote_given_after_its_term_was_noted_accuses_nobody() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (_store, mut writer) = open_with_shard(dir.path(), 1)?;
    let state = |vote| {
        let hard_state = Some(HardState { term: 5, vote, commit: 1 });
        vec![ShardWrite { shard: 1, install: None, entries: Vec::new(), hard_state }]
    };
    writer.write(state(0))?;
    let noted = fs::read(dir.path().join("side"))?;
    writer.write(state(3))?;
    // The power failed when the vote was in the log and not yet in the side file.
    let crashed = as_after_a_crash(dir.path())?;
    fs::write(crashed.path().join("side"), noted)?;
    let store = open(crashed.path())?;
    assert_eq!(store.load(1)?.map(|loaded| (loaded.hard_state.term, loaded.hard_state.vote)), Some((5, 3)));
    assert_eq!(store.side_check(1)?, SideCheck::Ok);
    Ok(())
}

#[test]
fn a_torn_block_is_made_whole_at_the_next_start() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    {
        let (_store, mut writer) = open_with_shard(dir.path(), 1)?;
        writer.write(vec![append(1, 1, 2, 5)])?;
    }
    for block in [0, 1, 0, 0, 1, 1] {
        // One power cut after the other, each tearing one block.
        let side = OpenOptions::new().write(true).open(dir.path().join("side"))?;
        side.write_all_at(b"torn", block * 4096 + 50)?;
        assert_eq!(open(dir.path())?.side_check(1)?, SideCheck::Ok);
    }
    Ok(())
}

#[test]
fn garbage_after_the_last_sync_is_cut_and_kept_aside() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (_store, mut writer) = open_with_shard(dir.path(), 1)?;
    writer.write(vec![append(1, 1, 2, 9)])?;
    // The seventh byte is the record kind: 7 belongs to recycled logs, from which RocksDB never returns.
    for kind in [1, 2, 4, 7, 9, 131, 255] {
        let crashed = as_after_a_crash(dir.path())?;
        let wal = newest_wal(crashed.path())?;
        let length = fs::metadata(&wal)?.len();
        let mut garbage: Vec<u8> = (0..50_000u32).map(|n| (n % 251) as u8 + 1).collect();
        garbage[6] = kind;
        OpenOptions::new().write(true).open(&wal)?.write_all_at(&garbage, length)?;
        // A crash before RocksDB was done with it: the second start finds it cut, and keeps what was kept.
        torn::keep_aside(&crashed.path().join("db"), &crashed.path().join("torn"))?;
        let store = open(crashed.path())?;
        assert_eq!(store.side_check(1)?, SideCheck::Ok, "nothing that was synced is lost");
        assert_eq!(store.load(1)?.map(|loaded| loaded.last.index), Some(9));
        let kept: Vec<_> = fs::read_dir(crashed.path().join("torn"))?.collect::<Result<_, _>>()?;
        assert_eq!(kept.len(), 1);
        assert_eq!(fs::read(kept[0].path())?, garbage);
    }
    Ok(())
}

#[test]
fn a_flipped_bit_in_the_middle_is_found() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (_store, mut writer) = open_with_shard(dir.path(), 1)?;
    for index in 2..=50 {
        writer.write(vec![append(1, 1, index, index)])?;
    }
    let crashed = as_after_a_crash(dir.path())?;
    let wal = newest_wal(crashed.path())?;
    let mut bytes = fs::read(&wal)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&wal, bytes)?;
    let store = open(crashed.path())?;
    assert!(matches!(store.side_check(1)?, SideCheck::Behind { .. }));
    assert!(crashed.path().join("torn").is_dir(), "the rest is kept aside");
    Ok(())
}
