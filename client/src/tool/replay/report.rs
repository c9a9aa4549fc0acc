//! The day as it was lived here beside the day as it was, in uncompressed seconds, and what compressing adds.
use crate::tool::{
    live::{
        clock::TIMEOUT_MIN_MS,
        facts::Contact,
        platform::World,
        quantiles::{mean, quantile, sorted},
        settle::{self, End},
        stage::Proof,
    },
    output::table,
};
use kindred_client::v1::interaction::CloseReason;
use kindred_simulator::day::{Actual, Day, SERVICE_LEVEL_S};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// How calls of one type fared.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Fared {
    /// Offered.
    offered: usize,
    /// Served.
    handled: usize,
    /// Hung up.
    abandoned: usize,
    /// Neither, in the end.
    other: usize,
    /// Hung up, of a hundred offered.
    abandoned_percent: f64,
    /// Wait of those served, seconds.
    wait_mean_s: f64,
    wait_p50_s: f64,
    wait_p90_s: f64,
    /// Served within the service level, of a hundred offered.
    in_level_percent: f64,
    /// Time with the agent, seconds.
    handle_mean_s: f64,
}

/// What real latency adds to virtual time.
#[derive(Debug, Serialize)]
pub struct LatencyError {
    /// From an offer to the conversation, real milliseconds: commit, event, the platform's call, commit.
    offer_to_connected_p50_ms: f64,
    offer_to_connected_p99_ms: f64,
    /// The same in the day's seconds: waits are longer by this.
    wait_added_p50_s: f64,
    wait_added_p99_s: f64,
    /// From submitted to the conversation for the tenth of calls that wait least, real milliseconds and the day's seconds:
    /// what even a call pays for which an agent was free, and no caller waited then.
    at_once_ms: f64,
    at_once_added_s: f64,
    /// Calls that hung up here although their patience was shorter than that: no agent could have been fast enough.
    hung_up_within_latency: usize,
    /// A call keeps its agent longer than the file says by this on average, the day's seconds.
    busy_added_mean_s: f64,
    /// Timeouts are never shorter than this, the day's seconds.
    least_timeout_s: f64,
}

/// The whole report.
#[derive(Debug, Serialize)]
pub struct Report {
    day: u32,
    compress: f64,
    agents: usize,
    offered: usize,
    handled: usize,
    abandoned: usize,
    other_closed: usize,
    open_at_end: usize,
    /// Acknowledged writes absent from some node's final log.
    lost: usize,
    double_assigned: u64,
    capacity_violations: u64,
    patience_mean_s: f64,
    latency: LatencyError,
    /// By type, and `all`: here.
    here: BTreeMap<String, Fared>,
    /// By type, and `all`: on the day itself.
    then: BTreeMap<String, Fared>,
    /// What is wrong; empty if all is well.
    faults: Vec<String>,
    /// What should not have happened, in words.
    trouble: Vec<String>,
}

/// One decimal is all these numbers are good for.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn fared(offered: usize, ends: [usize; 3], waits: &[f64], handles: &[f64]) -> Fared {
    let [handled, abandoned, other] = ends;
    let percent = |part: usize| round(part as f64 * 100.0 / offered.max(1) as f64);
    let within = waits.iter().filter(|wait| **wait <= SERVICE_LEVEL_S).count();
    Fared {
        offered,
        handled,
        abandoned,
        other,
        abandoned_percent: percent(abandoned),
        wait_mean_s: round(mean(waits)),
        wait_p50_s: round(quantile(waits, 0.5).unwrap_or(0.0)),
        wait_p90_s: round(quantile(waits, 0.9).unwrap_or(0.0)),
        in_level_percent: percent(within),
        handle_mean_s: round(mean(handles)),
    }
}

/// How the day was.
fn then(actual: &BTreeMap<String, Actual>) -> BTreeMap<String, Fared> {
    let mut all = Actual::default();
    for day in actual.values() {
        all.served += day.served;
        all.left += day.left;
        all.waits_s.extend(&day.waits_s);
        all.handle_s.extend(&day.handle_s);
    }
    let named = actual.iter().map(|(kind, day)| (kind.clone(), day.clone()));
    let one = |(kind, day): (String, Actual)| {
        let (served, left) = (day.served as usize, day.left as usize);
        (kind, fared(served + left, [served, left, 0], &sorted(day.waits_s.into_iter()), &day.handle_s))
    };
    named.chain([("all".to_string(), all)]).map(one).collect()
}

/// How it was here.
fn here(world: &World, contacts: &[Contact], ends: &HashMap<usize, End>) -> BTreeMap<String, Fared> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, arrival) in world.demand.arrivals.iter().enumerate() {
        groups.entry(arrival.queue.clone()).or_default().push(place);
        groups.entry("all".into()).or_default().push(place);
    }
    let compress = world.clock.compress();
    let s = |ms: i64| ms as f64 / 1e3 * compress;
    let one = |(kind, places): (String, Vec<usize>)| {
        let count = |end: End| places.iter().filter(|place| ends.get(place) == Some(&end)).count();
        let served = || places.iter().map(|place| &contacts[*place]);
        let waits = sorted(served().filter_map(|c| Some(s(c.connected_ms? - c.created_ms?))));
        let handles: Vec<f64> = served().filter_map(|c| Some(s(c.closed_ms? - c.connected_ms?))).collect();
        let ends = [count(End::Handled), count(End::Abandoned), count(End::Other) + count(End::Open)];
        (kind, fared(places.len(), ends, &waits, &handles))
    };
    groups.into_iter().map(one).collect()
}

