//! A walk by chance: the next line in the scenarios' language, from what the state allows now.
use crate::scenario::world::World;
use kindred_domain::record::{Interaction, InteractionState};

/// Every walk begins with these: queues of every kind, agents of every capacity.
pub const BEGINNING: &[&str] = &[
    "queue ring voice.answer=RING_IS_OFFER voice.wrap_up=5s max_wait=90s chat.dormant_after=20s chat.resume=15s",
    "queue auto voice.answer=AUTO chat.answer=AUTO voice.assigned_max=40s voice.close_overdue=true chat.wrap_up=0",
    "queue slow voice.offer=2m voice.connect=1m email.dormant_percent=0 email.dormant_after=30s chat.assigned_max=50s",
    "profile all queues=support,ring,auto,slow total=200 voice=2x100 chat=3x33 email=5x20 interrupt=voice>email",
    "profile some queues=support,ring channels=voice,chat total=100",
    "profile late queues=support,slow delay=10s",
    "agent anna profile=all skills=french:80",
    "agent ben profile=some",
    "agent carl profile=late skills=french:40",
    "agent dora profile=all offline",
    "schedule hours open=-1m..+90s,+2m..+400d",
    "set-queue slow schedule=hours",
    "connector phone lease=30s",
    "connector web lease=1m",
];

/// SplitMix64: enough chance for tests, the same everywhere.
pub struct Chance(pub u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    fn agent(&mut self) -> &'static str {
        self.one(&["anna", "ben", "carl", "dora"])
    }
}

/// One random line. Mostly it does to some open interaction what its state allows; sometimes anything to anything.
pub fn line(chance: &mut Chance, world: &World, submitted: &mut u64) -> String {
    match chance.below(100) {
        0..=11 => {
            *submitted += 1;
            submit(chance, *submitted)
        }
        12..=27 => offer(chance, world),
        28..=67 => interaction(chance, world),
        68..=76 => people(chance),
        77..=79 => platform(chance, world),
        80 | 81 => supervisor(chance, world),
        82 => format!("leader-change {}ms", chance.below(9_000)),
        _ => {
            let waits = [10, 10, 300, 900, 900, 5_000, 5_000, 11_000, 21_000, 70_000];
            format!("wait {}ms", waits[chance.below(10) as usize])
        }
    }
}

/// An interaction in memory, or one that may be closed or was never there.
fn some_interaction(chance: &mut Chance, world: &World) -> (String, Option<InteractionState>) {
    let known = world.tenant().interactions();
    if known.len() == 0 || chance.below(30) == 0 {
        return (format!("i{}", chance.below(40)), None);
    }
    let at = chance.below(known.len() as u64) as usize;
    let found = world.tenant().interactions().nth(at);
    let found = found.expect("fewer than there are");
    (found.id.to_string(), Some(found.state))
}

fn interaction(chance: &mut Chance, world: &World) -> String {
    use InteractionState::*;
    let (i, state) = some_interaction(chance, world);
    let part = chance.one(&["", "", "", "", "", " part=1"]);
    let verbs: &[&str] = match state {
        Some(Offered) => &["accept", "accept", "connect", "accept", "decline", "fail", "update", "abandon"],
        Some(Assigned) => &[
            "connect",
            "connect",
            "connect",
            "connect",
            "hold",
            "retrieve",
            "fail",
            "sleep",
            "wrote",
            "wrote",
            "add-channel",
            "add-channel",
            "transfer",
            "transfer",
            "end",
            "complete",
            "wrapped",
            "abandon",
        ],
        Some(Dormant) => &["wrote", "wrote", "wrote", "complete", "end", "transfer", "abandon"],
        Some(Resuming) => &["wrote", "complete", "end", "cancel", "update"],
        Some(Closed) => &["wrapped", "wrapped", "complete", "retrieve", "abandon"],
        Some(Queued) => &["defer", "update", "wrapped", "cancel", "abandon", "wrote", "wrapped"],
        _ => &["accept", "connect", "hold", "wrapped", "transfer", "complete", "wrote", "update", "abandon"],
    };
    match chance.one(verbs) {
        "fail" => {
            let causes = ["AGENT_BUSY", "AGENT_NO_ANSWER", "DEVICE_UNREACHABLE", "CUSTOMER_GONE", "MEDIA_ERROR"];
            format!("fail {i} {}{part}", chance.one(&causes))
        }
        "add-channel" => format!("add-channel {i} {}{part}", chance.one(&["chat", "email", "voice", "fax"])),
        "transfer" => transfer(chance, &i),
        "cancel" => format!("cancel {i} {}", chance.one(&["SPAM", "CANCELLED", "DEFLECTED"])),
        "sleep" => format!("wrote {i} agent dormant"),
        "wrote" => format!("wrote {i} {}", chance.one(&["customer", "customer", "agent"])),
        "defer" => format!("defer {i} {}s", chance.below(30)),
        "update" => {
            let changes = [
                "required=skill.french>=60",
                "required=none",
                "priority=4",
                "connect_by=+9s",
                "context=abc",
                "context=none",
            ];
            format!("update {i} {}", chance.one(&changes))
        }
        verb => format!("{verb} {i}{part}"),
    }
}

fn submit(chance: &mut Chance, number: u64) -> String {
    let mut line = format!(
        "submit i{number} queue={} channel={}",
        chance.one(&["support", "ring", "auto", "slow"]),
        chance.one(&["voice", "voice", "chat", "chat", "email"]),
    );
    for option in [
        "connector=phone",
        "connector=web",
        "required=skill.french>=50",
        "conversation=matter",
        "context=hello",
        "connect_by=+20s",
        "request=same",
    ] {
        if chance.below(6) == 0 {
            line = format!("{line} {option}");
        }
    }
    line
}

