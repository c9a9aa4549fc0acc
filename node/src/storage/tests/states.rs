//! State: tables, atomic commits, views, ranges.

use std::ops::{Bound, ControlFlow};

use super::*;

fn key(tenant: &str, number: u64) -> KeyBuf {
    let mut key = KeyBuf::new();
    key.text(tenant).number(number);
    key
}

fn numbers(view: &View<'_>, table: Table, tenant: &str) -> anyhow::Result<Vec<u64>> {
    let mut found = Vec::new();
    view.scan(table, KeyBuf::new().text(tenant).bytes(), |key, _| {
        let mut parts = KeyReader::new(key);
        found.extend(parts.text().and_then(|_| parts.number()));
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

#[test]
fn records_events_blobs_and_applied_stand_and_fall_together() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (store, _writer) = open_with_shard(dir.path(), 1)?;
    let mut batch = store.batch(1)?;
    for index in 2..=60u64 {
        batch.put(Table::Interaction, b"the one", &index.to_be_bytes());
        batch.put(Table::Event, key("acme", index).bytes(), b"happened");
        batch.put(Table::Context, key("acme", index).bytes(), &[7; 300]);
        store.commit(&mut batch, &applied(index), (index == 30).then_some(b"1,2,3,4"))?;
        assert!(batch.is_empty());
    }
    let crashed = as_after_a_crash(dir.path())?;
    let wal = newest_wal(crashed.path())?;
    let length = fs::metadata(&wal)?.len();
    let mut seen = Vec::new();
    for cut in [0, 1, 700, 5_000, 9_000, 13_000] {
        let cut_dir = as_after_a_crash(crashed.path())?;
        fs::OpenOptions::new().write(true).open(newest_wal(cut_dir.path())?)?.set_len(length - cut)?;
        let store = open(cut_dir.path())?;
        let view = store.view(1)?;
        let index = view.applied().index;
        assert_eq!(view.applied(), applied(index));
        assert_eq!(view.get(Table::Interaction, b"the one")?.as_deref(), Some(index.to_be_bytes().as_slice()));
        assert_eq!(numbers(&view, Table::Event, "acme")?, (2..=index).collect::<Vec<_>>());
        assert_eq!(numbers(&view, Table::Context, "acme")?.len() as u64, index - 1);
        let members: &[u8] = if index >= 30 { b"1,2,3,4" } else { b"1,2,3" };
        assert_eq!(view.members().as_ref(), members);
        assert_eq!(store.load(1)?.map(|loaded| loaded.applied.index), Some(index));
        seen.push(index);
    }
    assert_eq!(seen[0], 60);
    assert!(seen.is_sorted_by(|a, b| a >= b) && seen.last() < Some(&60), "the cuts had an effect: {seen:?}");
    Ok(())
}

#[test]
fn a_view_stays_as_it_was() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (store, _writer) = open_with_shard(dir.path(), 1)?;
    let mut batch = store.batch(1)?;
    batch.put(Table::Agent, b"a", b"old");
    store.commit(&mut batch, &applied(2), None)?;
    let view = store.view(1)?;
    batch.put(Table::Agent, b"a", b"new");
    batch.put(Table::Agent, b"b", b"new");
    store.commit(&mut batch, &applied(3), None)?;
    assert_eq!((view.applied().index, view.get(Table::Agent, b"a")?.as_deref()), (2, Some(b"old".as_slice())));
    assert_eq!(view.page(Table::Agent, b"", None, 10)?.rows.len(), 1);
    assert_eq!(store.view(1)?.page(Table::Agent, b"", None, 10)?.rows.len(), 2);
    assert_eq!(store.get(1, Table::Agent, b"a")?.as_deref(), Some(b"new".as_slice()));
    batch.delete(Table::Agent, b"a");
    store.commit(&mut batch, &applied(4), None)?;
    assert_eq!(store.get(1, Table::Agent, b"a")?, None);
    Ok(())
}

#[test]
fn pages_follow_each_other_without_gap_or_repeat() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (store, _writer) = open_with_shard(dir.path(), 1)?;
    let mut batch = store.batch(1)?;
    for number in 0..25 {
        for tenant in ["acme", "acme-2", "zeta"] {
            batch.put(Table::Agent, key(tenant, number).bytes(), tenant.as_bytes());
        }
    }
    store.commit(&mut batch, &applied(2), None)?;
    let view = store.view(1)?;
    let prefix = KeyBuf::new().text("acme").bytes().to_vec();
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = view.page(Table::Agent, &prefix, after.as_deref(), 10)?;
        rows.extend(page.rows);
        if !page.more {
            break;
        }
        after = rows.last().map(|(key, _)| key.to_vec());
    }
    assert_eq!(rows.len(), 25);
    assert!(rows.iter().all(|(_, value)| value.as_ref() == b"acme") && rows.is_sorted());
    Ok(())
}

