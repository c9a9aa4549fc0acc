//! What would have been, as tables for people.
use crate::tool::output::{line, table};
use kindred_simulator::{
    measure::Estimate,
    what_if::{AgentCompared, Compared, WhatIf},
};

/// Figures of everything together, and of each queue: (name, is it a share).
const FIGURES: [(&str, bool); 10] = [
    ("offered", false),
    ("served", false),
    ("abandoned / offered", true),
    ("answered_within / offered", true),
    ("(answered_within + abandoned_within) / offered", true),
    ("asa_s", false),
    ("wait_mean_s", false),
    ("wait_p50_s", false),
    ("wait_p90_s", false),
    ("wait_p95_s", false),
];
/// Agents in the table: those whose share differs most.
const AGENTS: usize = 20;

pub fn print(found: &WhatIf) -> std::io::Result<()> {
    let begins = i64::try_from(found.begins_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let begins = begins.map_or_else(String::new, |at| format!("{at:.0}"));
    let hours = found.duration_s / 3_600.0;
    line(format!("{}: {} interactions in {hours:.1} h from {begins}", found.tenant, found.interactions))?;
    let days = if found.as_it_came { "times that day" } else { "days like it" };
    line(format!("{} {days} under each policy, seed {}", found.runs, found.seed))?;
    for queue in &found.queues_changed {
        line(format!(
            "queue {}: {} ({}) instead of {} ({})",
            queue.queue, queue.other_policy, queue.other_mode, queue.policy, queue.mode
        ))?;
    }
    line(figures(found, &found.all, Some(&found.occupancy)))?;
    if found.queues.len() > 1 {
        for queue in &found.queues {
            line(format!("queue {}", queue.name))?;
            line(figures(found, &queue.figures, None))?;
        }
    }
    line(agents(found))?;
    line("* beyond chance: 0 is not in the interval. `then` is as it really was; beside it, the same lived again.")?;
    unfollowed(found)?;
    line("What this takes for true:")?;
    found.assumptions.iter().try_for_each(|assumption| line(format!("- {}", assumption.0)))
}

fn figures(found: &WhatIf, figures: &[Compared], occupancy: Option<&Compared>) -> comfy_table::Table {
    let chosen = FIGURES.iter().filter_map(|(name, share)| {
        let figure = figures.iter().find(|figure| figure.name == *name)?;
        Some((figure, *share))
    });
    let row = |(figure, share): (&Compared, bool)| {
        let mut cells = vec![figure.name.to_string(), text(figure.then, share)];
        cells.extend(side_by_side(figure, share));
        cells
    };
    let rows = chosen.chain(occupancy.map(|figure| (figure, true))).map(row);
    table(&titles(found, &["", "then"]), rows)
}

fn agents(found: &WhatIf) -> comfy_table::Table {
    let differs = |agent: &AgentCompared| agent.share.difference.mean.unwrap_or(0.0).abs();
    let mut agents: Vec<&AgentCompared> = found.agents.iter().collect();
    agents.sort_by(|a, b| differs(b).total_cmp(&differs(a)).then_with(|| a.name.cmp(&b.name)));
    let row = |agent: &&AgentCompared| {
        let mut cells = vec![format!("share of {}", agent.name), text(agent.share.then, true)];
        cells.extend(side_by_side(&agent.share, true));
        cells
    };
    table(&titles(found, &["agents, most different first", "then"]), agents.iter().take(AGENTS).map(row))
}

fn titles<'a>(found: &WhatIf, first: &[&'a str]) -> Vec<&'a str> {
    debug_assert!((found.level - 0.95).abs() < 1e-9);
    first.iter().copied().chain(["recorded policy", "other policy", "difference", "95 % from", "to", ""]).collect()
}

fn side_by_side(figure: &Compared, share: bool) -> [String; 6] {
    let Estimate { mean, low, high, .. } = figure.difference;
    [
        text(figure.recorded.mean, share),
        text(figure.other.mean, share),
        text(mean, share),
        text(low, share),
        text(high, share),
        if figure.is_beyond_chance() { "*".to_string() } else { String::new() },
    ]
}

fn unfollowed(found: &WhatIf) -> std::io::Result<()> {
    let left_out = &found.unfollowed;
    let told = [
        (left_out.open_before, "interactions were open when the time began, and are left out"),
        (left_out.updated, "changes of open interactions: they are lived as they were submitted"),
        (left_out.presences_by_channel, "presences for certain channels, lived as for all"),
        (left_out.slept, "times an interaction slept: the talk is lived without, at full cost"),
        (left_out.given_to_an_agent, "contacts given to one agent by name wait for anybody in the queue"),
        (left_out.policies_changed, "changes of policies in that time: the last revision holds all the time"),
    ];
    told.iter().filter(|(count, _)| *count > 0).try_for_each(|(count, what)| line(format!("! {count} {what}")))
}

/// Shares as percent; nothing where nothing is known.
fn text(value: Option<f64>, share: bool) -> String {
    match value {
        None => String::new(),
        Some(value) if share => format!("{:.2} %", value * 100.0),
        Some(value) => format!("{value:.2}"),
    }
}
