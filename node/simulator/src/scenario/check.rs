//! What does not fit in a scenario whose form is right: numbers out of range, names that name nothing, lists of another
//! length than the day has periods. All faults are told, by path.
use super::{by_period::ByPeriod, file::*, file_modes::Mode, file_people::*, selectors::Condition, shape::Shape};
use kindred_domain::{limits, record};
use std::collections::BTreeSet;

/// (path, problem, what is allowed).
pub(super) type Found = (String, String, String);

/// Bounds of a scenario beyond the domain's own.
pub const RUNS_MAX: u32 = 100_000;
/// Periods of a day.
pub const PERIODS_MAX: usize = 10_000;
/// Contacts of one run on average, drawn ones.
pub const CONTACTS_MAX: f64 = 50e6;

pub(super) fn check(scenario: &Scenario) -> Vec<Found> {
    let mut check = Check { scenario, periods: periods(&scenario.day), found: Vec::new() };
    check.day();
    check.names();
    for (at, queue) in scenario.queues.iter().enumerate() {
        check.queue(&format!("queues[{at}]"), queue);
    }
    for (at, kind) in scenario.types.iter().enumerate() {
        check.kind(&format!("types[{at}]"), kind);
    }
    for (at, group) in scenario.groups.iter().enumerate() {
        check.group(&format!("groups[{at}]"), group);
    }
    check.amount();
    check.found
}

/// How many periods a day has; the last may be cut short.
pub(super) fn periods(day: &Day) -> usize {
    match day.period_s {
        Some(period_s) if period_s > 0.0 => (day.duration_s / period_s).ceil().clamp(1.0, 1e9) as usize,
        _ => 1,
    }
}

pub(super) struct Check<'a> {
    pub(super) scenario: &'a Scenario,
    periods: usize,
    found: Vec<Found>,
}

