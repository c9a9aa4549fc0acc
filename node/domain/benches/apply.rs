//! What applying costs: submits into a full shard, and an interaction's whole life. `cargo bench -p kindred-domain`.
//!
//! Prints microseconds of processor time a command, of entries of 64 commands, with as many interactions waiting as named.
use kindred_domain::{Command, Entry, State, command::*, ids::*, limits, record::*};
use std::{collections::BTreeMap, fs, hint::black_box, sync::LazyLock, time::Instant};

const PER_ENTRY: usize = 64;
const AGENTS: usize = 1_000;

struct Shard {
    state: State,
    index: u64,
    now_ms: u64,
    next: u128,
    /// As the runtime would still hold them for the disk.
    records: Vec<Record>,
}

impl Shard {
    fn new() -> Self {
        let mut shard = Self { state: State::new(), index: 0, now_ms: 1_750_000_000_000, next: 1, records: Vec::new() };
        shard.run(vec![configured(AdoptTenant { id: "t".into(), display_name: String::new() })]);
        shard.configure();
        shard
    }

    fn configure(&mut self) {
        let policy = CreatePolicy {
            id: "fair".into(),
            display_name: String::new(),
            spec: PolicySpec { mode: Mode::LongestIdle, ..PolicySpec::default() },
            validate_only: false,
        };
        let queue = CreateQueue {
            id: "support".into(),
            spec: QueueSpec {
                display_name: String::new(),
                policy: "fair".into(),
                priority: 0,
                age_weight_micros_per_s: 1_000_000,
                service_level_ms: 20_000,
                sla_urgency_micros: 0,
                starvation_bound_ms: limits::STARVATION_BOUND_MS,
                max_wait_ms: 0,
                schedule: None,
                refuse_when_closed: false,
                channels: BTreeMap::new(),
            },
        };
        let profile = CreateProfile {
            id: "people".into(),
            display_name: String::new(),
            entries: vec![ProfileEntry {
                queue: "support".into(),
                channel: "voice".into(),
                tier: 1,
                priority: 0,
                delay_ms: 0,
            }],
            capacity: Capacity::default(),
        };
        self.run(vec![configured(policy), configured(queue), configured(profile)]);
        for n in 0..AGENTS {
            let agent = CreateAgent {
                id: agent(n),
                spec: AgentSpec {
                    kind: AgentKind::Human,
                    display_name: format!("Agent {n}"),
                    team: None,
                    profile: "people".into(),
                    skills: BTreeMap::new(),
                    channel_proficiency: BTreeMap::new(),
                    labels: BTreeMap::new(),
                    capacity: None,
                    endpoint: format!("sip:{n}"),
                },
            };
            let presence = SetPresence {
                agents: vec![self::agent(n)],
                status: PresenceStatus::Available,
                reason: String::new(),
                channels: Default::default(),
                after_contact: false,
                expires_after_ms: None,
            };
            self.run(vec![configured(agent), configured(presence)]);
        }
    }

    fn run(&mut self, commands: Vec<Command>) {
        self.index += 1;
        self.now_ms += 1;
        let applied = self.state.apply(&Entry { index: self.index, time_ms: self.now_ms, commands });
        assert!(
            applied.answers.iter().all(|a| matches!(a, kindred_domain::Answer::Fresh(Ok(_)))),
            "{:?}",
            applied.answers
        );
        // The last entry's records are still on their way to disk, as in the apply thread.
        self.records = applied.puts;
        black_box(&applied.events);
    }

    fn draw(&mut self) -> u128 {
        self.next += 1;
        self.next
    }

    fn submit(&mut self, n: usize) -> Command {
        let request = Request { id: Uid(self.draw()), payload_hash: n as u64 };
        Command {
            tenant: Some("t".into()),
            request: Some(request),
            body: CreateInteraction {
                id: interaction(n),
                conversation: None,
                channel: "voice".into(),
                direction: Direction::Inbound,
                customer: Some("carol".into()),
                identity: None,
                external_thread_id: None,
                connector: None,
                queue: "support".into(),
                labels: BTreeMap::new(),
                required: None,
                preferred: None,
                priority: 0,
                human_requested_at_ms: None,
                connect_by_ms: None,
                context: None,
            }
            .into(),
        }
    }
}

fn configured(body: impl Into<Body>) -> Command {
    Command { tenant: Some("t".into()), request: None, body: body.into() }
}

fn agent(n: usize) -> AgentId {
    AgentId::new(&format!("agent-{n}"))
}

fn interaction(n: usize) -> InteractionId {
    InteractionId::new(&format!("call-{n:09}"))
}

/// Microseconds a command of these entries.
fn time(shard: &mut Shard, entries: Vec<Vec<Command>>) -> f64 {
    let count: usize = entries.iter().map(Vec::len).sum();
    let begin_us = processor_us();
    for commands in entries {
        shard.run(commands);
    }
    (processor_us() - begin_us) / count as f64
}

/// Processor time of this thread so far: what others do on the machine does not count. Linux; elsewhere the clock on the wall.
fn processor_us() -> f64 {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok());
    match spent {
        Some(ns) => ns / 1e3,
        None => BEGIN.elapsed().as_secs_f64() * 1e6,
    }
}

fn submits(shard: &mut Shard, from: usize, count: usize) -> Vec<Vec<Command>> {
    let numbers: Vec<usize> = (from..from + count).collect();
    let entry = |numbers: &[usize]| numbers.iter().map(|n| shard.submit(*n)).collect();
    numbers.chunks(PER_ENTRY).map(entry).collect()
}

/// Offer, accept, connect, complete, wrap up: one command after the other, for every agent.
fn lives(shard: &mut Shard) -> f64 {
    let offers: Vec<u128> = (0..AGENTS).map(|_| shard.draw()).collect();
    let mut entries: Vec<Vec<Command>> = Vec::new();
    let all: Vec<usize> = (0..AGENTS).collect();
    let mut each = |body: &dyn Fn(usize) -> Body| {
        for chunk in all.chunks(PER_ENTRY) {
            entries.push(chunk.iter().map(|n| configured_body(body(*n))).collect());
        }
    };
    each(&|n| {
        MakeOffers {
            offers: vec![OfferPlan {
                offer: Uid(offers[n]),
                interaction: interaction(n),
                agent: agent(n),
                score_micros: 0,
                policy_revision: 1,
                draw: None,
                free_groups: None,
            }],
            deferrals: Vec::new(),
        }
        .into()
    });
    each(&|n| AcceptOffer { interaction: interaction(n), offer: Uid(offers[n]) }.into());
    each(&|n| ReportConnected { interaction: interaction(n), assignment: Uid(offers[n]) }.into());
    each(&|n| CompleteInteraction { id: interaction(n), assignment: None, note: String::new() }.into());
    each(&|n| CompleteWrapUp { interaction: interaction(n), assignment: Uid(offers[n]) }.into());
    time(shard, entries)
}

fn configured_body(body: Body) -> Command {
    Command { tenant: Some("t".into()), request: None, body }
}

fn main() {
    let mut shard = Shard::new();
    let mut waiting = 0;
    for more in [10_000, 90_000, 100_000] {
        let entries = submits(&mut shard, waiting, more);
        let us = time(&mut shard, entries);
        println!("CreateInteraction, {waiting:>7} to {:>7} waiting: {us:.2} µs", waiting + more);
        waiting += more;
    }
    println!("offer, accept, connect, complete, wrap up: {:.2} µs a command", lives(&mut shard));
}
