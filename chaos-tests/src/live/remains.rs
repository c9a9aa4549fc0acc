//! What stopped nodes have left behind: the log of all of them together, and a digest of each one's state.
use super::node::Node;
use crate::{
    history::{Archive, Violation, record, union::Union},
    verdict::Stored,
};
use anyhow::Context as _;
use kindred_node::storage::{self, ArchiveReader, Options, Store, Who};

/// Bytes of a live log read at a time.
const READ_BYTES: u64 = 4 << 20;
/// Violations of one kind told at most; a broken log would fill the memory with them.
const TOLD_MAX: usize = 20;

/// Of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    pub shard: u32,
    pub applied: u64,
    pub state: u64,
}

/// Of all.
#[derive(Default)]
pub struct Remains {
    pub archive: Archive,
    pub violations: Vec<Violation>,
    /// Pairs of replicas that stood at the same index, and whose states on disk were compared byte for byte.
    pub compared: u64,
    /// What their disks hold.
    pub stored: Vec<Stored>,
    union: Union,
    digests: Vec<(String, Digest)>,
}

impl Remains {
    /// Reads all that are there; a disk that cannot be opened is an error.
    pub fn of<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> anyhow::Result<Remains> {
        let mut remains = Remains::default();
        for node in nodes {
            remains.read(node).with_context(|| format!("what {} left behind", node.id))?;
        }
        remains.compare();
        let (archive, differences) = std::mem::take(&mut remains.union).end();
        remains.archive = archive;
        remains.violations.extend(differences);
        Ok(remains)
    }

    fn broken(&mut self, invariant: char, what: String) {
        if self.violations.iter().filter(|v| v.invariant == invariant).count() < TOLD_MAX {
            self.violations.push(Violation { invariant, what });
        }
    }

    fn read(&mut self, node: &Node) -> anyhow::Result<()> {
        for shard in ArchiveReader::shards(&node.archive)? {
            for archived in ArchiveReader::open(&node.archive, shard)? {
                if let storage::Archived::Entry(entry) = archived? {
                    self.union.add(&node.id, shard, record::archived(&entry)?);
                }
            }
        }
        let who = Who { cluster_id: "kindred".into(), node_id: node.id.clone() };
        let store = Store::open(&node.data, &who, &Options::default())?;
        for shard in store.shards() {
            let loaded = store.load(shard)?.context("a shard without a beginning")?;
            let until = loaded.applied.index.max(loaded.hard_state.commit).min(loaded.last.index);
            let (reader, mut next) = (store.log_reader(), loaded.truncated.index + 1);
            while next <= until {
                let entries = reader.entries(shard, next, until + 1, READ_BYTES)?;
                anyhow::ensure!(!entries.is_empty(), "the log of shard {shard} ends at {next}, not at {until}");
                for entry in entries {
                    next = entry.index + 1;
                    self.union.add(&node.id, shard, record::archived(&entry)?);
                }
            }
            let view = store.view(shard)?;
            let (applied, shown) = (view.applied().index, record::stored(&store, shard)?);
            self.stored.push(Stored { whose: node.id.clone(), shard, applied, shown });
            let mut export = view.export();
            while export.next_chunk()?.is_some() {}
            let digest = Digest { shard, applied: view.applied().index, state: export.trailer().digest };
            self.digests.push((node.id.clone(), digest));
        }
        Ok(())
    }

    /// Replicas that stand at the same index must have the same rows on disk.
    fn compare(&mut self) {
        let digests = std::mem::take(&mut self.digests);
        for (n, (one, a)) in digests.iter().enumerate() {
            for (other, b) in &digests[n + 1..] {
                if (a.shard, a.applied) != (b.shard, b.applied) {
                    continue;
                }
                self.compared += 1;
                if a.state != b.state {
                    self.broken(
                        'A',
                        format!("{one} and {other} differ on disk at index {} of shard {}", a.applied, a.shard),
                    );
                }
            }
        }
        self.digests = digests;
    }
}
