//! `kindred-chaos`: runs scenarios of both worlds and says whether anything was broken, or tells one seed as a story.
use anyhow::{bail, ensure};
use clap::{Args, Parser, Subcommand, ValueEnum};
use kindred_chaos::{
    live::{self, Options, home, scenarios::soak},
    outcome::{Outcome, Unended, World},
    registry::{self, Wanted},
    report::{self, Row},
    scenarios,
};
use std::{path::PathBuf, process::ExitCode, time::Instant};

#[derive(Parser)]
#[command(name = "kindred-chaos", version, about = "Breaks a Kindred cluster, to see whether it keeps its promises")]
struct Arguments {
    #[command(subcommand)]
    command: Do,
}

#[derive(Subcommand)]
enum Do {
    /// Runs scenarios and prints a table; the last line is one JSON object.
    Run(Run),
    /// Tells what happens in one simulated seed.
    Replay {
        #[arg(long)]
        seed: u64,
        /// Number or name; all that know this seed if absent.
        #[arg(long, default_value = "")]
        scenario: String,
    },
    /// Lists all scenarios.
    List,
    /// Takes away what killed runs left behind: processes, mounts, namespaces, folders.
    Clean {
        /// Where live clusters kept their files.
        #[arg(long)]
        dir: Option<PathBuf>,
    },
}

