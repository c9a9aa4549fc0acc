//! A day of the real domain: its entries as they would be archived, and what its clients would have been told.
use std::collections::{BTreeMap, HashMap};

use kindred_chaos::history::{Archive, Archived, Asked, Call, History, Place, Shown, Told, Watched, record};
use kindred_domain::{
    Answer, Body, Command, Entry, Event, EventKind, State,
    command::{AdoptTenant, Advance, CreateTenant, LeaderStarted, Request},
    entry::Applied,
    ids::{TenantId, Uid},
    record::{Record, RecordKey},
};
use kindred_node::wire::log::{encode_command, encode_entry};

use crate::chance::{Chance, commands, opening::opening};

pub const SHARD: u32 = 3;
/// A second tenant, of which the first knows nothing.
pub const OTHER: &str = "u";
/// An entry is committed every so often by the clients' clock.
const ENTRY_US: u64 = 1_000;

pub struct Day {
    pub state: State,
    pub chance: Chance,
    pub index: u64,
    pub term: u64,
    pub now_ms: u64,
    pub archive: Archive,
    pub history: History,
    /// Open and closed interactions as the disk has them.
    disk: BTreeMap<RecordKey, Record>,
    first: HashMap<(u64, u32), Told>,
    requests: Vec<Request>,
    pub events: Vec<Event>,
    /// Time goes in steps of this, so that much falls due at one moment.
    pub grain_ms: u64,
    /// Of five agents only two ever say that they are there: often somebody is the only one.
    pub lonely: bool,
    /// Nobody loses an answer, and every answer says where it stands; calls follow each other.
    pub plain: bool,
}

impl Day {
    pub fn new(seed: u64) -> Self {
        Self {
            state: State::new(),
            chance: Chance::new(seed),
            index: 0,
            term: 1,
            now_ms: 1_700_000_000_000,
            archive: Archive::from([(SHARD, Vec::new())]),
            history: History::default(),
            disk: BTreeMap::new(),
            first: HashMap::new(),
            requests: Vec::new(),
            events: Vec::new(),
            grain_ms: 1,
            lonely: false,
            plain: false,
        }
    }

    /// One entry, archived; who asked for its commands is told.
    pub fn entry(&mut self, commands: Vec<Command>) -> Vec<Told> {
        self.index += 1;
        let encoded: Vec<_> = commands.iter().map(encode_command).collect();
        let bytes = encode_entry(self.now_ms, encoded.iter().map(|c| c.as_ref())).to_vec();
        let (index, term) = (self.index, self.term);
        self.archive.entry(SHARD).or_default().push(Archived { index, term, bytes });
        let entry = Entry { index: self.index, time_ms: self.now_ms, commands };
        let mut applied = self.state.apply(&entry);
        self.events.append(&mut applied.events);
        self.write(&applied);
        let mut all = Vec::new();
        for ((command, answer), position) in entry.commands.iter().zip(&applied.answers).zip(0..) {
            let told = self.told(answer, position);
            self.tell(command, told.clone());
            all.push(told);
        }
        all
    }

    /// A leader's empty entry, or a change of membership.
    pub fn empty(&mut self) {
        self.index += 1;
        let (index, term) = (self.index, self.term);
        self.archive.entry(SHARD).or_default().push(Archived { index, term, bytes: Vec::new() });
    }

    fn told(&mut self, answer: &Answer, position: u32) -> Told {
        match answer {
            Answer::Fresh(outcome) => {
                let told = record::domain_outcome(outcome, self.here(position), false);
                self.first.insert((self.index, position), told.clone());
                told
            }
            Answer::Repeat { index, position } => {
                let mut told = self.first[&(*index, *position)].clone();
                if let Told::Done { repeated, .. } = &mut told {
                    *repeated = true;
                }
                told
            }
        }
    }

    pub fn here(&self, position: u32) -> Place {
        Place { shard: SHARD, index: self.index, position, term: self.term }
    }

    /// Somebody asked for it: most are told, some lose the answer, some refusals do not say where they stand.
    fn tell(&mut self, command: &Command, told: Told) {
        let (Some(request), Some(tenant)) = (command.request, &command.tenant) else { return };
        let (began_us, ended_us) = self.around();
        let told = match told {
            Told::Refused { reason, .. } if !self.plain && self.chance.one_in(2) => Told::Refused { at: None, reason },
            told => told,
        };
        let lost = !self.plain && self.chance.one_in(15);
        self.history.calls.push(Call {
            client: self.chance.below(8) as u32,
            began_us,
            ended_us: (!lost).then_some(ended_us),
            asked: Asked::Write { tenant: tenant.to_string(), request: request.id.0 },
            told: (!lost).then_some(told),
        });
    }

    fn around(&mut self) -> (u64, u64) {
        let committed_us = 1_000_000 + self.index * ENTRY_US;
        if self.plain {
            return (committed_us - 100, committed_us + 100);
        }
        (committed_us - 1 - self.chance.below(20_000), committed_us + self.chance.below(20_000))
    }

    fn write(&mut self, applied: &Applied) {
        for put in &applied.puts {
            self.disk.insert(put.key(), put.clone());
        }
        for removed in &applied.removed {
            self.disk.remove(removed);
        }
    }

    /// What a read of an interaction or agent sees now.
    pub fn seen(&self, tenant: &TenantId, collection: &str, id: &str) -> Shown {
        let keys = match collection {
            "agents" => vec![RecordKey::Agent(tenant.clone(), id.into())],
            _ => vec![RecordKey::Interaction(tenant.clone(), id.into()), RecordKey::Closed(tenant.clone(), id.into())],
        };
        match keys.iter().find_map(|key| self.disk.get(key)) {
            Some(Record::Interaction(i) | Record::Closed(i)) => record::domain_interaction(i),
            Some(Record::Agent(a)) => record::domain_agent(a),
            _ => Shown::Nothing { name: format!("tenants/{tenant}/{collection}/{id}") },
        }
    }

