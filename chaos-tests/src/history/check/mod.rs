//! Did the cluster keep its promises: what clients were told, held against what the log says by the [model](super::model).
//!
//! [`check`] walks every shard's archive once and replays it; each answer is compared when the walk comes to its place.
//! One file per promise, by its letter in `faults.md`: [`durable`] and [`stored`] D, [`unique`] U, [`once`] E, [`answers`] and
//! [`order`] L, [`times`] T, [`streams`] (numbered events: a hole is D, a repetition E, two stories A), [`archives`] A.
//! What the model does not follow is counted ([`Report::unknown`]) and concluded nothing from; if that is much, the
//! report says so as a violation, because such a run proves little.

mod answers;
pub mod archives;
mod asked;
mod durable;
mod findings;
mod once;
mod order;
pub mod stored;
mod streams;
mod times;
mod unique;

use kindred_proto::log::v1 as pb;
use prost::Message;

use std::collections::BTreeMap;

use super::model::Model;
use super::{Archive, Archived, History, Violation};
use asked::Asked;
pub use findings::Findings;

/// Of a hundred answers that could be compared, at most so many may be of commands that the model does not follow.
const UNKNOWN_PERCENT_MAX: u64 = 20;
/// Fewer answers than this say nothing about shares.
const SHARE_FROM: u64 = 50;

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub struct Report {
    /// The first of them, and a last line that counts the rest.
    pub violations: Vec<Violation>,
    /// All of them.
    pub found: u64,
    pub entries: u64,
    pub commands: u64,
    /// Commands that the model does not follow.
    pub unknown: u64,
    /// Answers of writes that were compared with the model's.
    pub answers: u64,
    /// Answers that could not be compared: the model does not follow the command.
    pub answers_unknown: u64,
    /// Reads that were compared.
    pub reads: u64,
    /// Events of readers that were compared.
    pub events: u64,
    /// Offers told to agents that were found in the log.
    pub offers: u64,
    /// By shard, what the whole log comes to.
    pub models: BTreeMap<u32, Model>,
}

/// Every broken promise, the first hundred of them in words.
pub fn check(archive: &Archive, history: &History) -> Vec<Violation> {
    examine(archive, history).violations
}

/// The same, with what was looked at.
pub fn examine(archive: &Archive, history: &History) -> Report {
    let mut walk =
        Walk { history, asked: Asked::new(history), report: Report::default(), findings: Findings::default() };
    let mut models = BTreeMap::new();
    for (shard, entries) in archive {
        archives::check(*shard, entries, &mut walk.findings);
        models.insert(*shard, walk.shard(*shard, entries));
    }
    durable::not_in_any_shard(archive, &mut walk);
    answers::without_place(&mut walk);
    answers::missing(&mut walk);
    order::check(&mut walk);
    streams::check(&models, &mut walk);
    walk.vacuity();
    walk.report.models = models;
    walk.end()
}

/// One walk through everything.
struct Walk<'a> {
    history: &'a History,
    asked: Asked<'a>,
    report: Report,
    findings: Findings,
}

/// An entry at which the walk stands.
struct Here<'a> {
    shard: u32,
    at: &'a Archived,
    entry: &'a pb::Entry,
}

impl Walk<'_> {
    fn shard(&mut self, shard: u32, entries: &[Archived]) -> Model {
        let mut model = Model::default();
        let mut time = times::Watch::default();
        let mut cursor = self.asked.cursor(shard);
        for at in entries {
            self.report.entries += 1;
            let decoded = if at.bytes.is_empty() { Ok(pb::Entry::default()) } else { pb::Entry::decode(&*at.bytes) };
            let Ok(entry) = decoded else {
                self.findings.add('A', || format!("shard {shard}, entry {}: it cannot be decoded", at.index));
                continue;
            };
            let here = Here { shard, at, entry: &entry };
            if at.bytes.is_empty() {
                // Whoever was told that a command stands here was told wrong.
                answers::entry(self, &here, &model, &[], &mut cursor);
                answers::reads(self, &here, &model, &mut cursor);
                continue;
            }
            let now_ms = model.now_ms();
            let applied = model.apply(at.index, &entry);
            self.report.commands += entry.commands.len() as u64;
            time.entry(&here, now_ms, &model, &applied, &mut self.findings);
            unique::entry(&here, &model, &mut self.findings);
            answers::entry(self, &here, &model, &applied.answers, &mut cursor);
            answers::reads(self, &here, &model, &mut cursor);
        }
        unique::offers(shard, &model, &mut self.findings);
        model
    }

    /// A run of which the model followed little proves little.
    fn vacuity(&mut self) {
        let (known, unknown) = (self.report.answers, self.report.answers_unknown);
        if known + unknown >= SHARE_FROM && unknown * 100 > (known + unknown) * UNKNOWN_PERCENT_MAX {
            self.findings.add('L', || {
                format!(
                    "vacuous: {unknown} of {} answers are of commands that the model does not follow",
                    known + unknown
                )
            });
        }
    }

    fn end(mut self) -> Report {
        self.report.found = self.findings.found();
        self.report.violations = self.findings.end();
        self.report
    }
}
