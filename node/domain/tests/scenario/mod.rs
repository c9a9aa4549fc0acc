//! The language of scenarios: one line is one command, one wait or one expectation.
//!
//! ```text
//! # A declined offer excludes that agent for 60 s
//! agent anna queues=support channels=voice
//! submit call-1 queue=support channel=voice
//! offer call-1 anna
//! expect call-1 OFFERED agent=anna deadline=20s
//! decline call-1
//! expect call-1 QUEUED excluded=anna:60s
//! offer call-1 anna -> dropped Excluded
//! ```
//!
//! A world begins with the tenant `t`, the policy `fair` and the queue `support`. Every line is an entry of its own at the
//! current log time; `wait 20s` and `wait-until 2025-12-24T17:00Z` write `Advance` whenever something is due, as a leader does. `-> REASON words…` expects the
//! rejection with that reason and those words in it; without it the command must succeed. `a ; b` puts
//! both in one entry. Any command may carry `tenant=NAME` (another tenant's), `request=NAME` (a retry is the same name) and
//! `sent=-16m` (a v7 id first sent then).
pub mod administration;
pub mod commands;
pub mod configuration;
pub mod disk;
pub mod expectations;
pub mod hours;
pub mod line;
pub mod reading;
pub mod records;
pub mod supervision;
pub mod world;

use line::Line;
use std::collections::BTreeMap;
use world::World;

/// Runs one scenario; the first line that fails is named with file and number. After each a state restored from disk equals
/// the running one. Answers the hash of all that the entries gave.
#[allow(dead_code, reason = "each test binary uses its own half")]
pub fn run(file: &str, text: &str) -> Result<u64, String> {
    let mut world = World::new();
    for (at, text) in text.lines().enumerate() {
        let text = text.split('#').next().unwrap_or("").trim();
        if text.is_empty() {
            continue;
        }
        step(&mut world, text, true)
            .and_then(|()| world.restore_and_compare())
            .map_err(|problem| format!("tests/scenarios/{file}:{}: `{text}`: {problem}", at + 1))?;
    }
    Ok(world.transcript)
}

/// Runs lines whose commands may be refused; what must hold always is checked all the same. Says how often what happened.
#[allow(dead_code, reason = "each test binary uses its own half")]
pub fn run_unjudged(lines: &[String]) -> Result<BTreeMap<String, u64>, String> {
    let mut world = World::new();
    for (at, text) in lines.iter().enumerate() {
        let problem = |problem| format!("line {}: `{text}`: {problem}", at + 1);
        step(&mut world, text, false).map_err(problem)?;
        if at % 16 == 0 {
            world.restore_and_compare().map_err(problem)?;
        }
    }
    world.restore_and_compare()?;
    Ok(world.happened)
}

/// One line; unless it is judged, its commands may be refused.
pub fn step(world: &mut World, text: &str, judge: bool) -> Result<(), String> {
    let mut commands = Vec::new();
    for text in text.split(" ; ") {
        let (text, expected) = match text.split_once(" -> ") {
            Some((text, expected)) => (text, Some(expected.trim())),
            None => (text, None),
        };
        let line = Line::parse(text);
        if expectations::check(world, &line)?.is_some() || records::check(world, &line)?.is_some() {
            continue;
        }
        if supervision::check(world, &line)?.is_some() {
            continue;
        }
        if let Some(body) = administration::of_shard(&line)? {
            let answer = world.of_shard(body)?;
            expectations::answer(&answer, expected)?;
            continue;
        }
        match line.verb.as_str() {
            "wait" => world.wait(line.duration(0)?)?,
            "wait-until" => world.wait_until(hours::moment(line.word(0)?)?)?,
            "leader-change" => world.leader_change(line.duration(0)?)?,
            _ => {
                configuration::before(world, &line)?;
                let body = match configuration::body(world, &line)? {
                    Some(body) => body,
                    None => match administration::body(world, &line)? {
                        Some(body) => body,
                        None => match hours::body(world, &line)? {
                            Some(body) => body,
                            None => match supervision::body(world, &line)? {
                                Some(body) => body,
                                None => commands::body(world, &line)?,
                            },
                        },
                    },
                };
                commands.push((line, body, expected));
            }
        }
    }
    if commands.is_empty() {
        return Ok(());
    }
    let bodies = commands.iter().map(|(line, body, _)| (line, body.clone()));
    let answers = world.commands(bodies.collect())?;
    for ((line, _, expected), answer) in commands.iter().zip(answers) {
        if judge {
            expectations::answer(&answer, *expected)?;
        }
        configuration::after(world, line)?;
    }
    Ok(())
}