    pub fn read(&mut self, tenant: &TenantId, collection: &str, id: &str) {
        let (began_us, ended_us) = self.around();
        let shown = vec![self.seen(tenant, collection, id)];
        self.history.calls.push(Call {
            client: 9,
            began_us,
            ended_us: Some(ended_us),
            asked: Asked::Read { name: format!("tenants/{tenant}/{collection}/{id}") },
            told: Some(Told::Done { at: self.here(0), repeated: false, shown }),
        });
    }

    fn read_something(&mut self) {
        let tenant = TenantId::from(*self.chance.of(&["t", "t", OTHER]));
        let id = format!("i{}", self.chance.below(60));
        self.read(&tenant, "interactions", &id);
        let id = format!("a{}", self.chance.below(6));
        self.read(&tenant, "agents", &id);
    }

    /// A request: mostly new, sometimes sent before, with the same payload or another.
    pub fn request(&mut self) -> Request {
        let payload_hash = self.chance.below(20);
        if self.chance.one_in(8) && !self.requests.is_empty() {
            let request = *self.chance.of(&self.requests);
            return if self.chance.one_in(6) { Request { payload_hash, ..request } } else { request };
        }
        let ahead_ms = if self.chance.one_in(40) { self.chance.below(120_000) } else { 0 };
        let id = match self.chance.below(3) {
            0 => u128::from(self.chance.below(u64::MAX)),
            _ => u128::from(self.now_ms + ahead_ms) << 80 | 7 << 76 | u128::from(self.chance.below(u64::MAX) >> 2),
        };
        let request = Request { id: Uid(id), payload_hash };
        self.requests.push(request);
        request
    }

    /// Time passes as under a leader: it writes when something is due. Or the leader dies, and nobody writes.
    pub fn pass(&mut self, pause_ms: u64) {
        let until_ms = self.now_ms + pause_ms;
        if self.chance.one_in(30) {
            self.term += 1 + self.chance.below(2);
            if self.chance.one_in(2) {
                self.empty();
            }
            self.now_ms += pause_ms.min(30_000);
            let started = LeaderStarted { raft_id: 1, term: self.term };
            self.entry(vec![commands::to_shard(started)]);
        }
        while let Some(due_ms) = self.state.next_due_ms().filter(|due_ms| *due_ms < until_ms) {
            self.now_ms = self.now_ms.max(due_ms);
            if self.grain_ms == 1 {
                self.now_ms += self.chance.below(250);
            }
            self.entry(vec![commands::to_shard(Advance {})]);
        }
        self.now_ms = self.now_ms.max(until_ms);
    }

    fn command(&mut self, body: impl Into<Body>) -> Command {
        let request = self.chance.one_in(2).then(|| self.request());
        let command = Command { request, ..commands::to_tenant(body) };
        if self.chance.one_in(5) { to_the_other(command) } else { command }
    }

    /// So many entries of whatever chance asks for.
    pub fn live(&mut self, entries: u64) {
        for command in opening() {
            self.entry(vec![command]);
        }
        for command in opening() {
            self.entry(vec![to_the_other(command)]);
        }
        for _ in 0..entries {
            let pause_ms = self.chance.pause_ms();
            self.pass(pause_ms.next_multiple_of(self.grain_ms));
            let asked = self.chance.below(4);
            let mut all = Vec::new();
            for _ in 0..asked {
                let body = commands::any(&mut self.chance, &self.state, self.now_ms);
                if !(self.lonely && brings_company(&body)) {
                    all.push(self.command(body));
                }
            }
            self.entry(all);
            if self.chance.one_in(3) {
                self.read_something();
            }
        }
    }

    /// What two readers of events saw, and which offers agents were told of.
    pub fn end(&mut self) {
        for tenant in ["t", OTHER] {
            let theirs = self.events.iter().filter(|e| *e.tenant == *tenant);
            let all: Vec<(u64, String)> = theirs.map(|e| (e.number, record::domain_kind(e))).collect();
            let some = all.iter().filter(|(number, _)| number % 3 != 0).cloned().collect();
            let watched = |everything, events| Watched { tenant: tenant.to_owned(), everything, events };
            self.history.watched.extend([watched(true, all), watched(false, some)]);
        }
        for event in &self.events {
            let EventKind::OfferMade { offer, .. } = event.kind else { continue };
            let named = |collection: &str, id: Option<&str>| {
                format!("tenants/{}/{collection}/{}", event.tenant, id.unwrap_or_default())
            };
            let interaction = named("interactions", event.interaction.as_deref());
            let agent = named("agents", event.agent.as_deref());
            self.history.offers_told.push((event.index, interaction, offer.to_string(), agent));
        }
    }
}

/// The same command to the second tenant.
fn to_the_other(mut command: Command) -> Command {
    let (id, display_name) = (TenantId::from(OTHER), String::new());
    match &command.body {
        Body::CreateTenant(c) => command.body = CreateTenant { id, display_name, shard: c.shard }.into(),
        Body::AdoptTenant(_) => command.body = AdoptTenant { id, display_name }.into(),
        _ => command.tenant = Some(id),
    }
    command
}

/// Does it bring somebody else than the two who are there.
fn brings_company(body: &Body) -> bool {
    let here = ["a0", "a3"];
    matches!(body, Body::SetPresence(c) if c.agents.iter().any(|a| !here.contains(&a.as_str())))
}
