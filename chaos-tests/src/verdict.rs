//! The verdict on a run: what clients saw against what the log says.
use crate::history::{self, Archive, History, Shown, Violation, check};
use kindred_domain::State;
use kindred_node::wire;

/// Violations told at most.
const TOLD_MAX: usize = 50;
/// The state's own invariants are checked after so many entries, and at the end.
const CHECK_EVERY: usize = 500;

#[derive(Default)]
struct Log {
    violations: Vec<Violation>,
}

/// What a replica's disk holds of a shard.
pub struct Stored {
    /// The node.
    pub whose: String,
    pub shard: u32,
    /// The last entry that it has applied.
    pub applied: u64,
    pub shown: Vec<Shown>,
}

/// Every promise that was broken: by the state's own invariants at every step of the log, by the independent model, and
/// by what replicas that have applied all of the log have stored.
pub fn verdict(archive: &Archive, history: &History, stored: &[Stored]) -> Vec<Violation> {
    let mut log = Log::default();
    for (shard, entries) in archive {
        log.replay(*shard, entries);
    }
    let report = history::examine(archive, history);
    log.violations.extend(report.violations);
    for replica in stored {
        let last = archive.get(&replica.shard).and_then(|entries| entries.last()).map_or(0, |entry| entry.index);
        if let Some(model) = report.models.get(&replica.shard).filter(|_| replica.applied == last) {
            let whose = format!("{} shard {}", replica.whose, replica.shard);
            log.violations.extend(check::stored::check(&whose, model, &replica.shown));
        }
    }
    log.violations
}

impl Log {
    fn broken(&mut self, invariant: char, what: String) {
        if self.violations.len() < TOLD_MAX {
            self.violations.push(Violation { invariant, what });
        }
    }

    fn replay(&mut self, shard: u32, entries: &[crate::history::Archived]) {
        let mut state = State::new();
        for (count, archived) in entries.iter().enumerate() {
            if !archived.bytes.is_empty() {
                match wire::log::decode_entry(archived.index, archived.bytes.clone().into()) {
                    Ok(entry) => drop(state.apply(&entry)),
                    Err(error) => return self.broken('D', format!("shard {shard}, entry {}: {error}", archived.index)),
                }
            }
            if count % CHECK_EVERY == 0 || count + 1 == entries.len() {
                let Err(found) = state.check() else { continue };
                for violation in found {
                    let invariant = if violation.rule == "one_primary" { 'U' } else { 'A' };
                    let what = format!("{}: {} ({})", violation.subject, violation.rule, violation.detail);
                    self.broken(invariant, what);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Asked, Call, Place, Told, Watched};

    #[test]
    fn what_was_acknowledged_and_is_not_there_is_lost() {
        let told =
            Told::Done { at: Place { shard: 0, index: 7, position: 0, term: 1 }, repeated: false, shown: Vec::new() };
        let call = Call {
            client: 0,
            began_us: 0,
            ended_us: Some(1),
            asked: Asked::Write { tenant: "t".into(), request: 9 },
            told: Some(told),
        };
        let history = History { calls: vec![call], ..Default::default() };
        let found = verdict(&Archive::default(), &history, &[]);
        assert!(found.iter().any(|violation| violation.invariant == 'D'), "{found:?}");
    }

    #[test]
    fn a_gap_in_what_a_reader_was_told_is_found() {
        let events = vec![(4, "A".to_owned()), (6, "B".to_owned())];
        let watched = Watched { tenant: "t".into(), everything: true, events };
        let history = History { watched: vec![watched], ..Default::default() };
        let found = verdict(&Archive::default(), &history, &[]);
        assert!(!found.is_empty(), "{found:?}");
    }
}
