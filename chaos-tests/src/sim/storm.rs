//! A storm: faults of every kind at random, for a while.

use std::sync::atomic::Ordering;

use kindred_node::consensus::core::RaftId;
use kindred_node::consensus::shared::Control;
use kindred_node::storage::DiskOp;
use rand::Rng;

use super::event::Event;
use super::plan::{MS, S};
use super::power::Fault;
use super::world::{Verdict, World};

/// How rough it is.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// Between two faults, on average.
    pub every_us: u64,
}

impl World {
    /// Lets a storm rage for so long.
    pub fn storm(&mut self, every_ms: u64, for_ms: u64) -> Verdict {
        self.begin_storm(every_ms);
        self.run_ms(for_ms)?;
        self.end_storm();
        Ok(())
    }

    /// Lets a storm begin, and rage while other things happen.
    pub fn begin_storm(&mut self, every_ms: u64) {
        self.stormy = Some(Storm { every_us: every_ms * MS });
        self.after(1, every_ms * MS, Event::Fault);
    }

    /// Nothing new breaks; what is broken mends in its time.
    pub fn end_storm(&mut self) {
        self.stormy = None;
    }

    /// Something breaks, and the next thing is planned.
    pub(super) fn next_fault(&mut self) -> Verdict {
        let Some(storm) = self.stormy else { return Ok(()) };
        self.after(1, 2 * storm.every_us, Event::Fault);
        let up = self.up();
        let Some(id) = self.pick(&up) else { return Ok(()) };
        let shard = self.rng.random_range(0..self.plan.shards);
        // Half of the time a leader: that is where it hurts.
        let id = self.leader(shard).filter(|_| self.rng.random_bool(0.5)).unwrap_or(id);
        self.witness.faults += 1;
        if self.plan.all_modes && self.rng.random_bool(0.2) {
            self.change_mode();
        }
        let soon_ms = self.rng.random_range(1..2_500);
        match self.rng.random_range(0..100) {
            0..16 => self.kill_for(id, soon_ms),
            16..30 => {
                self.power_cut(id)?;
                self.start_in(id, soon_ms);
            }
            30..34 => {
                for id in up {
                    self.power_cut(id)?;
                    self.start_in(id, soon_ms);
                }
            }
            34..48 => self.partition(&up, soon_ms),
            48..56 => self.stop(id, soon_ms),
            56..64 => self.slow_disk(id, soon_ms / 4, soon_ms),
            64..70 => {
                let by_ms = self.rng.random_range(-30_000..=30_000);
                self.set_clock(id, by_ms);
            }
            70..74 => {
                let percent = self.rng.random_range(50..=200);
                self.pace_clock(id, percent);
            }
            74..79 => self.disk_fails(id),
            79..82 => self.fill_disk(id, soon_ms),
            82..88 => {
                let to = self.others(id);
                if let Some(to) = self.pick(&to) {
                    self.witness.transfers += 1;
                    self.order(id, shard, Control::Transfer(to))?;
                }
            }
            88..92 => self.links.lose_answers = self.rng.random_range(0..300),
            92..96 => self.matchmaker_is_stuck(id),
            96..98 => self.people_break(soon_ms),
            _ => self.play_with_hours(),
        }
        Ok(())
    }

    /// Some nodes no longer hear the others, sometimes only in one direction.
    fn partition(&mut self, up: &[RaftId], for_ms: u64) {
        let one_way = self.rng.random_bool(0.3);
        let inside: Vec<RaftId> = up.iter().copied().filter(|_| self.rng.random_bool(0.4)).collect();
        let outside: Vec<RaftId> = self.nodes.keys().copied().filter(|id| !inside.contains(id)).collect();
        let mut cuts = Vec::new();
        for (a, b) in inside.iter().flat_map(|a| outside.iter().map(move |b| (*a, *b))) {
            cuts.push((a, b));
            cuts.extend((!one_way).then_some((b, a)));
        }
        // What another partition has cut already is that one's to mend.
        cuts.retain(|cut| self.links.cuts.insert(*cut));
        self.witness.partitions += u64::from(!cuts.is_empty());
        self.line(|| format!("cut around {inside:?}, one way: {one_way}"));
        self.at(self.time + for_ms * MS, Event::Mend(cuts));
    }

    /// The next operation of some kind fails, or the process dies in it.
    pub fn disk_fails(&mut self, id: RaftId) {
        let nth = self.rng.random_range(1..=6);
        let op = DiskOp::ALL[self.rng.random_range(0..DiskOp::ALL.len())];
        let fault = Fault::ALL[self.rng.random_range(0..Fault::ALL.len())];
        self.arm(id, op, nth, fault);
    }

    /// A Matchmaker that has no time for a while.
    fn matchmaker_is_stuck(&mut self, id: RaftId) {
        let Some(up) = self.nodes.get_mut(&id).and_then(|node| node.up.as_mut()) else { return };
        let stuck = !up.feeds.stuck.fetch_xor(true, Ordering::Relaxed);
        self.witness.feeds_refused += u64::from(stuck);
    }

    /// A client's process dies, and comes back.
    fn people_break(&mut self, for_ms: u64) {
        let all: Vec<usize> = (1..self.clients.len()).collect();
        let Some(client) = self.pick(&all) else { return };
        self.client_dies(client);
        self.at(self.time + for_ms * MS + S, Event::Revive { client });
    }
}
