//! `kindred what-if`: lives what a cluster's log archive recorded again, under the policies of then and under others, and
//! says what differs. Needs no cluster.

mod policy;
mod recording;
mod report;

use super::output::line;
use anyhow::Context as _;
use kindred_domain::ids::{QueueId, TenantId};
use kindred_simulator::{
    recording::{Recording, Window},
    what_if::{self, Change, Settings, WhatIf},
};
use std::{num::NonZero, path::PathBuf, process::ExitCode, time::Instant};

#[derive(clap::Args)]
pub struct Args {
    /// A node's log archive (`--log-archive`); several of one cluster may be given, and fill each other's gaps.
    #[arg(long, required = true)]
    from: Vec<PathBuf>,
    /// The other policy: a file as `kindred policies get` prints one, JSON or TOML. Several may be given.
    #[arg(long, required = true)]
    policy: Vec<PathBuf>,
    /// Queues that are to follow it, with one policy file; those that follow a policy of its name if absent.
    #[arg(long)]
    queue: Vec<String>,
    /// Who came before does not count, RFC 3339.
    #[arg(long)]
    since: Option<jiff::Timestamp>,
    /// Nor who came from then on, RFC 3339.
    #[arg(long)]
    until: Option<jiff::Timestamp>,
    /// How many days like the recorded one are lived under each policy.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(2..=i64::from(what_if::RUNS_MAX)))]
    runs: u32,
    /// What chance is drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Live the recorded day itself each time: intervals say nothing of other days then.
    #[arg(long)]
    as_it_came: bool,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// Runs lived side by side; as many as there are cores if absent. What comes out is the same.
    #[arg(long)]
    jobs: Option<NonZero<usize>>,
}

pub fn run(tenant: &str, args: &Args) -> anyhow::Result<ExitCode> {
    let tenant = TenantId::from(tenant);
    let changes = changes(&tenant, args)?;
    let recording = recording::read(&args.from, &tenant, window(args)?)?;
    eprintln!(
        "{} interactions of {:.1} hours, {} agents",
        recording.visits.len(),
        recording.duration_ms as f64 / 3.6e6,
        recording.agents.len()
    );
    let began = Instant::now();
    let found = live(&recording, &changes, args)?;
    match args.json {
        true => line(serde_json::to_string_pretty(&found)?)?,
        false => report::print(&found)?,
    }
    eprintln!("{} interactions lived twice in {:.1} s", found.contacts, began.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

fn live(recording: &Recording, changes: &[Change], args: &Args) -> anyhow::Result<WhatIf> {
    let cores = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let (seed, runs, as_it_came) = (args.seed, args.runs, args.as_it_came);
    let settings = Settings { seed, runs, as_it_came, jobs: args.jobs.unwrap_or(cores) };
    Ok(what_if::compare(recording, changes, &settings)?)
}

fn changes(tenant: &TenantId, args: &Args) -> anyhow::Result<Vec<Change>> {
    anyhow::ensure!(
        args.queue.is_empty() || args.policy.len() == 1,
        "--queue goes with one --policy: which of them are these queues to follow?"
    );
    let queues: Vec<QueueId> = args.queue.iter().map(|queue| super::output::id(queue).as_str().into()).collect();
    let read = |file: &PathBuf| {
        policy::read(file, tenant, &queues).with_context(|| format!("`{}` is no policy", file.display()))
    };
    args.policy.iter().map(read).collect()
}

fn window(args: &Args) -> anyhow::Result<Window> {
    let ms = |at: jiff::Timestamp| u64::try_from(at.as_millisecond()).unwrap_or(0);
    let all = Window::default();
    let window =
        Window { since_ms: args.since.map_or(all.since_ms, ms), until_ms: args.until.map_or(all.until_ms, ms) };
    anyhow::ensure!(window.since_ms < window.until_ms, "--since is not before --until");
    Ok(window)
}

#[cfg(test)]
mod tests;
