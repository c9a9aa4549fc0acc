//! The tool's commands, one file each, and what they share: how to reach the cluster and how to print.

mod agents;
mod apply;
mod bench;
mod cluster;
mod configuration;
mod conversations;
mod demo;
mod diff;
mod export;
mod interactions;
mod live;
mod output;
mod policies;
mod queues;
mod replay;
mod schedules;
mod simulate;
mod status;
mod supervisor;
mod tenants;
mod top;
mod watch;
mod what_if;

use clap::{Parser, Subcommand};
use kindred_client::{Client, Config, Error, Kind};
use output::{Format, Output};
use std::{process::ExitCode, time::Duration};
use tokio::signal::unix::{SignalKind, signal};

/// Looks at and operates a Kindred cluster. The defaults fit `kindred-node serve --dev`.
#[derive(Parser)]
#[command(name = "kindred", version)]
pub struct Args {
    /// Client addresses of nodes, `host:port`, separated by commas.
    #[arg(long, global = true, env = "KINDRED_ENDPOINTS", default_value = "127.0.0.1:7401", value_delimiter = ',')]
    endpoints: Vec<String>,
    /// The tenant's token.
    #[arg(long, global = true, env = "KINDRED_TOKEN", default_value = "dev", hide_env_values = true)]
    token: String,
    /// The operator's token, for `status` and `cluster`.
    #[arg(long, global = true, env = "KINDRED_OPERATOR_TOKEN", default_value = "operator", hide_env_values = true)]
    operator_token: String,
    /// The tenant.
    #[arg(long, global = true, env = "KINDRED_TENANT", default_value = "dev")]
    tenant: String,
    /// How to print; demo, replay, simulate, what-if and bench print reports of their own.
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Table)]
    output: Format,
    /// How long a call may take, retries included, in seconds.
    #[arg(long, global = true, default_value_t = 10.0)]
    timeout_s: f64,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Nodes, shards and leaders as one node sees them.
    Status(status::Args),
    /// Agents: list, get, presence.
    #[command(subcommand)]
    Agents(agents::Command),
    /// Queues: list, get, hours.
    #[command(subcommand)]
    Queues(queues::Command),
    /// Policies: list, get, revisions, rollback.
    #[command(subcommand)]
    Policies(policies::Command),
    /// Hours of operation: list, get, create, update, delete, preview.
    #[command(subcommand)]
    Schedules(schedules::Command),
    /// Supervisors' interventions: reprioritise, move, pull-back, reassign, force, lift, drain, pause and their ends.
    #[command(subcommand)]
    Supervisor(supervisor::Command),
    /// Interactions: list, get, submit, track, cancel, abandon.
    #[command(subcommand)]
    Interactions(interactions::Command),
    /// Conversations: list, get, items, note.
    #[command(subcommand)]
    Conversations(conversations::Command),
    /// Prints events as they happen.
    Watch(watch::Args),
    /// A live wallboard: queues, agents and the cluster, as they stand and as they change.
    Top(top::Args),
    /// Prints the tenant's configuration as YAML, for a repository.
    Export(export::Args),
    /// Says what `apply` would change; ends with 0 if nothing, 1 if something, 2 on trouble.
    Diff(diff::Args),
    /// Makes the tenant's configuration what files say.
    Apply(apply::Args),
    /// The cluster: status, nodes, add, promote, remove, transfer-leader, drain, tenants.
    #[command(subcommand)]
    Cluster(cluster::Command),
    /// Lives a busy hour on three nodes of its own, kills the leader, proves that nothing was lost.
    Demo(demo::Args),
    /// Lives a real day of a call file on three nodes of its own, beside what really happened.
    Replay(replay::Args),
    /// Lives a scenario file in virtual time, as often as it says, and reports waits, service levels and shares.
    Simulate(simulate::Args),
    /// Lives what a log archive recorded again, under the policies of then and under others, and says what differs.
    WhatIf(what_if::Args),
    /// Measures throughput, latency, failover and memory on three nodes of its own, beside a three-node etcd.
    Bench(bench::Args),
}

/// What every command gets: a client, the tenant, a way to print.
struct Context {
    client: Client,
    /// With the operator's token.
    operator: Client,
    tenant: String,
    out: Output,
}

