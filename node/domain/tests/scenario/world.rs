//! The state under test, its twin that must agree, its disk, and its clock.
use super::{disk::Disk, line::Line, reading};
use kindred_domain::{command::*, entry::*, event::Event, ids::*, record::*, reply::Answer, state::State};
use std::{
    collections::{BTreeMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

/// Log time at which every scenario begins: a round moment of 2025.
const BEGIN_MS: u64 = 1_750_000_000_000;

/// One tenant in one shard.
pub struct World {
    pub state: State,
    twin: State,
    pub now_ms: u64,
    index: u64,
    /// Records as a replica would have them on disk.
    pub disk: BTreeMap<RecordKey, Record>,
    /// All rows, to restore the state from.
    pub rows: Disk,
    /// Events of the last line.
    pub events: Vec<Event>,
    /// The whole of the last line's last entry.
    pub applied: Applied,
    /// Offers made so far, in order, by interaction.
    pub offers: BTreeMap<String, Vec<OfferId>>,
    next_uid: u128,
    /// How often which kind of event happened.
    pub happened: BTreeMap<String, u64>,
    /// A hash of everything that every entry so far gave.
    pub transcript: u64,
}

impl World {
    pub fn new() -> Self {
        let mut world = Self {
            state: State::new(),
            twin: State::new(),
            now_ms: BEGIN_MS,
            index: 0,
            disk: BTreeMap::new(),
            rows: Disk::default(),
            events: Vec::new(),
            applied: Applied::default(),
            offers: BTreeMap::new(),
            next_uid: 1,
            happened: BTreeMap::new(),
            transcript: FNV_OFFSET,
        };
        let adopt = AdoptTenant { id: TenantId::new("t"), display_name: "Tenant".into() };
        let adopted = world.accepted(&Line::parse("adopt"), adopt.into());
        adopted.expect("a new world takes its tenant on");
        for text in ["policy fair", "queue support"] {
            let line = Line::parse(text);
            let body = super::configuration::body(&world, &line);
            let body = body.expect("readable").expect("configuration");
            world.accepted(&line, body).expect("a lawful beginning");
        }
        world
    }

    pub fn tenant(&self) -> &kindred_domain::state::Tenant {
        self.state.tenant("t").expect("every world has its tenant")
    }

    /// A number nobody has drawn yet.
    pub fn draw(&mut self) -> Uid {
        self.next_uid += 1;
        Uid(self.next_uid)
    }

    /// Applies one command as an entry of its own.
    pub fn command(&mut self, line: &Line, body: Body) -> Result<Answer, String> {
        let mut answers = self.commands(vec![(line, body)])?;
        answers.pop().ok_or("a command has an answer".into())
    }

    /// Applies several commands as one entry.
    pub fn commands(&mut self, bodies: Vec<(&Line, Body)>) -> Result<Vec<Answer>, String> {
        let mut commands = Vec::new();
        for (line, body) in bodies {
            commands.push(Command {
                tenant: Some(TenantId::new(line.key("tenant").unwrap_or("t"))),
                request: self.request(line, &body)?,
                body,
            });
        }
        self.events.clear();
        self.entry(commands)?;
        Ok(self.applied.answers.clone())
    }

    /// Applies one command to the shard itself.
    pub fn of_shard(&mut self, body: Body) -> Result<Answer, String> {
        self.events.clear();
        self.entry(vec![of_shard(body)])?;
        let answer = self.applied.answers.first().cloned();
        answer.ok_or("a command has an answer".into())
    }

    /// Applies one command that must not be refused.
    pub fn accepted(&mut self, line: &Line, body: Body) -> Result<(), String> {
        match self.command(line, body)? {
            Answer::Fresh(Err(rejection)) => Err(rejection.to_string()),
            _ => Ok(()),
        }
    }

    fn request(&self, line: &Line, body: &Body) -> Result<Option<Request>, String> {
        let Some(name) = line.key("request") else {
            return Ok(None);
        };
        let mut id = hash(name) as u128;
        if let Some(sent) = line.key("sent") {
            let sent_ms = match sent.strip_prefix('-') {
                Some(ago) => self.now_ms - reading::duration(ago)?,
                None => self.now_ms + reading::duration(sent.trim_start_matches('+'))?,
            };
            // A v7 UUID says in its first 48 bits when it was drawn.
            id = u128::from(sent_ms) << 80 | 0x7 << 76 | id & 0xffff_ffff;
        }
        Ok(Some(Request { id: Uid(id), payload_hash: hash(format!("{body:?}")) }))
    }

    /// Time passes; whenever something is due the leader writes `Advance`.
    pub fn wait(&mut self, for_ms: u64) -> Result<(), String> {
        let until_ms = self.now_ms + for_ms;
        self.events.clear();
        for _ in 0..100_000 {
            let due_ms = self.state.next_due_ms().unwrap_or(u64::MAX);
            self.now_ms = due_ms.clamp(self.now_ms, until_ms);
            self.entry(vec![of_shard(Advance {})])?;
            let still_due = self.state.next_due_ms().is_some_and(|at| at <= until_ms);
            if self.now_ms == until_ms && !still_due {
                return Ok(());
            }
        }
        Err("something is due again and again".into())
    }

    /// The same until a log time.
    pub fn wait_until(&mut self, at_ms: u64) -> Result<(), String> {
        let for_ms = at_ms.checked_sub(self.now_ms).ok_or("that is past")?;
        self.wait(for_ms)
    }

    /// No entry for a while, then a new leader's first one.
    pub fn leader_change(&mut self, gap_ms: u64) -> Result<(), String> {
        self.now_ms += gap_ms;
        self.events.clear();
        let started = LeaderStarted { raft_id: 1, term: 2 };
        self.entry(vec![of_shard(started)])
    }

    fn entry(&mut self, commands: Vec<Command>) -> Result<(), String> {
        self.index += 1;
        let entry = Entry { index: self.index, time_ms: self.now_ms, commands };
        let applied = self.state.apply(&entry);
        if applied != self.twin.apply(&entry) {
            return Err("two replicas disagree".into());
        }
        self.rows.write(self.index, &applied)?;
        self.transcript = fnv(self.transcript, &format!("{applied:?} {:?}", self.state.next_due_ms()));
        self.remember(&applied);
        for event in &applied.events {
            let kind = super::expectations::name(event);
            *self.happened.entry(kind).or_default() += 1;
        }
        self.events.extend(applied.events.iter().cloned());
        self.applied = applied;
        self.check()
    }

    /// Every rule that holds between records, after every entry.
    fn check(&self) -> Result<(), String> {
        let broken = |found: Vec<_>| format!("check() finds {found:#?}");
        self.state.check().map_err(broken)
    }

    /// A replica that starts from disk is as one that never stopped.
    pub fn restore_and_compare(&self) -> Result<(), String> {
        let restored = self.rows.restore(self.index, self.now_ms)?;
        if restored != self.state {
            return Err("a state restored from disk is not the running one".into());
        }
        Ok(())
    }

    fn remember(&mut self, applied: &Applied) {
        for record in &applied.puts {
            self.disk.insert(record.key(), record.clone());
        }
        for key in &applied.removed {
            self.disk.remove(key);
        }
        for event in &applied.events {
            if let (kindred_domain::EventKind::OfferMade { offer, .. }, Some(interaction)) =
                (&event.kind, &event.interaction)
            {
                let offers = self.offers.entry(interaction.to_string()).or_default();
                offers.push(*offer);
            }
        }
    }
}

/// FNV-1a, 64 bits: the same in every release of Rust.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(hash: u64, text: &str) -> u64 {
    text.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

fn of_shard(body: impl Into<Body>) -> Command {
    Command { tenant: None, request: None, body: body.into() }
}

fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
