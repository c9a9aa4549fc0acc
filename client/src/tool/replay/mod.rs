//! `kindred replay`: a real day of the bank's call file, lived on three nodes of its own, beside what really happened.

mod report;

use super::live::{
    name,
    platform::{self, World},
    settle, setup,
    stage::{Plan, Stage},
    view::View,
};
use anyhow::Context as _;
use kindred_client::{new_request_id, v1};
use kindred_simulator::{day, trace};
use std::{fs::File, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::sleep_until};

#[derive(clap::Args)]
pub struct Args {
    /// The call file, for instance `../shared/data/anonymous-bank-1999/january.txt`.
    #[arg(long)]
    trace: PathBuf,
    /// Which day, YYMMDD.
    #[arg(long)]
    day: u32,
    /// How many times faster than life.
    #[arg(long, default_value_t = 600.0)]
    compress: f64,
    /// Decides the patience of those who were served.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// The nodes' program; next to this one if absent.
    #[arg(long)]
    node_binary: Option<PathBuf>,
    /// An empty folder for the nodes' data and logs; a temporary one if absent.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Calls still open after the last arrival have this long to end, virtual seconds: the longest talk of the file.
const SETTLE_S: f64 = 3_600.0;
/// And at least so long, really.
const SETTLE: Duration = Duration::from_secs(20);

/// The bank's switch knew no unanswered call and no after-work: nothing may run out here that did not there.
const TIMEOUTS: setup::Timeouts = setup::Timeouts { offer_s: 1_800.0, connect_s: 1_800.0, wrap_up_s: 0.0 };

/// The bank's switch put calls through to a free agent: nobody accepts.
fn answer_mode(_channel: &str) -> v1::AnswerMode {
    v1::AnswerMode::Auto
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let file = File::open(&args.trace).with_context(|| format!("cannot open `{}`", args.trace.display()))?;
    let calls = trace::parse(file)?;
    let day = day::day(&calls, args.day, args.seed)?;
    eprintln!(
        "{} calls, {} agents, {:.1} h at {}, patience {:.0} s on average by Kaplan–Meier",
        day.demand.arrivals.len(),
        day.demand.agents.len(),
        day.demand.duration_s / 3_600.0,
        setup::pace(args.compress),
        day.patience_mean_s,
    );
    let plan = Plan {
        node_binary: args.node_binary,
        dir: args.dir,
        compress: args.compress,
        answer_modes: answer_mode,
        timeouts: TIMEOUTS,
        routing: setup::Routing::PLAIN,
    };
    let mut stage = Stage::open(plan, day.demand.clone()).await?;
    live(&mut stage).await?;
    let ends = settle::ends(&stage.world).await?;
    let proof = stage.prove().await?;
    let report = report::Report::new(args.day, &stage.world, &day, &ends, &proof);
    match args.json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => report.print()?,
    }
    stage.close(report.is_well())?;
    Ok(if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn live(stage: &mut Stage) -> anyhow::Result<()> {
    let world = stage.world.clone();
    let (_view, shown) = View::begin(world.clone())?;
    let shifts = shifts(&world);
    let settle = world.clock.real(SETTLE_S).max(SETTLE);
    platform::run(world.clone(), world.clock.at(world.demand.duration_s) + settle).await?;
    if let Some(ended) = stage.nodes.ended() {
        world.facts.trouble(ended);
    }
    drop(shifts);
    shown.abort();
    Ok(())
}

/// Agents come and go by their shifts. They need no stream: the switch speaks for them.
fn shifts(world: &Arc<World>) -> JoinSet<()> {
    let mut shifts = JoinSet::new();
    for agent in &world.demand.agents {
        let (world, name, shift) = (world.clone(), name("agents", &agent.name), agent.shift);
        shifts.spawn(async move {
            use v1::presence::Status;
            for (at_s, status) in [(shift.from_s, Status::Available), (shift.to_s, Status::Offline)] {
                sleep_until(world.clock.at(at_s)).await;
                if let Err(error) = say(&world, &name, status).await {
                    world.facts.trouble(format!("{name}: {error:#}"));
                }
            }
        });
    }
    shifts
}

async fn say(world: &World, agent: &str, status: v1::presence::Status) -> anyhow::Result<()> {
    let request_id = new_request_id();
    let request = v1::SetPresenceRequest {
        name: agent.to_string(),
        presence: Some(v1::Presence { status: status as i32, ..Default::default() }),
        after_contact: status == v1::presence::Status::Offline,
        request_id: request_id.clone(),
        ..Default::default()
    };
    let said = world.client.set_presence(request).await?;
    world.acks.note("SetPresence", agent, &request_id, said.header.as_ref())
}
