//! A snapshot on its way in: what is damaged is refused, what is whole is taken, and an independent reader agrees.
//!
//! An input's first byte chooses how the rest, the stream of records, is cut into chunks and what is wrong with them.
use bytes::Bytes;
use kindred_node::storage::{
    Applied, Chunk, Error, Founding, KeyBuf, LogWriter, Options, SnapshotMeta, Store, Table, Trailer, Who,
};
use std::cell::RefCell;
use xxhash_rust::xxh3::xxh3_64;

const SHARD: u32 = 1;
/// Family, key length, value length.
const HEAD: usize = 7;
/// Tombstones of what was given up slow a store down: after so many inputs it is made anew.
const INPUTS_PER_STORE: usize = 5_000;

/// A store with a shard, and how often it was used.
struct Place {
    store: Store,
    _dir: tempfile::TempDir,
    used: usize,
}

thread_local! {
    static PLACE: RefCell<Option<Place>> = const { RefCell::new(None) };
}

impl Place {
    fn new() -> anyhow::Result<Self> {
        let (dir, (store, _)) = (tempfile::tempdir()?, (open, 0));
        Ok(Self { store: store(dir.path())?.0, _dir: dir, used: 0 })
    }
}

fn open(dir: &std::path::Path) -> anyhow::Result<(Store, LogWriter)> {
    let who = Who { cluster_id: "c".into(), node_id: "n1".into() };
    let options = Options { memtable_bytes: 8 << 20, block_cache_bytes: 1 << 20, ..Options::default() };
    let store = Store::open(dir, &who, &options)?;
    store.create_shard(SHARD, &Founding::default())?;
    let writer = store.log_writer()?;
    Ok((store, writer))
}

pub fn run(data: &[u8]) {
    let Some((first, stream)) = data.split_first() else { return };
    PLACE.with_borrow_mut(|place| {
        if place.as_ref().is_none_or(|place| place.used >= INPUTS_PER_STORE) {
            *place = Some(Place::new().expect("a store"));
        }
        let place = place.as_mut().expect("it is there");
        place.used += 1;
        take(&place.store, *first, stream);
    });
}

/// Hands the stream over in two chunks, possibly with a fault.
fn take(store: &Store, first: u8, stream: &[u8]) {
    let cut = stream.len() * usize::from(first >> 4) / 15;
    let (head, tail) = stream.split_at(cut);
    let whole = whole_records(stream);
    let mut chunks: Vec<Chunk> =
        [head, tail].into_iter().enumerate().map(|(number, bytes)| chunk(number, bytes)).collect();
    let bytes = stream.len() as u64;
    let records = whole.unwrap_or(0);
    let mut trailer = Trailer { chunks: 2, bytes, records, digest: xxh3_64(stream) };
    match first % 8 {
        1 => chunks[1].checksum ^= 1,
        2 => chunks.swap(0, 1),
        3 => trailer.records += 1,
        4 => trailer.digest ^= 1,
        5 => drop(chunks.pop()),
        _ => {}
    }
    let good = whole.is_some() && !(1..=5).contains(&(first % 8));
    let taken = receive(store, &chunks, &trailer);
    assert_eq!(taken.is_ok(), good, "{taken:?}, of records {whole:?}");
    assert!(!matches!(taken, Err(Error::Fault { .. })), "{taken:?}");
}

fn chunk(number: usize, bytes: &[u8]) -> Chunk {
    Chunk { number: number as u32, bytes: Bytes::copy_from_slice(bytes), checksum: xxh3_64(bytes) }
}

fn receive(store: &Store, chunks: &[Chunk], trailer: &Trailer) -> Result<(), Error> {
    let applied = Applied { index: 5, term: 1, log_time_ms: 1, cluster_version: 1 };
    let mut import = store.import(SnapshotMeta { shard: SHARD, applied, members: Bytes::new() })?;
    chunks.iter().try_for_each(|chunk| import.chunk(chunk))?;
    let staged = import.finish(trailer)?;
    assert_eq!(staged.meta().applied, applied);
    Ok(())
}

/// How many records the stream is, read as the format says; `None` if it is not made of whole, lawful ones.
fn whole_records(mut stream: &[u8]) -> Option<u64> {
    let mut records = 0;
    while let Some((head, rest)) = stream.split_first_chunk::<HEAD>() {
        let key_bytes = usize::from(u16::from_le_bytes([head[1], head[2]]));
        let value_bytes = u32::from_le_bytes([head[3], head[4], head[5], head[6]]) as usize;
        let (key, rest) = rest.split_at_checked(key_bytes)?;
        let (_, rest) = rest.split_at_checked(value_bytes)?;
        let table = Table::ALL.iter().find(|table| Some(&table.code()) == key.first())?;
        (FAMILIES.with(|families| families.get(usize::from(table.code())).copied()) == Some(head[0])).then_some(())?;
        records += 1;
        stream = rest;
    }
    stream.is_empty().then_some(records)
}

thread_local! {
    /// The family of each table, by the table's code: learned from a real snapshot of a record in each.
    static FAMILIES: Vec<u8> = families().expect("a snapshot of every table");
}

fn families() -> anyhow::Result<Vec<u8>> {
    let mut families = vec![u8::MAX; 256];
    for (table, stream) in exported()? {
        families[usize::from(table.code())] = stream[0];
    }
    Ok(families)
}

/// A snapshot with one record, for each table.
fn exported() -> anyhow::Result<Vec<(Table, Vec<u8>)>> {
    let dir = tempfile::tempdir()?;
    let (store, _writer) = open(dir.path())?;
    let mut streams = Vec::new();
    for (at, table) in Table::ALL.iter().enumerate() {
        let mut key = KeyBuf::new();
        key.text("acme").text("x1");
        let mut batch = store.batch(SHARD)?;
        batch.put(*table, key.bytes(), b"value");
        let applied = Applied { index: 2 * at as u64 + 1, term: 1, log_time_ms: 1, cluster_version: 1 };
        store.commit(&mut batch, &applied, Some(b""))?;
        streams.push((*table, stream_of(&store)?));
        let mut batch = store.batch(SHARD)?;
        batch.delete(*table, key.bytes());
        store.commit(&mut batch, &Applied { index: applied.index + 1, ..applied }, None)?;
    }
    Ok(streams)
}

fn stream_of(store: &Store) -> anyhow::Result<Vec<u8>> {
    let view = store.view(SHARD)?;
    let mut export = view.export();
    let mut stream = Vec::new();
    while let Some(chunk) = export.next_chunk()? {
        stream.extend_from_slice(&chunk.bytes);
    }
    Ok(stream)
}

pub fn seeds() -> Vec<Vec<u8>> {
    let streams = exported().expect("a snapshot of every table");
    let all: Vec<u8> = streams.iter().flat_map(|(_, stream)| stream.clone()).collect();
    let faults = (0..8).map(|fault| [vec![0x70 | fault], all.clone()].concat());
    streams.into_iter().map(|(_, stream)| [vec![0x80], stream].concat()).chain(faults).collect()
}
