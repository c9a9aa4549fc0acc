//! A synthetic but realistic busy hour: about a hundred agents, three queues, voice, chat and e-mail, customers
//! who come back. Everything from one seed.
//!
//! Sources of the shapes: handle times lognormal with the spread of Brown et al. 2005 (cv 1.2 for calls), patience
//! exponential as in Erlang A, arrivals Poisson with a rate that moves within the hour.
use crate::{
    demand::*,
    draw::{exponential, lognormal, poisson},
};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Contacts of one stream (queue and channel) are never more than this.
pub const STREAM_ARRIVALS_MAX: usize = 100_000;

/// What to make. [`BusyHour::default`] is the hour of `kindred demo`.
#[derive(Clone, Debug, PartialEq)]
pub struct BusyHour {
    /// All chance comes from here.
    pub seed: u64,
    /// How long contacts arrive, seconds.
    pub duration_s: f64,
    /// How many agents, shared among the groups in fixed proportions; at least 5.
    pub agents: usize,
    /// Multiplies all arrival rates.
    pub load: f64,
    /// Probability that a contact comes from a customer who contacted before, 0–1.
    pub returning: f64,
    /// Probability that an agent declines an offer, 0–1.
    pub declines: f64,
    /// Probability that an agent does not answer an offer, 0–1.
    pub silent: f64,
}

impl Default for BusyHour {
    fn default() -> Self {
        Self { seed: 1, duration_s: 3600.0, agents: 100, load: 1.0, returning: 0.35, declines: 0.03, silent: 0.02 }
    }
}

/// One stream of contacts: a channel of a queue.
struct Stream {
    queue: &'static str,
    channel: &'static str,
    per_hour: f64,
    handle_mean_s: f64,
    handle_cv: f64,
    wrap_up_mean_s: f64,
    patience_mean_s: f64,
}

const fn stream(queue: &'static str, channel: &'static str, per_hour: f64, handle_mean_s: f64) -> Stream {
    // Callers wait for minutes, chatters a little longer, nobody waits on the line for an e-mail.
    let (handle_cv, wrap_up_mean_s, patience_mean_s) = match channel.as_bytes()[0] {
        b'v' => (1.2, 25.0, 240.0),
        b'c' => (0.9, 15.0, 420.0),
        _ => (1.0, 0.0, 8.0 * 3600.0),
    };
    Stream { queue, channel, per_hour, handle_mean_s, handle_cv, wrap_up_mean_s, patience_mean_s }
}

/// 600 calls, 500 chats and 210 e-mails an hour: 52 agents' worth of talk, 75 chats at once, 14 e-mails.
const STREAMS: [Stream; 9] = [
    stream("support", "voice", 330.0, 260.0),
    stream("sales", "voice", 150.0, 300.0),
    stream("billing", "voice", 120.0, 340.0),
    stream("support", "chat", 290.0, 540.0),
    stream("sales", "chat", 130.0, 480.0),
    stream("billing", "chat", 80.0, 600.0),
    stream("support", "email", 110.0, 240.0),
    stream("sales", "email", 40.0, 200.0),
    stream("billing", "email", 60.0, 280.0),
];

/// How the rate moves within the hour, twelve parts, mean 1.
const SHAPE: [f64; 12] = [0.80, 0.90, 1.00, 1.08, 1.15, 1.20, 1.18, 1.10, 1.00, 0.93, 0.86, 0.80];

/// (queue, channel, tier) served.
type Serves = &'static [(&'static str, &'static str, u32)];

/// Groups of agents: name, share of a hundred, what they serve.
const GROUPS: [(&str, usize, Serves); 5] = [
    ("support-voice", 28, &[("support", "voice", 1), ("sales", "voice", 2), ("support", "email", 2)]),
    ("sales-voice", 14, &[("sales", "voice", 1), ("support", "voice", 2), ("sales", "email", 2)]),
    (
        "digital",
        38,
        &[
            ("support", "chat", 1),
            ("sales", "chat", 1),
            ("billing", "chat", 1),
            ("support", "email", 1),
            ("sales", "email", 1),
            ("billing", "email", 1),
        ],
    ),
    ("billing-experts", 10, &[("billing", "voice", 1), ("billing", "chat", 2), ("billing", "email", 2)]),
    (
        "universal",
        10,
        &[("support", "voice", 2), ("sales", "voice", 2), ("billing", "voice", 2), ("support", "chat", 2)],
    ),
];

/// One contact in so many needs English at this proficiency; so many agents in ten have it.
const ENGLISH: (&str, u32) = ("english", 50);
const NEEDS_ENGLISH: f64 = 0.08;
const SPEAKS_ENGLISH: f64 = 0.6;
/// Nobody talks longer, seconds: a compressed hour must end. It takes 1–5 % off the means above.
const HANDLE_MAX_S: f64 = 1_800.0;
/// One contact in ten has a high priority.
const HIGH_PRIORITY: f64 = 0.1;
/// A high priority is worth so many seconds of age.
const PRIORITY_WORTH_S: f64 = 90.0;