#[test]
fn events_are_read_in_ranges_and_trimmed() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (store, _writer) = open_with_shard(dir.path(), 1)?;
    let mut batch = store.batch(1)?;
    for number in 1..=1_000 {
        batch.put(Table::Event, key("acme", number).bytes(), &[1; 200]);
        batch.put(Table::Event, key("zeta", number).bytes(), &[1; 200]);
    }
    store.commit(&mut batch, &applied(2), None)?;
    let acme = KeyBuf::new().text("acme").bytes().to_vec();
    batch.trim(Table::Event, &acme, 900);
    batch.trim(Table::Event, &acme, 910);
    batch.trim(Table::Event, &acme, 5);
    batch.delete_prefix(Table::Event, KeyBuf::new().text("zeta").bytes())?;
    store.commit(&mut batch, &applied(3), None)?;
    store.shared.reclaim(0);
    let view = store.view(1)?;
    assert_eq!(numbers(&view, Table::Event, "acme")?, (910..=1_000).collect::<Vec<_>>());
    assert_eq!(numbers(&view, Table::Event, "zeta")?, [0; 0]);
    let mut found = Vec::new();
    let to = key("acme", 952);
    view.scan_range(Table::Event, key("acme", 950).bytes(), Bound::Included(to.bytes()), |key, _| {
        found.extend(key.last().copied());
        ControlFlow::Continue(())
    })?;
    assert_eq!(found, [950, 951, 952].map(|number: u64| number as u8));
    for number in 1_001..=3_000 {
        batch.put(Table::Event, key("acme", number).bytes(), &[1; 200]);
    }
    batch.trim(Table::Event, &acme, 2_500);
    store.commit(&mut batch, &applied(4), None)?;
    assert_eq!(numbers(&store.view(1)?, Table::Event, "acme")?, (2_500..=3_000).collect::<Vec<_>>());
    // The tenant is deleted, and another one takes its name.
    batch.trim(Table::Event, &acme, 3_001);
    for number in 1..=200 {
        batch.put(Table::Event, key("acme", number).bytes(), b"again");
    }
    batch.trim(Table::Event, &acme, 150);
    store.commit(&mut batch, &applied(5), None)?;
    assert_eq!(numbers(&store.view(1)?, Table::Event, "acme")?, (150..=200).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn a_prefix_takes_what_is_on_disk_and_in_the_batch() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (store, _writer) = open_with_shard(dir.path(), 1)?;
    let mut batch = store.batch(1)?;
    for (tenant, items) in [("few", 3), ("many", limits::ONE_BY_ONE_MAX as u64 + 1), ("other", 1)] {
        for item in 0..items {
            batch.put(Table::ConversationItem, key(tenant, item).bytes(), b"text");
        }
    }
    store.commit(&mut batch, &applied(2), None)?;
    for tenant in ["few", "many", "none"] {
        batch.put(Table::ConversationItem, key(tenant, 1_000).bytes(), b"in the same batch");
        batch.delete_prefix(Table::ConversationItem, KeyBuf::new().text(tenant).bytes())?;
        batch.put(Table::ConversationItem, key(tenant, 2_000).bytes(), b"later");
    }
    store.commit(&mut batch, &applied(3), None)?;
    let view = store.view(1)?;
    for tenant in ["few", "many", "none"] {
        assert_eq!(numbers(&view, Table::ConversationItem, tenant)?, [2_000], "{tenant}");
    }
    assert_eq!(numbers(&view, Table::ConversationItem, "other")?, [0]);
    Ok(())
}

#[test]
fn shards_and_tables_do_not_see_each_other() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let store = open(dir.path())?;
    for shard in [1, 2, 256] {
        store.create_shard(shard, &founding())?;
        let mut batch = store.batch(shard)?;
        for table in Table::ALL {
            batch.put(*table, b"", &[shard as u8, table.code()]);
            batch.put(*table, &[0xff; 20], &[shard as u8, table.code()]);
        }
        store.commit(&mut batch, &applied(2), None)?;
    }
    for shard in [1, 2, 256] {
        for table in Table::ALL {
            let page = store.view(shard)?.page(*table, b"", None, 10)?;
            assert_eq!(page.rows.len(), 2);
            assert!(page.rows.iter().all(|(_, value)| value.as_ref() == [shard as u8, table.code()]));
        }
    }
    Ok(())
}

#[test]
fn what_is_too_large_stops_the_process_and_not_the_data() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (store, _writer) = open_with_shard(dir.path(), 1)?;
    let mut batch = store.batch(1)?;
    batch.put(Table::Agent, &vec![1; limits::KEY_MAX_BYTES + 1], b"");
    let error = store.commit(&mut batch, &applied(2), None).expect_err("the key is too long");
    assert!(error.is_fatal());
    assert_eq!(store.load(1)?.map(|loaded| loaded.applied.index), Some(1));
    Ok(())
}

#[test]
fn a_hundred_thousand_records_are_read_fast() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    {
        let (store, _writer) = open_with_shard(dir.path(), 1)?;
        let mut batch = store.batch(1)?;
        for number in 0..100_000 {
            batch.put(Table::Interaction, key("acme", number).bytes(), &[3; 500]);
            if batch.len() == 1_000 {
                store.commit(&mut batch, &applied(number), None)?;
            }
        }
    }
    let begun = std::time::Instant::now();
    let store = open(dir.path())?;
    let (mut records, mut bytes) = (0, 0);
    store.view(1)?.scan(Table::Interaction, b"", |_, value| {
        records += 1;
        bytes += value.len();
        ControlFlow::Continue(())
    })?;
    assert_eq!((records, bytes), (100_000, 50_000_000));
    assert!(begun.elapsed().as_secs() < 5, "opened and read in {:?}", begun.elapsed());
    Ok(())
}
