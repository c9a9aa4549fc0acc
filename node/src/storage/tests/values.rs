//! What is written is read back: the small values beside the records, the side file's notes, and any snapshot.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::super::side_file::{self, Note};
use super::*;

fn position() -> impl Strategy<Value = Position> {
    any::<(u64, u64)>().prop_map(|(term, index)| Position { term, index })
}

fn note() -> impl Strategy<Value = Note> {
    (position(), any::<u64>(), any::<u64>()).prop_map(|(last, term, vote)| Note { last, term, vote })
}

/// A table, a key and a value; some values larger than a chunk is left.
fn row() -> impl Strategy<Value = (Table, Vec<u8>, Vec<u8>)> {
    let value = prop_oneof![8 => vec(any::<u8>(), 0..300), 1 => (1..3_usize).prop_map(|many| vec![7; many << 19])];
    (prop::sample::select(Table::ALL.to_vec()), vec(any::<u8>(), 1..40), value)
}

proptest! {
    #[test]
    fn numbers(term: u64, vote: u64, commit: u64, position in position(), log_time_ms: u64, cluster_version: u32) {
        let state = HardState { term, vote, commit };
        prop_assert_eq!(HardState::decode(&state.encode()).ok(), Some(state));
        prop_assert_eq!(Position::decode(&position.encode()).ok(), Some(position));
        let applied = Applied { index: position.index, term: position.term, log_time_ms, cluster_version };
        prop_assert_eq!(Applied::decode(&applied.encode()).ok(), Some(applied));
        prop_assert!(HardState::decode(&state.encode()[1..]).is_err());
    }

    #[test]
    fn notes(number: u64, storage: u128, notes in btree_map(any::<u32>(), note(), 0..=limits::SHARDS_MAX)) {
        let block = side_file::encode(number, storage, &notes);
        prop_assert_eq!(side_file::decode(&block, storage), Some((number, notes)));
        prop_assert_eq!(side_file::decode(&block, !storage), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn snapshots(rows in vec(row(), 0..60)) {
        snapshot_comes_back(&rows).map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
}

fn snapshot_comes_back(rows: &[(Table, Vec<u8>, Vec<u8>)]) -> anyhow::Result<()> {
    let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (from, _writer) = open_with_shard(here.path(), 1)?;
    let mut batch = from.batch(1)?;
    rows.iter().for_each(|(table, key, value)| batch.put(*table, key, value));
    from.commit(&mut batch, &applied(9), Some(b"1,2,3"))?;
    let view = from.view(1)?;
    let mut export = view.export();
    let (to, mut writer) = open_with_shard(there.path(), 1)?;
    let mut import = to.import(view.snapshot_meta())?;
    while let Some(chunk) = export.next_chunk()? {
        import.chunk(&chunk)?;
    }
    let install = Some(import.finish(&export.trailer())?);
    writer.write(vec![ShardWrite { shard: 1, install, entries: Vec::new(), hard_state: None }])?;
    // The last row of a key counts.
    let last: BTreeMap<_, _> = rows.iter().map(|(table, key, value)| ((table.code(), key), (table, value))).collect();
    for ((_, key), (table, value)) in &last {
        anyhow::ensure!(to.get(1, **table, key)?.as_deref() == Some(value.as_slice()), "{table:?} {key:?}");
    }
    anyhow::ensure!(export.trailer().records == last.len() as u64);
    Ok(())
}
