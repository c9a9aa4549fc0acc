//! One real day of the call file as demand: arrivals, queues, agents on shift, patience nobody saw.
//!
//! What the file leaves open, and what is done about it:
//! - A served caller's patience is only known to exceed the wait. It is drawn from a Kaplan–Meier fit over all queued
//!   calls of the file, conditioned on what the caller waited ([`crate::survival`]).
//! - A caller who hung up without queueing left at once: patience 0. Such calls say nothing about patience in a queue and
//!   stay out of the fit, as do calls served without waiting (censored at 0).
//! - An agent is on shift from the first to the last activity of that day; breaks are not in the file.
//! - An agent serves the types that agent served in the whole file.
//! - What a caller who hung up would have needed, if reached in time now, is the handle time of a served call of the same
//!   type and day, drawn at random.
//! - Customer 0 is nobody in particular, not one loyal customer.
use crate::{
    demand::*,
    survival::{Observation, Survival},
    trace::{Call, Outcome},
};
use rand::{SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

/// High-priority callers of the bank were put this far ahead: a minute and a half of waiting.
pub const PRIORITY_WORTH_S: f64 = 90.0;
/// Service level the report uses, seconds.
pub const SERVICE_LEVEL_S: f64 = 20.0;

/// Why a day cannot be lived.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No call of the file has that date.
    #[error("no calls on day {day:06}; days of the file: {first:06} to {last:06}")]
    NoSuchDay {
        /// YYMMDD.
        day: u32,
        /// The file's first day.
        first: u32,
        /// The file's last day.
        last: u32,
    },
    /// Nobody hung up in the whole file, so patience is unknown.
    #[error("nobody hung up in a queue in the whole file: patience cannot be estimated")]
    NoPatience,
    /// Nobody is named as serving that day.
    #[error("no agent is named on day {day:06}")]
    NoAgents {
        /// YYMMDD.
        day: u32,
    },
}

/// A day to live, and what happened on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// Arrivals and agents; time 0 is `begins_s`.
    pub demand: Demand,
    /// Midnight to the beginning of the demand, seconds.
    pub begins_s: f64,
    /// What really happened, by type.
    pub actual: BTreeMap<String, Actual>,
    /// Mean patience of the Kaplan–Meier fit, seconds.
    pub patience_mean_s: f64,
}

/// What really happened to the calls of one type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actual {
    /// Served.
    pub served: u32,
    /// Hung up.
    pub left: u32,
    /// Of those, without queueing.
    pub left_at_once: u32,
    /// Wait of every served call, seconds; 0 where it did not wait.
    pub waits_s: Vec<f64>,
    /// Time with the agent of every served call, seconds.
    pub handle_s: Vec<f64>,
}

/// Builds the day. `seed` decides the patience of those who were served.
pub fn day(calls: &[Call], date: u32, seed: u64) -> Result<Day, Error> {
    let real = |call: &&Call| call.outcome != Outcome::Phantom;
    let mut todays: Vec<&Call> = calls.iter().filter(real).filter(|call| call.date == date).collect();
    if todays.is_empty() {
        let dates = || calls.iter().map(|call| call.date);
        let (first, last) = (dates().min().unwrap_or(0), dates().max().unwrap_or(0));
        return Err(Error::NoSuchDay { day: date, first, last });
    }
    let patience = Survival::fit(&waits(calls)).ok_or(Error::NoPatience)?;
    todays.sort_by_key(|call| (joined_s(call), call.line));
    let begins_s = f64::from(todays.iter().map(|call| joined_s(call)).min().unwrap_or(0));
    let (profiles, agents) = staff(calls, &todays, date, begins_s)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut handled = HandleTimes::new();
    for call in todays.iter().filter(|call| call.outcome == Outcome::Agent) {
        handled.entry(&call.kind).or_default().push(call.service_s);
    }
    let arrivals: Vec<Arrival> = todays
        .iter()
        .zip(1..)
        .map(|(call, number)| arrival(call, number, begins_s, &patience, &handled, &mut rng))
        .collect();
    let kinds: BTreeSet<&str> = todays.iter().map(|call| call.kind.as_str()).collect();
    let channel = ChannelPlan { channel: "voice".into(), service_level_s: SERVICE_LEVEL_S };
    let queue = |kind: &&str| Queue {
        name: kind.to_string(),
        priority_worth_s: PRIORITY_WORTH_S,
        channels: vec![channel.clone()],
    };
    let duration_s = arrivals.last().map_or(0.0, |last| last.at_s);
    let demand = Demand { duration_s, queues: kinds.iter().map(queue).collect(), profiles, agents, arrivals };
    Ok(Day { demand, begins_s, actual: actual(&todays), patience_mean_s: patience.mean_s() })
}

