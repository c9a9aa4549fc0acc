//! The verdict on a run: what clients saw against what the log says.
use crate::history::{Archive, Asked, History, Told, Violation};
use kindred_domain::{Answer, State};
use kindred_node::wire;
use std::collections::HashMap;

/// Violations told at most.
const TOLD_MAX: usize = 50;
/// The state's own invariants are checked after so many entries, and at the end.
const CHECK_EVERY: usize = 500;

/// Where a request was applied: index, position, and whether it was refused.
type Spot = (u64, u32, bool);

#[derive(Default)]
struct Log {
    /// First applications; a second is a violation.
    fresh: HashMap<u128, Vec<Spot>>,
    /// Events by tenant and number.
    events: HashMap<(String, u64), ()>,
    violations: Vec<Violation>,
}

/// Every promise that was broken, by the simple checks of this module.
pub fn verdict(archive: &Archive, history: &History) -> Vec<Violation> {
    let mut log = Log::default();
    for (shard, entries) in archive {
        log.replay(*shard, entries);
    }
    log.durable(history);
    log.once();
    log.told(history);
    log.violations.truncate(TOLD_MAX);
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
                    Ok(entry) => self.apply(&mut state, &entry),
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

    fn apply(&mut self, state: &mut State, entry: &kindred_domain::Entry) {
        let applied = state.apply(entry);
        for (position, (command, answer)) in entry.commands.iter().zip(&applied.answers).enumerate() {
            if let (Some(request), Answer::Fresh(result)) = (command.request, answer) {
                let spot = (entry.index, position as u32, result.is_err());
                self.fresh.entry(request.id.0).or_default().push(spot);
            }
        }
        for event in applied.events {
            self.events.insert((event.tenant.to_string(), event.number), ());
        }
    }

    /// D: what was acknowledged is where the answer said.
    fn durable(&mut self, history: &History) {
        for call in &history.calls {
            let (Asked::Write { request, .. }, Some(told)) = (&call.asked, &call.told) else { continue };
            let spots = self.fresh.get(request);
            let wrong = match told {
                Told::Done { at, .. } => {
                    let there = spots.is_some_and(|spots| spots.contains(&(at.index, at.position, false)));
                    (!there).then(|| format!("acknowledged at ({}, {}), found at {spots:?}", at.index, at.position))
                }
                Told::NotDone { reason } => {
                    let done = spots.is_some_and(|spots| spots.iter().any(|spot| !spot.2));
                    done.then(|| format!("told `{reason}`, but done at {spots:?}"))
                }
                Told::Refused { .. } => None,
            };
            if let Some(wrong) = wrong {
                self.broken('D', format!("request {request:032x}: {wrong}"));
            }
        }
    }

    /// E: nothing is done twice.
    fn once(&mut self) {
        let twice = self.fresh.iter().filter(|(_, spots)| spots.iter().filter(|spot| !spot.2).count() > 1);
        let words: Vec<_> = twice.map(|(id, spots)| format!("request {id:032x} was done at {spots:?}")).collect();
        words.into_iter().for_each(|what| self.broken('E', what));
    }

    /// Event streams have no gap and tell nothing that the log does not know.
    fn told(&mut self, history: &History) {
        for watched in history.watched.iter().filter(|watched| watched.everything) {
            for two in watched.events.windows(2).filter(|two| two[1].0 != two[0].0 + 1) {
                self.broken('E', format!("a reader was told event {} after {}", two[1].0, two[0].0));
            }
            for (number, kind) in &watched.events {
                if !self.events.contains_key(&(watched.tenant.clone(), *number)) {
                    self.broken('D', format!("a reader was told event {number} ({kind}), which the log does not have"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Call, Place, Watched};

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
        let found = verdict(&Archive::default(), &history);
        assert!(matches!(&found[..], [violation] if violation.invariant == 'D'), "{found:?}");
    }

    #[test]
    fn a_gap_in_what_a_reader_was_told_is_found() {
        let events = vec![(4, "A".to_owned()), (6, "B".to_owned())];
        let watched = Watched { tenant: "t".into(), everything: true, events };
        let history = History { watched: vec![watched], ..Default::default() };
        let found = verdict(&Archive::default(), &history);
        assert!(found.iter().any(|violation| violation.invariant == 'E'), "{found:?}");
    }
}
