//! The log archive: a damaged record ends the reading, and what is read before it is what was written.
//!
//! An input's first byte says whether the pieces after it are the segment files as they lie on disk, or records that
//! get a right length and checksum, so that what is behind those is reached.
use super::{joined, pieces};
use crc32c::crc32c;
use kindred_node::storage::{ArchiveReader, Archived};
use std::{cell::RefCell, fs, path::PathBuf};

/// Segments of one input.
const SEGMENTS_MAX: usize = 4;
const CLUSTER: &str = "c";

struct Place {
    dir: tempfile::TempDir,
    shard: PathBuf,
}

thread_local! {
    static PLACE: RefCell<Place> = RefCell::new(Place::new());
}

impl Place {
    fn new() -> Self {
        let memory = PathBuf::from("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let dir = dir.expect("a folder");
        let shard = dir.path().join("shard-00000");
        Self { dir, shard }
    }

    /// What the reader makes of these segments.
    fn read(&self, segments: &[(u64, Vec<u8>)]) -> Vec<Archived> {
        let _ = fs::remove_dir_all(&self.shard);
        fs::create_dir_all(&self.shard).expect("a folder");
        for (first, bytes) in segments {
            fs::write(self.shard.join(format!("{first:020}.seg")), bytes).expect("a file");
        }
        let mut reader = ArchiveReader::open(self.dir.path(), 0).expect("a folder that can be listed");
        let found: Vec<_> = reader.by_ref().map_while(Result::ok).collect();
        assert!(reader.next().is_none(), "nothing comes after an error");
        found
    }
}

pub fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    PLACE.with_borrow(|place| match first % 2 {
        0 => {
            let segments = pieces(rest).into_iter().take(SEGMENTS_MAX).enumerate();
            let segments: Vec<_> = segments.map(|(at, bytes)| (at as u64 * 10 + 1, bytes.to_vec())).collect();
            in_order(&place.read(&segments));
        }
        _ => records(place, &pieces(rest)),
    });
}

/// Indexes rise, and where they jump a gap is told.
fn in_order(found: &[Archived]) {
    let mut next = None;
    for archived in found {
        let (from, to) = match archived {
            Archived::Entry(entry) => (entry.index, entry.index),
            Archived::Gap { from, to } => (*from, *to),
        };
        assert!(from <= to && next.is_none_or(|next| next == from), "{found:?}");
        next = to.checked_add(1);
    }
}

/// Records of the given bodies come back until one is too short, or out of order.
fn records(place: &Place, bodies: &[&[u8]]) {
    let mut segment = head(1);
    let mut expected = Vec::new();
    let (mut good, mut last) = (true, 0);
    for body in bodies {
        segment.extend_from_slice(&record(body));
        let Some((index, _)) = body.split_first_chunk::<8>().filter(|_| body.len() >= 16) else {
            good = false;
            continue;
        };
        let index = u64::from_le_bytes(*index);
        // After the last number there is none: the reader needs one.
        good &= index > last && index < u64::MAX;
        if good {
            expected.push((index, body[16..].to_vec()));
            last = index;
        }
    }
    let found = place.read(&[(1, segment)]);
    in_order(&found);
    let entries = found.into_iter().filter_map(|archived| match archived {
        Archived::Entry(entry) => Some((entry.index, entry.data.to_vec())),
        Archived::Gap { .. } => None,
    });
    let entries: Vec<_> = entries.collect();
    assert!(expected.starts_with(&entries[..entries.len().min(expected.len())]), "{entries:?}, not {expected:?}");
    assert!(entries.len() >= expected.len(), "{entries:?}, not {expected:?}");
}

fn head(first: u64) -> Vec<u8> {
    let mut head = b"KNDARCH1".to_vec();
    head.extend_from_slice(&0_u32.to_le_bytes());
    head.extend_from_slice(&first.to_le_bytes());
    head.extend_from_slice(&(CLUSTER.len() as u32).to_le_bytes());
    head.extend_from_slice(CLUSTER.as_bytes());
    let crc = crc32c(&head);
    head.extend_from_slice(&crc.to_le_bytes());
    head
}

fn record(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_le_bytes()[..], &crc32c(body).to_le_bytes(), body].concat()
}

fn body(index: u64) -> Vec<u8> {
    [&index.to_le_bytes()[..], &1_u64.to_le_bytes(), format!("entry {index}").as_bytes()].concat()
}

pub fn seeds() -> Vec<Vec<u8>> {
    let segment = |first: u64, indexes: &[u64]| {
        let records: Vec<u8> = indexes.iter().flat_map(|index| record(&body(*index))).collect();
        [head(first), records].concat()
    };
    let files = |segments: &[Vec<u8>]| [vec![0], joined(segments)].concat();
    let bodies = |indexes: &[u64]| [vec![1], joined(indexes.iter().map(|index| body(*index)))].concat();
    vec![
        files(&[segment(1, &[1, 2, 3])]),
        files(&[segment(1, &[1, 2, 3]), segment(11, &[11, 12])]),
        files(&[segment(1, &[1, 2, 3]), segment(11, &[4, 5])]),
        files(&[segment(1, &[]), segment(11, &[2])]),
        bodies(&[1, 2, 3]),
        bodies(&[1, 5, 6, 2]),
        bodies(&[1, u64::MAX]),
        bodies(&[]),
    ]
}