fn latency(world: &World, contacts: &[Contact]) -> LatencyError {
    let compress = world.clock.compress();
    let connects = sorted(contacts.iter().filter_map(|c| Some((c.connected_ms? - c.offered_ms?) as f64)));
    let busy = contacts.iter().zip(&world.demand.arrivals).filter_map(|(contact, arrival)| {
        let here_s = (contact.closed_ms? - contact.offered_ms?) as f64 / 1e3 * compress;
        contact.connected_ms.map(|_| here_s - arrival.handle_s)
    });
    let busy: Vec<f64> = busy.collect();
    let (p50, p99) = (quantile(&connects, 0.5).unwrap_or(0.0), quantile(&connects, 0.99).unwrap_or(0.0));
    let lived = sorted(contacts.iter().filter_map(|c| Some((c.connected_ms? - c.created_ms?) as f64)));
    let at_once_ms = quantile(&lived, 0.1).unwrap_or(0.0);
    let patience = contacts.iter().zip(&world.demand.arrivals);
    let within = patience.filter(|(contact, arrival)| {
        contact.closed == Some(CloseReason::Abandoned) && arrival.patience_s / compress * 1e3 < at_once_ms
    });
    LatencyError {
        at_once_ms,
        at_once_added_s: round(at_once_ms / 1e3 * compress),
        hung_up_within_latency: within.count(),
        offer_to_connected_p50_ms: p50,
        offer_to_connected_p99_ms: p99,
        wait_added_p50_s: round(p50 / 1e3 * compress),
        wait_added_p99_s: round(p99 / 1e3 * compress),
        busy_added_mean_s: round(mean(&busy)),
        least_timeout_s: TIMEOUT_MIN_MS as f64 / 1e3 * compress,
    }
}

impl Report {
    /// Puts everything together.
    pub fn new(date: u32, world: &World, day: &Day, ends: &HashMap<usize, End>, proof: &Proof) -> Report {
        let verdict = world.facts.verdict();
        let count = |end: End| ends.values().filter(|e| **e == end).count();
        let mut report = Report {
            day: date,
            compress: world.clock.compress(),
            agents: day.demand.agents.len(),
            offered: verdict.contacts.iter().filter(|c| c.submitted.is_some()).count(),
            handled: count(End::Handled),
            abandoned: count(End::Abandoned),
            other_closed: count(End::Other),
            open_at_end: count(End::Open),
            lost: proof.lost,
            double_assigned: verdict.double_assigned.max(proof.double_assigned),
            capacity_violations: verdict.over_capacity.max(proof.over_capacity),
            patience_mean_s: round(day.patience_mean_s),
            latency: latency(world, &verdict.contacts),
            here: here(world, &verdict.contacts, ends),
            then: then(&day.actual),
            faults: settle::faults(&verdict, ends, proof),
            trouble: verdict.trouble.clone(),
        };
        report.trouble.extend(proof.findings.iter().cloned());
        report
    }

    /// True if nothing was lost or broken and the sums add up.
    pub fn is_well(&self) -> bool {
        self.faults.is_empty()
    }

    /// Prints for people; the last line is the same as with `--json`.
    pub fn print(&self) -> anyhow::Result<()> {
        let mut rows = Vec::new();
        for (kind, here) in &self.here {
            rows.push(cells(kind, "here", here));
            rows.extend(self.then.get(kind).map(|then| cells("", "then", then)));
        }
        println!("{}", table(&TITLES, rows));
        let late = &self.latency;
        println!(
            "seconds of the day; {} times faster than life, so real latency counts {} times:",
            self.compress, self.compress
        );
        println!(
            "  from offer to conversation {} ms (p50), {} ms (p99): waits are longer by {} s (p50), {} s (p99)",
            late.offer_to_connected_p50_ms,
            late.offer_to_connected_p99_ms,
            late.wait_added_p50_s,
            late.wait_added_p99_s
        );
        println!(
            "  a call for which an agent is free waits {} ms all the same, {} s of the day; {} callers hung up within that",
            late.at_once_ms, late.at_once_added_s, late.hung_up_within_latency
        );
        println!("  a call keeps its agent {} s longer than in the file, on average", late.busy_added_mean_s);
        println!("  no timeout can be shorter than {} s", late.least_timeout_s);
        println!("breaks of agents are not in the file: here they are always there between first and last call");
        self.trouble.iter().for_each(|text| println!("! {text}"));
        self.faults.iter().for_each(|fault| println!("FAULT: {fault}"));
        println!("{}", serde_json::to_string(self)?);
        Ok(())
    }
}

const TITLES: [&str; 10] =
    ["type", "", "offered", "handled", "hung up", "% hung up", "wait mean", "wait p50", "wait p90", "handle mean"];

fn cells(kind: &str, when: &str, fared: &Fared) -> Vec<String> {
    let s = |seconds: f64| format!("{seconds:.0} s");
    vec![
        kind.into(),
        when.into(),
        fared.offered.to_string(),
        fared.handled.to_string(),
        fared.abandoned.to_string(),
        format!("{:.1}", fared.abandoned_percent),
        s(fared.wait_mean_s),
        s(fared.wait_p50_s),
        s(fared.wait_p90_s),
        s(fared.handle_mean_s),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_calls_fared_is_said_in_seconds_and_percents() {
        let fared = fared(8, [5, 2, 1], &[0.0, 1.0, 2.0, 3.0, 4.0], &[100.0, 200.0]);
        let line = serde_json::to_string(&fared).unwrap();
        let counts = r#"{"offered":8,"handled":5,"abandoned":2,"other":1,"abandoned_percent":25.0,"wait_mean_s":2.0,"#;
        let rest = r#""wait_p50_s":2.0,"wait_p90_s":4.0,"in_level_percent":62.5,"handle_mean_s":150.0}"#;
        assert_eq!(line, format!("{counts}{rest}"));
    }
}
