//! What was simulated, as tables for people: all together with intervals, then by queue and type, then by group.
use crate::tool::output::{line, table};
use kindred_simulator::measure::{Estimate, Estimates, Report};

/// Columns of the table by queue and type: (title, figure, is it a share).
const COLUMNS: [(&str, &str, bool); 8] = [
    ("offered", "offered", false),
    ("served", "served", false),
    ("abandoned", "abandoned / offered", true),
    ("blocked", "blocked / offered", true),
    ("answered_within / offered", "answered_within / offered", true),
    ("ASA s", "asa_s", false),
    ("p90 s", "wait_p90_s", false),
    ("queue", "queue_length", false),
];

pub fn print(report: &Report) -> std::io::Result<()> {
    if !report.title.is_empty() {
        line(&report.title)?;
    }
    line(format!("{} runs of seed {}, {} interactions", report.runs, report.seed, report.contacts))?;
    line(all(report))?;
    line(classes(report))?;
    line(groups(report))
}

fn all(report: &Report) -> comfy_table::Table {
    let people = [("occupancy", &report.occupancy), ("declined / offers", &report.declined)];
    let people = people.into_iter().chain([("missed / offers", &report.missed)]);
    let figures = report.all.0.iter().map(|(name, estimate)| (*name, estimate));
    let row = |(name, found): (&str, &Estimate)| {
        let share = name.contains('/') || name.starts_with('P') || name == "occupancy";
        vec![name.to_string(), text(found.mean, share), text(found.low, share), text(found.high, share)]
    };
    let percent = (report.level * 100.0).round();
    let (low, high) = (format!("{percent} % from"), "to");
    table(&["", "mean", &low, high], figures.chain(people).map(row))
}

fn classes(report: &Report) -> comfy_table::Table {
    let queues = report.queues.iter().map(|queue| ("queue", queue));
    let types = report.types.iter().map(|kind| ("type", kind));
    let row = |(what, of): (&str, &kindred_simulator::measure::Named)| {
        let cells = COLUMNS.iter().map(|(_, figure, share)| cell(&of.figures, figure, *share));
        std::iter::once(format!("{what} {}", of.name)).chain(cells).collect()
    };
    let titles: Vec<&str> = std::iter::once("").chain(COLUMNS.iter().map(|(title, _, _)| *title)).collect();
    table(&titles, queues.chain(types).map(row))
}

fn groups(report: &Report) -> comfy_table::Table {
    let row = |group: &kindred_simulator::measure::GroupFigures| {
        let shares = || group.agents.iter().filter_map(|agent| agent.share.mean);
        let (least, most) = (shares().fold(f64::INFINITY, f64::min), shares().fold(0.0, f64::max));
        vec![
            format!("group {}", group.name),
            group.agents.len().to_string(),
            text(group.share.mean, true),
            text(group.occupancy.mean, true),
            text(Some(least).filter(|least| least.is_finite()), true),
            text(Some(most), true),
        ]
    };
    let titles = ["", "agents", "share of answered", "occupancy", "least agent's share", "most"];
    table(&titles, report.groups.iter().map(row))
}

fn cell(figures: &Estimates, name: &str, share: bool) -> String {
    text(figures.get(name).and_then(|estimate| estimate.mean), share)
}

/// Shares as percent; nothing where nothing is known.
fn text(value: Option<f64>, share: bool) -> String {
    match value {
        None => String::new(),
        Some(value) if share => format!("{:.2} %", value * 100.0),
        Some(value) if value.abs() >= 1_000.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.3}"),
    }
}
