//! `kindred bench`: the numbers of the README, measured: three nodes and a three-node etcd in turn on this machine,
//! real processes, real fsync on one disk, one generator. `make bench` runs it.

mod center;
mod connections;
mod crowd;
mod etcd;
mod experts;
mod failover;
mod load;
mod machine;
mod million;
mod offers;
mod probes;
mod rates;
mod report;
mod staffing;
mod submits;
mod watchers;

use super::live::nodes;
use failover::Ending;
use machine::Machine;
use report::Results;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

#[derive(clap::Args)]
pub struct Args {
    /// Only these stages; all but `etcd` if absent.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Stage>,
    /// Short windows, few repetitions, a small crowd: does everything work? No figure to quote.
    #[arg(long)]
    quick: bool,
    /// Puts a second taken for etcd's peak where `half` runs without `peak`; measured if absent.
    #[arg(long)]
    etcd_peak: Option<f64>,
    /// The nodes' program; next to this one if absent.
    #[arg(long)]
    node_binary: Option<PathBuf>,
    /// etcd's program, of Debian's package `etcd-server`.
    #[arg(long, default_value = "etcd")]
    etcd_binary: PathBuf,
    /// Where the data folders of both are made and removed: on a real disk.
    #[arg(long, default_value = "target/bench")]
    dir: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Stage {
    /// etcd alone, for a look at the machine.
    Etcd,
    /// The most commands a second, beside etcd.
    Peak,
    /// Both at half of etcd's peak.
    Half,
    /// Submit to offer at 500 a second.
    Offer,
    /// SIGKILL of the leader.
    Kill,
    /// SIGTERM of the leader.
    Drain,
    /// 100 000 waiting, 10 000 agents.
    Load,
    /// A million closed under short retention.
    Million,
}

/// Stages of a run that names none.
const STAGES: [Stage; 7] =
    [Stage::Peak, Stage::Half, Stage::Offer, Stage::Kill, Stage::Drain, Stage::Load, Stage::Million];

/// What all stages share.
struct Bench {
    node_binary: PathBuf,
    etcd_binary: PathBuf,
    dir: PathBuf,
    quick: bool,
}

impl Bench {
    /// An empty folder for one cluster.
    fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.dir.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// So many seconds, or fewer in a quick run.
    fn seconds(&self, full: u64, quick: u64) -> Duration {
        Duration::from_secs(if self.quick { quick } else { full })
    }

    /// Progress; results go to standard output.
    fn say(&self, text: &str) {
        eprintln!("{text}");
    }
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    // A folder of this run's own: another bench at the same time must not remove this one's clusters.
    let dir = args.dir.join(format!("run-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let bench = Bench {
        node_binary: nodes::find_binary(args.node_binary)?.canonicalize()?,
        etcd_binary: args.etcd_binary,
        dir: dir.canonicalize()?,
        quick: args.quick,
    };
    let machine = Machine::look(&bench.dir)?;
    let versions = versions(&bench.etcd_binary).await?;
    let stages = if args.only.is_empty() { STAGES.to_vec() } else { args.only };
    let mut results = Results::default();
    for stage in stages {
        // What others have measured counts all the same, and is not measured again because of this one.
        if let Err(error) = measure(&bench, stage, args.etcd_peak, &mut results).await {
            bench.say(&format!("{stage:?} failed: {error:#}"));
            results.failures.push(format!("{stage:?}: {error:#}"));
        }
    }
    results.print(&machine, &versions, bench.quick)?;
    if !results.failures.is_empty() {
        // The nodes' logs say why.
        bench.say(&format!("what the stages that failed left is in {}", bench.dir.display()));
        return Ok(ExitCode::FAILURE);
    }
    std::fs::remove_dir_all(&bench.dir)?;
    Ok(ExitCode::SUCCESS)
}

async fn measure(bench: &Bench, stage: Stage, etcd_peak: Option<f64>, results: &mut Results) -> anyhow::Result<()> {
    match stage {
        Stage::Etcd => drop(bench.etcd_peak().await?),
        Stage::Peak => results.peak = bench.peak().await?,
        Stage::Half => results.half = Some(half(bench, results, etcd_peak).await?),
        Stage::Offer => results.offer = Some(bench.offer().await?),
        Stage::Kill => results.kill = Some(bench.failover(Ending::Kill).await?),
        Stage::Drain => results.drain = Some(bench.failover(Ending::Drain).await?),
        Stage::Load => results.load = Some(bench.load().await?),
        Stage::Million => results.million = Some(bench.million().await?),
    }
    Ok(())
}

async fn half(bench: &Bench, results: &Results, given: Option<f64>) -> anyhow::Result<rates::Compared> {
    let peak = match (given, results.peak.first()) {
        (Some(given), _) => given,
        (None, Some(measured)) => measured.etcd.per_second,
        (None, None) => bench.etcd_peak().await?.per_second,
    };
    bench.half(peak).await
}

async fn versions(etcd: &Path) -> anyhow::Result<Vec<String>> {
    let ours = format!(
        "Kindred {}: three nodes on loopback, one shard, defaults otherwise; fsync of every commit on a quorum",
        env!("CARGO_PKG_VERSION")
    );
    let theirs = format!("{}: three members on loopback, {}", etcd::version(etcd).await?, etcd::FLAGS.join(" "));
    let generator = format!(
        "one generator: {} HTTP/2 connections to the leader, {} callers, bodies of {} random bytes, order A B B A, medians",
        rates::CONNECTIONS,
        rates::CALLERS[0],
        submits::BODY_BYTES
    );
    Ok(vec![ours, theirs, generator])
}
