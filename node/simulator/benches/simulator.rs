//! How many interactions are lived in a minute of processor time: `cargo bench -p kindred-simulator`. Names of scenarios
//! choose; without, four that differ in what they ask of domain and Matchmaker. Fails where a core lives less than a million a
//! minute.
use kindred_simulator::{
    runs::World,
    scenario::{Row, read},
};
use std::{fs, path::Path, sync::LazyLock, time::Instant};

const SCENARIOS: [&str; 4] = ["erlang-c", "whitt-2005", "contactcenters-three-types", "three-channels"];
/// Interactions lived at least for a figure.
const CONTACTS: u64 = 100_000;
/// What a core must live in a minute at least, in each of them.
const MILLIONS_MIN: f64 = 1.0;

fn main() -> std::process::ExitCode {
    let mut slow = false;
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for name in SCENARIOS.into_iter().filter(|name| asked.is_empty() || asked.iter().any(|arg| name.contains(arg))) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let scenario = read(&folder.join(format!("{name}.toml"))).expect("a scenario");
        let trace = Row::read(&scenario, &folder).expect("a trace");
        let world = World::new(&scenario, &trace);
        let (mut contacts, mut run) = (0, 0);
        let begin_s = processor_s();
        while contacts < CONTACTS {
            contacts += world.run(run, &mut ()).expect("lived").contacts;
            run += 1;
        }
        let each_us = (processor_s() - begin_s) / contacts as f64 * 1e6;
        let millions = 60.0 / each_us;
        slow |= millions < MILLIONS_MIN;
        println!("{name:<28} {each_us:>6.1} µs an interaction, {millions:>6.2} million a minute");
    }
    if slow {
        println!("FAULT: less than {MILLIONS_MIN} million a minute");
        return std::process::ExitCode::FAILURE;
    }
    std::process::ExitCode::SUCCESS
}

/// Processor time of this thread so far: what others do on the machine does not count. Linux; elsewhere the clock on the wall.
fn processor_s() -> f64 {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok());
    spent.map_or_else(|| BEGIN.elapsed().as_secs_f64(), |ns| ns / 1e9)
}
