//! Random days: hundreds of short lives of a small contact center from one seed each. After every entry every invariant
//! holds, and the state restored from what was written equals the running one.
//!
//! `SEED=n cargo test -p kindred-domain --test random` replays one seed.
mod chance;
#[path = "scenario/disk.rs"]
mod disk;

use chance::{Chance, commands, opening};
use disk::Disk;
use kindred_domain::{Answer, Command, Entry, State, command::*, ids::*};

const SEEDS: u64 = 200;
const ENTRIES: u64 = 250;

struct Day {
    state: State,
    disk: Disk,
    chance: Chance,
    index: u64,
    now_ms: u64,
    accepted: u64,
}

impl Day {
    fn new(seed: u64) -> Self {
        Self {
            state: State::new(),
            disk: Disk::default(),
            chance: Chance::new(seed),
            index: 0,
            now_ms: 1_000_000,
            accepted: 0,
        }
    }

    /// One entry: a few commands, after anything from no time to an hour.
    fn entry(&mut self, commands: Vec<Command>) -> Result<(), String> {
        self.index += 1;
        let text = format!("{commands:?}");
        let entry = Entry { index: self.index, time_ms: self.now_ms, commands };
        let applied = self.state.apply(&entry);
        let accepted = |answer: &&Answer| matches!(answer, Answer::Fresh(Ok(_)));
        self.accepted += applied.answers.iter().filter(accepted).count() as u64;
        let place = |what: String| format!("entry {} {text}: {what}", self.index);
        self.disk.write(self.index, &applied).map_err(place)?;
        self.state.check().map_err(|found| {
            let found: Vec<String> = found.iter().map(|v| v.to_string()).collect();
            place(found.join("\n"))
        })?;
        let restored = self.disk.restore(self.index, self.state.now_ms());
        if restored.map_err(place)? != self.state {
            return Err(place("the restored state differs".into()));
        }
        Ok(())
    }

    fn live(&mut self) -> Result<(), String> {
        for command in opening::opening() {
            self.entry(vec![command])?;
        }
        for _ in 0..ENTRIES {
            self.now_ms += self.chance.pause_ms();
            let mut commands = Vec::new();
            if self.chance.one_in(40) {
                let started = LeaderStarted { raft_id: 1, term: self.index };
                commands.push(commands::to_shard(started));
            }
            for _ in 0..self.chance.below(4) {
                let body = commands::any(&mut self.chance, &self.state, self.now_ms);
                let request = self
                    .chance
                    .one_in(2)
                    .then(|| Request { id: Uid(self.chance.below(400).into()), payload_hash: self.chance.below(2) });
                commands.push(Command { tenant: Some("t".into()), request, body });
            }
            self.entry(commands)?;
        }
        self.end()
    }

    /// The tenant is deleted: nothing of it is left, in memory or in what was written.
    fn end(&mut self) -> Result<(), String> {
        let open = self.state.tenant("t").into_iter();
        let open = open.flat_map(|t| t.interactions());
        let all: Vec<_> = open.map(|i| commands::cancel(&i.id)).collect();
        self.entry(all)?;
        // The longest after-work is over.
        self.now_ms += 3_600_000;
        self.entry(vec![commands::to_tenant(Advance {})])?;
        self.entry(vec![commands::to_tenant(DeleteTenant { etag: None })])?;
        self.entry(vec![commands::to_tenant(DeleteTenant { etag: None })])?;
        for _ in 0..3 {
            self.entry(vec![commands::to_shard(Advance {})])?;
        }
        let left = self.disk.left();
        if self.state.tenant("t").is_some() || left != ["Shard"] {
            return Err(format!("left of a deleted tenant: {left:?}"));
        }
        Ok(())
    }
}

#[test]
fn every_invariant_holds_whatever_happens() {
    let only = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = only.map_or(0..SEEDS, |seed: u64| seed..seed + 1);
    let mut accepted = 0;
    for seed in seeds {
        let mut day = Day::new(seed);
        if let Err(problem) = day.live() {
            panic!("SEED={seed}: {problem}");
        }
        accepted += day.accepted;
    }
    // Most of what chance proposes must be lawful, or nothing is tested.
    assert!(only.is_some() || accepted > SEEDS * ENTRIES / 2, "{accepted}");
}
