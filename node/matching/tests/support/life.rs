//! A contact center's life, drawn from a seed: people come and go, decline, learn; queues and profiles change.
use super::{supervision::ruling, *};

const SKILLS: [&str; 3] = ["x", "y", "z"];
const QUEUES: [&str; 3] = ["q0", "q1", "q2"];
const PROFILES: [&str; 3] = ["p0", "p1", "p2"];
const TEAMS: [Option<&str>; 3] = [None, Some("red"), Some("blue")];
const CHANNELS: [&str; 3] = [VOICE, CHAT, EMAIL];
/// Service levels, starvation bounds and delays of lines, from one list: one age may be several of them.
const AGES_MS: [u64; 6] = [0, 5_000, 10_000, 20_000, 30_000, 60_000];
/// All there are but AFFINITY.
pub const MODES: [Mode; 9] = [
    Mode::LongestIdle,
    Mode::LeastLoaded,
    Mode::RoundRobin,
    Mode::FewestHandled,
    Mode::Tiered,
    Mode::Random,
    Mode::PercentSplit,
    Mode::BestMatch,
    Mode::RingAll,
];

pub struct Life {
    pub floor: Floor,
    pub chance: Chance,
    /// Names and idle times are never used twice, so there are no ties but those the rules break.
    next: u64,
    priorities: bool,
}

impl Life {
    pub fn new(seed: u64, priorities: bool) -> Self {
        Self::on(Floor::new(), seed, priorities)
    }

    pub fn on(floor: Floor, seed: u64, priorities: bool) -> Self {
        let mut life = Self { floor, chance: Chance(seed), next: 1_000, priorities };
        for queue in QUEUES {
            let mode = life.chance.pick(&MODES);
            life.floor.queue(queue, mode);
            life.change_queue(queue);
        }
        PROFILES.iter().for_each(|profile| life.change_profile(profile));
        for _ in 0..life.chance.below(6) {
            life.hire();
        }
        life
    }

    fn name(&mut self, kind: &str) -> String {
        self.next += 1;
        format!("{kind}{}", self.next)
    }

    fn change_queue(&mut self, id: &str) {
        let chance = &mut self.chance;
        let weights = [0, 1_000, 50_000];
        let (weight, level) = (chance.pick(&weights), chance.pick(&AGES_MS));
        let urgency = chance.below(3) * level * 1_000;
        let bound = chance.pick(&AGES_MS[1..]);
        let priority = chance.below(3) as i32;
        self.floor.edit_queue(id, |queue| {
            queue.age_weight_micros_per_s = weight;
            queue.service_level_ms = level;
            queue.sla_urgency_micros = urgency;
            queue.starvation_bound_ms = bound;
            queue.priority = priority;
        });
    }

    fn change_profile(&mut self, id: &str) {
        let mut lines = vec![];
        for queue in QUEUES {
            for channel in CHANNELS {
                if self.chance.one_in(2) {
                    let tier = 1 + self.chance.below(2) as u32;
                    let priority = if self.priorities { self.chance.below(3) as i32 } else { 0 };
                    let delay_ms = if self.chance.one_in(2) { 0 } else { self.chance.pick(&AGES_MS) };
                    lines.push((queue, channel, tier, priority, delay_ms));
                }
            }
        }
        self.floor.profile(id, &lines);
    }

    fn hire(&mut self) {
        let (id, profile) = (self.name("a"), self.chance.pick(&PROFILES));
        let mut skills = vec![];
        for skill in SKILLS {
            if self.chance.one_in(2) {
                skills.push((skill, self.chance.below(101) as u8));
            }
        }
        let idle_s = self.next;
        let team = self.chance.pick(&TEAMS);
        self.floor.agent(&id, profile, idle_s, &skills);
        self.floor.edit_agent(&id, |agent| agent.team = team.map(TeamId::from));
    }

    fn submit(&mut self) {
        let id = self.name("i");
        let (queue, channel) = (self.chance.pick(&QUEUES), self.chance.pick(&CHANNELS));
        let skill = self.chance.pick(&SKILLS);
        let level = 30 * self.chance.below(4) as i64;
        let required = if self.chance.one_in(2) { needs(skill, level) } else { None };
        let mut interaction = self.floor.interaction(&id, queue, channel, required);
        interaction.priority = self.chance.below(4) as i32;
        interaction.waiting_since_ms -= self.chance.below(40_000);
        if self.chance.one_in(3) {
            interaction.preferred = needs(self.chance.pick(&SKILLS), 50);
        }
        if self.chance.one_in(12) {
            interaction.added_channels = vec![self.chance.pick(&CHANNELS).into()];
        }
        if self.chance.one_in(12) {
            interaction.target_agent = self.some_agent();
        }
        self.floor.put_interaction(interaction);
    }

    fn some_agent(&mut self) -> Option<AgentId> {
        let agents: Vec<AgentId> = self.floor.agents.keys().cloned().collect();
        (!agents.is_empty()).then(|| self.chance.pick(&agents))
    }

    fn some_interaction(&mut self, state: InteractionState) -> Option<InteractionId> {
        let of = self.floor.interactions.values().filter(|i| i.state == state);
        let of: Vec<InteractionId> = of.map(|i| i.id.clone()).collect();
        (!of.is_empty()).then(|| self.chance.pick(&of))
    }