/// Makes the hour. The same `plan` gives the same hour.
pub fn busy_hour(plan: &BusyHour) -> Demand {
    Demand {
        duration_s: plan.duration_s,
        queues: queues(),
        profiles: GROUPS.iter().map(|(name, _, serves)| profile(name, serves)).collect(),
        agents: agents(plan),
        arrivals: arrivals(plan),
    }
}

fn queues() -> Vec<Queue> {
    let levels = [("voice", 20.0), ("chat", 45.0), ("email", 1800.0)];
    let channels = levels.map(|(channel, service_level_s)| ChannelPlan { channel: channel.into(), service_level_s });
    ["support", "sales", "billing"]
        .map(|name| Queue { name: name.into(), priority_worth_s: PRIORITY_WORTH_S, channels: channels.to_vec() })
        .to_vec()
}

fn profile(name: &str, serves: &[(&str, &str, u32)]) -> Profile {
    let serves: Vec<_> =
        serves.iter().map(|(queue, channel, tier)| (queue.to_string(), channel.to_string(), *tier)).collect();
    // The defaults of the API: one call takes everything, three chats or five e-mails fill an agent.
    let custom = [("voice", (1, 100)), ("chat", (3, 33)), ("email", (5, 20))];
    let served = |channel: &str| serves.iter().any(|(_, c, _)| c == channel);
    let capacity = custom.iter().filter(|(c, _)| served(c)).map(|(c, cap)| (c.to_string(), *cap)).collect();
    Profile { name: name.into(), serves, total_units: 100, capacity }
}

/// Shares `agents` among the groups by largest remainder, so that the sum is exact.
fn group_sizes(agents: usize) -> [usize; GROUPS.len()] {
    let mut sizes = GROUPS.map(|(_, share, _)| share * agents / 100);
    let mut by_remainder: Vec<usize> = (0..GROUPS.len()).collect();
    by_remainder.sort_by_key(|g| std::cmp::Reverse(GROUPS[*g].1 * agents % 100));
    let missing = agents - sizes.iter().sum::<usize>();
    by_remainder.iter().cycle().take(missing).for_each(|group| sizes[*group] += 1);
    sizes
}

fn agents(plan: &BusyHour) -> Vec<Agent> {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ 0x00a9_e075);
    let mut agents = Vec::with_capacity(plan.agents);
    for (group, size) in group_sizes(plan.agents).into_iter().enumerate() {
        for number in 0..size {
            let mut skills = BTreeMap::new();
            let served: Vec<&str> = GROUPS[group].2.iter().map(|(queue, _, _)| *queue).collect();
            for queue in served {
                skills.entry(queue.to_string()).or_insert_with(|| rng.random_range(40..=100));
            }
            if rng.random_bool(SPEAKS_ENGLISH) {
                skills.insert(ENGLISH.0.into(), rng.random_range(ENGLISH.1..=100));
            }
            agents.push(Agent {
                name: format!("{}-{:02}", GROUPS[group].0, number + 1),
                profile: group,
                skills,
                shift: Shift { from_s: 0.0, to_s: f64::INFINITY },
                habits: Habits { declines: plan.declines, silent: plan.silent, answer_mean_s: 2.5 },
            });
        }
    }
    agents
}

fn arrivals(plan: &BusyHour) -> Vec<Arrival> {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let segment_s = plan.duration_s / SHAPE.len() as f64;
    let mut arrivals = Vec::new();
    for stream in &STREAMS {
        let rates = SHAPE.map(|part| part * stream.per_hour * plan.load);
        for at_s in poisson(&mut rng, &rates, segment_s, STREAM_ARRIVALS_MAX) {
            arrivals.push(contact(&mut rng, stream, at_s));
        }
    }
    arrivals.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    // Customers are drawn in order of time: only who contacted before can return.
    let mut known: Vec<String> = Vec::new();
    for (number, arrival) in arrivals.iter_mut().enumerate() {
        arrival.number = number as u32 + 1;
        arrival.customer = match known.choose(&mut rng) {
            Some(customer) if rng.random_bool(plan.returning) => Some(customer.clone()),
            _ => {
                known.push(format!("customer-{:05}", known.len() + 1));
                known.last().cloned()
            }
        };
    }
    arrivals
}

fn contact(rng: &mut ChaCha8Rng, stream: &Stream, at_s: f64) -> Arrival {
    Arrival {
        number: 0,
        at_s,
        queue: stream.queue.into(),
        channel: stream.channel.into(),
        customer: None,
        priority: i32::from(rng.random_bool(HIGH_PRIORITY)),
        needs: rng.random_bool(NEEDS_ENGLISH).then(|| (ENGLISH.0.to_string(), ENGLISH.1)),
        connect_s: if stream.channel == "voice" { lognormal(rng, 1.5, 0.4) } else { 0.0 },
        handle_s: lognormal(rng, stream.handle_mean_s, stream.handle_cv).min(HANDLE_MAX_S),
        wrap_up_s: exponential(rng, stream.wrap_up_mean_s),
        patience_s: exponential(rng, stream.patience_mean_s),
    }
}

#[cfg(test)]
mod tests;