#[derive(Args)]
struct Run {
    /// Seeds of each simulated scenario.
    #[arg(long, default_value_t = 300)]
    seeds: u64,
    #[arg(long, default_value_t = 0)]
    first_seed: u64,
    /// After the live scenarios: faults without end for so many minutes.
    #[arg(long, default_value_t = 0)]
    minutes: u64,
    /// Numbers or names, with commas; all if absent, `none` for faults without end alone.
    #[arg(long, default_value = "")]
    scenario: String,
    #[arg(long, value_enum, default_value_t = Worlds::All)]
    world: Worlds,
    /// Program of the nodes; beside this one if absent.
    #[arg(long)]
    node_binary: Option<PathBuf>,
    /// Where live clusters keep their files meanwhile.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Keep the files of a scenario that failed.
    #[arg(long)]
    keep: bool,
    /// Ports of loopback for the live clusters, as on a machine without network namespaces.
    #[arg(long)]
    loopback: bool,
    /// Few turns and a gentle load, as the tests do.
    #[arg(long)]
    short: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Worlds {
    Sim,
    Live,
    All,
}

impl Worlds {
    fn has(self, world: World) -> bool {
        match self {
            Worlds::All => true,
            Worlds::Sim => world == World::Sim,
            Worlds::Live => world == World::Live,
        }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Do::Run(run) => run.all(),
        Do::Replay { seed, scenario } => replay(seed, &scenario),
        Do::List => {
            registry::sim_scenarios().iter().for_each(|s| println!("{:>3} sim  {}", s.number, s.name));
            registry::live_scenarios().iter().for_each(|s| println!("{:>3} live {}", s.number, s.name));
            Ok(ExitCode::SUCCESS)
        }
        Do::Clean { dir } => {
            let cleared = home::clear_leftovers(&dir.unwrap_or_else(std::env::temp_dir));
            cleared.iter().for_each(|what| println!("{what}"));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn replay(seed: u64, scenario: &str) -> anyhow::Result<ExitCode> {
    let wanted = Wanted::parse(scenario);
    let mut failed = false;
    let chosen: Vec<_> = registry::sim_scenarios().into_iter().filter(|s| wanted.takes(s.number, s.name)).collect();
    ensure!(!chosen.is_empty(), "no simulated scenario is called `{scenario}`");
    for scenario in chosen {
        println!("{} {} with seed {seed}", scenario.number, scenario.name);
        let told = scenarios::run_seed(&scenario, seed, true);
        failed |= told.is_err();
        let (lines, ended) = match told {
            Ok(report) => (report.lines, format!("holds; trace {:016x}\n{:?}", report.trace_hash, report.witness)),
            Err(failure) => (failure.lines.clone(), format!("{failure}\n{:?}", failure.witness)),
        };
        lines.iter().for_each(|line| println!("{line}"));
        println!("{ended}");
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Run {
    fn all(&self) -> anyhow::Result<ExitCode> {
        let wanted = Wanted::parse(&self.scenario);
        let unknown = wanted.unknown();
        ensure!(unknown.is_empty(), "no scenario is called {unknown:?}; `kindred-chaos list` shows them");
        let options = self.options(&wanted)?;
        let mut rows = Vec::new();
        if self.world.has(World::Sim) {
            self.simulated(&wanted, &mut rows);
        }
        if let Some(options) = options {
            self.live(&wanted, &options, &mut rows)?;
        }
        if rows.is_empty() {
            bail!("nothing to run");
        }
        println!("{}", report::table(&rows));
        let mut failed = false;
        for row in &rows {
            for problem in row.problems() {
                failed = true;
                println!("{} {}: {problem}", row.number, row.name);
            }
        }
        println!("{}", report::sum(&rows));
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn simulated(&self, wanted: &Wanted, rows: &mut Vec<Row>) {
        for scenario in registry::sim_scenarios().into_iter().filter(|s| wanted.takes(s.number, s.name)) {
            let began = Instant::now();
            let runs = scenarios::run_seeds(&scenario, self.first_seed..self.first_seed + self.seeds);
            let outcome = runs.outcome(&scenario);
            let row =
                Row { number: scenario.number, name: scenario.name.into(), world: World::Sim, ended: Ok(outcome) };
            say(&row, began);
            rows.push(row);
        }
    }

    /// What live scenarios need, if any is wanted: what is missing is known before anything runs.
    fn options(&self, wanted: &Wanted) -> anyhow::Result<Option<Options>> {
        let chosen = registry::live_scenarios().iter().any(|s| wanted.takes(s.number, s.name));
        if !self.world.has(World::Live) || !(chosen || self.minutes > 0) {
            return Ok(None);
        }
        let mut options = Options::new(live::find_binary(self.node_binary.clone())?);
        (options.dir, options.keep, options.short) = (self.dir.clone(), self.keep, self.short);
        options.loopback = self.loopback;
        Ok(Some(options))
    }

    fn live(&self, wanted: &Wanted, options: &Options, rows: &mut Vec<Row>) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        for scenario in registry::live_scenarios().into_iter().filter(|s| wanted.takes(s.number, s.name)) {
            let run = (scenario.run)(options.clone());
            if one(&runtime, (scenario.number, scenario.name), run, rows) == Go::Stop {
                return Ok(());
            }
        }
        if self.minutes > 0 {
            let run = soak::faults_without_end(options, self.minutes);
            one(&runtime, (0, "faults_without_end"), run, rows);
        }
        Ok(())
    }
}

/// One live scenario; whether another one may follow.
fn one(
    runtime: &tokio::runtime::Runtime,
    (number, name): (u32, &str),
    run: impl Future<Output = anyhow::Result<Outcome>>,
    rows: &mut Vec<Row>,
) -> Go {
    let began = Instant::now();
    let (ended, go) = match runtime.block_on(interruptible(run)) {
        Ok(ended) => (ended, Go::On),
        Err(interrupted) => (Err(interrupted), Go::Stop),
    };
    let row = Row { number, name: name.into(), world: World::Live, ended: ended.map_err(Unended::from) };
    say(&row, began);
    rows.push(row);
    go
}

#[derive(PartialEq, Eq)]
enum Go {
    On,
    Stop,
}

/// Ctrl-C ends a run so that everything is taken away: the outer error.
async fn interruptible(
    scenario: impl Future<Output = anyhow::Result<Outcome>>,
) -> anyhow::Result<anyhow::Result<Outcome>> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        ended = scenario => Ok(ended),
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        _ = terminated.recv() => bail!("terminated"),
    }
}

/// As it goes: a run of all takes long.
fn say(row: &Row, began: Instant) {
    let problems = row.problems();
    let fine = || row.cannot_run().unwrap_or_else(|| "holds".to_owned());
    let verdict = if problems.is_empty() { fine() } else { problems.join("\n    ") };
    eprintln!("{:>3} {} ({:.1} s): {verdict}", row.number, row.name, began.elapsed().as_secs_f64());
    if let Ok(outcome) = &row.ended {
        let figures = (outcome.faults, outcome.witness, outcome.acknowledged, &outcome.kills_ms, &outcome.drains_ms);
        eprintln!("    {figures:?} {:?} {}", outcome.longest_interruption_ms, outcome.remark);
    }
}
