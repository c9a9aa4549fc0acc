//! The proof: everything acknowledged stands in the final log, and the log breaks no rule.
//!
//! `kindred-node dump-log --data DIR --archive DIR --node ID` replays a stopped node's log, archive and live log
//! together, and prints one JSON object a command (shard, term, index, position, time_ms, name, tenant, request_id,
//! reply) and as its last line the sum: gaps of the archive, and every violation of the state machine's own `check()`.
use super::{acks::Ack, nodes::Place};
use anyhow::{Context as _, bail};
use serde::Deserialize;
use std::{
    collections::{HashMap, HashSet},
    path::Path,
    process::Stdio,
};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

/// One line of the dump.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// The last one.
    Last {
        /// What it all came to.
        summary: Summary,
    },
    /// One command.
    Command(Command),
}

/// One command of the log.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Command {
    /// Shard of the entry.
    shard: u32,
    /// Index of the entry.
    index: u64,
    /// Position of the command in it.
    position: u32,
    /// The caller's request, for commands that have one.
    request_id: Option<String>,
    /// What apply answered; an object with `rejected` if it changed nothing.
    #[serde(default)]
    reply: serde_json::Value,
}

/// The sum.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Summary {
    /// Commands replayed.
    pub commands: u64,
    /// Entries that are neither in the archive nor in the live log.
    pub gaps: Vec<serde_json::Value>,
    /// Broken rules.
    pub violations: Vec<Violation>,
}

/// A broken rule of the state machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct Violation {
    /// Which rule.
    pub rule: String,
    /// Of what.
    pub subject: String,
    /// What is wrong.
    pub detail: String,
}

/// Where a command stands: (shard, index, position).
type Spot = (u32, u64, u32);

/// What the log of one node says.
#[derive(Debug, Default)]
pub struct Log {
    /// Where each request was applied with success, usually once.
    requests: HashMap<String, Vec<Spot>>,
    /// Commands that stand before one with a greater index: the dump promises order.
    pub disordered: u64,
    last: HashMap<u32, u64>,
    /// The last line; absent if the dump broke off.
    pub summary: Option<Summary>,
}

impl Log {
    /// Takes the next line.
    pub fn take(&mut self, line: Line) {
        let command = match line {
            Line::Last { summary } => return self.summary = Some(summary),
            Line::Command(command) => command,
        };
        let last = self.last.entry(command.shard).or_insert(command.index);
        self.disordered += u64::from(command.index < *last);
        *last = command.index.max(*last);
        let rejected = command.reply.get("rejected").is_some();
        if let Some(request) = command.request_id.filter(|_| !rejected) {
            let spot = (command.shard, command.index, command.position);
            self.requests.entry(request).or_default().push(spot);
        }
    }

    /// True if the log holds what was acknowledged, where it was said to be.
    fn holds(&self, ack: &Ack) -> bool {
        let spots = self.requests.get(&ack.request_id);
        spots.is_some_and(|spots| spots.contains(&(ack.shard, ack.index, ack.position)))
    }

    /// Acknowledged things the log does not hold.
    pub fn lost<'a>(&self, acks: &'a [Ack]) -> Vec<&'a Ack> {
        acks.iter().filter(|ack| !self.holds(ack)).collect()
    }

    /// Broken rules: about an interaction with two PRIMARY agents, about capacity, about anything else (gaps and
    /// disorder of the log among them).
    pub fn violations(&self) -> (u64, u64, u64) {
        let Some(summary) = &self.summary else {
            return (0, 0, 1);
        };
        let distinct: HashSet<&Violation> = summary.violations.iter().collect();
        let double = |v: &Violation| v.rule == "one_primary";
        let over = |v: &Violation| v.rule.contains("capacity") || v.rule.contains("units");
        let count = |test: &dyn Fn(&Violation) -> bool| distinct.iter().filter(|v| test(v)).count() as u64;
        let other = count(&|v| !double(v) && !over(v)) + summary.gaps.len() as u64 + self.disordered;
        (count(&double), count(&over), other)
    }
}

