//! The proof: everything acknowledged stands in the final log, and the log breaks no rule.
//!
//! `kindred-node dump-log --data DIR --archive DIR --json` prints every applied entry of a stopped node, archive and
//! live log together, in order, one JSON object for each command:
//!
//! ```json
//! {"shard":0,"index":17,"position":0,"time_ms":1769000000000,"name":"CreateInteraction","tenant":"demo",
//!  "request_id":"0197…","reply":"interactions/i-000001","violations":["interactions/i-000001: one_primary: …"]}
//! ```
//!
//! `violations` are those of the state machine's `check()` that first appear after that command, each as
//! `subject: rule: detail`; absent or empty where all is well. `tenant`, `request_id` and `reply` may be absent.
use super::{acks::Ack, nodes::Place};
use anyhow::{Context as _, bail};
use serde::Deserialize;
use std::{
    collections::{HashMap, HashSet},
    path::Path,
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
};

/// One command of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// Shard of the entry.
    pub shard: u32,
    /// Index of the entry.
    pub index: u64,
    /// Position of the command in it.
    #[serde(default)]
    pub position: u32,
    /// The command.
    #[serde(default)]
    pub name: String,
    /// The caller's request, for commands that have one.
    #[serde(default)]
    pub request_id: Option<String>,
    /// Rules broken after it.
    #[serde(default)]
    pub violations: Vec<String>,
}

/// What the log of one node says.
#[derive(Debug, Default)]
pub struct Log {
    /// Where each request stands: (shard, index, position), usually once.
    requests: HashMap<String, Vec<(u32, u64, u32)>>,
    /// Commands read.
    pub commands: u64,
    /// Entries that stand before one with a greater index: the dump promises order. The first hundred.
    pub holes: Vec<(u32, u64)>,
    last: HashMap<u32, u64>,
    /// Violations found, all of them.
    pub violations: Vec<String>,
}

/// Holes kept in words.
const HOLES_MAX: usize = 100;

impl Log {
    /// Takes the next line.
    pub fn take(&mut self, line: Line) {
        self.commands += 1;
        let last = self.last.entry(line.shard).or_insert(line.index);
        if line.index < *last && self.holes.len() < HOLES_MAX {
            // Out of order is as bad as missing: the dump promises order.
            self.holes.push((line.shard, line.index));
        }
        *last = line.index.max(*last);
        self.violations.extend(line.violations);
        if let Some(request) = line.request_id {
            self.requests
                .entry(request)
                .or_default()
                .push((line.shard, line.index, line.position));
        }
    }

    /// True if the log holds what was acknowledged, where it was said to be.
    fn holds(&self, ack: &Ack) -> bool {
        let places = self.requests.get(&ack.request_id);
        places.is_some_and(|places| places.contains(&(ack.shard, ack.index, ack.position)))
    }

    /// Acknowledged things the log does not hold.
    pub fn lost<'a>(&self, acks: &'a [Ack]) -> Vec<&'a Ack> {
        acks.iter().filter(|ack| !self.holds(ack)).collect()
    }

    /// How many violations are about an interaction with two PRIMARY agents, about capacity, about anything else.
    pub fn violations_by_kind(&self) -> (u64, u64, u64) {
        let distinct: HashSet<&String> = self.violations.iter().collect();
        let count =
            |test: &dyn Fn(&str) -> bool| distinct.iter().filter(|v| test(v)).count() as u64;
        let double = |v: &str| v.contains("one_primary");
        let over = |v: &str| v.contains("capacity") || v.contains("units");
        (
            count(&double),
            count(&|v| !double(v) && over(v)),
            count(&|v| !double(v) && !over(v)),
        )
    }
}

/// Reads the log of a stopped node.
pub async fn read_log(binary: &Path, place: &Place) -> anyhow::Result<Log> {
    let mut child = Command::new(binary)
        .args(["dump-log", "--json", "--data"])
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
        let line = serde_json::from_str(&text)
            .with_context(|| format!("dump-log of {}: `{text}`", place.id))?;
        log.take(line);
    }
    let status = child.wait().await?;
    if !status.success() {
        bail!(
            "dump-log of {} ended with {status}: {}",
            place.id,
            complaints.await??.trim()
        );
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

    fn log(lines: &str) -> Log {
        let mut log = Log::default();
        lines
            .lines()
            .for_each(|line| log.take(serde_json::from_str(line).expect("json")));
        log
    }

    #[test]
    fn what_is_missing_or_stands_elsewhere_is_lost() {
        let log = log(
            "{\"shard\":0,\"index\":5,\"name\":\"CreateInteraction\",\"request_id\":\"a\"}\n\
                       {\"shard\":0,\"index\":6,\"request_id\":\"b\",\"time_ms\":1}\n\
                       {\"shard\":0,\"index\":7,\"request_id\":null}",
        );
        let acks = [ack("a", 5), ack("b", 9), ack("c", 6)];
        let lost: Vec<&str> = log
            .lost(&acks)
            .iter()
            .map(|ack| ack.request_id.as_str())
            .collect();
        assert_eq!(lost, ["b", "c"]);
        assert_eq!((log.commands, log.holes.len()), (3, 0));
    }

    #[test]
    fn a_request_committed_twice_is_found_where_it_was_acknowledged() {
        let log = log(
            "{\"shard\":0,\"index\":5,\"request_id\":\"a\"}\n{\"shard\":0,\"index\":8,\"request_id\":\"a\"}",
        );
        assert!(log.lost(&[ack("a", 5)]).is_empty());
    }

    #[test]
    fn violations_are_counted_once_and_by_kind() {
        let log = log(
            "{\"shard\":0,\"index\":1,\"violations\":[\"interactions/i: one_primary: 2\"]}\n\
                       {\"shard\":0,\"index\":2,\"violations\":[\"interactions/i: one_primary: 2\",\"agents/a: capacity: 3\"]}\n\
                       {\"shard\":0,\"index\":3,\"violations\":[\"queues/q: open_by_queue: 1\"]}",
        );
        assert_eq!(log.violations_by_kind(), (1, 1, 1));
    }

    #[test]
    fn a_log_out_of_order_shows() {
        assert_eq!(
            log("{\"shard\":0,\"index\":5}\n{\"shard\":0,\"index\":4}").holes,
            [(0, 4)]
        );
    }
}
