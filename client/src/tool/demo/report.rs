//! What the hour came to: a table by queue and channel, what the leader's death cost, and the last line for programs.
use super::Kill;
use crate::tool::{
    live::{
        facts::Contact,
        platform::World,
        quantiles::{quantile, sorted},
        settle::{self, End},
        setup,
        stage::Proof,
    },
    output::table,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// The last line: keys in `_ms` are real time.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Interactions submitted and acknowledged.
    offered: usize,
    /// Served to the end.
    handled: usize,
    /// The customer left first.
    abandoned: usize,
    /// Ended otherwise.
    other_closed: usize,
    /// Not over.
    open_at_end: usize,
    /// Acknowledged writes absent from some node's final log.
    lost: usize,
    /// Interactions with two PRIMARY agents at once.
    double_assigned: u64,
    /// Agents above capacity.
    capacity_violations: u64,
    /// From SIGKILL to the first offer for an interaction submitted after it.
    failover_ms: Option<f64>,
    /// From submitting to the first offer seen, 99th percentile: waiting for an agent to be free is in it.
    offer_p99_ms: Option<f64>,
    #[serde(skip)]
    faults: Vec<String>,
    #[serde(skip)]
    rows: Vec<Vec<String>>,
    #[serde(skip)]
    notes: Vec<String>,
}

fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e4).round() / 10.0
}

/// Real milliseconds from submitting to the first offer seen.
fn to_offer_ms(contact: &Contact) -> Option<f64> {
    Some(ms(contact.first_offer?.duration_since(contact.submitted?)))
}

impl Report {
    /// Puts everything together.
    pub fn new(world: &World, ends: &HashMap<usize, End>, proof: &Proof, kill: Option<&Kill>) -> Report {
        let verdict = world.facts.verdict();
        let count = |end: End| ends.values().filter(|e| **e == end).count();
        let offers = sorted(verdict.contacts.iter().filter_map(to_offer_ms));
        let failover = kill.and_then(|kill| Some(ms(world.facts.first_offer_after(kill.at)? - kill.at)));
        let submitted = verdict.contacts.iter().filter(|c| c.submitted.is_some()).count();
        let mut result = Report {
            offered: submitted,
            handled: count(End::Handled),
            abandoned: count(End::Abandoned),
            other_closed: count(End::Other),
            open_at_end: count(End::Open),
            lost: proof.lost,
            double_assigned: verdict.double_assigned.max(proof.double_assigned),
            capacity_violations: verdict.over_capacity.max(proof.over_capacity),
            failover_ms: failover,
            offer_p99_ms: quantile(&offers, 0.99),
            faults: settle::faults(&verdict, ends, proof),
            rows: rows(world, &verdict.contacts, ends),
            notes: notes(proof, &offers, kill, failover),
        };
        if kill.is_some() && failover.is_none() {
            result.faults.push("no offer after the leader's death".into());
        }
        result.notes.extend(verdict.trouble.iter().chain(&proof.findings).map(|text| format!("! {text}")));
        result
    }

    /// Nothing lost, nobody assigned twice or above capacity, and the sums add up.
    pub fn is_well(&self) -> bool {
        self.faults.is_empty()
    }

    /// Prints the report; its last line is one JSON object.
    pub fn print(&self, compress: f64) -> anyhow::Result<()> {
        println!("{}", table(&TITLES, self.rows.iter().cloned()));
        println!("waits in virtual seconds, the real ones × {compress}; a real millisecond is {} virtual ms", compress);
        println!("{}", setup::fixed_times(compress));
        self.notes.iter().for_each(|note| println!("{note}"));
        for fault in &self.faults {
            println!("FAULT: {fault}");
        }
        println!("{}", serde_json::to_string(self)?);
        Ok(())
    }
}

const TITLES: [&str; 10] =
    ["queue", "channel", "offered", "handled", "abandoned", "other", "open", "wait p50", "wait p90", "in level"];

/// A row for each queue and channel, and one for all.
fn rows(world: &World, contacts: &[Contact], ends: &HashMap<usize, End>) -> Vec<Vec<String>> {
    let mut groups: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (place, arrival) in world.demand.arrivals.iter().enumerate() {
        groups.entry((&arrival.queue, &arrival.channel)).or_default().push(place);
    }
    let mut rows: Vec<_> =
        groups.iter().map(|((queue, channel), places)| row(world, contacts, ends, [queue, channel], places)).collect();
    let all: Vec<usize> = (0..contacts.len()).collect();
    rows.push(row(world, contacts, ends, ["all", ""], &all));
    rows
}

fn row(
    world: &World,
    contacts: &[Contact],
    ends: &HashMap<usize, End>,
    [queue, channel]: [&str; 2],
    places: &[usize],
) -> Vec<String> {
    let count = |end: End| places.iter().filter(|place| ends.get(place) == Some(&end)).count().to_string();
    let submitted = places.iter().filter(|place| contacts[**place].submitted.is_some()).count();
    let compress = world.clock.compress();
    let wait = |place: &usize| {
        let contact = &contacts[*place];
        Some((contact.connected_ms? - contact.created_ms?) as f64 / 1e3 * compress)
    };
    let waits = sorted(places.iter().filter_map(wait));
    let level = world.demand.queues.iter().find(|q| q.name == queue).and_then(|q| {
        let plan = q.channels.iter().find(|c| c.channel == channel)?;
        let within = waits.iter().filter(|wait| **wait <= plan.service_level_s).count();
        (submitted > 0)
            .then(|| format!("{:.0} % ≤ {} s", within as f64 * 100.0 / submitted as f64, plan.service_level_s))
    });
    let s = |q: f64| quantile(&waits, q).map_or_else(String::new, |w| format!("{w:.0} s"));
    vec![
        queue.into(),
        channel.into(),
        submitted.to_string(),
        count(End::Handled),
        count(End::Abandoned),
        count(End::Other),
        count(End::Open),
        s(0.5),
        s(0.9),
        level.unwrap_or_default(),
    ]
}

fn notes(proof: &Proof, offers: &[f64], kill: Option<&Kill>, failover_ms: Option<f64>) -> Vec<String> {
    let ms = |q: f64| quantile(offers, q).map_or("–".into(), |v| format!("{v} ms"));
    let mut notes = vec![
        format!(
            "submit to first offer, real time, waiting included: p50 {}, p90 {}, p99 {}",
            ms(0.5),
            ms(0.9),
            ms(0.99)
        ),
        format!(
            "{} writes acknowledged, {} commands in the log, every node's log checked",
            proof.acknowledged, proof.commands
        ),
    ];
    if let (Some(kill), Some(failover_ms)) = (kill, failover_ms) {
        notes.push(format!("leader {} killed: {failover_ms} ms to the next offer for something new", kill.node));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_has_exactly_its_keys() {
        let report = Report {
            offered: 10,
            handled: 7,
            abandoned: 2,
            other_closed: 1,
            open_at_end: 0,
            lost: 0,
            double_assigned: 0,
            capacity_violations: 0,
            failover_ms: Some(812.5),
            offer_p99_ms: None,
            faults: vec!["not in it".into()],
            rows: Vec::new(),
            notes: Vec::new(),
        };
        let line = serde_json::to_string(&report).unwrap();
        let sums = r#"{"offered":10,"handled":7,"abandoned":2,"other_closed":1,"open_at_end":0,"lost":0,"#;
        let rest = r#""double_assigned":0,"capacity_violations":0,"failover_ms":812.5,"offer_p99_ms":null}"#;
        assert_eq!(line, format!("{sums}{rest}"));
        assert!(!report.is_well());
    }
}
