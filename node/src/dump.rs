//! What a node's log says: every applied command in order, replayed through the domain, as JSON lines. Offline: for
//! proofs, reports and repair. The last line sums up.
pub mod entries;
pub mod verify;

use crate::storage::{self, Options as StoreOptions, Store, Who};
use entries::Found;
use kindred_domain::{Answer, Reply, State};
use serde_json::{Value, json};
use std::{io::Write, path::PathBuf};

/// What to read.
#[derive(clap::Args)]
pub struct Options {
    /// The node's data folder; the node must be stopped.
    #[arg(long)]
    data: PathBuf,
    /// Its `--log-archive`; without one the log begins where it was cut.
    #[arg(long)]
    archive: Option<PathBuf>,
    /// The node's name and cluster, as configured.
    #[arg(long, default_value = "n1")]
    node: String,
    /// See `node`.
    #[arg(long, default_value = "kindred")]
    cluster: String,
    /// Check every invariant after each so many entries, and at the end; 0: only at the end.
    #[arg(long, default_value_t = 100)]
    check_every: u64,
    /// Print the sum only.
    #[arg(long)]
    summary: bool,
}

/// What is summed up.
#[derive(Default)]
struct Sum {
    entries: u64,
    commands: u64,
    repeats: u64,
    gaps: Vec<Value>,
    violations: Vec<Value>,
}

/// Prints the log.
pub fn dump(options: &Options) -> anyhow::Result<()> {
    let who = Who { cluster_id: options.cluster.clone(), node_id: options.node.clone() };
    let store = Store::open(&options.data, &who, &StoreOptions::default())?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut sum = Sum::default();
    for shard in store.shards() {
        replay(&store, shard, options, &mut sum, &mut out)?;
    }
    let line = json!({ "summary": {
        "entries": sum.entries, "commands": sum.commands, "repeats": sum.repeats, "gaps": sum.gaps, "violations": sum.violations,
    }});
    writeln!(out, "{line}")?;
    Ok(())
}

fn replay(store: &Store, shard: u32, options: &Options, sum: &mut Sum, out: &mut impl Write) -> anyhow::Result<()> {
    let mut state = State::new();
    entries::walk(options.archive.as_slice(), Some(store), shard, |found| match found {
        Found::Entry(entry) => one(&mut state, shard, &entry, options, sum, out),
        // A log that was cut, or of a node that came later, begins where it begins.
        Found::Gap { from: entries::FIRST, .. } => Ok(()),
        Found::Gap { from, to } => {
            sum.gaps.push(json!({ "shard": shard, "from": from, "to": to }));
            Ok(())
        }
    })?;
    check(&state, shard, sum);
    Ok(())
}

fn one(
    state: &mut State,
    shard: u32,
    archived: &storage::Entry,
    options: &Options,
    sum: &mut Sum,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    sum.entries += 1;
    let (term, Some(entry)) = entries::decode(archived)? else { return Ok(()) };
    let applied = state.apply(&entry);
    for (position, (command, answer)) in entry.commands.iter().zip(&applied.answers).enumerate() {
        sum.commands += 1;
        sum.repeats += u64::from(matches!(answer, Answer::Repeat { .. }));
        if !options.summary {
            let line = json!({
                "shard": shard,
                "term": term,
                "index": entry.index,
                "position": position,
                "time_ms": entry.time_ms,
                "name": command.body.name(),
                "tenant": command.tenant.as_ref().map(|t| t.to_string()),
                "request_id": command.request.map(|r| r.id.to_string()),
                "reply": brief(answer),
            });
            writeln!(out, "{line}")?;
        }
    }
    if options.check_every > 0 && sum.entries.is_multiple_of(options.check_every) {
        check(state, shard, sum);
    }
    Ok(())
}

/// Violations are told once each; a broken state would repeat them for ever.
const VIOLATIONS_MAX: usize = 1_000;

fn check(state: &State, shard: u32, sum: &mut Sum) {
    let Err(violations) = state.check() else { return };
    for violation in violations {
        if sum.violations.len() < VIOLATIONS_MAX {
            sum.violations.push(json!({ "shard": shard, "index": state.index(), "rule": violation.rule, "subject": violation.subject, "detail": violation.detail }));
        }
    }
}

/// A reply in a few words: what it is about and where it stands.
fn brief(answer: &Answer) -> Value {
    match answer {
        Answer::Repeat { index, position } => json!({ "repeat": { "index": index, "position": position } }),
        Answer::Fresh(Err(rejection)) => json!({ "rejected": rejection.reason() }),
        Answer::Fresh(Ok(reply)) => match reply {
            Reply::Interaction(i) => json!({
                "interaction": i.id.to_string(),
                "state": format!("{:?}", i.state),
                "agent": i.offers.first().map(|o| o.agent.to_string())
                    .or_else(|| i.assignments.iter().rev().find(|a| a.ended_ms.is_none()).map(|a| a.agent.to_string())),
                "closed": i.closing.as_ref().map(|c| format!("{:?}", c.reason)),
            }),
            Reply::Agent(a) => json!({ "agent": a.id.to_string() }),
            Reply::Offers { made, dropped } => json!({ "made": made, "dropped": dropped.len() }),
            Reply::Conversation(c) => json!({ "conversation": c.id.to_string(), "items": c.items }),
            Reply::Customer(c) => json!({ "customer": c.id.to_string() }),
            Reply::Queue(q) => json!({ "queue": q.id.to_string() }),
            _ => json!("done"),
        },
    }
}
