//! `kindred simulate`: lives a scenario file in virtual time, with the domain and the Matchmaker that nodes run. Needs no
//! cluster.

mod report;

use super::output::line;
use anyhow::Context as _;
use kindred_simulator::{
    measure::Report,
    runs::World,
    scenario::{self, Row, Scenario},
};
use std::{
    fs::File,
    io::BufWriter,
    num::NonZero,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

#[derive(clap::Args)]
pub struct Args {
    /// The scenario, a TOML file: docs/simulator.md.
    #[arg(required_unless_present = "schema")]
    scenario: Option<PathBuf>,
    /// How often the day is lived, instead of what the scenario says.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(scenario::RUNS_MAX)))]
    runs: Option<u32>,
    /// What chance is drawn from, instead of what the scenario says.
    #[arg(long)]
    seed: Option<u64>,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// Write every contact to this CSV file; the runs are lived one after the other then.
    #[arg(long)]
    dump: Option<PathBuf>,
    /// Runs lived side by side; as many as there are cores if absent. What comes out is the same.
    #[arg(long)]
    jobs: Option<NonZero<usize>>,
    /// Print the JSON schema of scenario files, and do nothing else.
    #[arg(long)]
    schema: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some(file) = args.scenario.as_deref().filter(|_| !args.schema) else {
        line(scenario::schema().trim_end())?;
        return Ok(ExitCode::SUCCESS);
    };
    let scenario = read(args, file)?;
    let trace = Row::read(&scenario, file.parent().unwrap_or(Path::new("")))?;
    let began = Instant::now();
    let report = live(args, &scenario, &trace)?;
    let took_s = began.elapsed().as_secs_f64();
    match args.json {
        true => line(serde_json::to_string_pretty(&report)?)?,
        false => report::print(&report)?,
    }
    let speed = report.contacts as f64 / took_s / 1e6 * 60.0;
    eprintln!("{} interactions in {took_s:.1} s: {speed:.2} million a minute", report.contacts);
    Ok(ExitCode::SUCCESS)
}

/// The scenario with what the flags say instead.
fn read(args: &Args, file: &Path) -> anyhow::Result<Scenario> {
    let mut scenario = scenario::read(file).with_context(|| format!("`{}` cannot be lived", file.display()))?;
    scenario.runs = args.runs.unwrap_or(scenario.runs);
    scenario.seed = args.seed.unwrap_or(scenario.seed);
    Ok(scenario)
}

fn live(args: &Args, scenario: &Scenario, trace: &[Row]) -> anyhow::Result<Report> {
    let world = World::new(scenario, trace);
    if let Some(dump) = &args.dump {
        let file = File::create(dump).with_context(|| format!("cannot write `{}`", dump.display()))?;
        return Ok(world.report_and_dump(&mut BufWriter::new(file))?);
    }
    let cores = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    Ok(world.report(args.jobs.unwrap_or(cores))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn args(words: &[&str]) -> Result<Args, clap::Error> {
        Line::try_parse_from(std::iter::once("simulate").chain(words.iter().copied())).map(|line| line.args)
    }

    fn shipped() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../node/simulator/scenarios/erlang-b.toml")
    }

    #[test]
    fn flags_override_the_scenario() {
        let plain = read(&args(&["x.toml"]).expect("fits"), &shipped()).expect("fits");
        assert_eq!((plain.runs, plain.seed), (20, 1));
        let other = read(&args(&["x.toml", "--runs", "3", "--seed", "9"]).expect("fits"), &shipped()).expect("fits");
        assert_eq!((other.runs, other.seed), (3, 9));
        assert!(args(&["x.toml", "--runs", "0"]).is_err());
        assert!(args(&[]).is_err());
        assert!(args(&["--schema"]).is_ok());
    }

    #[test]
    fn a_dump_changes_nothing_and_has_a_line_for_each_contact() {
        let folder = tempfile::tempdir().expect("a folder");
        let dump = folder.path().join("contacts.csv");
        let with = args(&["x.toml", "--runs", "2", "--dump", &dump.display().to_string()]).expect("fits");
        let without = args(&["x.toml", "--runs", "2", "--jobs", "2"]).expect("fits");
        let mut scenario = read(&with, &shipped()).expect("fits");
        scenario.day.duration_s = 2_000.0;
        let report = live(&with, &scenario, &[]).expect("lived");
        assert_eq!(report, live(&without, &scenario, &[]).expect("lived"));
        let lines = std::fs::read_to_string(&dump).expect("written").lines().count() as u64;
        assert_eq!(lines, report.contacts + 1);
        report::print(&report).expect("printed");
    }
}