/// Reads the log of a stopped node.
pub async fn read_log(binary: &Path, place: &Place) -> anyhow::Result<Log> {
    let mut child = tokio::process::Command::new(binary)
        .args(["dump-log", "--node", &place.id, "--data"])
        .arg(&place.data)
        .arg("--archive")
        .arg(&place.archive)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start `{}`", binary.display()))?;
    let mut lines = BufReader::new(child.stdout.take().context("no standard output")?).lines();
    let mut complaints = child.stderr.take().context("no standard error")?;
    let complaints = tokio::spawn(async move {
        let mut text = String::new();
        complaints.read_to_string(&mut text).await.map(|_| text)
    });
    let mut log = Log::default();
    while let Some(text) = lines.next_line().await? {
        let line = serde_json::from_str(&text).with_context(|| format!("dump-log of {}: `{text}`", place.id))?;
        log.take(line);
    }
    let status = child.wait().await?;
    if !status.success() {
        bail!("dump-log of {} ended with {status}: {}", place.id, complaints.await??.trim());
    }
    Ok(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ack(request_id: &str, index: u64) -> Ack {
        Ack {
            call: "CreateInteraction".into(),
            name: "i".into(),
            request_id: request_id.into(),
            shard: 0,
            term: 1,
            index,
            position: 0,
        }
    }

    fn log(lines: &[&str]) -> Log {
        let mut log = Log::default();
        lines.iter().for_each(|line| log.take(serde_json::from_str(line).expect("json")));
        log
    }

    #[test]
    fn what_is_missing_stands_elsewhere_or_was_rejected_is_lost() {
        let log = log(&[
            r#"{"shard":0,"term":1,"index":5,"position":0,"name":"X","request_id":"a","reply":{"interaction":"i"}}"#,
            r#"{"shard":0,"term":1,"index":6,"position":0,"name":"X","request_id":"b","reply":"done"}"#,
            r#"{"shard":0,"term":1,"index":7,"position":0,"name":"X","request_id":null,"reply":"done"}"#,
            r#"{"shard":0,"term":1,"index":8,"position":0,"name":"X","request_id":"d","reply":{"rejected":"OFFER_GONE"}}"#,
        ]);
        let acks = [ack("a", 5), ack("b", 9), ack("c", 6), ack("d", 8)];
        let lost: Vec<&str> = log.lost(&acks).iter().map(|ack| ack.request_id.as_str()).collect();
        assert_eq!(lost, ["b", "c", "d"]);
    }

    #[test]
    fn a_request_committed_twice_is_found_where_it_was_acknowledged() {
        let log = log(&[
            r#"{"shard":0,"index":5,"position":0,"request_id":"a","reply":"done"}"#,
            r#"{"shard":0,"index":8,"position":3,"request_id":"a","reply":{"repeat":{"index":5,"position":0}}}"#,
        ]);
        assert!(log.lost(&[ack("a", 5)]).is_empty());
    }

    #[test]
    fn violations_are_counted_once_and_by_kind() {
        let log = log(&[
            r#"{"summary":{"entries":9,"commands":7,"repeats":0,"gaps":[{"shard":0,"from":3,"to":4}],"violations":[
            {"shard":0,"index":1,"rule":"one_primary","subject":"interactions/i","detail":"2"},
            {"shard":0,"index":2,"rule":"one_primary","subject":"interactions/i","detail":"2"},
            {"shard":0,"index":2,"rule":"agent_units","subject":"agents/a","detail":"3"},
            {"shard":0,"index":3,"rule":"open_by_queue","subject":"queues/q","detail":"1"}]}}"#,
        ]);
        assert_eq!(log.violations(), (1, 1, 2));
    }

    #[test]
    fn a_dump_that_breaks_off_or_is_out_of_order_is_no_proof() {
        let log = log(&[
            r#"{"shard":0,"index":5,"position":0,"request_id":null}"#,
            r#"{"shard":0,"index":4,"position":0,"request_id":null}"#,
        ]);
        assert_eq!((log.violations(), log.disordered), ((0, 0, 1), 1));
    }
}