impl Context {
    /// `tenants/{tenant}`.
    fn parent(&self) -> String {
        format!("tenants/{}", self.tenant)
    }

    /// The full name of a resource that may be given by its id alone.
    fn name(&self, collection: &str, id: &str) -> String {
        if id.contains('/') { id.to_string() } else { format!("tenants/{}/{collection}/{id}", self.tenant) }
    }

    /// The same for an optional one; empty stays empty.
    fn optional_name(&self, collection: &str, id: &Option<String>) -> String {
        id.as_ref().map_or_else(String::new, |id| self.name(collection, id))
    }
}

/// Items a listing prints at most, unless told otherwise.
const LISTED: usize = 100;
/// Items asked for at once.
const PAGE: i32 = 500;

/// Reads pages until `limit` items are there or no page is left. `page(size, token)` asks for one.
async fn pages<T, F>(limit: usize, mut page: impl FnMut(i32, String) -> F) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<(Vec<T>, String), Error>>,
{
    let (mut items, mut token) = (Vec::new(), String::new());
    loop {
        let size = limit.saturating_sub(items.len()).min(PAGE as usize) as i32;
        let (more, next) = page(size.max(1), token).await?;
        items.extend(more);
        if next.is_empty() || items.len() >= limit {
            items.truncate(limit);
            return Ok(items);
        }
        token = next;
    }
}

/// What the server left out although its contract says it is there.
fn missing(what: &str) -> Error {
    Error::local(Kind::Internal, "INCOMPLETE_RESPONSE", format!("the response has no {what}"))
}

/// Runs a command that has processes of its own. They are killed when what holds them is dropped, so whoever ends this
/// program by a signal ends them too: a process that is gone drops nothing.
async fn until_told(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        done = work => done,
        _ = terminated.recv() => Ok(stopped("SIGTERM", 143)),
        stop = tokio::signal::ctrl_c() => stop.map(|()| stopped("SIGINT", 130)).map_err(Into::into),
    }
}

fn stopped(signal: &str, code: u8) -> ExitCode {
    eprintln!("kindred: {signal}: its nodes are killed with it");
    ExitCode::from(code)
}

/// Runs a command.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    // These bring their own cluster.
    let command = match args.command {
        Command::Demo(command) => return until_told(demo::run(command)).await,
        Command::Replay(command) => return until_told(replay::run(command)).await,
        Command::Bench(command) => return until_told(bench::run(command)).await,
        // These need none; and they have nothing to wait for.
        Command::Simulate(command) => return tokio::task::spawn_blocking(move || simulate::run(&command)).await?,
        Command::WhatIf(command) => {
            return tokio::task::spawn_blocking(move || what_if::run(&args.tenant, &command)).await?;
        }
        command => command,
    };
    let mut config = Config::new(args.endpoints).token(args.token);
    config.timeout = Duration::try_from_secs_f64(args.timeout_s)?;
    let context = Context {
        client: Client::new(&config)?,
        operator: Client::new(&config.token(args.operator_token))?,
        tenant: args.tenant,
        out: Output::new(args.output),
    };
    match command {
        Command::Status(command) => status::run(&context, command).await?,
        Command::Agents(command) => agents::run(&context, command).await?,
        Command::Queues(command) => queues::run(&context, command).await?,
        Command::Policies(command) => policies::run(&context, command).await?,
        Command::Schedules(command) => schedules::run(&context, command).await?,
        Command::Supervisor(command) => supervisor::run(&context, command).await?,
        Command::Interactions(command) => interactions::run(&context, command).await?,
        Command::Conversations(command) => conversations::run(&context, command).await?,
        Command::Watch(command) => watch::run(&context, command).await?,
        Command::Top(command) => top::run(&context, command).await?,
        Command::Export(command) => export::run(&context, command).await?,
        Command::Diff(command) => return diff::run(&context, command).await,
        Command::Apply(command) => apply::run(&context, command).await?,
        Command::Cluster(command) => cluster::run(&context, command).await?,
        Command::Demo(_) | Command::Replay(_) | Command::Bench(_) | Command::Simulate(_) | Command::WhatIf(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}
