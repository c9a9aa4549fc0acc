//! Does a recorded log give the same state again: applies every entry and compares the hash over all rows (decision 2) with
//! each one that the leaders wrote to the log, and with what a stopped node's disk holds. Bit for bit, whatever build or
//! machine recorded it. Offline; one JSON line a shard, then one for all.
use super::entries::{self, Entries, Found};
use crate::{
    consensus::{
        gateway::At,
        runtime::{HASH_EVERY, Persister, stored_hash},
    },
    storage::{Options as StoreOptions, Store, Who},
};
use kindred_domain::{Entry, State};
use serde::Serialize;
use std::{collections::VecDeque, io::Write, path::PathBuf};

/// What to read.
#[derive(clap::Args)]
pub struct Options {
    /// A node's `--log-archive`; several of one cluster may be given, and fill each other's gaps.
    #[arg(long, required_unless_present = "data")]
    archive: Vec<PathBuf>,
    /// A stopped node's data folder: its log goes on where the archive ends, and its stored hash is compared, too.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The node's name and cluster, as configured; for `--data`.
    #[arg(long, default_value = "n1")]
    node: String,
    /// See `node`.
    #[arg(long, default_value = "kindred")]
    cluster: String,
}

/// A leader writes its hash to the log soon after the entry it is of; hashes of so many such entries are remembered.
const NOTED_MAX: usize = 64;

/// A hash that was written down, and what came out now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deviation {
    /// The state was hashed after this entry.
    pub index: u64,
    /// By whom it was written down: `log` (a leader's), `disk` (the node's own).
    pub source: &'static str,
    /// Hexadecimal.
    pub recorded: String,
    /// Hexadecimal.
    pub now: String,
}

/// What came of one shard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Which.
    pub shard: u32,
    /// Entries applied.
    pub entries: u64,
    /// Commands in them.
    pub commands: u64,
    /// Index of the last.
    pub last_index: u64,
    /// Hashes that were compared.
    pub compared: u64,
    /// The hash after the last entry, hexadecimal: the same for this log everywhere.
    pub hash: String,
    /// Entries that are in no file given; nothing after them can be compared.
    pub missing: Option<(u64, u64)>,
    /// The first hash that differs.
    pub deviation: Option<Deviation>,
}

impl Verdict {
    /// Nothing is missing, and nothing differs.
    pub fn is_well(&self) -> bool {
        self.missing.is_none() && self.deviation.is_none()
    }
}

/// One shard, entry by entry.
pub struct Verifier {
    state: State,
    rows: Persister,
    /// Hashes at indexes that leaders compare.
    noted: VecDeque<(u64, u64)>,
    verdict: Verdict,
}

impl Verifier {
    /// A shard as it was founded.
    pub fn new(shard: u32) -> Self {
        let verdict = Verdict { shard, last_index: entries::FIRST - 1, ..Verdict::default() };
        Self { state: State::new(), rows: Persister::without_disk(shard), noted: VecDeque::new(), verdict }
    }

    /// The hash so far, and the index it is of.
    pub fn hash(&self) -> (u64, u64) {
        (self.verdict.last_index, self.rows.chain())
    }

    /// The next entry of the log; `None` if it says nothing to the state.
    pub fn entry(&mut self, index: u64, term: u64, entry: Option<&Entry>) -> anyhow::Result<()> {
        anyhow::ensure!(index == self.verdict.last_index + 1, "entry {index} after {}", self.verdict.last_index);
        self.verdict.entries += 1;
        self.verdict.last_index = index;
        if let Some(entry) = entry {
            self.verdict.commands += entry.commands.len() as u64;
            let applied = self.state.apply(entry);
            let at = At { shard: self.verdict.shard, term, index, position: 0, log_ms: self.state.now_ms() };
            self.rows.add(&applied, at)?;
            if let Some((of, recorded)) = applied.compare
                && let Some((_, now)) = self.noted.iter().find(|(noted, _)| *noted == of).copied()
            {
                self.compare(of, "log", recorded, now);
            }
        }
        if index.is_multiple_of(HASH_EVERY) {
            self.noted.push_back((index, self.rows.chain()));
            if self.noted.len() > NOTED_MAX {
                self.noted.pop_front();
            }
        }
        Ok(())
    }

    /// A hash that was written down elsewhere. Only the first that differs is kept: whatever comes after it differs, too.
    pub fn compare(&mut self, index: u64, source: &'static str, recorded: u64, now: u64) {
        self.verdict.compared += 1;
        if recorded != now && self.verdict.deviation.is_none() {
            let (recorded, now) = (hex(recorded), hex(now));
            self.verdict.deviation = Some(Deviation { index, source, recorded, now });
        }
    }

    /// Entries that nobody has.
    pub fn missing(&mut self, from: u64, to: u64) {
        self.verdict.missing.get_or_insert((from, to));
    }

    /// What came of it.
    pub fn finish(mut self) -> Verdict {
        self.verdict.hash = hex(self.rows.chain());
        self.verdict
    }
}

fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

/// One shard of these files.
pub fn verify(archives: &[PathBuf], store: Option<&Store>, shard: u32) -> anyhow::Result<Verdict> {
    let stored = store.map(|store| stored_hash(store, shard)).transpose()?;
    let mut verifier = Verifier::new(shard);
    entries::walk(archives, store, shard, |found| {
        let entry = match found {
            Found::Gap { from, to } => {
                verifier.missing(from, to);
                return Ok(());
            }
            // Without what is missing no state can be followed.
            Found::Entry(_) if verifier.verdict.missing.is_some() => return Ok(()),
            Found::Entry(entry) => entry,
        };
        let (term, decoded) = entries::decode(&entry)?;
        verifier.entry(entry.index, term, decoded.as_ref())?;
        if let Some((index, recorded)) = stored.filter(|(index, _)| *index == entry.index) {
            verifier.compare(index, "disk", recorded, verifier.rows.chain());
        }
        Ok(())
    })?;
    Ok(verifier.finish())
}

/// Verifies every shard and prints what came of it; `false` if something is missing or differs.
pub fn run(options: &Options) -> anyhow::Result<bool> {
    let store = match &options.data {
        Some(data) => {
            let who = Who { cluster_id: options.cluster.clone(), node_id: options.node.clone() };
            Some(Store::open(data, &who, &StoreOptions::default())?)
        }
        None => None,
    };
    let mut shards = Entries::shards(&options.archive)?;
    shards.extend(store.iter().flat_map(Store::shards));
    shards.sort_unstable();
    shards.dedup();
    anyhow::ensure!(!shards.is_empty(), "no shard is in these folders: is it a `--log-archive`?");
    let mut out = std::io::stdout().lock();
    let mut is_well = true;
    for shard in shards {
        let verdict = verify(&options.archive, store.as_ref(), shard)?;
        is_well &= verdict.is_well();
        writeln!(out, "{}", serde_json::to_string(&verdict)?)?;
    }
    writeln!(out, "{}", serde_json::json!({ "summary": { "same": is_well } }))?;
    Ok(is_well)
}

#[cfg(test)]
mod tests;