/// When a call joins the queue: after the voice menu.
fn joined_s(call: &Call) -> u32 {
    call.queued_s.unwrap_or(call.vru_exit_s)
}

/// Waits of all queued calls of the file, for the fit.
fn waits(calls: &[Call]) -> Vec<Observation> {
    let queued = calls.iter().filter(|call| call.outcome != Outcome::Phantom && call.wait_s > 0);
    queued.map(|call| Observation { waited_s: call.wait_s.into(), left: call.outcome == Outcome::Hang }).collect()
}

/// Handle times of the served calls of one type: what a caller who hung up would have needed is drawn from them.
type HandleTimes<'a> = BTreeMap<&'a str, Vec<u32>>;

fn arrival(
    call: &Call,
    number: u32,
    begins_s: f64,
    patience: &Survival,
    handled: &HandleTimes,
    rng: &mut ChaCha8Rng,
) -> Arrival {
    let (patience_s, handle_s) = match call.outcome {
        Outcome::Agent => (patience.draw_beyond(rng, call.wait_s.into()), call.service_s),
        _ => {
            let known = handled.get(call.kind.as_str()).and_then(|times| times.choose(rng));
            (call.wait_s.into(), known.copied().unwrap_or(0))
        }
    };
    Arrival {
        number,
        at_s: f64::from(joined_s(call)) - begins_s,
        queue: call.kind.clone(),
        channel: "voice".into(),
        customer: (call.customer_id != 0).then(|| format!("c{}", call.customer_id)),
        priority: i32::from(call.priority == 2),
        needs: None,
        connect_s: 0.0,
        handle_s: handle_s.into(),
        wrap_up_s: 0.0,
        patience_s,
    }
}

/// Profiles (one for each set of types served) and agents on shift, by name.
fn staff(calls: &[Call], todays: &[&Call], day: u32, begins_s: f64) -> Result<(Vec<Profile>, Vec<Agent>), Error> {
    let mut serves: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let today_kinds: BTreeSet<&str> = todays.iter().map(|call| call.kind.as_str()).collect();
    for call in calls.iter().filter(|call| today_kinds.contains(call.kind.as_str())) {
        if let (Some(server), Outcome::Agent) = (&call.server, call.outcome) {
            serves.entry(server).or_default().insert(&call.kind);
        }
    }
    let mut shifts: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for call in todays {
        if let (Some(server), Some(start)) = (&call.server, call.service_start_s) {
            let end = start + call.service_s;
            let shift = shifts.entry(server).or_insert((start, end));
            *shift = (shift.0.min(start), shift.1.max(end));
        }
    }
    if shifts.is_empty() {
        return Err(Error::NoAgents { day });
    }
    let sets: BTreeSet<&BTreeSet<&str>> = shifts.keys().map(|name| &serves[name]).collect();
    let sets: Vec<_> = sets.into_iter().collect();
    let agent = |(name, shift): (&&str, &(u32, u32))| Agent {
        name: name.to_lowercase(),
        profile: sets.iter().position(|set| **set == serves[name]).unwrap_or(0),
        skills: BTreeMap::new(),
        shift: Shift { from_s: f64::from(shift.0) - begins_s, to_s: f64::from(shift.1) - begins_s },
        habits: Habits::ALWAYS,
    };
    let agents = shifts.iter().map(agent).collect();
    Ok((sets.iter().map(|set| profile(set)).collect(), agents))
}

fn profile(kinds: &BTreeSet<&str>) -> Profile {
    Profile {
        name: kinds.iter().map(|kind| kind.to_lowercase()).collect::<Vec<_>>().join("-"),
        serves: kinds.iter().map(|kind| (kind.to_string(), "voice".to_string(), 1)).collect(),
        total_units: 100,
        capacity: BTreeMap::from([("voice".to_string(), (1, 100))]),
    }
}

fn actual(todays: &[&Call]) -> BTreeMap<String, Actual> {
    let mut actual: BTreeMap<String, Actual> = BTreeMap::new();
    for call in todays {
        let of_kind = actual.entry(call.kind.clone()).or_default();
        if call.outcome == Outcome::Agent {
            of_kind.served += 1;
            of_kind.waits_s.push(call.wait_s.into());
            of_kind.handle_s.push(call.service_s.into());
        } else {
            of_kind.left += 1;
            of_kind.left_at_once += u32::from(call.wait_s == 0);
        }
    }
    actual
}

#[cfg(test)]
mod tests;