/// A few pairs, mostly of interactions that wait.
fn offer(chance: &mut Chance, world: &World) -> String {
    let waiting = |i: &&std::sync::Arc<Interaction>| i.state == InteractionState::Queued;
    let queued: Vec<_> = world.tenant().interactions().filter(waiting).collect();
    let mut pairs = String::new();
    for _ in 0..=chance.below(4) {
        let id = match queued.len() as u64 {
            0 => some_interaction(chance, world).0,
            n => queued[chance.below(n) as usize].id.to_string(),
        };
        pairs += &format!(" {id} {}", chance.agent());
    }
    format!("offer{pairs}")
}

fn transfer(chance: &mut Chance, i: &str) -> String {
    let to = match chance.below(2) {
        0 => format!("queue={}", chance.one(&["support", "ring", "auto", "slow"])),
        _ => format!("agent={}", chance.agent()),
    };
    let by = chance.one(&["", " connect_by=+7s"]);
    format!("transfer {i} {to}{by}")
}

fn people(chance: &mut Chance) -> String {
    let agent = chance.agent();
    match chance.below(16) {
        0 => format!("presence {agent} AVAILABLE channels=chat"),
        1 => format!("presence {agent} BREAK for=20s"),
        2 | 3 => format!("presence {agent} {} next", chance.one(&["BREAK", "OFFLINE", "AVAILABLE"])),
        4 => format!("presence {agent} OFFLINE"),
        5 => format!("presence {agent} BREAK"),
        6 => format!("attach {} {agent}", chance.one(&["desk", "desk-2"])),
        7 | 8 => {
            let streams = ["renew desk", "renew desk-2", "detach desk lost", "detach desk-2 lost", "detach desk"];
            chance.one(&streams).to_string()
        }
        9 => format!("set-capacity {agent} total={}", [40, 100, 250][chance.below(3) as usize]),
        _ => format!("presence {agent} AVAILABLE"),
    }
}

/// A supervisor's word, and half the time the end of one that stands.
fn supervisor(chance: &mut Chance, world: &World) -> String {
    let ends = standing(world);
    if !ends.is_empty() && chance.below(2) == 0 {
        return ends[chance.below(ends.len() as u64) as usize].clone();
    }
    let (i, _) = some_interaction(chance, world);
    let queue = chance.one(&["support", "ring", "auto", "slow"]);
    let other = chance.one(&["support", "ring", "auto", "slow"]);
    let (agent, another) = (chance.agent(), chance.agent());
    match chance.below(16) {
        0 => format!("reprioritise {i} {}", chance.below(9)),
        1 | 2 => format!("move {i} {queue}"),
        3 | 4 => format!("pull-back {i}"),
        5 | 6 => format!("reassign {i} {agent}{}", chance.one(&["", " connect_by=+7s"])),
        7 => format!("force {agent} {} for=15s", chance.one(&["BREAK", "AVAILABLE", "OFFLINE"])),
        8 => format!("force {agent},{another} {}", chance.one(&["AWAY", "AVAILABLE", "AVAILABLE channels=chat"])),
        9 => format!("drain {agent}"),
        10 => format!("pause-queue {queue}"),
        11 => format!("drain-queue {queue}"),
        12 => format!("drain-queue {queue} overflow={other}"),
        13 | 14 => {
            let (id, level) = (chance.one(&["x", "y"]), chance.below(100));
            format!("adjust {id} agents={agent},{another} skills=french:{level} profile=some for=20s")
        }
        _ => {
            let (id, priority) = (chance.one(&["x", "y"]), chance.below(9));
            let queue = if chance.below(2) == 0 { String::new() } else { format!(" queue={queue}") };
            format!("adjust {id} interactions={i} priority={priority}{queue} for=20s")
        }
    }
}

/// How each word of a supervisor that stands is ended.
fn standing(world: &World) -> Vec<String> {
    let tenant = world.tenant();
    let mut ends = Vec::new();
    for queue in tenant.queues() {
        ends.extend(queue.paused.as_ref().map(|_| format!("resume-queue {}", queue.id)));
        ends.extend(queue.draining.as_ref().map(|_| format!("undrain-queue {}", queue.id)));
    }
    for agent in tenant.agents() {
        ends.extend(agent.presence.forced.as_ref().map(|_| format!("lift {}", agent.id)));
        ends.extend(agent.draining.as_ref().map(|_| format!("undrain {}", agent.id)));
    }
    ends.extend(tenant.adjustments().map(|it| format!("end-adjustment {}", it.id)));
    ends
}

fn platform(chance: &mut Chance, world: &World) -> String {
    let connector = chance.one(&["phone", "web"]);
    let (i, _) = some_interaction(chance, world);
    let (j, _) = some_interaction(chance, world);
    match chance.below(15) {
        12 => {
            format!("set-queue {} schedule={}", chance.one(&["slow", "ring"]), chance.one(&["hours", "hours", "none"]))
        }
        13 | 14 => {
            let (opens, closes) = (chance.below(20), 21 + chance.below(60));
            let again = closes + 1 + chance.below(60);
            let over = chance.one(&["", "", "", " over=1", " over=none"]);
            format!("set-schedule hours zone=UTC open=+{opens}s..+{closes}s,+{again}s..+400d{over}")
        }
        0 => format!("connector {connector} lease=20s"),
        1 => format!("reconcile {connector} alive={i},{j}"),
        2 | 3 => format!("reconcile {connector} alive={i},{j} observed=-5s partial"),
        _ => format!("heartbeat {connector}"),
    }
}

/// Time is between entries, not in them.
#[allow(dead_code, reason = "each test binary uses its own part")]
pub fn one_entry(text: &str) -> bool {
    !text.starts_with("wait") && !text.starts_with("leader-change")
}
