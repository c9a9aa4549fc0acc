//! `kindred demo`: a busy hour in about a minute on three nodes, the leader killed in the middle, and the proof that
//! nothing was lost. `make demo` runs it.

mod report;

use super::live::{
    desk, platform, settle, setup,
    stage::{Plan, Stage},
    view::View,
};
use kindred_client::v1::AnswerMode;
use kindred_simulator::world::{BusyHour, busy_hour};
use std::{path::PathBuf, process::ExitCode, time::Duration};
use tokio::time::{Instant, sleep, sleep_until};

#[derive(clap::Args)]
pub struct Args {
    /// All chance comes from here.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Agents.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(5..=5_000))]
    agents: u32,
    /// Virtual minutes in which contacts arrive.
    #[arg(long, default_value_t = 60.0)]
    minutes: f64,
    /// How many times faster than life.
    #[arg(long, default_value_t = 60.0)]
    compress: f64,
    /// Multiplies the number of contacts.
    #[arg(long, default_value_t = 1.0)]
    load: f64,
    /// Leave the leader alone.
    #[arg(long)]
    no_kill: bool,
    /// The nodes' program; next to this one if absent.
    #[arg(long)]
    node_binary: Option<PathBuf>,
    /// An empty folder for the nodes' data and logs; a temporary one if absent.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// A killed node stays down this long.
const DOWN: Duration = Duration::from_secs(4);
/// Contacts still open when no more arrive have this long to end, virtual seconds: the longest talk and a wait.
const SETTLE_S: f64 = 2_700.0;
/// And so much more, really.
const SETTLE: Duration = Duration::from_secs(15);

/// Calls are accepted on the desktop, chats ring, e-mails are simply given: each mode is shown.
fn answer_mode(channel: &str) -> AnswerMode {
    match channel {
        "voice" => AnswerMode::AgentAccepts,
        "chat" => AnswerMode::RingIsOffer,
        _ => AnswerMode::Auto,
    }
}

/// What the leader's death cost.
struct Kill {
    /// Who was killed.
    node: String,
    /// When.
    at: Instant,
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let hour = BusyHour {
        seed: args.seed,
        agents: args.agents as usize,
        duration_s: args.minutes * 60.0,
        load: args.load * f64::from(args.agents) / 100.0,
        ..BusyHour::default()
    };
    let plan = Plan {
        node_binary: args.node_binary,
        dir: args.dir,
        compress: args.compress,
        answer_modes: answer_mode,
        timeouts: setup::Timeouts::USUAL,
        routing: setup::Routing::SHOWN,
    };
    let demand = busy_hour(&hour);
    eprintln!(
        "{} contacts, {} agents, {} minutes at {}, seed {}",
        demand.arrivals.len(),
        demand.agents.len(),
        args.minutes,
        setup::pace(args.compress),
        args.seed
    );
    let mut stage = Stage::open(plan, demand).await?;
    let kill = live(&mut stage, args.seed, !args.no_kill).await?;
    let ends = settle::ends(&stage.world).await?;
    let proof = stage.prove().await?;
    let result = report::Report::new(&stage.world, &ends, &proof, kill.as_ref());
    result.print(args.compress)?;
    stage.close(result.is_well())?;
    Ok(if result.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lives the hour: drivers, view, and the death in the middle.
async fn live(stage: &mut Stage, seed: u64, kills: bool) -> anyhow::Result<Option<Kill>> {
    let world = stage.world.clone();
    let (view, shown) = View::begin(world.clone())?;
    let agents = desk::run(&world, seed);
    let until = world.clock.at(world.demand.duration_s + SETTLE_S) + SETTLE;
    let platform = tokio::spawn(platform::run(world.clone(), until));
    let mut kill = None;
    if kills {
        sleep_until(world.clock.at(world.demand.duration_s / 2.0)).await;
        let leader = stage.leader().await?;
        let node = stage.nodes.places[leader].id.clone();
        let at = Instant::now();
        stage.nodes.kill(leader).await?;
        view.say(&format!("SIGKILL to the leader, {node}"));
        kill = Some(Kill { node: node.clone(), at });
        sleep(DOWN).await;
        stage.nodes.restart(leader).await?;
        view.say(&format!("{node} serves again"));
    }
    platform.await??;
    if let Some(ended) = stage.nodes.ended() {
        world.facts.trouble(ended);
    }
    drop(agents);
    shown.abort();
    Ok(kill)
}