impl Check<'_> {
    pub(super) fn fault(&mut self, path: impl Into<String>, problem: impl Into<String>, allowed: impl Into<String>) {
        self.found.push((path.into(), problem.into(), allowed.into()));
    }

    pub(super) fn range(&mut self, path: &str, value: f64, from: f64, to: f64) {
        if !(from..=to).contains(&value) {
            let allowed = if to == f64::INFINITY { format!("{from} or more") } else { format!("{from} to {to}") };
            self.fault(path, format!("is {value}"), allowed);
        }
    }

    fn above_zero(&mut self, path: &str, value: f64) {
        if !(value > 0.0 && value.is_finite()) {
            self.fault(path, format!("is {value}"), "more than 0");
        }
    }

    fn seconds(&mut self, path: &str, value: f64) {
        self.range(path, value, 0.0, f64::INFINITY);
    }

    fn day(&mut self) {
        let day = &self.scenario.day;
        self.above_zero("day.duration_s", day.duration_s);
        if !(0.0..day.duration_s).contains(&day.warm_up_s) {
            self.fault("day.warm_up_s", format!("is {}", day.warm_up_s), "0 or more, less than `day.duration_s`");
        }
        if let Some(period_s) = day.period_s {
            self.above_zero("day.period_s", period_s);
        }
        if self.periods > PERIODS_MAX {
            self.fault("day.period_s", format!("gives {} periods", self.periods), format!("at most {PERIODS_MAX}"));
        }
        if let Some(shape) = day.busyness_shape {
            self.above_zero("day.busyness_shape", shape);
        }
        self.seconds("day.closes_after_s", day.closes_after_s);
        if !(1..=RUNS_MAX).contains(&self.scenario.runs) {
            self.fault("runs", format!("is {}", self.scenario.runs), format!("1 to {RUNS_MAX}"));
        }
    }

    /// Names are there, fit for a resource's name, and each is used once.
    fn names(&mut self) {
        let scenario = self.scenario;
        let queues = scenario.queues.iter().map(|queue| queue.name.as_str()).collect();
        let types = scenario.types.iter().map(|kind| kind.name.as_str()).collect();
        let groups = scenario.groups.iter().map(|group| group.name.as_str()).collect();
        let lists: [(&str, Vec<&str>); 3] = [("queues", queues), ("types", types), ("groups", groups)];
        for (list, names) in lists {
            if names.is_empty() {
                self.fault(list, "is empty", "at least one");
            }
            let mut seen = BTreeSet::new();
            for (at, name) in names.into_iter().enumerate() {
                let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                let path = format!("{list}[{at}].name");
                if name.is_empty() || name.len() > limits::NAME_MAX - 8 || !name.chars().all(fits) {
                    let allowed = "1 to 120 letters, digits, `-`, `_`, `.`";
                    self.fault(path, format!("is `{name}`"), allowed);
                } else if !seen.insert(name) {
                    self.fault(path, format!("is `{name}`, as another one"), "each name once");
                }
            }
        }
    }

    fn queue(&mut self, path: &str, queue: &Queue) {
        let weights = [
            ("skill_weight_percent", queue.skill_weight_percent),
            ("channel_weight_percent", queue.channel_weight_percent),
            ("preferred_weight_percent", queue.preferred_weight_percent),
        ];
        for (field, weight) in weights {
            self.range(&format!("{path}.{field}"), f64::from(weight), 0.0, 100.0);
        }
        if queue.mode == Mode::BestMatch && weights.iter().all(|(_, weight)| *weight == 0) {
            self.fault(format!("{path}.skill_weight_percent"), "is 0 as all weights", "one weight above 0");
        }
        self.shares(path, queue);
        self.ring(path, queue);
        let seconds = [
            ("service_level_s", queue.service_level_s),
            ("short_abandon_s", queue.short_abandon_s.unwrap_or(0.0)),
            ("age_weight_per_s", queue.age_weight_per_s),
            ("urgency", queue.urgency),
            ("starvation_bound_s", queue.starvation_bound_s),
            ("max_wait_s", queue.max_wait_s),
        ];
        for (field, value) in seconds {
            self.seconds(&format!("{path}.{field}"), value);
        }
        for (channel, rules) in &queue.channels {
            let path = format!("{path}.channels.{channel}");
            let timeouts = [
                ("offer_timeout_s", rules.offer_timeout_s, 0.05),
                ("connect_timeout_s", rules.connect_timeout_s, 0.05),
                ("wrap_up_timeout_s", rules.wrap_up_timeout_s, 0.0),
            ];
            let longest = limits::TIMEOUT_RANGE_MS.1 as f64 / 1e3;
            for (field, value, least) in timeouts {
                self.range(&format!("{path}.{field}"), value.unwrap_or(least), least, longest);
            }
        }
    }

    fn by_period<T>(&mut self, path: &str, values: &ByPeriod<T>, mut one: impl FnMut(&mut Self, &str, &T)) {
        if let Some(count) = values.listed().filter(|count| *count != self.periods) {
            let allowed = format!("one value, or a list of {} (one for each period)", self.periods);
            self.fault(path, format!("is a list of {count}"), allowed);
        }
        for (end, value) in values.written() {
            one(self, &format!("{path}{end}"), value);
        }
    }

    fn shape(&mut self, path: &str, shape: &Shape) {
        for (field, problem, allowed) in shape.faults() {
            self.fault(format!("{path}.{field}"), problem, allowed);
        }
    }

    fn queue_exists(&mut self, path: &str, name: &str) {
        if !self.scenario.queues.iter().any(|queue| queue.name == name) {
            let names: Vec<_> = self.scenario.queues.iter().map(|queue| queue.name.as_str()).collect();
            self.fault(path, format!("is `{name}`, which is no queue"), names.join(", "));
        }
    }

    pub(super) fn condition(&mut self, path: &str, condition: Option<&Condition>) {
        let faults = condition.into_iter().flat_map(|condition| condition.faults(path));
        for fault in faults.collect::<Vec<_>>() {
            let allowed = "exactly one of equals, differs, at_least, above, at_most, below, one_of";
            self.fault(fault, "does not compare once", allowed);
        }
    }

    fn kind(&mut self, path: &str, kind: &Type) {
        self.queue_exists(&format!("{path}.queue"), &kind.queue);
        if let Some(rates) = &kind.arrivals_per_min {
            self.by_period(&format!("{path}.arrivals_per_min"), rates, |check, path, rate| {
                check.range(path, *rate, 0.0, f64::MAX);
            });
        } else if self.scenario.trace.is_none() {
            self.fault(path, "has no `arrivals_per_min`, and there is no trace", "one of both");
        }
        self.by_period(&format!("{path}.service"), &kind.service, |check, path, shape| check.shape(path, shape));
        for (field, shapes) in [("patience", &kind.patience), ("wrap_up", &kind.wrap_up)] {
            if let Some(shapes) = shapes {
                self.by_period(&format!("{path}.{field}"), shapes, |check, path, shape| check.shape(path, shape));
            }
        }
        if let Some(connect) = &kind.connect {
            self.shape(&format!("{path}.connect"), connect);
        }
        let conditions = [("required", &kind.required), ("preferred", &kind.preferred)];
        for (field, condition) in conditions {
            self.condition(&format!("{path}.{field}"), condition.as_ref());
        }
        if let Some(retrial) = &kind.retrial {
            let path = format!("{path}.retrial");
            self.range(&format!("{path}.after_abandoning"), retrial.after_abandoning, 0.0, 1.0);
            self.range(&format!("{path}.after_blocking"), retrial.after_blocking, 0.0, 1.0);
            self.range(&format!("{path}.attempts_max"), f64::from(retrial.attempts_max), 2.0, 100.0);
            self.shape(&format!("{path}.delay"), &retrial.delay);
        }
        let served = |line: &Line| line.queue == kind.queue && line.channel == kind.channel;
        if !self.scenario.groups.iter().any(|group| group.serves.iter().any(served)) {
            let problem = format!("waits in `{}` on `{}`, which no group serves", kind.queue, kind.channel);
            self.fault(path, problem, "a queue and channel of some group's `serves`");
        }
    }

    fn group(&mut self, path: &str, group: &Group) {
        match (&group.agents, &group.shifts) {
            (Some(agents), None) => self.by_period(&format!("{path}.agents"), agents, |_, _, _| {}),
            (None, Some(shifts)) => {
                for (at, shift) in shifts.iter().enumerate() {
                    let path = format!("{path}.shifts[{at}]");
                    self.seconds(&format!("{path}.from_s"), shift.from_s);
                    if shift.to_s.is_nan() || shift.to_s <= shift.from_s {
                        self.fault(format!("{path}.to_s"), format!("is {}", shift.to_s), "later than `from_s`");
                    }
                }
            }
            _ => self.fault(path, "has not exactly one of `agents` and `shifts`", "one of both"),
        }
        for (at, pause) in group.breaks.iter().enumerate() {
            let path = format!("{path}.breaks[{at}]");
            self.seconds(&format!("{path}.at_s"), pause.at_s);
            self.seconds(&format!("{path}.stagger_s"), pause.stagger_s);
            self.above_zero(&format!("{path}.for_s"), pause.for_s);
        }
        self.lines(path, group);
        for (list, levels) in [("skills", &group.skills), ("channel_proficiency", &group.channel_proficiency)] {
            for (name, level) in levels {
                self.range(&format!("{path}.{list}.{name}"), f64::from(*level), 0.0, 100.0);
            }
        }
        self.range(&format!("{path}.declines"), group.declines, 0.0, 1.0);
        self.range(&format!("{path}.silent"), group.silent, 0.0, 1.0 - group.declines);
        self.seconds(&format!("{path}.answer_mean_s"), group.answer_mean_s);
        self.above_zero(&format!("{path}.pace"), group.pace);
        self.asked(path, group);
    }

    fn lines(&mut self, path: &str, group: &Group) {
        let defaults = record::Capacity::default();
        for (at, line) in group.serves.iter().enumerate() {
            let path = format!("{path}.serves[{at}]");
            self.queue_exists(&format!("{path}.queue"), &line.queue);
            self.seconds(&format!("{path}.delay_s"), line.delay_s);
            self.range(&format!("{path}.tier"), f64::from(line.tier), 1.0, f64::INFINITY);
            let known = match &group.capacity {
                Some(capacity) => capacity.channels.contains_key(&line.channel),
                None => defaults.channels.contains_key(line.channel.as_str()),
            };
            if !known {
                let problem = format!("is `{}`, of which the capacity says nothing", line.channel);
                self.fault(format!("{path}.channel"), problem, "a channel of `capacity.channels`");
            }
            if group.serves[..at].iter().any(|other| (&other.queue, &other.channel) == (&line.queue, &line.channel)) {
                self.fault(path, "is there twice", "each queue and channel once");
            }
        }
        if group.serves.is_empty() {
            self.fault(format!("{path}.serves"), "is empty", "at least one line");
        }
    }

    /// Who is never asked declines nothing.
    fn asked(&mut self, path: &str, group: &Group) {
        let asks = |line: &Line| {
            let queue = self.scenario.queues.iter().find(|queue| queue.name == line.queue);
            let rules = queue.and_then(|queue| queue.channels.get(&line.channel));
            rules.is_some_and(|rules| rules.answer_mode != AnswerMode::Auto)
        };
        let is_asked = group.serves.iter().any(asks);
        let answers = [("declines", group.declines), ("silent", group.silent), ("answer_mean_s", group.answer_mean_s)];
        for (field, value) in answers.into_iter().filter(|(_, value)| *value > 0.0 && !is_asked) {
            let problem = format!("is {value}, but all queues it serves answer by themselves");
            let allowed = "0, or an `answer_mode` of AGENT_ACCEPTS or RING_IS_OFFER in a queue it serves";
            self.fault(format!("{path}.{field}"), problem, allowed);
        }
    }

    /// Not more agents and contacts than can be lived.
    fn amount(&mut self) {
        let groups = self.scenario.groups.iter();
        let agents: u64 = groups.map(|group| u64::from(super::plan::headcount(group, self.periods))).sum();
        if agents > limits::AGENTS_PER_TENANT as u64 {
            self.fault("groups", format!("have {agents} agents"), format!("{} in all", limits::AGENTS_PER_TENANT));
        }
        let minutes = self.scenario.day.duration_s / 60.0 / self.periods as f64;
        let rates = self.scenario.types.iter().filter_map(|kind| kind.arrivals_per_min.as_ref());
        let sum = |rates: &ByPeriod<f64>| (0..self.periods).filter_map(|at| rates.at(at)).sum::<f64>();
        let contacts = if self.periods > PERIODS_MAX { 0.0 } else { rates.map(sum).sum::<f64>() * minutes };
        if contacts > CONTACTS_MAX {
            self.fault("types", format!("have {contacts:.0} contacts a run"), format!("{CONTACTS_MAX:.0} at most"));
        }
    }
}
