//! What stopped nodes have left behind: the log of all of them together, and a digest of each one's state.
use super::node::Node;
use crate::history::{Archive, Archived, Violation};
use anyhow::Context as _;
use kindred_node::{
    consensus::core::{Content, read_entry},
    storage::{self, ArchiveReader, Options, Store, Who},
};
use std::collections::BTreeMap;

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
    entries: BTreeMap<(u32, u64), Archived>,
    digests: Vec<(String, Digest)>,
}

impl Remains {
    /// Reads all that are there; a node whose disk cannot be opened is left out with a reason.
    pub fn of<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> anyhow::Result<Remains> {
        let mut remains = Remains::default();
        for node in nodes {
            remains.read(node).with_context(|| format!("what {} left behind", node.id))?;
        }
        remains.compare();
        remains.assemble();
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
                    self.take(&node.id, shard, &entry)?;
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
                    self.take(&node.id, shard, &entry)?;
                }
            }
            let view = store.view(shard)?;
            let mut export = view.export();
            while export.next_chunk()?.is_some() {}
            let digest = Digest { shard, applied: view.applied().index, state: export.trailer().digest };
            self.digests.push((node.id.clone(), digest));
        }
        Ok(())
    }

    /// What several have must be the same.
    fn take(&mut self, node: &str, shard: u32, entry: &storage::Entry) -> anyhow::Result<()> {
        let committed = read_entry(&entry.data)?;
        let bytes = match committed.content {
            Content::Commands(bytes) => bytes.to_vec(),
            _ => Vec::new(),
        };
        let (index, term) = (entry.index, entry.term);
        let known =
            self.entries.entry((shard, index)).or_insert_with(|| Archived { index, term, bytes: bytes.clone() });
        if known.term != term || known.bytes != bytes {
            let other = known.term;
            self.broken(
                'R',
                format!("{node}: entry {index} of shard {shard}, term {term}, is another elsewhere (term {other})"),
            );
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

    /// The log from its first entry on; a hole is a loss.
    fn assemble(&mut self) {
        for ((shard, index), entry) in std::mem::take(&mut self.entries) {
            let shard_log = self.archive.entry(shard).or_default();
            let expected = shard_log.last().map_or(index, |last| last.index + 1);
            shard_log.push(entry);
            if index != expected {
                let what = format!("entries {expected} to {} of shard {shard} are on no disk", index - 1);
                self.broken('D', what);
            }
        }
    }
}