    pub fn step(&mut self) {
        let now_ms = self.floor.now_ms;
        match self.chance.below(28) {
            0..5 => self.submit(),
            5..7 => self.hire(),
            7..11 => self.floor.now_ms += self.chance.below(9_000),
            11..14 => {
                if let Some(id) = self.some_interaction(InteractionState::Offered) {
                    self.floor.close(&id);
                }
            }
            14 => {
                if let Some(id) = self.some_interaction(InteractionState::Queued) {
                    self.floor.close(&id);
                }
            }
            15 | 16 => self.decline(),
            17 => {
                if let Some(id) = self.some_interaction(InteractionState::Queued) {
                    let until_ms = now_ms + self.chance.below(20_000);
                    let deferred = Deferred { until_ms, reason: DeferReason::BetterMatch, skips: 1 };
                    let required = needs(self.chance.pick(&SKILLS), 40);
                    let defers = self.chance.one_in(2);
                    self.floor.edit_interaction(&id, |interaction| match defers {
                        true => interaction.deferred = Some(deferred),
                        false => interaction.required = required,
                    });
                }
            }
            18..21 => self.change_agent(),
            24 => self.dismiss(),
            25 => {
                let (queue, open) = (self.chance.pick(&QUEUES), self.chance.below(3) > 0);
                self.floor.set_open(queue, open);
            }
            // What supervisors do: pause a queue, and let it go on; move what waits.
            26 => {
                let (queue, goes_on) = (self.chance.pick(&QUEUES), self.chance.below(3) > 0);
                self.floor.set_paused(queue, !goes_on);
            }
            27 => {
                if let Some(id) = self.some_interaction(InteractionState::Queued) {
                    let queue = self.chance.pick(&QUEUES);
                    self.floor.edit_interaction(&id, |interaction| interaction.queue = queue.into());
                }
            }
            21 => {
                let queue = self.chance.pick(&QUEUES);
                self.change_queue(queue);
            }
            22 => {
                let (policy, mode) = (self.chance.pick(&QUEUES), self.chance.pick(&MODES));
                match self.chance.below(3) {
                    0 => self.replace_policy(policy, mode),
                    _ => self.floor.policy(policy, mode),
                }
            }
            _ => {
                let profile = self.chance.pick(&PROFILES);
                self.change_profile(profile);
            }
        }
    }

    /// The policy is deleted and made anew under its name, with fewer groups if it splits again. It must be nobody's
    /// for that: its queue follows another one meanwhile.
    fn replace_policy(&mut self, id: &str, mode: Mode) {
        let away = "away".to_string();
        self.floor.policy(&away, Mode::LongestIdle);
        let users: Vec<QueueId> =
            self.floor.queues.values().filter(|q| *q.policy == *id).map(|q| q.id.clone()).collect();
        users.iter().for_each(|queue| self.floor.follow(queue, &away));
        self.floor.remove_policy(id);
        self.floor.policy(id, mode);
        if mode == Mode::PercentSplit {
            let keep = self.chance.below(2) as usize;
            self.floor.replace_groups(id, keep);
        }
        users.iter().for_each(|queue| self.floor.follow(queue, id));
    }

    /// The agent declines: back to the queue with its age, and not to this agent for a while.
    fn decline(&mut self) {
        let Some(id) = self.some_interaction(InteractionState::Offered) else {
            return;
        };
        let now_ms = self.floor.now_ms;
        let holds = |agent: &&Arc<Agent>| agent.work.iter().any(|work| work.interaction == id);
        let Some(agent) = self.floor.agents.values().find(holds).map(|a| a.id.clone()) else {
            return;
        };
        self.floor.edit_agent(&agent, |agent| agent.work.retain(|work| work.interaction != id));
        let until_ms = now_ms + 15_000;
        let rings = self.floor.agents.values().any(|agent| holds(&agent));
        self.floor.edit_interaction(&id, |interaction| {
            if !rings {
                interaction.state = InteractionState::Queued;
            }
            interaction.exclusions.push(Exclusion { agent, until_ms, times: 1 });
        });
    }

    /// Somebody without work leaves for good.
    fn dismiss(&mut self) {
        let idle = self.floor.agents.values().find(|agent| agent.work.is_empty()).map(|agent| agent.id.clone());
        if let Some(id) = idle.filter(|_| self.floor.agents.len() > 3) {
            self.floor.agents.remove(&id);
            let key = RecordKey::Agent(self.floor.tenant.clone(), id);
            self.floor.matchmaker.remove_record(&key);
        }
    }

    fn change_agent(&mut self) {
        let Some(id) = self.some_agent() else { return };
        let now_ms = self.floor.now_ms;
        let what = self.chance.below(9);
        let team = self.chance.pick(&TEAMS);
        let profile = self.chance.pick(&PROFILES);
        let (skill, level) = (self.chance.pick(&SKILLS), self.chance.below(101) as u8);
        let until_ms = now_ms + self.chance.below(20_000);
        self.floor.edit_agent(&id, |agent| match what {
            0 => agent.presence.status = PresenceStatus::Break,
            1 => agent.presence.channels = [CHAT.into()].into(),
            2 => agent.backoff_until_ms = Some(until_ms),
            3 => agent.profile = profile.into(),
            4 => drop(agent.skills.insert(skill.into(), level)),
            6 => agent.team = team.map(TeamId::from),
            8 => agent.draining = Some(ruling()),
            5 => agent.capacity = Some(Capacity { total: 200, ..Capacity::default() }),
            _ => {
                agent.presence.status = PresenceStatus::Available;
                agent.presence.channels.clear();
                agent.draining = None;
            }
        });
    }
}
